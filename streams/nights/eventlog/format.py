"""The bytes of a segment: its header, its blocks, the records in them (docs/event-log.md).

Everything is little-endian. Whatever is read is checked before it is believed; a length is never taken for more
than the format allows, so that no file can make a reader ask for more memory than one block.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import repeat
from typing import Final, NamedTuple

import numpy as np
import orjson
import zstandard
from numpy.typing import NDArray

from streams.core.events.input_topics import TOPICS
from streams.nights.eventlog.record import HEAD, Gap, Record, Records

VERSION: Final = 1
MAX_RAW: Final = 32 * 2**20
"""Bytes of a block before compression, at most. One block holds one record at least, so none can be larger."""
MAX_COMPRESSED: Final = MAX_RAW + MAX_RAW // 128 + 1024
"""Bytes of a block after compression: what cannot be compressed grows a little."""
RECORDS, GAP, END = 1, 2, 3
"""Kinds of block. `END` says that the writer stopped here by itself."""

MAGIC, BLOCK_MAGIC = b"COTEJOLG", b"CjBk"
ID_BYTES: Final = 16
_SEGMENT = struct.Struct(f"<8sHHI{ID_BYTES}sI")
_BLOCK = struct.Struct("<4sBxxxIIIQII")
_RECORD = struct.Struct("<BIqqiiH")
_LENGTHS = struct.Struct("<21xiiH")
"""The end of `_RECORD`: how much follows it."""
_LENGTH = struct.Struct("<i")
_NAME = struct.Struct("<H")
SEGMENT_BYTES, BLOCK_BYTES = _SEGMENT.size, _BLOCK.size
_CHECK: Final = 4

NO_BYTES: Final = -1
"""The length of a key or a value that is None."""

PARTS: Final = 3
"""Of a record without headers: its head, its key, its value."""

MANY: Final = 2000
"""Records that are read, and taken in, at once: all of a usual block, and few beside those that the largest can hold.
Fewer keep what is decoded in the processor's cache, but cost as many calls: with 650 at once a replay of five readings
a sheet was a tenth slower, and others no faster."""


class FormatError(ValueError):
    """These bytes are not what the format says; the text says how."""


class BlockHead(NamedTuple):
    """What a block says of itself. `first` is how many records of the log come before it."""

    kind: int
    compressed: int
    raw: int
    records: int
    first: int
    checksum: int


def segment_head(log: bytes, number: int) -> bytes:
    """The first bytes of a segment of the log with this id."""
    head = _SEGMENT.pack(MAGIC, VERSION, 0, number, log, 0)[:-_CHECK]
    return head + zlib.crc32(head).to_bytes(_CHECK, "little")


def check_segment_head(head: bytes, log: bytes, number: int) -> None:
    """Raises `FormatError` unless this is the head of that segment."""
    if not head.startswith(MAGIC[: len(head)]) or not head:
        raise FormatError("is empty" if not head else "is no segment of an event log")
    if len(head) < SEGMENT_BYTES:
        raise FormatError("is cut off within its head")
    _, version, _, own, of, checksum = _SEGMENT.unpack(head)
    if zlib.crc32(head[:-_CHECK]) != checksum:
        raise FormatError("its head is damaged (checksum)")
    if version != VERSION:
        raise FormatError(f"has format {version}, the manifest {VERSION}: files of different versions were mixed")
    if of != log:
        raise FormatError("belongs to another log: its id is not the manifest's")
    if own != number:
        raise FormatError(f"is segment {own} by its head: it was renamed")


def block(log: bytes, kind: int, first: int, count: int, raw: bytes) -> bytes:
    """A whole block; `raw` is compressed here. Raises `FormatError` for one that is too large."""
    if len(raw) > MAX_RAW:
        raise FormatError(f"{len(raw):,} bytes in a block, {MAX_RAW:,} at most")
    payload = zstandard.ZstdCompressor(level=3).compress(raw)
    head = _BLOCK.pack(BLOCK_MAGIC, kind, len(payload), len(raw), count, first, zlib.crc32(payload), 0)[:-_CHECK]
    return head + zlib.crc32(head, zlib.crc32(log)).to_bytes(_CHECK, "little") + payload


def block_head(head: bytes, log: bytes) -> BlockHead:
    """Read a block's head. Raises `FormatError`."""
    magic, *fields, checksum = _BLOCK.unpack(head)
    if magic != BLOCK_MAGIC or zlib.crc32(head[:-_CHECK], zlib.crc32(log)) != checksum:
        raise FormatError("there is no block here, or its head is damaged (checksum)")
    parsed = BlockHead(*fields)
    if parsed.kind not in (RECORDS, GAP, END):
        raise FormatError(f"a block of the unknown kind {parsed.kind}")
    if parsed.raw > MAX_RAW or parsed.compressed > MAX_COMPRESSED:
        raise FormatError(f"a block claims {max(parsed.raw, parsed.compressed):,} bytes, {MAX_RAW:,} at most")
    return parsed


