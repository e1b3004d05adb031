"""What stands in the place of Faust's app in a simulated worker.

The stages, outboxes and couriers above it are the product's own, and so are those parts of `faust_patches` that decide
what is acked, committed, released and resumed: the consumer's methods, `Ownership`, `Sends`, `Table.put`, the release
and the end of a recovery. Simulated is what these talk to: the client's thread, the producer, the group, the streams.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

from aiokafka.errors import ConsumerStoppedError  # type: ignore[import-untyped]
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP
from mode.utils.queues import FlowControlEvent, FlowControlQueue
from sim_broker import Broker, Kept, Producer
from sim_group import Answer, Assignment, Group
from sim_loop import Process

from streams.worker import fault_points, faust_patches
from streams.worker.fault_points import Point
from streams.worker.faust_patches.consumer import Consumer
from streams.worker.faust_patches.partition_ownership import Ownership
from streams.worker.faust_patches.recovery import Recovery
from streams.worker.faust_patches.sends import SendErrors, sending

MOST_QUEUED = 16
"""Messages that wait for an agent; then fetching waits for it."""


class SimClock:
    """A worker's clock: virtual time without the `lost` seconds during which its machine stood still, and a wall clock
    that may be wrong by so many milliseconds."""

    def __init__(self, broker: Broker) -> None:
        self._broker, self.wrong, self.lost = broker, 0, 0.0

    def monotonic(self) -> float:
        return self._broker.loop.time() - self.lost

    def now(self) -> int:
        return self._broker.wall + round(self._broker.loop.time() * 1000) + self.wrong


class SimEvent:
    """A message as an agent has it."""

    def __init__(self, consumer: SimConsumer, message: Any) -> None:
        self._consumer, self.message = consumer, message

    def ack(self) -> bool:
        self._consumer.unfinished[self.message.tp].discard(self.message.offset)
        self._consumer.finished_once[self.message.tp].add(self.message.offset)
        return cast(bool, self.message.ack(self._consumer))


class Channel:
    """An agent's stream."""

    def __init__(self, app: SimApp) -> None:
        self._app = app
        self.queue: Any = FlowControlQueue(MOST_QUEUED, flow_control=app.flow_control, clear_on_resume=True)

    def noack(self) -> Channel:
        return self

    def events(self) -> Channel:
        return self

    def __aiter__(self) -> Channel:
        return self

    async def __anext__(self) -> SimEvent:
        while True:
            event: SimEvent = await self.queue.get()
            # as Faust's streams: what slipped through from before a rebalance is skipped
            if self._app.flow_control.is_active() and event.message.generation_id == self._app.consumer_generation_id:
                return event


class SimTable:
    """A table in memory, with the product's `put`."""

    put = cast(Any, faust_patches.Table.put)
    key_serializer = value_serializer = "raw"

    def __init__(self, app: SimApp, name: str) -> None:
        self.app, self.name, self.data = app, name, dict[bytes, bytes]()
        self._places: dict[bytes, int] = {}
        self.changelog = app.topology.changelog(name)
        self.changelog_topic = self

    def items(self) -> Any:
        return self.data.items()

    def place_of(self, key: bytes) -> int:
        return self._places.get(key, -1)

    def as_future_message(self, key: bytes, value: bytes | None, partition: int, **_: Any) -> Any:
        return key, value, partition

    async def publish_message(self, record: Any, **_: Any) -> Awaitable[Any]:
        producer = await self.app.maybe_start_producer()
        return await producer.send(self.changelog, *record)

    def recover(self, partitions: frozenset[TP]) -> None:
        """Read what the changelog has for these partitions."""
        mine = sorted({tp.partition for tp in partitions if TP(self.changelog, tp.partition) in self.app.broker.logs})
        self.data, self._places = {}, {}
        for partition in mine:
            if any(self.app.source_of(self.changelog) == tp.topic and tp.partition == partition for tp in partitions):
                found = self.app.broker.table(TP(self.changelog, partition))
                self.data |= found
                self._places |= dict.fromkeys(found, partition)

    def _verify_source_topic_partitions(self, topic: str) -> None:
        pass

    def _note(self, key: bytes, partition: int | None) -> None:
        if partition is not None:
            self._places[key] = partition

    _keep = cast(Any, faust_patches.Table._keep)


class SimJournal(SimTable):
    """A journal, as recovery leaves it."""

    def take(self) -> list[faust_patches.JournalRecord]:
        records = [faust_patches.JournalRecord(self._places[key], key, value) for key, value in self.data.items()]
        self.data, self._places = {}, {}
        return records

    _keep = cast(Any, faust_patches.Journal._keep)


