"""Regression tests for streams/worker/faust_patches: real workers as subprocesses, on both brokers.

Each cure can be taken out to see its test fail: `FAULTS=order pytest tests/worker/test_corrections.py -k clean`;
the names are in tests/helpers/faust_workers.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import nursery
import pytest
from brokers import ApacheBroker, Broker
from faust.types import TP, ConsumerMessage, Message
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streams.errors import CotejoError
from streams.kafka.topic_admin import ensure
from streams.kafka.topic_spec import TopicSpec
from streams.worker import faust_patches
from streams.worker.faust_patches import batches, settings

PARTITIONS = 4
ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """A subprocess and the lines it has printed."""

    def __init__(self, scenario: str, options: dict[str, Any], log: Path) -> None:
        command = [str(ROOT / "tests" / "helpers" / "faust_workers.py"), scenario, json.dumps(options)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipe = log.with_name(f"{uuid4().hex}.pipe")
        os.mkfifo(pipe)
        self.lines: queue.Queue[list[Any]] = queue.Queue()
        threading.Thread(target=self._read, args=(pipe,), daemon=True).start()
        self.process = nursery.start(command, pipe, environment, log.parent, errors=log)

    def _read(self, pipe: Path) -> None:
        with pipe.open() as lines:
            for line in lines:
                if line.startswith("["):
                    self.lines.put(json.loads(line))

    def said(self, kind: str, seconds: float = 20) -> list[Any]:
        """Wait for the next line of that kind."""
        while (line := self.lines.get(timeout=seconds))[0] != kind:
            pass
        return line

    def events(self) -> list[str]:
        """The events an ended worker has seen."""
        return [line[1] for line in list(self.lines.queue) if line[0] == "event"]

    def stop(self, seconds: float = 20) -> int:
        self.process.terminate()
        return self.process.wait(seconds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)


class Stage:
    """One app's topics on one broker, and its workers."""

    def __init__(self, broker: Broker, prefix: str, place: Path) -> None:
        self.broker, self.app, self.place = broker, prefix + "app", place
        self.workers: list[Worker] = []
        self.settings: dict[str, Any] = {"broker": f"kafka://{broker.address}"}
        self.settings["empty_fetch_pause"] = 0.02 if broker.kind == "embedded" else 0.0

    def topics(self, partitions: int = PARTITIONS, changelog_bytes: int = 2**20) -> None:
        specs = [TopicSpec(f"{self.app}-reports", partitions), TopicSpec(f"{self.app}-clock", 1)]
        specs.append(TopicSpec(f"{self.app}-ledgers-changelog", partitions, True, changelog_bytes))
        specs.append(TopicSpec(f"{self.app}-clock-changelog", 1, True))
        ensure(self.broker.address, specs)

    def start(self, scenario: str, member: str | None = "one", **options: Any) -> Worker:
        settings = self.settings | ({"consumer_group_instance_id": member} if member else {})
        options |= {"id": self.app, "app": settings}
        self.workers.append(Worker(scenario, options, self.place / "worker.log"))
        return self.workers[-1]

    def feed(self, topic: str, values: list[str], partitions: int = PARTITIONS, seconds: float = 0) -> None:
        producer = KafkaProducer(bootstrap_servers=self.broker.address, linger_ms=5)
        for i, value in enumerate(values):
            producer.send(f"{self.app}-{topic}", value.encode(), partition=i % partitions)
            if seconds and i % 100 == 99:
                producer.flush()
                time.sleep(seconds * 100 / len(values))
        producer.flush()
        producer.close()

    def records(self, topic: str, partitions: int = PARTITIONS) -> list[Any]:
        consumer = KafkaConsumer(bootstrap_servers=self.broker.address, enable_auto_commit=False)
        places = [TopicPartition(f"{self.app}-{topic}", p) for p in range(partitions)]
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        consumer.seek_to_beginning(*places)
        found: list[Any] = []
        while any(consumer.position(p) < ends[p] for p in places):
            found += [r for batch in consumer.poll(timeout_ms=200).values() for r in batch]
        consumer.close()
        return found

    def counts(self, field: str = "") -> int:
        """The sum over the newest record of each key; each record lies where its key says."""
        newest: dict[str, int] = {}
        for record in self.records("ledgers-changelog"):
            key, value = json.loads(record.key), json.loads(record.value)
            assert record.partition == int(key)
            newest[key] = value[field] if field else value
        return sum(newest.values())

    def settled(self, wanted: int, field: str = "", seconds: float = 90) -> int:
        """The counts once they have reached what is wanted, and a moment later."""
        until = time.monotonic() + seconds
        while self.counts(field) < wanted and time.monotonic() < until:
            time.sleep(0.2)
        time.sleep(0.5)
        return self.counts(field)


