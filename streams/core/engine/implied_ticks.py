"""The clock of a night without ticks: its events' own times say when each tick is due."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, Final

import numpy as np

from streams.core.election.model import Election
from streams.core.engine.channel_items import Channel
from streams.core.engine.event_time import Dated, EventTime
from streams.core.events.input_topics import BULLETINS
from streams.core.events.model import Bulletin, Event, Rejection, Tick
from streams.core.events.quick_decoder import UsualBulletin, UsualEvents, as_read

_AT: Final = attrgetter("at")
_OTHERS: Final = frozenset((Tick, Bulletin, UsualBulletin))
"""Types of events that may not be for the partition."""

Channels = list[tuple[Channel, Sequence[Event]]]


class EventClock:
    """Makes the channels of a `Night` of one partition from a stream of events: reports and the polling tables'
    bulletins, the other bulletins, and the ticks between them. The feeder does the same for a live night.

    A tick is due when an event is the first to come at or after it. What came before is judged there, even if that
    event is far later: a second tick then says how far time has come.
    """

    def __init__(self, election: Election) -> None:
        self._tick, self._settling = max(1, round(election.alerts.tick * 1000)), election.alerts.settling
        self._areas = election.areas
        self._time = EventTime[Event](election, lambda event: event)
        self._last_tick: int | None = None
        """Unix ms; None before the first event."""
        self._has_news = False
        """Whether a bulletin came since the last tick that was put among the bulletins."""
        self.rejected: list[tuple[Event, Rejection]] = []
        """Events that are dated beyond the night, and why; the caller takes them away."""

    def take(self, events: Sequence[Event]) -> Channels:
        """Take in events in the order in which they came. Those of which it is not known yet whether they are dated
        beyond the night come with later ones."""
        return self._channels(self._dated(events))

    def finish(self) -> Channels:
        """Hand out what waits, and the ticks after which nothing waits to fire."""
        channels = self._channels(self._admitted(self._time.finish()))
        ticks = [] if self._last_tick is None else self._ticks_to(self._last_tick + self._settling)
        return [*channels, (0, ticks), (BULLETINS, ticks)]

    def _dated(self, events: Sequence[Event]) -> Sequence[Event]:
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
                self.rejected.append((event, reason))
        return admitted

    def _channels(self, events: Sequence[Event]) -> Channels:
        """The events by channel, with ticks. Among the bulletins stand the ticks that one waits for, and the last."""
        read: Sequence[Any] = as_read(events)
        apart, due = self._apart(read), self._due(read)
        own, bulletins, begin = list[Any](), list[Any](), 0
        last = due[-1][0] if due else None
        for end, ticks in [*due, (len(read), [])]:
            for place in apart[bisect_left(apart, begin) : bisect_left(apart, end)]:
                own += read[begin:place]
                begin = place + 1
                if not isinstance(read[place], Tick):
                    bulletins.append(read[place])
                    self._has_news = True
            own += read[begin:end]
            own += ticks
            if ticks and (self._has_news or end == last):
                bulletins += ticks
                self._has_news = False
            begin = end
        return [(0, UsualEvents(own)), (BULLETINS, list(UsualEvents(bulletins)))]

    def _apart(self, events: Sequence[Any]) -> Sequence[int]:
        """The places of bulletins for areas, and of ticks: they have moved time already. Rising."""
        kinds = list(map(type, events))
        if _OTHERS.isdisjoint(kinds):
            return ()
        others = (place for place, kind in enumerate(kinds) if kind in _OTHERS)
        return [place for place in others if kinds[place] is Tick or events[place].area in self._areas]

    def _due(self, events: Sequence[Any]) -> list[tuple[int, list[Tick]]]:
        """Before which places ticks are due, and which."""
        due, first = list[tuple[int, list[Tick]]](), 0
        latest = np.maximum.accumulate(np.fromiter(map(_AT, events), np.int64, len(events))).tolist()
        while (place := bisect_left(latest, self._next_tick, first)) < len(latest):
            due.append((place, self._ticks_to(latest[place])))
            first = place
        return due

    @property
    def _next_tick(self) -> int:
        """When the next tick is due (Unix ms). Before a night has begun any event is late enough."""
        return self._tick if self._last_tick is None else self._last_tick + self._tick

    def _ticks_to(self, at: int) -> list[Tick]:
        """The next tick, and the last until `at` (Unix ms). A night begins at one."""
        following, last = self._next_tick, at - at % self._tick
        is_first, self._last_tick = self._last_tick is None, last
        return [Tick(last)] if is_first or following == last else [Tick(following), Tick(last)]
