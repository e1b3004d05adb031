"""Sums along a histogram, or along bins of shares, at many ticks at once: from those before the first tick, and the
changes.

Positions are places in the histogram, from 0 on. Sums are whole numbers below 2**53, so that floats hold them exactly.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from streams.core.aggregation.honest_shares import BINS, UNIT, Blocks, Figures, bins_of, shifts_of
from streams.core.election.numbering import Numbers, union

_NEAR = 24
"""Bins on either side of the first tick's within which the others are looked for first."""


def cumulated(base: Figures, ticks: int, at: Numbers, place: Numbers, amount: Numbers, first: int, end: int) -> Figures:
    """What lies below each position from `first` to `end`, after each tick: (ticks, end - first + 1). `base` is the
    same of all positions before the first tick; amounts are added at places, each at a tick."""
    width, below = end - first, place < first
    sums = np.zeros((ticks, width + 1))
    sums[:, 0] = np.bincount(at[below], amount[below], ticks).cumsum()
    inside = np.flatnonzero(~below & (place < end))
    if len(inside):
        grid = np.bincount(at[inside] * width + place[inside] - first, amount[inside], ticks * width)
        np.cumsum(grid.reshape(ticks, width).cumsum(axis=0), axis=1, out=sums[:, 1:])
    sums[:, 1:] += sums[:, :1]
    return np.asarray(sums + base[first : end + 1])


class TopSumsOverTicks:
    """Sums of the j largest of many small integers (`TopSums`), some of which change at each tick."""

    def __init__(
        self, values: Numbers, numbers: Numbers, ticks: int, at: Numbers, changed: Numbers, sign: Numbers
    ) -> None:
        """Values, the largest first, and how many there are of each, before the first tick; then those that come
        (`sign` 1) and go (-1), and when."""
        self._top = top = max(values.max(initial=0), changed.max(initial=0))
        counts = np.zeros(top + 1)
        counts[top - values] = numbers
        sums = counts * (top - np.arange(top + 1))
        self._base = tuple(np.concatenate([[0.0], each.cumsum()]) for each in (counts, sums))
        self._ticks, self._at, self._place = ticks, at, top - changed
        self._amounts = sign, sign * changed

    @cached_property
    def largest(self) -> Numbers:
        """By tick, the largest number; 0 where there is none."""
        counts, signs = self._base[0], self._amounts[0]
        # None lies above the largest that comes, nor below the largest that stays all the time.
        stays = np.flatnonzero(np.diff(counts) > np.bincount(self._place[signs < 0], minlength=self._top + 1))
        end = int(stays[0]) + 1 if len(stays) else self._top + 1
        counts = cumulated(counts, self._ticks, self._at, self._place, signs, 0, end)[:, 1:]
        return np.where(counts[:, -1] > 0, self._top - (counts > 0).argmax(axis=1), 0)

    def least(self, totals: Numbers) -> Numbers:
        """By tick, the least j whose sum is as much as its total, or more; how many numbers there are where all come to
        less."""
        sums, change = self._base[1], self._amounts[1]
        # No sum differs from its first one by more than all that comes, or goes.
        first = int(sums.searchsorted(totals.min() - 1 - change[change > 0].sum(), "right")) - 1
        end = int(sums.searchsorted(totals.max() - 1 - change[change < 0].sum(), "right"))
        first, end = max(0, min(first, self._top)), min(end, self._top + 1)
        counts, sums = (
            cumulated(base, self._ticks, self._at, self._place, amount, first, end)
            for base, amount in zip(self._base, self._amounts, strict=True)
        )
        ticks = np.arange(self._ticks)
        place = np.maximum(0, (sums < totals[:, None]).sum(axis=1) - 1)
        missing, value = totals - sums[ticks, place], np.maximum(1, self._top - first - place)
        needed = counts[ticks, place] + np.ceil(missing / value)
        most, whole = (
            base[-1] + np.bincount(self._at, amount, self._ticks).cumsum()
            for base, amount in zip(self._base, self._amounts, strict=True)
        )
        needed = np.where(totals > 0, np.where(totals <= whole, needed, most), 0)
        return needed.astype(np.int64)


@dataclass(frozen=True)
class BlockChanges:
    """Blocks of one area that come and go, as `Blocks.add` takes them, each at a tick."""

    at: Numbers
    kind: Numbers
    valid: Numbers
    votes: Numbers
    """By column: (columns, n)."""

    def of(self, column: int, ticks: Numbers) -> "BlockChanges":
        """Those of one column that change anything until the last of some ticks, each at the first of these that it
        counts at: votes of shape (n)."""
        at = np.searchsorted(ticks, self.at)
        some = np.flatnonzero((self.valid != 0) & (at < len(ticks)))
        return BlockChanges(at[some], self.kind[some], self.valid[some], self.votes[column, some])


