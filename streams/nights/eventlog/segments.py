"""The blocks of a log's segments one after the other, and what lies between them that is none."""

import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

from streams.nights.eventlog import format
from streams.nights.eventlog.errors import LogDamage, LogError
from streams.nights.eventlog.format import BLOCK_BYTES, MAX_COMPRESSED, SEGMENT_BYTES, BlockHead, FormatError
from streams.regular_file import open_regular

Damaged = Callable[[LogDamage], None]
"""Is told each damage; may raise it."""

_NAME: Final = re.compile(r"segment-(\d{6})\.log")
_FREE: Final = 2**10
"""Bytes that any block may cost: no more than some for each of its head."""
_FIRST_SCAN: Final = 2**10
_SCAN: Final = 2**20
"""Bytes that are looked through at a time for the next block: twice as many each time, from the first to this."""


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
    return [(int(match[1]), directory / name) for name in names if (match := _NAME.fullmatch(name))]


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
        for part in _blocks(path, number, log):
            if isinstance(part, _Damage):
                damaged(LogDamage(path, part.position, record, part.what, tail=part.tail))
                lost = True
                continue
            first = part.head.first
            if first < record or (first != record and not lost):
                what = f"out of order: the block's first record is {first:,} by its head"
                damaged(LogDamage(path, part.position, record, what))
            record, lost = first + part.head.records, False
            yield part


class _Damage(NamedTuple):
    position: int
    what: str
    tail: bool


def _blocks(path: Path, number: int, log: bytes) -> Iterator[Block | _Damage]:
    """One segment's blocks; after a damage the next one that is whole."""
    try:
        with open_regular(path) as file:
            segment = _Segment(file, path, log)
            position = SEGMENT_BYTES
            try:
                format.check_segment_head(file.read(SEGMENT_BYTES), log, number)
            except FormatError as error:
                following = segment.next_whole(SEGMENT_BYTES)
                yield _Damage(0, str(error), following is None)
                if following is None:
                    return
                position = following
            while (block := segment.block(position)) is not None:
                if isinstance(block, Block):
                    yield block
                    position = block.end
                    continue
                following = segment.next_whole(position + 1)
                yield _Damage(position, block, following is None)
                if following is None:
                    return
                position = following
    except OSError as error:
        yield _Damage(0, f"cannot be read: {error.strerror}", False)


class _Segment:
    """One open segment. However it is made, reading it takes work that grows with its length and no faster: heads that
    promise blocks which are none may cost as many bytes as came before them, and one block more."""

    def __init__(self, file: IO[bytes], path: Path, log: bytes) -> None:
        self._file, self._path, self._log = file, path, log
        self._wasted = 0
        """Bytes read or unpacked of blocks that are none."""

    def block(self, position: int) -> Block | str | None:
        """The block that begins here, what is wrong with it, or None at the end of the file."""
        self._file.seek(position)
        head = self._file.read(BLOCK_BYTES)
        if not head:
            return None
        if len(head) < BLOCK_BYTES:
            return f"ends {len(head)} bytes into a block: its writer was stopped, or the file is cut off"
        try:
            block_head = format.block_head(head, self._log)
        except FormatError as error:
            return str(error)
        if max(block_head.compressed, block_head.raw, _FREE) > max(position + MAX_COMPRESSED - self._wasted, _FREE):
            return f"a block that is not looked at: those before it that are none took {self._wasted:,} bytes already"
        payload = self._file.read(block_head.compressed)
        if len(payload) < block_head.compressed:
            self._wasted += len(payload)
            here = BLOCK_BYTES + len(payload)
            return f"ends {here:,} bytes into a block: its writer was stopped, or the file is cut off"
        try:
            raw = format.unpack(block_head, payload)
        except FormatError as error:
            self._wasted += len(payload) + (block_head.raw if zlib.crc32(payload) == block_head.checksum else 0)
            return str(error)
        return Block(block_head, raw, self._path, position, position + BLOCK_BYTES + len(payload))

    def next_whole(self, position: int) -> int | None:
        """Where the next whole block begins, from `position` on."""
        step = _FIRST_SCAN
        while True:
            self._file.seek(position)
            window = self._file.read(step + BLOCK_BYTES - 1)
            at = window.find(format.BLOCK_MAGIC)
            while 0 <= at < step:
                if self._is_head(window[at : at + BLOCK_BYTES]) and isinstance(self.block(position + at), Block):
                    return position + at
                at = window.find(format.BLOCK_MAGIC, at + 1)
            if len(window) < step + BLOCK_BYTES - 1:
                return None
            position += step
            step = min(2 * step, _SCAN)

    def _is_head(self, head: bytes) -> bool:
        """Whether a block may begin so. Most that look like it do not, and need no look at the file."""
        try:
            return len(head) == BLOCK_BYTES and bool(format.block_head(head, self._log))
        except FormatError:
            return False
