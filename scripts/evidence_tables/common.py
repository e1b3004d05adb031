"""What the tables share: how a simulated night is lived through, and how a proportion is written."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import sqrt

from streams.core.election.model import Election
from streams.core.events.model import Event
from streams.core.replay.outcome import Outcome
from streams.core.replay.replay import Replay
from streams.nights.scenarios.settings import Night
from streams.nights.scenarios.simulated import Simulation
from streams.support.progress import Progress

LOUD = ("warning", "critical")
"""Severities that call people."""


def lived(night: Night, tick: float = 300) -> tuple[Simulation, Outcome]:
    """A night from its first event to its end, judged every `tick` seconds: the night, and what it came to."""
    simulation = Simulation(night)
    election = simulation.election
    return simulation, outcome_of(replace(election, alerts=replace(election.alerts, tick=tick)), simulation.events())


def outcome_of(election: Election, events: Iterable[Event]) -> Outcome:
    """What these events come to, in this order."""
    replay = Replay.of_events(election)
    replay.take(0, list(events))
    return replay.finish()


def each(nights: Iterable[Night], label: str) -> Iterator[Night]:
    """The nights, with progress on stderr."""
    waiting = list(nights)
    with Progress(label, len(waiting)) as progress:
        for done, night in enumerate(waiting, 1):
            yield night
            progress.show(done)


def interval(hits: int, of: int) -> str:
    """A proportion with its 95 % Wilson interval, in per cent."""
    if not of:
        return "-"
    z, p = 1.96, hits / of
    centre = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{100 * p:.1f} % ({100 * max(0, centre - half):.1f} to {100 * (centre + half):.1f})"


def header(*cells: str) -> None:
    """The first two lines of a table."""
    row(*cells)
    print("|" + "---|" * len(cells))


def row(*cells: object) -> None:
    """One line of a table."""
    print("|", " | ".join(map(str, cells)), "|", flush=True)