@pytest.fixture
def stage(broker: Broker, names: str, tmp_path: Path) -> Iterator[Stage]:
    yield from _stage(broker, names, tmp_path)


@pytest.fixture
def apache_stage(apache: ApacheBroker, names: str, tmp_path: Path) -> Iterator[Stage]:
    yield from _stage(apache.start(), names, tmp_path)


def _stage(broker: Broker, names: str, place: Path) -> Iterator[Stage]:
    stage = Stage(broker, names, place)
    yield stage
    for worker in stage.workers:
        if worker.process.poll() is None:
            worker.kill()


def test_another_faust_is_refused() -> None:
    """An unknown version is refused before anything starts, and the error names the cure."""
    with pytest.raises(faust_patches.WrongVersion, match=r"install 'faust-streaming==0\.15\.3'"):
        settings.check_versions(lambda package: "0.16.0")
    settings.check_versions()


@pytest.mark.parametrize("setting", sorted(settings.FIXED))
def test_settings_the_cures_rest_on_are_refused(setting: str) -> None:
    """No option can undo what the cures rest on."""
    with pytest.raises(ValueError, match=f"{setting} must stay"):
        faust_patches.App("a", **{setting: "another"})


def test_concurrency_and_typed_tables_are_refused() -> None:
    """An agent with concurrency and a table with a list or dict type are refused where they are declared."""
    app = faust_patches.App("a", broker="kafka://127.0.0.1:1")
    with pytest.raises(ValueError, match="concurrency must stay 1"):
        app.agent("topic", concurrency=2)
    with pytest.raises(ValueError, match="leave out value_type"):
        app.Table("t", value_type=dict)


@pytest.mark.parametrize("text", ["", "soon", "0", "0.5", "-3", "3601", "nan", "inf", "10s"])
def test_a_session_that_cannot_be_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong COTEJO_SESSION_SECONDS is one error that names it and the cure, where a worker starts."""
    monkeypatch.setenv(settings.SESSION, text)
    cure = re.escape(f"COTEJO_SESSION_SECONDS {text!r}: give a number of seconds from 1 to 3600")
    with pytest.raises(CotejoError, match=cure):
        faust_patches.App("a", broker="kafka://127.0.0.1:1")


def test_a_wrong_session_stops_nothing_else() -> None:
    """Importing the modules does not read it: every other command, and --help, work."""
    wrong = {**os.environ, settings.SESSION: "soon"}
    subprocess.run([sys.executable, "-c", "import streams.worker.run"], check=True, cwd=ROOT, env=wrong)


@pytest.mark.parametrize(("text", "seconds", "longest"), [(None, 10, 30), ("6.5", 6.5, 30), ("1200", 1200, 1200)])
def test_a_session_of_so_many_seconds(text: str | None, seconds: float, longest: float) -> None:
    """A worker is missed after ten seconds, or as many as the environment says; it is heard four times in these, and
    no request may end before a session, or Faust refuses to start."""
    found = settings.session({} if text is None else {settings.SESSION: text})
    assert found == {
        "broker_session_timeout": seconds,
        "broker_heartbeat_interval": seconds / 4,
        "broker_request_timeout": longest,
    }


def test_a_table_keeps_what_is_put_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put is in the table's memory too, and what is deleted is not: the next assignment begins with it, where
    the partition has stayed."""
    sent = list[tuple[Any, Any]]()

    async def publish(record: Any, wait: bool) -> None:
        sent.append(record)

    async def put() -> dict[Any, Any]:
        app = faust_patches.App("a", broker="kafka://127.0.0.1:1")
        table = app.Table("t")
        table._verify_source_topic_partitions = lambda topic: None
        table.changelog_topic = SimpleNamespace(
            as_future_message=lambda key, value, *_, **__: (key, value), publish_message=publish
        )
        place = SimpleNamespace(generation_id=app.consumer_generation_id, topic="r", partition=0, tp=TP("r", 0))
        for key, value in (("a", b"1"), ("b", b"2"), ("a", None), ("c", None), ("b", b"3")):
            await table.put(SimpleNamespace(message=place), key, value)
        return dict(table.data)

    assert asyncio.run(put()) == {"b": b"3"}
    assert sent == [("a", b"1"), ("b", b"2"), ("a", None), ("c", None), ("b", b"3")]


