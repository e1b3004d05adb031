"""The types of the records that workers and commands write for each other (JSON, UTF-8).

Those of `area-state` are in `area_states`, those of `alerts` in `alerting.alert`. `docs/schemas/` publishes all of them
as JSON Schema, and `docs/asyncapi.yaml` says which topic carries which. Times are Unix ms.
"""

from collections.abc import Mapping

from msgspec import UNSET, Struct, UnsetType


class SheetRows(Struct, frozen=True):
    """A row of figures for each polling table (`streams.core.reconciliation.sheet_rows`)."""

    tables: list[str]
    """Ids of polling tables."""
    rows: list[list[int]]
    numbers: list[int] = []
    """Their places in the register."""


class TurnedAwayTables(Struct, frozen=True):
    """Polling tables of which a reading was turned away: their ids, and their places in the register. A table that was
    named here once stays named."""

    tables: list[str]
    numbers: list[int] = []


class SheetsRecord(Struct, frozen=True):
    """The polling tables of a partition that changed, each with its whole row. If several records have a row of one
    table, the row with the most entries counts."""

    partition: int
    version: int
    """Entries in all ledgers of the partition."""
    busiest: Mapping[str, int]
    """Readings of the reporter groups that sent most."""
    read: SheetRows
    """Verdicts. A row: readings; level (0 only bounds, 1 none, 2 reported, 3 corroborated, 4 disputed); accepted (0 or
    1); null votes; votes by option."""
    announced: SheetRows
    """A row: announcements; whether one holds (0 or 1); votes by option and group, -1 for none."""
    register: str = ""
    """Digest of the register that `numbers` are places in. They count only in the same register."""
    bounds: SheetRows | UnsetType = UNSET
    """A row: readings; 0 none, 1 bounds hold, 2 they conflict; the most ballots, -1 unknown; least votes by option."""
    turned_away: TurnedAwayTables | UnsetType = UNSET
    """Those that were not in a record of this partition before."""


class MarkRecord(Struct, frozen=True):
    """A partition has come to this event time: every sheet that changed before it has been sent."""

    partition: int
    at: int


class CommandRecord(Struct, frozen=True):
    """A request to the worker that owns the deliveries."""

    receiver: str
    redeliver: str | None
    """The notice to deliver again, as a string of JSON; null enables the receiver instead."""


class ReasonRecord(Struct, frozen=True):
    """Why a message was turned away."""

    code: str
    place: str
    """Path within the message; empty for the whole of it."""
    cure: str