class SimConsumer(Consumer):
    """The product's consumer over a simulated client."""

    app: Any

    def __init__(self, app: SimApp) -> None:
        self.app, self.unfinished = app, defaultdict[TP, set[int]](set)
        """What agents were given and have not acked."""
        self.finished_once = defaultdict[TP, set[int]](set)
        """What they have acked: it may come once more."""
        self._ownership, self._batched = app.ownership, frozenset([app.topology.tally_reports])
        self._delivered, self._finished = defaultdict(deque), defaultdict(set)
        self._acked, self._acked_index = defaultdict(list), defaultdict(set)
        self._read_offset, self._committed_offset = defaultdict(lambda: None), defaultdict(lambda: None)
        self._gap, self._unacked_messages, self._waiting_for_ack = defaultdict(list), set(), None
        self._active_partitions, self._paused_partitions, self._buffered_partitions = set(), set(), set()
        self._n_acked, self.flow_active = 0, True
        self.can_resume_flow, self.suspend_flow = asyncio.Event(), asyncio.Event()
        self.scheduler = cast(Any, DefaultSchedulingStrategy)()
        self._thread = self  # type: ignore[assignment]
        self.positions: dict[TP, int] = {}
        self.callback = app.deliver

    @property
    def should_stop(self) -> bool:
        return bool(self.app.should_stop)

    @property
    def group_generation(self) -> int | None:
        return self.app.given.generation if self.app.is_member else None

    async def wait(self, *events: Any, **_: Any) -> Any:
        await events[0].wait()

    def assignment(self) -> set[TP]:
        return set(self.app.assigned)

    def highwater(self, tp: TP) -> int:
        return len(self.app.broker.logs[tp])

    def assign(self, assigned: frozenset[TP]) -> None:
        """What `on_partitions_assigned` does, and Faust's below it."""
        self._begin_assignment()
        for known in (self._acked, self._acked_index, self.unfinished, self.finished_once):
            known.clear()
        self._gap.clear()
        self._read_offset.clear()
        self._committed_offset.clear()
        self._paused_partitions = set(assigned)
        self._set_active_tps(set(assigned))

    async def fetch(self, active: frozenset[TP], seconds: float) -> dict[TP, list[Kept]]:
        """Some records behind where each partition is read; nothing after so many seconds."""
        broker, generation = self.app.broker, self.app.consumer_generation_id
        if not broker.up.is_set() and broker.chance.random() < 0.1:
            raise ConsumerStoppedError  # as the client's, which may not get over the loss of its broker
        await broker.travel()
        if not any(len(broker.logs[tp]) > self.positions[tp] for tp in active):
            await broker.news(seconds)
        found: dict[TP, list[Kept]] = {}
        if generation != self.app.consumer_generation_id or not self.flow_active:
            return found
        for tp in sorted(active):
            if records := broker.logs[tp][self.positions[tp] :][: broker.chance.randint(1, 8)]:
                self.positions[tp] += len(records)
                found[tp] = records
        return found

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        if self._ownership.commits_stopped:
            return False
        pending = sorted(self._filter_tps_with_pending_acks(topics))
        offsets = {tp: offset for tp in pending if (offset := self._new_offset(tp)) is not None}
        offsets = {tp: offset for tp, offset in offsets.items() if self._should_commit(tp, offset)}
        for tp, offset in offsets.items():
            if (left := min(self.unfinished[tp], default=offset)) < offset:
                self.app.violate(f"{tp.topic}/{tp.partition}: {offset} is committed, and {left} is not finished")
        if not offsets or not await self.app.group.commit(self.app.name, self.app.given, offsets):
            return False
        self._committed_offset.update(offsets)
        fault_points.reached(Point.COMMITTED)
        return True

    async def ask_coordinator(self) -> None:
        if self.app.is_member:
            await self.app.ask_coordinator(self.app.given)

    async def seek_to_committed(self) -> dict[TP, int]:
        broker = self.app.broker
        await broker.travel()
        for tp in self.app.assigned:
            self.positions[tp] = broker.committed.get(tp, 0)
        return {tp: broker.committed[tp] for tp in self.app.assigned if tp in broker.committed}


# `Consumer.getmany` asks its thread, which is the consumer itself here
async def _getmany(self: SimConsumer, ready: Any, seconds: float) -> Any:
    return await self.fetch(frozenset(ready), seconds)


class Thread(SimpleNamespace):
    """The client's thread, as the consumer asks it."""


