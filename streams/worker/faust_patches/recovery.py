"""Everything between a rebalance and the first event: first the tables, then the streams."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import faust.tables
import faust.tables.recovery
import mode
from faust.assignor import PartitionAssignor

from streams.worker.faust_patches.partition_ownership import Ownership
from streams.worker.faust_patches.tables import Journal


class Recovery(faust.tables.recovery.Recovery):
    """Makes sure that tables are complete, and that streams stand at their committed offsets, before any event
    flows."""

    def __init__(self, *args: Any, ownership: Ownership, **options: Any) -> None:
        self._ownership = ownership
        super().__init__(*args, **options)

    async def on_rebalance(self, *args: Any) -> None:
        # Faust reads on where the last recovery has ended: a journal keeps nothing of what that has brought
        for table in self.tables.values():
            if isinstance(table, Journal):
                table.begin_recovery()
        for tp in [tp for tp in self.active_offsets if isinstance(self.tp_to_table.get(tp), Journal)]:
            del self.active_offsets[tp]
        await super().on_rebalance(*args)

    def _set_recovery_started(self) -> None:
        # Faust clears the signal at each changelog event, also between setting it and our waiting for it
        self.signal_recovery_end.clear()
        super()._set_recovery_started()

    async def _wait(self, coro: Any, timeout: Any = None) -> None:  # noqa: ASYNC109
        # On a timeout, Faust believes it was told to stop: a worker that lives on and does nothing
        if asyncio.iscoroutine(coro) and timeout is not None:
            coro = asyncio.wait_for(coro, timeout)
        await super()._wait(coro)

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        self._set_recovery_ended()
        for table in self.tables.values():
            await table.on_recovery_completed(self.actives_for_table[table], self.standbys_for_table[table])
        await self._resume_streams(generation_id)

    async def _resume_streams(self, generation_id: int = 0) -> None:
        # Faust resumes first, then seeks, then empties the queues: events come twice, or never
        app = cast(Any, self.app)
        sources = frozenset(tp for tp in app.consumer.assignment() if not self._is_changelog_tp(tp))
        if sources and app.consumer_generation_id == generation_id:
            await self._wait(app.consumer.perform_seek(), timeout=app.conf.broker_request_timeout)
        await app.on_rebalance_complete.send()
        await app.maybe_start_producer()  # one at a time: who finds it starting would send before it can
        await self._ownership.recovered(sources)
        # From here to the end nothing is awaited that takes time: a rebalance in between would find its partitions
        # resumed, and hand out messages that no stage is ready for
        if app.consumer_generation_id != generation_id or self._ownership.is_revoked:
            return  # the next rebalance has begun, and ends here too
        if not app.flow_control.is_active():
            app.flow_control.resume()  # empties the queues, so only now
        self._ownership.settle()
        app.on_rebalance_end()
        app.consumer.resume_partitions(sources)
        app.consumer.resume_flow()
        await app._fetcher.maybe_start()
        self.completed.set()
        self.tables.on_actives_ready()
        if not app.assignor.assigned_standbys():
            self.tables.on_standbys_ready()

    @mode.Service.task
    async def _slurp_changelogs(self) -> None:
        # Faust swallows every exception here, and applies an unknown partition's record to another table
        while not self.should_stop:
            event = await self.tables.changelog_queue.get()
            message = event.message
            tp = message.tp
            if message.generation_id != self.app.consumer_generation_id:
                continue
            if tp in self.active_tps:
                offsets, limit = self.active_offsets, self.tp_to_table[tp].recovery_buffer_size
            elif tp in self.standby_tps:
                offsets, limit = self.standby_offsets, self.tp_to_table[tp].standby_buffer_size
            else:
                continue
            seen = offsets.get(tp)
            if seen is None or message.offset > seen:
                offsets[tp] = message.offset
                table = self.tp_to_table[tp]
                buffer = self.buffers[table]
                buffer.append(event)
                await table.on_changelog_event(event)
                if len(buffer) >= limit:
                    table.apply_changelog_batch(buffer)
                    buffer.clear()
            if self.in_recovery and not self.need_recovery():
                self.flush_buffers()
                self._set_recovery_ended()
                self.signal_recovery_end.set()
            if not self.tables.standbys_ready and not self.standby_remaining_total():
                self.tables.on_standbys_ready()


class Assignor(PartitionAssignor):
    """Accepts an assignment with an old address. Kafka gives a named member that comes back the assignment that it had,
    and the address in it. Faust asserts that the address is today's; a worker on another port would live on and do
    nothing."""

    @property
    def _url(self) -> Any:
        return "http://worker"  # an address serves only Faust's routing of web requests


class TableManager(faust.tables.TableManager):
    """Recovers tables with `Recovery`, and starts without Faust's pause."""

    def __init__(self, *args: Any, ownership: Ownership, **options: Any) -> None:
        self._ownership = ownership
        super().__init__(*args, **options)

    @property
    def recovery(self) -> Recovery:
        if self._recovery is None:
            self._recovery = Recovery(self.app, self, ownership=self._ownership, beacon=self.beacon, loop=self.loop)
        return cast(Recovery, self._recovery)

    async def on_start(self) -> None:
        # Faust sleeps a second here; what comes after waits for the agents by itself
        await self._update_channels()
        await self.recovery.start()
