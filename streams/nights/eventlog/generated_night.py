"""A night that a program made: as a log, each event one message where and when a feeder would have sent it; or as
JSON lines, to look at."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from streams.config import election_writer
from streams.core.election.model import Election
from streams.core.election.register import PollingTable
from streams.core.events.codec import encode, plain
from streams.core.events.input_topics import BULLETINS, REPORTS, TOPICS
from streams.core.events.model import Event, TallyReport, Tick, table_of
from streams.kafka.topology import Topology
from streams.nights.eventlog.errors import LogError
from streams.nights.eventlog.format import NO_BYTES
from streams.nights.eventlog.record import HEAD, Records
from streams.nights.eventlog.writer import LogWriter, make_way
from streams.regular_file import create_private
from streams.support.ahead import Ahead

EVENTS: Final = "events.jsonl"
_MANY: Final = 5000
"""Events that are written together."""


class Encoded(NamedTuple):
    """Many events as JSON, one after another, with what says where each belongs."""

    keys: Sequence[str]
    """The polling table or area that each speaks of; "" for a tick."""
    own: Sequence[bool]
    """Whether it is a report, or a bulletin for a polling table, and so goes with the table's reports."""
    times: Sequence[int]
    """Unix ms."""
    contents: Sequence[bytes]


def write(directory: Path, election: Election, events: Iterable[Event], writer: str, *, jsonl: bool = False) -> int:
    """Write the election and its events, in the order they come in, into `directory`: as a log, or with `jsonl` as
    `EVENTS`. Return how many there were. A record's timestamp is its event's time. Raises `LogError`."""
    return write_encoded(directory, election, _encoded(iter(events), election.tables), writer, jsonl=jsonl)


def write_encoded(directory: Path, election: Election, events: Iterable[Encoded], writer: str, *, jsonl: bool) -> int:
    """The same of events that have been written as JSON. Raises `LogError`."""
    if jsonl:
        return _write_lines(directory, election, events)
    topology = Topology.of(election)
    partitions = topology.partitions
    reached = np.zeros(partitions + 1, np.int64)
    """The offset that comes next in each partition of the reports, and behind them among the bulletins."""
    with (
        Ahead(_records(many, topology, reached) for many in events) as ready,
        LogWriter.create(directory, election, prefix=topology.prefix, partitions=partitions, writer=writer) as log,
    ):
        for records in ready:
            log.extend(records)
        return log.records


def _records(many: Encoded, topology: Topology, reached: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Records:
    """Events as records, each behind the last of its partition. `reached` goes on."""
    keys = list(map(str.encode, many.keys))
    lengths = np.fromiter(map(len, keys), np.int32, len(keys))
    heads = np.zeros(len(keys), HEAD)
    own = np.array(many.own, bool)
    homes = np.where(own, topology.homes(many.keys), len(reached) - 1)
    for home in np.unique(homes).tolist():
        places = np.flatnonzero(homes == home)
        heads["offset"][places] = reached[home] + np.arange(len(places))
        reached[home] += len(places)
    heads["topic"] = np.where(own, TOPICS.index(REPORTS), TOPICS.index(BULLETINS))
    heads["partition"] = np.where(own, homes, 0)
    heads["timestamp"] = many.times
    heads["key"] = np.where(lengths, lengths, NO_BYTES)
    heads["value"] = np.fromiter(map(len, many.contents), np.int32, len(keys))
    return Records(heads, [key or None for key in keys], many.contents, {})


def _write_lines(directory: Path, election: Election, events: Iterable[Encoded]) -> int:
    count = 0
    try:
        directory.mkdir(parents=True, exist_ok=True)
        make_way(directory)
        election_writer.write(election, directory)
        with create_private(directory / EVENTS) as file:
            for many in events:
                count += len(many.contents)
                file.writelines(content + b"\n" for content in many.contents)
    except OSError as error:
        raise LogError(f"{directory}: cannot be written: {error.strerror}") from error
    return count


def _encoded(events: Iterator[Event], tables: Mapping[str, PollingTable]) -> Iterator[Encoded]:
    while many := list(islice(events, _MANY)):
        keys = ["" if isinstance(event, Tick) else table_of(event) for event in many]
        own = [isinstance(event, TallyReport) or key in tables for event, key in zip(many, keys, strict=True)]
        yield Encoded(keys, own, [event.at for event in many], [encode(plain(event)) for event in many])
