"""Decodes the usual events straight into types that are made for one election.

A usual report or bulletin has a figure for each option, and nothing that needs a second look. With the votes in fields
instead of in a mapping, decoding an event and making its columns takes half the time that the types of `model` take.
Every other event is decoded as one of those.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, Final, Generic, TypeVar, overload

import msgspec
from msgspec import MsgspecError, Struct, field
from msgspec.structs import astuple

from streams.core.election.model import Election
from streams.core.events.codec import MAX_PACK, Content, decode_plain, decode_quick
from streams.core.events.model import Bulletin, Count, Event, Ratio, Status, TallyReport, Text, Tick, Time

_Votes = TypeVar("_Votes")
"""A struct with a field for each option, in their order."""


class UsualReport(
    Struct, Generic[_Votes], frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag="tally-report"
):
    """A report that is no retraction and no bound, and does not give the number of registered voters."""

    at: Time = field(name="observed_at")
    id: Text
    reporter: Text
    source: Text
    table: Text
    votes: _Votes
    group: Text | None = field(name="reporter_group", default=None)
    null: Count | None = None
    blank: Count | None = None
    ballots: Count | None = None
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

KINDS: Final[Mapping[type, str]] = {
    TallyReport: "reports",
    UsualReport: "reports",
    Bulletin: "bulletins",
    UsualBulletin: "bulletins",
}
"""As what each is counted, whichever form it is in."""


class UsualEvents(Sequence[Event]):
    """A sequence of events, held as they were decoded (`as_decoded`): the usual ones in their usual form. An item that
    is asked for is returned as an event of `model`."""

    def __init__(self, events: Sequence[Usual | Event]) -> None:
        self.as_decoded = events

    def __len__(self) -> int:
        return len(self.as_decoded)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...

    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        if isinstance(place, slice):
            return UsualEvents(self.as_decoded[place])
        return _event(self.as_decoded[place])


def _event(event: Usual | Event) -> Event:
    if not isinstance(event, UsualReport | UsualBulletin):
        return event
    fields = dict(zip(event.__struct_fields__, astuple(event), strict=True))
    fields["votes"] = dict(zip(event.votes.__struct_encode_fields__, astuple(event.votes), strict=True))
    return (TallyReport if isinstance(event, UsualReport) else Bulletin)(**fields)


def as_read(events: Sequence[Event]) -> Sequence[Usual | Event]:
    """The events as they were decoded, the usual ones in their usual form."""
    return events.as_decoded if isinstance(events, UsualEvents) else events


def by_type(items: Sequence[object]) -> dict[type, int]:
    """How many items there are of each type. Nearly always all are of one type, so this takes two thirds of the time of
    a `Counter`."""
    kinds = list(map(type, items))
    return {kind: kinds.count(kind) for kind in set(kinds)}


def asks_who(election: Election) -> bool:
    """Whether the election asks who sends a report, or how many reports come from there. Then every report needs a
    second look."""
    policy = election.policy
    return bool(election.reporters) or policy.unsigned != "accept" or policy.group_rate > 0


class UsualReader:
    """Decodes the events of one election."""

    def __init__(self, election: Election) -> None:
        self._decode: Callable[[bytes], Usual | Event] = decode_quick
        self._decode_pack: Callable[[bytes], list[Usual | Event] | Usual | Event] = decode_quick
        if asks_who(election):
            return
        try:
            fields = [(f"v{i}", Count, field(name=option.id)) for i, option in enumerate(election.options)]
            votes = msgspec.defstruct("Votes", fields, frozen=True, gc=False, forbid_unknown_fields=True)
        except ValueError:
            return  # an option's id has a character that no field's name can have
        kinds: Any = UsualReport[votes] | UsualBulletin[votes] | Tick  # type: ignore[valid-type]
        self._decode = msgspec.json.Decoder(kinds).decode
        self._decode_pack = msgspec.json.Decoder(kinds | list[kinds]).decode

    def read(self, contents: Sequence[Content]) -> Sequence[Event] | None:
        """The event in each of these messages; None if one of them needs a second look, or is no event."""
        if self._decode is decode_quick:
            return decode_plain(contents, decode_quick)
        events = decode_plain(contents, self._decode)
        if events is None:
            events = decode_plain(contents, self._read)
        return None if events is None else UsualEvents(events)

    def _read(self, content: bytes) -> Usual | Event:
        try:
            return self._decode(content)
        except MsgspecError:
            return decode_quick(content)

    def read_packs(self, contents: Sequence[Content]) -> tuple[UsualEvents, list[int]] | None:
        """The events in messages that may each be an array, and the number of events in each message. None if one of
        them is not usual."""
        packs = decode_plain(contents, self._decode_pack)
        if packs is None:
            return None
        lists = [pack if isinstance(pack, list) else [pack] for pack in packs]
        sizes = list(map(len, lists))
        return None if max(sizes, default=0) > MAX_PACK else (UsualEvents([*chain.from_iterable(lists)]), sizes)
