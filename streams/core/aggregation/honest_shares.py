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

from collections.abc import Callable, Sequence
from functools import cached_property
from math import isqrt, nan
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from streams.core.election.numbering import Flags, Numbers

Figures = NDArray[np.float64]

BINS: Final = 1_000
"""Bins of shares, a tenth of a point each. Deviations are rounded up to whole bins."""

_STRIDE: Final = 1 + isqrt(BINS)
"""Bins between two that are looked at first where one is searched for among all."""

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


class Projection:
    """Figures, each one column of an area, ready to be asked how low and how high they may honestly be announced: many
    at once, in arrays by figure."""

    def __init__(self, blocks: Blocks, kinds: Numbers, scale: Figures, mass: Figures, slack: Figures) -> None:
        """`blocks` holds all figures, of these classes; the others are by figure. `scale` multiplies the unseen, `mass`
        is of how many valid votes the announced shares are (inf: all there are), `slack` the points that rounding
        expected votes can have cost."""
        self._kinds, self._factor = kinds, np.where(kinds == 0, 1.0, scale[:, None])
        # Whole numbers below 2**53: adding them up rounds nothing. Scaling does, equally for all.
        self._sums = Blocks(*(np.zeros((*each.shape[:2], BINS + 1), np.int64) for each in blocks))
        for sums, each in zip(self._sums, blocks, strict=True):
            np.cumsum(each, axis=2, out=sums[:, :, 1:])
        self._whole = [np.multiply(sums[:, :, -1], self._factor, dtype=np.float64) for sums in self._sums]
        self._mass = np.minimum(mass * UNIT, self._whole[0].sum(axis=1))
        self._some, self._slack = np.where(self._mass > 0, self._mass, 1), slack

    @cached_property
    def middle(self) -> Figures:
        """The share of the whole just as expected, in per cent, by figure."""
        valid, votes = (whole.sum(axis=1) for whole in self._whole)
        return np.asarray(100 * votes / np.where(valid > 0, valid, 1))

    def interval(self, unseen: float | Figures, figures: Numbers) -> tuple[Figures, Figures]:
        """Lowest and highest share of some figures, in per cent, where the unseen may be so many points off: for all of
        them, or for each its own."""
        bins, high = np.broadcast_to(bins_of(unseen), figures.shape), np.repeat([False, True], len(figures))
        low, most = self._ends(np.tile(figures, 2), high, np.tile(bins, 2)).reshape(2, -1)
        return low, most

    def required(self, figures: Numbers, told: Figures, near: Figures) -> Figures:
        """The least deviation of the unseen, in points, with which announced shares (per cent) of some figures fit:
        rounded up to a tenth, NaN where even 100 points do not do. Each is looked for around `near` first: the nearer,
        the quicker."""
        above, slack = told > self.middle[figures], self._slack[figures]
        wanted = np.where(above, 100 - told, told) + slack + 1e-9  # the last digits decide nothing

        def fit(some: Numbers, bins: Numbers) -> Flags:
            of = figures[some]
            return np.asarray(100 * self._least(of, above[some], bins) / self._some[of] <= wanted[some])

        bins = _first(BINS + 1, fit, bins_of(np.where(np.isnan(near), 100, near)))
        return np.where(bins <= BINS, bins * (100 / BINS), nan)

    def _ends(self, figures: Numbers, high: Flags, bins: Numbers) -> Figures:
        """The highest shares of some figures, or the lowest where not `high`, in per cent."""
        least = self._least(figures, high, bins)
        some, slack = self._some[figures], self._slack[figures]
        return np.where(
            high,
            np.minimum(100, 100 * (some - least) / some + slack),
            np.maximum(0, 100 * least / some - slack),
        )

    def _least(self, figures: Numbers, high: Flags, bins: Numbers) -> Figures:
        """The fewest votes for some figures among the mass counted, in parts of a vote, where the unseen may be so many
        bins off; where `high`, the fewest for all others, whose lowest share is 100 less the figure's highest one."""
        shifts, mass = shifts_of(self._kinds, bins), self._mass[figures]
        side = _Side(self._sums, self._factor, self._whole, figures, high)
        enough = mass * (1 + 1e-12)  # sums in another order differ in the last digits
        low = np.zeros(len(figures), np.int64)
        for step in (_STRIDE, 1):  # the last bin below which, once blocks are shifted, there is not more than that
            probes = low[:, None] + step * np.arange(1, _STRIDE)
            below = side.valid(probes[:, :, None] + shifts[:, None]).sum(axis=2)
            low += step * ((below <= enough[:, None]) & (probes <= BINS)).sum(axis=1)
        places = np.stack([low[:, None] + shifts, shifts], axis=1)
        inside, gone = np.moveaxis(side.valid(places), 1, 0)
        votes, lost = np.moveaxis(side.votes(places), 1, 0)
        # Blocks below the deviation come down to 0 %; the others lose just that much.
        kept = np.maximum(0, votes - lost - shifts / BINS * (inside - gone))
        return np.asarray(kept.sum(axis=1) + (mass - inside.sum(axis=1)) * (low / BINS))


