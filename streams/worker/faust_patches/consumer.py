"""Carries records from the fetch to the agents, and acks from the agents to the committed offsets."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from itertools import chain
from typing import Any, Final, cast

import faust.transport.drivers.aiokafka as driver
from aiokafka.errors import ConsumerStoppedError  # type: ignore[import-untyped]
from faust.types import TP, Message

from streams.worker import fault_points
from streams.worker.fault_points import Point
from streams.worker.faust_patches.batches import Batch, batch_of, in_batches
from streams.worker.faust_patches.fetch_thread import Thread
from streams.worker.faust_patches.partition_ownership import Ownership

MOST_QUEUED: Final = 8
"""Batches that wait for an agent; while there are more, no others are fetched for it."""


class Consumer(driver.Consumer):
    """Delivers what was fetched, in batches for the topics in `batched`, and commits only what is finished.

    `fail` ends the worker with a reason. `empty_fetch_pause` is the wait in seconds after an empty fetch.
    """

    _thread: Thread

    def __init__(
        self,
        *args: Any,
        ownership: Ownership,
        fail: Callable[[BaseException], None],
        batched: frozenset[str],
        empty_fetch_pause: float,
        **options: Any,
    ) -> None:
        self._ownership, self._fail = ownership, fail
        self._batched, self._empty_fetch_pause = batched, empty_fetch_pause
        super().__init__(*args, **options)
        self._delivered: dict[TP, deque[int]] = defaultdict(deque)
        self._finished: dict[TP, set[int]] = defaultdict(set)

    def _new_consumer_thread(self) -> Thread:
        return Thread(
            self,
            ownership=self._ownership,
            fail=self._fail,
            empty_fetch_pause=self._empty_fetch_pause,
            loop=self.loop,
            beacon=self.beacon,
        )

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109
        if not self.flow_active:
            await self.wait(cast(Any, self.can_resume_flow))
        generation, batched = self.app.consumer_generation_id, self._batched
        active = frozenset(self._get_active_partitions())
        ready = frozenset(tp for tp in active if tp.topic not in batched or not self._has_enough(tp))
        # what is held back now may be wanted in a moment: its agent must not run dry
        fetched = await self._thread.getmany(ready, min(timeout, 0.2 if ready == active else 0.005))
        if self.should_stop:
            return
        for tp in fetched:
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
        single = {tp: records for tp, records in fetched.items() if tp.topic not in batched}
        many = {tp: list(in_batches(records)) for tp, records in fetched.items() if tp.topic in batched}
        messages = chain(
            ((tp, self._to_message(tp, record)) for tp, record in self.scheduler.iterate(single)),
            (
                (tp, batch_of(tp, records, self.app.consumer_generation_id))
                for tp, records in self.scheduler.iterate(many)
            ),
        )
        for tp, message in messages:
            if not self.flow_active or generation != self.app.consumer_generation_id:
                return  # the next assignment begins at its own committed offsets
            if tp not in self._paused_partitions:
                yield tp, message

    def _has_enough(self, tp: TP) -> bool:
        return any(channel.queue.qsize() > MOST_QUEUED for channel in cast(Any, self.app.topics)._tp_index[tp])

    async def _drain_messages(self, fetcher: Any) -> None:
        # Faust waits for each delivery or a rebalance, which takes four futures a message: half the speed.
        # A rebalance empties the queues, and by that frees a delivery that waits for room.
        try:
            while not (self.should_stop or fetcher.should_stop):
                count = 0
                async for tp, message in self.getmany(1.0):
                    count += 1
                    if count % 100 == 0 or isinstance(message, Batch):
                        await asyncio.sleep(0)
                    if message.generation_id != self.app.consumer_generation_id:
                        break  # it will come again, and be noted then
                    read, offset = self._read_offset[tp], message.offset
                    if read is not None and offset < read:
                        continue
                    if self.app.topics.acks_enabled_for(message.topic):
                        self._delivered[tp].append(offset)
                    await self.callback(message)
                    if message.generation_id == self.app.consumer_generation_id:
                        self._read_offset[tp] = offset
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.app.should_stop:
                raise

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self._begin_assignment()
        await super().on_partitions_assigned(assigned, self.app.consumer_generation_id)

    def _begin_assignment(self) -> None:
        """Forget what was delivered and what is finished. Code that still delivers for the last assignment keeps the
        old objects: what a rebalance discards would otherwise hold back all commits for ever."""
        self._ownership.assign()
        self._buffered_partitions.clear()  # else an old queue's relief would activate a paused partition
        self._delivered, self._finished = defaultdict(deque), defaultdict(set)

    def ack(self, message: Message) -> bool:
        # an event of an older assignment was delivered again, or is another worker's
        if message.generation_id != self.app.consumer_generation_id or not super().ack(message):
            return False
        self._finished[message.tp].add(message.offset)
        return True

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Any:
        return (tp for tp in {*self._finished, *self._acked} if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        # Faust commits past an event that is not finished: if it is the only one, if nothing is committed yet, and at
        # each rebalance, at whose beginning it forgets what was. Here the first unfinished one is where to go on.
        delivered, finished = self._delivered[tp], self._finished[tp]
        finished |= self._acked_index[tp]  # a stream that acks by itself does so past `ack`
        offset = None
        while delivered and delivered[0] in finished:
            offset = delivered.popleft()
            finished.discard(offset)
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return None if offset is None else offset + 1

    def lag(self) -> dict[TP, int]:
        """By source partition of this worker, the messages that are not committed, as of the last fetch. The broker is
        not asked."""
        client, changelogs = self._thread._consumer, self.app.tables.changelog_topics
        subscription = None if client is None else client._subscription.subscription
        held = None if subscription is None else subscription.assignment  # one object, whatever its thread does next
        if held is None:
            return {}
        states = {TP(*tp): held.state_value(tp) for tp in held.tps if tp.topic not in changelogs}
        return {tp: max(0, s.highwater - self._done(tp, s)) for tp, s in states.items() if s.highwater is not None}

    def _done(self, tp: TP, state: Any) -> int:
        """The offset of the first message that is not finished. Behind the last message there may be transaction
        markers, which are never delivered. If nothing is in hand, it is the offset that reading has come to."""
        committed, position = self._committed_offset[tp] or 0, state._position
        return committed if self._delivered[tp] or position is None else max(committed, position)

    @property
    def group_generation(self) -> int | None:
        """The generation of the group in which this worker is a member; None if it is no member."""
        return self._thread.generation

    async def ask_coordinator(self) -> None:
        """Send a heartbeat now, without waiting for the next one that is due."""
        await self._thread.ask_coordinator()

    async def refresh_topics(self) -> None:
        """Ask the broker for its topics now. If a topic has more partitions than before, the group shares them out
        again."""
        await self._thread.refresh_topics()

    def committed_offset(self, source: TP) -> int | None:
        """The offset from which a source partition is read on; None if nothing of it was acked."""
        return self._committed_offset[source]

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        if self._ownership.commits_stopped or not await super().commit(topics, start_new_transaction):
            return False
        fault_points.reached(Point.COMMITTED)
        return True
