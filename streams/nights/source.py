"""A night on disk, to be lived again: an event log, or an election file and its event files."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from streams.config import election_file
from streams.core.election.model import Election
from streams.core.engine.items import Channel, Item, Items, Unread, Unreadable
from streams.core.events.codec import decode_plain, decode_quick
from streams.core.events.model import Event, Rejection, TallyReport, Tick
from streams.core.events.topics import BULLETINS, REPORTS
from streams.core.replay.event_replay import EventReplay
from streams.core.replay.log_replay import LogReplay
from streams.core.replay.outcome import EXCERPT
from streams.core.replay.replay import RejectionWatcher, Replay, Watcher
from streams.kafka.topology import Topology
from streams.nights import arrival as arrivals
from streams.nights.arrival import NightError
from streams.nights.blocks import Blocks
from streams.nights.eventlog.cut import CUT
from streams.nights.eventlog.manifest import MANIFEST
from streams.nights.eventlog.reader import EventLog
from streams.nights.eventlog.record import Records


@dataclass(frozen=True, slots=True)
class Input:
    """A file that the night comes from, as `sha256sum` sees it. `bytes` and hash of stdin are known when it is read."""

    name: str
    bytes: int
    sha256: str


class Night(Protocol):
    """What happened, in the order in which it is known. `size` is its bytes on disk, `done` those read so far."""

    election: Path
    size: int
    done: int

    def messages(self) -> Iterator[tuple[Channel, Items, Sequence[int]]]:
        """Events of one channel at a time, and when the message of each came (Unix ms; empty where that is nothing to
        go by)."""

    def replay(
        self, election: Election, watch: Watcher | None = None, watch_rejections: RejectionWatcher | None = None
    ) -> Replay:
        """A replay of the kind that fits."""

    def inputs(self) -> list[Input]:
        """The files that it comes from, the election's first. To be asked after the reading."""

    def made_by(self) -> dict[str, str]:
        """What wrote it: versions by name, as far as it says so."""

    def edited(self) -> list[Path]:
        """The election's files that are not as they were when its log was begun."""


def open_night(paths: Sequence[Path], keep_going: bool = False) -> Night:
    """The night that a command names. Raises `CotejoError`."""
    given = arrivals.Night.of(paths)
    log = recording_of(given)
    return MadeNight(given, keep_going) if log is None else RecordedNight(given, log, keep_going)


def recording_of(given: arrivals.Night) -> EventLog | None:
    """The log of a night that was recorded from a broker, or cut from such a one."""
    if len(given.events) == 1 and given.events[0].is_dir():
        log = EventLog.open(given.events[0])
        if log.manifest.recorded or (log.manifest.writer == CUT and _has_marks(log)):
            return log
    return None


class MadeNight:
    """Events whose own times are the clock: event files, and logs that a program made."""

    def __init__(self, given: arrivals.Night, keep_going: bool) -> None:
        self.election, self._events, self.edited = given.election, given.events, given.edited
        self._keep_going = keep_going
        self._source: EventLog | Blocks | arrivals.Arrivals
        if len(self._events) == 1 and self._events[0].is_dir():
            self._source = EventLog.open(self._events[0])
        elif self._events and all(path != arrivals.STDIN and path.is_file() for path in self._events):
            self._source = Blocks(self._events)
        else:
            self._source = given.arrivals(keep_going)
        self.size, self.done = self._source.size, 0

    def messages(self) -> Iterator[tuple[Channel, Items, Sequence[int]]]:
        """Events, a block or one at a time, all by one channel."""
        source = self._source
        if isinstance(source, EventLog):
            for records in source.stretches(self._keep_going):
                self.done = source.done
                yield 0, _unread(records, str(source.directory)), ()
            return
        if isinstance(source, Blocks):
            for block in source:
                self.done = source.done
                yield 0, block, ()
            return
        for arrival in source:
            self.done = source.done
            yield 0, [item_of(arrival)], ()

    def replay(
        self, election: Election, watch: Watcher | None = None, watch_rejections: RejectionWatcher | None = None
    ) -> Replay:
        """By the events' times."""
        return EventReplay(election, watch, watch_rejections)

    def inputs(self) -> list[Input]:
        """The election's files, then each log's and each event file."""
        found = _of_election(self.election)
        stdin = self._source.stdin if isinstance(self._source, arrivals.Arrivals) else None
        for path in self._events:
            if path.is_dir():
                found += _of_log(EventLog.open(path))
            elif path == arrivals.STDIN and stdin is not None:
                found.append(Input("stdin", stdin.bytes, stdin.sha256))
            else:
                found.append(_input(path))
        return found

    def made_by(self) -> dict[str, str]:
        """As the logs' manifests have it."""
        logs = [EventLog.open(path) for path in self._events if path.is_dir()]
        return {name: text for log in logs for name, text in _made_by(log).items()}


