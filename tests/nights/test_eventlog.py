"""Event logs: what is written is read again, and whatever is damaged is told, once, with its place."""

import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable, Iterable
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import zstandard
from builders import bulletin, election, report
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.config import election_writer
from streams.config.election_file import load
from streams.core.events.codec import encode
from streams.core.events.input_topics import BULLETINS, REPORTS, TOPICS
from streams.core.events.model import Event
from streams.nights import source
from streams.nights.eventlog import format, generated_night, manifest, reader, segments
from streams.nights.eventlog.errors import LogDamage, LogError
from streams.nights.eventlog.reader import EventLog, Order
from streams.nights.eventlog.record import HEAD, Gap, Record, Records
from streams.nights.eventlog.writer import LogWriter

KNOWN = election(states=1, tables=2)
content = st.none() | st.binary(max_size=40)
headers = st.lists(st.tuples(st.text(max_size=8), content), max_size=3).map(tuple)
topics, timestamps = st.sampled_from([REPORTS, BULLETINS]), st.integers(-1, 2**63 - 1)
messages = st.lists(
    st.tuples(topics, st.integers(0, 3), st.integers(0, 5), timestamps, content, content, headers), max_size=60
)


def records(given_: Iterable[tuple[object, ...]]) -> list[Record]:
    """Records whose offsets rise in each partition, by the steps in third place."""
    ends: dict[object, int] = {}
    found = []
    for topic, partition, step, *rest in given_:
        assert isinstance(step, int)
        offset = ends.get((topic, partition), 0) + step
        ends[topic, partition] = offset + 1
        found.append(Record(topic, partition, offset, *rest))  # type: ignore[arg-type]
    return found


def some(count: int, first: int = 0) -> list[Record]:
    """Plain records of one partition; each some 60 bytes."""
    return [Record(REPORTS, 0, i, 1000 + i, b"key", b"value %06d" % i) for i in range(first, first + count)]


def log(directory: Path, found: Iterable[Record], *, block: int = 256, segment: int = 2**20) -> EventLog:
    """A closed recording of these in small blocks."""
    with begin(directory, block=block, segment=segment) as writer:
        for record in found:
            writer.append(record)
    return EventLog.open(directory)


def begin(directory: Path, **sizes: int) -> LogWriter:
    return LogWriter.create(
        directory, KNOWN, prefix="x.", partitions=4, writer="cotejo record", created=1_700_000_000_000, **sizes
    )


def read(directory: Path) -> tuple[list[Record], list[LogDamage]]:
    """What --keep-going reads, and what it tells."""
    told: list[LogDamage] = []
    return list(EventLog.open(directory).records(True, told.append)), told


def ends(path: Path, log_id: bytes) -> list[int]:
    """Where each block of a segment ends, its head first."""
    content, at = path.read_bytes(), format.SEGMENT_BYTES
    found = [at]
    while at < len(content):
        at += format.BLOCK_BYTES + format.block_head(content[at : at + format.BLOCK_BYTES], log_id).compressed
        found.append(at)
    return found


