"""The fetching thread: it fetches for one assignment only, only active partitions, and not too often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any, Final, cast

import faust.transport.drivers.aiokafka as driver
from aiokafka.errors import ConsumerStoppedError, KafkaError  # type: ignore[import-untyped]
from aiokafka.protocol.group import SyncGroupRequest  # type: ignore[import-untyped]
from faust.types import TP

from streams.worker.faust_patches import fetches, group_membership
from streams.worker.faust_patches.partition_ownership import Lost, Ownership

GATHER: Final = 0.03
"""Seconds between two fetches, at least: each costs the worker and the broker some milliseconds, whatever it brings.
With a third of it, a worker at half of its rate beside its broker on two cores came to be behind: a report took 1.3 to
3 s until its metric showed it, instead of 0.4 to 0.6."""

Batches = Mapping[TP, list[Any]]


class Thread(driver.AIOKafkaConsumerThread):
    """Fetches for one assignment only, and only active partitions. The options are those of `Consumer`."""

    def __init__(
        self,
        *args: Any,
        ownership: Ownership,
        fail: Callable[[BaseException], None],
        empty_fetch_pause: float,
        **options: Any,
    ) -> None:
        self._ownership, self._fail, self._empty_fetch_pause = ownership, fail, empty_fetch_pause
        super().__init__(*args, **options)

    async def on_start(self) -> None:
        self._resets: set[asyncio.Future[None]] = set()
        await super().on_start()
        self._listen()
        group_membership.watch(self._ensure_consumer()._coordinator, self.app.conf, self._ownership, self._fail_safely)
        fetcher = self._ensure_consumer()._fetcher
        fetcher._fetch_max_wait_ms = 100  # Faust's 1.5 s delays each seek, and with it each start
        fetcher._prefetch_backoff = 0.01  # while one topic's records lie unread, no other's are asked for, 0.1 s long
        fetch, gathered = fetcher._proc_fetch_request, 0.0
        read_ourselves = fetches.correct(fetcher)

        async def paced(assignment: Any, node: Any, request: Any) -> Any:
            nonlocal gathered
            try:
                # Each fetch costs some milliseconds, whatever it brings
                await asyncio.sleep(max(0.0, gathered + GATHER - monotonic()))
                if self._leaves_out(assignment, request):
                    request._max_wait_ms = round(GATHER * 1000)
                has_records = await fetch(assignment, node, request)
                self._note_resets(assignment, request)
                if has_records:
                    read_ourselves()
                    gathered = monotonic()
                elif self._empty_fetch_pause:
                    # The embedded broker answers an empty fetch at once: an idle client would spin.
                    await asyncio.sleep(self._empty_fetch_pause)
            except asyncio.CancelledError:
                return False  # as the original: whoever closes it awaits it
            return has_records

        fetcher._proc_fetch_request = paced

    def _leaves_out(self, assignment: Any, request: Any) -> bool:
        """Whether a fetch is for some of the sources only, because the others have unread messages. aiokafka has one
        fetch under way at a time. Once the others are read, they would wait until that fetch ends, for as long as
        nothing comes of the rest."""
        asked = {(topic, partition) for topic, partitions in request.topics for partition, *_ in partitions}
        changelogs = self.app.tables.changelog_topics  # none of them is read: what once was fetched lies there
        return any(tp not in asked and tp.topic not in changelogs for tp in assignment.tps)

    @property
    def generation(self) -> int | None:
        """The generation of the group in which this worker is a member; None once the coordinator has said that it is
        no member."""
        generation = int(self._ensure_consumer()._coordinator.generation)
        return None if generation < 0 else generation

    def _note_resets(self, assignment: Any, request: Any) -> None:
        """For each source of this fetch whose offset the broker does not have, ask for its first and last offset.
        aiokafka would read on at the beginning, and say nothing."""
        for topic, partitions in request.topics:
            for partition, offset, *_ in partitions:
                tp = TP(topic, partition)
                state = assignment.state_value(tp) if tp in assignment.tps else None
                if state is not None and state.awaiting_reset and topic not in self.app.tables.changelog_topics:
                    task = asyncio.ensure_future(self._report_reset(tp, offset))
                    self._resets.add(task)
                    task.add_done_callback(self._resets.discard)

    async def _report_reset(self, tp: TP, wanted: int) -> None:
        consumer = self._ensure_consumer()
        first, end = await consumer.beginning_offsets([tp]), await consumer.end_offsets([tp])
        self._report_lost(tp, wanted, first[tp], end[tp])

    def _report_lost(self, tp: TP, wanted: int, first: int, end: int) -> None:
        if not first <= wanted <= end:
            self.parent_loop.call_soon_threadsafe(self._ownership.report_lost, Lost(tp, wanted, first, end))

    def _fail_safely(self, reason: BaseException) -> None:
        """End the worker. Called from this thread."""
        self.parent_loop.call_soon_threadsafe(self._fail, reason)

    def _listen(self) -> None:
        """Note when the coordinator last confirmed this worker, by a heartbeat or by an assignment.

        What counts is the time of the request. A worker may be stopped between the answer and its next step, and by
        then its partitions may be another's. An answer that it is no member ends its claim at once: if the machine was
        suspended, its clock would leave it the rest of a session.
        """
        coordinator = self._ensure_consumer()._coordinator
        beat, send = coordinator._do_heartbeat, coordinator._send_req

        async def timed() -> Any:
            began = monotonic()
            if confirmed := await beat():
                self._ownership.note_heartbeat(began)
            elif coordinator.generation < 0:
                self._ownership.doubt()
            return confirmed

        async def sent(request: Any) -> Any:
            began = monotonic()
            response = await send(request)
            if isinstance(request, SyncGroupRequest) and response.error_code == 0:
                self._ownership.note_heartbeat(began)
            return response

        coordinator._do_heartbeat, coordinator._send_req = timed, sent

    async def getmany(self, active_partitions: Iterable[TP] | None, timeout: float) -> Batches:  # noqa: ASYNC109
        # aiokafka takes an empty set for "all", and Faust hands over a set that changes meanwhile
        active, generation = frozenset(active_partitions or ()), self.app.consumer_generation_id
        return cast(Batches, await self.call_thread(self._drain, active, generation, timeout))

    async def _drain(self, active: frozenset[TP], generation: int, seconds: float) -> Batches:
        consumer = self._ensure_consumer()
        fetcher = consumer._fetcher
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        waited = False
        with consumer._subscription.fetch_context():
            while (
                self.consumer.flow_active
                and generation == self.app.consumer_generation_id
                and not consumer._subscription.reassignment_in_progress
            ):
                # timeout 0: no pause inside, in which the assignment could become another
                limit = consumer._max_poll_records
                records = await fetcher.fetched_records(active, 0, limit) if active else {}
                if records or waited:
                    return cast(Batches, records)
                waiter = fetcher._create_fetch_waiter()
                await asyncio.wait([waiter], timeout=seconds if active else 0.02)
                waited = True
                if waiter.done():
                    waiter.result()  # raises what went wrong in the background
                waiter.cancel()
        return {}

    def _stopped_set(self) -> None:
        try:
            super()._stopped_set()
        except RuntimeError:  # a crash has closed the thread's loop already; nobody waits in it any more
            self._stopped.set()

    async def ask_coordinator(self) -> None:
        """Send a heartbeat now. An error is ignored: the next heartbeat has it too, and reports it."""
        with suppress(KafkaError):
            await self.call_thread(self._ensure_consumer()._coordinator._do_heartbeat)

    async def refresh_topics(self) -> None:
        """Ask the broker for its topics now."""
        await self.call_thread(self._ensure_consumer()._client.force_metadata_update)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        return cast(Mapping[TP, int], await self.call_thread(self._seek_sources))

    async def _seek_sources(self) -> Mapping[TP, int]:
        # aiokafka stays where it is if nothing was committed: what was drained, not delivered, would be lost
        consumer, committed = self._ensure_consumer(), {}
        sources = [tp for tp in consumer.assignment() if tp.topic not in self.app.tables.changelog_topics]
        first = await consumer.beginning_offsets(sources) if sources else {}
        end = await consumer.end_offsets(sources) if sources else {}
        for tp in sources:
            committed[tp] = await consumer.committed(tp)
            wanted = committed[tp] or 0
            self._report_lost(tp, wanted, first[tp], end[tp])
            consumer.seek(tp, wanted if first[tp] <= wanted <= end[tp] else first[tp])
        return committed
