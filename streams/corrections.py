"""Faust, corrected: `App` takes the place of `faust.App`, `run` that of its command line.

All is done by subclasses in Faust's own seams: the settings Table, TableManager and agent_supervisor, and the
factory methods of App, Transport and Consumer. One seam is missing, aiokafka's fetch loop: `Thread.on_start`
changes two attributes of its own instance. Each cure names the fault; tests/test_corrections.py has a
regression test for it. Faust and aiokafka are pinned, because the cures reach into them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import chain
from time import monotonic
from typing import Any, Final, NamedTuple, NoReturn, Self, cast

import faust
import faust.stores.memory
import faust.tables
import faust.tables.recovery
import faust.transport.drivers.aiokafka as driver
import mode
from aiokafka.errors import ConsumerStoppedError  # type: ignore[import-untyped]
from faust.assignor import PartitionAssignor
from faust.types import TP, ConsumerMessage, EventT, Message, RecordMetadata
from mode.supervisors import SupervisorStrategy

from streams.errors import CotejoError

KNOWN = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}

#: What the cures rest on; another value is refused.
FIXED: Mapping[str, Any] = {
    "processing_guarantee": "at_least_once",  # exactly_once loses events after kill -9
    "consumer_auto_offset_reset": "earliest",  # seeking without a committed offset goes to the beginning
    "stream_wait_empty": False,  # it waits for every ack, and we hold acks back: a rebalance would hang
    "topic_allow_declare": False,  # topics and changelogs are made beforehand, with the right partitions
    "topic_disable_leader": True,  # the leader topic would have to be created too
    "table_standby_replicas": 0,
}
DEFAULTS: Mapping[str, Any] = {
    "store": "memory://",
    "broker_request_timeout": 30.0,
    "broker_commit_interval": 1.0,
    "producer_linger": 0.0,  # what belongs together is sent in one go; whoever waits for it would wait for this too
    "producer_max_batch_size": 2**20,  # a request has one of each partition: at 16 KiB our records go out one by one
    "producer_request_timeout": 30.0,  # 20 minutes by default: so late would a dead broker stop us
    "producer_max_request_size": 7 * 2**20,  # a rejected message goes on with its reasons beside it
    "consumer_max_fetch_size": 7 * 2**20,  # (streams.topology.REJECTED_BYTES)
    "web_enabled": False,
    "web_bind": "127.0.0.1",
    "worker_redirect_stdouts": False,
}

STOP_SECONDS = 30.0
"""Seconds that a worker takes to end, at most."""
SESSION = "COTEJO_SESSION_SECONDS"
"""The environment variable that says after how many seconds a silent worker's partitions go to another one."""

BATCH_RECORDS: Final = 1000
"""Records of a `Batch`, at most;"""
BATCH_BYTES: Final = 2**18
"""and bytes of their values, unless a single one has more."""
GATHER: Final = 0.01
"""Seconds between two fetches, at least."""
MOST_QUEUED: Final = 8
"""Batches that wait for an agent; while there are more, no others are fetched for it."""

Batches = Mapping[TP, list[Any]]
Hook = Callable[[frozenset[TP]], Awaitable[None]]


class WrongVersion(CotejoError):  # noqa: N818 - says what happened
    """The corrections fit one version of Faust and of aiokafka only."""


class SendFailed(CotejoError):  # noqa: N818 - says what happened
    """The broker has not confirmed something that was sent; nothing may be acked."""


class WrongSession(CotejoError):  # noqa: N818 - says what happened
    """The environment asks for a session that cannot be."""


def session(environment: Mapping[str, str]) -> dict[str, float]:
    """How long a session lasts, and how often we are heard in it. Raises `WrongSession`."""
    text = environment.get(SESSION, "10")  # Faust's 60: so long a dead worker's partitions would stand still
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3600:
        raise WrongSession(f"{SESSION} {text!r}: give a number of seconds from 1 to 3600, or unset it for 10")
    return {"broker_session_timeout": seconds, "broker_heartbeat_interval": seconds / 4}


def check_versions(found: Callable[[str], str] = version) -> None:
    for package, known in KNOWN.items():
        if found(package) != known:
            raise WrongVersion(
                f"{package} {found(package)} is installed, the corrections know {known}: install "
                f"'{package}=={known}', or run tests/test_corrections.py on it and change KNOWN"
            )


