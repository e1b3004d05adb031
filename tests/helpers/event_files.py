"""Event files that tests write."""

from collections.abc import Iterable
from pathlib import Path

from streams.core.events.codec import encode, plain
from streams.core.events.model import Event


def write_events(path: Path, events: Iterable[Event]) -> None:
    """Write events in the order they come in."""
    path.write_bytes(b"".join(encode(plain(event)) + b"\n" for event in events))
