"""How many sheets must be false for what bulletins claim to be possible: at many places at once (`rule_inputs`).

Nearly every figure of an honest night is possible, and the sums alone say so. Only of the others the histograms are
needed. Notation as in `bounds`.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from streams.core.aggregation import bound_sums
from streams.core.aggregation.bulletin_figures import FIGURES, LEFT_REGISTERED, LEFT_TABLES, TOTAL, VOTERS
from streams.core.aggregation.bulletin_figures import NULLS as CLAIMED_NULLS
from streams.core.aggregation.histograms import HEADROOM, NULLS, REST, VOTES, Kind
from streams.core.aggregation.tally import NULL, REGISTERED, TABLES, VALID
from streams.core.aggregation.tally import VOTES as FIRST_VOTES
from streams.core.comparison.bounds import least_false
from streams.core.comparison.rule_inputs import Places, RowsOfSums
from streams.core.election.numbering import Flags, Numbers


class Side(NamedTuple):
    """What figures ask of one histogram: `needed` of its `total` may not have been counted. Arrays of one shape."""

    kind: Kind
    total: Numbers
    needed: Numbers


class Asked(NamedTuple):
    """What bulletins ask of the sheets: (places, columns), null votes being one column. A bounded polling table counts
    as a sheet."""

    announced: Flags
    """Whether there is a figure."""
    tables: Numbers
    """Sheets, and polling tables with bounds only: (places, 1), as the next two."""
    left_tables: Numbers
    left_registered: Numbers
    sides: tuple[Side, ...]
    """Of which the bulletin can have left out some tables."""
    over: Side | None
    """How much of the headroom of false sheets must be filled; None for null votes, which have no ceiling."""

    def suffice(self, false: Numbers) -> Flags:
        """Whether so many false sheets (by place) certainly make a figure possible, by place and column: no breakdown
        count is above it. Instead of the sum of the j largest numbers, j times the mean: less, if anything."""
        false, unannounced = false[:, None], ~self.announced
        possible = np.ones_like(unannounced)
        for _, total, needed in self.sides:
            by_tables = _mean(total, self.tables, self.left_tables + false)
            by_registered = self.left_registered + _mean(total, self.tables, false)
            possible &= np.minimum(by_tables, by_registered) >= needed
        if self.over is not None:
            possible &= _mean(self.over.total, self.tables, false) >= self.over.needed
        return unannounced | possible

    def breakdown(self, given: Places, column: int, some: Flags) -> Numbers:
        """The breakdown counts of one column, by place; 0 but at some places. It needs the histograms."""
        tables, left = self.tables[:, 0], (self.left_tables[:, 0], self.left_registered[:, 0])
        counts = np.zeros(len(some), np.int64)
        for kind, total, needed in self.sides:
            wanted = np.where(some, needed[:, column], 0)
            fewest = least_false(wanted, total[:, column], tables, *left, partial(given.least, kind, column))
            counts = np.maximum(counts, fewest)
        if self.over is not None:
            wanted = np.where(some, self.over.needed[:, column], 0)
            counts = np.maximum(counts, given.least(self.over.kind, column, wanted))
        return counts


def asked_of_votes(given: RowsOfSums) -> Asked:
    """Of the figures of options and groups: the floor, and both ceilings."""
    claims, rows = given.claims, given.rows
    official = claims[:, FIGURES:]
    columns = official.shape[1]
    witnessed = rows[:, FIRST_VOTES : FIRST_VOTES + columns]
    tables, valid, votes, ruled_out = rows[:, [TABLES]], rows[:, [VALID]], witnessed, np.zeros_like(witnessed)
    if given.bounds is not None:
        at_least, ruled_out, _ = given.bounds[:, bound_sums.FIGURES :].reshape(-1, 3, columns).swapaxes(0, 1)
        tables, votes = tables + given.bounds[:, [bound_sums.ADDED]], votes + at_least
        valid = valid + given.bounds[:, [bound_sums.ADDED_VALID]]
    registered, rest = rows[:, [REGISTERED]], valid - votes
    room = np.maximum(votes, witnessed + np.maximum(0, claims[:, [VOTERS]] - registered) - ruled_out)
    headroom = np.maximum(0, registered - witnessed) + np.maximum(0, ruled_out)
    sides = Side(VOTES, votes, votes - official), Side(REST, rest, official - claims[:, [TOTAL]] + rest)
    left = claims[:, [LEFT_TABLES]], claims[:, [LEFT_REGISTERED]]
    return Asked(official >= 0, tables, *left, sides, Side(HEADROOM, headroom, official - room))


def asked_of_nulls(given: RowsOfSums) -> Asked:
    """Of the null votes: the floor alone, on sheets alone. A sheet that does not give them may hold any."""
    claims, nulls = given.claims, given.rows[:, [NULL]]
    official = claims[:, [CLAIMED_NULLS]]
    left = claims[:, [LEFT_TABLES]], claims[:, [LEFT_REGISTERED]]
    return Asked(official >= 0, given.rows[:, [TABLES]], *left, (Side(NULLS, nulls, nulls - official),), None)


def _mean(total: Numbers, count: Numbers, j: Numbers) -> Numbers:
    """Less than the sum of the j largest of `count` numbers, none below zero, that come to `total`."""
    return np.where(j > 0, total * np.minimum(j, count) // np.maximum(1, count), 0)
