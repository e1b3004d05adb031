"""A directory of files that is there whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from streams.errors import CotejoError


@contextmanager
def whole_directory(path: Path, mark: str) -> Iterator[Path]:
    """Write into a directory beside `path`, and put it there when all is written; only its owner may read it.

    What is there already is replaced if it is empty or has the file `mark`, which tells that it was written so. Raises
    `CotejoError` for anything else, and where it cannot be written.
    """
    place = Path(os.path.realpath(path))
    fresh, old = (place.with_name(f".{place.name}.{os.getpid()}.{end}") for end in ("new", "old"))
    try:
        if place.exists() and not (place / mark).is_file() and (not place.is_dir() or any(place.iterdir())):
            raise CotejoError(f"{path}: holds something else: name a directory that is empty, or not there yet")
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh.mkdir(mode=0o700)
        yield fresh
        put_in_place(fresh, place, old)
    except OSError as error:
        raise CotejoError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        for left in (fresh, old):
            shutil.rmtree(left, ignore_errors=True)


def put_in_place(fresh: Path, place: Path, old: Path) -> None:
    """Move the directory `fresh` to `place`. What is there goes to `old`, and comes back if `fresh` cannot take its
    place. Raises OSError."""
    if place.exists():
        place.rename(old)
    try:
        fresh.rename(place)
    finally:
        if old.exists() and not place.exists():
            with suppress(OSError):
                old.rename(place)
