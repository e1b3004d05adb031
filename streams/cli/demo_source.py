"""What the demo shows: the bundled night, or any other on disk."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from streams.config import election_writer
from streams.config.election_file import load
from streams.core.election.model import Election, Receiver
from streams.core.engine.event_time import EventTime
from streams.core.events.model import Rejection, Tick
from streams.nights.arrival import Arrival, event_of
from streams.nights.errors import NightError
from streams.nights.eventlog import generated_night
from streams.nights.paths import Arrivals, NightFiles
from streams.nights.scenarios import venezuela2024_night
from streams.support.progress import Progress


class Source(NamedTuple):
    """A night to show. `directory` has its election file, which names the demo's receiver alone; `shown` is what a
    command line calls the night. `events` counts them, `begin` and `end` are their first and last time (Unix ms)."""

    election: Election
    directory: Path
    shown: str
    events: int
    begin: int
    end: int
    arrivals: Arrivals


def bundled(directory: Path, receiver: Receiver) -> Source:
    """Venezuela 2024, written into `directory` as an event log."""
    election, events = venezuela2024_night.night()
    election = replace(election, receivers=(receiver,))
    generated_night.write(directory, election, events, "cotejo demo")
    span = len(events), events[0].at, events[-1].at
    return Source(election, directory, str(directory), *span, Arrivals([directory]))


def on_disk(stack: ExitStack, night: Sequence[Path], receiver: Receiver, *, quiet: bool) -> Source:
    """A night's own files. They stay as they are: the election file that calls the demo's receiver is written into a
    temporary directory. Raises `NightError` if it has no events."""
    files = NightFiles.of(night)
    election = replace(load(files.election), receivers=(receiver,))
    directory = Path(stack.enter_context(TemporaryDirectory(prefix="cotejo-demo-")))
    election_writer.write(election, directory)
    shown = " ".join(map(str, night))
    return Source(election, directory, shown, *_span(election, files, quiet), files.arrivals())


def _span(election: Election, files: NightFiles, quiet: bool) -> tuple[int, int, int]:
    """How many events there are, and when the first and the last happened; one that is dated beyond the night is
    counted only."""
    arrivals = files.arrivals()
    time = EventTime[Arrival](election, event_of)
    count, begin = 0, 0
    with Progress(str(files.election), arrivals.size, quiet=quiet) as progress:
        for arrival in progress.over(arrivals):
            if isinstance(arrival.event, Rejection):
                count += 1
                continue
            count += not isinstance(arrival.event, Tick)
            for _ in time.take([arrival]):
                begin = begin or time.now or 0
    for _ in time.finish():
        begin = begin or time.now or 0
    if time.now is None:
        raise NightError(f"{files.election}: no event of it can be read: see cotejo check")
    return count, begin, time.now
