"""Replay of a log of the topics as the live night had them: the ticks in it are the clock."""

from collections.abc import Sequence
from itertools import groupby, repeat
from operator import itemgetter

from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.engine.comparer import Comparer
from streams.core.engine.items import Channel, Item, Items, Unread, Unreadable
from streams.core.engine.watermarks import Alignment
from streams.core.events.admission import check_tick
from streams.core.events.codec import encode, plain
from streams.core.events.model import Bulletin, Event, Rejection, TallyReport, Tick, table_of
from streams.core.events.topics import BULLETINS
from streams.core.reconciliation.ledger import Ledger
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.replay.outcome import Outcome
from streams.core.replay.outcome_builder import OutcomeBuilder
from streams.core.replay.replay import RejectionWatcher, Watcher


def _json(event: Event) -> bytes:
    return encode(plain(event))


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
        self._notes = OutcomeBuilder(election, watch, watch_rejections)
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
            misrouted = self._reconcilers[channel].is_misrouted(item, self._homes)
        else:
            misrouted = table_of(item) in self._layout.table
        if misrouted:
            self._notes.counts["strays"] += 1
            self._under_way[_json(item)] = item, arrived
        return misrouted

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
