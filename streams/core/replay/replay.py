"""A night that is lived again, from whatever record of it there is."""

from collections.abc import Iterable, Sequence
from typing import Self

from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.engine.channel_items import Channel, Item, Items, Unread, Unreadable
from streams.core.engine.comparer import Comparer
from streams.core.engine.implied_ticks import Channels, EventClock
from streams.core.engine.night import Night, NightEffects
from streams.core.engine.tick_judge import Watcher
from streams.core.events.model import Event
from streams.core.events.quick_decoder import UsualReader, as_read
from streams.core.reconciliation.ledger import Ledger
from streams.core.replay.outcome import Outcome
from streams.core.replay.outcome_builder import OutcomeBuilder, RejectionWatcher


class Replay:
    """Feeds a `Night` and collects its outcome.

    A log of the topics as the live night had them (`of_log`) has that night's ticks in it. What is judged together is
    what lay between the same two ticks, whatever order the log has the partitions in. Events by themselves
    (`of_events`) are one partition, and their own times are the clock.
    """

    def __init__(self, night: Night, clock: EventClock | None, builder: OutcomeBuilder, usual: UsualReader) -> None:
        self._night, self._clock, self._builder, self._usual = night, clock, builder, usual

    @classmethod
    def of_events(
        cls, election: Election, watch: Watcher | None = None, watch_rejections: RejectionWatcher | None = None
    ) -> Self:
        """A replay of events that carry their own time."""
        night = Night(election, 1, None, watch)
        builder = OutcomeBuilder(election, watch_rejections)
        return cls(night, EventClock(election), builder, UsualReader(election))

    @classmethod
    def of_log(
        cls,
        election: Election,
        partitions: int,
        homes: Numbers,
        watch: Watcher | None = None,
        watch_rejections: RejectionWatcher | None = None,
    ) -> Self:
        """A replay of the topics of a live night. `homes` are the partitions that polling tables belong to, by
        number."""
        night = Night(election, partitions, homes, watch)
        return cls(night, None, OutcomeBuilder(election, watch_rejections), UsualReader(election))

    @property
    def comparer(self) -> Comparer:
        """The areas and their bulletins, as of the last tick that was judged."""
        return self._night.comparer

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a polling table, if it has one."""
        return self._night.ledger(table)

    def take(self, channel: Channel, items: Items, arrived: Sequence[int] = ()) -> None:
        """Take in what came by a channel, in order. `arrived` (Unix ms) is when the message of each came to the broker;
        empty where there was none. Raises KeyError for a channel that there is not. Events by themselves have one
        channel, 0."""
        read = self._read(items)
        if self._clock is None:
            self._add(self._night.take(channel, read, arrived))
        else:
            self._take_events(self._clock, self._clock.take(self._events(read)))

    def finish(self) -> Outcome:
        """Judge what is left, and say what the night came to."""
        if self._clock is not None:
            self._take_events(self._clock, self._clock.finish())
        self._add(self._night.finish())
        return self._builder.outcome(self.comparer, self._night.verdicts, self._night.unjudged)

    def _read(self, items: Items) -> Sequence[Item]:
        if isinstance(items, Unread):
            usual = self._usual.read(items.contents)
            items = items.read() if usual is None else usual
        self._builder.count(as_read(items))  # type: ignore[arg-type]  # what is unreadable is counted, too
        return items

    def _events(self, items: Sequence[Item]) -> Sequence[Event]:
        """The events among items; the rest is turned away."""
        if Unreadable not in set(map(type, as_read(items))):  # type: ignore[arg-type]
            return items  # type: ignore[return-value]
        for item in items:
            if isinstance(item, Unreadable):
                self._builder.refuse(item.rejection, [item])
                self._night.turn_away(item)
        return [item for item in items if not isinstance(item, Unreadable)]

    def _take_events(self, clock: EventClock, channels: Channels) -> None:
        for event, reason in clock.rejected:
            self._builder.refuse(reason, [event])
            self._night.turn_away(event)
        clock.rejected.clear()
        for channel, events in channels:
            self._add(self._night.take(channel, events))

    def _add(self, steps: Iterable[NightEffects]) -> None:
        for effects in steps:
            if effects.rerouted:
                self._builder.counts["strays"] += effects.rerouted
            for source, reason in effects.rejected:
                self._builder.refuse(reason, source.items, source.place)
            self._builder.notices += effects.notices
