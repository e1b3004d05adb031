"""A night that a program made: as a log, each event one message where and when a feeder would have sent it; or as
JSON lines, to look at."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from streams.config import election_writer
from streams.core.election.model import Election
from streams.core.events.codec import encode, plain
from streams.core.events.model import Event, TallyReport, Tick, table_of
from streams.core.events.topics import BULLETINS, REPORTS
from streams.kafka.topology import Topology
from streams.nights.eventlog.errors import LogError
from streams.nights.eventlog.record import Record
from streams.nights.eventlog.writer import LogWriter, make_way
from streams.regular_file import create_private

EVENTS: Final = "events.jsonl"
_MANY: Final = 5000
"""Events whose partitions are worked out together."""


class Encoded(NamedTuple):
    """An event as JSON, with what says where it belongs."""

    key: str | None
    """The polling table or area that it speaks of; None for a tick."""
    is_report: bool
    at: int
    """Unix ms."""
    content: bytes


def write(directory: Path, election: Election, events: Iterable[Event], writer: str, *, jsonl: bool = False) -> int:
    """Write the election and its events, in the order they come in, into `directory`: as a log, or with `jsonl` as
    `EVENTS`. Return how many there were. A record's timestamp is its event's time. Raises `LogError`."""
    return write_encoded(directory, election, _encoded(iter(events)), writer, jsonl=jsonl)


def write_encoded(
    directory: Path, election: Election, events: Iterable[Sequence[Encoded]], writer: str, *, jsonl: bool = False
) -> int:
    """The same of events that have been written as JSON, many at a time. Raises `LogError`."""
    if jsonl:
        return _write_lines(directory, election, events)
    topology = Topology.of(election)
    offsets: Counter[tuple[str, int]] = Counter()
    partitions = topology.partitions
    with LogWriter.create(directory, election, prefix=topology.prefix, partitions=partitions, writer=writer) as log:
        for many in events:
            homes = topology.homes([event.key or "" for event in many]).tolist()
            for (key, is_report, at, content), home in zip(many, homes, strict=True):
                own = is_report or (key is not None and key in election.tables)
                topic, partition = (REPORTS, home) if own else (BULLETINS, 0)
                offset = offsets[topic, partition]
                offsets[topic, partition] = offset + 1
                log.append(Record(topic, partition, offset, at, None if key is None else key.encode(), content))
        return log.records


def _write_lines(directory: Path, election: Election, events: Iterable[Sequence[Encoded]]) -> int:
    count = 0
    try:
        directory.mkdir(parents=True, exist_ok=True)
        make_way(directory)
        election_writer.write(election, directory)
        with create_private(directory / EVENTS) as file:
            for many in events:
                count += len(many)
                file.writelines(event.content + b"\n" for event in many)
    except OSError as error:
        raise LogError(f"{directory}: cannot be written: {error.strerror}") from error
    return count


def _encoded(events: Iterator[Event]) -> Iterator[list[Encoded]]:
    while many := list(islice(events, _MANY)):
        yield [
            Encoded(
                None if isinstance(event, Tick) else table_of(event),
                isinstance(event, TallyReport),
                event.at,
                encode(plain(event)),
            )
            for event in many
        ]
