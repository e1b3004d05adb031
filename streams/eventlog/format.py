"""The bytes of a segment: its header, its blocks, the records in them (docs/event-log.md).

Everything is little-endian. Whatever is read is checked before it is believed; a length is never taken for more
than the format allows, so that no file can make a reader ask for more memory than one block.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

import orjson
import zstandard

from streams.eventlog.record import BULLETINS, REPORTS, Gap, Record, Records

VERSION: Final = 1
TOPICS: Final = (REPORTS, BULLETINS)
"""A record names its topic by the place in this list."""
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
_LENGTH = struct.Struct("<i")
_NAME = struct.Struct("<H")
SEGMENT_BYTES, BLOCK_BYTES = _SEGMENT.size, _BLOCK.size
_CHECK: Final = 4

STRETCH: Final = 500
"""Records that are read at once: what is decoded from them is still in the processor's cache when it is taken in."""


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
    found = BlockHead(*fields)
    if found.kind not in (RECORDS, GAP, END):
        raise FormatError(f"a block of the unknown kind {found.kind}")
    if found.raw > MAX_RAW or found.compressed > MAX_COMPRESSED:
        raise FormatError(f"a block claims {max(found.raw, found.compressed):,} bytes, {MAX_RAW:,} at most")
    return found


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


def unpack_records(raw: bytes, count: int) -> Iterator[Records]:
    """The records of a block, `STRETCH` at a time. Raises `FormatError` at the first that does not fit, behind those
    before it."""
    at = 0
    while count:
        found, at, fits = _stretch(raw, at, min(STRETCH, count))
        if found:
            yield found
        if not fits:
            raise FormatError("a record in it does not end where it must")
        count -= len(found)
    if at != len(raw):
        raise FormatError("there is more in it than the records it names")


def _stretch(raw: bytes, at: int, count: int) -> tuple[Records, int, bool]:
    """So many records from here on: those that can be read, where the last of them ends, and whether these are all.

    The fields of most are taken by hand here: record by record, in calls of its own, took twice as long."""
    heads: list[tuple[int, ...]] = []
    keys, values = list[bytes | None](), list[bytes | None]()
    found: dict[int, tuple[tuple[str, bytes | None], ...]] = {}
    size, end, fits = _RECORD.size, len(raw), True
    try:
        for place in range(count):
            head = _RECORD.unpack_from(raw, at)
            topic, _, _, _, key_length, value_length, headers = head
            middle = at + size + key_length
            behind = middle + value_length
            if topic >= len(TOPICS):
                raise IndexError
            if key_length >= 0 and value_length >= 0 and not headers and behind <= end:
                key: bytes | None = raw[at + size : middle]
                value: bytes | None = raw[middle:behind]
            else:
                key, behind = _take(raw, at + size, key_length)
                value, behind = _take(raw, behind, value_length)
                if headers:
                    named, behind = _headers(raw, behind, headers)
                    found[place] = tuple(named)
            heads.append(head)
            keys.append(key)
            values.append(value)
            at = behind
    except (struct.error, IndexError, UnicodeDecodeError):
        fits = False
    topics, partitions, offsets, timestamps, *_ = zip(*heads, strict=True) if heads else ((),) * 4
    names = [TOPICS[topic] for topic in topics]
    return Records(names, partitions, offsets, timestamps, keys, values, found), at, fits


def pack_gap(gap: Gap) -> bytes:
    """A gap block's content."""
    return orjson.dumps(gap._asdict())


def unpack_gap(raw: bytes) -> Gap:
    """Raises `FormatError`."""
    try:
        found = orjson.loads(raw)
        gap = Gap(found["topic"], int(found["partition"]), int(found["first"]), int(found["end"]))
    except (ValueError, KeyError, TypeError):
        raise FormatError("a gap in it cannot be read") from None
    if gap.topic not in TOPICS:
        raise FormatError("a gap in it names no topic")
    return gap


def _length(content: bytes | None) -> int:
    return -1 if content is None else len(content)


def _take(raw: bytes, at: int, length: int) -> tuple[bytes | None, int]:
    if length == -1:
        return None, at
    end = at + length
    if length < 0 or end > len(raw):
        raise IndexError
    return raw[at:end], end


def _headers(raw: bytes, at: int, count: int) -> tuple[list[tuple[str, bytes | None]], int]:
    found = []
    for _ in range(count):
        (length,) = _NAME.unpack_from(raw, at)
        name, at = _take(raw, at + _NAME.size, length)
        (length,) = _LENGTH.unpack_from(raw, at)
        content, at = _take(raw, at + _LENGTH.size, length)
        found.append(((name or b"").decode(), content))
    return found, at
