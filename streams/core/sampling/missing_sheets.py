"""What sampled sheets that have not come may hold, at worst for the lower end of an interval."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from streams.core.sampling.sample import Contrast, Floats, Sample

Band = Literal["within-unseen", "anything"]
"""(a) shares within `unseen` of what their stratum shows, (b) anything at all within their ballots."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Of each sampled table, or unit of the draw, the contrast's votes y and the valid votes x, with missing ones
    filled in."""

    y: Floats
    x: Floats

    def by_unit(self, sample: Sample) -> "Filled":
        """Those of tables, added up by unit."""
        return Filled(sample.by_unit(self.y), sample.by_unit(self.x))


@dataclass(frozen=True)
class Missing:
    """What sampled sheets that have not come may hold of one contrast."""

    sample: Sample
    contrast: Contrast
    ratio: Floats
    """What each stratum shows; where none of it has come, what the whole sample does. NaN where that shows nothing."""
    turnout: Floats
    """Valid votes per admitted one, likewise."""
    allowances: Floats
    """By how much the ratio may be lower, by stratum, for each percentage point of `unseen`."""

    @classmethod
    def of(cls, sample: Sample, contrast: Contrast) -> "Missing":
        """From the sheets that came."""
        came = sample.came
        y = contrast.coefficients @ sample.votes
        votes, valid, limits = (
            np.bincount(sample.stratum, values * came, len(sample.names)) for values in (y, sample.valid, sample.limits)
        )
        shows = valid > 0
        votes, valid, limits = (np.where(shows, part, part.sum()) for part in (votes, valid, limits))
        with np.errstate(invalid="ignore"):  # 0 of 0 where nothing has come
            ratio, turnout = votes / valid, valid / limits
        # The difference of two shares moves by twice what one share moves by.
        allowances = np.where(shows, 0.01, 0.015) * np.abs(contrast.coefficients).sum()
        return cls(sample, contrast, ratio, turnout, allowances)

    def worst(self, band: Band, unseen: float) -> Filled:
        """The sample with each missing sheet as it lowers the lower end most.

        "anything": as many votes as would be admitted, all of them against. "within-unseen": as many as its stratum
        lets one expect (valid votes per admitted one, times its limit), at the stratum's ratio less `unseen` percentage
        points, not below what is possible. Where none of its stratum has come, the whole sample shows it, and `unseen`
        is half as much again (one level borrowed); where none of the sample has, it may hold anything. This bounds
        missing sheets that each keep to this share and turnout, not those that do so on average only (docs/sample.md).
        """
        sample, contrast = self.sample, self.contrast
        y, x = contrast.coefficients @ sample.votes, sample.valid.astype(np.float64)
        away = np.flatnonzero(~sample.came)
        stratum, limits = sample.stratum[away], sample.limits[away]
        if band == "anything" or np.isnan(self.ratio).all():
            y[away], x[away] = contrast.low * limits, limits
        else:
            ratio = np.maximum(contrast.low, self.ratio - unseen * self.allowances)
            x[away] = self.turnout[stratum] * limits
            y[away] = ratio[stratum] * x[away]
        return Filled(y, x)


def worst(sample: Sample, contrast: Contrast, band: Band, unseen: float) -> Filled:
    """The sample's tables with each missing sheet at its worst for the lower end (`Missing.worst`)."""
    return Missing.of(sample, contrast).worst(band, unseen)
