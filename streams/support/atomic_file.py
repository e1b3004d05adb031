"""A file that is there whole or not at all."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from streams.errors import CotejoError


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Write beside `path`, and put it there when all is written; raise `CotejoError` where it cannot be.

    A link is followed, and a file that is replaced keeps its mode. What is no regular file, such as a device, a FIFO
    or `/dev/stdout`, is written into and stays what it is.
    """
    try:
        place = Path(os.path.realpath(path))
        mode = _mode(place)
        if mode is None or stat.S_ISREG(mode):
            yield from _replaced(place, mode)
        else:
            with path.open("wb") as file:
                yield file
    except OSError as error:
        raise CotejoError(f"{path}: cannot be written: {error.strerror}") from error


def _replaced(place: Path, mode: int | None) -> Iterator[IO[bytes]]:
    fresh = place.with_name(f".{place.name}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as file:
            if mode is not None:
                os.chmod(fresh, stat.S_IMODE(mode))
            yield file
        fresh.replace(place)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _mode(place: Path) -> int | None:
    """Its type and mode; None where there is nothing."""
    try:
        return place.stat().st_mode
    except FileNotFoundError:
        return None