class RecordedNight:
    """A log that was recorded from a broker: it has the live night's ticks in it."""

    def __init__(self, given: arrivals.Night, log: EventLog, keep_going: bool) -> None:
        self._log, self._keep_going = log, keep_going
        self.election, self.edited, self.size, self.done = given.election, given.edited, log.size, 0

    def messages(self) -> Iterator[tuple[Channel, Items, Sequence[int]]]:
        """A stretch of the log at a time, channel by channel: how far the channels have come beside each other changes
        nothing. Raises `LogError`, or tells of damages where it keeps going."""
        partitions, name = self._log.manifest.partitions, str(self._log.directory)
        for records in self._log.stretches(self._keep_going):
            self.done = self._log.done
            for channel, found in _by_channel(records, name).items():
                if isinstance(channel, int) and channel >= partitions:
                    raise NightError(f"{name}: has partition {channel} of {partitions}: its manifest is another log's")
                if found:  # a message may be an array of nothing
                    items, times = zip(*found, strict=True)
                    yield channel, items, times

    def replay(
        self, election: Election, watch: Watcher | None = None, watch_rejections: RejectionWatcher | None = None
    ) -> Replay:
        """By the ticks in it, with a ledger's partition as the broker had it."""
        partitions = self._log.manifest.partitions
        homes = Topology.of(election, partitions).homes(election.layout.tables)
        return LogReplay(election, partitions, homes, watch, watch_rejections)

    def inputs(self) -> list[Input]:
        """The election's files, the manifest, the segments."""
        return _of_election(self.election) + _of_log(self._log)

    def made_by(self) -> dict[str, str]:
        """As the manifest has it."""
        return _made_by(self._log)


def _has_marks(log: EventLog) -> bool:
    """Whether a log that was cut comes from one that was recorded: only that has ticks between the reports."""
    return any(
        isinstance(arrival.event, Tick)
        for record in log.records(keep_going=True, tell=lambda damage: None)
        if record.topic == REPORTS and b"tick" in (record.value or b"")
        for arrival in arrivals.of_record(record, "")
    )


def relive(night: Night, replays: Iterable[Replay]) -> Iterator[int]:
    """Feed a night to each of these replays in one pass; yields the bytes read so far."""
    feeds = [replay.take for replay in replays]
    for channel, items, arrived in night.messages():
        for feed in feeds:
            feed(channel, items, arrived)
        yield night.done


def item_of(arrival: arrivals.Arrival) -> Item:
    """An event for a replay, or what was to be one, with the beginning of what came."""
    if isinstance(arrival.event, Rejection):
        return Unreadable(arrival.event, (arrival.raw or b"")[:EXCERPT], arrival.place)
    return arrival.event


def _unread(records: Records, log: str) -> Items:
    """Messages to be read by who knows the election, unless what is allowed in them hangs on their topic."""

    def read() -> list[Item]:
        return [item_of(arrival) for record in records for arrival in arrivals.of_record(record, log)]

    strict = any(_REPORT in (records.values[i] or b"") for i in records.bulletins)
    return read() if strict else Unread(records.values, read)


_REPORT: Final = b'"tally-report"'
"""Stands in every report that `codec.decode_plain` reads."""


def _by_channel(records: Records, log: str) -> dict[Channel, list[tuple[Item, int]]]:
    """The events of many messages, and when these came, by channel."""
    found: dict[Channel, list[tuple[Item, int]]] = defaultdict(list)
    quick = _quick(records)
    if quick is None:
        for record in records:
            channel = record.partition if record.topic == REPORTS else BULLETINS
            items = ((item_of(arrival), record.timestamp) for arrival in arrivals.of_record(record, log))
            found[channel].extend(items)
    else:
        places = zip(records.topics, records.partitions, zip(quick, records.timestamps, strict=True), strict=True)
        for topic, partition, item in places:
            found[partition if topic == REPORTS else BULLETINS].append(item)
    return found


def _quick(records: Records) -> list[Event] | None:
    """The event of each message, all read in one go; None where one needs a second look, or is an array."""
    quick = decode_plain(records.values, decode_quick)
    strict = quick is not None and any(type(quick[i]) is TallyReport for i in records.bulletins)
    return None if strict else quick


def _of_election(path: Path) -> list[Input]:
    return [_input(path.parent / name) for name in election_file.files(path)]


def _of_log(log: EventLog) -> list[Input]:
    return [_input(path) for path in (log.directory / MANIFEST, *(path for _, path in log.files))]


def _input(path: Path) -> Input:
    with path.open("rb") as file:
        return Input(path.name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _made_by(log: EventLog) -> dict[str, str]:
    known = log.manifest
    return {f"{known.writer} ({name})": text for name, text in known.versions.items()}
