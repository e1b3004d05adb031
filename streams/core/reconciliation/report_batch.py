"""Many events at once, on their way into the ledgers: field by field, then what of them stands there already."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.core.election.numbering import Numbers
from streams.core.events.model import Event, Rejection


class Readings(NamedTuple):
    """Readings, field by field."""

    places: Sequence[int]
    """Among the events that they come from, rising."""
    tables: Numbers
    """By number; `NO_TABLE` where a reading is not certainly admitted."""
    entries: list[bytes]
    """As they stand in the ledgers."""
    rows: Numbers
    """The rows of sheets that are read by nobody else (`sheet_rows`)."""
    looks: Numbers
    """Summaries of sheets that are read by nobody else (`verdict_cache`)."""
    groups: Sequence[str]
    """Reporter groups, by name."""
    counted: Numbers
    """Numbers of the groups (`reporters`); -1 for a trusted source, which may send what it likes."""

    def at(self, some: Sequence[int]) -> "Readings":
        """Those that stand here at some of the places."""
        return Readings(
            [self.places[i] for i in some],
            self.tables.take(some),
            [self.entries[i] for i in some],
            self.rows.take(some, axis=0),
            self.looks.take(some, axis=0),
            [self.groups[i] for i in some],
            self.counted.take(some),
        )


class Announcements(NamedTuple):
    """Official figures of polling tables, field by field."""

    places: Sequence[int]
    """Among the events that they come from, rising."""
    tables: Numbers
    entries: list[bytes]
    """As they stand in the ledgers."""
    rows: Numbers
    """The rows of polling tables for which nothing else was announced."""


class Prepared(NamedTuple):
    """Events, and the columns of the plain ones. No ledger was asked."""

    events: Sequence[Event]
    single: Sequence[int]
    """The places of those that must be looked at one by one, rising."""
    refused: Mapping[int, Rejection]
    """Why some are turned away whatever the ledgers say, by their places."""
    readings: Readings | None = None
    announcements: Announcements | None = None


class Part(NamedTuple):
    """Entries of one kind. All but those at the places `others` stand in the ledgers."""

    new: Readings | Announcements
    others: list[int]


class Entered(NamedTuple):
    """Events of which all that is certainly new stands in the ledgers, and of which none has been taken in yet."""

    events: Sequence[Event]
    single: Sequence[int]
    """The places of those that must be looked at one by one, rising."""
    refused: Mapping[int, Rejection]
    """Why some of those that are left are turned away, by their places: nobody needs to look at them."""
    parts: Sequence[Part]
