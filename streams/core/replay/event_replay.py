"""Replay of events by themselves: their own times are the clock."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final

import numpy as np

from streams.core.election.model import Election
from streams.core.engine.comparer import Comparer
from streams.core.engine.event_time import Dated, EventTime
from streams.core.engine.items import Channel, Items, Unread, Unreadable
from streams.core.engine.monitor import Monitor
from streams.core.events.model import Event
from streams.core.events.usual import UsualReader, as_read
from streams.core.reconciliation.ledger import Ledger
from streams.core.reconciliation.prepared import Entered
from streams.core.replay.outcome import Outcome
from streams.core.replay.outcome_builder import OutcomeBuilder
from streams.core.replay.replay import RejectionWatcher, Watcher

_AT: Final = attrgetter("at")


class EventReplay:
    """Events that carry their own time: the ticks before each are due when it comes."""

    def __init__(
        self,
        election: Election,
        watch: Watcher | None = None,
        watch_rejections: RejectionWatcher | None = None,
    ) -> None:
        self._monitor, self._notes = Monitor(election), OutcomeBuilder(election, watch, watch_rejections)
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
