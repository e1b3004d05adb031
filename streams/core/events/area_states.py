"""The state of an area: the type of the records of the topic `area-state` (JSON, UTF-8).

`docs/schemas/` publishes these types as JSON Schema, and `docs/asyncapi.yaml` says which topic carries which. Times are
Unix ms, votes and tables are counts, shares are per cent of the valid votes, points are percentage points, coverage is
a ratio (0-1). None stands for what is not known. Keys of `votes`, `shares`, `shift` and `figures` are ids of options or
groups.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import astuple

from streams.core.election.model import Severity
from streams.core.events.sample_states import SampleRecord


class Witnessed(Struct, frozen=True):
    """What the accepted tally sheets of an area come to."""

    tables: int
    """Polling tables with an accepted sheet."""
    coverage: float | None
    """`tables` over the tables that exist."""
    registered: int
    """Registered voters behind `tables`."""
    valid: int
    null: int
    votes: Mapping[str, int | None]
    shares: Mapping[str, float | None]
    levels: Mapping[str, int]
    """Polling tables by level of evidence: none, reported, corroborated, disputed."""


class OpenGroup(Struct, frozen=True):
    """Sheets of one kind that do not count yet. None where nobody knows how many polling tables there are."""

    sheets: int | None
    votes: int | None
    """The most votes that they can hold together."""
    enough: int | None
    """The least number of them that could take the lead away; None where all together could not."""


class OfficialLead(Struct, frozen=True):
    """Who leads among the polling tables that were announced one by one, and which others could change that."""

    leader: str
    second: str
    votes: int
    """By how many votes the leader is ahead of the second."""
    unannounced: OpenGroup
    """Polling tables that are not announced."""
    together: OpenGroup
    """The same."""


class TablesAnnounced(Struct, frozen=True):
    """The polling tables of an area that were announced one by one."""

    announced: int
    compared: int
    """Announced polling tables that have an accepted sheet too."""
    differing: int
    """Compared polling tables of which a figure differs."""
    shift: Mapping[str, int]
    """Announced less witnessed votes, over `compared`."""
    votes: Mapping[str, int]
    valid: int | None
    shares: Mapping[str, float]
    lead: OfficialLead | None
    """None where nobody is ahead of all others, or not every announced table tells every option."""


class Bounds(Struct, frozen=True):
    """What evidence that is only a bound says of an area (docs/evidence.md)."""

    tables: int
    """Polling tables with bounds."""
    unwitnessed: int
    """Polling tables with bounds that have no accepted sheet."""
    conflicting: int
    """Polling tables whose bounds contradict each other."""
    against_sheets: int
    """Polling tables whose accepted sheet is outside its bounds."""
    votes: Mapping[str, int]
    """Votes certainly cast at the unwitnessed polling tables."""
    checked: int
    """Polling tables that are announced by themselves and whose votes are bounded below."""
    below: int
    """Checked polling tables that are announced with fewer votes than their bound."""
    missing: Mapping[str, int]
    """Votes missing at the polling tables counted in `below`."""
    checked_most: int
    """Polling tables that are announced by themselves and whose ballots are bounded above."""
    above: int
    """Polling tables of `checked_most` that are announced with more votes than their bound."""
    excess: int
    """Votes announced at `above` beyond the bounds."""


class Figure(Struct, frozen=True):
    """One figure of a bulletin beside what was witnessed."""

    votes: int
    share: float | None
    witnessed_share: float | None
    expected_share: float | None
    low_share: float | None
    """The lowest share that an honest count can announce, in whatever order it counted."""
    high_share: float | None
    gap: float | None
    """Points from `share` to the nearest share that an honest count can announce."""
    required: float | None
    """Points by which tables nobody witnessed must differ from their neighbours for the gap to close."""
    floor: int | None
    """The least votes that the witnessed sheets allow."""
    ceiling: int | None
    """The most votes that the witnessed sheets allow."""
    breakdown: int | None
    """Witnessed sheets that must be false for the figure to be possible."""


class Official(Struct, frozen=True):
    """An area's newest bulletin."""

    bulletin: str
    at: int
    """When it was issued."""
    votes: Mapping[str, int]
    valid: int | None
    tolerated: int
    """False sheets that call nobody."""
    figures: Mapping[str, Figure]


class StandingAlert(Struct, frozen=True):
    """An alert that fires in an area."""

    fingerprint: str
    severity: Severity
    value: float
    """The headline figure, in `unit`."""
    unit: str
    bulletin: str
    """Id of the bulletin that it is about; empty where it is about none."""
    sentence: Mapping[str, str]
    """By language: en, es."""


class Lead(Struct, frozen=True):
    """Who leads among the witnessed votes of an area, and which sheets could change that."""

    leader: str
    second: str
    votes: int
    """By how many votes the leader is ahead of the second."""
    disputed: OpenGroup
    unconfirmed: OpenGroup
    """Those that too few have read."""
    turned_away: OpenGroup
    """Those of which no reading stands, and at least one was turned away."""
    unwitnessed: OpenGroup
    """Those of which no reading stands, and none was turned away."""
    together: OpenGroup


class AreaState(Struct, frozen=True):
    """What is known of one area at one tick."""

    area: str
    name: str
    level: str
    tables: int | None
    """Polling tables that exist."""
    registered: int | None
    witnessed: Witnessed
    tables_announced: TablesAnnounced | None
    lead: Lead | None
    """None where nobody is ahead of all others."""
    bounds: Bounds | None
    official: Official | None
    alerts: list[StandingAlert]
    sample: SampleRecord | UnsetType = UNSET
    """Only for areas that the election's random sample speaks of."""


class DatedState(AreaState, frozen=True, kw_only=True):
    """One area at the last judged tick. The newest record of a key counts."""

    at: int
    """Event time of the tick."""
    behind: float | UnsetType = UNSET
    """Seconds of event time that the slowest partition is behind the fastest, where a tick did not wait for it."""

    @classmethod
    def of(cls, state: AreaState, at: int, behind: float | UnsetType) -> "DatedState":
        """What is known of an area, with the time at which it was."""
        return cls(*astuple(state), at=at, behind=behind)

    @classmethod
    def decode(cls, content: bytes) -> "DatedState":
        """The state in the value of a record of `area-state`. Raises msgspec.DecodeError for anything else."""
        return _decode(content)


_decode: Final = msgspec.json.Decoder(DatedState).decode
