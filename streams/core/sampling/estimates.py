"""What a sample says at one moment: for each option's share, and for the lead, an estimate with its intervals."""

from collections.abc import Sequence
from math import comb
from typing import Final

import msgspec

from streams.core.election.model import Election
from streams.core.events.sample_states import Interval, SampleInterval, SampleLead, SampleRecord
from streams.core.sampling import guaranteed_interval, usual_interval
from streams.core.sampling.sample import Contrast, Sample

ALPHA: Final = 0.05
"""Probability that an interval may be wrong: half of it at each end."""


class Estimate(msgspec.Struct, frozen=True):
    """A share in per cent of the valid votes, or a lead in percentage points."""

    option: str
    over: str
    """Of a lead the option that is behind; empty for a share."""
    estimate: float | None
    """By the sheets that came; None where none did."""
    usual: Interval
    """95 %, right if the sample is large; each missing sheet within `unseen` of what its stratum shows."""
    guaranteed: Interval
    """95 % whatever the size of the sample; missing sheets likewise. Each row by itself, not all rows at once."""
    outer: Interval
    """The same, whatever missing sheets hold."""


def estimates(election: Election, sample: Sample, unseen: float) -> list[Estimate]:
    """The share of each option for which sheets are read, and the lead of the first over the second by the estimates.
    `unseen` is in percentage points.

    Which two options the lead is of, the sheets decide. So that its guaranteed interval is right whichever two they
    choose, its error is divided among all pairs of options (Bonferroni).
    """
    options, count = election.options, len(election.options)
    rows = [
        _estimate(sample, Contrast.share(place, count), options[place].id, "", unseen)
        for place in election.read_options.values()
    ]
    order = sorted(rows, key=lambda one: -(one.estimate or 0))
    if len(order) > 1 and order[0].estimate is not None:
        first, second = (election.option_index[one.option] for one in order[:2])
        lead, alpha = Contrast.lead(first, second, count), ALPHA / comb(len(order), 2)
        rows.append(_estimate(sample, lead, options[first].id, options[second].id, unseen, alpha))
    return rows


def _estimate(
    sample: Sample, contrast: Contrast, option: str, over: str, unseen: float, alpha: float = ALPHA
) -> Estimate:
    ratio = usual_interval.estimate(sample, contrast)
    return Estimate(
        option=option,
        over=over,
        estimate=None if ratio is None else 100 * ratio,
        usual=_per_cent(usual_interval.interval(sample, contrast, "within-unseen", unseen)),
        guaranteed=_per_cent(guaranteed_interval.interval(sample, contrast, "within-unseen", unseen, alpha)),
        outer=_per_cent(guaranteed_interval.interval(sample, contrast, "anything", unseen, alpha)),
    )


def record(sample: Sample, unseen: float, rows: Sequence[Estimate]) -> SampleRecord:
    """What an area's state says of its sample, from the estimates."""
    leads = [SampleLead(*_figures(one), one.option, one.over) for one in rows if one.over]
    return SampleRecord(
        drawn=len(sample.came),
        came=int(sample.came.sum()),
        clusters=0 if sample.cluster is None else len(sample.unit_stratum),
        missing=dict(sample.missing),
        unseen=unseen,
        shares={one.option: SampleInterval(*_figures(one)) for one in rows if not one.over},
        lead=leads[0] if leads else None,
    )


def _figures(one: Estimate) -> tuple[float | None, Interval, Interval, Interval]:
    estimate = None if one.estimate is None else round(one.estimate, 6)
    return estimate, _rounded(one.usual), _rounded(one.guaranteed), _rounded(one.outer)


def _rounded(ends: Interval) -> Interval:
    return round(ends[0], 6), round(ends[1], 6)


def _per_cent(ends: Sequence[float]) -> Interval:
    return 100 * ends[0], 100 * ends[1]
