"""One event of a night, with the place it came from."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import NamedTuple

from streams.core.events.codec import decode_any, decode_bulletin, decode_reports
from streams.core.events.input_topics import BULLETINS
from streams.core.events.model import NO_ARRIVAL, Event, Rejection
from streams.core.events.original_bytes import own_bytes, with_type
from streams.nights.eventlog.record import Record


class Arrival(NamedTuple):
    """One event, or what was to be one. `file` and `line` are an event file's, or a log's partition and offset."""

    file: str
    line: int
    event: Event | Rejection
    content: bytes | None
    """The line, or the whole message that it came in."""
    own: Callable[[], bytes] | None = None
    """The bytes of its place in the message, if that is an array."""
    topic: str | None = None
    """The topic of the message; None for an event file."""
    arrived: int = NO_ARRIVAL
    """When the message came (Unix ms)."""
    partition: int = 0
    """Of the topic."""

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def raw(self) -> bytes | None:
        """The event's own JSON; None for a message without any content."""
        if self.own is None:
            return self.content
        return self.own() if isinstance(self.event, Rejection) else with_type(self.own(), "tally-report")

    @property
    def at(self) -> int:
        """The event's time (Unix ms), 0 for what cannot be read."""
        return 0 if isinstance(self.event, Rejection) else self.event.at


def event_of(arrival: Arrival) -> Event:
    """Of an arrival that can be read."""
    assert not isinstance(arrival.event, Rejection)
    return arrival.event


def of_lines(lines: Iterable[bytes], file: str = "") -> Iterator[Arrival]:
    """The events of an event file's lines; blank lines are nothing."""
    for number, line in enumerate(lines, 1):
        if line := line.strip():
            yield Arrival(file, number, decode_any(line), line)


def of_record(record: Record, log: str) -> Iterator[Arrival]:
    """The events in one message of a log: a report or an array of them, a bulletin, a tick."""
    file, value = f"{log}/{record.topic}/{record.partition}", record.value
    came = record.topic, record.timestamp, record.partition
    if record.topic == BULLETINS:
        yield Arrival(file, record.offset, decode_bulletin(value), value, None, *came)
        return
    events = decode_reports(value)
    packed = value is not None and value.lstrip()[:1] == b"["
    elements = cache(partial(own_bytes, value or b"", len(events)))  # once for all of them, if anybody asks
    for i, event in enumerate(events):
        whole = isinstance(event, Rejection) and not event.place.startswith("[")
        own = partial(_element, elements, i) if packed and not whole else None
        yield Arrival(file, record.offset, event, value, own, *came)


def _element(elements: Callable[[], Sequence[bytes]], place: int) -> bytes:
    return elements()[place]
