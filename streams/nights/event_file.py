"""Event files: one JSON object a line, in the order of time."""

from collections.abc import Iterable
from pathlib import Path

from streams.core.events.codec import encode, plain
from streams.core.events.model import Event


def write(path: Path, events: Iterable[Event]) -> int:
    """Write events in the order they come in; return how many there were."""
    count = 0
    with path.open("wb") as file:
        for count, event in enumerate(events, 1):  # noqa: B007
            file.write(encode(plain(event)) + b"\n")
    return count
