"""The running sums of the whole election: what its sheets add up to, area by area, and how their votes are
distributed."""

from collections.abc import Mapping, Sequence

import numpy as np

from streams.core.aggregation import bound_sums
from streams.core.aggregation.bound_sums import ABOVE, BELOW, Evidence
from streams.core.aggregation.expected_votes import Changes
from streams.core.aggregation.histograms import Histogram, Spread, measures_of_sheets
from streams.core.aggregation.open_sheets import OpenSheets
from streams.core.aggregation.projector import Projector
from streams.core.aggregation.spreads import Spreads
from streams.core.aggregation.sums_over_ticks import Arrivals, Course, SheetChanges
from streams.core.aggregation.tally import contributions, width
from streams.core.aggregation.tick_sums import follow
from streams.core.election import numbering
from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers, begins, roll_up, stretches, union
from streams.core.events.area_states import OfficialLead
from streams.core.reconciliation.sheet_rows import (
    ANNOUNCED,
    BOUNDED,
    READ,
    Rows,
    accepted_votes,
    by_column,
    in_order,
    no_rows,
)

_Said = tuple[Numbers, Numbers | None]
"""Rows of sheets, and of what was announced, where anything was."""


class Sums:
    """The newest rows of every polling table, and sums by area. Both by their numbers in the election's layout."""

    def __init__(self, election: Election) -> None:
        self._election, self._layout = election, election.layout
        # Many rows are picked by `take`, here and wherever there are thousands: a quarter of the time of an index.
        self._read = np.zeros((len(election.tables), READ + len(election.options)), np.int64)
        self._announced: Numbers | None = None
        """Not every election has official figures of polling tables."""
        self._bounds: Numbers | None = None
        """Hardly any election has evidence that is only a bound."""
        self.bounds: Numbers | None = None
        """Sums of it by area (`bound_sums`); None where there is none anywhere."""
        self._spreads = Spreads(self._layout, self._measures)
        self.open_sheets = OpenSheets(election, self._read)
        """Sheets that do not count yet."""
        self.projector = Projector(election, self._witnessed)
        """What honest counts can announce."""
        self.rows = np.zeros((len(election.areas), width(len(election.columns))), np.int64)

    @property
    def read(self) -> Numbers:
        """The newest row of every polling table's sheet, by its number; zeros where nobody has read it."""
        return self._read

    def add(self, read: Rows, announced: Rows, bounds: Rows) -> Numbers:
        """Take in rows of polling tables, except where a newer one is known. The areas whose sums changed."""
        if len(bounds[0]) and self._bounds is None:
            self._bounds = np.zeros((len(self._read), BOUNDED + len(self._election.options)), np.int64)
            self.bounds = np.zeros((len(self.rows), bound_sums.width(len(self._election.columns))), np.int64)
        if len(read[0]) + len(announced[0]) + len(bounds[0]) <= numbering.AT_ONCE:
            return self._add(read, announced, bounds)
        tables, changed = union(read[0], announced[0], bounds[0]), np.zeros(len(self.rows), bool)
        for part in stretches(0, len(tables)):
            changed[self._add(*(_between(rows, tables[part]) for rows in (read, announced, bounds)))] = True
        return np.flatnonzero(changed)

    def _add(self, read: Rows, announced: Rows, bounds: Rows) -> Numbers:
        if self._announced is None and len(announced[0]):
            self._announced = self._nothing_announced()
        read = _newer(self._read, read)
        announced = announced if self._announced is None else _newer(self._announced, announced)
        bounds = bounds if self._bounds is None else _newer(self._bounds, bounds)
        some = [rows[0] for rows in (read, announced, bounds) if len(rows[0])]
        tables = union(*some) if len(some) > 1 else (*some, read[0])[0]
        if not len(tables):
            return tables
        before, official = self._read.take(tables, axis=0), self._official(tables)
        bounded = self._bounded(tables)
        self._put(read, bounds)
        if self._announced is not None:
            self._announced[announced[0]] = announced[1]
        changes = self._changes(tables, (before, official), (self._read.take(tables, axis=0), self._official(tables)))
        lines = self._layout.lines(tables)
        areas, sums = roll_up(lines, changes)
        self.rows[areas] += sums.T
        self.projector.mark(areas)
        self._spreads.forget(areas)
        if self.bounds is not None:
            areas, sums = roll_up(lines, self._bounded(tables) - bounded)
            self.bounds[areas] += sums.T
        return areas

    def _bounded(self, tables: Numbers) -> Numbers:
        """What these polling tables' bounds add to the areas above, by column; no columns where there are none."""
        if self._bounds is None:
            return np.zeros((0, len(tables)), np.int64)
        evidence = Evidence(self._read.take(tables, axis=0), self._official(tables), self._bounds.take(tables, axis=0))
        return bound_sums.contributions(self._election, tables, evidence)

    def _official(self, tables: Numbers) -> Numbers | None:
        return None if self._announced is None else self._announced.take(tables, axis=0)

    def _changes(self, tables: Numbers, before: _Said, after: _Said) -> Numbers:
        """How their contributions change where such rows take the place of those before, column by column."""
        # Before and after in one go: for the few polling tables of a tick the calls cost more than the numbers.
        (was, official), (read, figures) = before, after
        said = None if official is None or figures is None else np.concatenate([official, figures])
        both = contributions(self._election, np.tile(tables, 2), np.concatenate([was, read]), said)
        return both[:, len(tables) :] - both[:, : len(tables)]

    def _nothing_announced(self) -> Numbers:
        return np.zeros((len(self._layout.tables), ANNOUNCED + len(self._election.columns)), np.int64)

    def _put(self, read: Rows, bounds: Rows) -> None:
        """Take in the rows of sheets and of bounds, into the histograms too."""
        tables = union(read[0], bounds[0]) if len(bounds[0]) else read[0]
        self._spreads.count(tables, -1)
        if self.projector.keeps:
            before = self._read.take(read[0], axis=0)
            self.projector.recount(
                read[0], accepted_votes(self._election, before), accepted_votes(self._election, read[1])
            )
        self._read[read[0]] = read[1]
        self.open_sheets.mark(read[0])
        if self._bounds is not None and len(bounds[0]):
            self._bounds[bounds[0]] = bounds[1]
        self._spreads.count(tables, 1)

    @property
    def keeps(self) -> bool:
        """Whether anything is counted sheet by sheet."""
        return self._spreads.keeps_up or self.projector.keeps

    def ahead(
        self, ticks: Sequence[tuple[Rows, Rows]], watched: Flags, least: Mapping[int, int], unseen: bool
    ) -> Course:
        """Look ahead: what the watched areas come to at each of these ticks, whose rows, of sheets and of what was
        announced, are newer than any before. Watched is also whatever area may come to as much as `least` says of a
        place in its row. `reach` takes the rows in."""
        if self._announced is None and any(len(announced[0]) for _, announced in ticks):
            self._announced = self._nothing_announced()
        read, announced = Arrivals([read for read, _ in ticks]), Arrivals([said for _, said in ticks])
        keys = union(read.keys, announced.keys) if len(announced.keys) else read.keys
        tables, at = np.divmod(keys, len(ticks))
        after = read.as_of(keys, self._read)
        figures = None if self._announced is None else announced.as_of(keys, self._announced)
        before, official = self._read.take(tables, axis=0), self._official(tables)
        again = np.flatnonzero(~begins(tables))
        before[again] = after.take(again - 1, axis=0)
        if official is not None and figures is not None:
            official[again] = figures.take(again - 1, axis=0)
        changes, places = self._changes(tables, (before, official), (after, figures)), list(least)
        sheets = SheetChanges(tables, at, before, after)
        # Half of the columns stay as they are, nearly always: without them all judging takes a seventh less.
        busy = np.flatnonzero(changes.any(axis=1))
        moved = np.concatenate([changes.take(busy, axis=0), np.maximum(0, changes.take(places, axis=0))])
        lines = self._layout.lines(tables)
        areas, sums = roll_up(lines, moved)
        ends = self.rows.take(areas, axis=0)
        most = ends[:, places] + sums[len(busy) :].T
        watched = watched.copy()
        watched[areas[(most >= list(least.values())).any(axis=1)]] = True
        ends[:, busy] += sums[: len(busy)].T
        followed, at, come = follow(lines, at, moved[: len(busy)], watched)
        rows = self.rows.take(followed, axis=0)
        rows[:, busy] += come.T
        traced = self.projector.trace(Changes(len(ticks), followed, at, rows), self.rows) if unseen else None
        return Course(len(ticks), read, announced, sheets, followed, at, rows, areas, ends, traced)

    def reach(self, course: Course, begin: int, end: int) -> None:
        """Take in the ticks from `begin` to before `end`, and with the last of all the areas that nobody watched."""
        read = course.read.between(begin, end)
        self._put(in_order(read) if self.keeps else read, no_rows())
        if self._announced is not None:
            tables, rows = course.announced.between(begin, end)
            self._announced[tables] = rows  # of each polling table the last stays
        places = course.of(begin, end)
        self.rows[course.areas[places]] = course.rows[places]  # of each area the last stays
        self._spreads.forget(course.areas[places])
        if course.traced is None:
            self.projector.mark(course.areas[places])
        else:
            self.projector.take(course.traced.during(begin, end))
        if end == course.ticks:
            self.rows[course.changed] = course.ends
            self.projector.mark(np.setdiff1d(course.changed, course.areas))
            self._spreads.forget(course.changed)

    def differing(self) -> Numbers:
        """The polling tables whose official figures are not the accepted sheet's."""
        if self._announced is None:
            return np.zeros(0, np.int64)
        votes = np.zeros((len(self._election.columns), len(self._read)), np.int64)
        by_column(self._election, self._read[:, READ:].T, votes)
        figures = self._announced[:, ANNOUNCED:].T.copy()
        figures[self._election.unread_places] = -1
        apart = ((figures >= 0) & (figures != votes)).any(axis=0)
        return np.flatnonzero(apart & (self._read[:, 2] * self._announced[:, 1] > 0))

    def outside(self) -> Numbers:
        """The polling tables announced outside their own bounds."""
        if self._bounds is None:
            return np.zeros(0, np.int64)
        tables = np.flatnonzero(self._bounds[:, 1] > 0)
        added = self._bounded(tables)
        outside: Numbers = tables[(added[BELOW] > 0) | (added[ABOVE] > 0)]
        return outside

    def nulls(self, area: int) -> Histogram:
        """The null votes of the accepted sheets of an area. Counted anew: hardly any night asks."""
        read = self._read[slice(*self._layout.inside(area))]
        values, numbers = np.unique(read[read[:, 2] > 0, READ - 1], return_counts=True)
        return values[::-1], numbers[::-1].astype(np.int64)

    def announced(self, area: int) -> tuple[Numbers, Numbers]:
        """By column, how many polling tables of an area have an official figure of their own, and what these come to.
        A group has one too where each of its options has. Takes some 10 ms for a million polling tables."""
        options, columns = len(self._election.options), len(self._election.columns)
        if self._announced is None:
            return (none := np.zeros(columns, np.int64)), none
        first, end = self._layout.inside(area)
        rows = self._announced[first:end]
        figures = rows[rows[:, 1] > 0, ANNOUNCED : ANNOUNCED + columns]
        for i, members in enumerate(self._election.group_indexes):
            told = figures[:, list(members)]
            derived = np.where((told >= 0).all(axis=1), told.sum(axis=1), -1)
            figures[:, options + i] = np.maximum(figures[:, options + i], derived)
        return (figures >= 0).sum(axis=0), np.maximum(figures, 0).sum(axis=0)

    def official_lead(self, area: int, told: Numbers, votes: Numbers) -> OfficialLead | None:
        """Who leads among the votes that `announced` gives; None where nobody is ahead of all others, or not each
        polling table tells every option for which sheets are read."""
        announced = self._nothing_announced() if self._announced is None else self._announced
        holds = announced[slice(*self._layout.inside(area)), 1] > 0
        complete = (told[list(self._election.read_options.values())] == np.count_nonzero(holds)).all()
        return self.open_sheets.official(area, votes.tolist(), holds) if complete else None

    def spread(self, area: int) -> Spread:
        """How the votes are distributed over the accepted sheets of an area."""
        return self._spreads.of(area)

    def _witnessed(self, stretch: slice) -> tuple[Numbers, Numbers]:
        return accepted_votes(self._election, self._read[stretch])

    def _measures(self, tables: Numbers) -> Numbers:
        """What these polling tables add to the histograms: their accepted sheets, and bounds where there is none."""
        read = self._read.take(tables, axis=0)
        sheets = measures_of_sheets(self._election, tables, read)
        if self._bounds is None:
            return sheets
        evidence = Evidence(read, None, self._bounds.take(tables, axis=0))
        return np.concatenate([sheets, bound_sums.measures(self._election, tables, evidence)], axis=2)


def _between(given: Rows, some: Numbers) -> Rows:
    """Those from the first to the last of some polling tables."""
    tables, rows = given
    part = slice(*np.searchsorted(tables, [some[0], some[-1] + 1]))
    return tables[part], rows[part]


def _newer(newest: Numbers, given: Rows) -> Rows:
    """Those rows that are not older than what is known, and differ from it."""
    tables, rows = given
    before = newest.take(tables, axis=0)
    fresh = (rows[:, 0] >= before[:, 0]) & (rows != before).any(axis=1)
    return (tables, rows) if fresh.all() else (tables[fresh], rows[fresh])
