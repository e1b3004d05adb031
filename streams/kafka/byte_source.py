"""Bytes that come in pieces, read in whatever lengths are wanted."""

from collections.abc import Iterable
from typing import Final, Protocol

from streams.kafka.decompression import DamagedError, TooFarError

_LONGEST: Final = 10
"""The most bytes that a varint of 64 bits may have."""


class Digest(Protocol):
    """A hash object, as `hashlib` makes them."""

    def update(self, data: bytes, /) -> None: ...


class ByteSource:
    """Raises EOFError where more is wanted than there is, `TooFarError` once more than `limit` bytes have come (None:
    no limit), and whatever the pieces raise. `position` is how many bytes have been read."""

    def __init__(self, pieces: Iterable[bytes], limit: int | None = None) -> None:
        self._pieces, self._limit = iter(pieces), limit
        self._piece, self._at, self._came = b"", 0, 0
        self.position = 0

    @property
    def has_more(self) -> bool:
        """Whether anything is left."""
        return self._fill()

    def take(self, size: int) -> bytes:
        """Read `size` bytes."""
        content = bytearray()
        while len(content) < size:
            content += self._some(size - len(content))
        return bytes(content)

    def skip(self, size: int, digest: Digest | None = None) -> None:
        """Pass over bytes, and feed them to `digest`."""
        if size < 0:
            raise DamagedError("a length is negative")
        while size:
            some = self._some(size)
            size -= len(some)
            if digest is not None:
                digest.update(some)

    def nullable(self) -> bytes | None:
        """Read a field of bytes that follows its own length. Any length below 0 is None, as for Kafka's own clients."""
        size = self.varint()
        return None if size < 0 else self.take(size)

    def varint(self) -> int:
        """A signed number, zigzag, in groups of seven bits, the lowest first."""
        value = 0
        for shift in range(0, 7 * _LONGEST, 7):
            (byte,) = self._some(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)
        raise DamagedError("a number has no end")

    def _some(self, most: int) -> bytes:
        """Read at least one byte and at most `most`."""
        if not self._fill():
            raise EOFError("it ends too early")
        some = self._piece[self._at : self._at + most]
        self._at += len(some)
        self.position += len(some)
        return some

    def _fill(self) -> bool:
        """Fetch the next piece if none is at hand. Return whether there is any byte."""
        while self._at >= len(self._piece):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._came += len(piece)
            if self._limit is not None and self._came > self._limit:
                raise TooFarError
            self._piece, self._at = piece, 0
        return True
