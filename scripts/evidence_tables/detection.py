"""An official count that moves points of the valid votes from one option to another: how often it is called."""

from dataclasses import replace
from typing import Final, NamedTuple

from evidence_tables.common import LOUD, each, header, lived, row
from streams.nights.scenarios.settings import Night

SHIFTS: Final = (3, 5, 8, 10, 15)
"""Points moved from A to B at every polling table."""
COVERAGES: Final = (0.5, 0.7, 0.85, 0.95)
_BASE: Final = Night(tables=3000, states=8, municipalities=5, official="state")


class Call(NamedTuple):
    """What became of one area."""

    level: str
    tables: int
    coverage: float
    """Its own coverage in the end (0-1)."""
    severity: str
    """The most serious alert that fired; empty without one."""
    is_arithmetic: bool
    """Whether one of them was of arithmetic."""


def night(seed: int, shift: float, coverage: float) -> Night:
    """One of the nights of the table."""
    return replace(_BASE, seed=seed, shift=shift, witnessed=coverage)


def calls(night: Night) -> list[Call]:
    """What was called in the course of a night: of the nation, then of each state."""
    simulation, outcome = lived(night)
    loud = [n for n in outcome.notices if n.status == "firing" and n.severity in LOUD]
    found = list[Call]()
    for area in simulation.election.areas.values():
        if area.level in ("nation", "state") and area.tables:
            here = [n for n in loud if n.finding.area == area.id]
            severity = max((n.severity for n in here), key=LOUD.index, default="")
            coverage = outcome.states[area.id].witnessed.tables / area.tables
            arithmetic = any(n.finding.rule_class == "arithmetic" for n in here)
            found.append(Call(area.level, area.tables, coverage, severity, arithmetic))
    return found


def show(count: int = 20) -> None:
    """Print a line for each shift and coverage: how many nations were called, and how many states of 150 tables and
    more whose own coverage is within five points of that."""
    columns = ("warned", "critical", "by arithmetic")
    header("Points", "coverage", *(f"{of}{what}" for of in ("nations ", "states ") for what in ("", *columns)))
    for shift in SHIFTS:
        nights = [night(seed, shift, coverage) for seed in range(1, count + 1) for coverage in COVERAGES]
        found = [(night.witnessed, call) for night in each(nights, f"{shift} points") for call in calls(night)]
        for coverage in COVERAGES:
            nations = [call for of, call in found if of == coverage and call.level == "nation"]
            near = [
                c for _, c in found if c.level == "state" and abs(c.coverage - coverage) <= 0.05 and c.tables >= 150
            ]
            row(shift, f"{coverage:.0%}", *_cells(nations), *_cells(near))


def _cells(calls: list[Call]) -> tuple[int, int, int, int]:
    """How many there are, were called at all, were called critical, and were called by arithmetic."""
    severities = [call.severity for call in calls]
    return len(calls), sum(map(bool, severities)), severities.count("critical"), sum(c.is_arithmetic for c in calls)
