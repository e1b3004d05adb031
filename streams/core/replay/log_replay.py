"""Replay of a log of the topics as the live night had them: the ticks in it are the clock."""

from collections.abc import Iterable, Sequence

from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.engine.comparer import Comparer
from streams.core.engine.items import Channel, Items, Unread
from streams.core.engine.night import Night, NightEffects
from streams.core.reconciliation.ledger import Ledger
from streams.core.replay.outcome import Outcome
from streams.core.replay.outcome_builder import OutcomeBuilder
from streams.core.replay.replay import RejectionWatcher, Watcher


class LogReplay:
    """A log of the topics as they were. What is judged together is what lay between the same two ticks, whatever order
    the log has the partitions in."""

    def __init__(
        self,
        election: Election,
        partitions: int,
        homes: Numbers,
        watch: Watcher | None = None,
        watch_rejections: RejectionWatcher | None = None,
    ) -> None:
        """`homes` are the partitions that polling tables belong to, by number."""
        self._night = Night(election, partitions, homes)
        self._builder = OutcomeBuilder(election, watch, watch_rejections)

    @property
    def comparer(self) -> Comparer:
        """The areas and their bulletins, as of the last tick."""
        return self._night.comparer

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a polling table, if it has one."""
        return self._night.ledger(table)

    def take(self, channel: Channel, items: Items, arrived: Sequence[int] = ()) -> None:
        """Take in what came by one channel. Raises KeyError for a channel that there is not."""
        items = items.read() if isinstance(items, Unread) else items
        self._builder.count(items)
        self._add(self._night.take(channel, items, arrived))

    def finish(self) -> Outcome:
        """Judge what the log's last ticks leave over, since the log ends earlier than the night did."""
        self._add(self._night.finish())
        return self._builder.outcome(self.comparer, self._night.verdicts, self._night.unjudged)

    def _add(self, steps: Iterable[NightEffects]) -> None:
        for effects in steps:
            if effects.rerouted:
                self._builder.counts["strays"] += effects.rerouted
            for item, reason in effects.rejected:
                self._builder.refuse(reason, [item])
            self._builder.tell(effects.notices, self.comparer)
