"""The usual interval: combined ratio estimate, linearised variance, normal approximation (Cochran, Sampling Techniques,
1977, 6.11-6.12), with missing sheets at their worst for each end."""

from math import inf
from typing import Final

import numpy as np

from streams.core.sampling.missing_sheets import Band, Filled, worst
from streams.core.sampling.sample import Contrast, Sample

Z: Final = 1.959963984540054
"""Standard deviations on either side of the mean that hold 95 % of a normal distribution."""


def estimate(sample: Sample, contrast: Contrast) -> float | None:
    """The combined ratio estimate from the sheets that came, each weighted by its stratum's units over the sampled
    ones, and by its sampled tables over those that came; None where there are none. It takes missing sheets to be like
    the others."""
    came, strata = sample.came, len(sample.names)
    tables, there = (np.bincount(of, minlength=strata) for of in (sample.stratum, sample.stratum[came]))
    weight = (sample.sizes * tables / (np.maximum(1, sample.drawn) * np.maximum(1, there)))[sample.stratum[came]]
    valid = float(weight @ sample.valid[came])
    return float(weight @ (contrast.coefficients @ sample.votes[:, came])) / valid if valid else None


def _ratio(sample: Sample, filled: Filled, low: float) -> tuple[float, float]:
    """The combined ratio and its standard error; the least possible ratio where there are no votes.

    The spread is that between units. A stratum with one sampled unit shows none of its own, so it takes that of the
    whole sample. A sample of one unit shows none at all: the error is infinite, unless that unit is the whole stratum.
    """
    filled = filled.by_unit(sample)
    valid = float(sample.weight @ filled.x)
    if not valid:
        return low, 0.0
    ratio, variance = float(sample.weight @ filled.y) / valid, 0.0
    rest = filled.y - ratio * filled.x
    for stratum, (size, drawn) in enumerate(zip(sample.sizes.tolist(), sample.drawn.tolist(), strict=True)):
        if drawn < size:
            of_it = rest[sample.unit_stratum == stratum] if drawn > 1 else rest
            spread = float(of_it.var(ddof=1)) if len(of_it) > 1 else inf
            variance += size * size * (1 - drawn / size) * spread / drawn
    return ratio, variance**0.5 / valid


def interval(sample: Sample, contrast: Contrast, band: Band, unseen: float) -> tuple[float, float]:
    """The interval of a share or a lead, as ratios: right with 95 % if the sample is large."""
    ratio, error = _ratio(sample, worst(sample, contrast, band, unseen), contrast.low)
    turned, other = _ratio(sample, worst(sample, contrast.mirrored(), band, unseen), -contrast.high)
    return max(contrast.low, ratio - Z * error), min(contrast.high, -turned + Z * other)
