"""A night lived again, offline: the very same core, fed from a record of what came.

Two kinds of record. Events by themselves (`EventReplay`): their own times are the clock. A log of the topics as the
live night had them (`LogReplay`): the ticks in it are the clock, each partition keeps its own ledgers, and what is
judged together is what lay between the same two marks, whatever order the log has the partitions in.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Final, NamedTuple, Protocol

from streams.admission import check_tick
from streams.alerts import Notice
from streams.alignment import Alignment
from streams.codec import encode, plain
from streams.compare import Comparer
from streams.election import Election
from streams.eventlog.record import BULLETINS
from streams.events import Bulletin, Event, Rejection, TallyReport, Tick, table_of
from streams.ledger import Verdict
from streams.monitor import Monitor
from streams.outcome import Outcome, Refusals
from streams.reconcile import Reconciler

Channel = int | str
"""A partition of the tally reports, or `streams.eventlog.record.BULLETINS`."""


class Item(NamedTuple):
    """One event as it was read, or why it could not be. `excerpt` is what was turned away, else empty; `arrived` (Unix
    ms) is when its message came to the broker, 0 where there was none."""

    event: Event | Rejection
    excerpt: bytes = b""
    arrived: int = 0


class Watcher(Protocol):
    """Who wants to see the night go by: called when event time has come further, after the rules have spoken."""

    def __call__(self, comparer: Comparer) -> None: ...


class Replay(Protocol):
    """A night that is being lived again."""

    @property
    def comparer(self) -> Comparer:
        """The areas and their bulletins, as of the last tick."""

    def take(self, channel: Channel, items: Iterable[Item]) -> None:
        """Take in what came by a channel, in order."""

    def finish(self) -> Outcome:
        """Judge what is left, and say what the night came to."""


class _Minutes:
    """What both kinds of replay write down."""

    def __init__(self, election: Election, watch: Watcher | None) -> None:
        self.election = election
        self.counts: Counter[str] = Counter()
        self.notices: list[Notice] = []
        self.rejected: dict[str, Refusals] = {}
        self._watch, self._seen = watch, 0

    def count(self, event: Event | Rejection) -> None:
        self.counts[_KINDS[type(event)]] += 1

    def refuse(self, rejection: Rejection, content: bytes) -> None:
        self.rejected.setdefault(rejection.code, Refusals()).add(rejection, content)

    def tell(self, notices: list[Notice], comparer: Comparer) -> None:
        self.notices += notices
        if self._watch is not None and comparer.clock != self._seen:
            self._seen = comparer.clock
            self._watch(comparer)

    def outcome(self, comparer: Comparer, verdicts: Mapping[str, Verdict], unjudged: int) -> Outcome:
        return Outcome(
            election=self.election.id,
            at=comparer.clock,
            unjudged=unjudged,
            counts=self.counts,
            states={area: comparer.state(area) for area in self.election.areas},
            verdicts=verdicts,
            alerts=dict(comparer.alerts),
            notices=self.notices,
            rejected=self.rejected,
        )


_KINDS: Final[Mapping[type, str]] = {
    TallyReport: "reports",
    Bulletin: "bulletins",
    Tick: "ticks",
    Rejection: "unreadable",
}


class EventReplay:
    """Events that carry their own time: the ticks before each are due when it comes."""

    def __init__(self, election: Election, watch: Watcher | None = None) -> None:
        self._monitor, self._minutes = Monitor(election), _Minutes(election, watch)
        self._tick = max(1, round(election.alerts.tick * 1000))

    def take(self, channel: Channel, items: Iterable[Item]) -> None:
        """Take in events in the order in which they came; the channel does not matter."""
        for event, excerpt, _ in items:
            self._minutes.count(event)
            if isinstance(event, Rejection):
                self._minutes.refuse(event, excerpt)
                continue
            self._advance(event.at)
            if (reason := self._monitor.apply(event, event.at)) is not None:
                self._minutes.refuse(reason, encode(plain(event)))

    def finish(self) -> Outcome:
        """Let event time run on until every waiting alert has fired or calmed down."""
        if self.comparer.clock:
            self._advance(self.comparer.clock + self._minutes.election.alerts.settling)
        return self._minutes.outcome(self.comparer, self._monitor.verdicts, 0)

    @property
    def comparer(self) -> Comparer:
        """The areas and their bulletins, as of the last tick."""
        return self._monitor.comparer

    def _advance(self, at: int) -> None:
        """What is new is judged at the next tick; a watcher sees that one, and then where time has come to."""
        clock = self.comparer.clock
        if at - clock < self._tick:
            return
        if clock:
            self._minutes.tell(self._monitor.advance(min(at, clock + self._tick)), self.comparer)
        self._minutes.tell(self._monitor.advance(at), self.comparer)


class LogReplay:
    """A log of the topics as they were. `home` says to which partition a polling table belongs.

    What the log's last marks leave over is judged by itself in the end: the log stops earlier than the night did.
    Memory grows with how far the partitions are apart in the log.
    """

    def __init__(
        self, election: Election, partitions: int, home: Callable[[str], int], watch: Watcher | None = None
    ) -> None:
        self._reconcilers = [Reconciler(election, p, partitions) for p in range(partitions)]
        self._channels = Alignment[tuple[Channel, Item]]([*range(partitions), BULLETINS])
        self._home, self._tables = home, election.tables
        self._under_way: dict[bytes, TallyReport | Bulletin] = {}
        self._minutes = _Minutes(election, watch)
        self.comparer = Comparer(election)

    def take(self, channel: Channel, items: Iterable[Item]) -> None:
        """Take in one message. Raises KeyError for a channel that there is not."""
        for item in items:
            self._minutes.count(item.event)
            if isinstance(item.event, Tick):
                if channel != BULLETINS:
                    reason = check_tick(self._minutes.election, item.event, item.arrived)
                    if reason is not None:
                        self._refuse(reason, item.event)
                        continue
                self._channels.mark(channel, item.event.at)
                for reached, arrivals in self._channels.take():
                    self._settle(reached, arrivals)
            else:
                self._channels.add(channel, (channel, item))

    def finish(self) -> Outcome:
        """Judge what is left at the next tick, and give it time to fire. Where every mark was reached, nothing is."""
        at, left = self._channels.close()
        alerts = self._minutes.election.alerts
        unjudged = len(left) + len(self._under_way)
        if left:
            at = at or max((item.event.at for _, item in left if not isinstance(item.event, Rejection)), default=0)
            self._settle(at + round(alerts.tick * 1000), left)
        for event in self._under_way.values():
            self._apply(event, self._home(table_of(event)), 0)
        if self._take_partials() or left:
            self._minutes.tell(self.comparer.advance(self.comparer.clock + alerts.settling), self.comparer)
        verdicts = dict(chain.from_iterable(r.verdicts.items() for r in self._reconcilers))
        return self._minutes.outcome(self.comparer, verdicts, unjudged)

    def _settle(self, mark: int, arrivals: list[tuple[Channel, Item]]) -> None:
        """Each channel's items become ledgers and sums, and these are judged together, as the stages do it."""
        # First what goes on to its own partition, since that is where it is taken in: there it stands again.
        here = [(channel, item) for channel, item in arrivals if not self._goes_on(channel, item)]

        def news() -> None:
            for channel, item in here:
                self._arrive(channel, item)
            self._take_partials()

        self._minutes.tell(self.comparer.settle(mark, news), self.comparer)

    def _goes_on(self, channel: Channel, item: Item) -> bool:
        event = item.event
        if isinstance(event, Rejection | Tick):
            return False
        if isinstance(channel, int):
            astray = self._reconcilers[channel].is_astray(event, self._home)
        else:
            astray = table_of(event) in self._tables
        if astray:
            self._minutes.counts["strays"] += 1
            self._under_way[encode(plain(event))] = event
        return astray

    def _arrive(self, channel: Channel, item: Item) -> None:
        event = item.event
        match event:
            case Rejection():
                self._minutes.refuse(event, item.excerpt)
            case Bulletin() if channel == BULLETINS:
                self._refuse(self.comparer.add_bulletin(event), event)
            case TallyReport() | Bulletin() if isinstance(channel, int):
                if self._under_way:
                    self._under_way.pop(encode(plain(event)), None)
                self._apply(event, channel, item.arrived)

    def _apply(self, event: TallyReport | Bulletin, partition: int, arrived: int) -> None:
        self._refuse(self._reconcilers[partition].apply(event, arrived), event)

    def _refuse(self, reason: Rejection | None, event: Event) -> None:
        if reason is not None:
            self._minutes.refuse(reason, encode(plain(event)))

    def _take_partials(self) -> bool:
        found = [partial for reconciler in self._reconcilers for partial in reconciler.take_partials()]
        for partial in found:
            self.comparer.add_partial(partial)
        return bool(found)
