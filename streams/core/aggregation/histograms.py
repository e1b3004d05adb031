"""How votes are distributed over the accepted sheets of an area: what the bounds are computed from.

Of each column (option or group) three histograms: the votes w(t) of a sheet; the valid votes on it that went
elsewhere, valid(t) - w(t); and its headroom, what a false sheet could hide, ceiling(t) - w(t).
"""

from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from streams.core.aggregation.top_sums import TopSums
from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.reconciliation.sheet_rows import accepted_votes

Kind = Literal[0, 1, 2, 3]
VOTES: Final = 0
REST: Final = 1
HEADROOM: Final = 2
NULLS: Final = 3
"""Null votes, which are one figure for all columns and no part of a `Spread`."""

Histogram = tuple[Numbers, Numbers]
"""Values, the largest first, and beside them the number of sheets that have each."""
_NONE: Final[Histogram] = np.zeros(0, np.int64), np.zeros(0, np.int64)


class Spread:
    """The histograms of an area, by kind and column, each made when it is asked for; none where there is no sheet."""

    def __init__(self, histogram_of: Callable[[Kind, int], Histogram] = lambda kind, column: _NONE) -> None:
        self._histogram_of = histogram_of
        self._top_sums: dict[tuple[Kind, int], TopSums] = {}

    @classmethod
    def of(cls, sheets: Numbers) -> "Spread":
        """Of sheets as `measures` gives them: by kind, by column, by sheet."""
        return cls(lambda kind, column: _histogram(sheets[kind, column]))

    def top(self, kind: Kind, column: int) -> TopSums:
        """Top sums of one histogram, made when they are first asked for."""
        if (kind, column) not in self._top_sums:
            self._top_sums[kind, column] = TopSums(*self._histogram_of(kind, column))
        return self._top_sums[kind, column]

    def largest(self, kind: Kind, column: int) -> int:
        """The largest number in one histogram; 0 where there is none."""
        values, _ = self._histogram_of(kind, column)
        return int(values[0]) if len(values) else 0

    def values(self, kind: Kind, column: int) -> Histogram:
        """One histogram."""
        return self._histogram_of(kind, column)

    def histogram(self, kind: Kind, column: int) -> dict[int, int]:
        """One histogram, value by value."""
        values, numbers = self._histogram_of(kind, column)
        return dict(zip(values.tolist(), numbers.tolist(), strict=True))


class Running:
    """The histograms of one large area, kept up while sheets come and go: counting 823,000 sheets anew takes 30 ms,
    a change a few microseconds."""

    def __init__(self, sheets: Numbers) -> None:
        kinds, columns, _ = sheets.shape
        self._counts = np.zeros((kinds, columns, 1 + int(sheets.max(initial=0))), np.int64)
        for kind in range(kinds):
            for column in range(columns):
                counts = np.bincount(sheets[kind, column])
                self._counts[kind, column, : len(counts)] = counts

    def add(self, sheets: Numbers, sign: int) -> None:
        """Count sheets (`sign` 1), or take them out again (-1)."""
        kinds, columns, width = self._counts.shape
        most = int(sheets.max(initial=0))
        if most >= width:
            self._counts = np.pad(self._counts, ((0, 0), (0, 0), (0, most + 1 - width)))
            width = most + 1
        rows = np.arange(0, kinds * columns * width, width).reshape(kinds, columns, 1)
        np.add.at(self._counts.reshape(-1), (sheets + rows).ravel(), sign)

    def spread(self) -> Spread:
        """As they are now: later changes do not show in it."""
        counts = self._counts.copy()
        return Spread(lambda kind, column: _some(counts[kind, column]))


WIDEST: Final = 1_000_000
"""Values above it are sorted, not counted."""


def measures(votes: Numbers, valid: Numbers, ceiling: Numbers) -> Numbers:
    """What is counted of sheets: votes by column and sheet give (kind, column, sheet)."""
    return np.stack([votes, valid - votes, np.maximum(0, ceiling - votes)])


def measures_of_sheets(election: Election, tables: Numbers, sheets: Numbers) -> Numbers:
    """What is counted of the accepted ones among these polling tables' sheets."""
    accepted = np.flatnonzero(sheets[:, 2])
    valid, votes = accepted_votes(election, sheets[accepted])
    ceiling = election.layout.ceiling[tables[accepted]]
    return measures(votes, valid, np.where(ceiling < 0, valid, ceiling))


def are_countable(sheets: Numbers) -> bool:
    """Whether the values are small enough for a place each."""
    return int(sheets.max(initial=0)) <= WIDEST


def _histogram(values: Numbers) -> Histogram:
    if are_countable(values):
        return _some(np.bincount(values))
    distinct, numbers = np.unique(values, return_counts=True)
    return distinct[::-1], numbers[::-1].astype(np.int64)


def _some(counts: Numbers) -> Histogram:
    values = counts.nonzero()[0][::-1]
    return values, counts[values]