def unpack(head: BlockHead, payload: bytes) -> bytes:
    """A block's content, never more than it claims. Raises `FormatError`."""
    if zlib.crc32(payload) != head.checksum:
        raise FormatError("the block's content is damaged (checksum)")
    try:
        if zstandard.frame_content_size(payload) != head.raw:  # else the frame itself says how much to allocate
            raise FormatError("the block's content claims another length than its head")
        return zstandard.ZstdDecompressor().decompress(payload, max_output_size=head.raw, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise FormatError(f"the block's content does not unpack ({error})") from None


def pack_record(record: Record) -> bytes:
    """One record's bytes. Raises `FormatError` for what has no place in the format."""
    topic, partition, offset, timestamp, key, value, headers = record
    try:
        fixed = _RECORD.pack(
            TOPICS.index(topic), partition, offset, timestamp, _length(key), _length(value), len(headers)
        )
        if not headers:
            return fixed + (key or b"") + (value or b"")
        parts = [fixed, key or b"", value or b""]
        for name, content in headers:
            text = name.encode()
            parts += [_NAME.pack(len(text)), text, _LENGTH.pack(_length(content)), content or b""]
    except (struct.error, ValueError) as error:
        raise FormatError(f"{topic}/{partition} offset {offset}: cannot be written: {error}") from None
    return b"".join(parts)


def pack_records(records: Records) -> tuple[list[bytes], NDArray[np.int64]]:
    """The bytes of these records, which have no headers: `PARTS` of each, and where each ends in them all."""
    parts = [b""] * (PARTS * len(records))
    parts[0::PARTS] = records.heads.view(f"V{HEAD.itemsize}").tolist()
    parts[1::PARTS] = [key or b"" for key in records.keys]
    parts[2::PARTS] = [value or b"" for value in records.values]
    sizes = HEAD.itemsize + np.maximum(records.heads["key"], 0) + np.maximum(records.heads["value"], 0)
    return parts, sizes.cumsum(dtype=np.int64)


def unpack_records(raw: bytes, count: int) -> Iterator[Records]:
    """The records of a block, `MANY` at a time. Raises `FormatError` at the first that does not fit, behind those
    before it."""
    file = BytesIO(raw)
    while count:
        records, fits = _many(file.read, min(MANY, count))
        if records:
            yield records
        if not fits:
            raise FormatError("a record in it does not end where it must")
        count -= len(records)
    if file.tell() != len(raw):
        raise FormatError("there is more in it than the records it names")


def _many(read: Callable[[int], bytes], count: int) -> tuple[Records, bool]:
    """So many records from here on: those that can be read, and whether these are all.

    Record by record only the lengths are looked at, and most records need no more: that takes less than half of the
    time of unpacking each head and slicing the block (0.28 us a record instead of 0.6)."""
    heads, keys, values = list[bytes](), list[bytes | None](), list[bytes | None]()
    headers: dict[int, tuple[tuple[str, bytes | None], ...]] = {}
    lengths, fits = _LENGTHS.unpack, True
    try:
        for head in map(read, repeat(_RECORD.size, count)):
            key_length, value_length, named = lengths(head)
            if value_length < 0 or key_length < NO_BYTES or named:
                key, value = _take(read, key_length), _take(read, value_length)
                if named:
                    headers[len(heads)] = _headers(read, named)
                keys.append(key)
                values.append(value)
            else:
                keys.append(None if key_length == NO_BYTES else read(key_length))
                values.append(read(value_length))
            heads.append(head)
    except (struct.error, IndexError, UnicodeDecodeError):
        fits = False
    records = Records(np.frombuffer(b"".join(heads), HEAD), keys, values, headers)
    sound = _sound(records)
    return (records, fits) if sound == len(records) else (records.part(0, sound), False)


def _sound(records: Records) -> int:
    """How many of these there are before one that is of no topic, or runs beyond the end: only the last can."""
    if not records:
        return 0
    last, has_topic = records.heads[-1], records.heads["topic"] < len(TOPICS)
    short = len(records.keys[-1] or b"") < last["key"] or len(records.values[-1] or b"") < last["value"]
    return len(records) - short if has_topic.all() else int(has_topic.argmin())


def pack_gap(gap: Gap) -> bytes:
    """A gap block's content."""
    fields = gap._asdict()
    return orjson.dumps(fields if gap.reason else {name: value for name, value in fields.items() if name != "reason"})


def unpack_gap(raw: bytes) -> Gap:
    """Raises `FormatError`."""
    try:
        fields = orjson.loads(raw)
        places = int(fields["partition"]), int(fields["first"]), int(fields["end"])
        gap = Gap(fields["topic"], *places, str(fields.get("reason", "")))
    except (ValueError, KeyError, TypeError):
        raise FormatError("a gap in it cannot be read") from None
    if gap.topic not in TOPICS:
        raise FormatError("a gap in it names no topic")
    return gap


def _length(content: bytes | None) -> int:
    return NO_BYTES if content is None else len(content)


def _take(read: Callable[[int], bytes], length: int) -> bytes | None:
    if length == NO_BYTES:
        return None
    content = read(length) if length > 0 else b""
    if len(content) != length:
        raise IndexError
    return content


def _headers(read: Callable[[int], bytes], count: int) -> tuple[tuple[str, bytes | None], ...]:
    headers = []
    for _ in range(count):
        (length,) = _NAME.unpack(read(_NAME.size))
        name = _take(read, length) or b""
        (length,) = _LENGTH.unpack(read(_LENGTH.size))
        headers.append((name.decode(), _take(read, length)))
    return tuple(headers)