class Place(NamedTuple):
    """A partition under one assignment: where a table write belongs that no event stands for."""

    tp: TP
    generation_id: int

    @property
    def message(self) -> Self:
        return self

    @property
    def topic(self) -> str:
        return self.tp.topic

    @property
    def partition(self) -> int:
        return self.tp.partition


class Batch(ConsumerMessage):
    """Successive records of one partition that an agent gets as one message, and acks as one: its offset is that of the
    last. Faust takes 50 us for a message, whatever is in it; so it does for all of these together."""

    __slots__ = ("records",)
    records: Sequence[Any]
    """As aiokafka has them: topic, partition, offset, timestamp (ms), key, value."""


class Table(faust.Table[Any, Any]):
    """Knows the partition of each key, and writes beside any event, not only the current one."""

    def __init__(self, app: Any, **options: Any) -> None:
        if options.get("value_type") in (list, dict):  # recovery would drop each record with a mere warning
            raise ValueError(f"table {options.get('name')}: leave out value_type=list or dict")
        super().__init__(app, **options)

    def on_key_set(self, key: Any, value: Any) -> None:
        super().on_key_set(key, value)
        self._note(key, self.partition_for_key(key))

    async def put(self, event: EventT[Any] | Place, key: Any, value: Any) -> Awaitable[RecordMetadata]:
        """Set a key (None deletes it) on behalf of an event or place, whose partition the changelog record takes.
        The result is done once the broker has confirmed. Faust takes the partition of whatever event is
        current: none in a timer, the wrong one in take()."""
        app, message = cast(App, self.app), event.message
        if message.generation_id != app.consumer_generation_id:  # by now it may be another worker's
            raise SendFailed(f"{self.name}: {message.tp} was reassigned before its write")
        self._verify_source_topic_partitions(message.topic)
        topic, codec = self.changelog_topic, "raw" if value is None else self.value_serializer
        record = topic.as_future_message(
            key, value, message.partition, key_serializer=self.key_serializer, value_serializer=codec
        )
        sent = await topic.publish_message(record, wait=False)  # send_soon would swallow what fails
        if value is None:
            self.data.pop(key, None)
        else:
            self.data[key] = value
            self._note(key, message.partition)
        return sent

    def _note(self, key: Any, partition: int | None) -> None:
        # Faust forgets the keys of a partition that left only if they were recovered, not if written here
        if partition is not None and isinstance(self.data, faust.stores.memory.Store):
            self.data._key_partition[key] = partition


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


class Recovery(faust.tables.recovery.Recovery):
    """Tables are complete, and streams stand at their committed offsets, before anything flows."""

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
        app = cast(App, self.app)
        sources = frozenset(tp for tp in app.consumer.assignment() if not self._is_changelog_tp(tp))
        if sources and app.consumer_generation_id == generation_id:
            await self._wait(app.consumer.perform_seek(), timeout=app.conf.broker_request_timeout)
        await app.on_rebalance_complete.send()
        for hook in app._after_recovery:
            await hook(sources)
        if app.consumer_generation_id != generation_id:
            return  # the next rebalance has begun, and ends here too
        if not app.flow_control.is_active():
            app.flow_control.resume()  # empties the queues, so only now
        await app.maybe_start_producer()  # one at a time: who finds it starting would send before it can
        app._owner.set()
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
    """Kafka gives a named member that comes back the assignment it had, with the address it had. Faust asserts that
    it is today's, and a worker on another port lives on and does nothing."""

    @property
    def _url(self) -> Any:
        return "http://worker"  # an address serves only Faust's routing of web requests


class TableManager(faust.tables.TableManager):
    @property
    def recovery(self) -> Recovery:
        if self._recovery is None:
            self._recovery = Recovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return cast(Recovery, self._recovery)

    async def on_start(self) -> None:
        # Faust sleeps a second here; what comes after waits for the agents by itself
        await self._update_channels()
        await self.recovery.start()


