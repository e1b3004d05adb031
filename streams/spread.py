"""How votes are distributed over the accepted sheets of an area: what the bounds are computed from.

Of each column (option or group) three histograms: the votes w(t) of a sheet; the valid votes on it that went
elsewhere, valid(t) - w(t); and its headroom, what a false sheet could hide, ceiling(t) - w(t).
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import numpy as np

from streams.bounds import TopSums
from streams.layout import Numbers

Kind = Literal[0, 1, 2]
VOTES: Final = 0
REST: Final = 1
HEADROOM: Final = 2

Histogram = tuple[Numbers, Numbers]
"""Values, and beside them the number of sheets that have each."""


class Spread:
    """The histograms of an area, of one or several parts that are added up when somebody asks. Histograms go by kind,
    then by column."""

    def __init__(self, parts: Iterable[Sequence[Sequence[Histogram]]] = ()) -> None:
        self.parts = list(parts)

    @classmethod
    def of(cls, sheets: Numbers) -> "Spread":
        """Of sheets as `measures` gives them: by kind, by column, by sheet."""
        return cls([[[_histogram(column) for column in kind] for kind in sheets]])

    def top(self, kind: Kind, column: int) -> TopSums:
        """Top sums of one histogram."""
        found = [part[kind][column] for part in self.parts]
        values = np.concatenate([values for values, _ in found]) if found else np.zeros(0, np.int64)
        numbers = np.concatenate([numbers for _, numbers in found]) if found else values
        return TopSums(values, numbers)

    def histogram(self, kind: Kind, column: int) -> dict[int, int]:
        """One histogram, value by value."""
        counts: dict[int, int] = {}
        for part in self.parts:
            for value, number in zip(*(row.tolist() for row in part[kind][column]), strict=True):
                counts[value] = counts.get(value, 0) + number
        return counts


class Running:
    """The histograms of one large area, kept up while sheets come and go: counting 823,000 sheets anew takes 30 ms,
    a change a few microseconds."""

    def __init__(self, sheets: Numbers) -> None:
        kinds, columns, _ = sheets.shape
        self._counts = np.zeros((kinds, columns, 1 + int(sheets.max(initial=0))), np.int64)
        for kind in range(kinds):
            for column in range(columns):
                found = np.bincount(sheets[kind, column])
                self._counts[kind, column, : len(found)] = found

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
        """As they are now."""
        part = [[_some(counts) for counts in kind] for kind in self._counts]
        return Spread([part])


WIDEST: Final = 1_000_000
"""Values above it are sorted, not counted."""


def measures(votes: Numbers, valid: Numbers, ceiling: Numbers) -> Numbers:
    """What is counted of sheets: votes by sheet and column give (kind, column, sheet)."""
    columns = votes.T
    return np.stack([columns, valid - columns, np.maximum(0, ceiling - columns)])


def are_countable(sheets: Numbers) -> bool:
    """Whether the values are small enough for a place each."""
    return int(sheets.max(initial=0)) <= WIDEST


def _histogram(values: Numbers) -> Histogram:
    if are_countable(values):
        return _some(np.bincount(values))
    found, numbers = np.unique(values, return_counts=True)
    return found, numbers.astype(np.int64)


def _some(counts: Numbers) -> Histogram:
    values = np.flatnonzero(counts)
    return values, counts[values]


def _numbers(values: Sequence[int]) -> Numbers:
    return np.asarray(values, np.int64)
