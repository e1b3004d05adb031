"""What sampled sheets that have not come may hold, at worst for the lower end of an interval."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from streams.core.election.numbering import Flags
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
    # The difference of two shares moves by twice what one share moves by.
    allowance = unseen / 100 * float(np.abs(contrast.coefficients).sum())
    for stratum in np.unique(sample.stratum[away]).tolist():
        of_it, borrowed = sample.stratum == stratum, 1.0
        shown = _shown(sample, contrast, of_it & sample.came)
        if shown is None:
            shown, borrowed = _shown(sample, contrast, sample.came), 1.5
        if shown is not None:
            ratio, turnout = shown
            some = of_it & away
            x[some] = turnout * sample.limits[some]
            y[some] = max(contrast.low, ratio - borrowed * allowance) * x[some]
    return Filled(y, x)


def _shown(sample: Sample, contrast: Contrast, some: Flags) -> tuple[float, float] | None:
    """The ratio that these sheets show, and their valid votes per admitted one; None where they have no votes."""
    valid = int(sample.valid[some].sum())
    if not valid:
        return None
    votes = float(contrast.coefficients @ sample.votes[:, some].sum(axis=1))
    return votes / valid, valid / int(sample.limits[some].sum())
