"""What a recorder has read of each partition and has not yet written."""

from collections import deque
from collections.abc import Iterable
from time import monotonic
from typing import Any, Final, NamedTuple

from streams.core.events.unreadable_message import Withheld
from streams.nights.eventlog.record import Gap, Record

HELD: Final = 5_000
HELD_BYTES: Final = 8 * 2**20
"""Messages, or bytes, of one partition that may wait for another's; then no more is read of it."""

Place = tuple[str, int]
"""A topic's name in the log, and a partition."""


class Held(NamedTuple):
    """What waits to be written: a message, or why it cannot be. `end` is the offset behind it."""

    timestamp: int
    end: int
    what: Record | Gap

    @property
    def bytes(self) -> int:
        """Bytes of the message's value; 0 for a gap."""
        return len(self.what.value or b"") if isinstance(self.what, Record) else 0


class PartitionBacklog:
    """The messages of one partition that wait to be written. `next` is the offset to be read next, `end` the offset
    where the partition ends as far as is known, `last` the record that the log ends with, until it has been
    compared."""

    def __init__(self, place: Place, next: int) -> None:
        self.place, self.next, self.end = place, next, 0
        self.last: Record | None = None
        self.held: deque[Held] = deque()
        self.waiting = monotonic()
        self._bytes = 0

    @property
    def start(self) -> int:
        """The offset from which to read: that of the last record, if it is still to be compared."""
        return self.next if self.last is None else self.last.offset

    @property
    def full(self) -> bool:
        """Whether no more is read of this partition until some of it is written."""
        return len(self.held) >= HELD or self._bytes >= HELD_BYTES

    def take(self, held: Held) -> None:
        """Append a message that was read."""
        self.held.append(held)
        self._bytes += held.bytes
        self.next = held.end

    def give(self) -> Record | Gap:
        """Take out the first message, to write it."""
        held = self.held.popleft()
        self._bytes -= held.bytes
        return held.what

    def __lt__(self, other: "PartitionBacklog") -> bool:
        return self.place < other.place


def held_of(place: Place, message: Any) -> Held:
    """A message as kafka-python has it, or in its place why nobody can read it."""
    if isinstance(aside := message.value, Withheld):
        end = message.offset + aside.messages
        return Held(message.timestamp, end, Gap(*place, message.offset, end, f"{aside.code}: {aside.cure}"))
    record = record_of(place, message)
    return Held(record.timestamp, record.offset + 1, record)


def record_of(place: Place, message: Any) -> Record:
    """A message as kafka-python has it (`ConsumerRecord`)."""
    headers: Iterable[tuple[str, bytes | None]] = message.headers or ()
    timestamp = -1 if message.timestamp is None else message.timestamp
    return Record(*place, message.offset, timestamp, message.key, message.value, tuple(map(tuple, headers)))  # type: ignore[arg-type]
