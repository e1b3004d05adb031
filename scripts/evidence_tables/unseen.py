"""Real electorates taken as the whole truth, of which tables are left unseen: what is called though nothing is wrong.

A night is an electorate, a way of leaving tables unseen, how many are seen, and an order in which the official count
goes on. It is judged four times: at 30, 60 and 85 % of the count, and when it is complete.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from evidence_tables.common import LOUD, header, row
from evidence_tables.electorates import (
    VILLAGES,
    WAYS,
    Electorate,
    electorates,
    first,
    indonesia,
    order,
    venezuela,
)
from streams.core.election.model import Option
from streams.core.election.numbering import Flags, Numbers
from streams.core.engine.comparer import Comparer
from streams.core.events.model import Bulletin
from streams.core.reconciliation.consensus import Level
from streams.core.reconciliation.sheet_rows import ANNOUNCED, CODES, Sheets
from streams.nights.scenarios import venezuela2024_facts
from streams.nights.scenarios.draws import Floats
from streams.nights.scenarios.simulated import BEGIN
from streams.support.progress import Progress

SEEN: Final = (0.3, 0.5, 0.7, 0.85, 0.95)
COUNTED: Final = (0.3, 0.6, 0.85, 1.0)
INDONESIA: Final = (Option("01", "Joko Widodo"), Option("02", "Prabowo Subianto"))
GOLDEN: Final = 0.6180339887
"""Multiples of it, less their whole part, are spread evenly from 0 to 1 and never fall in step with anything."""
MOST: Final = 6_000
"""Polling tables of a province in which points are moved."""
SHIFTS: Final = (3, 5, 8, 10, 15)
COVERAGES: Final = (0.5, 0.7, 0.85, 0.95)


class Night(NamedTuple):
    """What is left unseen, and how the official count goes on."""

    electorate: Electorate
    way: str
    seen: float
    """Tables with a sheet, as a share (0-1)."""
    order: str
    """The way in which the official count comes."""


class Moment(NamedTuple):
    """What the rules say at one moment of a night."""

    night: Night
    counted: float
    """Tables in the bulletin, as a share (0-1)."""
    severity: str
    """The most serious call of any rule; empty without one."""
    gap: float
    """Points from the announced shares to what an honest count can announce, the largest."""
    required: float
    """The required deviation in points, the largest; infinite where no deviation up to 100 does."""


def real(data: Path) -> Iterator[Electorate]:
    """Every nation and province of 1,000 tables and more."""
    yield from venezuelan(data)
    yield from electorates("Indonesia", INDONESIA, list(indonesia(data)))


def venezuelan(data: Path) -> Iterator[Electorate]:
    """Those of Venezuela only."""
    return electorates("Venezuela", venezuela2024_facts.OPTIONS, list(venezuela(data)))


def nights(electorate: Electorate, ways: Sequence[str], turn: int) -> Iterator[Night]:
    """Every way to leave its tables unseen with every coverage; the order of the count is another one each time, which
    begins with that of number `turn`."""
    orders = [way for way in WAYS if way != "whole provinces" or electorate.is_nation]
    possible = [way for way in ways if way != "whole provinces" or electorate.is_nation]
    for i, way in enumerate(possible):
        for j, seen in enumerate(SEEN):
            yield Night(electorate, way, seen, orders[(turn + 3 * i + j) % len(orders)])


def moments(night: Night, shift: float = 0, counted: Sequence[float] = COUNTED) -> Iterator[Moment]:
    """What is said of a night. The official count moves `shift` points of the valid votes from the first option to the
    second."""
    electorate = night.electorate
    seen = first(order(electorate, night.way, 1), night.seen)
    coming = order(electorate, night.order, 2)
    comparer = Comparer(electorate.election)
    comparer.add_sheets(_sheets(electorate, seen))
    comparer.advance(BEGIN)
    root = electorate.election.root.id
    for sequence, share in enumerate(counted, 1):
        at = BEGIN + 600_000 * sequence
        comparer.add_bulletin(_bulletin(electorate, root, at, sequence, first(coming, share), shift))
        comparer.advance(at)
        severities = {finding.severity for finding in comparer.findings(root)}
        comparison = comparer.situation(root).comparison
        assert comparison is not None
        projected = comparison.projected
        gap, required = (0.0, 0.0) if projected is None else (projected.gap, projected.required)
        yield Moment(
            night,
            share,
            next((severity for severity in reversed(LOUD) if severity in severities), ""),
            float(np.nanmax(np.abs(gap))),
            _largest(required),
        )


def _largest(required: Floats | float) -> float:
    found = np.asarray(required)
    return float(np.where(np.isnan(found), np.inf, found).max())


def _sheets(electorate: Electorate, seen: Flags) -> Sheets:
    """The accepted sheets of these tables, as a partition tells them."""
    tables = np.flatnonzero(seen)
    rows = np.column_stack([np.ones_like(tables)] * 3 + [np.zeros_like(tables), electorate.votes[tables]])
    rows[:, 1] = CODES[Level.REPORTED]
    nothing = np.zeros(0, np.int64), np.zeros((0, ANNOUNCED + len(electorate.election.columns)), np.int64)
    return Sheets(0, len(tables), (tables, rows), nothing)


def _bulletin(electorate: Electorate, root: str, at: int, sequence: int, inside: Flags, shift: float) -> Bulletin:
    votes: Numbers = electorate.votes[inside].sum(axis=0)
    moved = min(votes[0], max(-votes[1], round(shift * votes.sum() / 100)))
    votes[:2] += (-moved, moved)
    return Bulletin(
        id=f"b{sequence}",
        authority="board",
        area=root,
        at=at,
        sequence=sequence,
        status="final" if inside.all() else "partial",
        votes=dict(zip((option.id for option in electorate.election.options), votes.tolist(), strict=True)),
        valid=int(votes.sum()),
        tables_counted=int(inside.sum()),
    )


def show(data: Path, share: float = 1.0) -> None:
    """Print a line for each way to leave tables unseen, and below them each night that was called."""
    print_ways(_lived(data, WAYS, share), WAYS)


def show_villages(data: Path, share: float = 1.0) -> None:
    """The same where the unseen are the strongholds village by village, without an exception."""
    print_ways(_lived(data, tuple(VILLAGES), share), tuple(VILLAGES))


def _lived(data: Path, ways: Sequence[str], share: float) -> list[Moment]:
    """Every moment of so many of the nights (0-1), evenly spread over ways and coverages."""
    found, number = list[Moment](), 0
    for turn, electorate in enumerate(real(data)):
        waiting = list(nights(electorate, ways, turn))
        with Progress(electorate.name, len(waiting)) as progress:
            for done, night in enumerate(waiting, 1):
                number += 1
                if number * GOLDEN % 1 < share:
                    found += moments(night)
                progress.show(done)
    return found


def print_ways(found: Sequence[Moment], ways: Sequence[str]) -> None:
    """Print a line for each way, and one for each moment that was called."""
    header(
        "Left unseen",
        "nights",
        "with a warning",
        "critical",
        "required deviation, complete: 90th of 100, most",
        "partial",
    )
    for way in (*ways, "all"):
        of_way = [moment for moment in found if way in (moment.night.way, "all")]
        if not of_way:
            continue
        spreads = []
        for complete in (True, False):
            required = [moment.required for moment in of_way if (moment.counted == 1) == complete]
            spreads.append(f"{_points(np.percentile(required, 90, method='higher'))}, {_points(max(required))}")
        count = {severity: len({_key(m.night) for m in of_way if m.severity == severity}) for severity in LOUD}
        row(way, len({_key(m.night) for m in of_way}), count["warning"], count["critical"], *spreads)
    called = [moment for moment in found if moment.severity]
    if called:
        print()
        header("Called", "left unseen", "seen", "count, in order", "severity", "gap", "required deviation")
    for moment in called:
        night = moment.night
        count_ = f"{moment.counted:.0%}, {night.order}"
        figures = f"{moment.gap:.1f}", _points(moment.required)
        row(night.electorate.name, night.way, f"{night.seen:.0%}", count_, moment.severity, *figures)


def _points(required: float) -> str:
    """A required deviation; none where no deviation up to 100 points does."""
    return "none" if np.isinf(required) else f"{required:.1f}"


def _key(night: Night) -> tuple[str, str, float, str]:
    return night.electorate.name, night.way, night.seen, night.order


def show_moved(data: Path, share: float = 1.0) -> None:
    """Print how often provinces of 1,000 to 6,000 tables are called when points are moved there, either way, by shift
    and coverage. The sheets come at random or cities first, and the count is complete."""
    provinces = [electorate for electorate in real(data) if len(electorate.votes) <= MOST]
    provinces = provinces[: round(share * len(provinces))]
    header("Points", "coverage", "counts", "warned", "critical", "required deviation: 10th of 100, median")
    for shift in SHIFTS:
        for coverage in COVERAGES:
            found = [
                moment
                for electorate in provinces
                for way in ("at random", "cities first")
                for moved in (-shift, shift)
                for moment in moments(Night(electorate, way, coverage, "at random"), moved, (1.0,))
            ]
            warned, critical = (sum(m.severity in some for m in found) for some in (LOUD, LOUD[1:]))
            least, middle = np.percentile([m.required for m in found], (10, 50), method="lower")
            row(shift, f"{coverage:.0%}", len(found), warned, critical, f"{_points(least)}, {_points(middle)}")