def test_how_far_a_recorded_night_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has been read of a recording grows block by block, nearly to its whole size: its last block is its end."""
    monkeypatch.setattr(source, "AT_ONCE", 1)
    size = log(tmp_path, some(400)).size
    night = source.open_night([tmp_path])
    assert isinstance(night, source.RecordedNight)
    done = list(source.relive(night, []))
    assert done == sorted(set(done))
    assert done[0] < 0.1 * size < 0.9 * size < done[-1] <= size == night.size


@given(messages, st.integers(1, 600), st.integers(100, 2000))
@settings(max_examples=60, deadline=None)
def test_round_trip(given_: list[tuple[object, ...]], block: int, segment: int) -> None:
    """Every record comes back as it was, in order, None apart from empty, however it was cut into blocks and
    segments; the bytes done end at the size."""
    found = [*records(given_), Record(REPORTS, 9, 0, 0, None, b"")]
    with TemporaryDirectory() as place:
        written = log(Path(place), found, block=block, segment=segment)
        done = []
        for i, record in enumerate(written.records()):
            assert record == found[i]
            done.append(written.done)
        assert len(done) == len(found)
        assert all(a <= b for a, b in pairwise(done))
        assert written.done == written.size == sum(p.stat().st_size for p in Path(place).glob("segment-*"))
        assert written.closed


@given(messages, st.lists(st.integers(0, 9), max_size=20), st.integers(1, 300))
@example([(REPORTS, 0, 0, 0, None, b"value", ())] * 9, [], 4 * (HEAD.itemsize + 5))
@example([(REPORTS, 0, 0, 0, b"key", None, ())] * 9, [], 4 * (HEAD.itemsize + 3))
@settings(max_examples=20, deadline=None)
def test_many_are_written_as_one_by_one(given_: list[tuple[object, ...]], pieces: list[int], block: int) -> None:
    """`extend` makes the very blocks that `append` makes, however the records are handed to it."""
    found = [record._replace(headers=()) for record in records(given_)]
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        with begin(Path(one), block=block) as writer:
            for record in found:
                writer.append(record)
        with begin(Path(other), block=block) as writer:
            left = found
            for count in [*pieces, len(found)]:
                writer.extend(many(left[:count]))
                left = left[count:]
            assert writer.records == len(found)
        blocks = [
            [(each.head.records, each.head.first, each.raw) for each in EventLog.open(Path(place)).blocks(refuse)]
            for place in (one, other)
        ]
        assert blocks[0] == blocks[1]


def many(found: list[Record]) -> Records:
    """The same records, field by field."""
    heads = np.zeros(len(found), HEAD)
    for place, (topic, partition, offset, timestamp, key, value, _) in enumerate(found):
        lengths = (-1 if each is None else len(each) for each in (key, value))
        heads[place] = (TOPICS.index(topic), partition, offset, timestamp, *lengths, 0)
    return Records(heads, [each.key for each in found], [each.value for each in found], {})


def refuse(damage: LogDamage) -> None:
    raise damage


def one_by_one(raw: bytes, count: int) -> tuple[list[Record], str]:
    """A block's records as docs/event-log.md has them, field after field, and what is wrong behind them."""
    file, found = BytesIO(raw), list[Record]()

    def take(length: int) -> bytes:
        content = file.read(max(length, 0))
        if len(content) != length:
            raise EOFError
        return content

    def number(kind: str) -> int:
        (found,) = struct.unpack(kind, take(struct.calcsize(kind)))
        return int(found)

    def some_or_none(length: int) -> bytes | None:
        return None if length == -1 else take(length)

    try:
        for _ in range(count):
            topic = [REPORTS, BULLETINS][number("<B")]
            place = number("<I"), number("<q"), number("<q")
            lengths, named = (number("<i"), number("<i")), number("<H")
            key, value = map(some_or_none, lengths)
            headers = tuple((take(number("<H")).decode(), some_or_none(number("<i"))) for _ in range(named))
            found.append(Record(topic, *place, key, value, headers))
    except (EOFError, IndexError, UnicodeDecodeError):
        return found, "a record in it does not end where it must"
    return found, "" if not file.read() else "there is more in it than the records it names"


plain = st.tuples(topics, st.integers(0, 3), st.integers(0, 5), timestamps, st.binary(), st.binary())
edits = st.lists(st.tuples(st.integers(0), st.sampled_from([0, 1, 2, 127, 128, 255])), max_size=3)


