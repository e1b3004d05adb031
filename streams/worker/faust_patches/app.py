"""The app. It releases its partitions in order, and sends nothing for partitions that it may have lost."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Final, cast

import faust
import faust.transport.drivers.aiokafka as driver
import mode
from faust.types import TP

from streams.errors import CotejoError
from streams.worker.clock import SYSTEM, Clock
from streams.worker.faust_patches.consumer import Consumer
from streams.worker.faust_patches.partition_ownership import AfterRecovery, BeforeRelease, Lost, Ownership
from streams.worker.faust_patches.recovery import Assignor, TableManager
from streams.worker.faust_patches.sends import SendErrors, Sends, Stopper, sending
from streams.worker.faust_patches.settings import DEFAULTS, FIXED, check_versions, session
from streams.worker.faust_patches.tables import Journal, Table

RELEASE_SECONDS: Final = 10.0
"""Seconds that giving up partitions waits for what was sent, and once more for the commit. The group waits for a
minute, and a worker that was told to end has half of one."""


class Producer(driver.Producer):
    """An idempotent producer: no record arrives twice, and none after one that failed before it."""

    def _settings_default(self) -> Mapping[str, Any]:
        # the broker numbers the batches: none arrives twice, and none once one before it has failed
        return {**super()._settings_default(), "enable_idempotence": True}


class Transport(driver.Transport):
    """Makes our consumer. `consumer_options` are the options that it takes beside Faust's."""

    Consumer = Consumer
    Producer = Producer

    def __init__(self, url: Any, app: Any, **consumer_options: Any) -> None:
        super().__init__(url, app)
        self._consumer_options = consumer_options

    def create_consumer(self, callback: Any, **options: Any) -> Any:
        return super().create_consumer(callback, **self._consumer_options, **options)


class Beside(mode.Service):
    """Something that starts and stops with an app. `fail` is called with an exception that `start` raises."""

    def __init__(
        self,
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
        fail: Callable[[BaseException], None],
        **options: Any,
    ) -> None:
        self._begin, self._end, self._fail, self._begun = start, stop, fail, False
        super().__init__(**options)

    async def on_start(self) -> None:
        try:
            await self._begin()
        except Exception as error:
            self._fail(error)
        else:
            self._begun = True

    async def on_stop(self) -> None:
        if self._begun:
            await self._end()