class _Side:
    """Running sums of some figures over bins, in parts of a vote: shares rising, of a figure's own votes; or where
    `high` falling, of the votes for all others. Both are looked up in the former."""

    def __init__(self, sums: Blocks, factor: Figures, whole: Sequence[Figures], figures: Numbers, high: Flags) -> None:
        classes, self._high = factor.shape[1], high[:, None, None]
        self._sums, self._first = sums, ((figures[:, None] * classes + np.arange(classes)) * (BINS + 1))[:, None]
        valid, votes = (np.where(high[:, None], each[figures], 0)[:, None] for each in whole)
        self._whole, self._sign = (valid, valid - votes), np.where(high, -1.0, 1.0)[:, None, None]
        self._factor = factor[figures][:, None]

    def valid(self, places: Numbers) -> Figures:
        """Valid votes below these places, counted from the side's own end: (figures, any, classes)."""
        return np.asarray(self._whole[0] + self._sign * self._scaled(self._sums.valid, places))

    def votes(self, places: Numbers) -> Figures:
        """Votes below them, likewise."""
        votes = self._scaled(self._sums.votes, places)
        counted = np.where(self._high, self._scaled(self._sums.valid, places) - votes, votes)
        return np.asarray(self._whole[1] + self._sign * counted)

    def _scaled(self, sums: Numbers, places: Numbers) -> Figures:
        places = np.minimum(places, BINS)
        index = self._first + np.where(self._high, BINS - places, places)
        return np.asarray(sums.reshape(-1).take(index) * self._factor)


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


def bins_of(points: ArrayLike) -> Numbers:
    """Deviations in whole bins, rounded up."""
    return np.ceil(np.asarray(points) * (BINS / 100) - 1e-9).astype(np.int64)


def _first(count: int, hold: Callable[[Numbers, Numbers], Flags], near: Numbers) -> Numbers:
    """For each of several cases the first of so many numbers from 0 on of which something holds, as it does of all
    behind it; `count` where it holds of none. Looks around `near`, in growing steps. `hold` is asked of some cases, by
    place, and a number for each."""
    low, high, probe, step = np.zeros_like(near), np.full_like(near, count), near.copy(), 1
    while len(some := np.flatnonzero(low < high)):
        held = hold(some, probe[some])
        high[some] = np.where(held, probe[some], high[some])
        low[some] = np.where(held, low[some], probe[some] + 1)
        half = (low[some] + high[some]) // 2
        probe[some] = np.where(held, np.maximum(half, high[some] - step), np.minimum(half, low[some] + step - 1))
        step *= 4
    return low


def shifts_of(kinds: Numbers, bins: Numbers) -> Numbers:
    """By how many bins blocks of these classes may lie off, where the first class of the unseen may by `bins`: its
    shape, and behind it the classes."""
    wide = np.ceil(bins[..., None] * (1 + (kinds - 1) / 2)).astype(np.int64)
    return np.where(kinds > 0, np.minimum(wide, BINS), 0)


def gaps(share: Figures, low: Figures, high: Figures) -> Figures:
    """Points from an announced share to the interval: below it negative, above it positive, within it 0."""
    return np.minimum(0, share - low) + np.maximum(0, share - high)
