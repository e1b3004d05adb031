"""Sums over polling tables of which bounds are known: what those without an accepted sheet add to the floors and
ceilings of the areas above, and how many of them are announced outside their own.

Notation as in docs/evidence.md: of a table t, a(t) are the votes certainly cast for an option or group, A(t) those for
all options, b(t) the ballots that can have been cast at most, R(t) its registered voters, w(t) its official figure.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers
from streams.core.events.area_states import Bounds
from streams.core.reconciliation.sheet_rows import ANNOUNCED, BOUNDED, CONFLICT, HOLD, READ, by_column

ADDED: Final = 0
"""Polling tables with bounds and no accepted sheet: floors and ceilings rest on them. This and the constants below are
places in a row of `bound_sums`."""
ADDED_VALID: Final = 1
"""Votes certainly cast at the tables of `ADDED`."""
HOLDING: Final = 2
"""Polling tables with bounds, with or without an accepted sheet."""
CONFLICTING: Final = 3
"""Those of `HOLDING` whose bounds contradict each other, so that none counts."""
AGAINST: Final = 4
"""Those of `HOLDING` whose accepted sheet is outside their bounds. The sheet counts; the bounds are not used."""
CHECKED: Final = 5
"""Of the other tables, those announced by themselves whose votes are bounded below."""
BELOW: Final = 6
"""Those of `CHECKED` announced with fewer votes for any option or group."""
CHECKED_MOST: Final = 7
"""Polling tables announced by themselves whose ballots are bounded above."""
ABOVE: Final = 8
"""Those of `CHECKED_MOST` announced with more ballots."""
EXCESS: Final = 9
"""By how many votes the tables of `ABOVE` exceed their bounds."""
FIGURES: Final = 10
"""The first of three stretches by column: votes certainly cast where no sheet is accepted; registered voters there whom
the bounds rule out for the column; votes missing at the tables of `BELOW`."""


class Evidence(NamedTuple):
    """Rows of the same polling tables (`sheet_rows`): of their sheets, of what was announced where anything ever
    was, and of their bounds."""

    read: Numbers
    announced: Numbers | None
    bounds: Numbers


def width(columns: int) -> int:
    """Numbers in a row of sums."""
    return FIGURES + 3 * columns


def contributions(election: Election, tables: Numbers, evidence: Evidence) -> Numbers:
    """What polling tables add to the areas above, column by column."""
    columns = len(election.columns)
    sums = np.zeros((width(columns), len(tables)), np.int64)
    holds, _, at_least = _figures(election, evidence.bounds)
    added = holds & (evidence.read[:, 2] == 0)
    sums[ADDED] = added
    sums[HOLDING] = holds
    sums[CONFLICTING] = evidence.bounds[:, 1] == CONFLICT
    sums[ADDED_VALID] = added * evidence.bounds[:, BOUNDED:].sum(axis=1)
    figures = sums[FIGURES:].reshape(3, columns, len(tables))
    figures[0] = added * at_least
    figures[1] = added * ruled_out(election, tables, evidence.bounds)
    sums[AGAINST] = against = holds & (evidence.read[:, 2] > 0) & _are_outside(election, evidence)
    if evidence.announced is not None:
        _check(election, evidence.announced, evidence.bounds, holds & ~against, sums)
    return sums


def _are_outside(election: Election, evidence: Evidence) -> Flags:
    """Which polling tables have less on their sheets than bounds say, of what sheets are read for, or more."""
    votes, bounds, read = evidence.read[:, READ:], evidence.bounds, list(election.read_options.values())
    below: Flags = np.any(votes[:, read] < bounds[:, BOUNDED:][:, read], axis=1)
    above: Flags = (bounds[:, 2] >= 0) & (votes.sum(axis=1) + evidence.read[:, READ - 1] > bounds[:, 2])
    return below | above


def measures(election: Election, tables: Numbers, evidence: Evidence) -> Numbers:
    """What the polling tables among these with bounds and no accepted sheet add to the histograms (`histograms`),
    by kind, column and table: a(t), A(t) - a(t), and what a false bound could hide of the ceiling."""
    some = np.flatnonzero((evidence.bounds[:, 1] == HOLD) & (evidence.read[:, 2] == 0))
    bounds = evidence.bounds.take(some, axis=0)
    _, valid, at_least = _figures(election, bounds)
    return np.stack([at_least, valid - at_least, np.maximum(0, ruled_out(election, tables.take(some), bounds))])


def ruled_out(election: Election, tables: Numbers, bounds: Numbers) -> Numbers:
    """By column, the registered voters of polling tables who cannot have voted for it: R(t) - min(R(t), b(t)) and all
    that was certainly cast for others, but never so many that less than a(t) is left. 0 where nobody knows R(t)."""
    holds, valid, at_least = _figures(election, bounds)
    layout, at_most = election.layout, bounds[:, 2]
    registered = layout.registered.take(tables)
    room = np.where(at_most < 0, registered, np.minimum(at_most, registered)) - (valid - at_least)
    out: Numbers = registered - np.maximum(at_least, room)
    return out * (holds & layout.knows_register.take(tables))


def _figures(election: Election, bounds: Numbers) -> tuple[Flags, Numbers, Numbers]:
    """Of polling tables: whether bounds hold, A(t), and a(t) by column."""
    at_least = np.empty((len(election.columns), len(bounds)), np.int64)
    by_column(election, bounds[:, BOUNDED:].T, at_least)
    return bounds[:, 1] == HOLD, bounds[:, BOUNDED:].sum(axis=1), at_least


def _check(election: Election, announced: Numbers, bounds: Numbers, some: Flags, sums: Numbers) -> None:
    """Fill in which of some polling tables are announced outside their own bounds."""
    _, valid, at_least = _figures(election, bounds)
    official, missing = announced[:, ANNOUNCED:].T, sums[-len(election.columns) :]
    both = some & (announced[:, 1] > 0)
    sums[CHECKED] = both & (valid > 0)
    missing[:] = np.where(official < 0, 0, np.maximum(0, at_least - official)) * both
    sums[BELOW] = missing.any(axis=0)
    sums[CHECKED_MOST] = bounded = both & (bounds[:, 2] >= 0)
    sums[EXCESS] = np.maximum(0, _cast(election, official) - bounds[:, 2]) * bounded
    sums[ABOVE] = sums[EXCESS] > 0


def _cast(election: Election, official: Numbers) -> Numbers:
    """The votes that official figures of polling tables come to: of a group, what its options do not account for."""
    figures, options = np.maximum(0, official), len(election.options)
    total: Numbers = figures[:options].sum(axis=0)
    for i, group in enumerate(election.group_indexes):
        total = total + np.maximum(0, figures[options + i] - figures[list(group)].sum(axis=0))
    return total


@dataclass(frozen=True, slots=True)
class BoundSums:
    """One area's row, as the rules see it. Lists go by column."""

    row: list[int]

    @property
    def tables(self) -> int:
        """Polling tables with bounds and no accepted sheet."""
        return self.row[ADDED]

    @property
    def checked(self) -> int:
        """Polling tables announced by themselves whose votes are bounded below."""
        return self.row[CHECKED]

    @property
    def below(self) -> int:
        """Those of them announced with less."""
        return self.row[BELOW]

    @property
    def checked_most(self) -> int:
        """Polling tables announced by themselves whose ballots are bounded above."""
        return self.row[CHECKED_MOST]

    @property
    def above(self) -> int:
        """Those of them announced with more."""
        return self.row[ABOVE]

    @property
    def excess(self) -> int:
        """Votes announced there beyond the bounds."""
        return self.row[EXCESS]

    @property
    def at_least(self) -> list[int]:
        """Votes certainly cast where no sheet is accepted."""
        return self._part(0)

    @property
    def ruled_out(self) -> list[int]:
        """Registered voters there who cannot have voted for it."""
        return self._part(1)

    @property
    def missing(self) -> list[int]:
        """Votes missing at the tables announced below."""
        return self._part(2)

    def _part(self, which: int) -> list[int]:
        columns = (len(self.row) - FIGURES) // 3
        return self.row[FIGURES + which * columns :][:columns]

    def in_state(self, election: Election) -> Bounds | None:
        """What an area's state says of them; None where nothing bounds anything."""
        if not self.row[HOLDING] and not self.row[CONFLICTING]:
            return None
        return Bounds(
            tables=self.row[HOLDING],
            unwitnessed=self.tables,
            conflicting=self.row[CONFLICTING],
            against_sheets=self.row[AGAINST],
            votes=dict(zip(election.column_index, self.at_least, strict=True)),
            checked=self.checked,
            below=self.below,
            missing=dict(zip(election.column_index, self.missing, strict=True)),
            checked_most=self.checked_most,
            above=self.above,
            excess=self.excess,
        )
