"""One area at many ticks that lie ahead: its sums, and what its bounds and honest shares need of its sheets."""

from functools import cached_property

import numpy as np

from streams.core.aggregation.area_sums import Sums
from streams.core.aggregation.bulletin_figures import UNKNOWN, announced_shares
from streams.core.aggregation.histograms import NULLS, Kind, Spread, measures_of_sheets
from streams.core.aggregation.histograms_over_ticks import BlockChanges, SharesOverTicks, TopSumsOverTicks
from streams.core.aggregation.honest_shares import UNIT, Blocks, Figures
from streams.core.aggregation.projector import Counted
from streams.core.aggregation.sums_over_ticks import Course
from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.reconciliation.sheet_rows import READ, accepted_votes


class AreaOverTicks:
    """An area at the ticks of a course that change it, none of which has been taken in."""

    def __init__(self, election: Election, sums: Sums, course: Course, area: int, claim: Numbers) -> None:
        """`claim` is what the area's bulletin claims, -1 without one. Nobody may know bounds of any polling table."""
        self._election, self._sums, self._course, self._area = election, sums, course, area
        self.places = np.arange(*np.searchsorted(course.areas, [area, area + 1]))
        """Of its ticks among the rows of the course. The others are by tick too."""
        self.ticks, self.rows = course.at[self.places], course.rows[self.places]
        self.areas = np.full(len(self.ticks), area)
        self.claims = np.broadcast_to(claim, (len(self.ticks), len(claim)))
        self.exist = np.full(len(self.ticks), election.layout.exist[area])
        self.bounds: Numbers | None = None
        self.slip = 2e-6
        """Findings are rounded to six decimals."""

    def least(self, kind: Kind, column: int, totals: Numbers) -> Numbers:
        """How many sheets it takes at least for the largest figures of a histogram to come to a total."""
        if (totals <= 0).all():
            return np.zeros(len(totals), np.int64)
        return self._top_sums(kind, column).least(np.maximum(0, totals))

    def largest(self, kind: Kind, column: int, places: Numbers) -> Numbers:
        """The largest figure of a histogram, at some of the ticks."""
        return self._top_sums(kind, column).largest[places]

    def _top_sums(self, kind: Kind, column: int) -> TopSumsOverTicks:
        values, numbers = self._sums.nulls(self._area) if kind == NULLS else self._spread.values(kind, column)
        at, signs, figures = self._changes(kind, column)
        return TopSumsOverTicks(values, numbers, len(self.ticks), at, figures, signs)

    def gaps(self, places: Numbers, least: float) -> Figures:
        """Points from announced shares to what can honestly be announced, at some of the ticks: (these, columns). NaN
        where there is no figure, or no gap of the column comes to `least`."""
        points = np.full((len(places), len(self._election.columns)), np.nan)
        if self._course.traced is None:  # nobody asks
            return points
        claims = self.claims[places]
        counted = self._sums.projector.counted_at(self._course.traced, self.places[places], claims)
        shares = announced_shares(claims)
        for column in np.flatnonzero((counted.limits >= least).any(axis=0)).tolist():
            share, above = shares[:, column], shares[:, column] > counted.middle[:, column]
            for high, sign, some in ((True, 1, above), (False, -1, ~above)):
                if some.any():
                    ends = self._ends(places, counted, column, high=high)
                    points[some, column] = np.maximum(0, sign * (share - ends))[some]
        return points

    def open_votes(self, places: Numbers) -> Numbers:
        """The most votes that sheets which do not count yet can hold, at some of the ticks; `UNKNOWN` where nobody
        knows how many polling tables there are."""
        (held,) = self._sums.open_sheets.votes(np.array([self._area]))
        tables, at, changed = self._sheets
        before, after = (rows[changed, 2] > 0 for rows in (self._course.sheets.before, self._course.sheets.after))
        opened = self._sums.open_sheets.limits[tables] * (before.astype(np.int64) - after)
        moved = np.bincount(at, opened, len(self.ticks)).cumsum().astype(np.int64)
        votes: Numbers = np.minimum(UNKNOWN, held + moved)[places]
        return votes

    def _ends(self, places: Numbers, counted: Counted, column: int, *, high: bool) -> Figures:
        """At some of the ticks, the lowest or highest share (per cent) that can honestly be announced for a column."""
        blocks = Blocks(*(sums[column] for sums in self._blocks))
        changes, weights = self._block_changes.of(column, places), (counted.scale, counted.mass, counted.slack)
        return SharesOverTicks(blocks, changes, *weights, high=high).ends(self._election.rules.divergence.unseen)

    def _changes(self, kind: Kind, column: int) -> tuple[Numbers, Numbers, Numbers]:
        """What comes (1) and goes (-1) in a histogram: ticks, signs, figures."""
        if kind == NULLS:
            return self._null_changes
        at, signs, measures = self._measures
        return at, signs, measures[kind, column]

    @cached_property
    def _null_changes(self) -> tuple[Numbers, Numbers, Numbers]:
        _, at, places = self._sheets
        parts = []
        for sign, rows in ((-1, self._course.sheets.before[places]), (1, self._course.sheets.after[places])):
            accepted = rows[:, 2] > 0
            parts.append((at[accepted], np.full(accepted.sum(), sign), rows[accepted, READ - 1]))
        at, signs, nulls = map(np.concatenate, zip(*parts, strict=True))
        return at, signs, nulls

    @cached_property
    def _spread(self) -> Spread:
        return self._sums.spread(self._area)

    @cached_property
    def _blocks(self) -> Blocks:
        return self._sums.projector.blocks(self._area)

    @cached_property
    def _sheets(self) -> tuple[Numbers, Numbers, Numbers]:
        """Polling tables whose sheets change, in the order of the tables; which of the ticks; and their places."""
        inside = slice(*np.searchsorted(self._course.sheets.tables, self._election.layout.inside(self._area)))
        tables, at = self._course.sheets.tables[inside], self._course.sheets.at[inside]
        return tables, np.searchsorted(self.ticks, at), np.arange(inside.start, inside.stop)

    @cached_property
    def _measures(self) -> tuple[Numbers, Numbers, Numbers]:
        """What comes and goes in all histograms but that of the null votes."""
        tables, at, places = self._sheets
        parts = []
        for sign, rows in ((-1, self._course.sheets.before[places]), (1, self._course.sheets.after[places])):
            changed = measures_of_sheets(self._election, tables, rows)
            parts.append((at[rows[:, 2] > 0], np.full(changed.shape[2], sign), changed))
        at, signs, changed = zip(*parts, strict=True)
        return np.concatenate(at), np.concatenate(signs), np.concatenate(changed, axis=2)

    @cached_property
    def _block_changes(self) -> BlockChanges:
        """Sheets and blocks of the unseen that come and go."""
        traced, (_, at, places) = self._course.traced, self._sheets
        assert traced is not None
        was_valid, was_votes = accepted_votes(self._election, self._course.sheets.before[places])
        valid, votes = accepted_votes(self._election, self._course.sheets.after[places])
        when, kind, expected, shares = self._sums.projector.block_changes(traced, self._area)
        return BlockChanges(
            np.concatenate([at, at, np.searchsorted(self.ticks, when)]),
            np.concatenate([np.zeros(2 * len(at), np.int64), kind]),
            np.concatenate([-UNIT * was_valid, UNIT * valid, expected]),
            np.concatenate([-UNIT * was_votes, UNIT * votes, shares], axis=1),
        )
