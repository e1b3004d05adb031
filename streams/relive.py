"""A night on disk, to be lived again: an event log, or an election file and its event files."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from streams import election_file, event_file
from streams.codec import decode_any
from streams.election import Election
from streams.errors import CotejoError
from streams.eventlog.manifest import MANIFEST
from streams.eventlog.reader import EventLog
from streams.eventlog.record import REPORTS
from streams.replay import BULLETINS, Channel, EventReplay, Item, LogReplay, Replay, Watcher, item_of, items_of
from streams.topology import Topology


class NightError(CotejoError):
    """What was named is no night; the text says what would be."""


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

    def messages(self) -> Iterator[tuple[Channel, list[Item]]]:
        """Each message's channel and events."""

    def replay(self, election: Election, watch: Watcher | None = None) -> Replay:
        """A replay of the kind that fits."""

    def inputs(self) -> list[Input]:
        """The files that it comes from, the election's first. To be asked after the reading."""

    def made_by(self) -> dict[str, str]:
        """What wrote it: versions by name, as far as it says so."""


def open_night(paths: Sequence[Path], keep_going: bool = False) -> Night:
    """The night of a log directory, or of an election file and its event files. Raises `CotejoError`."""
    first, *rest = paths
    if first.is_dir():
        if rest:
            raise NightError(f"{rest[0]}: a log's directory stands alone: leave the other files out")
        return LogNight(first, keep_going)
    if not rest:
        raise NightError(f"{first}: name the event files too, or a log's directory alone")
    return FileNight(first, rest)


class FileNight:
    """An election file and event files, merged by time."""

    def __init__(self, election: Path, events: Sequence[Path]) -> None:
        self.election, self._events = election, events
        self._lines, self.size = event_file.read(events)
        self.done, self._hash = 0, hashlib.sha256()

    def messages(self) -> Iterator[tuple[Channel, list[Item]]]:
        """One line at a time, all by one channel; blank ones are nothing."""
        stdin = any(str(path) == "-" for path in self._events)
        for line in self._lines:
            self.done += len(line)
            if stdin:
                self._hash.update(line)
            if content := line.strip():
                yield 0, [item_of(decode_any(content), content)]

    def replay(self, election: Election, watch: Watcher | None = None) -> Replay:
        """The events are their own clock."""
        return EventReplay(election, watch)

    def inputs(self) -> list[Input]:
        """The election's files, then the event files."""
        events = [
            Input("stdin", self.done, self._hash.hexdigest()) if str(path) == "-" else input_of(path)
            for path in self._events
        ]
        return [*election_inputs(self.election), *events]

    def made_by(self) -> dict[str, str]:
        """Event files do not say."""
        return {}


class LogNight:
    """An event log. One that was recorded has the live night's ticks in it, one that was made is a row of events."""

    def __init__(self, directory: Path, keep_going: bool) -> None:
        self._log, self._keep_going = EventLog.open(directory), keep_going
        self.election, self.size, self.done = self._log.election, self._log.size, 0

    def messages(self) -> Iterator[tuple[Channel, list[Item]]]:
        """One record at a time. Raises `LogError`, or tells of damages where it keeps going."""
        for record in self._log.records(self._keep_going):
            self.done = self._log.done
            channel = record.partition if record.topic == REPORTS else BULLETINS
            yield channel, items_of(channel, record.value)

    def replay(self, election: Election, watch: Watcher | None = None) -> Replay:
        """By the ticks in it if it was recorded, else by the events' times."""
        known = self._log.manifest
        if not known.recorded:
            return EventReplay(election, watch)
        return LogReplay(election, known.partitions, Topology.of(election, known.partitions).partition_of, watch)

    def inputs(self) -> list[Input]:
        """The election's files, the manifest, the segments."""
        segments = [path for _, path in self._log.files]
        return [*election_inputs(self.election), *map(input_of, (self._log.directory / MANIFEST, *segments))]

    def made_by(self) -> dict[str, str]:
        """As the manifest has it."""
        known = self._log.manifest
        return {f"{known.writer} ({name})": text for name, text in known.versions.items()} | {"log": str(known.format)}


def relive(night: Night, replays: Iterable[Replay]) -> Iterator[int]:
    """Feed a night to each of these replays in one pass; yields the bytes read so far."""
    feeds = [replay.take for replay in replays]
    for channel, items in night.messages():
        for feed in feeds:
            feed(channel, items)
        yield night.done


def election_inputs(path: Path) -> list[Input]:
    """An election file and the two CSVs that it names."""
    return [input_of(file) for file in election_file.files(path)]


def input_of(path: Path) -> Input:
    """A file's name without its place, its size, its hash."""
    with path.open("rb") as file:
        return Input(path.name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
