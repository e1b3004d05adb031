"""One partition of the tally reports: what enters its ledgers, what it turns away, and when its sheets are due."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.events.admission import check_tick, dated_ahead
from streams.core.events.model import NO_ARRIVAL, Event, Rejection, Tick, table_of
from streams.core.events.quick_decoder import UsualEvents, as_read
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.reconciliation.report_batch import Entered
from streams.core.reconciliation.sheet_rows import Sheets
from streams.times import at_most, latest

_NOTHING: Final = Tick(0)
"""Stands where an item was that does not enter any ledger: no place may change."""


class Rejected(NamedTuple):
    """The item at this place is turned away."""

    place: int
    reason: Rejection


class Misrouted(NamedTuple):
    """The event at this place is for a polling table of another partition, `home`, and was not taken in here."""

    place: int
    table: str
    home: int


class SheetsDue(NamedTuple):
    """The tick at this place moved time to `at` (Unix ms): these are the polling tables that changed since the tick
    before. Their rows may be loose (`Sheets.in_order`)."""

    place: int
    at: int
    sheets: Sheets


Effect = Rejected | Misrouted | SheetsDue


class PartitionIntake:
    """Takes decoded items of one partition, in order, into its reconciler.

    Between two ticks the order of reports does not matter, so each stretch is taken in at once. What is certain of the
    stretches is worked out for all of them together (docs/adr/0011).
    """

    def __init__(self, election: Election, partition: int, homes: Numbers | None, *, saves: bool = False) -> None:
        """`homes` are the partitions that polling tables belong to, by number; None where all belong to this one.
        `saves`: see `Reconciler`."""
        self.reconciler = Reconciler(election, partition, saves=saves)
        self._election, self._homes = election, homes
        self._latest_tick: int | None = None

    def take(
        self, items: Sequence[Event | Rejection], arrived: Sequence[int] = (), now: int | None = None
    ) -> Sequence[Effect]:
        """Take in items; `arrived` is when the message of each came (Unix ms, or `NO_ARRIVAL`). Where it is empty,
        each came at its own time. The effects are in the order in which they must become visible.

        `now` (Unix ms) is the wall clock where time goes by that. A tick that lies ahead of it does not keep those that
        follow from moving time: its sender may have had another clock, or meant harm.
        """
        effects, begin = list[Effect](), 0
        entered, aside = self._enter(items, arrived)
        for place in _places(items, Tick):
            tick = items[place]
            assert isinstance(tick, Tick)
            if (reason := check_tick(self._election, tick, arrived[place] if arrived else NO_ARRIVAL)) is not None:
                aside[place] = Rejected(place, reason)
            elif self._moves_time(tick.at, now):
                effects += self._take_in(items, entered, range(begin, place), arrived, aside)
                effects.append(SheetsDue(place, tick.at, self.reconciler.take_unordered()))
                begin = place + 1
        return effects + self._take_in(items, entered, range(begin, len(items)), arrived, aside)

    @property
    def latest_tick(self) -> int | None:
        """Event time of the latest tick so far (Unix ms), None before the first."""
        return self._latest_tick

    def _moves_time(self, at: int, now: int | None) -> bool:
        """Whether a tick is later than those before it. One that is not is worth no sheets."""
        before = self._latest_tick
        if now is not None:
            before = at_most(before, now)
        self._latest_tick = latest(before, at)
        return before is None or at > before

    def _enter(
        self, items: Sequence[Event | Rejection], arrived: Sequence[int]
    ) -> tuple[Entered, dict[int, Rejected | Misrouted]]:
        """Enter what is certain of all items, and find those that are set aside whatever the ledgers say, by place."""
        aside: dict[int, Rejected | Misrouted] = {
            place: Rejected(place, reason)
            for place in _places(items, Rejection)
            if isinstance(reason := items[place], Rejection)
        }
        events = _without(items, aside)
        prepared = self.reconciler.prepare(events)
        if self._homes is not None:
            for place in self.reconciler.misrouted(prepared, self._homes):
                aside[place] = self._misrouted(place, events[place], self._homes)
        for place, reason in dated_ahead(self._election, events, arrived).items() if arrived else ():
            if not isinstance(events[place], Tick):  # `check_tick` says what is wrong with those
                aside.setdefault(place, Rejected(place, reason))
        if aside:
            prepared = self.reconciler.prepare(_without(events, aside))
        return self.reconciler.enter(prepared), aside

    def _take_in(
        self,
        items: Sequence[Event | Rejection],
        entered: Entered,
        stretch: range,
        arrived: Sequence[int],
        aside: Mapping[int, Rejected | Misrouted],
    ) -> list[Effect]:
        """Take in the reports and the polling tables' bulletins of a stretch. What is misrouted comes first, then what
        is turned away, each in its order."""
        rejected = [Rejected(*refused) for refused in self.reconciler.take_in(entered, stretch, arrived)]
        here = [effect for place, effect in aside.items() if place in stretch] if aside else []
        refused = [effect for effect in here if isinstance(effect, Rejected)]
        for effect in refused:
            self.reconciler.turn_away(items[effect.place])
        rejected += refused
        return [*sorted(e for e in here if isinstance(e, Misrouted)), *sorted(rejected, key=lambda e: e.place)]

    def _misrouted(self, place: int, event: Event, homes: Numbers) -> Misrouted:
        table = table_of(event)  # type: ignore[arg-type]  # no tick is for a polling table
        return Misrouted(place, table, int(homes[self._election.layout.table[table]]))


def _places(items: Sequence[Event | Rejection], kind: type) -> Sequence[int]:
    """The places of items of a type. Most runs have none; looking at the types first takes a third of the time."""
    kinds = list(map(type, as_read(items)))  # type: ignore[arg-type]
    return [place for place, of in enumerate(kinds) if of is kind] if kind in kinds else ()


def _without(items: Sequence[Event | Rejection], places: Iterable[int]) -> Sequence[Event]:
    """The events among items, at their places, without those at some places."""
    if not (some := list(places)):
        return items  # type: ignore[return-value]  # what is no event is always among the places
    kept = list(as_read(items))  # type: ignore[arg-type]
    for place in some:
        kept[place] = _NOTHING
    return UsualEvents(kept) if isinstance(items, UsualEvents) else kept  # type: ignore[return-value]
