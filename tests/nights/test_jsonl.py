"""Event files in blocks: what reading them line by line gives, in the order of time."""

import heapq
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from builders import T0, report
from hypothesis import given
from hypothesis import strategies as st

from streams.core.engine.channel_items import Item, Unread
from streams.core.events.codec import encode, plain
from streams.core.events.model import TallyReport
from streams.nights.errors import NightError
from streams.nights.jsonl import EventFile
from streams.nights.paths import Arrivals
from streams.nights.replay_items import item_of, merged, of_event_file


def of(time: int, file: int) -> bytes:
    return encode(plain(report(at=T0 + time, id=f"{file}/{time}")))


sorted_times = st.lists(st.integers(0, 9), max_size=12).map(sorted)
junk = st.sampled_from([b"", b"  ", b"{}", b'{"type":"tick"}', b"\xff", b"  x"])


def read(paths: list[Path], size: int) -> list[Item]:
    files = [of_event_file(EventFile(path, size)) for path in paths]
    blocks = (block.read() if isinstance(block, Unread) else block for block in merged(files))
    return [item for block in blocks for item in block]


@given(st.lists(st.one_of(st.integers(0, 9).map(lambda t: of(t, 0)), junk), max_size=12), st.integers(1, 600))
def test_one_file(lines: list[bytes], size: int) -> None:
    """A file's events and what cannot be read, in its order, however large the blocks are."""
    with TemporaryDirectory() as directory:
        path = Path(directory, "events.jsonl")
        path.write_bytes(b"\n".join(lines))
        assert read([path], size) == [item_of(arrival) for arrival in Arrivals([path])]


@given(st.lists(sorted_times, min_size=2, max_size=3), st.integers(1, 600))
def test_merged(files: list[list[int]], size: int) -> None:
    """Several files are merged by time; of one time the earlier file's events come first."""
    with TemporaryDirectory() as directory:
        paths = [Path(directory, str(i)) for i in range(len(files))]
        for i, times in enumerate(files):
            paths[i].write_bytes(b"".join(of(time, i) + b"\n" for time in times))
        found = [item.id for item in read(paths, size) if isinstance(item, TallyReport)]
    wanted = heapq.merge(*([(time, i) for time in times] for i, times in enumerate(files)))
    assert found == [f"{i}/{time}" for time, i in wanted]


def test_done(tmp_path: Path) -> None:
    """How much has been read is known after each block, and in the end it is all."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(of(i, 0) + b"\n" for i in range(2000)))
    reading = EventFile(path)
    seen = [reading.done for _ in reading]
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] == reading.size == path.stat().st_size


def test_missing(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(NightError, match=r"nothing\.jsonl"):
        EventFile(tmp_path / "nothing.jsonl")
