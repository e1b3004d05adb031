"""The paths that name a night on the command line, and the events in those files one by one."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from streams.config.election_writer import ELECTION
from streams.nights.arrival import Arrival, of_lines, of_record
from streams.nights.errors import NightError
from streams.nights.eventlog import manifest
from streams.nights.eventlog.reader import EventLog, Tell, tell_on_stderr
from streams.nights.jsonl import STDIN, EventFile


@dataclass(frozen=True, slots=True)
class NightFiles:
    """Where a night's election is, and its events: logs' directories and event files, `-` for stdin."""

    election: Path
    events: tuple[Path, ...]

    @classmethod
    def of(cls, paths: Sequence[Path]) -> "NightFiles":
        """From a command's arguments: the directory of a log, or of an election file with event files (*.jsonl), or an
        election file; then any number of event files. Raises `LogError` for a directory that is neither."""
        first, *others = paths
        if (first / ELECTION).is_file() and not (first / manifest.MANIFEST).exists():
            return cls(first / ELECTION, (*sorted(first.glob("*.jsonl")), *others))
        if first.is_dir():
            return cls(EventLog.open(first).election, (first, *others))
        return cls(first, tuple(others))

    def edited(self) -> list[Path]:
        """Files of the election that are not as they were when its log was begun; none where another election file
        than the log's own was asked for."""
        logs = [EventLog.open(path) for path in self.events if path.is_dir() and self._is_own(path)]
        return [log.directory / name for log in logs for name in manifest.changed(log.directory, log.manifest)]

    def _is_own(self, log: Path) -> bool:
        return (log / ELECTION).resolve() == self.election.resolve()

    def arrivals(self, keep_going: bool = False, tell: Tell = tell_on_stderr) -> "Arrivals":
        """The events one by one. Raises `NightError` if there are none to read, or they cannot be read."""
        return Arrivals(self._named(), keep_going, tell)

    def sources(self) -> list[EventLog | EventFile]:
        """The logs and event files. Raises `NightError` if there are none, or they cannot be read."""
        return open_sources(self._named())

    def _named(self) -> Sequence[Path]:
        if not self.events:
            if not self.election.exists():
                raise NightError(f"{self.election}: is not there: name a night's directory, or an election file")
            raise NightError(f"{self.election}: no events: name event files too, or a log's directory instead")
        return self.events


def open_sources(paths: Sequence[Path]) -> list[EventLog | EventFile]:
    """The logs in directories, and event files; `-` is stdin. Raises `LogError`, `NightError`."""
    if paths.count(STDIN) > 1:
        raise NightError("-: stdin can be read once: name it once")
    return [EventLog.open(path) if path.is_dir() else EventFile(path) for path in paths]


class Arrivals:
    """The events of logs and event files, one by one. Several are merged by time, each being in order itself.

    `size` is their bytes (0 where unknown), `done` how many have been read. Raises `NightError`, `LogError`;
    `keep_going` and `tell` are those of `EventLog.records`.
    """

    def __init__(self, paths: Sequence[Path], keep_going: bool = False, tell: Tell = tell_on_stderr) -> None:
        self._sources = open_sources(paths)
        self._keep_going, self._tell = keep_going, tell
        sizes = [source.size for source in self._sources]
        self.size = sum(sizes) if all(sizes) else 0

    @property
    def done(self) -> int:
        return sum(source.done for source in self._sources)

    def __iter__(self) -> Iterator[Arrival]:
        each = [self._of(source) for source in self._sources]
        return each[0] if len(each) == 1 else heapq.merge(*each, key=lambda arrival: arrival.at)

    def _of(self, source: EventLog | EventFile) -> Iterator[Arrival]:
        if isinstance(source, EventFile):
            return of_lines(chain.from_iterable(source), str(source.path))
        name = str(source.directory)
        return (event for each in source.records(self._keep_going, self._tell) for event in of_record(each, name))
