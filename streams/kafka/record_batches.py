"""Kafka's record batches (message format 2), read so that one offset never stands in the way of the next.

aiokafka and kafka-python raise where a batch, or a header of one of its records, cannot be read; then their consumer
is at its end. They unpack a batch whole, whatever it comes to. Both are given this reader instead. What it cannot
hand out becomes a record whose value is a `Withheld`, with the reason, and reading goes on behind it.

Formats: https://kafka.apache.org/documentation/#messageformat
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

from aiokafka.record.default_records import DefaultRecordBatch  # type: ignore[import-untyped]

from streams.core.events.unreadable_message import KEPT_BYTES, Withheld
from streams.kafka.byte_source import ByteSource
from streams.kafka.decompression import DamagedError, TooFarError, pieces
from streams.kafka.topic_spec import MESSAGE_BYTES

UNPACKED_BYTES: Final = 2**29
"""Bytes that one batch may unpack to; some seconds' work. They are never all in memory."""
MAX_HEADERS: Final = 2**16 - 1
"""Headers of one record, and bytes of one header's name: what an event log has room for."""

_HEAD = struct.Struct(">qiibIhiqqqhii")
_OFFSET = struct.Struct(">q")
_ATTRIBUTES: Final = slice(21, 23)
MAGIC_AT, _MAGIC = 16, 2
_CODEC, _LOG_APPEND_TIME, _TRANSACTIONAL, _CONTROL = 0x07, 0x08, 0x10, 0x20
_LATEST: Final = 2**63
_ABORT: Final = b"\0\0\0\0"
"""A control record's key: version 0, type 0."""

_SEND_LESS = f"send at most {MESSAGE_BYTES:,} bytes in a message, counted as unpacked, with its headers"
_NAME_HEADERS = f"name headers in UTF-8, at most {MAX_HEADERS:,} of them, each name at most so many bytes"
_SEND_AGAIN = "send it again: what the broker has of it cannot be read"
_PACK_LESS = f"send batches that unpack to at most {UNPACKED_BYTES:,} bytes"
_SEND_NEWER = "send message format 2, compressed with gzip, snappy, lz4, zstd or not at all"


class _HeadersError(ValueError):
    """A record's headers are none that a consumer can be given."""


