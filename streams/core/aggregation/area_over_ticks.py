"""One area at many ticks that lie ahead: its sums, and what its bounds and honest shares need of its sheets."""

from functools import cached_property

import numpy as np

from streams.core.aggregation.area_sums import Sums
from streams.core.aggregation.histograms import Kind, Spread, measures_of_sheets
from streams.core.aggregation.honest_shares import UNIT, Blocks, Figures
from streams.core.aggregation.lookahead import Course
from streams.core.aggregation.over_ticks import BlockChanges, SharesOverTicks, TopSumsOverTicks
from streams.core.aggregation.projector import Counted
from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.reconciliation.sheet_rows import accepted_votes


class AreaOverTicks:
    """An area at the ticks of a course that change it, none of which has been taken in."""

    def __init__(self, election: Election, sums: Sums, course: Course, area: int) -> None:
        self._election, self._sums, self._course, self._area = election, sums, course, area
        self.places = np.arange(*np.searchsorted(course.areas, [area, area + 1]))
        """Of its ticks among the rows of the course. The others are by tick too."""
        self.ticks, self.rows = course.at[self.places], course.rows[self.places]

    def least(self, kind: Kind, column: int, totals: Numbers) -> Numbers:
        """By tick, how many sheets it takes at least for the largest figures of a histogram to come to a total."""
        values, numbers = self._spread.values(kind, column)
        at, sign, changed = self._measures
        return TopSumsOverTicks(values, numbers, len(self.ticks), at, changed[kind, column], sign).least(totals)

    def largest(self, kind: Kind, column: int) -> tuple[int, int]:
        """Between what the largest figure of a histogram lies at all of the ticks."""
        largest = self._spread.largest(kind, column)
        _, sign, changed = self._measures
        figures = changed[kind, column]
        gone, come = (int(figures[sign == way].max(initial=-1)) for way in (-1, 1))
        return 0 if gone >= largest else largest, max(largest, come)

    def counted(self, claim: Numbers) -> Counted | None:
        """What a bulletin with this claim can have counted; None where nobody asks."""
        traced, claimed = self._course.traced, np.broadcast_to(claim, (len(self.ticks), len(claim)))
        return None if traced is None else self._sums.projector.counted_at(traced, self.places, claimed)

    def end(self, counted: Counted, column: int, unseen: float, *, high: bool) -> Figures:
        """By tick, the lowest or highest share (per cent) that can honestly be announced for a column."""
        blocks = Blocks(*(sums[column] for sums in self._blocks))
        changes, weights = self._block_changes.of(column), (counted.scale, counted.mass, counted.slack)
        return SharesOverTicks(blocks, changes, *weights, high=high).ends(unseen)

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
        """What comes (1) and goes (-1) in the histograms: ticks, signs, measures."""
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
