"""The blocks of a log's segments one after the other, and what lies between them that is none."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

from streams.eventlog import format
from streams.eventlog.errors import LogDamage, LogError
from streams.eventlog.format import BLOCK_BYTES, SEGMENT_BYTES, BlockHead, FormatError

Damaged = Callable[[LogDamage], None]
"""Is told each damage; may raise it."""

_NAME: Final = re.compile(r"segment-(\d{6})\.log")
_SCAN: Final = 2**20


class Block(NamedTuple):
    """A block that is whole. `position` is where it begins in its file, `end` where the next one does."""

    head: BlockHead
    raw: bytes
    file: Path
    position: int
    end: int


def segment(directory: Path, number: int) -> Path:
    """The path of a segment; they are numbered from 1."""
    return directory / f"segment-{number:06}.log"


def segments(directory: Path) -> list[tuple[int, Path]]:
    """A log's segments in their order. Raises `LogError`."""
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        raise LogError(f"{directory}: cannot be read: {error.strerror}") from error
    return [(int(found[1]), directory / name) for name in names if (found := _NAME.fullmatch(name))]


def blocks(files: Sequence[tuple[int, Path]], log: bytes, damaged: Damaged) -> Iterator[Block]:
    """Every readable block in order. `damaged` is told whatever else there is, once it is known where the next
    readable block is; records that a damage has swallowed are part of it."""
    record, wanted, lost = 0, 1, False
    for number, path in files:
        if number != wanted:
            missing = f"{segment(path.parent, wanted).name} is missing"
            damaged(LogDamage(path, 0, record, f"{missing}: bring it back from a copy"))
            lost = True
        wanted = number + 1
        for found in _blocks(path, number, log):
            if isinstance(found, _Damage):
                damaged(LogDamage(path, found.position, record, found.what, tail=found.tail))
                lost = True
                continue
            first = found.head.first
            if first < record or (first != record and not lost):
                what = f"out of order: the block's first record is {first:,} by its head"
                damaged(LogDamage(path, found.position, record, what))
            record, lost = first + found.head.records, False
            yield found


class _Damage(NamedTuple):
    position: int
    what: str
    tail: bool


def _blocks(path: Path, number: int, log: bytes) -> Iterator[Block | _Damage]:
    """One segment's blocks; after a damage the next one that is whole."""
    try:
        with path.open("rb") as file:
            try:
                format.check_segment_head(file.read(SEGMENT_BYTES), log, number)
            except FormatError as error:
                found = _resync(file, SEGMENT_BYTES, log)
                yield _Damage(0, str(error), found is None)
                file.seek(found or 0, os.SEEK_SET if found else os.SEEK_END)
            while True:
                position = file.tell()
                block = _block(file, path, position, log)
                if block is None:
                    return
                if isinstance(block, Block):
                    yield block
                    continue
                found = _resync(file, position + 1, log)
                yield _Damage(position, block, found is None)
                if found is None:
                    return
                file.seek(found)
    except OSError as error:
        yield _Damage(0, f"cannot be read: {error.strerror}", False)


def _block(file: IO[bytes], path: Path, position: int, log: bytes) -> Block | str | None:
    """The block that begins here, what is wrong with it, or None at the end of the file."""
    head = file.read(BLOCK_BYTES)
    if not head:
        return None
    if len(head) < BLOCK_BYTES:
        return f"ends {len(head)} bytes into a block: its writer was stopped, or the file is cut off"
    try:
        known = format.block_head(head, log)
        payload = file.read(known.compressed)
        if len(payload) < known.compressed:
            here = BLOCK_BYTES + len(payload)
            return f"ends {here:,} bytes into a block: its writer was stopped, or the file is cut off"
        return Block(known, format.unpack(known, payload), path, position, file.tell())
    except FormatError as error:
        return str(error)


def _resync(file: IO[bytes], position: int, log: bytes) -> int | None:
    """Where the next whole block begins, from `position` on."""
    while True:
        file.seek(position)
        window = file.read(_SCAN)
        at = window.find(format.BLOCK_MAGIC)
        while at >= 0:
            file.seek(position + at)
            if isinstance(_block(file, Path(), position + at, log), Block):
                return position + at
            at = window.find(format.BLOCK_MAGIC, at + 1)
        if len(window) < _SCAN:
            return None
        position += _SCAN - len(format.BLOCK_MAGIC) + 1
