"""A night on disk, ready for replay: an event log, or an election file and its event files."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from streams.core.election.model import Election
from streams.core.engine.channel_items import Channel, Item, Items
from streams.core.engine.tick_judge import Watcher
from streams.core.events.input_topics import REPORTS
from streams.core.events.model import Tick
from streams.core.replay.outcome_builder import RejectionWatcher
from streams.core.replay.replay import Replay
from streams.kafka.topology import Topology
from streams.nights.arrival import of_record
from streams.nights.errors import NightError
from streams.nights.eventlog.cut import CUT
from streams.nights.eventlog.reader import EventLog
from streams.nights.inputs import Input, inputs_of, made_by
from streams.nights.jsonl import EventFile
from streams.nights.paths import NightFiles
from streams.nights.replay_items import by_channel, merged, of_event_file, of_records

AT_ONCE: Final = 1_000
"""Items of each partition of a recorded night that are handed on together, about: fewer cost more by the item."""


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
    given = NightFiles.of(paths)
    log = recording_of(given)
    return MadeNight(given, keep_going) if log is None else RecordedNight(given, log, keep_going)


def recording_of(given: NightFiles) -> EventLog | None:
    """The log of a night that was recorded from a broker, or cut from such a one."""
    if len(given.events) == 1 and given.events[0].is_dir():
        log = EventLog.open(given.events[0])
        if log.manifest.recorded or (log.manifest.writer == CUT and _has_marks(log)):
            return log
    return None


class MadeNight:
    """Events whose own times are the clock: event files, and logs that a program made."""

    def __init__(self, given: NightFiles, keep_going: bool) -> None:
        self.election, self.edited = given.election, given.edited
        self._sources, self._keep_going = given.sources(), keep_going
        sizes = [source.size for source in self._sources]
        self.size, self.done = sum(sizes) if all(sizes) else 0, 0

    def messages(self) -> Iterator[tuple[Channel, Items, Sequence[int]]]:
        """Events, many at a time, all by one channel."""
        files = [self._items(source) for source in self._sources]
        for items in files[0] if len(files) == 1 else merged(files):
            self.done = sum(source.done for source in self._sources)
            yield 0, items, ()

    def _items(self, source: EventLog | EventFile) -> Iterator[Items]:
        if isinstance(source, EventFile):
            return of_event_file(source)
        name = str(source.directory)
        return (of_records(records, name) for records in source.stretches(self._keep_going))

    def replay(
        self, election: Election, watch: Watcher | None = None, watch_rejections: RejectionWatcher | None = None
    ) -> Replay:
        """By the events' times."""
        return Replay.of_events(election, watch, watch_rejections)

    def inputs(self) -> list[Input]:
        """The election's files, then each log's and each event file."""
        return inputs_of(self.election, self._sources)

    def made_by(self) -> dict[str, str]:
        """As the logs' manifests have it."""
        return made_by(self._sources)


class RecordedNight:
    """A log that was recorded from a broker: it has the live night's ticks in it."""

    def __init__(self, given: NightFiles, log: EventLog, keep_going: bool) -> None:
        self._log, self._keep_going = log, keep_going
        self.election, self.edited, self.size, self.done = given.election, given.edited, log.size, 0

    def messages(self) -> Iterator[tuple[Channel, Items, Sequence[int]]]:
        """Some stretches of the log at a time, channel by channel: how far the channels have come beside each other
        changes nothing. Raises `LogError`, or tells of damages where it keeps going."""
        partitions, name = self._log.manifest.partitions, str(self._log.directory)
        waiting = defaultdict[Channel, list[tuple[Item, int]]](list)
        for records in self._log.stretches(self._keep_going):
            self.done = self._log.done
            for channel, came in by_channel(records, name).items():
                if isinstance(channel, int) and channel >= partitions:
                    raise NightError(f"{name}: has partition {channel} of {partitions}: its manifest is another log's")
                waiting[channel] += came
            if sum(map(len, waiting.values())) >= AT_ONCE * partitions:
                yield from _taken(waiting)
        yield from _taken(waiting)

    def replay(
        self, election: Election, watch: Watcher | None = None, watch_rejections: RejectionWatcher | None = None
    ) -> Replay:
        """By the ticks in it, with a ledger's partition as the broker had it."""
        partitions = self._log.manifest.partitions
        homes = Topology.of(election, partitions).homes(election.layout.tables)
        return Replay.of_log(election, partitions, homes, watch, watch_rejections)

    def inputs(self) -> list[Input]:
        """The election's files, the manifest, the segments."""
        return inputs_of(self.election, [self._log])

    def made_by(self) -> dict[str, str]:
        """As the manifest has it."""
        return made_by([self._log])


def _taken(waiting: dict[Channel, list[tuple[Item, int]]]) -> Iterator[tuple[Channel, Items, Sequence[int]]]:
    """What waits, channel by channel; afterwards nothing does."""
    for channel, came in waiting.items():
        if came:  # a message may be an array of nothing
            items, times = zip(*came, strict=True)
            yield channel, items, times
    waiting.clear()


def _has_marks(log: EventLog) -> bool:
    """Whether a log that was cut comes from one that was recorded: only that has ticks between the reports."""
    return any(
        isinstance(arrival.event, Tick)
        for record in log.records(keep_going=True, tell=lambda damage: None)
        if record.topic == REPORTS and b"tick" in (record.value or b"")
        for arrival in of_record(record, "")
    )


def relive(night: Night, replays: Iterable[Replay]) -> Iterator[int]:
    """Feed a night to each of these replays in one pass; yields the bytes read so far."""
    feeds = [replay.take for replay in replays]
    for channel, items, arrived in night.messages():
        for feed in feeds:
            feed(channel, items, arrived)
        yield night.done
