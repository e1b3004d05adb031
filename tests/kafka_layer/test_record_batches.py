"""Reading record batches: every offset is handed out or set aside with a reason, in bounded memory, whatever came."""

from __future__ import annotations

import gzip
import hashlib
import sys
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka import TopicPartition  # type: ignore[import-untyped]
from aiokafka.consumer.fetcher import PartitionRecords  # type: ignore[import-untyped]
from aiokafka.record.memory_records import MemoryRecords  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from raw_batches import CODECS, TIME, batch, field, record, varint

from streams.core.events.unreadable_message import KEPT_BYTES, Withheld
from streams.kafka.committed_records import Committed
from streams.kafka.record_batches import MAX_HEADERS, UNPACKED_BYTES, Batch
from streams.kafka.topic_spec import MESSAGE_BYTES

A, C = record(b"a"), record(b"c", place=2)
CONTROL, TRANSACTIONAL = 0x20, 0x10
codecs = pytest.mark.parametrize("codec", CODECS)


def everything(committed: Committed) -> list[Any]:
    """All records, in one go."""
    records, ended = committed.take(sys.maxsize, sys.maxsize)
    assert ended
    return records


def found(content: bytes, first: int = 0) -> list[Any]:
    """What comes of each offset: a value, or the code of why there is none."""
    read = everything(Committed(content, first))
    return [r.value.code if isinstance(r.value, Withheld) else r.value for r in read]


@codecs
def test_every_codec(codec: str) -> None:
    """Records of all forms, packed by each of Kafka's codecs, are what aiokafka's own reader makes of them unpacked."""
    records = [
        *(record(b"v", [(b"h", b"1"), ("é".encode(), None)]), record(None, place=1, key=b"k")),
        *(record(b"", place=2, key=b""), record(b"x" * 300_000, place=3)),
    ]
    theirs = PartitionRecords(TopicPartition("t", 0), MemoryRecords(batch(records, base=7)), [], 7, None, None, True, 0)
    expected = [(r.offset, r.timestamp, r.key, r.value, list(r.headers)) for r in theirs]
    ours = Committed(batch(records, codec, base=7), 7)
    assert [(r.offset, r.timestamp, r.key, r.value, list(r.headers)) for r in everything(ours)] == expected
    assert ours.next_offset == 11


@codecs
@pytest.mark.parametrize(
    ("bad", "code"),
    [
        pytest.param(record(b"b", [(b"\xff", b"")], place=1), "bad-headers", id="a name that is not UTF-8"),
        pytest.param(record(b"b", [(b"", b"")] * (MAX_HEADERS + 1), place=1), "bad-headers", id="too many headers"),
        pytest.param(record(b"b", [(b"h" * (MAX_HEADERS + 1), b"")], place=1), "bad-headers", id="a long name"),
        pytest.param(record(b"b", place=1, count=-1), "damaged", id="fewer headers than none"),
        pytest.param(record(b"b", place=1, count=3), "damaged", id="headers that are not there"),
        pytest.param(record(b"b" * (MESSAGE_BYTES + 1), place=1), "too-large", id="a large value"),
        pytest.param(record(b"b", [(b"h", b"h" * MESSAGE_BYTES)], place=1), "too-large", id="a large header"),
        pytest.param(record(b"b", place=1, key=b"k" * MESSAGE_BYTES), "too-large", id="a large key"),
    ],
)
def test_one_bad_record(bad: bytes, code: str, codec: str) -> None:
    """One record that cannot be handed out is set aside, and its neighbours are not touched."""
    content = batch([A, bad, C], codec)
    assert found(content) == [b"a", code, b"c"]
    assert [r.offset for r in everything(Committed(content, 0))] == [0, 1, 2]
    assert found(content, 1) == [code, b"c"]
    assert found(content + batch([A], base=3), 2) == [b"c", b"a"]


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one by one"])
@pytest.mark.parametrize(
    "headers", [[(b"", b"")] * 65_535, [(b"h" * 65_535, b"")]], ids=["so many headers", "so long a name"]
)
def test_what_a_log_has_room_for(
    headers: list[tuple[bytes, bytes]], at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """65,535 headers, and as many bytes of a header's name, are handed out."""
    if not at_once:
        monkeypatch.setattr(Batch, "_at_once", lambda *_: None)
    (read,) = everything(Committed(batch([record(b"v", headers)]), 0))
    assert read.value == b"v"
    assert list(read.headers) == [(name.decode(), content) for name, content in headers]


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        pytest.param(batch([A, C], "gzip", payload=b"rubbish"), ["damaged"], id="gzip that is none"),
        pytest.param(batch([A, C], "lz4", payload=b"rubbish"), ["damaged"], id="lz4 that is none"),
        pytest.param(batch([A, C], "zstd", payload=b"rubbish"), ["damaged"], id="zstd that is none"),
        pytest.param(batch([A, C], "snappy", payload=b"\xff"), ["damaged"], id="snappy that is none"),
        pytest.param(batch([A, C], "snappy", payload=b"\x82SNAPPY\0" + b"\0" * 9), ["damaged"], id="a snappy head"),
        pytest.param(batch([A, C], payload=b""), ["damaged"], id="nothing"),
        pytest.param(batch([A, C], payload=b"\xff" * 30), ["damaged"], id="a number without end"),
        pytest.param(batch([A, A]), [b"a", "damaged"], id="the same offset twice"),
        pytest.param(batch([A, record(b"b", place=1)[:-2]]), [b"a", "damaged"], id="cut off"),
        pytest.param(batch([A], attributes=7), ["unknown-format"], id="a codec that Kafka does not have"),
        pytest.param(batch([A])[:-1] + b"x", ["damaged"], id="a checksum that is wrong"),
        pytest.param(batch([A])[:16] + b"\1" + batch([A])[17:], ["unknown-format"], id="message format 1"),
    ],
)
def test_a_bad_batch(content: bytes, codes: list[Any]) -> None:
    """What nobody can read of a batch is set aside as a whole, and the next batch is read."""
    following = Committed(content, 0)
    assert [r.value.code if isinstance(r.value, Withheld) else r.value for r in everything(following)] == codes
    after = following.next_offset
    assert found(content + batch([A], base=after)) == [*codes, b"a"]