class Read(NamedTuple):
    """One record. `timestamp` is Unix ms, `timestamp_type` 1 where it is the broker's. aiokafka's own records have the
    same fields."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | Withheld | None
    headers: Sequence[tuple[str, bytes | None]] = ()


class Run(NamedTuple):
    """Records of one batch that are read together."""

    records: Sequence[Any]
    size: int
    """Bytes, unpacked, that they take at most."""
    next_offset: int
    """Behind the last of them, and behind what is left out there."""


class Batch:
    """One record batch. `next_offset` is the one behind its last, whatever is left in it."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._is_known = len(content) >= _HEAD.size and content[MAGIC_AT] == _MAGIC
        # of an older format, only the first offset is at the same place
        head = _HEAD.unpack_from(content if self._is_known else bytes(content[: _OFFSET.size]).ljust(_HEAD.size, b"\0"))
        self.base_offset, self.leader_epoch, self._attributes = head[0], head[2], head[5]
        self.next_offset = self.base_offset + head[6] + 1
        self._first_time, self._last_time, self.producer, self._count = head[7], head[8], head[9], head[12]
        self.is_transactional = bool(self._attributes & _TRANSACTIONAL)
        self.is_control = bool(self._attributes & _CONTROL)
        self._own_time = not self._attributes & _LOG_APPEND_TIME

    @property
    def aborts(self) -> bool:
        """Whether this is the end of a transaction that does not count."""
        return self.is_control and any(r.key == _ABORT for run in self.runs(self.base_offset) for r in run.records)

    def runs(self, first: int) -> Iterator[Run]:
        """The records from offset `first` on, with a `Withheld` for each that cannot be had. The last run ends where
        the batch does."""
        wanted = max(first, self.base_offset)
        try:
            if not self._is_known:
                raise KeyError
            whole = DefaultRecordBatch(bytes(self._content))
            if not whole.validate_crc():
                raise DamagedError("its checksum is wrong")
            if (run := self._at_once(whole)) is None:
                for record in self._in_order(self._one_by_one()):
                    if record.offset >= wanted:
                        wanted = record.offset + 1
                        yield Run([record], weight(record), wanted)
                run = Run([], 0, self.next_offset)
            records = run.records
            if wanted > self.base_offset:
                records = [record for record in records if record.offset >= wanted]
            yield Run(records, run.size, max(wanted, self.next_offset))
        except TooFarError:
            yield from self._rest(wanted, "unpacks-too-far", _PACK_LESS)
        except KeyError:
            yield from self._rest(wanted, "unknown-format", _SEND_NEWER)
        except (DamagedError, EOFError) as error:
            yield from self._rest(wanted, "damaged", f"{_SEND_AGAIN} ({error})")

    def _rest(self, first: int, code: str, cure: str) -> Iterator[Run]:
        """All from here to the batch's end."""
        if first < self.next_offset:
            aside = Withheld(code, cure, messages=self.next_offset - first)
            record = Read(first, self._last_time, int(not self._own_time), None, aside)
            yield Run([record], 0, self.next_offset)

    def _at_once(self, whole: Any) -> Run | None:
        """All records, read by aiokafka's compiled reader in a third of the time. None unless they are small together,
        as nearly all batches are, and it finds nothing wrong: it does not say what is wrong, nor where."""
        size = len(self._content)
        if (codec := self._attributes & _CODEC) or size > MESSAGE_BYTES:
            content = bytearray(self._content[: _HEAD.size])
            content[_ATTRIBUTES] = (self._attributes & ~_CODEC).to_bytes(2, "big", signed=True)
            for piece in pieces(codec, self._content[_HEAD.size :]):
                content += piece
                if len(content) > MESSAGE_BYTES:
                    return None
            size, whole = len(content), DefaultRecordBatch(bytes(content))
        try:
            records = list(whole)
        except Exception:
            return None
        headers = [record.headers for record in records if record.headers]
        fine = self._are_in_order(records) and all(map(_within_limits, headers))
        return Run(records, size, self.next_offset) if fine else None

    @property
    def _is_whole(self) -> bool:
        """Whether it has a record for each offset. Only compaction leaves some out."""
        return bool(self._count == self.next_offset - self.base_offset)

    def _are_in_order(self, records: Sequence[Any]) -> bool:
        """Whether their offsets are those that the batch has."""
        offsets = [record.offset for record in records]
        if self._is_whole:
            return offsets == [*range(self.base_offset, self.next_offset)]
        bounds = [self.base_offset - 1, *offsets, self.next_offset]
        return all(one < other for one, other in pairwise(bounds))

    def _in_order(self, records: Iterable[Any]) -> Iterator[Any]:
        """The same, as long as their offsets are those that the batch has."""
        wanted, is_whole = self.base_offset, self._is_whole
        for record in records:
            if not wanted <= record.offset < (wanted + 1 if is_whole else self.next_offset):
                raise DamagedError(f"offset {record.offset} does not come next")
            yield record
            wanted = record.offset + 1

    def _one_by_one(self) -> Iterator[Read]:
        """All records, however large or spoilt. Raises `DamagedError`, `TooFarError`, EOFError where the next one's
        beginning cannot be found."""
        source = ByteSource(pieces(self._attributes & _CODEC, self._content[_HEAD.size :]), UNPACKED_BYTES)
        for _ in range(self._count):
            size = source.varint()
            if size <= MESSAGE_BYTES:
                yield self._record(source.take(size))
            else:
                yield self._too_large(source, size)
        if source.has_more:
            raise DamagedError("there is more in it than it says")

    def _record(self, content: bytes) -> Read:
        source = ByteSource([content])
        offset, timestamp = self._place(source)
        place = offset, timestamp, int(not self._own_time)
        key = value = None
        try:
            key, value = source.nullable(), source.nullable()
            return Read(*place, key, value, _headers(source))
        except _HeadersError:
            return Read(*place, key, aside_of(value, "bad-headers", _NAME_HEADERS))
        except (EOFError, DamagedError):
            return Read(*place, key, aside_of(value, "damaged", _SEND_AGAIN))

    def _place(self, source: ByteSource) -> tuple[int, int]:
        """The offset and the time (Unix ms) that a record begins with."""
        source.varint()  # attributes, of which there are none
        time, offset = self._first_time + source.varint(), self.base_offset + source.varint()
        time = (time + _LATEST) % (2 * _LATEST) - _LATEST  # as the sum of two numbers of 64 bits comes out
        return offset, time if self._own_time else self._last_time

    def _too_large(self, source: ByteSource, size: int) -> Read:
        """A record that is not kept in memory, only its value's beginning and hash."""
        end = source.position + size
        offset, timestamp = self._place(source)
        source.skip(max(0, source.varint()))  # the key
        value = max(0, source.varint())
        if value > end - source.position:
            raise DamagedError("a record is longer than it says")
        digest = hashlib.sha256()
        beginning = source.take(min(value, KEPT_BYTES))
        digest.update(beginning)
        source.skip(value - len(beginning), digest)
        source.skip(end - source.position)
        aside = Withheld("too-large", _SEND_LESS, beginning, value, digest.hexdigest())
        return Read(offset, timestamp, int(not self._own_time), None, aside)


def weight(record: Any) -> int:
    """The bytes of a record's content."""
    headers = sum(len(name) + len(content or b"") for name, content in record.headers) if record.headers else 0
    return len(record.key or b"") + len(record.value or b"") + headers


def aside_of(value: bytes | None, code: str, cure: str) -> Withheld:
    """A value that is at hand, but is not handed out."""
    content = value or b""
    return Withheld(code, cure, content[:KEPT_BYTES], len(content), hashlib.sha256(content).hexdigest())


def _within_limits(headers: Sequence[tuple[str, bytes | None]]) -> bool:
    return len(headers) <= MAX_HEADERS and all(len(name.encode()) <= MAX_HEADERS for name, _ in headers)


def _headers(source: ByteSource) -> Sequence[tuple[str, bytes | None]]:
    """Raises `_HeadersError`, and what `source` raises."""
    count = source.varint()
    if count < 0:
        raise DamagedError("a number of headers is negative")
    if count > MAX_HEADERS:
        raise _HeadersError
    headers = []
    for _ in range(count):
        name = source.nullable() or b""
        if len(name) > MAX_HEADERS:
            raise _HeadersError
        try:
            headers.append((name.decode(), source.nullable()))
        except UnicodeDecodeError:
            raise _HeadersError from None
    return tuple(headers)
