"""A night lived again, offline: the very same core, fed from a record of what came.

Two kinds of record. Events by themselves (`EventReplay`): their own times are the clock. A log of the topics as the
live night had them (`LogReplay`): the ticks in it are the clock, each partition keeps its own ledgers, and what is
judged together is what lay between the same two marks, whatever order the log has the partitions in.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, repeat
from operator import attrgetter, itemgetter
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from streams.core.alerting.alert import Notice
from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.engine.comparer import Comparer
from streams.core.engine.event_time import Dated, EventTime
from streams.core.engine.monitor import Monitor
from streams.core.engine.watermarks import Alignment
from streams.core.events.admission import check_tick
from streams.core.events.codec import encode, plain
from streams.core.events.model import Bulletin, Event, Rejection, TallyReport, Tick, table_of
from streams.core.events.topics import BULLETINS
from streams.core.events.usual import KINDS, Usual, UsualReader, as_read, by_type
from streams.core.reconciliation.ledger import Ledger
from streams.core.reconciliation.ledger_store import Verdicts
from streams.core.reconciliation.reconciler import Entered, Reconciler
from streams.core.replay.outcome import Members, Outcome, Refusals
from streams.core.replay.verdicts import NightVerdicts

Channel = int | str
"""A partition of the tally reports, or `BULLETINS`."""


class Unreadable(NamedTuple):
    """What was to be an event, why it is none, and the beginning of what came."""

    rejection: Rejection
    excerpt: bytes
    place: str = ""
    """Where it stands, to show to people: a file and its line, or a log's topic, partition and offset."""


Item = Event | Unreadable


class Unread(NamedTuple):
    """Messages of one channel that nobody has read yet: who knows the election reads most of them quicker."""

    contents: Sequence[bytes | None]
    read: Callable[[], Sequence[Item]]
    """Reads whatever they are, for any election."""


Items = Sequence[Item] | Unread


class Watcher(Protocol):
    """Who wants to see the night go by: called when event time has come further, after the rules have spoken."""

    def __call__(self, comparer: Comparer) -> None: ...


class RejectionWatcher(Protocol):
    """An observer of what is turned away: called with each item, in the order in which they are judged, and why."""

    def __call__(self, item: Item, rejection: Rejection) -> None: ...


