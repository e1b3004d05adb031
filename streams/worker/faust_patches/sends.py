"""What is sent is confirmed before anything is acked; what fails stops the worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, Self, cast

import faust
from faust.types import EventT, RecordMetadata
from mode.supervisors import SupervisorStrategy

from streams.worker.faust_patches.tables import Place, SendFailed, Table

if TYPE_CHECKING:
    from streams.worker.faust_patches.app import App


class Sends:
    """What one flush sends. Leaving the block waits until the broker has confirmed all of it, or raises:
    Faust commits offsets although a changelog record failed, so ack only after the block. `confirmed` waits in
    between, where what is next must not arrive alone."""

    def __init__(self, app: App) -> None:
        self.app, self._done = app, asyncio.Event()
        self._sent: list[Awaitable[RecordMetadata]] = []

    async def put(self, table: Table, event: EventT[Any] | Place, key: Any, value: Any) -> None:
        self._sent.append(await table.put(event, key, value))

    async def send(
        self,
        topic: Any,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Mapping[str, bytes] | None = None,
    ) -> None:
        """Send bytes as they are; `partition` None leaves it to the key. Faust's own way makes three objects and a
        callback of each message: a twelfth of a worker's time at 500 messages a second."""
        producer = await self.app.maybe_start_producer()
        sent = await producer.send(topic.get_topic_name(), key, value, partition, None, cast(Any, headers))
        self._sent.append(sent)

    async def __aenter__(self) -> Self:
        await self.app._heard_of()  # closed while partitions change hands: a late write would be a zombie's
        self.app._sending.add(self)
        return self

    async def confirmed(self) -> None:
        """Wait until the broker has confirmed what was sent so far. Raises `SendFailed`."""
        sent, self._sent = self._sent, []
        results = await asyncio.gather(*sent, return_exceptions=True)
        failed = [r for r in results if isinstance(r, BaseException)]
        if failed:
            raise SendFailed(f"{len(failed)} of {len(results)} failed: {failed[0]!r}") from failed[0]

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            await self.confirmed()
        except SendFailed:
            if kind is None:
                raise
        finally:
            self.app._sending.discard(self)
            self._done.set()


class Stopper(SupervisorStrategy):
    """Stops the worker. Faust restarts a failed agent after acking the event that it failed on."""

    async def restart_service(self, service: Any) -> None:
        if not service.agent.app.should_stop:
            await self.crash(service.crash_reason)  # without a supervisor above, up to the worker


class SendErrors(faust.Sensor):
    """Counts sends that failed, and stops the worker on the first."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self.app = app

    def on_send_error(self, producer: Any, exc: BaseException, state: Any) -> None:
        self.app.send_errors += 1
        self.app.fail(exc)
