"""What must lie in a log, once, in its place, and on the disk."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders import T0, report
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.errors import OffsetOutOfRangeError
from test_eventlog import KNOWN, begin, ends, log, read, some

from streams.core.events.codec import encode, plain
from streams.core.events.input_topics import BULLETINS, REPORTS
from streams.core.events.unreadable_message import Withheld
from streams.kafka import clients
from streams.kafka.topology import Topology
from streams.nights.eventlog import format
from streams.nights.eventlog.cut import cut
from streams.nights.eventlog.errors import LogDamage, LogError
from streams.nights.eventlog.reader import EventLog
from streams.nights.eventlog.record import Gap, Record
from streams.nights.eventlog.writer import LogWriter
from streams.nights.recorder import Recorder

offsets = st.lists(st.integers(0, 30), max_size=12) | st.integers(50, 120).flatmap(
    lambda many: st.lists(st.integers(0, many), max_size=4).map(
        lambda few: [*range(many), *few, *range(many, many + 60)]
    )
)
"""Of one partition, few or many, mostly rising."""


@settings(max_examples=80, deadline=None)
@given(offsets, st.sampled_from([300, 2000, 2**18]))
def test_each_comes_once_with_keep_going(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[int], block: int
) -> None:
    """Records that are out of order are told with their places, and everything comes once, as it lies there."""
    directory = tmp_path_factory.mktemp("log")
    found = [Record(REPORTS, 0, offset, 1000, None, b"%d" % place) for place, offset in enumerate(wanted)]
    with begin(directory, block=block) as writer:
        for record in found:
            writer.order.next.clear()  # somebody wrote it who does not look
            writer.append(record)
    records, told = read(directory)
    assert records == found
    after = 0
    wrong = []
    for place, offset in enumerate(wanted):
        if offset < after:
            wrong.append(place)
        after = offset + 1
    assert [damage.record for damage in told if "out of order" in damage.what] == wrong
    if wrong:
        came = list[Record]()
        with pytest.raises(LogDamage, match="out of order"):
            came.extend(iter(EventLog.open(directory).records()))
        assert came == found[: len(came)]


def pack(*times: int) -> bytes:
    """One message of several reports."""
    return encode([plain(report(f"S1-{1 + i % 2}", id=f"{at}/{i}", at=T0 + at)) for i, at in enumerate(times)])


@pytest.mark.parametrize(
    ("begin_at", "end_at", "kept"),
    [
        (None, 30, [0]),
        (30, 50, [1, 2]),
        (50, None, [3, 4]),
        (41, 50, []),
        (40, 51, [1, 2, 3, 4]),
        (0, 20, []),
        (20, 21, [0]),
        (None, None, [0, 1, 2, 3, 4]),
    ],
)
def test_a_cut_by_the_time_of_events(begin_at: int | None, end_at: int | None, kept: list[int], tmp_path: Path) -> None:
    """A message of several events goes with its newest one, whatever its own timestamp; one that cannot be read, or
    holds only such, with the message before it. `begin` is in, `end` is not."""
    contents = [pack(10, 20, 5), pack(40, 30), b"no JSON", pack(50), b"[1]"]
    found = [Record(REPORTS, 0, i, 9000 - i, None, content) for i, content in enumerate(contents)]
    source = log(tmp_path / "log", found)
    first, end = (None if at is None else T0 + at for at in (begin_at, end_at))
    if not kept:
        with pytest.raises(LogError, match="no record in that time"):
            cut(source, tmp_path / "cut", first, end, "event", keep_going=False, tell=print)
        return
    assert cut(source, tmp_path / "cut", first, end, "event", keep_going=False, tell=print) == len(kept)
    assert [*EventLog.open(tmp_path / "cut").records()] == [found[i] for i in kept]


def kinds(directory: Path) -> list[int]:
    return [block.head.kind for block in EventLog.open(directory).blocks(lambda damage: None)]


def test_a_gap_lies_in_its_place(tmp_path: Path) -> None:
    """What was appended before a gap lies before it, and who reads has come by the gap only then."""
    with begin(tmp_path, block=2**18) as writer:
        for record in some(2):
            writer.append(record)
        writer.gap(Gap(REPORTS, 0, 2, 7))
        with pytest.raises(LogError, match="nothing may be written twice"):
            writer.append(some(1, first=6)[0])
        for record in some(1, first=7):
            writer.append(record)
    assert kinds(tmp_path) == [format.RECORDS, format.GAP, format.RECORDS, format.END]
    written = EventLog.open(tmp_path)
    seen = [(record.offset, len(written.gaps)) for record in written.records()]
    assert seen == [(0, 0), (1, 0), (7, 1)]


@pytest.mark.parametrize("length", [1, 7, format.BLOCK_BYTES - 1, format.BLOCK_BYTES, 5000])
def test_nothing_is_lost_behind_rubbish(length: int, tmp_path: Path) -> None:
    """However few bytes that are none lie between two blocks, one damage is told, and every record comes."""
    source = log(tmp_path, some(30), block=200)
    (path,) = tmp_path.glob("segment-*.log")
    second = ends(path, bytes.fromhex(source.manifest.id))[2]
    content = path.read_bytes()
    path.write_bytes(content[:second] + b"\x00" * length + content[second:])
    found, told = read(tmp_path)
    assert found == some(30)
    assert [damage.position for damage in told] == [second]


def test_a_gap_is_known_after_a_restart(tmp_path: Path) -> None:
    """Whoever goes on with a log asks for what comes behind its last gap."""
    with begin(tmp_path) as writer:
        writer.append(some(1)[0])
        writer.gap(Gap(REPORTS, 0, 1, 7))
    again = LogWriter.resume(tmp_path, lambda damage, size: None)
    assert again.order.next == {(REPORTS, 0): 7}
    again.close()


def test_a_writer_that_fails_leaves_no_end(tmp_path: Path) -> None:
    """A log whose writer ended with an error does not look as if it were all there."""

    def fail() -> None:
        with begin(tmp_path) as writer:
            writer.append(some(1)[0])
            writer.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    found, (told,) = read(tmp_path)
    assert found == some(1)
    assert "has no end" in told.what


class Short:
    """A file that takes a few bytes at a time, as a disk that is nearly full may."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, content: bytes) -> int:
        return int(self._file.write(content[:7]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def test_a_disk_that_takes_a_little_at_a_time(tmp_path: Path) -> None:
    """A write that is taken in part is gone on with."""
    with begin(tmp_path) as writer:
        writer._file = Short(writer._file)  # type: ignore[assignment]
        for record in some(20):
            writer.append(record)
    assert read(tmp_path) == (some(20), [])


class Disk:
    """What a power cut leaves: of each file what it held when it was last synced, and names that were synced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.synced: dict[int, int] = {}
        self.names: dict[Path, set[str]] = {}
        real = os.fsync

        def fsync(descriptor: int) -> None:
            real(descriptor)
            status = os.fstat(descriptor)
            place = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
            if place.is_dir():
                self.names[place] = set(os.listdir(place))
            else:
                self.synced[status.st_ino] = status.st_size

        monkeypatch.setattr(os, "fsync", fsync)

    def lacks(self, directory: Path) -> list[str]:
        """The segments that would not be there whole."""
        segments = sorted(directory.glob("segment-*.log"))
        whole = [path for path in segments if self.synced.get(path.stat().st_ino) == path.stat().st_size]
        return [path.name for path in segments if path not in whole or path.name not in self.names.get(directory, ())]


@pytest.mark.parametrize("segment", [100, 400, 2**20])
def test_a_power_cut(segment: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `sync` and after closing, everything is on the disk: every segment's content, and its name. Whatever comes
    later leaves the segments before the newest there."""
    disk = Disk(monkeypatch)
    with begin(tmp_path, block=200, segment=segment) as writer:
        for record in some(20):
            writer.append(record)
        writer.sync()
        assert disk.lacks(tmp_path) == []
        assert read(tmp_path)[0] == some(20)
        for record in some(21, first=20):
            writer.append(record)
        writer.flush()
        (newest,) = disk.lacks(tmp_path)
        assert newest == max(path.name for path in tmp_path.glob("segment-*.log"))
    assert disk.lacks(tmp_path) == []
    sizes = [path.stat().st_size for path in tmp_path.glob("segment-*.log")]
    assert min(sizes) > format.SEGMENT_BYTES  # none is empty, also where a block is larger than a segment
    assert (len(sizes) > 3) == (segment < 2**20)


def test_a_manifest_survives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a log has begun, the whole manifest is on the disk under its name: without it, the log is none."""
    disk = Disk(monkeypatch)
    with begin(tmp_path) as writer:
        status = (tmp_path / "manifest.json").stat()
        assert disk.synced[status.st_ino] == status.st_size > 0
        writer.append(some(1)[0])
        writer.sync()
        assert "manifest.json" in disk.names[tmp_path]


class Partitions:
    """What the broker holds, and kafka-python's consumer of it: one message of each partition a poll. `polls` is called
    before each."""

    def __init__(self, held: dict[TopicPartition, list[Any]]) -> None:
        self.held, self.at = held, dict.fromkeys(held, 0)
        self.first = dict.fromkeys(held, 0)
        self.polls: Any = lambda number: None
        self.count = 0
        self.silent = set[TopicPartition]()

    def assign(self, _: Any) -> None: ...
    def pause(self, _: Any) -> None: ...
    def resume(self, _: Any) -> None: ...
    def close(self, autocommit: bool) -> None: ...

    def paused(self) -> set[TopicPartition]:
        return set()

    def beginning_offsets(self, _: Any, timeout_ms: int) -> dict[TopicPartition, int]:
        return dict(self.first)

    def end_offsets(self, _: Any, timeout_ms: int) -> dict[TopicPartition, int]:
        return {place: len(messages) for place, messages in self.held.items()}

    def highwater(self, place: TopicPartition) -> int:
        return len(self.held[place])

    def position(self, place: TopicPartition) -> int:
        return self.at[place]

    def seek(self, place: TopicPartition, offset: int) -> None:
        self.at[place] = offset

    def poll(self, _: int) -> dict[TopicPartition, list[Any]]:
        self.count += 1
        self.polls(self.count)
        if any(self.at[place] < first for place, first in self.first.items()):
            raise OffsetOutOfRangeError
        found = {}
        for place, messages in self.held.items():
            if place not in self.silent and self.at[place] < len(messages):
                found[place] = [messages[self.at[place]]]
                self.at[place] += 1
        return found


def message(offset: int, timestamp: int) -> Any:
    return SimpleNamespace(offset=offset, timestamp=timestamp, key=None, value=b"%d" % offset, headers=())


@pytest.fixture
def night(monkeypatch: pytest.MonkeyPatch) -> tuple[Partitions, Topology]:
    """Two partitions of reports with ten messages each, one a second, the second one half a second behind."""
    topology = Topology("x.", 2)
    held = {
        TopicPartition(topology.tally_reports, 0): [message(i, 1000 * i) for i in range(10)],
        TopicPartition(topology.tally_reports, 1): [message(i, 1000 * i + 500) for i in range(10)],
        TopicPartition(topology.bulletins, 0): [],
    }
    partitions = Partitions(held)
    monkeypatch.setattr(clients, "consumer", lambda *_, **__: partitions)
    return partitions, topology


def recorded(directory: Path, topology: Topology) -> tuple[list[tuple[int, int]], list[str], LogWriter]:
    """The partition and offset of each record, in the log's order, and what the recorder said."""
    said: list[str] = []
    with LogWriter.create(directory, KNOWN, prefix="x.", partitions=2, writer="cotejo record", created=1) as writer:
        Recorder("b:9092", topology, writer, said.append).run(lambda: False, until_end=True, watch=lambda _: None)
    assert all(record.topic in (REPORTS, BULLETINS) for record in EventLog.open(directory).records())
    return [(r.partition, r.offset) for r in EventLog.open(directory).records()], said, writer


def test_what_waits_lands_before_a_gap(night: tuple[Partitions, Topology], tmp_path: Path) -> None:
    """Retention takes messages of a partition while others of it wait for another partition that is behind: what was
    read is in the log, before the gap, and nothing of the other partition is missing."""
    partitions, topology = night
    first, second = (TopicPartition(topology.tally_reports, number) for number in range(2))
    partitions.silent = {second}

    def retention(poll: int) -> None:
        if poll == 4:
            partitions.first[first] = 7
        if poll == 6:
            partitions.silent.clear()

    partitions.polls = retention
    found, said, writer = recorded(tmp_path, topology)
    assert [offset for partition, offset in found if partition == 0] == [0, 1, 2, 7, 8, 9]
    assert [offset for partition, offset in found if partition == 1] == list(range(10))
    assert EventLog.open(tmp_path).manifest.recorded
    assert kinds(tmp_path)[:2] == [format.RECORDS, format.GAP]
    assert said == [f"{first.topic}/0: the broker no longer has offsets 3 to 6: the log has a gap there"]
    assert writer.order.next[REPORTS, 0] == 10


def test_what_nobody_can_read(night: tuple[Partitions, Topology], tmp_path: Path) -> None:
    """Messages that cannot be read become a gap with its reason, as long as they are, and recording goes on behind."""
    partitions, topology = night
    first = TopicPartition(topology.tally_reports, 0)
    partitions.held[first][3].value = Withheld("unreadable", "no batch", messages=3)
    found, said, _ = recorded(tmp_path, topology)
    assert [offset for partition, offset in found if partition == 0] == [0, 1, 2, 6, 7, 8, 9]
    assert said == [
        f"{first.topic}/0: offsets 3 to 5 cannot be recorded, unreadable: no batch: the log has a gap there"
    ]
    written = EventLog.open(tmp_path)
    assert len([*written.records()]) == 17
    assert written.gaps == [Gap(REPORTS, 0, 3, 6, "unreadable: no batch")]


def test_recorded_in_the_order_of_time(night: tuple[Partitions, Topology], tmp_path: Path) -> None:
    """Also where one partition is read well after the other."""
    partitions, topology = night
    partitions.silent = {TopicPartition(topology.tally_reports, 1)}
    partitions.polls = lambda poll: partitions.silent.clear() if poll == 8 else None
    found, said, _ = recorded(tmp_path, topology)
    assert found == [(partition, offset) for offset in range(10) for partition in range(2)]
    assert not said


def test_a_recorder_syncs(night: tuple[Partitions, Topology], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was recorded a second ago survives a power cut, while the recorder runs on."""
    partitions, topology = night
    disk = Disk(monkeypatch)
    seen = list[list[str]]()
    now = [0.0]
    monkeypatch.setattr("streams.nights.recorder.monotonic", lambda: now[0])

    def tick(poll: int) -> None:
        now[0] += 0.3
        if poll > 12:
            seen.append(disk.lacks(tmp_path))

    partitions.polls = tick
    with LogWriter.create(tmp_path, KNOWN, prefix="x.", partitions=2, writer="cotejo record", created=1) as writer:
        Recorder("b:9092", topology, writer, print).run(
            lambda: partitions.count > 20, until_end=False, watch=lambda _: None
        )
    assert any(not lacking for lacking in seen)
