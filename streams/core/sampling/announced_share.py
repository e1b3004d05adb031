"""Whether an announced share fits the sample: that of all polling tables, or of some that were counted in whatever
order. docs/sample.md has the proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from streams.core.sampling import usual_interval
from streams.core.sampling.guaranteed_interval import Bet, stakes
from streams.core.sampling.missing_sheets import Band, Filled, Missing
from streams.core.sampling.sample import Contrast, Sample

CUTS: Final = 10
"""Shares at which the sheets of a partial count are told apart. The error is divided among them."""
_STEPS: Final = 14
"""Halvings of `required`: to a hundredth of a point."""


@dataclass(frozen=True, slots=True)
class Question:
    """An announced share, and with which error it may be said not to fit."""

    contrast: Contrast
    share: float
    """As a ratio (0-1)."""
    valid: int | None
    """Valid votes that it is a share of, where not all polling tables are counted; None where all are."""
    alpha: float
    """Probability with which an honest share may be said to lie below what fits, or above it: half of it each."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """An announced share that lies outside. Shares are in per cent, the rest in percentage points."""

    low: float
    high: float
    """What fits, if missing sheets are within `unseen` of what their stratum shows."""
    gap: float
    required: float | None
    """The least `unseen` with which it fits; None where none up to 100 does."""
    whatever: bool
    """Whether it does not fit whatever missing sheets hold."""


class _Side:
    """The bets against "the share is at most theta", of which one must reach the goal for theta to lie below what fits.

    Where all tables are counted, there is one, on the ratio. Else let the shortfall at a cut c be the sum of
    max(0, c x - y) over all tables. Those that were counted, whichever they are, have no more of it. So (c - p) V is at
    most the shortfall of the whole for an honest share p of V valid votes, and the bet is against that, cut by cut.
    """

    def __init__(self, sample: Sample, asked: Question, *, mirrored: bool) -> None:
        self.contrast = asked.contrast.mirrored() if mirrored else asked.contrast
        self.share = -asked.share if mirrored else asked.share
        self._sample, self._missing = sample, Missing.of(sample, self.contrast)
        self._mean = None if asked.valid is None else asked.valid / float(sample.sizes.sum())
        parts = 1 if asked.valid is None else CUTS
        self.goal = log(2 * parts / asked.alpha)
        spans = [self.contrast.span * step / parts for step in range(1, parts + 1)]
        low, alpha = self.contrast.low, asked.alpha / 2 / parts
        on_ratio = low if asked.valid is None else None
        self._stakes = {low + span: stakes(sample, span, alpha, on_ratio) for span in spans}

    def bet(self, cut: float, band: Band, unseen: float) -> Bet:
        """The bet at one cut."""
        filled, staked = self._missing.worst(band, unseen), self._stakes[cut]
        if self._mean is None:
            return Bet.on(filled.by_unit(self._sample), staked)
        # Table by table also where whole clusters were drawn: what was counted need not be whole clusters.
        shortfall = self._sample.by_unit(np.maximum(0, cut * filled.x - filled.y))
        return Bet.on(Filled(cut * self._mean - shortfall, np.full(len(shortfall), self._mean)), staked)

    @property
    def telling(self) -> Sequence[float]:
        """The cuts that can tell anything against the share: none that is as low."""
        return [cut for cut in self._stakes if self._mean is None or cut > self.share]

    def surplus(self, cut: float, band: Band, unseen: float) -> float:
        """By how much the logarithm of the capital against the share exceeds the goal."""
        return self.bet(cut, band, unseen).log_capital(self.share) - self.goal

    def end(self, unseen: float) -> float:
        """The greatest theta for which a bet reaches the goal, the least possible value if none does."""
        theta = self.contrast.low
        for cut in self._stakes:
            theta = self.bet(cut, "within-unseen", unseen).end(theta, self.contrast.high, self.goal)
        return theta

    def required(self, unseen: float) -> float | None:
        """The least `unseen`, this at least, with which no bet reaches the goal; None where none up to 100 does."""
        for cut in self.telling:
            if self.surplus(cut, "within-unseen", 100) >= 0:
                return None
            if self.surplus(cut, "within-unseen", unseen) >= 0:
                high = 100.0
                for _ in range(_STEPS):
                    middle = (unseen + high) / 2
                    reaches = self.surplus(cut, "within-unseen", middle) >= 0
                    unseen, high = (middle, high) if reaches else (unseen, middle)
                unseen = high
        return unseen


def surplus(sample: Sample, asked: Question, band: Band, unseen: float) -> float:
    """By how much the logarithm of the capital against an announced share exceeds what it must reach for the share to
    lie outside; negative where it fits. Only the side of the estimate on which it lies is looked at."""
    side = _Side(sample, asked, mirrored=_is_above(sample, asked))
    return max((side.surplus(cut, band, unseen) for cut in side.telling), default=-side.goal)


def misfit(sample: Sample, asked: Question, unseen: float) -> Misfit:
    """What fits instead of an announced share."""
    below, above = (_Side(sample, asked, mirrored=mirrored) for mirrored in (False, True))
    side = above if _is_above(sample, asked) else below
    low, high = below.end(unseen), -above.end(unseen)
    return Misfit(
        low=100 * low,
        high=100 * high,
        gap=100 * max(0.0, low - asked.share, asked.share - high),
        required=None if sample.came.all() else side.required(unseen),
        whatever=any(side.surplus(cut, "anything", unseen) >= 0 for cut in side.telling),
    )


def _is_above(sample: Sample, asked: Question) -> bool:
    estimate = usual_interval.estimate(sample, asked.contrast)
    return asked.share > ((asked.contrast.low + asked.contrast.high) / 2 if estimate is None else estimate)