class SharesOverTicks:
    """One figure's honest shares (`Projection`) at many ticks."""

    def __init__(
        self, blocks: Blocks, changes: BlockChanges, scale: Figures, mass: Figures, slack: Figures, *, high: bool
    ) -> None:
        """`blocks` hold one figure, (classes, BINS), before the first tick; changes are of it alone. The others are by
        tick, as `Projection` has them. `high` asks for the highest share, else it is the lowest."""
        self._high, self._ticks, self._slack = high, len(scale), slack
        place = np.minimum(BINS * changes.votes // changes.valid, BINS - 1)
        valid, votes, lost = blocks.valid, blocks.votes, changes.votes
        if high:
            place, lost = BINS - 1 - place, changes.valid - changes.votes
            valid, votes = valid[:, ::-1], (blocks.valid - blocks.votes)[:, ::-1]
        self._kinds = union(np.flatnonzero(valid.any(axis=1)), changes.kind).tolist()
        self._factor = [np.ones(self._ticks) if kind == 0 else scale for kind in self._kinds]
        of = [np.flatnonzero(changes.kind == kind) for kind in self._kinds]
        self._changes = [(changes.at[some], place[some], changes.valid[some], lost[some]) for some in of]
        self._base = [
            tuple(np.concatenate([[0.0], sums[kind].cumsum()]) for sums in (valid, votes)) for kind in self._kinds
        ]
        whole = sum((self._below(i, 0, BINS, BINS)[:, 0] for i in range(len(self._kinds))), np.zeros(self._ticks))
        self._mass = np.minimum(mass * UNIT, whole)

    def _below(self, kind: int, what: int, first: int, end: int) -> Figures:
        """Scaled sums of one class, of valid votes (`what` 0) or of votes (1), below these bins."""
        at, place, *amounts = self._changes[kind]
        sums = cumulated(self._base[kind][what], self._ticks, at, place, amounts[what], first, end)
        return sums * self._factor[kind][:, None]

    def ends(self, unseen: float) -> Figures:
        """The lowest or highest share, in per cent, by tick, where the unseen may be so many points off."""
        shifts = shifts_of(np.array(self._kinds, np.int64), bins_of(unseen)).tolist()
        low = self._filled(shifts)
        ticks, least, within = np.arange(self._ticks), np.zeros(self._ticks), np.zeros(self._ticks)
        for kind, shift in enumerate(shifts):
            ends = np.minimum(low + shift, BINS)
            first, end = int(ends.min()), int(ends.max())
            inside, votes = (self._below(kind, what, first, end)[ticks, ends - first] for what in range(2))
            gone, lost = (self._below(kind, what, shift, shift)[:, 0] for what in range(2))
            least += np.maximum(0, votes - lost - shift / BINS * (inside - gone))
            within += inside
        least += (self._mass - within) * (low / BINS)
        some = np.where(self._mass > 0, self._mass, 1)
        if self._high:
            return np.minimum(100, 100 * (some - least) / some + self._slack)
        return np.maximum(0, 100 * least / some - self._slack)

    def _filled(self, shifts: list[int]) -> Numbers:
        """By tick, how many bins the mass counted fills, those with the lowest shares first."""
        enough = self._mass * (1 + 1e-12)
        near = self._first(shifts, float(enough[0]))
        for first, end in ((max(0, near - _NEAR), min(BINS, near + _NEAR)), (0, BINS)):
            below = np.zeros((self._ticks, end - first + 1))
            for kind, shift in enumerate(shifts):
                bins = np.minimum(np.arange(first, end + 1) + shift, BINS)
                below += self._below(kind, 0, int(bins[0]), int(bins[-1]))[:, bins - bins[0]]
            filled = (below <= enough[:, None]).sum(axis=1) - 1
            if (first == 0 or filled.min() >= 0) and (end == BINS or filled.max() < end - first):
                break
        return np.asarray(first + np.maximum(0, filled))

    def _first(self, shifts: list[int], enough: float) -> int:
        """The same of the blocks before the first tick, scaled as at the first."""
        bins = np.arange(BINS + 1)
        sums = [self._base[kind][0][np.minimum(bins + shift, BINS)] for kind, shift in enumerate(shifts)]
        below = sum((factor[0] * each for factor, each in zip(self._factor, sums, strict=True)), np.zeros(BINS + 1))
        return int(np.searchsorted(below, enough, "right")) - 1
