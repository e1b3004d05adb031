"""The reconcile stage: tally reports in, each area's sums out at every tick.

State is written behind: ledgers live in memory, and the chunks that changed go to the table at each
flush; a report is acked only after its chunk is confirmed. Sums leave only at ticks, so that what is
judged together does not depend on how fast the reports were read.
"""

import asyncio
import secrets
from collections import Counter, defaultdict
from collections.abc import AsyncIterable, Mapping
from typing import Any

import orjson
from faust.types import TP, EventT
from prometheus_client import Histogram

from streams.admission import check_tick
from streams.agents import raw
from streams.agents.outbox import Outbox, Record
from streams.agents.rejected import rejected
from streams.codec import decode_reports, encode, plain
from streams.corrections import App
from streams.election import Election
from streams.events import Bulletin, Rejection, TallyReport, Tick, table_of
from streams.reconcile import Reconciler
from streams.topology import Topology

MAX_HELD = 5_000
"""Messages that may wait for a flush; then reading pauses until it is done."""
MAX_HELD_BYTES = 32 * 2**20
"""The same in bytes."""
AT_ONCE = 32
"""Reports of one message that are taken in, or chunks that are encoded, before the other stages have their turn."""


class ReconcileStage:
    """One `Reconciler` for each partition of the reports that this worker owns."""

    def __init__(self, app: App, election: Election, topology: Topology, times: Histogram) -> None:
        self._app, self._election, self._topology = app, election, topology
        self._source = raw.topic(app, topology.tally_reports)
        self._sink = raw.topic(app, topology.area_partials)
        self._rejected = raw.topic(app, topology.rejected)
        self._table = raw.table(app, "ledgers")
        self.outbox = Outbox(app, self._table, times.labels("reconcile-flush"), self._write_chunks)
        self._reading = asyncio.Lock()
        self._reconcilers: dict[int, Reconciler] = {}
        self._newest: dict[int, EventT[Any]] = {}
        self._bytes = 0
        self.counts: Counter[str] = Counter()
        app.agent(self._source, name="reconcile")(self._consume)
        app.after_recovery(self._rebuild)

    @property
    def reconcilers(self) -> Mapping[int, Reconciler]:
        """By partition."""
        return self._reconcilers

    async def _rebuild(self, partitions: frozenset[TP]) -> None:
        async with self._reading:
            self._begin(partitions)

    def _begin(self, partitions: frozenset[TP]) -> None:
        # Keys of our own, and new ones each time: a worker that was stopped and has lost its partitions may write an
        # older chunk when it wakes up, or delete what it has taken over. What it does to its own keys harms nobody,
        # since all copies of a chunk are merged.
        self._writer = secrets.token_hex(4)
        self._copies: dict[str, list[bytes]] = defaultdict(list)
        self._doomed: dict[int, list[bytes]] = defaultdict(list)
        self.outbox.clear()
        self._newest.clear()
        self._bytes = 0
        mine = {tp.partition for tp in partitions if tp.topic == self._topology.tally_reports}
        count = self._topology.partitions
        self._reconcilers = {p: Reconciler(self._election, p, count) for p in sorted(mine)}
        for key, value in self._table.items():
            partition = int(key.partition(b"/")[0])
            if partition in mine:
                self._reconcilers[partition].load([orjson.loads(value)])
                self._copies[key.decode().rpartition("/")[0]].append(key)

    async def _consume(self, stream: Any) -> None:
        events: AsyncIterable[EventT[Any]] = stream.noack().events()
        async for event in events:
            async with self._reading:
                if event.message.generation_id == self._app.consumer_generation_id:  # else it comes again
                    await self._take(event)
            if len(self.outbox.events) >= MAX_HELD or self._bytes >= MAX_HELD_BYTES:
                await self.outbox.flush()

    async def _take(self, event: EventT[Any]) -> None:
        partition, content = event.message.partition, event.message.value or b""
        reconciler = self._reconcilers[partition]
        self.outbox.hold(event)
        self._newest[partition] = event
        self._bytes += len(content)
        reasons: list[Rejection] = []
        arrived = round((event.message.timestamp or 0) * 1000)
        for number, item in enumerate(decode_reports(event.message.value), 1):
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
            match item:
                case TallyReport() | Bulletin():
                    self.counts["reports" if isinstance(item, TallyReport) else "bulletins"] += 1
                    if reconciler.is_astray(item, self._topology.partition_of):
                        self._send_home(item)
                    elif (reason := reconciler.apply(item, arrived)) is not None:
                        reasons.append(reason)
                case Tick():
                    if (reason := check_tick(self._election, item, arrived)) is not None:
                        reasons.append(reason)
                    else:
                        self._send_sums(partition, item.at)
                case Rejection():
                    reasons.append(item)
        if reasons:
            self.counts.update(f"rejected {reason.code}" for reason in reasons)
            self.outbox.send(rejected(self._rejected, event, reasons))

    def _send_home(self, event: TallyReport | Bulletin) -> None:
        table = table_of(event)
        self.counts["strays"] += 1
        home = self._topology.partition_of(table)
        self.outbox.send(Record(self._source, table.encode(), encode(plain(event)), home))

    def _send_sums(self, partition: int, at: int) -> None:
        for partial in self._reconcilers[partition].take_partials():
            key = f"{partition}/{partial.area}".encode()
            self.outbox.send(Record(self._sink, key, encode(partial.plain()), 0))
        self.outbox.send(Record(self._sink, f"{partition}/".encode(), encode({"partition": partition, "at": at}), 0))
        self.outbox.urgent = True

    async def _write_chunks(self) -> None:
        """The chunks that changed, as they are at this moment: no event is taken in meanwhile, but the other stages go
        on. Copies of a chunk by others go one flush after ours is confirmed."""
        async with self._reading:
            for partition, event in self._newest.items():
                for key in self._doomed.pop(partition, ()):
                    self.outbox.write(event, key, None)
                while chunks := self._reconcilers[partition].take_chunks(AT_ONCE):
                    for chunk, ledgers in chunks.items():
                        name = f"{partition}/{chunk}"
                        self.outbox.write(event, f"{name}/{self._writer}".encode(), encode(ledgers))
                        self._doomed[partition] += self._copies.pop(name, ())
                    await asyncio.sleep(0)
            self._newest.clear()
            self._bytes = 0
