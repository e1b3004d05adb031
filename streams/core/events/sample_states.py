"""What area states say of the election's random sample, as it stands on the wire (`area_states`)."""

from collections.abc import Mapping

from msgspec import Struct

Interval = tuple[float, float]
"""From and to."""


class SampleInterval(Struct, frozen=True):
    """What a random sample says of a share (per cent) or a lead (percentage points). Intervals are from and to, 95 %
    each."""

    estimate: float | None
    """By the sampled sheets that are in; None where none is."""
    usual: Interval
    """Normal approximation, each missing sheet within `unseen` of what its stratum shows."""
    guaranteed: Interval
    """Right in samples of any size; missing sheets likewise."""
    outer: Interval
    """The same, whatever missing sheets hold."""


class SampleLead(SampleInterval, frozen=True):
    """The lead of one option over another."""

    option: str
    over: str


class SampleRecord(Struct, frozen=True, kw_only=True):
    """What the election's random sample says of an area."""

    drawn: int
    """Sampled polling tables."""
    came: int
    """Those of them with an accepted sheet."""
    clusters: int = 0
    """Clusters in which these tables were drawn; 0 where they were drawn one by one."""
    missing: Mapping[str, int]
    """By stratum, an area's id: sampled polling tables without one."""
    unseen: float
    """Percentage points by which these may differ from what their stratum shows."""
    shares: Mapping[str, SampleInterval]
    """By option."""
    lead: SampleLead | None
    """That of the first option over the second; None where no sampled sheet is in."""