def test_changelog_record_of_an_unknown_partition_changes_no_table() -> None:
    """A record that belongs to no table here is skipped, not applied to the table of the record before."""

    async def slurp() -> dict[str, str]:
        app = faust_patches.App("a", broker="kafka://127.0.0.1:1")
        table, recovery = app.Table("t"), app.tables.recovery
        app.consumer_generation_id = 1
        mine, other = TP("a-t-changelog", 0), TP("a-t-changelog", 1)
        recovery.add_active(table, mine)
        recovery.active_highwaters.update({mine: 1})
        recovery.in_recovery = True
        app.flow_control.resume()
        for tp, offset, key in ((other, 0, "before"), (mine, 0, "k"), (other, 5, "x"), (mine, 1, "l")):
            message = Message(tp.topic, tp.partition, offset, 0.0, 0, None, b"", b"1", None, tp=tp, generation_id=1)
            app.tables.changelog_queue.put_nowait(app.create_event(key, "v", {}, message))
        task = asyncio.ensure_future(type(recovery)._slurp_changelogs.fun(recovery))
        await asyncio.wait_for(recovery.signal_recovery_end.wait(), 2)
        task.cancel()
        return dict(table.data.data)

    assert asyncio.run(slurp()) == {"k": "v", "l": "v"}


def test_fetch_takes_only_what_was_active_and_assigned_when_it_was_asked_for() -> None:
    """Nothing active fetches nothing, not all; a set emptied later, or the next assignment, changes nothing."""
    asked: list[Any] = []

    async def fetched_records(active: Any, *_: Any) -> dict[Any, Any]:
        asked.append(active)
        return {"tp": ["record"]}

    async def fetch() -> list[Any]:
        app = faust_patches.App("a", broker="kafka://127.0.0.1:1")
        app.consumer_generation_id = 7
        thread = app.consumer._thread
        fetcher = SimpleNamespace(fetched_records=fetched_records, _closed=False)
        fetcher._create_fetch_waiter = asyncio.get_running_loop().create_future
        subscription = SimpleNamespace(fetch_context=nullcontext, reassignment_in_progress=False)
        thread._consumer = SimpleNamespace(
            _fetcher=fetcher, _closed=False, _subscription=subscription, _max_poll_records=None
        )
        calls: list[Any] = []

        async def call_thread(method: Any, *arguments: Any, **_: Any) -> None:
            calls.append((method, arguments))

        thread.call_thread = call_thread
        tp, results = TP("t", 0), []
        for active, reassigned, emptied in (({tp}, False, True), (set(), False, False), ({tp}, True, False)):
            await thread.getmany(active, 0.01)
            if emptied:
                active.clear()
            if reassigned:
                app.consumer_generation_id = 8
            method, arguments = calls.pop()
            results.append(await method(*arguments))
        return results

    assert asyncio.run(fetch()) == [{"tp": ["record"]}, {}, {}]
    assert asked == [{TP("t", 0)}]