class Thread(driver.AIOKafkaConsumerThread):
    """Fetches for one assignment only, and only what is active."""

    async def on_start(self) -> None:
        await super().on_start()
        self._listen()
        fetcher, pause = self._ensure_consumer()._fetcher, cast(App, self.app).empty_fetch_pause
        fetcher._fetch_max_wait_ms = 100  # Faust's 1.5 s delays each seek, and with it each start
        fetcher._prefetch_backoff = 0.01  # while one topic's records lie unread, no other's are asked for, 0.1 s long
        fetch, gathered = fetcher._proc_fetch_request, 0.0

        async def paced(assignment: Any, node: Any, request: Any) -> Any:
            nonlocal gathered
            try:
                # Each fetch costs some milliseconds, whatever it brings
                await asyncio.sleep(max(0.0, gathered + GATHER - monotonic()))
                if self._leaves_out(assignment, request):
                    request._max_wait_ms = round(GATHER * 1000)
                if found := await fetch(assignment, node, request):
                    gathered = monotonic()
                elif pause:  # the embedded broker answers an empty fetch at once: an idle client would spin
                    await asyncio.sleep(pause)
            except asyncio.CancelledError:
                return False  # as the original: whoever closes it awaits it
            return found

        fetcher._proc_fetch_request = paced

    def _leaves_out(self, assignment: Any, request: Any) -> bool:
        """Whether a fetch is for some of the sources only: the others lie unread. aiokafka has one fetch under way at a
        time, so they would wait until it is over, once they are read, for as long as nothing comes of the rest."""
        asked = {(topic, partition) for topic, partitions in request.topics for partition, *_ in partitions}
        changelogs = self.app.tables.changelog_topics  # none of them is read: what once was fetched lies there
        return any(tp not in asked and tp.topic not in changelogs for tp in assignment.tps)

    @property
    def generation(self) -> int:
        """The generation of the group that we are a member of; -1 once the coordinator has said that we are none."""
        return int(self._ensure_consumer()._coordinator.generation)

    def _listen(self) -> None:
        """Note when the coordinator last confirmed a heartbeat, at the latest."""
        coordinator, app = self._ensure_consumer()._coordinator, cast(App, self.app)
        beat = coordinator._do_heartbeat

        async def timed() -> Any:
            began = monotonic()
            if known := await beat():
                app._heard = began
            return known

        coordinator._do_heartbeat = timed

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

    async def seek_to_committed(self) -> Mapping[TP, int]:
        return cast(Mapping[TP, int], await self.call_thread(self._seek_sources))

    async def _seek_sources(self) -> Mapping[TP, int]:
        # aiokafka stays where it is if nothing was committed: what was drained, not delivered, would be lost
        consumer, committed = self._ensure_consumer(), {}
        sources = [tp for tp in consumer.assignment() if tp.topic not in self.app.tables.changelog_topics]
        first = await consumer.beginning_offsets(sources) if sources else {}
        for tp in sources:
            committed[tp] = await consumer.committed(tp)
            consumer.seek(tp, committed[tp] or first[tp])
        return committed


class Consumer(driver.Consumer):
    _thread: Thread
    halted = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._delivered: dict[TP, deque[int]] = defaultdict(deque)
        self._finished: dict[TP, set[int]] = defaultdict(set)

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109
        if not self.flow_active:
            await self.wait(cast(Any, self.can_resume_flow))
        generation, batched = self.app.consumer_generation_id, cast(App, self.app).batched
        active = frozenset(self._get_active_partitions())
        ready = frozenset(tp for tp in active if tp.topic not in batched or not self._has_enough(tp))
        # what is held back now may be wanted in a moment: its agent must not run dry
        fetched = await self._thread.getmany(ready, min(timeout, 0.2 if ready == active else 0.005))
        if self.should_stop:
            return
        for tp in fetched:
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
        single = {tp: records for tp, records in fetched.items() if tp.topic not in batched}
        many = {tp: list(_batches(records)) for tp, records in fetched.items() if tp.topic in batched}
        messages = chain(
            ((tp, self._to_message(tp, record)) for tp, record in self.scheduler.iterate(single)),
            ((tp, self._to_batch(tp, records)) for tp, records in self.scheduler.iterate(many)),
        )
        for tp, message in messages:
            if not self.flow_active or generation != self.app.consumer_generation_id:
                return  # the next assignment begins at its own committed offsets
            if tp not in self._paused_partitions:
                yield tp, message

    def _has_enough(self, tp: TP) -> bool:
        return any(channel.queue.qsize() > MOST_QUEUED for channel in cast(Any, self.app.topics)._tp_index[tp])

    def _to_batch(self, tp: TP, records: Sequence[Any]) -> Batch:
        last = records[-1]
        place = (last.topic, last.partition, last.offset, last.timestamp / 1000, last.timestamp_type, None, None, None)
        batch = Batch(*place, None, 0, 0, tp, generation_id=self.app.consumer_generation_id)
        batch.records = records
        return batch

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
        cast(App, self.app)._heard = monotonic()
        self._buffered_partitions.clear()  # else an old queue's relief would activate a paused partition
        self._delivered.clear()
        self._finished.clear()
        await super().on_partitions_assigned(assigned, generation_id)

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
        """Messages of each source partition that are not committed, as of the last fetch; nobody is asked."""
        client, changelogs = self._thread._consumer, self.app.tables.changelog_topics
        subscription = None if client is None else client._subscription.subscription
        held = None if subscription is None else subscription.assignment  # one object, whatever its thread does next
        if held is None:
            return {}
        ends = {TP(*tp): held.state_value(tp).highwater for tp in held.tps if tp.topic not in changelogs}
        return {tp: max(0, end - (self._committed_offset[tp] or 0)) for tp, end in ends.items() if end is not None}

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        return not self.halted and await super().commit(topics, start_new_transaction)


