"""What arrives: tally reports, bulletins, ticks; and what is turned away.

Times are Unix milliseconds, votes are counts, ratios are 0-1, announced shares are per cent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Extra = Mapping[str, Any]
"""Fields nobody here knows: kept as they came, and passed on."""


@dataclass(frozen=True, slots=True)
class TallyReport:
    """One reader's reading of one tally sheet."""

    id: str
    table: str
    reporter: str
    source: str
    at: int
    votes: Mapping[str, int]
    group: str | None = None
    null: int | None = None
    blank: int | None = None
    registered: int | None = None
    ballots: int | None = None
    image_sha256: str | None = None
    url: str | None = None
    supersedes: str | None = None
    retracted: bool = False
    signature: str | None = None
    """Ed25519 in base64 (streams.signing)."""
    extra: Extra = field(default_factory=dict)


Status = Literal["partial", "final", "correction"]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One official announcement of cumulative results for one area.

    `registered` is the registered voters behind the counted tables, `registered_area` those of
    the whole area, both as the authority announces them.
    """

    id: str
    authority: str
    area: str
    at: int
    sequence: int
    votes: Mapping[str, int]
    status: Status = "partial"
    supersedes: str | None = None
    tables_counted: int | None = None
    tables_counted_ratio: float | None = None
    registered: int | None = None
    registered_area: int | None = None
    ballots: int | None = None
    valid: int | None = None
    null: int | None = None
    announced_shares: Mapping[str, float] = field(default_factory=dict)
    url: str | None = None
    signature: str | None = None
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tick:
    """Event time has come at least this far."""

    at: int


Event = TallyReport | Bulletin | Tick


def table_of(event: TallyReport | Bulletin) -> str:
    """The id of the polling table that the event speaks of; a bulletin may name an area instead."""
    return event.table if isinstance(event, TallyReport) else event.area


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an event was turned away: a stable code, the place, and what would cure it."""

    code: str
    place: str
    cure: str

    def __str__(self) -> str:
        return f"{self.code} at {self.place}: {self.cure}" if self.place else f"{self.code}: {self.cure}"