@pytest.mark.parametrize(
    ("asked", "partly"),
    [({"r": [0, 1], "b": [0]}, False), ({"r": [1], "b": [0]}, True), ({"b": [0]}, True)],
    ids=["all that is read", "one lies unread", "two lie unread"],
)
def test_a_fetch_of_some_sources_is_known(asked: dict[str, list[int]], partly: bool) -> None:
    """Such a fetch must not wait long, since the others wait for its end; a changelog is not among them."""

    async def found() -> bool:
        app = faust_patches.App("a", broker="kafka://127.0.0.1:1")
        app.tables._changelogs["c"] = SimpleNamespace()
        assignment = SimpleNamespace(tps={TP("r", 0), TP("r", 1), TP("b", 0), TP("c", 0)})
        topics = [(topic, [(partition, 7, 2**20) for partition in partitions]) for topic, partitions in asked.items()]
        return bool(app.consumer._thread._leaves_out(assignment, SimpleNamespace(topics=topics)))

    assert asyncio.run(found()) == partly


@pytest.mark.parametrize(
    ("topic", "resets", "bounds", "told"),
    [
        pytest.param("r", True, (9, 12), [(7, 9, 12)], id="deleted before it was read"),
        pytest.param("r", True, (0, 3), [(7, 0, 3)], id="beyond the end: the topic was made anew"),
        pytest.param("r", True, (7, 12), [], id="there after all"),
        pytest.param("r", False, (9, 12), [], id="read as it should be"),
        pytest.param("c", True, (9, 12), [], id="a changelog, which is compacted"),
        pytest.param("x", True, (9, 12), [], id="given up meanwhile"),
    ],
)
def test_an_offset_that_the_broker_lacks_is_told(
    topic: str, resets: bool, bounds: tuple[int, int], told: list[tuple[int, int, int]]
) -> None:
    """aiokafka would go on at the beginning of such a source, and say nothing."""
    lost = list[faust_patches.Lost]()

    async def fetched() -> None:
        app = faust_patches.App("a", broker="kafka://127.0.0.1:1")
        app.tables._changelogs["c"] = SimpleNamespace()
        app.ownership.when_lost(lost.append)
        thread = app.consumer._thread
        thread._resets, thread.parent_loop = set(), asyncio.get_running_loop()
        first, end = ({TP(topic, 0): bound} for bound in bounds)
        consumer = SimpleNamespace(beginning_offsets=answering(first), end_offsets=answering(end))
        thread._ensure_consumer = lambda: consumer
        states = {TP(name, 0): SimpleNamespace(awaiting_reset=resets) for name in ("r", "c")}
        assignment = SimpleNamespace(tps=states.keys(), state_value=states.get)
        thread._note_resets(assignment, SimpleNamespace(topics=[(topic, [(0, 7, 2**20)])]))
        await asyncio.gather(*thread._resets)
        await asyncio.sleep(0)

    def answering(answer: Any) -> Any:
        async def answered(asked: Any) -> Any:
            return answer

        return answered

    asyncio.run(asyncio.wait_for(fetched(), 60))
    assert lost == [faust_patches.Lost(TP(topic, 0), *each) for each in told]


@pytest.mark.parametrize(
    ("committed", "begins_at"),
    [
        pytest.param(None, 0, id="nothing was committed"),
        pytest.param(0, 0, id="the very first"),
        pytest.param(3, 3, id="in between"),
        pytest.param(5, 5, id="the end"),
        pytest.param(6, 0, id="more than there is"),
    ],
)
def test_a_source_is_read_from_what_was_committed(committed: int | None, begins_at: int) -> None:
    """From the first record on where nothing was committed, and where the broker lacks what was."""
    sought = list[tuple[TP, int]]()
    source = TP("r", 0)

    def answering(answer: Any) -> Any:
        async def answered(asked: Any) -> Any:
            return answer

        return answered

    async def seeking() -> Any:
        thread = faust_patches.App("a", broker="kafka://127.0.0.1:1").consumer._thread
        thread.parent_loop = asyncio.get_running_loop()
        consumer = SimpleNamespace(
            assignment=lambda: {source},
            beginning_offsets=answering({source: 0}),
            end_offsets=answering({source: 5}),
            committed=answering(committed),
            seek=lambda tp, offset: sought.append((tp, offset)),
        )
        thread._ensure_consumer = lambda: consumer
        return await thread._seek_sources()

    assert asyncio.run(asyncio.wait_for(seeking(), 60)) == {source: committed}
    assert sought == [(source, begins_at)]


