"""Event files: one JSON object a line, in the order of time."""

import heapq
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from streams import lines
from streams.codec import decode_any, encode, plain
from streams.errors import CotejoError
from streams.events import Event, Rejection


class EventFileError(CotejoError):
    """An event file cannot be read; the text says which and why."""


def read(paths: Sequence[Path]) -> tuple[Iterator[bytes], int]:
    """The lines of event files, and their size in bytes (0 where unknown). Several files are merged by the time of
    their events, each being in order itself; `-` is stdin. Raises `EventFileError`."""
    try:
        files = [sys.stdin.buffer if str(path) == "-" else path.open("rb") for path in paths]
        size = 0 if any(str(path) == "-" for path in paths) else sum(path.stat().st_size for path in paths)
    except OSError as error:
        raise EventFileError(f"{error.filename}: cannot be read: {error.strerror}") from error
    found = [lines.read(file) for file in files]
    return found[0] if len(found) == 1 else heapq.merge(*found, key=_time_of), size


def write(path: Path, events: Iterable[Event]) -> None:
    """Write events in the order they come in."""
    with path.open("wb") as file:
        file.writelines(encode(plain(event)) + b"\n" for event in events)


def _time_of(line: bytes) -> int:
    event = decode_any(line.strip())
    return 0 if isinstance(event, Rejection) else event.at
