"""What every replay of a night offers, whichever record it is fed from."""

from collections.abc import Sequence
from typing import Protocol

from streams.core.engine.comparer import Comparer
from streams.core.engine.items import Channel, Item, Items
from streams.core.events.model import Rejection
from streams.core.reconciliation.ledger import Ledger
from streams.core.replay.outcome import Outcome


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
