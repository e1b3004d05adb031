"""A night that a program made: as a log, each event one message where and when a feeder would have sent it; or as
JSON lines, to look at."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from streams.config import election_writer
from streams.core.election.model import Election
from streams.core.events.codec import encode, plain
from streams.core.events.model import Bulletin, Event, TallyReport
from streams.core.events.topics import BULLETINS, REPORTS
from streams.kafka.topology import Topology
from streams.nights.eventlog.errors import LogError
from streams.nights.eventlog.record import Record
from streams.nights.eventlog.writer import LogWriter, make_way
from streams.nights.jsonl import write_events

EVENTS: Final = "events.jsonl"


def write(directory: Path, election: Election, events: Iterable[Event], writer: str, *, jsonl: bool = False) -> int:
    """Write the election and its events, in the order they come in, into `directory`: as a log, or with `jsonl` as
    `EVENTS`. Return how many there were. A record's timestamp is its event's time. Raises `LogError`."""
    if jsonl:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            make_way(directory)
            election_writer.write(election, directory)
            return write_events(directory / EVENTS, events)
        except OSError as error:
            raise LogError(f"{directory}: cannot be written: {error.strerror}") from error
    topology = Topology.of(election)
    offsets: Counter[tuple[str, int]] = Counter()
    partitions = topology.partitions
    with LogWriter.create(directory, election, prefix=topology.prefix, partitions=partitions, writer=writer) as log:
        for event in events:
            topic, partition, key = BULLETINS, 0, None
            if isinstance(event, TallyReport | Bulletin):
                key = event.table if isinstance(event, TallyReport) else event.area
                if isinstance(event, TallyReport) or key in election.tables:
                    topic, partition = REPORTS, topology.partition_of(key)
            offset = offsets[topic, partition]
            offsets[topic, partition] += 1
            name = None if key is None else key.encode()
            log.append(Record(topic, partition, offset, event.at, name, encode(plain(event))))
        return log.records
