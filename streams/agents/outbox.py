"""What a stage wants written, and the events it comes from: sent in order, acked once the broker has it all.

What was sent together may arrive in part, when a worker dies in between. So a flush has three parts, each confirmed
before the next begins: what follows from the events, then the state, then what seals it. State alone would lose the
effect: after the restart there would be nothing left to tell.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Final, NamedTuple

from faust.types import EventT
from prometheus_client import Histogram

from streams.corrections import App, Place, SendFailed, Sends, Table

SLICE: Final = 2**20
"""Bytes of one stage that wait for the broker at a time: behind more, another stage's few would wait too long."""


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

    `fill` is awaited at each flush before anything is sent, to add what has been put off until then. What gathers for
    an urgent flush does so for `gather` times as long as the last one took, but for no longer than a second: a slow
    broker is no reason to be slower still.
    """

    def __init__(
        self,
        app: App,
        table: Table,
        timer: Histogram,
        fill: Callable[[], Awaitable[None]] | None = None,
        gather: float = 4.0,
    ) -> None:
        self._app, self._table, self._timer, self._fill, self._gather = app, table, timer, fill, gather
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
        self._seals: dict[bytes, tuple[EventT[Any] | Place, bytes | None]] = {}
        self.urgent = self._failed = False
        self.stamp = self.confirmed

    def hold(self, event: EventT[Any]) -> None:
        """Ack this event after the next flush."""
        self.events.append(event)

    def send(self, record: Record) -> None:
        """Send this record at the next flush, in order."""
        self._records.append(record)

    def write(self, event: EventT[Any] | Place, key: bytes, value: bytes | None, *, seals: bool = False) -> None:
        """Write this into the table at the next flush (None deletes), beside `event`, whose partition it takes; behind
        all else if it `seals`. Keys are written in the order of their last writes."""
        writes = self._seals if seals else self._writes
        writes.pop(key, None)
        writes[key] = event, value

    async def flush_if_due(self) -> None:
        """Flush soon what somebody waits for, the rest once a second."""
        wait = min(1.0, self._gather * self.took) if self.urgent else 1.0
        if (self.events or self._records or self._writes) and monotonic() - self._ended >= wait:
            await self.flush()

    async def flush(self) -> None:
        """Send it all, wait for the broker's word, ack. Raises `corrections.SendFailed`; nothing is acked then, and
        nothing more is sent: what comes later would stand there without what it rests on."""
        async with self._lock:
            if self._failed:
                raise SendFailed("a flush before this one has failed")
            began = monotonic()
            async with Sends(self._app) as out:
                # Taken in here: while the partitions change hands the block does not open, and what was
                # held before is no longer ours.
                if self._fill is not None:
                    await self._fill()
                events, records, writes, seals = self.events, self._records, self._writes, self._seals
                stamp = self.stamp
                self.clear()
                self.stamp, self._failed = stamp, True
                for record in records:
                    await out.send(**record._asdict())
                for part in (writes, seals):
                    await out.confirmed()
                    size = 0
                    for key, (event, value) in part.items():
                        await out.put(self._table, event, key, value)
                        size += len(value or b"")
                        if size > SLICE:
                            await out.confirmed()
                            size = 0
            self._failed = False
            for event in events:
                event.ack()
            self.confirmed = stamp
            self._ended = monotonic()
            self.took = self._ended - began
            self._timer.observe(self.took)