@given(messages | st.lists(plain, max_size=60), edits, st.just(0) | st.integers(0, 80), st.integers(-1, 1), st.data())
@settings(max_examples=200, deadline=None)
def test_many_at_once(
    given_: list[tuple[object, ...]], edits: list[tuple[int, int]], cut: int, more: int, data: st.DataObject
) -> None:
    """Whatever is in a block, many of its records at a time are what they are one by one, with the same error behind
    them; and so are parts of them."""
    packed = [format.pack_record(record) for record in records(given_)]
    raw = bytearray(b"".join(packed))
    for at, byte in edits if raw else ():
        raw[at % len(raw)] = byte
    raw, count = raw[: max(len(raw) - cut, 0)], max(len(packed) + more, 0)
    found, wrong = list[Record](), ""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(format, "MANY", data.draw(st.integers(1, 30)))
        try:
            for many in format.unpack_records(bytes(raw), count):
                together = list(many)
                cut_at = data.draw(st.integers(0, len(many)))
                assert [*many.part(0, cut_at), *many.part(cut_at, len(many))] == together
                assert many.bulletins == [place for place, record in enumerate(many) if record.topic == BULLETINS]
                found += together
        except format.FormatError as error:
            wrong = str(error)
    assert (found, wrong) == one_by_one(bytes(raw), count)


alike = st.tuples(topics, st.sampled_from([0, 1, 2**15, 2**31, 2**32 - 1]))
calm = st.lists(st.tuples(alike, st.integers(0, 2)), min_size=20)
wild = st.lists(st.tuples(alike, st.sampled_from([0, 1, -1, -2, 2**40, -(2**40), 2**63])), min_size=1)
slip = st.tuples(st.sampled_from([(REPORTS, 0), (REPORTS, 2**31)]), st.sampled_from([0, 0, 0, 0, -1]))


@given(st.lists(calm | wild | st.lists(slip, min_size=3), max_size=3))
@settings(max_examples=150, deadline=None)
def test_order(given_: list[list[tuple[tuple[str, int], int]]]) -> None:
    """Records looked at together are out of order where they are one by one, and leave the same behind, also where
    partitions are alike in their lower bits and offsets the last there can be. If all is well one look is enough."""
    alone, together, one_look = Order(), Order(), Order()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_FEW", 1)
        for steps in given_:
            found, wrong = list[bytes](), list[tuple[int, str]]()
            for (topic, partition), by in steps:
                offset = min(alone.next.get((topic, partition), 0) + by, 2**63 - 1)
                found.append(format.pack_record(Record(topic, partition, offset, 0, None, None)))
                if what := alone.check(topic, partition, offset):
                    wrong.append((len(found) - 1, what))
            (many,) = format.unpack_records(b"".join(found), len(found))
            assert one_look._all_rise(many.heads) == (not wrong)
            assert together.check_all(many) == wrong
            one_look.next = dict(together.next)
            assert together.next == alone.next


def test_the_election_goes_with_it(tmp_path: Path) -> None:
    """A log has the election's files, and a manifest that says what it is; opening it again gives the same."""
    written = log(tmp_path, some(1))
    assert load(written.election).tables == KNOWN.tables
    assert written.manifest == EventLog.open(tmp_path).manifest
    assert (written.manifest.election, written.manifest.prefix, written.manifest.partitions) == ("test", "x.", 4)


def test_the_election_that_is_there(tmp_path: Path) -> None:
    """A log begun where an election file lies already leaves it as it is, remarks and the names of its CSVs too."""
    path = election_writer.write(KNOWN, tmp_path)
    (tmp_path / "areas.csv").rename(tmp_path / "places.csv")
    path.write_text("# ours\n" + path.read_text().replace("areas.csv", "places.csv"))
    before = path.read_bytes()
    with LogWriter.create(tmp_path, None, prefix="x.", partitions=1, writer="cotejo record", created=1) as writer:
        writer.append(some(1)[0])
    log_ = EventLog.open(tmp_path)
    assert (path.read_bytes(), load(log_.election).tables) == (before, KNOWN.tables)
    assert sorted(log_.manifest.files) == ["election.toml", "places.csv", "register.csv"]


def test_nothing_new(tmp_path: Path) -> None:
    """Going on without anything new leaves every byte as it was."""
    log(tmp_path, some(3))
    before = (tmp_path / "segment-000001.log").read_bytes()
    LogWriter.resume(tmp_path, lambda *_: None).close()
    assert (tmp_path / "segment-000001.log").read_bytes() == before


