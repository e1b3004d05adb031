"""A whole night: the partitions of the tally reports, the bulletins, and the ticks that align them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from streams.core.alerting.alert import Notice
from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.engine.channel_items import Channel, Item, Unreadable
from streams.core.engine.comparer import Comparer
from streams.core.engine.partition_intake import Effect, Misrouted, PartitionIntake, Rejected, SheetsDue
from streams.core.engine.tick_judge import Announcement, TickJudge, Watcher
from streams.core.engine.watermarks import Alignment
from streams.core.events.admission import check_tick
from streams.core.events.codec import encode, plain
from streams.core.events.input_topics import BULLETINS
from streams.core.events.model import NO_ARRIVAL, Bulletin, Event, Rejection, TallyReport, Tick, table_of
from streams.core.events.quick_decoder import as_read
from streams.core.reconciliation.ledger import Ledger
from streams.core.reconciliation.ledger_store import Verdicts
from streams.core.reconciliation.sheet_rows import Sheets


class Source(NamedTuple):
    """Where an item stands. It is made only for those who ask: most are held in another form."""

    items: Sequence[Item]
    place: int
    arrived: int
    """When its message came: Unix ms, or `NO_ARRIVAL`."""

    @property
    def item(self) -> Item:
        """The item."""
        return self.items[self.place]


@dataclass(frozen=True, slots=True)
class NightEffects:
    """What a step of the night led to. Notices may be those of earlier steps, too."""

    notices: Sequence[Notice] = ()
    rejected: Sequence[tuple[Source, Rejection]] = ()
    rerouted: int = 0
    """Events that went on to the partition of their polling table."""


class _Stretch(NamedTuple):
    """What came by one channel between two ticks."""

    channel: Channel
    items: Sequence[Item]
    places: range
    arrived: Sequence[int]
    effects: Sequence[Effect]
    sheets: Sheets | None = None
    """Those of a partition that reached its tick."""

    @property
    def sources(self) -> Iterator[Source]:
        """Where its items stand, those that are ticks left out."""
        kinds = as_read(self.items)  # type: ignore[arg-type]
        return (self.source(place) for place in self.places if not isinstance(kinds[place], Tick))

    def source(self, place: int) -> Source:
        """Where one of its items stands."""
        return Source(self.items, place, self.arrived[place] if self.arrived else NO_ARRIVAL)


class Night:
    """The partitions of the tally reports and the channel of the bulletins, aligned at the night's own ticks.

    What comes by a partition enters its ledgers at once. The sheets that changed, and the bulletins, wait until all
    channels have come to a tick, which is then judged: as the live stages do it. What the live night rerouted stands
    twice in its topics: where it came first, and again in its own partition, where it is taken in. Memory grows with
    how far the channels are apart in the record.
    """

    def __init__(self, election: Election, partitions: int, homes: Numbers | None, watch: Watcher | None) -> None:
        """`homes` are the partitions that polling tables belong to, by number; None where there is one."""
        self._election = election
        self._intakes = {partition: PartitionIntake(election, partition, homes) for partition in range(partitions)}
        self._channels = Alignment[_Stretch]([*range(partitions), BULLETINS])
        self._homes = homes
        self._judge = TickJudge[Source](election, watch)
        self._under_way: dict[bytes, tuple[TallyReport | Bulletin, int]] = {}
        """What was rerouted and has not come to its own partition yet, and when it came, by its JSON."""
        self.unjudged = 0
        """Events that no common tick had reached at the end, and those that had not come to their own partition."""

    @property
    def comparer(self) -> Comparer:
        """The areas and their bulletins, as of the last tick that was judged."""
        return self._judge.comparer

    @property
    def verdicts(self) -> Sequence[Verdicts]:
        """Those of each partition."""
        return [intake.reconciler.verdicts for intake in self._intakes.values()]

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a polling table, if it has one."""
        ledgers = (intake.reconciler.ledger(table) for intake in self._intakes.values())
        return next((ledger for ledger in ledgers if ledger is not None), None)

    def take(self, channel: Channel, items: Sequence[Item], arrived: Sequence[int] = ()) -> Iterator[NightEffects]:
        """Take in what came by one channel, judging each tick that all have come to; to be read to its end. `arrived`
        is empty where nobody knows when messages came: then each item came at its own time. Raises KeyError for a
        channel that there is not."""
        enter = self._enter if isinstance(channel, int) else self._hold
        for stretch, at in enter(channel, items, arrived):
            self._channels.add(channel, stretch)
            if at is not None:
                self._channels.mark(channel, at)
        for reached, stretches in self._channels.take():
            yield self._settle(reached, stretches)

    def turn_away(self, item: Item) -> None:
        """Remember an item that is turned away before it comes to any channel: where events are their own clock."""
        self._intakes[0].reconciler.turn_away(item.rejection if isinstance(item, Unreadable) else item)

    def finish(self) -> Iterator[NightEffects]:
        """Judge what is left at the next tick and let alerts come due: the record ends earlier than the night did.
        Where every tick was reached, nothing is left."""
        at, left = self._channels.close()
        sources = [source for stretch in left for source in stretch.sources]
        self.unjudged = len(sources) + len(self._under_way)
        if sources:
            events = (source.item for source in sources)
            if at is None:
                at = max((event.at for event in events if not isinstance(event, Unreadable)), default=0)
            tick = at + round(self._election.alerts.tick * 1000)
            yield self._settle(tick, left, [intake.reconciler.take_sheets() for intake in self._intakes.values()])
        elif left:
            yield NightEffects(rejected=[told for stretch in left for told in _rejected(stretch)])
        rejected, notices = list(self._strays()), self._judge.catch_up()
        sheets = [intake.reconciler.take_sheets() for intake in self._intakes.values()]
        if (self.comparer.add_sheets(*sheets) or sources) and self.comparer.clock is not None:
            notices += self.comparer.advance(self.comparer.clock + self._election.alerts.settling)
        self._judge.show()
        yield NightEffects(notices, rejected)

    def _enter(
        self, partition: Channel, items: Sequence[Item], arrived: Sequence[int]
    ) -> Iterator[tuple[_Stretch, int | None]]:
        """Take in what came by a partition: it stretch by stretch, and the tick (Unix ms) at the end of each."""
        assert isinstance(partition, int)
        begin, effects = 0, list[Effect]()
        for effect in self._intakes[partition].take(_contents(items), arrived):
            if isinstance(effect, SheetsDue):
                places = range(begin, effect.place)
                yield _Stretch(partition, items, places, arrived, effects, effect.sheets), effect.at
                begin, effects = effect.place + 1, []
            else:
                effects.append(effect)
        if begin < len(items):
            yield _Stretch(partition, items, range(begin, len(items)), arrived, effects), None

    def _hold(
        self, channel: Channel, items: Sequence[Item], arrived: Sequence[int]
    ) -> Iterator[tuple[_Stretch, int | None]]:
        """The same of the bulletins, which enter nothing before their tick."""
        begin, effects = 0, list[Effect]()
        for place, item in enumerate(items):
            if not isinstance(item, Tick):
                continue
            if (reason := check_tick(self._election, item, arrived[place] if arrived else NO_ARRIVAL)) is not None:
                effects.append(Rejected(place, reason))
                continue
            yield _Stretch(channel, items, range(begin, place), arrived, effects), item.at
            begin, effects = place + 1, []
        if begin < len(items):
            yield _Stretch(channel, items, range(begin, len(items)), arrived, effects), None

    def _settle(self, at: int, stretches: Sequence[_Stretch], more: Sequence[Sheets] = ()) -> NightEffects:
        """Judge what came before the tick of `at` (Unix ms), with `more` sheets."""
        rejected = [told for stretch in stretches for told in _rejected(stretch)]
        announced = [
            Announcement(_announced(source.item), source)
            for stretch in stretches
            if stretch.channel == BULLETINS
            for source in stretch.sources
        ]
        sheets = [stretch.sheets for stretch in stretches if stretch.sheets is not None]
        judged = self._judge.judge(at, announced, [*sheets, *more])
        rerouted = [source for source, _ in judged.for_tables]
        if self._homes is not None:
            rerouted = self._follow(stretches, rerouted)
        return NightEffects(judged.notices, rejected + judged.rejected, len(rerouted))

    def _follow(self, stretches: Sequence[_Stretch], announced: Sequence[Source]) -> list[Source]:
        """What is rerouted, the bulletins of polling tables that were announced included, until it has come to its own
        partition."""
        rerouted = [
            stretch.source(effect.place)
            for stretch in stretches
            for effect in stretch.effects
            if isinstance(effect, Misrouted)
        ]
        rerouted += announced
        for source in rerouted:
            event = source.item
            assert isinstance(event, TallyReport | Bulletin)
            self._under_way[_json(event)] = event, source.arrived
        for stretch in stretches if self._under_way else ():
            elsewhere = {effect.place for effect in stretch.effects if isinstance(effect, Misrouted)}
            for source in stretch.sources if stretch.channel != BULLETINS else ():
                if source.place not in elsewhere and not isinstance(event := source.item, Unreadable):
                    self._under_way.pop(_json(event), None)
        return rerouted

    def _strays(self) -> Iterator[tuple[Source, Rejection]]:
        """Take in what was rerouted and never came to its own partition, and tell what is turned away of it."""
        for event, arrived in self._under_way.values():
            assert self._homes is not None
            home = int(self._homes[self._election.layout.table[table_of(event)]])
            if (reason := self._intakes[home].reconciler.apply(event, arrived)) is not None:
                yield Source([event], 0, arrived), reason
        self._under_way.clear()


def _rejected(stretch: _Stretch) -> Iterator[tuple[Source, Rejection]]:
    """What of a stretch was turned away as it came, and why."""
    for effect in stretch.effects:
        if isinstance(effect, Rejected):
            yield stretch.source(effect.place), effect.reason


def _contents(items: Sequence[Item]) -> Sequence[Event | Rejection]:
    if Unreadable not in set(map(type, as_read(items))):  # type: ignore[arg-type]
        return items  # type: ignore[return-value]
    return [item.rejection if isinstance(item, Unreadable) else item for item in items]


def _announced(item: Item) -> Bulletin | Rejection:
    """What came by the channel of the bulletins."""
    if isinstance(item, Unreadable):
        return item.rejection
    assert isinstance(item, Bulletin)
    return item


def _json(event: Event) -> bytes:
    return encode(plain(event))