class App(faust.App):
    """Faust's app, corrected.

    `empty_fetch_pause` is the wait in seconds after an empty fetch: 0.02 with the embedded broker, else 0. `batched`
    are topics whose agents get many messages at a time, as a `Batch`. Every other option is Faust's; DEFAULTS and FIXED
    say what is set.
    """

    def __init__(self, id: str, *, empty_fetch_pause: float = 0.0, batched: Iterable[str] = (), **options: Any) -> None:
        check_versions()
        for name, value in FIXED.items():
            if options.setdefault(name, value) != value:
                raise ValueError(f"{name} must stay {value!r}")
        settings = {**DEFAULTS, **session(os.environ), **options}
        self.ownership = Ownership(settings["broker_session_timeout"])
        own: dict[str, Any] = {
            "Table": Table,
            "TableManager": partial(TableManager, ownership=self.ownership),
            "PartitionAssignor": Assignor,
            "agent_supervisor": Stopper,
        }
        self.clock: Clock = SYSTEM
        self.group_generation = self._assignment_number = 0
        self._empty_fetch_pause, self._batched = empty_fetch_pause, frozenset(batched)
        self._releasing = asyncio.Lock()
        self._beside: list[Beside] = []
        self._started_producer: Any = None
        self.cause: BaseException | None = None
        """What ended this worker: of several reasons the first that a user can mend, else the first."""
        super().__init__(id, **{**own, **settings})
        self.sensors.add(SendErrors(self.fail))

    def after_recovery(self, hook: AfterRecovery) -> AfterRecovery:
        """Await `hook(partitions)` after each rebalance, when the tables are complete and no event has come yet. The
        hook must discard what memory held and rebuild it from the tables, for exactly these source partitions."""
        self.ownership.after_recovery(hook)
        return hook

    def when_lost(self, hook: Callable[[Lost], None]) -> None:
        """Call `hook` when messages of a source were deleted before they were read. Reading goes on with what is
        there."""
        self.ownership.when_lost(hook)

    async def refresh_topics(self) -> None:
        """Ask the broker for its topics now. If a topic has more partitions than before, the group shares them out
        again."""
        await cast(Consumer, self.consumer).refresh_topics()

    def before_release(self, hook: BeforeRelease) -> BeforeRelease:
        """Await `hook()` before partitions are given up and before a clean stop, so that it can flush."""
        self.ownership.before_release(hook)
        return hook

    def sends(self) -> AbstractAsyncContextManager[Sends]:
        """Open a block of sends (`sends.sending`)."""
        return sending(self.ownership, self.maybe_start_producer)

    def beside(self, start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]) -> None:
        """Start something before everything else that the app does, and stop it last. An exception of `start` ends the
        worker."""
        self._beside.append(Beside(start, stop, self.fail))

    def on_init_dependencies(self) -> Iterable[Any]:
        return [*self._beside, *super().on_init_dependencies()]

    def agent(self, *args: Any, concurrency: int = 1, **options: Any) -> Any:
        if concurrency != 1:  # it commits past events that are not finished
            raise ValueError("concurrency must stay 1: start more workers")
        return super().agent(*args, concurrency=1, **options)

    def journal(self, name: str) -> Journal:
        """Define a table of plain bytes that is read after each rebalance only."""
        return cast(Journal, self.tables.add(Journal(self, name=name, key_type=bytes, value_type=bytes)))

    async def earliest_offset(self, source: TP) -> int:
        """The first offset that the broker has of a partition."""
        return int((await self.consumer.earliest_offsets(source))[source])

    @property
    def is_settled(self) -> bool:
        """Whether the worker's partitions are its own. False while partitions change hands."""
        return self.ownership.is_settled

    def lag(self) -> dict[TP, int]:
        """By source partition of this worker, the messages that are not finished."""
        return cast(Consumer, self._consumer).lag() if self.is_settled and self._consumer is not None else {}

    @property
    def consumer_generation_id(self) -> int:
        """The number of this worker's assignment. Faust and the stages recognise by it what is left of an older one. It
        is the group's generation, except that it always grows: a broker that has lost its groups counts them from 1
        again."""
        return self._assignment_number

    @consumer_generation_id.setter
    def consumer_generation_id(self, generation: int) -> None:
        self.group_generation = generation
        self._assignment_number = max(generation, self._assignment_number + 1)

    @property
    def counted_anew(self) -> bool:
        """Whether the broker has lost its groups while this worker ran, and counts their generations from 1 again."""
        return self._assignment_number != self.group_generation

    def doubt(self) -> None:
        """Let no send begin until the coordinator has confirmed this worker again, and ask it at once."""
        self.ownership.doubt()
        self._asking = asyncio.ensure_future(cast(Consumer, self.consumer).ask_coordinator())

    def new_writer(self) -> str:
        """A name for the keys under which this worker saves. No other worker has it, nor this one under another
        assignment."""
        return secrets.token_hex(4)

    def committed(self, source: TP) -> int:
        """The offset from which a source partition of this worker is read on; 0 if nothing of it was acked."""
        return cast(Consumer, self.consumer).committed_offset(source) or 0

    def fail(self, reason: BaseException) -> None:
        """Stop the worker. Nothing is committed any more."""
        self.ownership.stop_commits()
        if self.cause is None or (isinstance(reason, CotejoError) and not isinstance(self.cause, CotejoError)):
            self.cause = reason
        self._failing = asyncio.ensure_future(self.crash(reason))

    async def maybe_start_producer(self) -> Any:
        # Faust's gives everybody else a turn, for each record that is sent: beside a busy agent that takes some 20 ms,
        # and a hundred records two seconds
        if self._started_producer is None:
            await self.producer.maybe_start()  # Faust's would put itself in the place of this method, on the instance
            self._started_producer = self.producer
        return self._started_producer

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> None:
        self.ownership.stop_commits()  # before the failed event's ack, which Faust commits

    async def _release(self) -> None:
        """Give the partitions up: flush, let no send begin, commit. What the broker does not confirm in time is
        abandoned. It was not acked or not committed, so it comes again."""
        ownership, consumer = self.ownership, cast(Consumer, self.consumer)
        ownership.revoke()
        if ownership.commits_stopped or self.crashed:
            return
        async with self._releasing:  # a worker may be told to end in the middle of a rebalance
            if not ownership.is_settled:
                return
            consumer.stop_flow()
            self.flow_control.suspend()
            self.flow_control.clear()
            # else they may be somebody else's by now
            mine = ownership.is_confirmed and consumer.group_generation == self.group_generation
            await ownership.release(RELEASE_SECONDS, flush=mine)
            # Not cancelled: Faust's takes that for the end of another commit, and begins anew
            committing = asyncio.ensure_future(consumer.commit())
            for done in (await asyncio.wait([committing], timeout=RELEASE_SECONDS))[0]:
                done.result()

    async def _on_partitions_revoked(self, revoked: set[TP]) -> None:
        try:
            await self._release()
        except Exception as exc:
            self.fail(exc)
        await super()._on_partitions_revoked(revoked)

    async def _producer_flush(self, logger: Any) -> None:
        """Do nothing: what was sent is confirmed by now, or abandoned. Faust would wait for that too."""

    async def on_stop(self) -> None:
        await self._release()
        await super().on_stop()

    def _new_transport(self) -> Transport:
        return Transport(
            self.conf.broker_consumer,
            self,
            ownership=self.ownership,
            fail=self.fail,
            batched=self._batched,
            empty_fetch_pause=self._empty_fetch_pause,
        )

    def _create_directories(self) -> None:
        if self.conf.store.scheme != "memory":
            super()._create_directories()