def test_made(tmp_path: Path) -> None:
    """A made night has each event once, where a feeder puts it: a table's bulletin beside its reports."""
    events: list[Event] = [report("S1-1", at=5), bulletin(area="S1-1", at=6), bulletin(at=7)]
    assert generated_night.write(tmp_path, KNOWN, events, "cotejo simulate") == 3
    found = list(EventLog.open(tmp_path).records())
    assert [(r.topic, r.timestamp, r.key) for r in found] == [
        (REPORTS, 5, b"S1-1"), (REPORTS, 6, b"S1-1"), (BULLETINS, 7, b"N"),
    ]  # fmt: skip
    assert (found[0].partition, found[0].offset, found[1].offset) == (found[1].partition, 0, 1)


def test_made_again(tmp_path: Path) -> None:
    """The same night made twice gives the same bytes; a recording is never overwritten."""
    for name in ("a", "b", "b"):
        generated_night.write(tmp_path / name, KNOWN, [report()], "cotejo simulate")
    for path in (tmp_path / "a").iterdir():
        assert path.name == "lock" or path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    log(tmp_path / "c", some(3))
    with pytest.raises(LogError, match="holds a recording"):
        generated_night.write(tmp_path / "c", KNOWN, [report()], "cotejo simulate")
    assert len(list(EventLog.open(tmp_path / "c").records())) == 3


def test_gaps(tmp_path: Path) -> None:
    """A gap is kept in its place, and offsets go on behind it."""
    gap = Gap(REPORTS, 0, 2, 7)
    with begin(tmp_path) as writer:
        for record in some(2):
            writer.append(record)
        writer.gap(gap)
        for record in some(2, first=7):
            writer.append(record)
    written = EventLog.open(tmp_path)
    assert [record.offset for record in written.records()] == [0, 1, 7, 8]
    assert written.gaps == [gap]


@pytest.mark.parametrize("last", [[], some(1, first=3)], ids=["the end mark", "a block of records"])
def test_torn_tails(last: list[Record], tmp_path: Path) -> None:
    """Cut off at every byte of its last block, a log is read up to there with one damage told; going on cuts the tail,
    says so, and ends in the very log that an undisturbed writer leaves."""
    writer = begin(tmp_path / "whole")
    for record in some(3):
        writer.append(record)
    writer.flush()
    for record in last:
        writer.append(record)
    writer.close(finished=not last)
    if last:
        with (tmp_path / "whole" / "segment-000001.log").open("ab") as file:
            file.write(
                format.block(bytes.fromhex(writer.manifest.id), format.RECORDS, 3, 1, format.pack_record(last[0]))
            )
    whole = (tmp_path / "whole" / "segment-000001.log").read_bytes()
    *_, before, after = ends(tmp_path / "whole" / "segment-000001.log", bytes.fromhex(writer.manifest.id))
    assert after == len(whole)
    directory, cuts = tmp_path / "torn", list[int]()
    for size in range(before, after):
        shutil.copytree(tmp_path / "whole", directory, dirs_exist_ok=True)
        os.truncate(directory / "segment-000001.log", size)
        found, told = read(directory)
        assert found == some(3)
        assert len(told) == 1
        assert told[0].position == before
        with LogWriter.resume(directory, lambda _, count: cuts.append(count)) as again:
            assert again.order.next == {(REPORTS, 0): 3}
            for record in some(2, first=3):
                again.append(record)
        assert read(directory) == (some(5), [])
    assert cuts == list(range(1, after - before))


def test_torn_head(tmp_path: Path) -> None:
    """A segment that was only just begun, or cut off within its head, is begun again."""
    for size in range(format.SEGMENT_BYTES):
        directory = tmp_path / str(size)
        writer = begin(directory)
        writer.close(finished=False)
        os.truncate(directory / "segment-000001.log", size)
        with LogWriter.resume(directory, lambda *_: None) as again:
            again.append(some(1)[0])
        assert read(directory) == (some(1), [])


