"""Event files: one JSON object a line, in the order of time."""

import errno
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import IO, Final, cast

from streams.core.events.codec import MAX_BYTES
from streams.nights.errors import NightError
from streams.regular_file import open_regular

STDIN: Final = Path("-")
"""Stands for stdin among event files."""
BLOCK_BYTES: Final = 64 * 2**10
"""Bytes that are read at once: what is decoded from them is still in the processor's cache when it is taken in."""


class EventFile:
    """The lines of an event file, or of stdin (`-`). Raises `NightError` if it cannot be opened.

    `size` is the file's bytes, 0 for stdin; `done` is how many have been read. `sha256` is that of the bytes read so
    far of stdin, which cannot be read twice, and None for a file.
    """

    def __init__(self, path: Path, block_bytes: int = BLOCK_BYTES) -> None:
        self.path, self._block_bytes = path, block_bytes
        self.size = self.done = 0
        self._hash = hashlib.sha256() if path == STDIN else None
        if self._hash is None:
            self._file = _open(path)
            self.size = os.fstat(self._file.fileno()).st_size

    @property
    def sha256(self) -> str | None:
        return None if self._hash is None else self._hash.hexdigest()

    def __iter__(self) -> Iterator[list[bytes]]:
        """The lines, a block at a time, as `line_blocks` gives them."""
        return line_blocks(self._blocks())

    def _blocks(self) -> Iterator[bytes]:
        if self._hash is not None:  # of a pipe take what is there: somebody may write into it by hand
            for block in iter(partial(cast(BufferedReader, sys.stdin.buffer).read1, self._block_bytes), b""):
                self.done += len(block)
                self._hash.update(block)
                yield block
            return
        with self._file as file:
            for block in iter(partial(file.read, self._block_bytes), b""):
                self.done += len(block)
                yield block


def _open(path: Path) -> IO[bytes]:
    """Open an event file, which is a regular file: it is read more than once. Raises `NightError`."""
    try:
        return open_regular(path)
    except OSError as error:
        cure = "; pipe into the command and name - for stdin" if error.errno == errno.EINVAL else ""
        raise NightError(f"{path}: cannot be read: {error.strerror}{cure}") from error


def line_blocks(blocks: Iterable[bytes], limit: int = MAX_BYTES) -> Iterator[list[bytes]]:
    """The lines of a file that is read in blocks: for each block those that end in it, without their ends.

    A line of more than `limit` bytes is cut off one byte behind the limit, so that the codec turns it away as too
    large; its rest is passed over without being held.
    """
    rest, skipping = b"", False
    for block in blocks:
        if skipping:
            _, end, block = block.partition(b"\n")
            skipping = not end
            if skipping:
                continue
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > limit:
            lines.append(rest)
            rest, skipping = b"", True
        if lines:
            yield [line[: limit + 1] for line in lines] if max(map(len, lines)) > limit else lines
    if rest:
        yield [rest]
