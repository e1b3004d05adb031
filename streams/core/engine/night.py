"""A whole night of several partitions, from a record of its topics."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, repeat
from operator import itemgetter
from typing import cast

from streams.core.alerting.alert import Notice
from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.engine.comparer import Comparer
from streams.core.engine.items import Channel, Item, Unreadable
from streams.core.engine.partition_intake import Misrouted, PartitionIntake, Rejected
from streams.core.engine.tick_judge import Announcement, judge_tick
from streams.core.engine.watermarks import Alignment
from streams.core.events.admission import check_tick
from streams.core.events.codec import encode, plain
from streams.core.events.model import Bulletin, Event, Rejection, TallyReport, Tick, table_of
from streams.core.events.topics import BULLETINS
from streams.core.reconciliation.ledger import Ledger
from streams.core.reconciliation.ledger_store import Verdicts

_Arrival = tuple[Channel, Item, int]
"""An item, the channel that it came by, and when (Unix ms, 0: unknown)."""


@dataclass(frozen=True, slots=True)
class NightEffects:
    """What a step of the night led to."""

    notices: Sequence[Notice] = ()
    rejected: Sequence[tuple[Item, Rejection]] = ()
    rerouted: int = 0
    """Events that went on to the partition of their polling table."""


class Night:
    """The partitions of the tally reports and the channel of the bulletins, aligned at the night's own ticks.

    Items wait until all channels have come to a tick. Then those of each partition enter its ledgers and the tick is
    judged, as the live stages do it. What the live night rerouted stands twice in its topics: where it came first, and
    again in its own partition, where it is taken in. Memory grows with how far the channels are apart in the record.
    """

    def __init__(self, election: Election, partitions: int, homes: Numbers) -> None:
        """`homes` are the partitions that polling tables belong to, by number."""
        self._election = election
        self._intakes = [PartitionIntake(election, partition, homes) for partition in range(partitions)]
        self._channels = Alignment[_Arrival]([*range(partitions), BULLETINS])
        self._homes = homes
        self._under_way: dict[bytes, tuple[TallyReport | Bulletin, int]] = {}
        """What was rerouted and has not come to its own partition yet, and when it came, by its JSON."""
        self.comparer = Comparer(election)
        self.unjudged = 0
        """Events that no common tick had reached at the end, and those that had not come to their own partition."""

    @property
    def verdicts(self) -> Sequence[Verdicts]:
        """Those of each partition."""
        return [intake.reconciler.verdicts for intake in self._intakes]

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a polling table, if it has one."""
        ledgers = (intake.reconciler.ledger(table) for intake in self._intakes)
        return next((ledger for ledger in ledgers if ledger is not None), None)

    def take(self, channel: Channel, items: Iterable[Item], arrived: Sequence[int] = ()) -> Iterator[NightEffects]:
        """Take in what came by one channel, judging each tick that all have come to; to be read to its end. `arrived`
        is empty where nobody knows when messages came. Raises KeyError for a channel that there is not."""
        for item, at in zip(items, arrived or repeat(0), strict=False):
            if not isinstance(item, Tick):
                self._channels.add(channel, (channel, item, at))
            elif (reason := check_tick(self._election, item, at)) is not None:
                yield NightEffects(rejected=[(item, reason)])
            else:
                self._channels.mark(channel, item.at)
                for reached, arrivals in self._channels.take():
                    yield self._judge(reached, arrivals)

    def finish(self) -> Iterator[NightEffects]:
        """Judge what is left at the next tick and let alerts come due: the record ends earlier than the night did.
        Where every tick was reached, nothing is left."""
        at, left = self._channels.close()
        self.unjudged = len(left) + len(self._under_way)
        if left:
            at = at or max((item.at for _, item, _ in left if not isinstance(item, Unreadable)), default=0)
            yield self._judge(at + round(self._election.alerts.tick * 1000), left)
        rejected = list[tuple[Item, Rejection]]()
        for event, arrived in self._under_way.values():
            home = int(self._homes[self._election.layout.table[table_of(event)]])
            if (reason := self._intakes[home].reconciler.apply(event, arrived)) is not None:
                rejected.append((event, reason))
        self._under_way.clear()
        sheets = [intake.reconciler.take_sheets() for intake in self._intakes]
        if self.comparer.add_sheets(*sheets) or left:
            settled = self.comparer.clock + self._election.alerts.settling
            yield NightEffects(self.comparer.advance(settled), rejected)
        elif rejected:
            yield NightEffects(rejected=rejected)

    def _judge(self, at: int, arrivals: Iterable[_Arrival]) -> NightEffects:
        """Enter what came before a tick (Unix ms) and judge it."""
        rejected, entered = list[tuple[Item, Rejection]](), list[Item]()
        rerouted, announced = list[tuple[Item, int]](), list[Announcement[tuple[Item, int]]]()
        for channel, run in groupby(arrivals, key=itemgetter(0)):
            came = [(item, arrived) for _, item, arrived in run]
            if isinstance(channel, int):
                items, elsewhere = self._enter(channel, came, rejected)
                entered += items
                rerouted += elsewhere
            else:
                announced += (Announcement(cast(Bulletin | Rejection, _content(one[0])), one) for one in came)
        sheets = [intake.reconciler.take_sheets() for intake in self._intakes]
        judged = judge_tick(self.comparer, self._election, at, announced, sheets)
        rejected += ((item, reason) for (item, _), reason in judged.rejected)
        rerouted += (source for source, _ in judged.for_tables)
        self._follow(rerouted, entered)
        return NightEffects(judged.notices, rejected, len(rerouted))

    def _enter(
        self, partition: int, came: Sequence[tuple[Item, int]], rejected: list[tuple[Item, Rejection]]
    ) -> tuple[list[Item], list[tuple[Item, int]]]:
        """Take in what came by a partition, adding to `rejected` what it turns away. What is for the partition itself,
        and what is for another."""
        items = [_content(item) for item, _ in came]
        effects = self._intakes[partition].take(items, [arrived for _, arrived in came])
        rejected += ((came[effect.place][0], effect.reason) for effect in effects if isinstance(effect, Rejected))
        elsewhere = {effect.place for effect in effects if isinstance(effect, Misrouted)}
        own = [item for place, (item, _) in enumerate(came) if place not in elsewhere]
        return own, [came[place] for place in sorted(elsewhere)]

    def _follow(self, rerouted: Iterable[tuple[Item, int]], entered: Iterable[Item]) -> None:
        """Keep what was rerouted until it has come to its own partition."""
        for event, arrived in rerouted:
            assert isinstance(event, TallyReport | Bulletin)
            self._under_way[_json(event)] = event, arrived
        for item in entered if self._under_way else ():
            if not isinstance(item, Unreadable):
                self._under_way.pop(_json(item), None)


def _content(item: Item) -> Event | Rejection:
    return item.rejection if isinstance(item, Unreadable) else item


def _json(event: Event) -> bytes:
    return encode(plain(event))
