"""What sampled sheets that have not come may hold, at worst for the lower end of an interval."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from streams.core.sampling.sample import Contrast, Floats, Sample

Band = Literal["within-unseen", "anything"]
"""(a) shares within `unseen` of what their stratum shows, (b) anything at all within their ballots."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Of each sampled table the contrast's votes y and the valid votes x, with missing ones filled in."""

    y: Floats
    x: Floats


def worst(sample: Sample, contrast: Contrast, band: Band, unseen: float) -> Filled:
    """The sample with each missing sheet as it lowers the lower end most.

    "anything": as many votes as would be admitted, all of them against. "within-unseen": as many as its stratum lets
    one expect (valid votes per admitted one, times its limit), at the stratum's ratio less `unseen` percentage points,
    not below what is possible. Where none of its stratum has come, the whole sample shows it, and `unseen` is half as
    much again (one level borrowed); where none of the sample has, it may hold anything. This bounds missing sheets that
    each keep to this share and turnout, not those that do so on average only (docs/sample.md).
    """
    y, x = (contrast.coefficients @ sample.votes).astype(np.float64), sample.valid.astype(np.float64)
    away = ~sample.came
    y[away], x[away] = contrast.low * sample.limits[away], sample.limits[away]
    if band == "anything":
        return Filled(y, x)
    votes, valid, limits = (_shown(sample, values) for values in (y, x, sample.limits.astype(np.float64)))
    if not valid.any():
        return Filled(y, x)
    # A stratum that shows nothing takes what the whole sample shows.
    shows = valid > 0
    votes, valid, limits = (np.where(shows, part, part.sum()) for part in (votes, valid, limits))
    # The difference of two shares moves by twice what one share moves by.
    allowance = unseen / 100 * float(np.abs(contrast.coefficients).sum())
    ratio = np.maximum(contrast.low, votes / valid - np.where(shows, 1.0, 1.5) * allowance)
    some = sample.stratum[away]
    x[away] = (valid / limits)[some] * sample.limits[away]
    y[away] = ratio[some] * x[away]
    return Filled(y, x)


def _shown(sample: Sample, values: Floats) -> Floats:
    """Sums over the sheets that came, by stratum."""
    return np.bincount(sample.stratum, values * sample.came, len(sample.names)).astype(np.float64)
