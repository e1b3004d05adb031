"""An interval that is right with the promised probability in samples of any size: a bet with stakes fixed beforehand.

After Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (J. R. Stat. Soc. B, 2024), for
a ratio in a stratified sample without replacement, drawn in a random order. docs/sample.md has the proof.
"""

from collections import defaultdict
from dataclasses import dataclass
from math import copysign, inf, log, sqrt
from typing import Final

import numpy as np

from streams.core.sampling.missing_sheets import Band, Filled, worst
from streams.core.sampling.sample import Contrast, Floats, Sample

SPREADS: Final = (0.03, 0.06, 0.12, 0.24)
"""Spreads of a sheet's deviation, as a share of the largest limit, for which the stakes are best. The capital is
divided among them in equal parts, so that it does well whichever is near the truth."""
REACHES: Final = (0.25, 0.5, 0.75)
"""How far up, of all that a ratio can be, larger stakes reach: half of the capital where the stakes had to be cut."""
EXACT: Final = 1e-12
"""An end of an interval is worked out to so much."""
_LEAST: Final = 1e-6
"""Units that a sample amounts to at least, so that stakes are finite where all were drawn."""


@dataclass(frozen=True, slots=True)
class Stakes:
    """What is staked on each sampled unit, a table or cluster (rows, units), in one over votes. They depend on the
    draw alone: its sizes, its order, its strata and the largest limit; not on any sheet.

    The more of a stratum was drawn before a unit, the more of this one is known in advance. So of a whole stake w the
    j-th of n units, drawn from N, has only w (N - n) / (N - j) at risk: that is the correction for a finite
    population. docs/sample.md derives it.
    """

    risked: Floats
    """By these the factors 1 + risked (y - theta x) grow or shrink."""
    carried: Floats
    """The rest of the whole stake, with factors exp(carried (y - theta x))."""
    portion: Floats
    """Of the capital, by row."""
    until: Floats
    """The greatest theta that a row bets against; its capital counts as 0 above."""


def stakes(sample: Sample, span: float, alpha: float, low: float | None = None) -> Stakes:
    """The stakes for a bet that must reach 1 / `alpha`. `span` is by how much of its valid votes a unit can lower its
    factor: the range of a contrast. `low` is the least that the ratio can be, None where the bet is on no ratio.

    The best whole stake for a spread s is sqrt(2 log(1 / alpha) / m) / s, where m is what the sample amounts to: n (1 -
    n / N) units. It is cut so that no sheets of any unit can make a factor of the capital negative. Against a small
    ratio that takes less: so where stakes are cut, half of the capital has larger ones that do not reach all the way.
    """
    # In proportion to what a sampled unit stands for: so every one of the whole has one weight.
    weight = sample.weight * len(sample.weight) / sample.sizes.sum()
    at_risk = _at_risk(sample)
    amount = max(_LEAST, float(((weight * at_risk) ** 2).sum()))
    best = np.array([sqrt(2 * log(1 / alpha) / amount) / spread for spread in SPREADS])
    heaviest = weight[at_risk > 0].max(initial=0.0)
    most = 1 / (span * heaviest) if heaviest else inf
    portions = defaultdict[tuple[float, float], float](float)  # many are cut to the same stake: they are one row
    for stake in best.tolist():
        part = 1 / len(best) if low is None or stake <= most else 0.5 / len(best)
        portions[min(stake, most), inf] += part
        if low is not None and stake > most:
            for reach in REACHES:
                portions[min(stake, most / reach), low + reach * span] += part / len(REACHES)
    staked, until = np.array(list(portions)).T
    whole = staked[:, None] * weight / sample.largest
    return Stakes(whole * at_risk, whole * (1 - at_risk), np.array(list(portions.values())), until)


def _at_risk(sample: Sample) -> Floats:
    """The part of the stake on each sampled unit that is at risk: (N - n) / (N - j) for the j-th of its stratum. None
    is where all of the stratum was drawn."""
    stratum = sample.unit_stratum
    size, drawn = sample.sizes[stratum], sample.drawn[stratum]
    by_stratum = np.argsort(stratum, kind="stable")
    before = np.concatenate([np.arange(count) for count in sample.drawn.tolist()])
    place = np.empty(len(by_stratum), np.int64)
    place[by_stratum] = before + 1
    parts: Floats = (size - drawn) / np.maximum(1, size - place)
    return parts


@dataclass(frozen=True)
class Bet:
    """What one unit of capital becomes by betting against "the ratio is at most theta" on these sheets: the sum, over
    the rows of stakes that reach theta, of their portions times the products of (1 + risked z) exp(carried z) with
    z = y - theta x. Where that is true its expectation is at most 1."""

    base: Floats
    """1 + risked y, by row and unit."""
    fall: Floats
    """Risked x."""
    drift: Floats
    """The sum of carried y, by row."""
    sink: Floats
    """The sum of carried x."""
    staked: Stakes

    @classmethod
    def on(cls, filled: Filled, staked: Stakes) -> "Bet":
        """With such stakes on these units."""
        y, x = filled.y, filled.x
        return cls(1 + staked.risked * y, staked.risked * x, staked.carried @ y, staked.carried @ x, staked)

    def log_capital(self, theta: float) -> float:
        """The logarithm of the capital."""
        return self._at(theta)[0]

    def _at(self, theta: float) -> tuple[float, float]:
        """The logarithm of the capital, and its slope in theta."""
        reach = theta <= self.staked.until
        factors = np.maximum(np.where(reach[:, None], self.base - theta * self.fall, 1), 1e-300)
        logs = np.log(factors).sum(axis=1) + self.drift - theta * self.sink + np.log(self.staked.portion)
        logs[~reach] = -inf
        most = logs.max()
        parts = np.exp(logs - most)
        slope = -(parts @ ((self.fall / factors).sum(axis=1) + self.sink)) / parts.sum()
        return float(most + np.log(parts.sum())), float(slope)

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
    bet = Bet.on(
        worst(sample, contrast, band, unseen).by_unit(sample), stakes(sample, contrast.span, alpha, contrast.low)
    )
    return bet.end(contrast.low, contrast.high, log(1 / alpha))


def interval(sample: Sample, contrast: Contrast, band: Band, unseen: float, alpha: float = 0.05) -> tuple[float, float]:
    """The interval of a share or a lead, as ratios: right with probability 1 - alpha at least, half of alpha for each
    end."""
    low = lower_end(sample, contrast, band, unseen, alpha / 2)
    high = -lower_end(sample, contrast.mirrored(), band, unseen, alpha / 2)
    return low, high