class Replay(Protocol):
    """A night that is being lived again."""

    @property
    def comparer(self) -> Comparer:
        """The areas and their bulletins, as of the last tick."""

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a polling table, if it has one."""

    def take(self, channel: Channel, items: Items, arrived: Sequence[int] = ()) -> None:
        """Take in what came by a channel, in order. `arrived` (Unix ms) is when the message of each came to the broker;
        empty where there was none."""

    def finish(self) -> Outcome:
        """Judge what is left, and say what the night came to."""


class _Notes:
    """What both kinds of replay write down."""

    def __init__(self, election: Election, watch: Watcher | None, watch_rejections: RejectionWatcher | None) -> None:
        self.election = election
        self.counts: Counter[str] = Counter()
        self.notices: list[Notice] = []
        self.rejected: dict[str, Refusals] = {}
        self._watch, self._watch_rejections, self._seen = watch, watch_rejections, 0

    @property
    def watched(self) -> bool:
        """Whether anybody watches."""
        return self._watch is not None

    def count(self, items: Sequence[Item | Usual]) -> None:
        for kind, count in by_type(items).items():
            self.counts[_KINDS[kind]] += count

    def refuse(self, rejection: Rejection, items: Sequence[Item], place: int = 0) -> None:
        """Write down why the item at a place is turned away. Items that nobody looks at are never made."""
        self.rejected.setdefault(rejection.code, Refusals()).add(rejection, lambda: _content(items[place]))
        if self._watch_rejections is not None:
            self._watch_rejections(items[place], rejection)

    def tell(self, notices: list[Notice], comparer: Comparer) -> None:
        self.notices += notices
        if self._watch is not None and comparer.clock != self._seen:
            self._seen = comparer.clock
            self._watch(comparer)

    def outcome(self, comparer: Comparer, ledgers: Sequence[Verdicts], unjudged: int) -> Outcome:
        return Outcome(
            election=self.election.id,
            at=comparer.clock,
            unjudged=unjudged,
            counts=self.counts,
            states=_States(self.election, comparer),
            verdicts=NightVerdicts(self.election, ledgers, comparer.read),
            alerts=dict(comparer.alerts),
            notices=self.notices,
            rejected=self.rejected,
        )


class _States(Members[Mapping[str, Any]]):
    """Every area's state, made when asked for and not kept: with the verdicts, a large night's took 270 MB."""

    def __init__(self, election: Election, comparer: Comparer) -> None:
        self._areas, self._comparer = election.areas, comparer

    def __getitem__(self, area: str) -> Mapping[str, Any]:
        if area not in self._areas:
            raise KeyError(area)
        return self._comparer.state(area)

    def __iter__(self) -> Iterator[str]:
        return iter(self._areas)

    def __len__(self) -> int:
        return len(self._areas)

    def several(self, keys: Sequence[str]) -> Iterable[Mapping[str, Any]]:
        return self._comparer.states(keys)


def _content(item: Item) -> bytes:
    return bytes(item.excerpt) if isinstance(item, Unreadable) else _json(item)


def _json(event: Event) -> bytes:
    return encode(plain(event))


_AT: Final = attrgetter("at")

_KINDS: Final[Mapping[type, str]] = {**KINDS, Tick: "ticks", Unreadable: "unreadable"}


class EventReplay:
    """Events that carry their own time: the ticks before each are due when it comes."""

    def __init__(
        self,
        election: Election,
        watch: Watcher | None = None,
        watch_rejections: RejectionWatcher | None = None,
    ) -> None:
        self._monitor, self._notes = Monitor(election), _Notes(election, watch, watch_rejections)
        self._tick = max(1, round(election.alerts.tick * 1000))
        self._usual = UsualReader(election)
        self._time = EventTime[Event](election, lambda event: event)

    def take(self, channel: Channel, items: Items, arrived: Sequence[int] = ()) -> None:
        """Take in events in the order in which they came; the channel does not matter."""
        self._take(self._dated(self._events(items)))

    def _take(self, events: Sequence[Event]) -> None:
        # Few events lie between two ticks of most nights: they are entered for many ticks at once.
        entered = self._monitor.enter(events)
        times = np.fromiter(map(_AT, as_read(events)), np.int64, len(events))
        latest, first = np.maximum.accumulate(times).tolist(), 0
        while (end := bisect_left(latest, self._monitor.clock + self._tick, first)) < len(times):
            self._apply(entered, first, end)
            self._advance(int(times[end]))
            first = end
        self._apply(entered, first, len(times))

    def _dated(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events that are not dated beyond the night; those of which that is not known yet come with later ones."""
        times = np.fromiter(map(_AT, as_read(events)), np.int64, len(events))
        if not len(times):
            return events
        before = np.maximum.accumulate(np.concatenate([[self._time.now or times[0]], times]))
        if self._time.passes(int(before[-1]), int((times - before[:-1]).max())):
            return events
        return self._admitted(self._time.take(events))

    def _admitted(self, dated: Iterable[Dated[Event]]) -> Sequence[Event]:
        admitted = []
        for event, reason in dated:
            if reason is None:
                admitted.append(event)
            else:
                self._notes.refuse(reason, [event])
        return admitted

    def _events(self, items: Items) -> Sequence[Event]:
        """What can be read, counted like the rest."""
        if isinstance(items, Unread):
            if (usual := self._usual.read(items.contents)) is not None:
                self._notes.count(as_read(usual))
                return usual
            items = items.read()
        self._notes.count(items)
        for item in items:
            if isinstance(item, Unreadable):
                self._notes.refuse(item.rejection, [item])
        return [item for item in items if not isinstance(item, Unreadable)]

    def _apply(self, entered: Entered, first: int, end: int) -> None:
        """Take in what comes between two ticks, all at once."""
        for i, reason in self._monitor.apply_all(entered, first, end) if first < end else ():
            self._notes.refuse(reason, entered.events, i)

    def finish(self) -> Outcome:
        """Let event time run on until every waiting alert has fired or calmed down."""
        self._take(self._admitted(self._time.finish()))
        if self._monitor.clock:
            self._advance(self._monitor.clock + self._notes.election.alerts.settling)
            self._notes.notices += self._monitor.advance(self._monitor.clock)
        return self._notes.outcome(self.comparer, [self._monitor.verdicts], 0)

    @property
    def comparer(self) -> Comparer:
        """The areas and their bulletins, as of the last tick."""
        return self._monitor.comparer

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a polling table, if it has one."""
        return self._monitor.reconciler.ledger(table)

    def _advance(self, at: int) -> None:
        """What is new is judged at the next tick; a watcher sees that one, and then where time has come to."""
        clock = self._monitor.clock
        if at - clock < self._tick:
            return
        if not self._notes.watched:
            self._notes.notices += self._monitor.pass_by(at)
            return
        if clock:
            self._notes.tell(self._monitor.advance(min(at, clock + self._tick)), self.comparer)
        self._notes.tell(self._monitor.advance(at), self.comparer)


class LogReplay:
    """A log of the topics as they were. `homes` are the partitions that polling tables belong to, by number.

    What the log's last marks leave over is judged by itself in the end: the log stops earlier than the night did.
    Memory grows with how far the partitions are apart in the log.
    """

    def __init__(
        self,
        election: Election,
        partitions: int,
        homes: Numbers,
        watch: Watcher | None = None,
        watch_rejections: RejectionWatcher | None = None,
    ) -> None:
        self._reconcilers = [Reconciler(election, p) for p in range(partitions)]
        self._channels = Alignment[tuple[Channel, Item, int]]([*range(partitions), BULLETINS])
        self._homes, self._layout = homes, election.layout
        self._under_way: dict[bytes, tuple[TallyReport | Bulletin, int]] = {}
        """What has gone on to its own partition and has not come there yet, and when it came."""
        self._notes = _Notes(election, watch, watch_rejections)
        self.comparer = Comparer(election)

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a polling table, if it has one."""
        found = (reconciler.ledger(table) for reconciler in self._reconcilers)
        return next((ledger for ledger in found if ledger is not None), None)

    def take(self, channel: Channel, items: Items, arrived: Sequence[int] = ()) -> None:
        """Take in what came by one channel. Raises KeyError for a channel that there is not."""
        items = items.read() if isinstance(items, Unread) else items
        self._notes.count(items)
        for item, at in zip(items, arrived or repeat(0), strict=False):
            if type(item) is Tick:
                self._mark(channel, item, at)
            else:
                self._channels.add(channel, (channel, item, at))

    def _mark(self, channel: Channel, tick: Tick, arrived: int) -> None:
        if (reason := check_tick(self._notes.election, tick, arrived)) is not None:
            self._refuse(reason, tick)
            return
        self._channels.mark(channel, tick.at)
        for reached, arrivals in self._channels.take():
            self._settle(reached, arrivals)

    def finish(self) -> Outcome:
        """Judge what is left at the next tick, and give it time to fire. Where every mark was reached, nothing is."""
        at, left = self._channels.close()
        alerts = self._notes.election.alerts
        unjudged = len(left) + len(self._under_way)
        if left:
            at = at or max((item.at for _, item, _ in left if not isinstance(item, Unreadable)), default=0)
            self._settle(at + round(alerts.tick * 1000), left)
        for event, arrived in self._under_way.values():
            self._apply(event, int(self._homes[self._layout.table[table_of(event)]]), arrived)
        if self._take_sheets() or left:
            self._notes.tell(self.comparer.advance(self.comparer.clock + alerts.settling), self.comparer)
        return self._notes.outcome(self.comparer, [r.verdicts for r in self._reconcilers], unjudged)

    def _settle(self, mark: int, arrivals: list[tuple[Channel, Item, int]]) -> None:
        """Each channel's items become ledgers and sums, and these are judged together, as the stages do it."""
        # First what goes on to its own partition, since that is where it is taken in: there it stands again.
        here = [(channel, item, at) for channel, item, at in arrivals if not self._goes_on(channel, item, at)]

        def news() -> None:
            for channel, run in groupby(here, key=itemgetter(0)):
                self._arrive(channel, [(item, at) for _, item, at in run], mark)
            self._take_sheets()

        self._notes.tell(self.comparer.settle(mark, news), self.comparer)

    def _goes_on(self, channel: Channel, item: Item, arrived: int) -> bool:
        if isinstance(item, Unreadable | Tick):
            return False
        if isinstance(channel, int):
            astray = self._reconcilers[channel].is_astray(item, self._homes)
        else:
            astray = table_of(item) in self._layout.table
        if astray:
            self._notes.counts["strays"] += 1
            self._under_way[_json(item)] = item, arrived
        return astray

    def _arrive(self, channel: Channel, run: Sequence[tuple[Item, int]], mark: int) -> None:
        """Take in what came by one channel until a mark, and when; reports, and bulletins for polling tables, all at
        once."""
        refused: list[tuple[int, Rejection]] = []
        events, places = list[TallyReport | Bulletin](), list[int]()
        for i, (item, _) in enumerate(run):
            if isinstance(item, Unreadable):
                refused.append((i, item.rejection))
            elif not isinstance(channel, int):
                if isinstance(item, Bulletin) and (why := self.comparer.add_bulletin(item, mark)) is not None:
                    refused.append((i, why))
            elif not isinstance(item, Tick):
                events.append(item)
                places.append(i)
        for event in events if self._under_way else ():
            self._under_way.pop(_json(event), None)
        if isinstance(channel, int):
            found = self._reconcilers[channel].apply_all(events, [run[i][1] for i in places])
            refused += ((places[i], why) for i, why in found)
        for i, reason in sorted(refused, key=itemgetter(0)):
            self._notes.refuse(reason, [run[i][0]])

    def _apply(self, event: TallyReport | Bulletin, partition: int, arrived: int) -> None:
        self._refuse(self._reconcilers[partition].apply(event, arrived), event)

    def _refuse(self, reason: Rejection | None, event: Event) -> None:
        if reason is not None:
            self._notes.refuse(reason, [event])

    def _take_sheets(self) -> bool:
        """Whether there is anything new in them."""
        return self.comparer.add_sheets(*(reconciler.take_sheets() for reconciler in self._reconcilers))
