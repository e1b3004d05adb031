"""The app: an assignment is released in order, and nothing is sent for one that may be lost."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from time import monotonic
from typing import Any, NamedTuple, cast

import faust
import faust.transport.drivers.aiokafka as driver
import mode
from faust.types import TP

from streams.errors import CotejoError
from streams.worker.faust_patches.consumer import Consumer
from streams.worker.faust_patches.recovery import Assignor, TableManager
from streams.worker.faust_patches.sends import SendErrors, Sends, Stopper
from streams.worker.faust_patches.settings import DEFAULTS, FIXED, check_versions, session
from streams.worker.faust_patches.tables import Table

Hook = Callable[[frozenset[TP]], Awaitable[None]]


class Lost(NamedTuple):
    """The next message of a source partition is not there any more: it was to be read on at offset `wanted`, and the
    broker has those from `first` to before `end`. Where `end` is below `wanted` it is another topic of this name."""

    source: TP
    wanted: int
    first: int
    end: int


class Producer(driver.Producer):
    def _settings_default(self) -> Mapping[str, Any]:
        # the broker numbers the batches: none arrives twice, and none once one before it has failed
        return {**super()._settings_default(), "enable_idempotence": True}


class Transport(driver.Transport):
    Consumer = Consumer
    Producer = Producer


class Beside(mode.Service):
    """What an app starts and stops with itself."""

    def __init__(
        self, app: App, start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]], **options: Any
    ) -> None:
        self._app, self._begin, self._end = app, start, stop
        super().__init__(**options)

    async def on_start(self) -> None:
        try:
            await self._begin()
        except Exception as error:
            self._begun = False
            self._app.fail(error)
        else:
            self._begun = True

    async def on_stop(self) -> None:
        if self._begun:
            await self._end()


class App(faust.App):
    """A Faust app that keeps its promises.

    `empty_fetch_pause`: seconds to wait after an empty fetch; 0.02 for the embedded broker, else 0.
    `batched`: topics whose agents get many messages at a time, as a `Batch`.
    Every other option is Faust's; DEFAULTS and FIXED say what is set.
    """

    def __init__(self, id: str, *, empty_fetch_pause: float = 0.0, batched: Iterable[str] = (), **options: Any) -> None:
        check_versions()
        for name, value in FIXED.items():
            if options.setdefault(name, value) != value:
                raise ValueError(f"{name} must stay {value!r}")
        own: dict[str, Any] = {"Table": Table, "TableManager": TableManager, "PartitionAssignor": Assignor}
        own["agent_supervisor"] = Stopper
        self.empty_fetch_pause, self.batched = empty_fetch_pause, frozenset(batched)
        self.send_errors = 0
        self._after_recovery: list[Hook] = []
        self._when_lost: list[Callable[[Lost], None]] = []
        self._before_release: list[Callable[[], Awaitable[None]]] = []
        self._beside: list[Beside] = []
        self._owner = asyncio.Event()
        self._heard = 0.0
        """When the group's coordinator last knew us (monotonic seconds)."""
        self._sending: set[Sends] = set()
        self._started_producer: Any = None
        self.cause: BaseException | None = None
        """What ended this worker: of several reasons the first that a user can mend, else the first."""
        super().__init__(id, **{**DEFAULTS, **session(os.environ), **own, **options})
        self.sensors.add(SendErrors(self))

    def after_recovery(self, hook: Hook) -> Hook:
        """Await `hook(partitions)` after each rebalance: tables are complete, no event has come yet.
        Throw away what memory held and rebuild it from the tables, for exactly these source partitions."""
        self._after_recovery.append(hook)
        return hook

    def when_lost(self, hook: Callable[[Lost], None]) -> None:
        """Call `hook` when messages of a source are gone before they were read; what is there is read on."""
        self._when_lost.append(hook)

    def _tell_lost(self, *lost: Any) -> None:
        for hook in self._when_lost:
            hook(Lost(*lost))

    async def look_again(self) -> None:
        """Ask the broker for its topics now: where they have more partitions, these are shared out anew."""
        await cast(Consumer, self.consumer)._thread.look_again()

    def before_release(self, hook: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """Await `hook()` before partitions are given up and before a clean stop: the last flush."""
        self._before_release.append(hook)
        return hook

    def beside(self, start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]) -> None:
        """Start something before all else that the app does, and stop it after. Whatever `start` raises ends the
        worker."""
        self._beside.append(Beside(self, start, stop))

    def on_init_dependencies(self) -> Iterable[Any]:
        return [*self._beside, *super().on_init_dependencies()]

    def agent(self, *args: Any, concurrency: int = 1, **options: Any) -> Any:
        if concurrency != 1:  # it commits past events that are not finished
            raise ValueError("concurrency must stay 1: start more workers")
        return super().agent(*args, concurrency=1, **options)

    @property
    def is_settled(self) -> bool:
        """Whether what it holds is its own: not while partitions change hands."""
        return self._owner.is_set()

    def lag(self) -> dict[TP, int]:
        """Messages of each source partition of this worker that are not done with."""
        return cast(Consumer, self._consumer).lag() if self.is_settled and self._consumer is not None else {}

    def committed(self, source: TP) -> int:
        """The offset at which a source partition of this worker is read on; 0 where nothing of it was acked."""
        return cast(Consumer, self.consumer)._committed_offset[source] or 0

    def fail(self, reason: BaseException) -> None:
        """Stop the worker; nothing is committed any more."""
        self._halt()
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

    async def _heard_of(self) -> None:
        """Wait until the partitions are ours, as far as one can know: a worker that was stopped for longer than a
        session must hear from the coordinator before it sends anything. What it has sent already may still arrive."""
        await self._owner.wait()
        while not self._is_heard():
            await asyncio.sleep(0.02)
            await self._owner.wait()

    def _is_heard(self) -> bool:
        return monotonic() - self._heard <= self.conf.broker_session_timeout

    def _halt(self) -> None:
        if self._consumer is not None:
            cast(Consumer, self._consumer).halted = True

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> None:
        self._halt()  # before the failed event's ack, which Faust commits

    async def _release(self) -> None:
        consumer = cast(Consumer, self.consumer)
        if self._owner.is_set() and not consumer.halted and not self.crashed:
            consumer.stop_flow()
            self.flow_control.suspend()
            self.flow_control.clear()
            if self._is_heard() and consumer._thread.generation == self.consumer_generation_id:
                for hook in self._before_release:  # else the partitions may be somebody else's by now
                    await asyncio.wait_for(hook(), self.conf.broker_request_timeout)
            self._owner.clear()
            for sends in list(self._sending):
                await sends._done.wait()
            await consumer.commit()

    async def _on_partitions_revoked(self, revoked: set[TP]) -> None:
        try:
            await self._release()
        except Exception as exc:
            self.fail(exc)
        await super()._on_partitions_revoked(revoked)

    async def on_stop(self) -> None:
        await self._release()
        await super().on_stop()

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        if self.conf.store.scheme != "memory":
            super()._create_directories()
