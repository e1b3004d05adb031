"""A night as the commands name it: an event log's directory, or an election file and event files; and the events in
it one by one, each with the place it has."""

import errno
import hashlib
import heapq
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import IO, Final, NamedTuple

from streams.config.election_writer import ELECTION
from streams.core.events.codec import decode_any, decode_bulletin, decode_reports
from streams.core.events.model import Event, Rejection
from streams.core.events.own_bytes import own_bytes, with_type
from streams.core.events.topics import BULLETINS
from streams.errors import CotejoError
from streams.nights.eventlog import manifest
from streams.nights.eventlog.reader import EventLog, Tell, tell_on_stderr
from streams.nights.eventlog.record import Record
from streams.regular_file import open_regular
from streams.support import bounded_lines as lines

STDIN: Final = Path("-")
"""Stands for stdin among event files."""


class NightError(CotejoError):
    """There is no such night; the text says what is missing."""


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
    arrived: int = 0
    """When the message came (Unix ms); 0 for an event file."""
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


@dataclass(frozen=True, slots=True)
class Night:
    """Where a night's election is, and its events: logs' directories and event files, `-` for stdin."""

    election: Path
    events: tuple[Path, ...]

    @classmethod
    def of(cls, paths: Sequence[Path]) -> "Night":
        """From a command's arguments: the directory of a log, or an election file; then any number of event files.
        Raises `LogError` for a directory that is no log."""
        first, *others = paths
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
        """The events. Raises `NightError` if there are none to read, or they cannot be read."""
        if not self.events:
            raise NightError(f"{self.election}: no events: name event files too, or a log's directory instead")
        return Arrivals(self.events, keep_going, tell)


class Arrivals:
    """The events of logs and event files. Several are merged by time, each being in order itself. `size` is their
    bytes (0 where unknown), `done` how many have been read, `stdin` the stream behind `-` where there is one.

    Raises `NightError`, `LogError`; `keep_going` and `tell` are those of `EventLog.records`.
    """

    def __init__(self, paths: Sequence[Path], keep_going: bool = False, tell: Tell = tell_on_stderr) -> None:
        self._files: list[EventLog | _Lines] = []
        self._arrivals: list[Iterator[Arrival]] = []
        self.stdin: HashedStream | None = None
        if paths.count(STDIN) > 1:
            raise NightError("-: stdin can be read once: name it once")
        for path in paths:
            if path.is_dir():
                log = EventLog.open(path)
                self._files.append(log)
                self._arrivals.append(_of_log(log, keep_going, tell))
            else:
                lines = _Lines(path)
                self.stdin = lines.stdin or self.stdin
                self._files.append(lines)
                self._arrivals.append(of_lines(lines, str(path)))
        sizes = [file.size for file in self._files]
        self.size = sum(sizes) if all(sizes) else 0

    @property
    def done(self) -> int:
        return sum(file.done for file in self._files)

    def __iter__(self) -> Iterator[Arrival]:
        if len(self._arrivals) == 1:
            return self._arrivals[0]
        return heapq.merge(*self._arrivals, key=lambda arrival: arrival.at)


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


def _of_log(log: EventLog, keep_going: bool, tell: Tell) -> Iterator[Arrival]:
    name = str(log.directory)
    for record in log.records(keep_going, tell):
        yield from of_record(record, name)


def open_event_file(path: Path) -> IO[bytes]:
    """Open an event file, which is a regular file: it is read more than once. Raises `NightError`."""
    try:
        return open_regular(path)
    except OSError as error:
        cure = "; pipe into the command and name - for stdin" if error.errno == errno.EINVAL else ""
        raise NightError(f"{path}: cannot be read: {error.strerror}{cure}") from error


class HashedStream:
    """A stream that can be read once. `bytes` and `sha256` are those of all that was read so far."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash, self.bytes = file, hashlib.sha256(), 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def readline(self, limit: int = -1) -> bytes:
        line = self._file.readline(limit)
        self._hash.update(line)
        self.bytes += len(line)
        return line


class _Lines:
    """An event file's lines, or stdin's; `size` is its bytes (0: unknown), `done` those of the lines handed out."""

    def __init__(self, path: Path) -> None:
        self.size = self.done = 0
        self.stdin = HashedStream(sys.stdin.buffer) if path == STDIN else None
        if self.stdin is None:
            self._file = open_event_file(path)
            self.size = os.fstat(self._file.fileno()).st_size

    def __iter__(self) -> Iterator[bytes]:
        with nullcontext(self.stdin) if self.stdin is not None else self._file as file:
            for line in lines.read(file):
                self.done += len(line)
                yield line