def record(topic: str, partition: int, offset: int, size: int = 1) -> Any:
    """A record as aiokafka has them."""
    fields = {"headers": (), "key": None, "checksum": None, "serialized_key_size": 0, "serialized_value_size": size}
    place = {"topic": topic, "partition": partition, "offset": offset, "timestamp": 0, "timestamp_type": 0}
    return SimpleNamespace(**place, **fields, value=b"x" * size)


@given(st.lists(st.sampled_from([0, 1, 100, 4000, 9000]), max_size=60), st.integers(1, 12))
def test_batches_are_what_was_fetched(sizes: list[int], most: int) -> None:
    """Batches of a partition put together are what was fetched, in order; none is larger than it may be."""
    records = [record("t", 0, offset, size) for offset, size in enumerate(sizes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "BATCH_RECORDS", most)
        patch.setattr(batches, "BATCH_BYTES", 5000)
        found = list(batches.in_batches(records))
    assert [r for batch in found for r in batch] == records
    assert all(batch and len(batch) <= most for batch in found)
    assert all(sum(len(r.value) for r in batch[:-1]) <= 5000 for batch in found)


@pytest.mark.parametrize(("waiting", "asked"), [(0, {"r", "b"}), (9, {"b"})], ids=["an agent with room", "a full one"])
def test_batches_are_one_message_each(waiting: int, asked: set[str]) -> None:
    """A batched topic's records come as one message, under the last one's offset, behind those of other topics; none
    are fetched for an agent that has enough."""
    wanted: list[Any] = []

    async def getmany(active: Any, _: float) -> dict[Any, list[Any]]:
        wanted.extend(active)
        return {tp: [record(tp.topic, tp.partition, offset) for offset in range(3)] for tp in sorted(active)[::-1]}

    async def delivered() -> list[Any]:
        app = faust_patches.App("a", broker="kafka://127.0.0.1:1", batched=["r"])
        consumer, tps = app.consumer, {TP("r", 0), TP("b", 0)}
        consumer._active_partitions, consumer.flow_active = tps, True
        consumer._thread = SimpleNamespace(getmany=getmany, highwater=lambda tp: 3)
        app.topics._tp_index[TP("r", 0)] = [SimpleNamespace(queue=SimpleNamespace(qsize=lambda: waiting))]
        return [(tp.topic, m.offset, len(getattr(m, "records", [m]))) async for tp, m in consumer.getmany(1.0)]

    found = asyncio.run(delivered())
    assert {tp.topic for tp in wanted} == asked
    expected = [("b", 0, 1), ("b", 1, 1), ("b", 2, 1), ("r", 2, 3)]
    assert found == [item for item in expected if item[0] in asked]


def test_sending_a_record_takes_no_turn() -> None:
    """Once the producer has started, a record is handed to it without a pause: beside a busy agent each takes long."""

    async def pauses() -> int:
        app = faust_patches.App("a", broker="kafka://127.0.0.1:1")
        app.producer = SimpleNamespace(maybe_start=lambda: asyncio.sleep(0))
        assert await app.maybe_start_producer() is app.producer
        return sum(1 for _ in app.maybe_start_producer().__await__())

    assert asyncio.run(pauses()) == 0


def test_ack_of_an_older_assignment_is_ignored() -> None:
    """An event that was delivered before a rebalance cannot commit anything after it."""

    async def acked(generation: int) -> list[int]:
        app = faust_patches.App("a", broker="kafka://127.0.0.1:1")
        app.consumer_generation_id = 7
        app.topics.acking_topics.add("t")
        tp = TP("t", 0)
        message = ConsumerMessage("t", 0, 5, 0.0, 0, None, b"", b"", None, tp=tp, generation_id=generation)
        message.incref()
        message.ack(app.consumer)
        return list(app.consumer._finished[tp])

    assert asyncio.run(acked(7)) == [5]
    assert asyncio.run(acked(6)) == []


@pytest.mark.parametrize(
    ("delivered", "finished", "committed"),
    [
        pytest.param([5, 6, 7], [5, 6, 7], 8, id="all are finished"),
        pytest.param([5, 6, 7], [6, 7], None, id="the first is not"),
        pytest.param([5, 6, 7], [5, 7], 6, id="one in the middle is not"),
        pytest.param([5, 9, 12], [5, 9], 10, id="compaction has left gaps"),
        pytest.param([0, 1], [1], None, id="nothing was ever committed"),
    ],
)
@pytest.mark.parametrize("known", [None, 5])
def test_nothing_unfinished_is_committed(
    delivered: list[int], finished: list[int], committed: int | None, known: int | None
) -> None:
    """The offset to commit is that of the first event that is not finished, whatever was committed before."""

    async def offset() -> int | None:
        app = faust_patches.App("a", broker="kafka://127.0.0.1:1")
        app.consumer_generation_id, tp = 7, TP("t", 0)
        app.topics.acking_topics.add("t")
        app.consumer._committed_offset[tp] = known if known in delivered else None
        for place in delivered:
            app.consumer._delivered[tp].append(place)
        for place in finished:
            message = ConsumerMessage("t", 0, place, 0.0, 0, None, b"", b"", None, tp=tp, generation_id=7)
            message.incref()
            message.ack(app.consumer)
        assert list(app.consumer._filter_tps_with_pending_acks()) == [tp]
        found: int | None = app.consumer._new_offset(tp)
        return found

    assert asyncio.run(offset()) == committed


def test_clean_stops_count_exactly(stage: Stage) -> None:
    """Clean stops in the middle of a backlog neither repeat nor lose an event, even for a plain counter;
    a slow seek to the committed offsets gives what is resumed too early its chance."""
    stage.topics()
    stage.feed("reports", ["x"] * 24_000)
    for _ in range(3):
        worker = stage.start("plain", slow_seek=0.3)
        worker.said("open")
        time.sleep(0.5)
        assert worker.stop() == 0
    stage.start("plain", slow_seek=0.3).said("open")
    assert stage.settled(24_000) == 24_000


def test_kills_count_exactly(stage: Stage) -> None:
    """kill -9 in the middle of a stream loses nothing and, with state fenced by offset, counts nothing twice;
    every changelog record lies in its source's partition, though a timer wrote it."""
    stage.topics()
    feeding = threading.Thread(target=stage.feed, args=("reports", ["x"] * 6000), kwargs={"seconds": 5})
    feeding.start()
    for _ in range(3):
        worker = stage.start("summing")
        worker.said("open")
        time.sleep(0.7)
        worker.kill()
    worker = stage.start("summing")
    worker.said("open")
    feeding.join()
    assert stage.settled(6000, "n") == 6000
    assert worker.stop() == 0


def test_a_start_does_not_dawdle(stage: Stage) -> None:
    """A worker is open within two seconds, with nothing to recover and with something."""
    stage.topics()
    worker = stage.start("summing")
    assert worker.said("open")[1] < 2
    stage.feed("reports", ["x"] * 400)
    stage.feed("clock", ["x"], 1)
    assert stage.settled(400, "n") == 400
    assert worker.stop() == 0
    _, seconds, owned, recovered = stage.start("summing").said("open")
    assert seconds < 2
    assert owned == [["-clock", 0], *(["-reports", p] for p in range(PARTITIONS))]
    assert recovered == list(range(PARTITIONS))
    assert len(stage.records("clock-changelog", 1)) == 1


def test_two_workers_share_and_hand_over(apache_stage: Stage) -> None:
    """Partitions move with their tables: each worker holds the keys of its own partitions and no others,
    acks that are held back block no rebalance, and the count stays exact through join, stop and kill."""
    stage = apache_stage
    stage.topics()
    stage.settings |= {"broker_session_timeout": 6.0, "broker_heartbeat_interval": 1.0}
    feeding = threading.Thread(target=stage.feed, args=("reports", ["x"] * 12_000), kwargs={"seconds": 8})
    feeding.start()
    first = stage.start("summing", member=None)
    assert len(first.said("open")[2]) == PARTITIONS + 1
    time.sleep(1)
    second = stage.start("summing", member=None)
    shares = [w.said("open") for w in (first, second)]
    for _, _, owned, held in shares:
        assert held == [p for topic, p in owned if topic == "-reports"]
    assert sorted(o for s in shares for o in s[2]) == [
        ["-clock", 0],
        *(["-reports", p] for p in range(PARTITIONS)),
    ]
    time.sleep(1)
    assert first.stop() == 0
    assert second.said("open")[3] == list(range(PARTITIONS))
    third = stage.start("summing", member=None)
    third.said("open")
    second.said("open")
    second.kill()
    assert third.said("open", 30)[3] == list(range(PARTITIONS))
    feeding.join()
    assert stage.settled(12_000, "n") == 12_000


def test_a_worker_that_wakes_up_too_late_sends_nothing(apache_stage: Stage) -> None:
    """A worker is stopped for longer than a session while its state is not written yet; another takes its partitions.
    When it wakes up, it writes nothing older over what the other has written, and joins again."""
    stage = apache_stage
    stage.topics()
    stage.settings |= {"broker_session_timeout": 6.0, "broker_heartbeat_interval": 1.0}
    frozen = stage.start("summing", member=None, flush=2.0)
    frozen.said("open")
    stage.feed("reports", ["x"] * 400)
    time.sleep(1)  # it has read them, and its flush is due in a second
    frozen.process.send_signal(signal.SIGSTOP)
    other = stage.start("summing", member=None)
    assert other.said("open", 30)[3] == []
    stage.feed("reports", ["x"] * 400)
    assert stage.settled(800, "n") == 800
    frozen.process.send_signal(signal.SIGCONT)
    frozen.said("open")
    assert stage.settled(800, "n") == 800
    newest: dict[str, int] = {}
    for record in stage.records("ledgers-changelog"):
        key, n = record.key.decode(), json.loads(record.value)["n"]
        assert n >= newest.get(key, 0)
        newest[key] = n


def test_a_worker_whose_broker_is_slow_stays_a_member(apache_stage: Stage) -> None:
    """What a broker does not confirm is left when partitions change hands: the worker shares them with the one that has
    joined, and ends cleanly when it is told to."""
    stage = apache_stage
    stage.topics()
    stage.settings |= {"broker_session_timeout": 6.0, "broker_heartbeat_interval": 1.0}
    slow = stage.start("summing", member=None, slow=600)
    assert len(slow.said("open", 60)[2]) == PARTITIONS + 1
    stage.feed("reports", ["x"] * 400)
    other = stage.start("summing", member=None)
    slow.said("gives up", 90)
    shares = [worker.said("open", 60)[2] for worker in (slow, other)]
    assert sorted(map(tuple, shares[0] + shares[1])) == [("-clock", 0), *(("-reports", p) for p in range(PARTITIONS))]
    assert slow.stop(40) == 0
    assert stage.settled(400, "n") == 400


def test_a_worker_that_is_told_to_end_in_a_rebalance_ends(apache_stage: Stage) -> None:
    """It flushes once, for the rebalance and for its end, and is gone long before it would be ended by force."""
    stage = apache_stage
    stage.topics()
    first = stage.start("summing", member=None, slow=3)
    first.said("open", 60)
    stage.feed("reports", ["x"] * 400)
    stage.start("summing", member=None)
    first.said("gives up", 90)
    assert first.stop() == 0
    assert stage.settled(400, "n") == 400


def test_uncaught_exception_stops_the_worker_and_keeps_the_event(stage: Stage) -> None:
    """An agent that fails ends the worker with an exit code; the event is there again after the restart."""
    stage.topics(partitions=1)
    stage.feed("reports", ["one", "bad", "three"], 1)
    for _ in range(2):
        worker = stage.start("failing")
        assert worker.process.wait(20) != 0
        assert "bad" in worker.events()
        assert "three" not in worker.events()


@pytest.mark.parametrize("style", ["plain", "sends"])
def test_refused_changelog_record_holds_back_the_offset(apache_stage: Stage, style: str) -> None:
    """A changelog record that the broker refuses stops the worker; its event is not committed."""
    apache_stage.topics(partitions=1, changelog_bytes=1000)
    apache_stage.feed("reports", ["one", "two"], 1)
    for _ in range(2):
        worker = apache_stage.start("unsendable", style=style)
        assert worker.process.wait(20) != 0
        assert worker.events() == ["one"]
