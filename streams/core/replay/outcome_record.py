"""The JSON of `cotejo replay --json`, as types. docs/schemas/outcome.json publishes them as JSON Schema.

`outcome` writes it in pieces, since a night may have a million verdicts; a test holds the two together.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from streams.core.alerting.alert import Moment, Notice
from streams.core.comparison.findings import Finding
from streams.core.election.model import Severity
from streams.core.events.area_states import AreaState


class VerdictRecord(Struct, frozen=True):
    """What the readings of one tally sheet come to."""

    level: Literal["none", "reported", "corroborated", "disputed"]
    """The level of evidence."""
    accepted: bool
    """Whether the votes count as witnessed."""
    votes: list[int] | None
    """By option, in the order of the election file; null where no reading leads."""
    null: int
    agreeing: int
    """Independent readers who stand behind `votes`."""
    readers: int
    """Independent readers of the sheet."""


class AlertRecord(Struct, frozen=True):
    """An alert as the night left it."""

    fingerprint: str
    status: Literal["pending", "firing", "resolved"]
    since: int
    finding: Finding
    severity: Severity
    episode: int
    """How many times it fired."""
    words: int
    """Notices of this episode."""
    told_at: int
    told_value: float
    told_severity: Severity | None
    muted_by: str | None
    """Fingerprint of the alert further up that the last notice was left to."""
    heard: bool
    """Whether any notice of this episode was not muted."""
    gravest: Severity | None
    called_at: int
    """When it first fired in the night; 0 before."""
    worst: Moment | None


class RejectionSample(Struct, frozen=True):
    """One event that was turned away."""

    place: str
    cure: str
    excerpt: str
    """The beginning of what came, as text."""


class RejectionCount(Struct, frozen=True):
    """The events that were turned away for one reason."""

    count: int
    samples: list[RejectionSample]
    """The first few."""


class OutcomeRecord(Struct, frozen=True):
    """How a night ended. The same night under the same election file gives the same bytes."""

    alerts: Mapping[str, AlertRecord]
    """By fingerprint."""
    at: int
    """Event time of the end."""
    counts: Mapping[str, int]
    """Events read, by kind."""
    election: str
    notices: list[Notice]
    """In their order."""
    rejected: Mapping[str, RejectionCount]
    """By reason code."""
    states: Mapping[str, AreaState]
    """By area, of all areas."""
    unjudged: int
    """Events that came after the last tick which every partition reached."""
    verdicts: Mapping[str, VerdictRecord]
    """By polling table, of those that somebody has reported."""
