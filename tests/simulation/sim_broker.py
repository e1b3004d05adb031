"""A Kafka broker in memory: partitions that only grow, producers whose records travel, committed offsets.

What a broker promises holds here too: one producer's records reach a partition in the order of sending, none twice, and
none behind one that has failed. All else is up to the seed: how long a record and its confirmation travel, which of
those under way still arrive when their sender dies, and what the broker has forgotten after a restart.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from random import Random
from typing import Any

from faust.types import TP
from sim_loop import Loop, Process

from streams.kafka.topology import Topology

EPOCH = 1_722_816_000_000
"""Unix ms at which virtual time begins: days after the events of the night, as when a night is fed again."""


class SendError(Exception):
    """The broker has not confirmed a record: it may have it, or not."""


@dataclass(slots=True)
class Kept:
    """A record in its partition, with the attributes of aiokafka's."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_type: int = 1
    checksum: None = None
    serialized_key_size: int = 0
    serialized_value_size: int = 0


class Broker:
    """The logs and the committed offsets. `delay` is the longest that anything travels, in seconds; into topics with
    `slow` in their names ten times as long. Workers take the names that they write under from `names`."""

    def __init__(self, loop: Loop, chance: Random, names: Random, topology: Topology, delay: float, slow: str) -> None:
        self.loop, self.chance, self.names, self.topology, self.delay = loop, chance, names, topology, delay
        self._slow = slow
        self.counts = {spec.name: spec.partitions for spec in topology.specs()}
        self.logs: dict[TP, list[Kept]] = {
            TP(name, partition): [] for name, count in self.counts.items() for partition in range(count)
        }
        self.committed: dict[TP, int] = {}
        self.up = asyncio.Event()
        self.up.set()
        self._arrived: list[asyncio.Future[None]] = []
        self.wall = EPOCH
        """What the broker's clock says at virtual time 0, Unix ms."""

    def append(self, tp: TP, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]] = ()) -> None:
        """Add a record to a partition, and tell those who wait for one."""
        log, now = self.logs[tp], self.wall + round(self.loop.time() * 1000)
        log.append(Kept(tp.topic, tp.partition, len(log), now, key, value, tuple(headers)))
        arrived, self._arrived = self._arrived, []
        for waiting in arrived:
            _done(waiting)

    def way(self, topic: str) -> float:
        """How long a record travels into a topic, drawn anew."""
        most = 10 * self.delay if self._slow and self._slow in topic else self.delay
        return self.chance.uniform(0.0, most)

    async def travel(self) -> None:
        """Let one message travel to the broker, and wait there until it is up."""
        await asyncio.sleep(self.chance.uniform(0.0, self.delay))
        await self.up.wait()

    async def news(self, seconds: float) -> None:
        """Wait until another record has come, for so many seconds at most."""
        arrived = self.loop.create_future()
        self._arrived.append(arrived)
        timer = self.loop.call_later(seconds, _done, arrived)
        await arrived
        timer.cancel()

    def read(self, topic: str) -> list[Kept]:
        """A topic of one partition, from its beginning."""
        return list(self.logs[TP(topic, 0)])

    def table(self, tp: TP) -> dict[bytes, bytes]:
        """A changelog's newest values, as compaction would leave them, or in the order of their first writes."""
        found: dict[bytes, bytes | None] = {}
        compacted = self.chance.random() < 0.5
        for record in self.logs[tp]:
            assert record.key is not None
            if compacted:
                found.pop(record.key, None)
            found[record.key] = record.value
        return {key: value for key, value in found.items() if value is not None}


def _done(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


@dataclass(slots=True)
class Travelling:
    """A record on its way. `failing`: its sender will be told that it has not come; True if it comes all the same."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    told: asyncio.Future[Any]
    leaves: float
    sender: Context
    failing: bool | None = None


@dataclass
class Producer:
    """One process's idempotent producer. `fails()` is asked for each record: None, or whether a record that fails comes
    all the same; `failed` is called with each failure."""

    broker: Broker
    process: Process
    fails: Callable[[], bool | None]
    failed: Callable[[Exception], None]
    _queues: dict[TP, deque[Travelling]] = field(default_factory=lambda: defaultdict(deque))
    _wire: dict[TP, int] = field(default_factory=dict)
    """By partition, how many of a process that is no longer running are on the wire."""
    _broken: set[TP] = field(default_factory=set)

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None = None,
        headers: Any = None,
    ) -> asyncio.Future[Any]:
        """Put a record on its way; the result is done once it is confirmed."""
        broker, loop = self.broker, self.broker.loop
        if partition is None:
            partition = 0 if broker.counts[topic] == 1 else broker.topology.partition_of((key or b"").decode())
        tp, told = TP(topic, partition), loop.create_future()
        if not self.process.alive:
            return told
        queue, now = self._queues[tp], loop.time()
        leaves = max(queue[-1].leaves if queue else 0.0, now + broker.way(topic))
        given = key, value, tuple((headers or {}).items())
        queue.append(Travelling(*given, told, leaves, copy_context(), self.fails()))
        if len(queue) == 1:
            loop.call_at(leaves, self._leave, tp, context=Context())
        return told

    def stop(self) -> None:
        """The process was killed or frozen: of each partition's records some are on the wire, the others are not."""
        self._wire = {tp: self.broker.chance.randint(0, len(queue)) for tp, queue in self._queues.items() if queue}

    def go_on(self) -> None:
        """The process is thawed: what it had not sent leaves now."""
        self._wire.clear()
        for tp, queue in self._queues.items():
            if queue:
                self.broker.loop.call_soon(self._leave, tp, context=Context())

    def _leave(self, tp: TP) -> None:
        """Let what is due arrive."""
        broker, queue = self.broker, self._queues[tp]
        while queue and queue[0].leaves <= broker.loop.time():
            if not self.process.running:
                if not self._wire.get(tp):
                    return  # `go_on` goes on, if ever
                self._wire[tp] -= 1
            if not broker.up.is_set():
                broker.loop.call_later(0.05, self._leave, tp, context=Context())
                return
            self._arrive(tp, queue.popleft())
        if queue:
            broker.loop.call_at(queue[0].leaves, self._leave, tp, context=Context())

    def _arrive(self, tp: TP, record: Travelling) -> None:
        broker = self.broker
        if tp in self._broken:
            record.failing = False
        if record.failing is not False:
            broker.append(tp, record.key, record.value, record.headers)
        if record.failing is not None:
            self._broken.add(tp)
        broker.loop.call_later(broker.way(tp.topic), self._tell, record, context=record.sender)

    def _tell(self, record: Travelling) -> None:
        if record.told.done():
            return
        if record.failing is None:
            record.told.set_result(None)
        else:
            error = SendError("the broker did not confirm it")
            self.failed(error)
            record.told.set_exception(error)
