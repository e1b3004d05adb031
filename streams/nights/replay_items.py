"""A night's events as replay takes them: many at a time, read only by who knows the election."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final

from streams.core.engine.channel_items import Channel, Item, Items, Unread, Unreadable
from streams.core.events.codec import decode_any, decode_lines, decode_plain, decode_quick
from streams.core.events.input_topics import BULLETINS, REPORTS
from streams.core.events.model import Event, Rejection, TallyReport
from streams.core.replay.outcome import EXCERPT
from streams.nights.arrival import Arrival, of_record
from streams.nights.eventlog.record import Records
from streams.nights.jsonl import EventFile

MERGED: Final = 500
"""Events of several files that are handed on at once."""
_REPORT: Final = b'"tally-report"'
"""Stands in every report that `codec.decode_plain` reads."""


def item_of(arrival: Arrival) -> Item:
    """An event for a replay; of what cannot be read, why, and the beginning of what came."""
    if isinstance(arrival.event, Rejection):
        return Unreadable(arrival.event, (arrival.raw or b"")[:EXCERPT], arrival.place)
    return arrival.event


def of_event_file(file: EventFile) -> Iterator[Items]:
    """The events of an event file, a block of lines at a time. Blank lines are nothing."""
    first = 1
    for lines in file:
        yield Unread(lines, partial(_read_lines, lines, str(file.path), first))
        first += len(lines)


def _read_lines(lines: Sequence[bytes], file: str, first: int) -> Sequence[Item]:
    """What these lines of a file say; `first` is the number of the first of them."""
    events = decode_lines(lines)
    if Rejection not in set(map(type, events)):
        return events  # type: ignore[return-value]  # mypy does not see the rejections go
    items: list[Item] = []
    for number, (line, event) in enumerate(zip(lines, events, strict=True), first):
        if not isinstance(event, Rejection):
            items.append(event)
        elif content := line.strip():
            items.append(item_of(Arrival(file, number, decode_any(content), content)))
    return items


def of_records(records: Records, log: str) -> Items:
    """The events of a log's messages. They are read at once where what is allowed in them depends on their topic."""

    def read() -> list[Item]:
        return [item_of(arrival) for record in records for arrival in of_record(record, log)]

    strict = any(_REPORT in (records.values[i] or b"") for i in records.bulletins)
    return read() if strict else Unread(records.values, read)


def merged(files: Iterable[Iterable[Items]]) -> Iterator[Items]:
    """The events of several files by time, each being in order itself; of events of one time the earlier file's first.
    What cannot be read follows what stands before it in its file."""
    each = [
        (item for items in file for item in (items.read() if isinstance(items, Unread) else items)) for file in files
    ]
    events = heapq.merge(*each, key=_time)
    while some := list(islice(events, MERGED)):
        yield some


def _time(item: Item) -> int:
    return 0 if isinstance(item, Unreadable) else item.at


def by_channel(records: Records, log: str) -> dict[Channel, list[tuple[Item, int]]]:
    """The events of many messages, and when these came, by channel."""
    channels: dict[Channel, list[tuple[Item, int]]] = defaultdict(list)
    quick = _quick(records)
    if quick is None:
        for record in records:
            channel = record.partition if record.topic == REPORTS else BULLETINS
            items = ((item_of(arrival), record.timestamp) for arrival in of_record(record, log))
            channels[channel].extend(items)
    else:
        places = zip(records.topics, records.partitions, zip(quick, records.timestamps, strict=True), strict=True)
        for topic, partition, item in places:
            channels[partition if topic == REPORTS else BULLETINS].append(item)
    return channels


def _quick(records: Records) -> list[Event] | None:
    """The event of each message, all read in one go; None where one needs a second look, or is an array."""
    quick = decode_plain(records.values, decode_quick)
    strict = quick is not None and any(type(quick[i]) is TallyReport for i in records.bulletins)
    return None if strict else quick
