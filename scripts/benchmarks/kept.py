"""What is made once and used again: under a name, and a fingerprint of all that it is made from."""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from brokers import ROOT

CACHE: Final = Path(os.environ.get("COTEJO_CACHE", ROOT / ".cache")) / "bench"
"""Where the benchmarks keep things, unless they are told another place."""
DIGITS: Final = 12


def say(*words: object) -> None:
    print("bench:", *words, file=sys.stderr, flush=True)


def kept(place: Path, name: str, recipe: tuple[object, ...], make: Callable[[Path], object]) -> Path:
    """`name-FINGERPRINT` in `place`, which `make` makes at the path it is given, unless it is there.

    A recipe has files, which count by their content, and values, which count by their `repr`. What the same name had
    by another recipe is deleted: nobody asks for it again.
    """
    path = place / f"{name}-{_fingerprint(recipe)}"
    if not path.exists():
        place.mkdir(parents=True, exist_ok=True)
        for old in place.glob(f"{name}-{'[0-9a-f]' * DIGITS}"):
            shutil.rmtree(old)
        half = place / f"{name}.half"
        shutil.rmtree(half, ignore_errors=True)
        say(f"making {name}")
        make(half)
        half.rename(path)
    return path


def sources(*patterns: str) -> tuple[Path, ...]:
    """The project's modules, as parts of a recipe: what is found below streams/. Raises `ValueError` for nothing."""
    found: list[Path] = []
    for pattern in patterns:
        if not (some := sorted((ROOT / "streams").glob(pattern))):
            raise ValueError(f"there is no streams/{pattern}")
        found += some
    return tuple(found)


def _fingerprint(recipe: tuple[object, ...]) -> str:
    whole = hashlib.sha256()
    for part in recipe:
        content = part.read_bytes() if isinstance(part, Path) else repr(part).encode()
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()[:DIGITS]
