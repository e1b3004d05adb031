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

_TRIED: Final = 32
"""Deviations tried at once: two rounds find one of `BINS`, and none."""


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
    """Figures, each one column of an area, ready to be asked how low and how high they may honestly be announced."""

    def __init__(self, blocks: Blocks, kinds: Numbers, scale: Figures, mass: Figures, slack: Figures) -> None:
        """`blocks` holds all figures, of these classes; the others are by figure. `scale` multiplies the unseen, `mass`
        is of how many valid votes the announced shares are (inf: all there are), `slack` the points that rounding
        expected votes can have cost."""
        self._kinds, (figures, _, _) = kinds, blocks.valid.shape
        self._valid, self._votes = (np.zeros((2, figures, len(kinds), BINS + 1)) for _ in range(2))
        """Running sums by side, figure, class and bin. On the second side of the votes for all others, whose lowest
        share is 100 less the highest one."""
        factor = np.where(kinds == 0, 1.0, scale[:, None])[:, :, None]
        for sums, each in zip((self._valid, self._votes), blocks, strict=True):
            # Whole numbers below 2**53: adding them up rounds nothing. Scaling does, equally for all.
            np.multiply(each.cumsum(axis=2), factor, out=sums[0, :, :, 1:])
        valid, rest = self._valid[0], self._valid[0] - self._votes[0]
        np.subtract(valid[:, :, -1:], valid[:, :, ::-1], out=self._valid[1])
        np.subtract(rest[:, :, -1:], rest[:, :, ::-1], out=self._votes[1])
        self._mass = np.minimum(mass * UNIT, valid[:, :, -1].sum(axis=1))
        self._some = np.where(self._mass > 0, self._mass, 1)
        self._slack = slack

    @property
    def middle(self) -> Figures:
        """The share of the whole just as expected, in per cent, by figure."""
        valid, votes = (sums[0, :, :, -1].sum(axis=1) for sums in (self._valid, self._votes))
        return np.asarray(100 * votes / np.where(valid > 0, valid, 1))

    def interval(self, unseen: float) -> tuple[Figures, Figures]:
        """Lowest and highest share, in per cent, by figure, where the unseen may be so many points off."""
        count = len(self._mass)
        least, less = self._least(np.arange(2 * count), np.full((2 * count, 1), _bins(unseen))).reshape(2, count)
        low, high = 100 * least / self._some, 100 * (self._some - less) / self._some
        return np.maximum(0, low - self._slack), np.minimum(100, high + self._slack)

    def required(self, share: Figures, asked: Flags) -> Figures:
        """The least deviation of the unseen, in points, with which an announced `share` (per cent, by figure) fits:
        rounded up to a tenth, NaN where even 100 points do not do, and of figures that are not `asked` for."""
        found, some = np.full(len(share), np.nan), np.flatnonzero(asked)
        if not len(some):
            return found
        above = share[some] > self.middle[some]
        places, share, slack = some + len(share) * above, share[some], self._slack[some]
        wanted = (np.where(above, 100 - share, share) + slack + 1e-9)[:, None]  # the last digits decide nothing
        first = np.zeros((len(some), 1), np.int64)
        for step in (_TRIED, 1):
            tried = first + step * np.arange(_TRIED)
            fits = 100 * self._least(places, np.minimum(tried, BINS)) / self._some[some, None] <= wanted
            place = np.where(fits.any(axis=1), fits.argmax(axis=1), _TRIED)[:, None]
            first = np.maximum(first, first + step * place - (step - 1))
        found[some] = np.where(first[:, 0] > BINS, np.nan, first[:, 0] * (100 / BINS))
        return found

    def _least(self, places: Numbers, unseen: Numbers) -> Figures:
        """The fewest votes among the mass counted, in parts of a vote, of figures by place (on the second side behind
        all of the first), where the unseen may be so many bins off: (places, tried)."""
        valid, votes = self._valid.reshape(-1), self._votes.reshape(-1)  # `take` is twice as fast as three indexes
        kinds = self._kinds[:, None, None]  # and so is adding up over the first axis
        shift = np.minimum(np.ceil(unseen * (1 + (kinds - 1) / 2)), BINS).astype(np.int64) * (kinds > 0)
        start = (places[:, None] * len(kinds) + np.arange(len(kinds))[:, None, None]) * (BINS + 1)

        def until(bins: Numbers) -> Numbers:
            """Places of the sums over the blocks that are below so many bins once they are shifted."""
            return np.asarray(start + np.minimum(bins + shift, BINS))

        mass = self._mass[places % len(self._mass), None]
        enough = mass * (1 + 1e-12)  # sums in another order differ in the last digits
        low, high = np.zeros(unseen.shape, np.int64), np.full(unseen.shape, BINS)
        if (valid.take(until(high)).sum(axis=0) <= enough).all():  # complete counts
            low = high
        for _ in range(0 if low is high else BINS.bit_length()):
            middle = (low + high + 1) // 2
            fit = valid.take(until(middle)).sum(axis=0) <= enough
            low, high = np.where(fit, middle, low), np.where(fit, high, middle - 1)
        ends, gone = until(low), start + shift
        within = valid.take(ends)
        # Blocks below the deviation come down to 0 %; the others lose just that much.
        kept = votes.take(ends) - votes.take(gone) - shift / BINS * (within - valid.take(gone))
        return np.asarray(np.maximum(0, kept).sum(axis=0) + (mass - within.sum(axis=0)) * (low / BINS))


class Projected(NamedTuple):
    """What the counts of some areas can honestly announce: all in per cent, shape (areas, columns); or of one, by
    column. NaN where the bulletin has no such figure."""

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
    """The least deviation of the unseen that makes the gap 0; NaN also where none up to 100 points does, or where
    nobody asked."""

    def of(self, area: int) -> "Projected":
        """Those of one area, by its place."""
        return Projected(*(figures[area] for figures in self))


def _bins(points: float) -> int:
    return int(np.ceil(points * (BINS / 100) - 1e-9))


def gaps(share: Figures, low: Figures, high: Figures) -> Figures:
    """Points from an announced share to the interval: below it negative, above it positive, within it 0."""
    return np.minimum(0, share - low) + np.maximum(0, share - high)
