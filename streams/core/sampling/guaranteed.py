"""An interval that is right with the promised probability in samples of any size: a bet with stakes fixed beforehand.

After Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (J. R. Stat. Soc. B, 2024), for
a ratio in a stratified sample without replacement. docs/sample.md has the proof.
"""

from math import log, sqrt
from typing import Final

import numpy as np

from streams.core.sampling.missing import Band, worst
from streams.core.sampling.sample import Contrast, Floats, Sample

SPREADS: Final = (0.03, 0.06, 0.12, 0.24)
"""Spreads of a sheet's deviation, as a share of the largest limit, for which the stakes are best. The capital is
divided among them in equal parts, so that it does well whichever is near the truth."""
_STEPS: Final = 60
"""Halvings of the interval: more than the digits of a float."""


def stakes(sample: Sample, contrast: Contrast, alpha: float) -> Floats:
    """The stakes on each sampled table (spreads, tables), in units of one over votes. They depend on the draw alone:
    its size, its strata and the largest limit; not on any sheet.

    The best stake for a spread s is sqrt(2 log(1 / alpha) / n) / s. It is cut so that no sheet of any table can make a
    factor of the capital negative.
    """
    n = len(sample.stratum)
    # In proportion to what a sampled table stands for: so every table of the whole has one weight.
    weight = sample.weight * n / sample.sizes.sum()
    best = np.array([sqrt(2 * log(1 / alpha) / n) / spread for spread in SPREADS])
    most = 1 / ((contrast.high - contrast.low) * weight.max())
    found: Floats = np.minimum(best, most)[:, None] * weight / sample.largest
    return found


def capital(y: Floats, x: Floats, staked: Floats, theta: float) -> float:
    """What one unit of capital has become by betting against "the ratio is at most theta": the mean over the spreads of
    the products of 1 + stake (y - theta x). Where that is true its expectation is at most 1."""
    with np.errstate(divide="ignore"):
        logs = np.log(np.maximum(1 + staked * (y - theta * x), 0)).sum(axis=1)
    return float(np.exp(np.minimum(logs, 700)).mean())


def lower_end(sample: Sample, contrast: Contrast, band: Band, unseen: float, alpha: float) -> float:
    """The greatest theta for which the capital reaches 1 / alpha, with missing sheets at their worst: the ratio lies
    above it with probability 1 - alpha. The least possible value where there is none."""
    staked, filled = stakes(sample, contrast, alpha), worst(sample, contrast, band, unseen)
    low, high = contrast.low, contrast.high
    if capital(filled.y, filled.x, staked, low) < 1 / alpha:
        return low
    for _ in range(_STEPS):  # the capital falls as theta rises
        middle = (low + high) / 2
        if capital(filled.y, filled.x, staked, middle) >= 1 / alpha:
            low = middle
        else:
            high = middle
    return low


def interval(sample: Sample, contrast: Contrast, band: Band, unseen: float, alpha: float = 0.05) -> tuple[float, float]:
    """The interval of a share or a lead, as ratios: right with probability 1 - alpha at least, half of alpha for each
    end."""
    low = lower_end(sample, contrast, band, unseen, alpha / 2)
    high = -lower_end(sample, contrast.mirrored(), band, unseen, alpha / 2)
    return low, high
