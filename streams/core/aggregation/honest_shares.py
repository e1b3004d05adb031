"""Every share that an honest count can announce, given what was witnessed: in whatever order the tables were counted,
and whatever the tables nobody witnessed hold within limits (design, section 5; derived in docs/evidence.md).

Votes lie in *blocks*: a witnessed table, or tables nobody witnessed that are expected to vote alike. Each has valid
votes, votes for an option, and a class. Class 0 is witnessed and holds exactly what it says; the share of a block of
class 1 + n may lie up to `unseen` x (1 + n/2) points from what is expected, n being the levels up from which the
expectation was borrowed, between 0 and 100 %.

A bulletin of V valid votes can have counted any of them. The lowest share it can announce is that of the V votes in the
blocks with the lowest shares: sort, fill up, the last block in part. No subset of whole blocks with V votes has less.

Blocks are kept in `BINS` bins of equal width by share. Sums over bins are whole numbers, so that neither the order nor
the number of changes can alter them. Where in a bin the filling stops is not known; it is rounded outwards.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cached_property
from math import ceil, isnan, nan
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.core.election.numbering import Flags, Numbers

Figures = NDArray[np.float64]

BINS: Final = 1_000
"""Bins of shares, a tenth of a point each. Deviations are rounded up to whole bins."""

UNIT: Final = 2**16
"""Votes are counted in this part of a vote: expected votes are not whole."""

FACTOR: Final = 4.0
"""The most by which what is expected of the unseen is scaled, up or (in a complete count) down."""


class Blocks(NamedTuple):
    """Blocks in their bins: int64 arrays of shape (figures, classes, BINS), in parts of a vote (`UNIT`)."""

    valid: Numbers
    votes: Numbers

    @classmethod
    def none(cls, figures: int, classes: int) -> "Blocks":
        """Without any block."""
        return cls(*(np.zeros((figures, classes, BINS), np.int64) for _ in range(2)))

    def add(self, kind: Numbers, valid: Numbers, votes: Numbers, first: Numbers | None = None) -> None:
        """Add blocks: their classes (n), valid votes (n), and votes by figure (figures, n), all in parts of a vote; of
        those to be taken out again all votes are negative. `first` is the place of each one's first figure (n), 0
        unless told."""
        some = np.flatnonzero(valid)
        if not len(some):
            return
        kind, valid, votes = kind[some], valid[some], votes[:, some]
        classes = self.valid.shape[1]
        figure = np.arange(len(votes))[:, None] + (0 if first is None else first[some])
        place = np.minimum(BINS * votes // valid, BINS - 1) + BINS * (kind + classes * figure)
        np.add.at(self.valid.reshape(-1), place, np.broadcast_to(valid, place.shape))
        np.add.at(self.votes.reshape(-1), place, votes)


class Count(NamedTuple):
    """What bulletins have counted; arrays of the same length."""

    valid: Numbers
    """Valid votes announced, above 0."""
    fraction: Figures
    """Tables in the bulletin over those that exist (0-1); 1 where it does not say."""
    complete: Flags
    """Whether all tables were counted."""

    def scale(self, witnessed: Figures, expected: Figures) -> Figures:
        """By what to multiply the valid votes expected of the unseen, given those and the witnessed ones in votes.

        So that the whole comes to what the bulletin lets one expect, V / f: those nobody saw may honestly have turned
        out more. While counting goes on never below 1, since the tables counted first may be small ones."""
        whole = self.valid / np.maximum(self.fraction, 1e-9)
        scale = (whole - witnessed) / np.where(expected > 0, expected, 1.0)
        scale = np.clip(scale, np.where(self.complete, 1 / FACTOR, 1.0), FACTOR)
        return np.where(expected > 0, scale, 1.0)


class _Side(NamedTuple):
    """Running sums over bins, shares rising: shape (figures, classes, BINS + 1), in parts of a vote."""

    valid: Figures
    votes: Figures


class Projection:
    """Figures, each one column of an area, ready to be asked how low and how high they may honestly be announced.

    Everything is asked of one of two *sides*. The low side adds up a figure's own votes, the high side those for all
    others, whose lowest share is 100 less the figure's highest one.
    """

    def __init__(self, blocks: Blocks, kinds: Numbers, scale: Figures, mass: Figures, slack: Figures) -> None:
        """`blocks` holds all figures, of these classes; the others are by figure. `scale` multiplies the unseen, `mass`
        is of how many valid votes the announced shares are (inf: all there are), `slack` the points that rounding
        expected votes can have cost."""
        self._kinds: list[int] = kinds.tolist()
        factor = np.where(kinds == 0, 1.0, scale[:, None])[:, :, None]
        self._low = _Side(*(np.zeros((*each.shape[:2], BINS + 1)) for each in blocks))
        for sums, each in zip(self._low, blocks, strict=True):
            # Whole numbers below 2**53: adding them up rounds nothing. Scaling does, equally for all.
            np.multiply(each.cumsum(axis=2), factor, out=sums[:, :, 1:])
        mass = np.minimum(mass * UNIT, self._low.valid[:, :, -1].sum(axis=1))
        self._mass: list[float] = mass.tolist()
        self._some: list[float] = np.where(mass > 0, mass, 1).tolist()
        self._slack: list[float] = slack.tolist()

    @cached_property
    def _high(self) -> _Side:
        valid, rest = self._low.valid, self._low.valid - self._low.votes
        return _Side(*(sums[:, :, -1:] - sums[:, :, ::-1] for sums in (valid, rest)))

    @cached_property
    def middle(self) -> Figures:
        """The share of the whole just as expected, in per cent, by figure."""
        valid, votes = (sums[:, :, -1].sum(axis=1) for sums in self._low)
        return np.asarray(100 * votes / np.where(valid > 0, valid, 1))

    def interval(self, unseen: float, figures: Sequence[int]) -> tuple[Figures, Figures]:
        """Lowest and highest share of some figures, in per cent, where the unseen may be so many points off."""
        bins = bins_of(unseen)
        return (
            np.array([self._lowest(figure, bins) for figure in figures]),
            np.array([self._highest(figure, bins) for figure in figures]),
        )

    def gaps(self, share: Figures, unseen: float) -> Figures:
        """Points from announced shares (per cent, by figure) to that interval: below it negative, above it positive,
        within it 0. Half of the work of `interval`."""
        bins, points = bins_of(unseen), np.zeros(len(share))
        for figure, (told, middle) in enumerate(zip(share.tolist(), self.middle.tolist(), strict=True)):
            if told > middle:
                points[figure] = max(0, told - self._highest(figure, bins))
            else:
                points[figure] = min(0, told - self._lowest(figure, bins))
        return points

    def required(self, figure: int, told: float, near: float = 0) -> float:
        """The least deviation of the unseen, in points, with which an announced share (per cent) fits: rounded up to a
        tenth, NaN where even 100 points do not do. It is looked for around `near` first: the nearer, the quicker."""
        above, slack, some = told > self.middle[figure], self._slack[figure], self._some[figure]
        side, wanted = (self._high, 100 - told + slack) if above else (self._low, told + slack)
        wanted += 1e-9  # the last digits decide nothing

        def fits(bins: int) -> bool:
            return 100 * self._least(side, figure, bins) / some <= wanted

        bins = _first(BINS + 1, fits, BINS if isnan(near) else bins_of(near))
        return bins * (100 / BINS) if bins <= BINS else nan

    def _lowest(self, figure: int, bins: int) -> float:
        least = self._least(self._low, figure, bins)
        return max(0, 100 * least / self._some[figure] - self._slack[figure])

    def _highest(self, figure: int, bins: int) -> float:
        some, least = self._some[figure], self._least(self._high, figure, bins)
        return min(100, 100 * (some - least) / some + self._slack[figure])

    def _least(self, side: _Side, figure: int, bins: int) -> float:
        """The fewest votes among the mass counted, in parts of a vote, where the unseen may be so many bins off."""
        valid, votes, mass = side.valid[figure], side.votes[figure], self._mass[figure]
        shifts = shifts_of(self._kinds, bins)
        below = np.zeros(BINS + 1)
        for sums, shift in zip(valid, shifts, strict=True):  # blocks below each bin once they are shifted
            below[: BINS + 1 - shift] += sums[shift:]
            below[BINS + 1 - shift :] += sums[-1]
        enough = mass * (1 + 1e-12)  # sums in another order differ in the last digits
        low = max(0, int(below.searchsorted(enough, "right")) - 1)
        least, within = 0.0, 0.0
        for kind, shift in enumerate(shifts):
            end = min(low + shift, BINS)
            inside, gone = valid.item(kind, end), valid.item(kind, shift)
            # Blocks below the deviation come down to 0 %; the others lose just that much.
            kept = votes.item(kind, end) - votes.item(kind, shift) - shift / BINS * (inside - gone)
            least, within = least + max(0.0, kept), within + inside
        return least + (mass - within) * (low / BINS)


class Projected(NamedTuple):
    """What the counts of some areas can honestly announce: all in per cent, shape (areas, columns); or of one, by
    column. NaN where the bulletin has no such figure, or nobody asked."""

    share: Figures
    """Announced."""
    expected: Figures
    """Of the whole, were the unseen just as expected."""
    low: Figures
    high: Figures
    """The interval of what can honestly be announced."""
    gap: Figures
    """Points from the announced share to that interval: below it negative, above it positive, within it 0."""
    required: Figures
    """The least deviation of the unseen that makes the gap 0; NaN also where none up to 100 points does."""

    def of(self, area: int | slice) -> "Projected":
        """Those of one area, or of a stretch of them, by place."""
        return Projected(*(figures[area] for figures in self))


def bins_of(points: float) -> int:
    """A deviation in whole bins, rounded up."""
    return int(np.ceil(points * (BINS / 100) - 1e-9))


def _first(count: int, holds: Callable[[int], bool], near: int) -> int:
    """The first of so many numbers from 0 on of which something holds, as it does of all behind it; `count` where it
    holds of none. Looks around `near`, in growing steps."""
    low, high, step = 0, count, 1
    if holds(near):
        high = near
        while low <= (probe := high - step):
            if not holds(probe):
                low = probe + 1
                break
            high, step = probe, 4 * step
    else:
        low = near + 1
        while (probe := low + step - 1) < high:
            if holds(probe):
                high = probe
                break
            low, step = probe + 1, 4 * step
    return low + bisect_left(range(low, high), True, key=holds)


def shifts_of(kinds: Sequence[int], bins: int) -> list[int]:
    """By how many bins blocks of these classes may lie off, where the first class of the unseen may by `bins`."""
    return [min(ceil(bins * (1 + (kind - 1) / 2)), BINS) if kind else 0 for kind in kinds]


def gaps(share: Figures, low: Figures, high: Figures) -> Figures:
    """Points from an announced share to the interval: below it negative, above it positive, within it 0."""
    return np.minimum(0, share - low) + np.maximum(0, share - high)
