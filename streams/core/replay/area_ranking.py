"""Areas by how far their two counts are apart."""

from collections.abc import Mapping
from dataclasses import dataclass

from streams.core.election.model import Election
from streams.core.replay.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Row:
    """One area at the end of a night."""

    area: str
    name: str
    level: str
    tables: int
    """Polling tables with an accepted sheet."""
    coverage: float | None
    """The same over the tables that exist (0-1)."""
    bulletin: str | None
    single: int
    """Polling tables announced one by one, where there is no bulletin: their sum is the official count."""
    breakdown: int
    """Sheets that would have to be wrong for the worst of its figures."""
    apart: float | None
    """Points between the official and the witnessed share of the figure where they are most."""
    column: str
    """The option or group with that figure, or with that breakdown count."""
    differing: int
    """Polling tables whose official figures are not their sheets'."""
    outside: int
    """Polling tables announced outside their own bounds."""
    disputed: int
    firing: int


def ranked(election: Election, outcome: Outcome) -> list[Row]:
    """Every area that anything is known of: the root first, then by breakdown count, by points apart, by polling
    tables that differ, by those outside their bounds, by disputed sheets, by coverage."""
    rows = [_row(election, area, outcome) for area in election.areas]
    active = [row for row in rows if row.tables or row.bulletin or row.disputed or row.outside or row.single]
    return sorted(
        active,
        key=lambda row: (
            row.area != election.root.id,
            -row.breakdown,
            -(row.apart or 0.0),
            -row.differing,
            -row.outside,
            -row.disputed,
            -(row.coverage or 0.0),
            len(election.lineage[row.area]),
            row.area,
        ),
    )


def _row(election: Election, area: str, outcome: Outcome) -> Row:
    state = outcome.states[area]
    seen, official, announced = state.witnessed, state.official, state.tables_announced
    figures = {} if official is None else official.figures
    breakdown = {name: figure.breakdown or 0 for name, figure in figures.items()}
    shares: Mapping[str, float | None] = {name: figure.share for name, figure in figures.items()}
    if official is None and announced is not None:
        shares = announced.shares
    apart = {
        name: abs(share - witnessed)
        for name, share in shares.items()
        if share is not None and (witnessed := seen.shares[name]) is not None
    }
    worst = max(breakdown, key=lambda name: (breakdown[name], apart.get(name, 0.0)), default="")
    return Row(
        area=area,
        name=election.labels[area],
        level=state.level,
        tables=seen.tables,
        coverage=seen.coverage,
        bulletin=None if official is None else official.bulletin,
        single=0 if official is not None or announced is None else announced.announced,
        breakdown=breakdown.get(worst, 0),
        apart=max(apart.values(), default=None),
        column=worst,
        differing=0 if announced is None else announced.differing,
        outside=0 if state.bounds is None else state.bounds.below + state.bounds.above,
        disputed=seen.levels.get("disputed", 0),
        firing=len(state.alerts),
    )
