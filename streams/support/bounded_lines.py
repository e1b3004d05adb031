"""The lines of a file that nobody has promised to keep short."""

from collections.abc import Iterator
from typing import IO, Protocol

from streams.core.events.codec import MAX_BYTES

_STEP = 2**16


class Readable(Protocol):
    """What has lines, such as a binary file."""

    def readline(self, limit: int = ..., /) -> bytes:
        """The next line with its end, or so many bytes of it at most; empty at the end."""


def read(file: Readable, limit: int = MAX_BYTES) -> Iterator[bytes]:
    """Each line with its end. One that is longer than a message may be (`limit` bytes) is cut off behind that, so that
    the codec turns it away; its rest is passed over without being held."""
    while line := file.readline(limit + 1):
        if len(line) > limit and not line.endswith(b"\n"):
            while (rest := file.readline(_STEP)) and not rest.endswith(b"\n"):
                pass
        yield line


def blocks(file: IO[bytes], size: int, limit: int = MAX_BYTES) -> Iterator[tuple[list[bytes], int]]:
    """The same, but without ends, and many at a time: about `size` bytes, and how many of the file they took."""
    rest, took, skipping = b"", 0, False
    while block := file.read(size):
        took += len(block)
        if skipping:
            _, end, block = block.partition(b"\n")
            skipping = not end
        *found, rest = (rest + block).split(b"\n")
        if len(rest) > limit:
            found.append(rest[: limit + 1])
            rest, skipping = b"", True
        if found:
            yield found, took
            took = 0
    if rest:
        yield [rest], took