class SimApp:
    """One worker's app. `failed` is told why it ends, `violate` of what must never be, `left` of sends that are left
    unconfirmed."""

    _release: Any = faust_patches.App._release

    def __init__(
        self, process: Process, broker: Broker, group: Group, *,
        commit_every: float, fails: Callable[[], bool | None],
        failed: Callable[[BaseException], None], violate: Callable[[str], None], left: Callable[[], None],
    ) -> None:  # fmt: skip
        self.process, self.broker, self.group, self.violate = process, broker, group, violate
        self.name, self.topology, self.clock = process.name, broker.topology, SimClock(broker)
        self.ownership = Ownership(group.session, self.clock.monotonic)
        self.producer = Producer(broker, process, fails, self._send_failed)
        self._producer_started, self._commit_every = False, commit_every
        self._failed, self.cause, self.crashed, self.should_stop = failed, cast(Any, None), False, False
        self._left = left
        self.group_generation, self._assignment_number = 0, 0
        self.given: Assignment | None = None
        """The newest assignment."""
        self.is_member = False
        self.assigned: frozenset[TP] = frozenset()
        self.conf = SimpleNamespace(broker_request_timeout=30.0)
        self.flow_control = FlowControlEvent()
        self.channels: dict[str, Channel] = {}
        self.tables_by_name: dict[str, SimTable] = {}
        self._agents: list[tuple[str, Any]] = []
        self._tasks: list[Callable[[], Awaitable[None]]] = []
        self.topics = SimpleNamespace(acks_enabled_for=lambda topic: True, _tp_index=_ByTopic(self))
        self.monitor = SimpleNamespace(track_tp_end_offset=lambda tp, offset: None)
        self.consumer = SimConsumer(self)
        self.consumer._thread = cast(Any, Thread(getmany=lambda ready, s: _getmany(self.consumer, ready, s)))
        self._errors = SendErrors(self.fail)
        self._recovery_due = asyncio.Event()
        self._running: list[asyncio.Future[None]] = []
        self._releasing = asyncio.Lock()

    # What the stages ask of Faust ------------------------------------------------------------------------------------

    after_recovery: Any = faust_patches.App.after_recovery
    before_release: Any = faust_patches.App.before_release
    when_lost: Any = faust_patches.App.when_lost
    counted_anew: Any = faust_patches.App.counted_anew
    doubt: Any = faust_patches.App.doubt
    is_settled: Any = faust_patches.App.is_settled
    fail: Any = faust_patches.App.fail
    committed: Any = faust_patches.App.committed
    consumer_generation_id: Any = faust_patches.App.consumer_generation_id

    def topic(self, name: str, **_: Any) -> Any:
        return SimpleNamespace(get_topic_name=lambda: name)

    def Table(self, name: str, **_: Any) -> SimTable:  # noqa: N802 - Faust's name
        self.tables_by_name[name] = SimTable(self, name)
        return self.tables_by_name[name]

    def journal(self, name: str) -> SimJournal:
        self.tables_by_name[name] = table = SimJournal(self, name)
        return table

    async def earliest_offset(self, source: TP) -> int:
        await self.broker.travel()
        return 0

    def agent(self, topic: Any, name: str) -> Callable[[Any], Any]:
        return lambda consume: self._agents.append((topic.get_topic_name(), consume))

    def task(self, do: Callable[[], Awaitable[None]]) -> None:
        self._tasks.append(do)

    @asynccontextmanager
    async def sends(self) -> AsyncIterator[Any]:
        try:
            async with sending(self.ownership, self.maybe_start_producer) as out:
                yield out
        except faust_patches.PartitionsGivenUp:
            self._left()
            raise

    async def maybe_start_producer(self) -> Producer:
        if not self._producer_started:
            for _ in range(5):  # it asks for the topics, for its own number, ...
                await self.broker.travel()
            self._producer_started = True
        return self.producer

    def new_writer(self) -> str:
        """As the product's, but drawn from the seed."""
        return self.broker.names.randbytes(4).hex()

    async def refresh_topics(self) -> None: ...

    async def crash(self, reason: BaseException) -> None:
        self.crashed = self.should_stop = True
        self._failed(reason)

    def source_of(self, changelog: str) -> str:
        """The topic whose partitions a table has."""
        names = self.topology
        sources = {"ledgers": names.tally_reports, "comparison": names.table_sheets, "deliveries": names.alerts}
        return next(source for name, source in sources.items() if changelog == names.changelog(name))

    def _send_failed(self, error: Exception) -> None:
        self._errors.on_send_error(cast(Any, None), error, None)

    # Its life --------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until the process ends."""
        for topic, consume in self._agents:
            self.channels[topic] = Channel(self)
            self._begin(consume(self.channels[topic]))
        for do in self._tasks:
            self._begin(do())
        for service in (self._drain(), self._commit(), self._recover()):
            self._begin(service)
        await self._guarded(self._be_member())

    async def stop(self) -> None:
        """End cleanly, as after SIGTERM."""
        self.should_stop = True
        try:
            await self._release()
        except Exception as error:
            self.fail(error)
        await self.group.leave(self.name)

    async def deliver(self, message: Any) -> None:
        """Hand a message to its agent."""
        await self.flow_control.acquire()
        message.refcount = 1
        known = message.offset in self.consumer.finished_once[message.tp]
        if message.generation_id == self.consumer_generation_id and not known:
            self.consumer.unfinished[message.tp].add(message.offset)
        await self.channels[message.topic].queue.put(SimEvent(self.consumer, message))

    def _begin(self, work: Awaitable[None]) -> None:
        self._running.append(asyncio.ensure_future(self._guarded(work)))

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:
            self.ownership.stop_commits()
            self.fail(error)

    async def _drain(self) -> None:
        await self.consumer._drain_messages(SimpleNamespace(should_stop=False))

    async def _commit(self) -> None:
        while not self.should_stop:
            await asyncio.sleep(self._commit_every)
            await self.consumer.commit()

    async def _be_member(self) -> None:
        while not self.should_stop:
            given = self.given = await self.group.join(self.name)
            self.is_member = True
            # By this machine's clock, which may have stood still since
            since = self.broker.loop.time() - given.at
            self.ownership.note_heartbeat(self.clock.monotonic() - since)
            self._assign(given)
            while await self._beat(given) is Answer.OK:
                pass
            if self.should_stop:
                await self._keep_beating(given)
                return
            beating = asyncio.ensure_future(self._keep_beating(given))
            await self._revoke()
            beating.cancel()

    async def _beat(self, given: Assignment) -> Answer:
        await asyncio.sleep(self.group.session / 5)
        return await self.ask_coordinator(given)

    async def ask_coordinator(self, given: Assignment) -> Answer:
        """Send a heartbeat."""
        began = self.clock.monotonic()
        answer = await self.group.heartbeat(self.name, given)
        if answer is not Answer.UNKNOWN:
            self.ownership.note_heartbeat(began)
        elif given is self.given:
            self.is_member = False
            self.ownership.doubt()
        return answer

    async def _keep_beating(self, given: Assignment) -> None:
        """As aiokafka, which stays a member while it gives its partitions up."""
        while await self._beat(given) is not Answer.UNKNOWN:
            pass

    def _assign(self, given: Assignment) -> None:
        self.assigned, self.consumer_generation_id = given.partitions, given.generation
        self.consumer.assign(given.partitions)
        self._recovery_due.set()

    async def _revoke(self) -> None:
        try:
            await self._release()
        except Exception as error:
            self.fail(error)
        self.consumer.stop_flow()
        self.flow_control.suspend()
        self.flow_control.clear()

    async def _recover(self) -> None:
        while not self.should_stop:
            await self._recovery_due.wait()
            self._recovery_due.clear()
            generation = self.consumer_generation_id
            for table in self.tables_by_name.values():
                await self.broker.travel()
                table.recover(self.assigned)
            if generation == self.consumer_generation_id:
                await Recovery._resume_streams(cast(Any, Recovering(self)), generation)


class _ByTopic:
    """The channels of a partition."""

    def __init__(self, app: SimApp) -> None:
        self._app = app

    def __getitem__(self, tp: TP) -> list[Channel]:
        return [self._app.channels[tp.topic]]


class Recovering:
    """What `Recovery._resume_streams` asks of Faust."""

    def __init__(self, app: SimApp) -> None:
        async def nothing() -> None: ...

        self.app, self._ownership = cast(Any, app), app.ownership
        app.on_rebalance_complete = SimpleNamespace(send=nothing)  # type: ignore[attr-defined]
        app._fetcher = SimpleNamespace(maybe_start=nothing)  # type: ignore[attr-defined]
        app.on_rebalance_end = lambda: None  # type: ignore[attr-defined]
        app.assignor = SimpleNamespace(assigned_standbys=lambda: True)  # type: ignore[attr-defined]
        self.completed = asyncio.Event()
        self.tables = SimpleNamespace(on_actives_ready=lambda: None)

    def _is_changelog_tp(self, tp: TP) -> bool:
        return tp.topic.endswith("-changelog")

    async def _wait(self, coro: Any, timeout: float) -> None:  # noqa: ASYNC109
        await asyncio.wait_for(coro, timeout)