@given(st.sampled_from([*CODECS]), st.integers(0, 3), st.data())
def test_no_offset_is_lost(codec: str, first: int, data: st.DataObject) -> None:
    """However a batch is spoilt whose checksum is right, each of its offsets is handed out or set aside, once."""
    records = [record(b"v%d" % i, [(b"h", b"x")] * (i % 2), place=i) for i in range(4)]
    payload = bytearray(CODECS[codec][1](b"".join(records)))
    for at in data.draw(st.lists(st.integers(0, len(payload) - 1), max_size=4)):
        payload[at] = data.draw(st.integers(0, 255))
    spoilt = bytes(payload[: data.draw(st.integers(0, len(payload)))]) if data.draw(st.booleans()) else bytes(payload)
    places: list[int] = []
    for read in everything(Committed(batch(records, codec, payload=spoilt), first)):
        count = read.value.messages if isinstance(read.value, Withheld) else 1
        places += range(read.offset, read.offset + count)
    assert places == [*range(first, 4)]


def both_ways(payload: bytes) -> None:
    """Read a batch of three offsets at once, if aiokafka's compiled reader can, and one by one."""
    content = batch([A] * 3, payload=payload, last=2)

    def read() -> list[Any]:
        records = everything(Committed(content, 0))
        return [(r.offset, r.timestamp, r.timestamp_type, r.key, r.value, list(r.headers)) for r in records]

    at_once = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batch, "_at_once", lambda *_: None)
        assert read() == at_once


def raw(start: bytes, key: bytes = field(b"k"), value: bytes = field(b"v"), headers: bytes = b"\0") -> bytes:
    body = start + key + value + headers
    return varint(len(body)) + body


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(raw(b"\0\0\2", key=varint(-64)), id="a key of -64 bytes"),
        pytest.param(raw(b"\0\0\2", value=varint(-2)), id="a value of -2 bytes"),
        pytest.param(raw(b"\0\0\2", headers=b"\2" + field(b"h") + varint(-2)), id="a header of -2 bytes"),
        pytest.param(raw(b"\x80\1\0\2"), id="attributes in two bytes"),
        pytest.param(raw(b"\0" + b"\xfe" + b"\xff" * 8 + b"\1\2"), id="a time beyond 64 bits"),
    ],
)
def test_odd_records(odd: bytes) -> None:
    """What no client writes is read alike whether its batch is large or small."""
    both_ways(record(b"a") + odd + record(b"c", place=2))


@given(st.data())
def test_one_by_one_or_at_once(data: st.DataObject) -> None:
    """However a batch is spoilt, aiokafka's compiled reader, where it finds nothing wrong, reads what ours reads."""
    payload = bytearray(b"".join(record(b"v%d" % i, [(b"h", b"x")] * (i % 2), place=i, key=b"k") for i in range(3)))
    odd = st.one_of(st.sampled_from([0, 1, 2, 0x7F, 0x80, 0xFF]), st.integers(0, 255))
    for at in data.draw(st.lists(st.integers(0, len(payload) - 1), max_size=3)):
        payload[at : at + data.draw(st.integers(0, 1))] = bytes(data.draw(st.lists(odd, max_size=10)))
    both_ways(bytes(payload))


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes(content: bytes, headed: bool) -> None:
    """Whatever a fetch brings, reading it ends."""
    everything(Committed(batch([A])[:61] + content if headed else content, 0))


def test_a_large_message_keeps_its_beginning_and_hash() -> None:
    """Of a message that is too large its first part is kept, with the size and the hash of the whole."""
    value = bytes(range(256)) * 4 * 2**12 * 2
    (aside,) = [r.value for r in everything(Committed(batch([record(value)], "zstd"), 0))]
    assert (aside.beginning, aside.size) == (value[:KEPT_BYTES], len(value))
    assert aside.sha256 == hashlib.sha256(value).hexdigest()


