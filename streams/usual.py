"""Events in the form in which nearly all come, read straight into types made for one election.

A report or bulletin with a figure for each option and nothing that needs a second look. Read so, with the votes in
fields instead of by name, an event and its columns take half of the time of `streams.events`' types; what is of any
other form is read as one of those.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, overload

import msgspec
from msgspec import MsgspecError, Struct, field

from streams.codec import decode_plain, decode_quick
from streams.election import Election
from streams.events import Count, Event, Ratio, Status, Text, Tick, Time

_Votes = TypeVar("_Votes")
"""A struct with a field for each option, in their order."""


class UsualReport(
    Struct, Generic[_Votes], frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag="tally-report"
):
    """A report that is no retraction and says nothing of voters but their votes."""

    at: Time = field(name="observed_at")
    id: Text
    reporter: Text
    source: Text
    table: Text
    votes: _Votes
    group: Text | None = field(name="reporter_group", default=None)
    null: Count | None = None
    blank: Count | None = None
    supersedes: Text | None = None
    image_sha256: Text | None = None
    url: Text | None = None
    signature: Text | None = None


class UsualBulletin(
    Struct, Generic[_Votes], frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag="bulletin"
):
    """A bulletin that announces no shares."""

    sequence: Count
    at: Time = field(name="issued_at")
    id: Text
    area: Text
    authority: Text
    votes: _Votes
    supersedes: Text | None = None
    status: Status = "partial"
    tables_counted: Count | None = None
    tables_counted_ratio: Ratio | None = None
    registered: Count | None = None
    registered_area: Count | None = None
    ballots: Count | None = None
    valid: Count | None = None
    null: Count | None = None
    url: Text | None = None
    signature: Text | None = None


Usual = UsualReport[Any] | UsualBulletin[Any]


class UsualEvents(Sequence[Event]):
    """Events of which the usual ones (`found`) are held in their usual form, and read again when one is asked for."""

    def __init__(self, contents: Sequence[bytes], found: Sequence[Usual | Event]) -> None:
        self._contents, self.found = contents, found

    def __len__(self) -> int:
        return len(self.found)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...

    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        if isinstance(place, slice):
            return UsualEvents(self._contents[place], self.found[place])
        found = self.found[place]
        if not isinstance(found, UsualReport | UsualBulletin):
            return found
        return decode_quick(self._contents[place])


def as_read(events: Sequence[Event]) -> Sequence[Usual | Event]:
    """The same events, the usual ones in their usual form where they were read in it."""
    return events.found if isinstance(events, UsualEvents) else events


def asks_who(election: Election) -> bool:
    """Whether it matters who a report is from, or how many come from there: then each needs a second look."""
    policy = election.policy
    return bool(election.reporters) or policy.unsigned != "accept" or policy.group_rate > 0


class UsualReader:
    """Reads the events of an election."""

    def __init__(self, election: Election) -> None:
        self._decode: Callable[[bytes], Usual | Event] = decode_quick
        if asks_who(election):
            return
        try:
            fields = [(f"v{i}", Count, field(name=option.id)) for i, option in enumerate(election.options)]
            votes = msgspec.defstruct("Votes", fields, frozen=True, gc=False, forbid_unknown_fields=True)
        except ValueError:
            return  # an option's id has a character that no field's name can have
        kinds: Any = UsualReport[votes] | UsualBulletin[votes] | Tick  # type: ignore[valid-type]
        self._decode = msgspec.json.Decoder(kinds).decode

    def read(self, contents: Sequence[bytes | None]) -> Sequence[Event] | None:
        """The event in each; None where one needs a second look, or is no event."""
        if self._decode is decode_quick:
            return decode_plain(contents, decode_quick)
        found = decode_plain(contents, self._decode)
        if found is None:
            found = decode_plain(contents, self._read)
        return None if found is None else UsualEvents(contents, found)  # type: ignore[arg-type]  # no None among them

    def _read(self, content: bytes) -> Usual | Event:
        try:
            return self._decode(content)
        except MsgspecError:
            return decode_quick(content)
