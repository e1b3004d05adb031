"""The projections of the areas of an election (`honest_shares`), kept up while sheets come."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from streams.core.aggregation.area_cache import AreaCache
from streams.core.aggregation.bulletin_figures import BASE, COMPLETE, FRACTION, WHOLE, announced_shares
from streams.core.aggregation.expected_votes import ENOUGH, Changes, Expected, Traced, Unseen
from streams.core.aggregation.honest_shares import UNIT, Blocks, Count, Figures, Projected, Projection, gaps
from streams.core.aggregation.tally import TABLES, VALID, VOTES
from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers, stretches, union

LARGE: Final = 2_000
"""Polling tables of an area whose blocks are kept up; those of a smaller one are binned when asked for."""

KEPT: Final = 10_000
"""Areas whose projections are kept until their sums change: some 1 kB each."""

FIGURES_AT_ONCE: Final = 128
"""Figures that are worked out at once: 100 kB each."""

Tables = Callable[[slice], tuple[Numbers, Numbers]]
"""Of a stretch of n polling tables: valid votes on accepted sheets, 0 without one, and votes by column (columns, n)."""


class Counted(NamedTuple):
    """What bulletins can have counted, at many ticks; the first two by tick and column."""

    limits: Figures
    """No gap is larger, in points; NaN where there is no figure."""
    middle: Figures
    """Shares of the whole just as expected, in per cent."""
    scale: Figures
    mass: Figures
    slack: Figures
    """As `Projection` has them, by tick."""


class Projector:
    """Follows the sums of areas; asked only where there is a bulletin."""

    def __init__(self, election: Election, tables: Tables) -> None:
        self._election, self._layout, self._tables = election, election.layout, tables
        self._rule, self._columns = election.rules.divergence, len(election.columns)
        self._unseen = Unseen(election)
        self._kept = Blocks.none(0, 1 + self._unseen.levels)
        """Blocks of large areas, one's figures behind the other's."""
        self._place = np.full(len(election.areas) + 1, -1)
        """Of each area the place of its first figure there, -1 where it has none; the last is for -1, no area."""
        self._required = np.zeros((len(election.areas), self._columns))
        """By area and column, the deviation that was last required: the next lies near it."""
        self._stale = np.zeros(len(election.areas), bool)
        self._known = AreaCache[tuple[Numbers, Projected]](KEPT)
        """By area, what was projected for such a claim: of some areas (`KEPT`) whose sums have not changed since. It
        rests on no other area's sums: with `ENOUGH` sheets an area has every model of its unseen in it."""

    def mark(self, areas: Numbers) -> None:
        """Note areas whose sums have changed."""
        self._stale[areas] = True

    def recount(self, tables: Numbers, before: tuple[Numbers, Numbers], after: tuple[Numbers, Numbers]) -> None:
        """Polling tables, in rising order, whose sheets have changed: as `Tables` gives them, before and now."""
        home, witnessed = np.tile(self._layout.home[tables], 2), np.zeros(2 * len(tables), np.int64)
        valid = np.concatenate([-before[0], after[0]])
        votes = np.concatenate([-before[1], after[1]], axis=1)
        self._keep_up(home, witnessed, UNIT * valid, UNIT * votes)

    @property
    def keeps(self) -> bool:
        """Whether `recount` has anything to do."""
        return len(self._kept.valid) > 0

    def widest(self, areas: Numbers, rows: Numbers, claimed: Numbers) -> Figures:
        """No gap of any figure is larger than these, by area: from sums alone, and so for many areas at once. `rows`
        are the sums of all areas, `claimed` what the bulletins of these say. 0 below the sheets that the rule asks."""
        self._follow(rows)
        return self._widest(rows[areas], claimed, lambda some: self._unseen.expected(areas[some]))

    def widest_at(self, traced: Traced, places: Numbers, claimed: Numbers) -> Figures:
        """The same at many ticks, of the areas at these places among the changes that were traced just now."""
        areas, at = traced.changes.areas[places], traced.changes.at[places]
        rows = traced.changes.rows[places]
        return self._widest(rows, claimed, lambda some: self._unseen.expected_at(traced, areas[some], at[some]))

    def trace(self, changes: Changes, rows: Numbers) -> Traced:
        """What becomes of the unseen at many ticks; `rows` are the sums of all areas before the first."""
        self._follow(rows)
        return self._unseen.trace(changes, rows)

    def take(self, traced: Traced) -> None:
        """Take in what was traced, tick by tick or all at once."""
        self._known.forget(traced.changes.areas)
        models = traced.models.areas
        if self.keeps:
            models = union(models)
            model, kind, valid, votes = self._unseen.blocks(models)
            self._keep_up(model, kind, -valid, -votes)
        self._unseen.take(traced)
        if self.keeps:
            self._keep_up(*self._unseen.blocks(models))

    def _widest(self, rows: Numbers, claimed: Numbers, expected_of: Callable[[Numbers], Expected]) -> Figures:
        widest = np.zeros(len(rows))
        enough = np.maximum(ENOUGH, self._rule.min_sheets)
        some = np.flatnonzero((rows[:, TABLES] >= enough) & (rows[:, VALID] > 0) & (claimed[:, BASE] > 0))
        if len(some):
            widest[some] = np.nanmax(self._limits(rows[some], claimed[some], expected_of(some)), axis=1, initial=0)
        return widest

    def _limits(self, rows: Numbers, claimed: Numbers, expected: Expected) -> Figures:
        """No gap is larger than these: by area and column, NaN where there is no figure."""
        count = _count(claimed)
        scale = count.scale(rows[:, VALID].astype(np.float64), expected.valid / UNIT)
        part = (scale / UNIT)[:, None]
        whole = rows[:, VALID, None] + part * expected.valid[:, None]
        votes = rows[:, VOTES : VOTES + self._columns]
        ends = (100 * (votes + part * each.T) / whole for each in (expected.least, expected.most))
        return np.abs(gaps(announced_shares(claimed), *ends))

    def project(self, areas: Numbers, rows: Numbers, claimed: Numbers, least: float = 0) -> Projected:
        """The same in full, of areas with a bulletin that has valid votes, and `ENOUGH` sheets, with votes. Only
        of areas where some gap is `least` points or more, where that is asked: the figures of the others are NaN. What
        is known already is not worked out again."""
        self._follow(rows)
        projected = Projected(*(np.full((len(areas), self._columns), np.nan) for _ in Projected._fields))
        fresh = list[int]()
        for place, area in enumerate(areas.tolist()):
            known = self._known.get(area)
            if known is None or not np.array_equal(known[0], claimed[place]):
                fresh.append(place)
            else:
                for part, figures in zip(projected, known[1], strict=True):
                    part[place] = figures
        most = max(1, FIGURES_AT_ONCE // self._columns)
        for first in range(0, len(fresh), most):
            places = np.array(fresh[first : first + most])
            found, complete = self._project(areas[places], rows, claimed[places], least)
            for part, figures in zip(projected, found, strict=True):
                part[places] = figures
            for i in np.flatnonzero(complete).tolist():
                self._known.keep(int(areas[places[i]]), (claimed[places[i]], found.of(i)))
        return projected

    def _project(self, areas: Numbers, rows: Numbers, claimed: Numbers, least: float) -> tuple[Projected, Flags]:
        """And which of the areas are worked out in full."""
        expected, count, share = self._unseen.expected(areas), _count(claimed), announced_shares(claimed)
        projected = Projected(*(np.full((len(areas), self._columns), np.nan) for _ in Projected._fields))
        complete: Flags = np.ones(len(areas), bool)
        if least:
            complete = np.any(self._limits(rows[areas], claimed, expected) >= least, axis=1)
        place, column = np.nonzero(~np.isnan(share) & complete[:, None])
        if not len(place):
            return projected, complete
        scale, mass, slack = _counted(count, rows[areas, VALID], expected)
        kinds = np.flatnonzero(np.append(True, expected.blocks.any(axis=1)))
        kept = [self.blocks(area) for area in areas.tolist()]
        figures = list(zip(place.tolist(), column.tolist(), strict=True))
        valid, votes = (np.stack([kept[i][sums][c, kinds] for i, c in figures]) for sums in range(2))
        projection = Projection(Blocks(valid, votes), kinds, scale[place], mass[place], slack[place])
        told = share[place, column]
        low, high = projection.interval(self._rule.unseen, np.arange(len(told)))
        gap = gaps(told, low, high)
        if least:
            complete = np.bincount(place, np.abs(gap) >= least, len(areas)) > 0
        wide = np.flatnonzero(complete[place])
        number, column = areas[place[wide]], column[wide]
        required = projection.required(wide, told[wide], self._required[number, column])
        self._required[number, column] = required
        parts = (*(each[wide] for each in (told, projection.middle, low, high, gap)), required)
        for part, values in zip(projected, parts, strict=True):
            part[place[wide], column] = values
        return projected, complete

    def counted_at(self, traced: Traced, places: Numbers, claimed: Numbers) -> "Counted":
        """What there is to count of areas at many ticks, which have these places among the changes that were traced
        just now; with what their bulletins claim then."""
        areas, at = traced.changes.areas[places], traced.changes.at[places]
        rows, expected = traced.changes.rows[places], self._unseen.expected_at(traced, areas, at)
        scale, mass, slack = _counted(_count(claimed), rows[:, VALID], expected)
        part = scale / UNIT
        votes = rows[:, VOTES : VOTES + self._columns] + part[:, None] * expected.votes.T
        middle = 100 * votes / (rows[:, VALID] + part * expected.valid)[:, None]
        return Counted(self._limits(rows, claimed, expected), middle, scale, mass, slack)

    def block_changes(self, traced: Traced, area: int) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """The blocks of the unseen in an area that come and go as was traced: when, and the rest as `Blocks.add` takes
        it."""
        return self._unseen.block_changes(traced, area, self._layout.behind(area))

    def _follow(self, rows: Numbers) -> None:
        """Expect anew of the unseen what the sums that changed let one expect."""
        changed = np.flatnonzero(self._stale)
        if not len(changed):
            return
        self._stale[changed] = False
        changes = Changes(1, changed, np.zeros(len(changed), np.int64), rows[changed])
        self.take(self._unseen.trace(changes, rows))

    def _keep_up(self, areas: Numbers, kind: Numbers, valid: Numbers, votes: Numbers) -> None:
        """Add blocks in these areas to the large ones above that are kept."""
        first = self._place[self._layout.above(areas)]
        levels, some = np.nonzero(first >= 0)
        self._kept.add(kind[some], valid[some], votes[:, some], first[levels, some])

    def blocks(self, area: int) -> Blocks:
        """The blocks of an area, as of the last `_follow`."""
        place, (first, end) = int(self._place[area]), self._layout.inside(area)
        if place >= 0:
            return Blocks(*(each[place : place + self._columns] for each in self._kept))
        blocks = Blocks.none(self._columns, 1 + self._unseen.levels)
        for part in stretches(first, end):
            valid, votes = self._tables(part)
            blocks.add(np.zeros(len(valid), np.int64), UNIT * valid, UNIT * votes)
        blocks.add(*self._unseen.blocks(np.arange(area, self._layout.behind(area)))[1:])
        if end - first > LARGE:
            self._place[area] = len(self._kept.valid)
            self._kept = Blocks(*(np.concatenate(pair) for pair in zip(self._kept, blocks, strict=True)))
        return blocks


def _counted(count: Count, witnessed: Numbers, expected: Expected) -> tuple[Figures, Figures, Figures]:
    """By what the unseen are scaled, of how many valid votes the shares are, and what rounding can cost (points)."""
    scale = count.scale(witnessed.astype(np.float64), expected.valid / UNIT)
    mass = np.where(count.complete, np.inf, count.valid)
    # Of each block votes and valid votes are rounded by half a part of a vote.
    counted = np.minimum(mass, witnessed + scale * expected.valid / UNIT)
    return scale, mass, 200 * scale * expected.blocks.sum(axis=0) / (UNIT * counted)


def _count(claimed: Numbers) -> Count:
    return Count(claimed[:, BASE], claimed[:, FRACTION] / WHOLE, claimed[:, COMPLETE] > 0)
