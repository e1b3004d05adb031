"""The events of a night (tally reports, bulletins, ticks), and what is said of one that is turned away.

Times are Unix milliseconds, votes are counts, ratios are 0-1, announced shares are per cent. These types declare the
JSON fields of an event: their names (`name=` where the attribute has another name), their types and their limits.
`codec` decodes by these types. `field_reader` reads the fields one by one, in this order, to say which is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, field

MAX_TEXT: Final = 500
"""Characters in any id, name or address."""
MAX_COUNT: Final = 10**10
"""More voters than there are people: a figure above it is a slip or an attack."""
LATEST: Final = 4_102_444_800_000
"""Unix milliseconds of the year 2100; no event can be later."""
NO_ARRIVAL: Final = 0
"""Stands, among times of arrival (Unix ms), for a message of which nobody knows when it came."""

Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)]
Time = Annotated[int, Meta(ge=0, le=LATEST)]
Votes = Annotated[Mapping[Text, Count], Meta(min_length=1)]
Ratio = Annotated[float, Meta(ge=0, le=1)]
Shares = Mapping[Text, Annotated[float, Meta(ge=0, le=100)]]

Extra = Mapping[str, Any]
"""Fields nobody here knows: kept as they came, and passed on."""

UNREADABLE: Final = "\x7f"
"""JSON name of `extra`. It is a control character, so no message that is decoded in one go can have such a field."""

BoundKind = Literal["at-least", "at-most"]
"""What a reading says that is no reading of a sheet: votes that were certainly cast, or ballots that can have been."""


class TallyReport(
    Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="tally-report"
):
    """One reader's reading of one tally sheet. With a `bound` it is no reading, but other evidence that limits the
    figures of a polling table.

    A bound `at-least` gives in `votes` what was certainly cast for each option that it names. A bound `at-most` gives
    in `ballots` how many ballots can have been cast (docs/evidence.md).
    """

    bound: BoundKind | None = None
    id: Text
    table: Text
    reporter: Text
    group: Text | None = field(name="reporter_group", default=None)
    source: Text
    at: Time = field(name="observed_at")
    votes: Votes
    null: Count | None = None
    blank: Count | None = None
    registered: Count | None = None
    ballots: Count | None = None
    image_sha256: Text | None = None
    url: Text | None = None
    supersedes: Text | None = None
    retracted: bool = False
    signature: Text | None = None
    """Ed25519 in base64 (streams.core.events.signatures)."""
    extra: Extra = field(name=UNREADABLE, default_factory=dict)


Status = Literal["partial", "final", "correction"]


class Bulletin(
    Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="bulletin"
):
    """One official announcement of cumulative results for one area.

    `registered` counts the registered voters of the polling tables that were counted, `registered_area` those of the
    whole area. Both are as the authority announces them.
    """

    status: Status = "partial"
    id: Text
    authority: Text
    area: Text
    at: Time = field(name="issued_at")
    sequence: Count
    supersedes: Text | None = None
    tables_counted: Count | None = None
    tables_counted_ratio: Ratio | None = None
    registered: Count | None = None
    registered_area: Count | None = None
    ballots: Count | None = None
    valid: Count | None = None
    null: Count | None = None
    votes: Votes
    announced_shares: Shares = field(default_factory=dict)
    url: Text | None = None
    signature: Text | None = None
    extra: Extra = field(name=UNREADABLE, default_factory=dict)


class Tick(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag="tick"):
    """A mark in a channel: event time has come to `at` (Unix ms), or further."""

    at: Time


Event = TallyReport | Bulletin | Tick


def table_of(event: TallyReport | Bulletin) -> str:
    """The id of the polling table that an event is about. For a bulletin it may be the id of an area instead."""
    return event.table if isinstance(event, TallyReport) else event.area


def is_reading(retracted: object, bound: object) -> bool:
    """Whether a report with these values of `retracted` and `bound` is a reading of a tally sheet. Retractions and
    bounds are none."""
    return not retracted and bound is None


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an event was turned away: a stable code, the place in it (a path such as `votes.A`), and the cure."""

    code: str
    place: str
    cure: str
    table: str | None = dataclass_field(default=None, compare=False)
    """The polling table, if it was to be a reading of its sheet and its fields could not be read; else None."""

    def __str__(self) -> str:
        return f"{self.code} at {self.place}: {self.cure}" if self.place else f"{self.code}: {self.cure}"