class Measured:
    """The most memory that Python had at a time."""

    def __enter__(self) -> Measured:
        tracemalloc.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


def spaces(count: int, size: int) -> Iterator[bytes]:
    return (record(b" " * size, place=i) for i in range(count))


@pytest.mark.parametrize("codec", ["gzip", "lz4", "zstd", "snappy"])
def test_300_megabytes_of_spaces(codec: str) -> None:
    """One message of 300 MB is told as too large in the memory of a few of the largest."""
    packed = gzip.compress(next(spaces(1, 300_000_000)), 1) if codec == "gzip" else None  # else packing takes 7 s
    content = batch(spaces(1, 300_000_000 if packed is None else 0), codec, payload=packed)
    with Measured() as measured:
        assert found(content) == ["too-large"]
    assert measured.peak < 2**25 + 2 * len(content)


def test_many_large_messages() -> None:
    """150 messages of 4 MiB in one batch, 0.6 MB packed, are handed out a few at a time; beyond what a batch may unpack
    to they are set aside."""
    content = batch(spaces(150, 4 * 2**20), "zstd")
    committed, count, beyond = Committed(content, 0), 0, []
    with Measured() as measured:
        ended = False
        while not ended:
            records, ended = committed.take(500, 2**23)
            count += sum(isinstance(r.value, bytes) for r in records)
            beyond += [r.value for r in records if isinstance(r.value, Withheld)]
            del records
    assert count == UNPACKED_BYTES // (4 * 2**20 + 12)
    assert [(aside.code, aside.messages) for aside in beyond] == [("unpacks-too-far", 150 - count)]
    assert committed.next_offset == 150
    assert measured.peak < 2**26


@codecs
@given(st.integers(1, 7), st.integers(1, 60), st.integers(0, 9), st.integers(0, 12))
def test_in_whatever_portions(codec: str, most: int, most_bytes: int, first: int, bad: int) -> None:
    """Portions of any size are together what is read in one go, and each says where to go on behind it."""
    values = [record(b"v%d" % i, [(b"\xff", b"")] * (i == bad), place=i % 5) for i in range(10)]
    content = batch(values[:5], codec) + batch(values[5:], codec, base=5)
    committed, portions, ended = Committed(content, first), list[Any](), False
    while not ended:
        records, ended = committed.take(most, most_bytes)
        assert len(records) <= most
        portions += records
        assert committed.next_offset == (portions[-1].offset + 1 if portions else first)
    assert [r.offset for r in portions] == [*range(first, 10)]
    assert [r.value for r in portions] == [r.value for r in everything(Committed(content, first))]


def test_what_a_batch_unpacks_to_counts() -> None:
    """Batches that are small only while they are packed are handed out one by one."""
    content = b"".join(batch([record(b" " * 2**20)], "zstd", base=base) for base in range(3))
    committed = Committed(content, 0)
    assert [len(committed.take(10, 2**20)[0]) for _ in range(4)] == [1, 1, 1, 0]


@codecs
def test_compaction(codec: str) -> None:
    """A batch that has lost some of its records, the last too, ends where it always did."""
    records = [record(b"v", place=place) for place in (1, 2, 5)]
    content = batch(records, codec, last=7) + batch([A], base=8)
    committed = Committed(content, 2)
    assert [r.offset for r in everything(committed)] == [2, 5, 8]
    assert [r.offset for r in everything(Committed(content, 6))] == [8]
    committed = Committed(batch(records, codec, last=7), 2)
    assert (len(everything(committed)), committed.next_offset) == (2, 8)


def sent(value: bytes, base: int, producer: int) -> bytes:
    """A record of a transaction."""
    return batch([record(value)], base=base, attributes=TRANSACTIONAL, producer=producer)


def control(commit: bool, base: int, producer: int) -> bytes:
    """The end of a transaction."""
    mark = record(None, key=b"\0\0\0\1" if commit else b"\0\0\0\0")
    return batch([mark], base=base, attributes=TRANSACTIONAL | CONTROL, producer=producer)


def test_aborted_transactions() -> None:
    """Of two transactions that overlap, what was aborted is not handed out; reading goes on behind the marks."""
    parts = [
        *(sent(b"kept", 0, 1), sent(b"gone", 1, 2), batch([record(b"plain")], base=2), control(False, 3, 2)),
        *(sent(b"kept too", 4, 2), control(True, 5, 1), control(True, 6, 2)),
    ]
    committed = Committed(b"".join(parts), 0, [(2, 1)])
    assert [r.value for r in everything(committed)] == [b"kept", b"plain", b"kept too"]
    assert committed.next_offset == 7


def test_times() -> None:
    """A record's time is its own, or the broker's where the topic says so."""
    (own,) = everything(Committed(batch([A]), 0))
    (brokers,) = everything(Committed(batch([A], attributes=0x08), 0))
    assert (own.timestamp, own.timestamp_type, brokers.timestamp, brokers.timestamp_type) == (TIME, 0, TIME, 1)
