"""One partition of the tally reports: what enters its ledgers, what it turns away, and when its sheets are due."""

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple, cast

from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.events.admission import check_tick
from streams.core.events.model import Event, Rejection, Tick, table_of
from streams.core.events.usual import as_read
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.reconciliation.sheet_rows import Sheets


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
    """A tick moved time to `at` (Unix ms): these are the polling tables that changed since the tick before."""

    at: int
    sheets: Sheets


Effect = Rejected | Misrouted | SheetsDue


class PartitionIntake:
    """Takes decoded items of one partition, in order, into its reconciler.

    Between two ticks the order of reports does not matter, so each stretch is entered at once.
    """

    def __init__(self, election: Election, partition: int, homes: Numbers, *, saves: bool = False) -> None:
        """`homes` are the partitions that polling tables belong to, by number. `saves`: see `Reconciler`."""
        self.reconciler = Reconciler(election, partition, saves=saves)
        self._election, self._homes = election, homes
        self._latest_tick = 0

    def take(
        self, items: Sequence[Event | Rejection], arrived: Sequence[int], now: int | None = None
    ) -> Sequence[Effect]:
        """Take in items; `arrived` is when the message of each came (Unix ms, 0: unknown). The effects are in the order
        in which they must become visible.

        `now` (Unix ms) is the wall clock where time goes by that. A tick that lies ahead of it does not keep those that
        follow from moving time: its sender may have had another clock, or meant harm.
        """
        effects, begin = list[Effect](), 0
        aside, rejected = list[int](), list[Rejected]()
        for place in _no_reports(items):
            item = items[place]
            aside.append(place)
            if isinstance(item, Rejection):
                rejected.append(Rejected(place, item))
            elif (reason := check_tick(self._election, cast(Tick, item), arrived[place])) is not None:
                rejected.append(Rejected(place, reason))
            elif self._moves_time(item.at, now):
                effects += self._enter(items, arrived, range(begin, place + 1), aside, rejected)
                effects.append(SheetsDue(item.at, self.reconciler.take_sheets()))
                begin, aside, rejected = place + 1, [], []
        return effects + self._enter(items, arrived, range(begin, len(items)), aside, rejected)

    def _moves_time(self, at: int, now: int | None) -> bool:
        """Whether a tick is later than those before it. One that is not is worth no sheets."""
        latest = self._latest_tick if now is None else min(self._latest_tick, now)
        self._latest_tick = max(latest, at)
        return at > latest

    def _enter(
        self,
        items: Sequence[Event | Rejection],
        arrived: Sequence[int],
        stretch: range,
        aside: Sequence[int],
        rejected: Sequence[Rejected],
    ) -> list[Effect]:
        """Take in the reports and the polling tables' bulletins of a stretch, all but the places `aside`. `rejected`
        are those that are turned away already."""
        places: Sequence[int] = stretch
        events = cast(Sequence[Event], items[stretch.start : stretch.stop])
        if aside:
            without = set(aside)
            places = [place for place in stretch if place not in without]
            events = cast(Sequence[Event], [items[place] for place in places])
        if not places:
            return list(rejected)
        prepared, misrouted = self.reconciler.prepare(events), list[Effect]()
        if elsewhere := self.reconciler.misrouted(prepared, self._homes):
            misrouted += (self._misrouted(places[i], events[i]) for i in elsewhere)
            kept = sorted(set(range(len(events))).difference(elsewhere))
            prepared, places = self.reconciler.prepare([events[i] for i in kept]), [places[i] for i in kept]
        times = [arrived[place] for place in places]
        more = [Rejected(places[i], reason) for i, reason in self.reconciler.apply_prepared(prepared, times)]
        return [*misrouted, *sorted([*rejected, *more], key=attrgetter("place"))]

    def _misrouted(self, place: int, event: Event) -> Misrouted:
        table = table_of(event)  # type: ignore[arg-type]  # no tick is for a polling table
        return Misrouted(place, table, int(self._homes[self._election.layout.table[table]]))


def _no_reports(items: Sequence[Event | Rejection]) -> Sequence[int]:
    """The places of ticks and of what is no event. Most runs have none; looking at their types first takes a third of
    the time."""
    kinds = list(map(type, as_read(items)))  # type: ignore[arg-type]
    others = {Tick, Rejection}.intersection(kinds)
    return [place for place, kind in enumerate(kinds) if kind in others] if others else ()
