"""Workers for tests/worker/test_corrections.py, run as subprocesses: `faust_workers.py SCENARIO '{"json": "options"}'`.

They print a JSON array a line for the test to read. FAULTS in the environment takes cures out again, to see
the regression tests fail: `FAULTS="order fetch" pytest tests/worker/test_corrections.py`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from typing import Any

import faust
import faust.tables.recovery
import faust.transport.drivers.aiokafka as driver
from faust.types import TP, EventT
from mode.supervisors import SupervisorStrategy

from streams.worker import faust_patches
from streams.worker.faust_patches import sends
from streams.worker.faust_patches.consumer import Consumer
from streams.worker.faust_patches.fetch_thread import Thread
from streams.worker.faust_patches.partition_ownership import Ownership
from streams.worker.faust_patches.recovery import Recovery

STARTED = time.monotonic()


def say(*words: object) -> None:
    print("\n" + json.dumps(words), flush=True)  # Faust's spinner writes escape codes before it


def make(options: dict[str, Any]) -> faust_patches.App:
    for fault in os.environ.get("FAULTS", "").split():
        FAULTS[fault]()
    return faust_patches.App(options["id"], **options["app"])


def source(app: faust_patches.App, name: str) -> Any:
    return app.topic(f"{app.conf.id}-{name}", key_type=bytes, value_type=bytes, value_serializer="raw")


def summing(options: dict[str, Any]) -> faust_patches.App:
    """The write-behind style: a partition's state is one chunk, which carries the offset that it includes. With `slow`
    each flush takes so many seconds to be confirmed."""
    app = make(options)
    ledgers = app.Table("ledgers")
    state: dict[int, dict[str, int]] = {}
    held: dict[int, list[EventT[Any]]] = {}
    flushing = asyncio.Lock()

    @app.after_recovery
    async def rebuild(partitions: frozenset[TP]) -> None:
        state.clear()
        held.clear()
        for key, value in ledgers.items():
            state[int(key)] = dict(value)
        mine = sorted((tp.topic.removeprefix(app.conf.id), tp.partition) for tp in partitions)
        say("open", round(time.monotonic() - STARTED, 2), mine, sorted(state))

    async def flush() -> None:
        async with flushing, app.sends() as out:
            events = {p: list(held.pop(p)) for p in list(held)}
            for partition, batch in events.items():
                await out.put(ledgers, batch[-1], str(partition), dict(state[partition]))
            await asyncio.sleep(options.get("slow", 0))
        for batch in events.values():
            for event in batch:
                event.ack()

    @app.before_release
    async def last_flush() -> None:
        say("gives up")
        with suppress(faust_patches.PartitionsGivenUp):
            await flush()

    @app.agent(source(app, "reports"))
    async def reconcile(stream: Any) -> None:
        async for event in stream.noack().events():
            message = event.message
            chunk = state.setdefault(message.partition, {"n": 0, "raw": 0, "offset": -1})
            held.setdefault(message.partition, []).append(event)
            chunk["raw"] += 1
            if message.offset > chunk["offset"]:
                chunk["n"] += 1
                chunk["offset"] = message.offset

    @app.timer(options.get("flush", 0.1))
    async def tick() -> None:
        with suppress(faust_patches.PartitionsGivenUp):
            await flush()

    clock_table = app.Table("clock")

    @app.agent(source(app, "clock"))
    async def clock(stream: Any) -> None:
        async for event in stream.noack().events():
            async with app.sends() as out:
                await out.put(clock_table, event, "now", event.message.offset)
            event.ack()

    return app


def plain(options: dict[str, Any]) -> faust_patches.App:
    """Faust's own style, a counter a key written at each event: what a recovery race overcounts."""
    app = make(options)
    seek = Consumer.perform_seek

    async def slow_seek(consumer: Consumer) -> None:
        await asyncio.sleep(options["slow_seek"])
        await seek(consumer)

    Consumer.perform_seek = slow_seek
    counts = app.Table("ledgers", default=int)

    @app.after_recovery
    async def opened(partitions: frozenset[TP]) -> None:
        say("open", round(time.monotonic() - STARTED, 2), len(partitions), dict(counts.items()))

    @app.agent(source(app, "reports"))
    async def count(stream: Any) -> None:
        async for event in stream.events():
            counts[f"{event.message.partition}"] += 1

    return app


def failing(options: dict[str, Any]) -> faust_patches.App:
    """An agent that fails on one event."""
    app = make(options)

    @app.agent(source(app, "reports"))
    async def fail(stream: Any) -> None:
        async for event in stream.events():
            say("event", event.value.decode())
            if event.value == b"bad":
                await asyncio.sleep(0.2)
                raise ValueError("an error nobody caught")

    return app


def unsendable(options: dict[str, Any]) -> faust_patches.App:
    """A changelog record that the broker refuses."""
    app = make(options)
    ledgers = app.Table("ledgers", default=str)
    style = options["style"]

    @app.agent(source(app, "reports"))
    async def grow(stream: Any) -> None:
        async for event in (stream.noack() if style == "sends" else stream).events():
            say("event", event.value.decode())
            if style == "plain":
                ledgers["0"] = "x" * 200_000
                await asyncio.sleep(1.5)
                continue
            async with app.sends() as out:
                await out.put(ledgers, event, "0", "x" * 200_000)
            say("confirmed")
            event.ack()

    return app


def uncorrected_order() -> None:
    """Faust's own end of recovery: resume, then seek, then empty the queues."""
    base = faust.tables.recovery.Recovery

    async def completed(self: Any, generation_id: int = 0) -> None:
        self.app.ownership.settle()
        await base.on_recovery_completed(self, generation_id)
        sources = frozenset(tp for tp in self.app.consumer.assignment() if not self._is_changelog_tp(tp))
        await self._ownership.recovered(sources)

    Recovery.on_recovery_completed = completed


def uncorrected_fetch() -> None:
    """Faust's own fetch: the live set, of which empty means all."""
    base = driver.Consumer
    thread = driver.AIOKafkaConsumerThread
    Consumer.getmany = base.getmany
    Thread.getmany = thread.getmany
    Thread.seek_to_committed = thread.seek_to_committed


def uncorrected_agents() -> None:
    sends.Stopper.restart_service = SupervisorStrategy.restart_service
    faust_patches.App._on_agent_error = faust.App._on_agent_error


def uncorrected_sends() -> None:
    sends.SendErrors.on_send_error = faust.Sensor.on_send_error


def uncorrected_late() -> None:
    """No worker asks whether it is still known before it sends."""
    Ownership.is_confirmed = property(lambda self: True)
    Thread.generation = property(lambda self: self.app.group_generation)


def uncorrected_commit() -> None:
    """Faust's own reckoning of what may be committed."""
    base = driver.Consumer
    Consumer._new_offset = base._new_offset
    Consumer._filter_tps_with_pending_acks = base._filter_tps_with_pending_acks


def uncorrected_forget() -> None:
    faust_patches.Table._note = lambda self, key, partition: None


TAKEN_OUT = (
    uncorrected_order,
    uncorrected_fetch,
    uncorrected_agents,
    uncorrected_sends,
    uncorrected_late,
    uncorrected_commit,
    uncorrected_forget,
)
FAULTS = {f.__name__.removeprefix("uncorrected_"): f for f in TAKEN_OUT}
SCENARIOS = {f.__name__: f for f in (summing, plain, failing, unsendable)}

if __name__ == "__main__":
    faust_patches.run(SCENARIOS[sys.argv[1]](json.loads(sys.argv[2])))
