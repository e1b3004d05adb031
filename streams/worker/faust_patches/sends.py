"""Sends: everything is confirmed before anything is acked, and a send that fails stops the worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import faust
from faust.types import EventT, RecordMetadata
from mode.supervisors import SupervisorStrategy

from streams.worker.faust_patches.partition_ownership import Ownership
from streams.worker.faust_patches.tables import Place, SendFailed, Table

StartProducer = Callable[[], Awaitable[Any]]


class Sends:
    """What one flush sends. Made by `sending`."""

    def __init__(self, start_producer: StartProducer) -> None:
        self._start_producer = start_producer
        self._sent: list[Awaitable[RecordMetadata]] = []

    async def put(self, table: Table, event: EventT[Any] | Place, key: Any, value: Any) -> None:
        """Write a key of a table (`Table.put`)."""
        self._sent.append(await table.put(event, key, value))

    async def send(
        self,
        topic: Any,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Mapping[str, bytes] | None = None,
    ) -> None:
        """Send bytes as they are; with `partition` None the key decides. Faust's own way makes three objects and a
        callback for each message, which is a twelfth of a worker's time at 500 messages a second."""
        producer = await self._start_producer()
        sent = await producer.send(topic.get_topic_name(), key, value, partition, None, cast(Any, headers))
        self._sent.append(sent)

    async def confirmed(self) -> None:
        """Wait until the broker has confirmed what was sent so far. Raises `SendFailed`."""
        sent, self._sent = self._sent, []
        # Shielded: what is no longer waited for may still fail, and Faust's callbacks must hear of that
        results = await asyncio.shield(asyncio.gather(*sent, return_exceptions=True))
        failed = [r for r in results if isinstance(r, BaseException)]
        if failed:
            raise SendFailed(f"{len(failed)} of {len(results)} failed: {failed[0]!r}") from failed[0]


@asynccontextmanager
async def sending(ownership: Ownership, start_producer: StartProducer) -> AsyncIterator[Sends]:
    """Open a block of sends once the partitions are this worker's. Leaving the block waits until the broker has
    confirmed every send. Ack events only after the block: Faust commits offsets although a changelog record failed.

    Raises `SendFailed`, and `PartitionsGivenUp` if the partitions change hands before all is confirmed.
    """
    async with ownership.sending():  # closed while partitions change hands: a late write would be a zombie's
        sends = Sends(start_producer)
        try:
            yield sends
        except Exception:
            with suppress(SendFailed):
                await sends.confirmed()
            raise
        await sends.confirmed()


class Stopper(SupervisorStrategy):
    """Stops the worker. Faust restarts a failed agent after acking the event that it failed on."""

    async def restart_service(self, service: Any) -> None:
        if not service.agent.app.should_stop:
            await self.crash(service.crash_reason)  # without a supervisor above, up to the worker


class SendErrors(faust.Sensor):
    """Stops the worker on the first send that fails."""

    def __init__(self, fail: Callable[[BaseException], None]) -> None:
        super().__init__()
        self._fail = fail

    def on_send_error(self, producer: Any, exc: BaseException, state: Any) -> None:
        self._fail(exc)
