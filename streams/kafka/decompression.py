"""The codecs of Kafka's record batches, unpacked piece by piece: how much memory that takes does not depend on the
sender. The clients' own decoders unpack a batch whole, whatever it comes to.

lz4 and snappy are loaded when a batch first needs them.
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import zstandard

PIECE_BYTES: Final = 2**20
"""Most bytes of one unpacked piece, except of snappy."""
SNAPPY_BYTES: Final = 2**26
"""Bytes that one snappy block may unpack to: its format cannot be unpacked in pieces. Java's clients make blocks of
32 KiB; librdkafka makes one of the whole batch, whose 5 MiB hold 105 MiB at the very most."""
_INPUT_BYTES: Final = 2**16
_WINDOW_BYTES: Final = 2**27
"""Bytes that Kafka's strongest level of zstd looks back."""
_XERIAL: Final = b"\x82SNAPPY\0"
_XERIAL_HEAD: Final = 16
_LENGTH: Final = struct.Struct(">i")


class DamagedError(ValueError):
    """The bytes are not in the format that they are said to be in."""


class TooFarError(ValueError):
    """The content would unpack to more bytes than are allowed."""


def pieces(codec: int, content: memoryview) -> Iterator[bytes]:
    """What a batch's payload unpacks to. `codec` is the number in the batch's attributes (0: not compressed). Raises
    `DamagedError`, `TooFarError`; KeyError for a codec that Kafka does not have."""
    return _CODECS[codec](content)


def _plain(content: memoryview) -> Iterator[bytes]:
    for i in range(0, len(content), PIECE_BYTES):
        yield bytes(content[i : i + PIECE_BYTES])


def _gzip(content: memoryview) -> Iterator[bytes]:
    stream = zlib.decompressobj(wbits=31)
    try:
        for i in range(0, len(content), _INPUT_BYTES):
            left = bytes(content[i : i + _INPUT_BYTES])
            while left:
                yield stream.decompress(left, PIECE_BYTES)
                left = stream.unconsumed_tail
                if stream.eof:  # members may follow each other
                    left = stream.unused_data
                    stream = zlib.decompressobj(wbits=31)
    except zlib.error as error:
        raise DamagedError(str(error)) from None


def _snappy(content: memoryview) -> Iterator[bytes]:
    if bytes(content[: len(_XERIAL)]) != _XERIAL:
        yield _snappy_block(content)
        return
    at = _XERIAL_HEAD
    while at < len(content):
        try:
            (size,) = _LENGTH.unpack_from(content, at)
        except struct.error:
            raise DamagedError("a snappy block is cut off") from None
        at += _LENGTH.size
        if not 0 < size <= len(content) - at:
            raise DamagedError("a snappy block is cut off")
        yield _snappy_block(content[at : at + size])
        at += size


def _snappy_block(content: memoryview) -> bytes:
    import cramjam

    try:
        if cramjam.snappy.decompress_raw_len(content) > SNAPPY_BYTES:
            raise TooFarError
        return bytes(cramjam.snappy.decompress_raw(content))
    except cramjam.DecompressionError as error:
        raise DamagedError(str(error)) from None


def _lz4(content: memoryview) -> Iterator[bytes]:
    from lz4.frame import LZ4FrameDecompressor

    stream = LZ4FrameDecompressor()
    try:
        for i in range(0, len(content), _INPUT_BYTES):
            left = bytes(content[i : i + _INPUT_BYTES])
            while left or not (stream.needs_input or stream.eof):
                yield stream.decompress(left, PIECE_BYTES)
                left = b""
                if stream.eof:
                    left = stream.unused_data or b""
                    stream = LZ4FrameDecompressor()
    except RuntimeError as error:
        raise DamagedError(str(error)) from None


def _zstd(content: memoryview) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
    try:
        with unpacker.stream_reader(content, read_across_frames=True) as reader:
            while piece := reader.read(PIECE_BYTES):
                yield piece
    except zstandard.ZstdError as error:
        raise DamagedError(str(error)) from None


_CODECS: Final[Mapping[int, Callable[[memoryview], Iterator[bytes]]]] = {
    0: _plain,
    1: _gzip,
    2: _snappy,
    3: _lz4,
    4: _zstd,
}
