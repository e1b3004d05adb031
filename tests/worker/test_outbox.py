"""What is acked is saved, whatever comes while a flush is under way."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from types import SimpleNamespace
from typing import Any

from builders import election
from hypothesis import given
from hypothesis import strategies as st

from streams.core.reconciliation.ledger_journal import Journal, decode
from streams.worker.clock import SYSTEM
from streams.worker.faust_patches import Ownership
from streams.worker.faust_patches.sends import sending
from streams.worker.outbox import Outbox, Record, stopwatch


class Kafka:
    """A broker that answers when it is told to, and the app and table before it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[asyncio.Future[None], bytes]] = []
        self.confirmed: Counter[bytes] = Counter()
        self.clock = SYSTEM
        self._ownership = Ownership(math.inf)
        self._ownership.settle()

    async def send(self, _: str, key: bytes, *__: Any) -> asyncio.Future[None]:
        self._waiting.append((asyncio.get_running_loop().create_future(), key))
        return self._waiting[-1][0]

    async def put(self, _: Any, key: bytes, __: bytes) -> asyncio.Future[None]:
        return await self.send("table", key)

    async def maybe_start_producer(self) -> Kafka:
        return self

    def sends(self) -> Any:
        return sending(self._ownership, self.maybe_start_producer)

    def answer(self) -> None:
        for future, key in self._waiting:
            self.confirmed[key] += 1
            future.set_result(None)
        self._waiting = []


class Stage:
    """Each event leaves an entry, put off until the flush, and a record that somebody waits for."""

    def __init__(self) -> None:
        self.kafka = Kafka()
        broker: Any = self.kafka
        self.outbox = Outbox(broker, broker, stopwatch().labels("test"), self._unsaved)
        self._entries: list[bytes] = []
        self.acked: list[int] = []
        self.count = 0

    def _unsaved(self) -> Any:
        taken, self._entries = self._entries, []
        return ((entry, (SimpleNamespace(), b"")) for entry in taken)

    def arrive(self) -> None:
        number, self.count = self.count, self.count + 1
        self._entries.append(b"entry %d" % number)
        event: Any = SimpleNamespace(ack=lambda: self._ack(number))
        self.outbox.hold(event)
        self.outbox.send(Record(SimpleNamespace(get_topic_name=lambda: "t"), b"record %d" % number, b""))
        self.outbox.send_soon()

    def _ack(self, number: int) -> None:
        assert self.kafka.confirmed[b"entry %d" % number] == self.kafka.confirmed[b"record %d" % number] == 1
        self.acked.append(number)


@given(st.lists(st.sampled_from(["arrive", "answer", "flush", "turns"]), max_size=40))
def test_what_is_acked_is_saved(steps: list[str]) -> None:
    async def run() -> None:
        stage, flushes = Stage(), []

        async def hurry() -> None:
            while True:
                await stage.outbox.send_when_wanted()

        hurrying = asyncio.ensure_future(hurry())
        for step in [*steps, "flush"]:
            match step:
                case "arrive":
                    stage.arrive()
                case "answer":
                    stage.kafka.answer()
                case "flush":
                    flushes.append(asyncio.ensure_future(stage.outbox.flush()))
                case "turns":
                    for _ in range(5):
                        await asyncio.sleep(0)
        while not all(flush.done() for flush in flushes):
            stage.kafka.answer()
            await asyncio.sleep(0)
        await asyncio.gather(*flushes)
        hurrying.cancel()
        assert stage.acked == list(range(stage.count))

    asyncio.run(run())


@given(st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=5))
def test_a_journal_hands_over_what_waits_at_that_moment(turns: list[list[int]]) -> None:
    """Also where it is read later, when more has come."""
    layout = election(tables=5).layout
    ids, journal = layout.tables, Journal(layout, ["A"])
    taken = []
    for tables in turns:
        for table in tables:
            journal.readings.add(table, b"\x00", None)
        taken.append(journal.take())
    found = [[table for record in records for table in decode(record).tables] for records in taken]
    assert found == [[ids[table] for table in tables] for tables in turns]
