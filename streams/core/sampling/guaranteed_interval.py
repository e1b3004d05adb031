"""An interval that is right with the promised probability in samples of any size: a bet with stakes fixed beforehand.

After Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (J. R. Stat. Soc. B, 2024), for
a ratio in a stratified sample without replacement. docs/sample.md has the proof.
"""

from dataclasses import dataclass
from math import copysign, log, sqrt
from typing import Final

import numpy as np

from streams.core.sampling.missing import Band, Filled, worst
from streams.core.sampling.sample import Contrast, Floats, Sample

SPREADS: Final = (0.03, 0.06, 0.12, 0.24)
"""Spreads of a sheet's deviation, as a share of the largest limit, for which the stakes are best. The capital is
divided among them in equal parts, so that it does well whichever is near the truth."""
EXACT: Final = 1e-12
"""An end of an interval is worked out to so much."""


def stakes(sample: Sample, span: float, alpha: float) -> Floats:
    """The stakes on each sampled table (spreads, tables), in units of one over votes. They depend on the draw alone:
    its size, its strata and the largest limit; not on any sheet. `span` is by how much of its valid votes a sheet can
    lower its factor: the range of a contrast.

    The best stake for a spread s is sqrt(2 log(1 / alpha) / n) / s. It is cut so that no sheet of any table can make a
    factor of the capital negative.
    """
    n = len(sample.stratum)
    # In proportion to what a sampled table stands for: so every table of the whole has one weight.
    weight = sample.weight * n / sample.sizes.sum()
    best = np.array([sqrt(2 * log(1 / alpha) / n) / spread for spread in SPREADS])
    most = 1 / (span * weight.max())
    staked: Floats = np.minimum(best, most)[:, None] * weight / sample.largest
    return staked


@dataclass(frozen=True)
class Bet:
    """What one unit of capital becomes by betting against "the ratio is at most theta" on these sheets: the mean over
    the spreads of the products of 1 + stake (y - theta x). Where that is true its expectation is at most 1."""

    base: Floats
    """1 + stake y, by spread and table."""
    fall: Floats
    """Stake x."""

    @classmethod
    def on(cls, filled: Filled, staked: Floats) -> "Bet":
        """With such stakes (spreads, tables)."""
        return cls(1 + staked * filled.y, staked * filled.x)

    def log_capital(self, theta: float) -> float:
        """The logarithm of the capital."""
        return self._at(theta)[0]

    def _at(self, theta: float) -> tuple[float, float]:
        """The logarithm of the capital, and its slope in theta."""
        factors = np.maximum(self.base - theta * self.fall, 1e-300)
        logs = np.log(factors).sum(axis=1)
        most = logs.max()
        parts = np.exp(logs - most)
        slope = -(parts @ (self.fall / factors).sum(axis=1)) / parts.sum()
        return float(most + np.log(parts.mean())), float(slope)

    def end(self, low: float, high: float, goal: float) -> float:
        """The greatest theta from `low` to `high` for which the logarithm of the capital reaches `goal`, above 0; `low`
        where there is none. Newton's steps, held within what is known, and a halving at every fifth."""
        if self.log_capital(low) < goal:
            return low
        theta, steps = (low + high) / 2, 0
        while high - low > EXACT:  # the capital falls as theta rises
            value, slope = self._at(theta)
            low, high = (theta, high) if value >= goal else (low, theta)
            step = (goal - value) / slope if slope else 0.0
            # A little beyond the end, so that it is enclosed from both sides.
            theta, steps = theta + 1.001 * step + copysign(EXACT / 4, step), steps + 1
            if not low < theta < high or steps % 5 == 0:
                theta = (low + high) / 2
        return low


def lower_end(sample: Sample, contrast: Contrast, band: Band, unseen: float, alpha: float) -> float:
    """The greatest theta for which the capital reaches 1 / alpha, with missing sheets at their worst: the ratio lies
    above it with probability 1 - alpha. The least possible value where there is none."""
    bet = Bet.on(worst(sample, contrast, band, unseen), stakes(sample, contrast.span, alpha))
    return bet.end(contrast.low, contrast.high, log(1 / alpha))


def interval(sample: Sample, contrast: Contrast, band: Band, unseen: float, alpha: float = 0.05) -> tuple[float, float]:
    """The interval of a share or a lead, as ratios: right with probability 1 - alpha at least, half of alpha for each
    end."""
    low = lower_end(sample, contrast, band, unseen, alpha / 2)
    high = -lower_end(sample, contrast.mirrored(), band, unseen, alpha / 2)
    return low, high