def _batches(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    first = size = 0
    for i, record in enumerate(records, 1):
        size += len(record.value or b"")
        if size > BATCH_BYTES or i - first == BATCH_RECORDS or i == len(records):
            yield records[first:i]
            first, size = i, 0


class Producer(driver.Producer):
    def _settings_default(self) -> Mapping[str, Any]:
        # the broker numbers the batches: none arrives twice, and none once one before it has failed
        return {**super()._settings_default(), "enable_idempotence": True}


class Transport(driver.Transport):
    Consumer = Consumer
    Producer = Producer


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
        self._before_release: list[Callable[[], Awaitable[None]]] = []
        self._owner = asyncio.Event()
        self._heard = 0.0
        """When the group's coordinator last knew us (monotonic seconds)."""
        self._sending: set[Sends] = set()
        super().__init__(id, **{**DEFAULTS, **session(os.environ), **own, **options})
        self.sensors.add(SendErrors(self))

    def after_recovery(self, hook: Hook) -> Hook:
        """Await `hook(partitions)` after each rebalance: tables are complete, no event has come yet.
        Throw away what memory held and rebuild it from the tables, for exactly these source partitions."""
        self._after_recovery.append(hook)
        return hook

    def before_release(self, hook: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """Await `hook()` before partitions are given up and before a clean stop: the last flush."""
        self._before_release.append(hook)
        return hook

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

    def fail(self, reason: BaseException) -> None:
        """Stop the worker; nothing is committed any more."""
        self._halt()
        self._failing = asyncio.ensure_future(self.crash(reason))

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


class Worker(faust.Worker):
    """Shows no spinner, logs no traceback of what is said in one line, and ends when it is told to."""

    def _schedule_shutdown(self, signal: Any) -> None:
        _end_in_any_case()
        super()._schedule_shutdown(signal)

    def stop_and_shutdown(self) -> None:
        _end_in_any_case()
        super().stop_and_shutdown()

    def on_setup_root_logger(self, logger: logging.Logger, level: int) -> None:
        self.spinner = None  # its escape codes go to files too
        for handler in logger.handlers:
            handler.addFilter(_is_news)


def _end_in_any_case() -> None:
    """End the process if it does not by itself: without a broker, Faust and aiokafka wait for ever to say their last
    words. What they would have said comes again, as after any crash."""

    def end() -> None:
        print(f"cotejo: did not come to an end within {STOP_SECONDS:g} s: ended without", file=sys.stderr, flush=True)
        os._exit(1)

    timer = threading.Timer(STOP_SECONDS, end)
    timer.daemon = True
    timer.start()


def _is_news(record: logging.LogRecord) -> bool:
    told = [*(record.args or ()), *(record.exc_info or ())]
    return not any(isinstance(item, CotejoError) for item in told)


def run(app: App, *, loglevel: str = "WARNING", **options: Any) -> NoReturn:
    """Run a worker of the app until a signal stops it. A failure ends in a non-zero exit code, or is raised if it is
    one that a user can mend."""
    try:
        import uvloop
    except ImportError:  # Windows
        loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
    else:
        loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        Worker(app, loop=loop, loglevel=loglevel, quiet=True, **options).execute_from_commandline()
    except SystemExit:
        if isinstance(app.crash_reason, CotejoError):
            raise app.crash_reason from None
        raise
    raise AssertionError  # it does not return
