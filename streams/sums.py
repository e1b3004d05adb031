"""One partition's running sums: what its sheets add up to, area by area, and how their votes are distributed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from streams.election import Election
from streams.layout import Numbers
from streams.ledger import Announced, Level, Verdict
from streams.rollup import SHEET, by_column, contributions, width
from streams.spread import Running, Spread, are_countable, measures

Row = Sequence[int]
"""A sheet's row without the number of entries: 1 + the place of its level, accepted, null votes, votes by option."""

CODES: Final = {level: 1 + i for i, level in enumerate(Level)}

LARGE: Final = 2_000
"""Polling tables of an area whose histograms are kept up; those of a smaller one are counted when asked for."""


Rows = tuple[Numbers, Numbers]
"""Polling tables, and a row for each."""


def row_of(election: Election, verdict: Verdict) -> Row:
    """A verdict as a sheet's row."""
    votes = verdict.votes if verdict.votes is not None else (0,) * len(election.options)
    return (CODES[verdict.level], verdict.accepted, verdict.null, *votes)


def official_row(election: Election, announced: Announced | None) -> Row:
    """An official figure as a row: whether there is one, then the figures by column."""
    return (0,) * (1 + len(election.columns)) if announced is None else (1, *announced.votes)


def rows_of(found: Mapping[int, Row]) -> Rows:
    """Rows by polling table as arrays."""
    return np.fromiter(found, np.int64, len(found)), np.array(list(found.values()), np.int64)


class Sums:
    """Sheets by polling table, sums by area. Both by their numbers in the election's layout."""

    def __init__(self, election: Election) -> None:
        self._election, self._layout = election, election.layout
        self._sheets = np.zeros((len(election.tables), SHEET + len(election.options)), np.int64)
        self._official: Numbers | None = None
        """Whether a polling table has an official figure, and by column (-1: none). Not every election has any."""
        self._running: dict[int, Running] = {}
        self._changed = np.zeros(len(election.areas), bool)
        self.rows = np.zeros((len(election.areas), width(len(election.columns))), np.int64)

    def change(self, entered: Sequence[int], sheets: Iterable[Rows], official: Sequence[Rows]) -> None:
        """Take in changed polling tables: one of `entered` for each new entry of a ledger, the sheets and the official
        figures that are new; where there are several of a polling table, the last holds."""
        tables, entries = np.unique(np.asarray(entered, np.int64), return_counts=True)
        before = self._sheets[tables]
        after = before.copy()
        after[:, 0] += entries
        _put(after[:, 1:], tables, sheets)
        np.maximum(after[:, 1], CODES[Level.NONE], out=after[:, 1])
        announced = self._announce(tables, official)
        # Before and after in one go: for the few polling tables of a tick the calls cost more than the numbers.
        both = contributions(self._election, np.tile(tables, 2), np.concatenate([before, after]), announced)
        change = both[len(tables) :] - both[: len(tables)]
        areas, sums = self._layout.roll_up(tables, change)
        self.rows[areas] += sums
        self._sheets[tables] = after
        self._changed[areas] = True
        for area, running in self._running.items():
            first, end = np.searchsorted(tables, self._layout.inside(area))
            running.add(self._measures(tables[first:end], before[first:end]), -1)
            running.add(self._measures(tables[first:end], after[first:end]), 1)

    def _announce(self, tables: Numbers, official: Sequence[Rows]) -> Numbers | None:
        """Official figures of these polling tables, first as they were, then as they are now; None where no polling
        table of the election has any."""
        columns = len(self._election.columns)
        if self._official is None:
            if not any(len(changed) for changed, _ in official):
                return None
            self._official = np.zeros((len(self._layout.tables), 1 + columns), np.int64)
        before = self._official[tables]
        after = before.copy()
        _put(after, tables, official)
        self._official[tables] = after
        return np.concatenate([before, after])

    def take_changed(self) -> Numbers:
        """The areas whose sums changed since the last call."""
        changed = np.flatnonzero(self._changed)
        self._changed[changed] = False
        return changed

    def differing(self) -> Numbers:
        """The polling tables whose official figures are not the accepted sheet's."""
        if self._official is None:
            return np.zeros(0, np.int64)
        votes = np.zeros((len(self._sheets), len(self._election.columns)), np.int64)
        by_column(self._election, self._sheets[:, SHEET:], votes)
        figures = self._official[:, 1:]
        apart = ((figures >= 0) & (figures != votes)).any(axis=1)
        return np.flatnonzero(apart & (self._sheets[:, 2] * self._official[:, 0] > 0))

    def spread(self, area: int) -> Spread:
        """How the votes are distributed over the accepted sheets of an area."""
        if area in self._running:
            return self._running[area].spread()
        first, end = self._layout.inside(area)
        sheets = self._measures(np.arange(first, end), self._sheets[first:end])
        if end - first > LARGE and are_countable(sheets):
            self._running[area] = Running(sheets)
        return Spread.of(sheets)

    def _measures(self, tables: Numbers, sheets: Numbers) -> Numbers:
        """What the accepted ones of these sheets add to the histograms."""
        accepted = sheets[:, 2] > 0
        sheets, ceiling = sheets[accepted], self._layout.ceiling[tables[accepted]]
        votes = np.empty((len(sheets), len(self._election.columns)), np.int64)
        by_column(self._election, sheets[:, SHEET:], votes)
        valid = sheets[:, SHEET:].sum(axis=1)
        return measures(votes, valid, np.where(ceiling < 0, valid, ceiling))


def _put(rows: Numbers, tables: Numbers, new: Iterable[Rows]) -> None:
    """Write new rows over those of their polling tables, which are in order."""
    for changed, values in new:
        if len(changed):
            rows[np.searchsorted(tables, changed)] = values
