"""What a stage wants written, and the events it comes from: sent together, acked once the broker has it all."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, NamedTuple

from faust.types import EventT
from prometheus_client import Histogram

from streams.corrections import App, Place, Sends, Table


class Record(NamedTuple):
    """One record for one topic. `headers` as Kafka has them; `partition` None leaves it to the key."""

    topic: Any
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: dict[str, bytes] | None = None


def stopwatch() -> Histogram:
    """How long the steps of one worker take, by `step`; `streams.metrics` shows it."""
    bounds = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
    name, text = "cotejo_processing_seconds", "How long flushes and judgements took"
    return Histogram(name, text, ["step"], registry=None, buckets=bounds)


class Outbox:
    """Records, table writes and held events of one stage, until they are flushed; how long that takes goes to `timer`.

    `fill` is called at each flush before anything is sent, to add what has been put off until then.
    """

    def __init__(self, app: App, table: Table, timer: Histogram, fill: Callable[[], None] = lambda: None) -> None:
        self._app, self._table, self._timer, self._fill = app, table, timer, fill
        self._lock = asyncio.Lock()
        self.took, self._ended = 0.0, 0.0
        self.confirmed = 0
        """The newest `stamp` of which everything has been sent and confirmed."""
        self.clear()

    def clear(self) -> None:
        """Forget everything: the events will be delivered again, here or elsewhere."""
        self.events: list[EventT[Any]] = []
        self._records: list[Record] = []
        self._writes: dict[bytes, tuple[EventT[Any] | Place, bytes | None]] = {}
        self.urgent = False
        self.stamp = self.confirmed

    def hold(self, event: EventT[Any]) -> None:
        """Ack this event after the next flush."""
        self.events.append(event)

    def send(self, record: Record) -> None:
        """Send this record at the next flush, in order."""
        self._records.append(record)

    def write(self, event: EventT[Any] | Place, key: bytes, value: bytes | None) -> None:
        """Write this into the table at the next flush (None deletes), beside `event`, whose partition it takes.
        Keys are written in the order of their last writes."""
        self._writes.pop(key, None)
        self._writes[key] = event, value

    async def flush_if_due(self) -> None:
        """Flush soon what somebody waits for, the rest once a second. What waits gathers for four times as long as
        the last flush took, but no longer than that second: a slow broker is no reason to be slower still."""
        wait = min(1.0, 4 * self.took) if self.urgent else 1.0
        if (self.events or self._records or self._writes) and monotonic() - self._ended >= wait:
            await self.flush()

    async def flush(self) -> None:
        """Send it all, wait for the broker's word, ack. Raises `corrections.SendFailed`; nothing is acked then."""
        async with self._lock:
            began = monotonic()
            async with Sends(self._app) as out:
                # Taken in here: while the partitions change hands the block does not open, and what was
                # held before is no longer ours.
                self._fill()
                events, records, writes, stamp = self.events, self._records, self._writes, self.stamp
                self.clear()
                self.stamp = stamp
                for record in records:
                    await out.send(**record._asdict())
                for key, (event, value) in writes.items():
                    await out.put(self._table, event, key, value)
            for event in events:
                event.ack()
            self.confirmed = stamp
            self._ended = monotonic()
            self.took = self._ended - began
            self._timer.observe(self.took)