@pytest.fixture(scope="module")
def three_segments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of 60 records in three segments."""
    directory = tmp_path_factory.mktemp("three")
    log(directory, some(60), block=256, segment=700)
    assert len(list(directory.glob("segment-*"))) >= 3
    return directory


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_bit_flips(three_segments: Path, data: st.DataObject) -> None:
    """One flipped bit anywhere in a segment is told exactly once, in the right file, and costs at most the block it
    is in; without --keep-going it is one error."""
    with TemporaryDirectory() as place:
        directory = Path(place) / "log"
        shutil.copytree(three_segments, directory)
        path = data.draw(st.sampled_from(sorted(directory.glob("segment-*"))))
        content = bytearray(path.read_bytes())
        bit = data.draw(st.integers(0, 8 * len(content) - 1))
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        found, told = read(directory)
        assert len(told) == 1
        assert told[0].file == path
        lost = set(some(60)) - set(found)
        assert found == [record for record in some(60) if record not in lost]
        assert len(lost) <= 8
        with pytest.raises(LogDamage):
            list(EventLog.open(directory).records())


@given(st.binary(max_size=300), st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_rubbish_between(three_segments: Path, rubbish: bytes, at: int) -> None:
    """Bytes put in anywhere are told and stepped over: what was whole before is still read, except the block they are
    put into."""
    with TemporaryDirectory() as place:
        directory = Path(place) / "log"
        shutil.copytree(three_segments, directory)
        path = directory / "segment-000002.log"
        content = path.read_bytes()
        at = min(at, len(content))
        path.write_bytes(content[:at] + rubbish + content[at:])
        found, told = read(directory)
        assert len(found) >= 52
        assert bool(told) == bool(rubbish)
        assert found == sorted(found, key=lambda record: record.offset)


def edit(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def do(directory: Path) -> None:
        (directory / name).write_bytes(change((directory / name).read_bytes()))

    return do


def other(directory: Path) -> Path:
    """Another recording, of an election with another id."""
    with LogWriter.create(
        directory / "third", KNOWN, prefix="y.", partitions=4, writer="cotejo record", created=1
    ) as writer:
        writer.append(some(1)[0])
    return directory / "third"


def swap(directory: Path) -> None:
    """Two blocks of the first segment change places."""
    path = directory / "segment-000001.log"
    content = path.read_bytes()
    a, b, c, *_ = ends(path, bytes.fromhex(EventLog.open(directory).manifest.id))
    path.write_bytes(content[:a] + content[b:c] + content[a:b] + content[c:])


def bad_block(count: int, raw: bytes, kind: int = format.RECORDS) -> Callable[[Path], None]:
    """A block that a wrong writer put at the end, its checksums right."""

    def do(directory: Path) -> None:
        id = bytes.fromhex(EventLog.open(directory).manifest.id)
        added = format.block(id, kind, 60, count, raw) + format.block(id, format.END, 60 + count, 0, b"")
        edit(THIRD, lambda old: old + added)(directory)

    return do


def remanifest(**fields: object) -> Callable[[Path], None]:
    return edit("manifest.json", lambda old: json.dumps({**json.loads(old), **fields}).encode())


def forge(**fields: object) -> Callable[[Path], None]:
    """A manifest whose id fits whatever it says."""

    def change(old: bytes) -> bytes:
        content = {**json.loads(old), **fields}
        del content["id"]
        return encode({"id": manifest._id(content), **content})

    return edit("manifest.json", change)


def nested(levels: int) -> object:
    return json.loads("[" * levels + "]" * levels)


FORGED: dict[str, list[object]] = {
    "partitions": ["4", 4.5, 0, -1, 10**9, None],
    "versions": [[], {"python": 3}, "3"],
    "files": [["election.toml"], {"election.toml": None}, 5],
    "election": [5, None, {}],
    "created": ["now"],
}


def version_2(directory: Path) -> None:
    path = directory / "segment-000002.log"
    head = bytearray(path.read_bytes()[: format.SEGMENT_BYTES])
    head[8:10] = struct.pack("<H", 2)
    head[-4:] = struct.pack("<I", zlib.crc32(head[:-4]))
    path.write_bytes(bytes(head) + path.read_bytes()[format.SEGMENT_BYTES :])


FIRST, SECOND, THIRD = (f"segment-00000{n}.log" for n in (1, 2, 3))
ONE, MORE = format.pack_record(some(1)[0]), format.pack_record(some(1, first=60)[0])


def cut(name: str, count: int) -> Callable[[Path], None]:
    return edit(name, lambda old: old[:-count])


def lose(name: str) -> Callable[[Path], None]:
    return lambda directory: (directory / name).unlink()


def take_for_second(whose: Callable[[Path], Path]) -> Callable[[Path], object]:
    """Put another segment in the place of the second."""
    return lambda directory: shutil.copy(whose(directory), directory / SECOND)


@pytest.mark.parametrize(
    ("spoil", "says", "least"),
    [
        pytest.param(cut(THIRD, 5), f"{THIRD}.*cut off", 60, id="truncated"),
        pytest.param(cut(SECOND, 50), f"{SECOND}.*cut off", 52, id="truncated in the middle"),
        pytest.param(cut(THIRD, 45), f"{THIRD}.*has no end", 60, id="truncated at a block"),
        pytest.param(edit(SECOND, lambda old: b""), f"{SECOND}.*is empty", 35, id="an empty segment"),
        pytest.param(lose(SECOND), f"{SECOND} is missing", 35, id="a segment is missing"),
        pytest.param(lose(FIRST), f"{FIRST} is missing", 35, id="the first is missing"),
        pytest.param(edit(SECOND, lambda old: b"\x89PNG" * 99), "no segment of an event log", 35, id="foreign"),
        pytest.param(
            take_for_second(lambda d: other(d.parent) / FIRST), "belongs to another log", 35, id="of another log"
        ),
        pytest.param(take_for_second(lambda d: d / THIRD), "was renamed", 35, id="renamed"),
        pytest.param(swap, f"{FIRST}.*out of order", 55, id="blocks out of order"),
        pytest.param(version_2, "format 2, the manifest 1", 60, id="mixed versions"),
        pytest.param(bad_block(1, ONE), "out of order.*offset 0 after 59", 61, id="offsets out of order"),
        pytest.param(bad_block(1, b"short"), "does not end where it must", 60, id="a record that does not end"),
        pytest.param(bad_block(1, MORE + b"x"), "more in it", 61, id="bytes left over"),
        pytest.param(bad_block(1, b"\x07" + MORE[1:]), "does not end where it must", 60, id="an unknown topic"),
        pytest.param(bad_block(0, b"[]", format.GAP), "a gap in it cannot be read", 60, id="a gap that is none"),
        pytest.param(bad_block(0, b"", 9), "unknown kind 9", 60, id="an unknown kind"),
    ],
)
def test_damages(spoil: Callable[[Path], object], says: str, least: int, three_segments: Path, tmp_path: Path) -> None:
    """A spoilt log is one error that names the file, and with --keep-going what is readable is read."""
    directory = tmp_path / "log"
    shutil.copytree(three_segments, directory)
    spoil(directory)
    with pytest.raises(LogDamage, match=says) as raised:
        list(EventLog.open(directory).records())
    assert "\n" not in str(raised.value)
    found, told = read(directory)
    assert len(found) >= least
    assert len(set(map(str, told))) == len(told)
    assert str(told[0]) == str(raised.value)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lose(SECOND), id="a segment is missing"),
        pytest.param(cut(SECOND, 50), id="cut off before the last segment"),
        pytest.param(edit(THIRD, lambda old: old[:60] + b"?" + old[61:]), id="damaged before its end"),
        pytest.param(bad_block(1, ONE), id="offsets out of order"),
    ],
)
def test_no_going_on(spoil: Callable[[Path], object], three_segments: Path, tmp_path: Path) -> None:
    """Whatever is more than a torn tail is refused by who wants to go on, and not a byte is touched."""
    directory = tmp_path / "log"
    shutil.copytree(three_segments, directory)
    spoil(directory)
    before = {path: path.read_bytes() for path in directory.glob("segment-*")}
    with pytest.raises(LogDamage):
        LogWriter.resume(directory, lambda *_: None)
    assert before == {path: path.read_bytes() for path in directory.glob("segment-*")}


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lose("manifest.json"), "is no event log, it has no manifest", id="no manifest"),
        pytest.param(edit("manifest.json", lambda _: b"{"), "is no manifest", id="not JSON"),
        pytest.param(edit("manifest.json", lambda _: b"[1]"), "is no manifest", id="not an object"),
        pytest.param(remanifest(format=2), "format 2 is unknown here", id="a later version"),
        pytest.param(remanifest(partitions=5), "was changed", id="edited"),
        *(
            pytest.param(forge(**{name: value}), "is no manifest", id=f"{name} {value!r:.20}")
            for name, values in FORGED.items() for value in values
        ),
        pytest.param(
            edit("manifest.json", lambda old: json.dumps({**json.loads(old), "x": nested(500)}).encode()),
            "is no manifest", id="nested too deep",
        ),
    ],
)  # fmt: skip
def test_manifests(spoil: Callable[[Path], object], says: str, tmp_path: Path) -> None:
    """A manifest that cannot be used is one error that names it."""
    log(tmp_path, some(1))
    spoil(tmp_path)
    with pytest.raises(LogError, match=says):
        EventLog.open(tmp_path)


def test_empty(tmp_path: Path) -> None:
    """A log without any record is an error to who reads it, and none to who goes on recording."""
    with begin(tmp_path):
        pass
    with pytest.raises(LogDamage, match="holds no record"):
        list(EventLog.open(tmp_path).records())
    LogWriter.resume(tmp_path, lambda *_: None).close()


def test_being_written(tmp_path: Path) -> None:
    """While somebody writes a log it may be read as far as it goes, a half-written block included; a second writer is
    refused and told who has it."""
    writer = begin(tmp_path)
    for record in some(3):
        writer.append(record)
    writer.flush()
    with (tmp_path / "segment-000001.log").open("ab") as file:
        file.write(b"CjBk half a head")
    assert read(tmp_path) == (some(3), [])
    with pytest.raises(LogError, match=rf"being written by another process \({os.getpid()}\)"):
        LogWriter.resume(tmp_path, lambda *_: None)
    writer.close(finished=False)
    found, told = read(tmp_path)
    assert (found, len(told)) == (some(3), 1)


def test_never_twice(tmp_path: Path) -> None:
    """A writer refuses an offset that it has, before and after a resume."""
    with begin(tmp_path) as writer:
        writer.append(some(1)[0])
        with pytest.raises(LogError, match="offset 0 after 0"):
            writer.append(some(1)[0])
    again = LogWriter.resume(tmp_path, lambda *_: None)
    with again, pytest.raises(LogError, match="offset 0 after 0"):
        again.append(some(1)[0])


@pytest.mark.parametrize(
    ("raw", "payload", "says"),
    [
        pytest.param(2**31, b"x", "claims 2,147,483,648 bytes", id="claims too much"),
        pytest.param(10, zstandard.compress(bytes(2**27)), "another length", id="a bomb in ten bytes"),
        pytest.param(2**20, zstandard.compress(bytes(2**27)), "another length", id="a bomb in a megabyte"),
        pytest.param(4, b"rust", "does not unpack|another length", id="not compressed"),
    ],
)
def test_bombs(raw: int, payload: bytes, says: str, three_segments: Path, tmp_path: Path) -> None:
    """A block that claims or unpacks to more than it may is an error before memory is asked for."""
    directory = tmp_path / "log"
    shutil.copytree(three_segments, directory)
    id = bytes.fromhex(EventLog.open(directory).manifest.id)
    crc = zlib.crc32
    head = struct.pack("<4sBxxxIIIQI", b"CjBk", format.RECORDS, len(payload), raw, 1, 60, crc(payload))
    path = directory / "segment-000003.log"
    path.write_bytes(path.read_bytes() + head + struct.pack("<I", crc(head, crc(id))) + payload)
    with pytest.raises(LogDamage, match=says):
        list(EventLog.open(directory).records())


def test_too_large(tmp_path: Path) -> None:
    """A record that no block can hold is refused when it is written, with its place."""
    with begin(tmp_path) as writer:
        writer.append(Record(REPORTS, 0, 0, 0, None, bytes(format.MAX_RAW)))
        with pytest.raises(LogError, match="bytes in a block"):
            writer.flush()


LOG_ID = bytes(range(16))
PROMISED = 2**16


def head(compressed: int, raw: int, payload: bytes = b"") -> bytes:
    """The head of a block with a good checksum, whatever it promises."""
    fields = (format.BLOCK_MAGIC, format.RECORDS, compressed, raw, 1, 0, zlib.crc32(payload), 0)
    start = format._BLOCK.pack(*fields)[:-4]
    return start + zlib.crc32(start, zlib.crc32(LOG_ID)).to_bytes(4, "little")


def spoilt_frame() -> bytes:
    """A block that unpacks to the last byte before it shows that it is none."""
    packed = zstandard.ZstdCompressor(write_checksum=True).compress(bytes(PROMISED))
    payload = packed[:-1] + bytes([packed[-1] ^ 1])
    return head(len(payload), PROMISED, payload) + payload


SMALL = format.block(LOG_ID, format.RECORDS, 0, 0, b"")
CRAFTED = [
    ("heads that promise what is not there", lambda n: head(PROMISED, PROMISED) * n, 0),
    ("such a head before each block", lambda n: (head(PROMISED, PROMISED) + SMALL) * n, 1),
    ("blocks that unpack before they fail", lambda n: spoilt_frame() * n, 0),
    ("the same before each block", lambda n: (spoilt_frame() + SMALL) * n, 1),
    ("the beginning of heads", lambda n: format.BLOCK_MAGIC * n * 10, 0),
    ("nothing", lambda n: bytes(40 * n), 0),
]


class Counting(BytesIO):
    """A file that counts the bytes that are read of it."""

    counted = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        Counting.counted += len(found)
        return found


@pytest.mark.parametrize(("make", "whole"), [case[1:] for case in CRAFTED], ids=[case[0] for case in CRAFTED])
def test_work_grows_with_the_log(
    make: Callable[[int], bytes], whole: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever somebody writes into a segment who knows the format, reading it takes at most some bytes of work for
    each of its own, and one block; whole blocks between are read."""
    unpack = format.unpack
    segment = tmp_path / "segment-000001.log"
    segment.touch()

    def counted(known: format.BlockHead, payload: bytes) -> bytes:
        Counting.counted += known.raw
        return unpack(known, payload)

    monkeypatch.setattr(segments, "MAX_COMPRESSED", PROMISED)
    monkeypatch.setattr(format, "unpack", counted)
    for count in (500, 1000, 4000):
        content = format.segment_head(LOG_ID, 1) + make(count)
        monkeypatch.setattr(segments, "open_regular", lambda path, content=content: Counting(content))
        Counting.counted = 0
        found = list(segments.blocks([(1, segment)], LOG_ID, lambda damage: None))
        assert len(found) == whole * count
        assert Counting.counted <= 40 * len(content) + 4 * PROMISED


def test_whatever_is_damaged_the_rest_is_read(tmp_path: Path) -> None:
    """However many blocks one after the other have damaged content, the whole one behind them is found."""
    log(tmp_path, some(400), block=1000)
    (segment,) = tmp_path.glob("segment*")
    content = bytearray(segment.read_bytes())
    starts = ends(segment, bytes.fromhex(EventLog.open(tmp_path).manifest.id))
    for start in starts[:-4]:
        content[start + format.BLOCK_BYTES + 10] ^= 1
    segment.write_bytes(content)
    found, told = read(tmp_path)
    assert found[-1] == some(400)[-1]
    assert 0 < len(found) < 40
    assert [damage.position for damage in told] == [starts[0]]
