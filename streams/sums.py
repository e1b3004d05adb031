"""The running sums of the whole election: what its sheets add up to, area by area, and how their votes are
distributed."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from streams.course import Arrivals, Course, follow
from streams.election import Election
from streams.layout import Flags, Numbers, begins, union
from streams.rollup import by_column, contributions, width
from streams.sheets import ANNOUNCED, READ, Rows
from streams.spread import Running, Spread, are_countable, measures

LARGE: Final = 2_000
"""Polling tables of an area whose histograms are kept up; those of a smaller one are counted when asked for."""

MOST: Final = 50_000
"""Polling tables whose rows are added up, or counted, at once: 800,000 of them would take a gigabyte while it lasts,
or 100 MB."""


class Sums:
    """The newest rows of every polling table, and sums by area. Both by their numbers in the election's layout."""

    def __init__(self, election: Election) -> None:
        self._election, self._layout = election, election.layout
        self._read = np.zeros((len(election.tables), READ + len(election.options)), np.int64)
        self._announced: Numbers | None = None
        """Not every election has official figures of polling tables."""
        self._running: dict[int, Running] = {}
        self.rows = np.zeros((len(election.areas), width(len(election.columns))), np.int64)

    @property
    def read(self) -> Numbers:
        """The newest row of every polling table's sheet, by its number; zeros where nobody has read it."""
        return self._read

    def add(self, read: Rows, announced: Rows) -> Numbers:
        """Take in rows of polling tables, except where a newer one is known. The areas whose sums changed."""
        if max(len(read[0]), len(announced[0])) <= MOST:
            return self._add(read, announced)
        changed = np.zeros(len(self.rows), bool)
        for first in range(0, len(self._read), MOST):
            changed[self._add(_stretch(read, first), _stretch(announced, first))] = True
        return np.flatnonzero(changed)

    def _add(self, read: Rows, announced: Rows) -> Numbers:
        if self._announced is None and len(announced[0]):
            self._announced = self._nothing_announced()
        read = _newer(self._read, read)
        announced = announced if self._announced is None else _newer(self._announced, announced)
        tables = union(read[0], announced[0]) if len(announced[0]) else read[0]
        if not len(tables):
            return tables
        before = self._read[tables]
        self._put(*read)
        after = self._read[tables]
        figures = None
        if self._announced is not None:
            known = self._announced[tables]
            self._announced[announced[0]] = announced[1]
            figures = np.concatenate([known, self._announced[tables]])
        # Before and after in one go: for the few polling tables of a tick the calls cost more than the numbers.
        both = contributions(self._election, np.tile(tables, 2), np.concatenate([before, after]), figures)
        areas, sums = self._layout.roll_up(tables, both[len(tables) :] - both[: len(tables)])
        self.rows[areas] += sums
        return areas

    def _nothing_announced(self) -> Numbers:
        return np.zeros((len(self._layout.tables), ANNOUNCED + len(self._election.columns)), np.int64)

    def _put(self, tables: Numbers, rows: Numbers) -> None:
        """Take in the rows of sheets, into the histograms too."""
        before = self._read[tables] if self._running else rows
        self._read[tables] = rows
        for area, running in self._running.items():
            first, end = np.searchsorted(tables, self._layout.inside(area))
            running.add(self._measures(tables[first:end], before[first:end]), -1)
            running.add(self._measures(tables[first:end], rows[first:end]), 1)

    def ahead(self, ticks: Sequence[tuple[Rows, Rows]], watched: Flags, least: Mapping[int, int]) -> Course:
        """Look ahead: what the watched areas come to at each of these ticks, whose rows, of sheets and of what was
        announced, are newer than any before. Watched is also whatever area may come to as much as `least` says of a
        place in its row. `reach` takes the rows in."""
        if self._announced is None and any(len(announced[0]) for _, announced in ticks):
            self._announced = self._nothing_announced()
        read, announced = Arrivals([read for read, _ in ticks]), Arrivals([said for _, said in ticks])
        keys = union(read.keys, announced.keys)
        tables, at = np.divmod(keys, len(ticks))
        figures = None if self._announced is None else announced.as_of(keys, self._announced)
        after = contributions(self._election, tables, read.as_of(keys, self._read), figures)
        first = begins(tables)
        known = tables[first]
        before = np.empty_like(after)
        before[1:] = after[:-1]
        before[first] = contributions(
            self._election, known, self._read[known], None if self._announced is None else self._announced[known]
        )
        changes, places = after - before, list(least)
        rising = np.maximum(0, changes[:, places])
        areas, sums = self._layout.roll_up(tables, np.concatenate([changes, rising], axis=1))
        known = self.rows[areas]
        most = known[:, places] + sums[:, changes.shape[1] :]
        watched = watched.copy()
        watched[areas[(most >= list(least.values())).any(axis=1)]] = True
        rows = follow(self._layout.lines(tables), at, changes, watched, self.rows)
        return Course(len(ticks), read, announced, *rows, areas, known + sums[:, : changes.shape[1]])

    def reach(self, course: Course, begin: int, end: int) -> None:
        """Take in the ticks from `begin` to before `end`, and with the last of all the areas that nobody watched."""
        self._put(*course.read.newest(begin, end))
        if self._announced is not None:
            tables, rows = course.announced.newest(begin, end)
            self._announced[tables] = rows
        places = course.of(begin, end)
        self.rows[course.areas[places]] = course.rows[places]  # of each area the last stays
        if end == course.ticks:
            self.rows[course.changed] = course.ends

    def differing(self) -> Numbers:
        """The polling tables whose official figures are not the accepted sheet's."""
        if self._announced is None:
            return np.zeros(0, np.int64)
        votes = np.zeros((len(self._read), len(self._election.columns)), np.int64)
        by_column(self._election, self._read[:, READ:], votes)
        figures = self._announced[:, ANNOUNCED:]
        apart = ((figures >= 0) & (figures != votes)).any(axis=1)
        return np.flatnonzero(apart & (self._read[:, 2] * self._announced[:, 1] > 0))

    def spread(self, area: int) -> Spread:
        """How the votes are distributed over the accepted sheets of an area."""
        if area in self._running:
            return self._running[area].spread()
        first, end = self._layout.inside(area)
        if end - first > LARGE and (running := self._running_of(first, end)) is not None:
            self._running[area] = running
            return running.spread()
        return Spread.of(self._measures(np.arange(first, end), self._read[first:end]))

    def _running_of(self, first: int, end: int) -> Running | None:
        """The histograms of a stretch of polling tables; None where they cannot be kept up."""
        running = None
        for start in range(first, end, MOST):
            stretch = slice(start, min(start + MOST, end))
            sheets = self._measures(np.arange(stretch.start, stretch.stop), self._read[stretch])
            if not are_countable(sheets):
                return None
            if running is None:
                running = Running(sheets)
            else:
                running.add(sheets, 1)
        return running

    def _measures(self, tables: Numbers, sheets: Numbers) -> Numbers:
        """What the accepted ones of these sheets add to the histograms."""
        accepted = sheets[:, 2] > 0
        sheets, ceiling = sheets[accepted], self._layout.ceiling[tables[accepted]]
        votes = np.empty((len(sheets), len(self._election.columns)), np.int64)
        by_column(self._election, sheets[:, READ:], votes)
        valid = sheets[:, READ:].sum(axis=1)
        return measures(votes, valid, np.where(ceiling < 0, valid, ceiling))


def _stretch(given: Rows, first: int) -> Rows:
    """Those of the `MOST` polling tables from this one on."""
    tables, rows = given
    part = slice(*np.searchsorted(tables, [first, first + MOST]))
    return tables[part], rows[part]


def _newer(known: Numbers, given: Rows) -> Rows:
    """Those rows that are not older than what is known, and differ from it."""
    tables, rows = given
    before = known[tables]
    fresh = (rows[:, 0] >= before[:, 0]) & (rows != before).any(axis=1)
    return (tables, rows) if fresh.all() else (tables[fresh], rows[fresh])
