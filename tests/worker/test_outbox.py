"""What is acked is saved, what is saved has been told, and nothing follows on a send that failed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from builders import election
from faust.types import TP
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.events.formats import COMPARISON
from streams.core.reconciliation.ledger_journal import Journal, decode
from streams.kafka.atomic_state import Saves
from streams.worker.clock import SYSTEM
from streams.worker.faust_patches import Ownership, Place, SendFailed
from streams.worker.faust_patches.sends import sending
from streams.worker.outbox import SLICE, Outbox, Record, SealedOutbox, stopwatch

Sent = tuple[str, bytes, bytes | None]
"""Topic, key, value."""


class Kafka:
    """A broker that confirms or refuses a send when it is told to, and the app and the table before it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[asyncio.Future[None], Sent]] = []
        """What was sent, and neither confirmed nor refused."""
        self.stands: list[Sent] = []
        """What was confirmed, in that order."""
        self.refused = set[str]()
        """The topics of what was refused."""
        self.most_bytes = 0
        """That ever waited at a time."""
        self.round_trips = 0
        """How often something was sent when nothing waited."""
        self.clock = SYSTEM
        self.group_generation, self.counted_anew = 1, False
        self.gone = False
        self.ownership = Ownership(math.inf)
        self.ownership.settle()

    def confirm_all(self) -> None:
        """Leave nobody waiting: a test that fails would hang while it ends its tasks."""
        self.gone = True
        while self.waiting:
            self.confirm(0)

    async def send(self, topic: str, key: bytes, value: bytes | None, *_: Any) -> asyncio.Future[None]:
        assert topic != "effects" or topic not in self.refused, "what was to be told before this has failed"
        self.round_trips += not self.waiting
        self.waiting.append((asyncio.get_running_loop().create_future(), (topic, key, value)))
        self.most_bytes = max(self.most_bytes, sum(len(value or b"") for _, (_, _, value) in self.waiting))
        future = self.waiting[-1][0]
        if self.gone:
            self.confirm_all()
        return future

    async def put(self, _: Any, key: bytes, value: bytes | None) -> asyncio.Future[None]:
        return await self.send("table", key, value)

    def items(self) -> list[tuple[bytes, bytes]]:
        return []

    def doubt(self) -> None:
        self.ownership.doubt()

    def new_writer(self) -> str:
        return "writer"

    async def maybe_start_producer(self) -> Kafka:
        return self

    def sends(self) -> Any:
        return sending(self.ownership, self.maybe_start_producer)

    def confirm(self, place: int) -> None:
        """Confirm one of those that wait, whichever: they may lie in several partitions."""
        if self.waiting:
            future, sent = self.waiting.pop(place % len(self.waiting))
            self.stands.append(sent)
            future.set_result(None)

    def refuse(self, place: int) -> None:
        """Let one of those that wait fail."""
        if self.waiting:
            future, (topic, _, _) = self.waiting.pop(place % len(self.waiting))
            self.refused.add(topic)
            future.set_exception(RuntimeError("the broker refused it"))

    async def settle(self, doing: Coroutine[Any, Any, Any]) -> Any:
        """What this comes to where everything is confirmed as it is sent."""
        task = asyncio.ensure_future(doing)
        while not task.done():
            self.confirm(0)
            await asyncio.sleep(0)
        return await task

    def table(self, also: set[int]) -> dict[bytes, bytes]:
        """The compacted table as the next worker finds it, if these of what waits have arrived and the rest has not."""
        sent = [*self.stands, *(one for place, (_, one) in enumerate(self.waiting) if place in also)]
        found = {key: value for topic, key, value in sent if topic == "table"}
        return {key: value for key, value in found.items() if value is not None}

    def told(self) -> set[bytes]:
        return {key for topic, key, _ in self.stands if topic == "effects"}


class Stage:
    """Each event is told in a record, and changes the state: `at` is the newest event, `k0` to `k2` the newest of
    those that leave such a remainder."""

    def __init__(self, sealed: bool) -> None:
        self.kafka = Kafka()
        broker: Any = self.kafka
        self._place = Place(TP("events", 0), 1)
        timer = stopwatch().labels("test")
        self.outbox = SealedOutbox(broker, broker, timer) if sealed else Outbox(broker, broker, timer, self._put_off)
        if isinstance(self.outbox, SealedOutbox):
            asyncio.run(self.kafka.settle(self.outbox.begin(COMPARISON, self._place)))
            self.kafka.stands.clear()
            self.kafka.round_trips = self.kafka.most_bytes = 0
        self._entries: list[bytes] = []
        self.acked: list[int] = []
        self.count = 0

    def _put_off(self) -> Any:
        taken, self._entries = self._entries, []
        return ((entry, (self._place, b"")) for entry in taken)

    def arrive(self) -> None:
        number, self.count = self.count, self.count + 1
        event: Any = SimpleNamespace(ack=lambda: self._ack(number))
        self.outbox.hold(event)
        topic = SimpleNamespace(get_topic_name=lambda: "effects")
        self.outbox.send(Record(topic, b"%d" % number, b""))
        self.outbox.send_soon()
        if isinstance(self.outbox, SealedOutbox):
            self.outbox.write(self._place, b"k%d" % (number % 3), b"%d" % number)
            self.outbox.write(self._place, b"at", lambda: b"%d" % number)
        else:
            self._entries.append(b"entry %d" % number)
        self.outbox.stamp(number)

    def _ack(self, number: int) -> None:
        self.acked.append(number)

    async def settle(self, wanted: Awaitable[Any]) -> None:
        """Wait for this while the broker confirms one send after another."""
        waiting = asyncio.ensure_future(wanted)
        for _ in range(5000):
            if waiting.done():
                await waiting
                return
            self.kafka.confirm(0)
            await asyncio.sleep(0)
        raise AssertionError("it waits for ever")

    def crash(self, also: set[int]) -> None:
        """What the next worker finds is whole: the state after some event, all of whose effects were told, and nothing
        that was acked is missing."""
        told, last = self.kafka.told(), max(self.acked, default=-1)
        assert self.acked == list(range(last + 1))
        assert (self.outbox.confirmed or 0) <= max(last, 0)
        if isinstance(self.outbox, SealedOutbox):
            state = Saves(self.kafka.table(also).items()).state
            at = state.get("at", -1)
            assert at >= last
            assert state == {"at": at, **{f"k{n % 3}": n for n in range(at + 1)}} if at >= 0 else state == {}
            saved = set(range(at + 1))
        else:
            saved = {int(key.split()[1]) for key in self.kafka.table(also)}
            assert saved >= set(self.acked)
        assert {b"%d" % number for number in saved} <= told, "state is there, and what follows from it is not"


STEPS = st.lists(
    st.one_of(
        st.just(("arrive", 0)),
        st.just(("flush", 0)),
        st.tuples(st.sampled_from(["confirm", "turns"]), st.integers(0, 9)),
        st.tuples(st.just("crash"), st.integers(0, 2**6 - 1)),
    ),
    max_size=60,
)


async def _run(
    stage: Stage, steps: list[tuple[str, int]], end: Callable[[list[asyncio.Future[None]]], Awaitable[None]]
) -> None:
    try:
        await _run_steps(stage, steps, end)
    finally:
        stage.kafka.confirm_all()


async def _run_steps(
    stage: Stage, steps: list[tuple[str, int]], end: Callable[[list[asyncio.Future[None]]], Awaitable[None]]
) -> None:
    flushes: list[asyncio.Future[None]] = []

    async def hurry() -> None:
        while True:
            await stage.outbox.send_when_wanted()

    hurrying = asyncio.ensure_future(hurry())
    for step, number in steps:
        match step:
            case "arrive":
                stage.arrive()
            case "confirm":
                stage.kafka.confirm(number)
            case "refuse":
                stage.kafka.refuse(number)
            case "crash":
                stage.crash({place for place in range(6) if number >> place & 1})
            case "flush":
                flushes.append(asyncio.ensure_future(stage.outbox.flush()))
        for _ in range(number if step == "turns" else 1):
            await asyncio.sleep(0)
        stage.crash(set())
    await end(flushes)
    hurrying.cancel()
    await stage.settle(asyncio.wait([hurrying]))
    assert hurrying.cancelled() or isinstance(hurrying.exception(), SendFailed)
    stage.crash(set())


@pytest.mark.parametrize("sealed", [False, True], ids=["put off", "sealed"])
@settings(max_examples=200)
@given(steps=STEPS)
def test_what_is_acked_is_saved_and_told(sealed: bool, steps: list[tuple[str, int]]) -> None:
    """In whatever order the broker confirms, and whenever the worker dies; at the end everything is acked, in order."""
    stage = Stage(sealed)

    async def end(flushes: list[asyncio.Future[None]]) -> None:
        flushes.append(asyncio.ensure_future(stage.outbox.flush()))
        await stage.settle(asyncio.gather(*flushes))
        assert stage.acked == list(range(stage.count))
        assert stage.outbox.confirmed == (stage.count - 1 if stage.count else None)

    asyncio.run(_run(stage, steps, end))


@pytest.mark.parametrize("sealed", [False, True], ids=["put off", "sealed"])
@settings(max_examples=200)
@given(steps=STEPS, before=st.integers(0, 8), place=st.integers(0, 9), after=STEPS)
def test_nothing_follows_on_a_send_that_failed(
    sealed: bool, steps: list[tuple[str, int]], before: int, place: int, after: list[tuple[str, int]]
) -> None:
    """Whichever send the broker refuses: nothing more is sent, nothing more is acked, and every later flush says so."""
    stage = Stage(sealed)

    async def end(flushes: list[asyncio.Future[None]]) -> None:
        flushes.append(asyncio.ensure_future(stage.outbox.flush()))
        await stage.settle(asyncio.wait(flushes))
        failed = [error for flush in flushes if (error := flush.exception()) is not None]
        assert all(isinstance(error, SendFailed) for error in failed), failed
        if not stage.kafka.refused:
            return  # nothing was under way
        assert isinstance(flushes[-1].exception(), SendFailed)
        sent = list(stage.kafka.waiting)
        stage.arrive()
        with pytest.raises(SendFailed):
            await stage.outbox.flush()
        for _ in range(5):
            await asyncio.sleep(0)
        assert stage.kafka.waiting == sent

    script = [*steps, ("arrive", 0), ("flush", 0), ("turns", 2), *[("confirm", 0)] * before, ("refuse", place), *after]
    asyncio.run(_run(stage, script, end))


@pytest.mark.parametrize("sealed", [False, True], ids=["put off", "sealed"])
@settings(max_examples=100)
@given(steps=STEPS, before=st.integers(0, 8), after=STEPS)
def test_nothing_follows_where_partitions_are_given_up(
    sealed: bool, steps: list[tuple[str, int]], before: int, after: list[tuple[str, int]]
) -> None:
    """Whichever send is left because its partitions change hands: nothing more is sent and nothing more is acked until
    the outbox begins anew, and no flush calls that a fault."""
    stage = Stage(sealed)

    async def end(flushes: list[asyncio.Future[None]]) -> None:
        kafka = stage.kafka
        await kafka.ownership.release(0, flush=False)
        kafka.ownership.settle()
        if kafka.waiting:
            acked, sent = list(stage.acked), len(kafka.stands) + len(kafka.waiting)
            stage.arrive()
            flushes.append(asyncio.ensure_future(stage.outbox.flush()))
            await stage.settle(asyncio.gather(*flushes))
            assert stage.acked == acked
            assert len(kafka.stands) + len(kafka.waiting) == sent

    script = [*steps, ("arrive", 0), ("flush", 0), ("turns", 2), *[("confirm", 0)] * before, *after]
    asyncio.run(_run(stage, script, end))


def test_few_bytes_wait_at_a_time() -> None:
    """A large state leaves in slices, each confirmed before the next: another stage's records need not wait for it."""
    stage, size = Stage(True), SLICE // 4

    async def run() -> None:
        for key in range(20):
            stage.outbox.write(Place(TP("events", 0), 1), b"%d" % key, b'"%s"' % (b"x" * size))
        flush = asyncio.ensure_future(stage.outbox.flush())
        while not flush.done():
            for _ in range(100):
                await asyncio.sleep(0)
            stage.kafka.confirm(0)
        await flush

    asyncio.run(asyncio.wait_for(run(), 60))
    assert len(Saves(stage.kafka.table(set()).items()).state) == 20
    assert SLICE < stage.kafka.most_bytes < SLICE + 2 * size
    assert stage.kafka.round_trips <= 20 // 4 + 1  # and not one for each write


@pytest.mark.parametrize("what", ["event", "record", "write"])
@pytest.mark.parametrize(("every", "soon", "flushed"), [(math.inf, False, 0), (math.inf, True, 1), (0.0, False, 1)])
def test_when_it_flushes(what: str, every: float, soon: bool, flushed: int) -> None:
    """Whatever is held leaves when a flush is due, or at the next look if somebody waits for it; not before, and the
    look after that one finds nothing to do."""
    kafka: Any = Kafka()
    timer = stopwatch()
    outbox = Outbox(kafka, kafka, timer.labels("test"), every=every)

    async def look() -> None:
        await outbox.flush_if_due()
        match what:
            case "event":
                outbox.hold(SimpleNamespace(ack=lambda: None))  # type: ignore[arg-type]
            case "record":
                outbox.send(Record(SimpleNamespace(get_topic_name=lambda: "effects"), b"", b""))
            case "write":
                outbox.write(Place(TP("events", 0), 1), b"", b"")
        if soon:
            outbox.flush_soon()
        for _ in range(2):
            looking = asyncio.ensure_future(outbox.flush_if_due())
            while not looking.done():
                kafka.confirm(0)
                await asyncio.sleep(0)
            await looking

    asyncio.run(look())
    flushes = [
        sample.value for metric in timer.collect() for sample in metric.samples if sample.name.endswith("_count")
    ]
    assert flushes == [flushed]


def test_a_worker_that_takes_over_knows_how_far_all_was_confirmed() -> None:
    """What it says before its first flush is what the former worker had come to, and that flush confirms its own."""
    stage = Stage(False)
    stage.outbox.resume(7000)
    assert stage.outbox.confirmed == 7000
    stage.outbox.stamp(9000)
    assert stage.outbox.confirmed == 7000
    stage.outbox.clear()  # the partitions go to another worker: what was stamped will never be confirmed here
    asyncio.run(stage.outbox.flush())
    assert stage.outbox.confirmed == 7000
    stage.outbox.stamp(9000)
    asyncio.run(stage.outbox.flush())
    assert stage.outbox.confirmed == 9000


def test_a_key_that_is_written_twice_goes_where_it_was_last_written() -> None:
    """The last value of a key leaves, in the order of the last writes: a text is deleted behind the chain that
    needed it."""
    stage = Stage(True)
    place = Place(TP("events", 0), 1)

    async def run() -> None:
        for key, value in ((b"text", b"1"), (b"chain", b"1"), (b"text", None)):
            stage.outbox.write(place, key, value)
        await stage.settle(stage.outbox.flush())

    asyncio.run(asyncio.wait_for(run(), 60))
    sent = [(key.partition(b"/")[2], orjson.loads(value or b"{}").get("value")) for _, key, value in stage.kafka.stands]
    assert sent == [(b"chain", 1), (b"text", None), (b"seal", None)]


@given(st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=5))
def test_a_journal_hands_over_what_waits_at_that_moment(turns: list[list[int]]) -> None:
    """Also where it is read later, when more has come."""
    layout = election(tables=5).layout
    ids, journal = layout.tables, Journal(layout, ["A"])
    taken = []
    for tables in turns:
        for table in tables:
            journal.readings.add(table, b"\x00", None)
        taken.append(journal.take())
    found = [[table for record in records for table in decode(record).ids()] for records in taken]
    assert found == [[ids[table] for table in tables] for tables in turns]


@pytest.mark.parametrize(("generation", "sends_at_once"), [(4, False), (5, False), (6, True)])
def test_who_finds_a_later_generation_asks_first(generation: int, sends_at_once: bool) -> None:
    """A worker whose state another has saved since sends nothing before the coordinator has confirmed it again."""
    kafka: Any = Kafka()
    other = Saves(generation=5)
    other.put("a", 1)
    kafka.items = lambda: [(write.key, write.value) for write in other.step()]
    kafka.group_generation = generation
    outbox = SealedOutbox(kafka, kafka, stopwatch().labels("test"))
    place = Place(TP("events", 0), 1)

    async def run() -> None:
        await kafka.settle(outbox.begin(COMPARISON, place))
        outbox.write(place, b"a", b"2")
        flush = asyncio.ensure_future(outbox.flush())
        for _ in range(10):
            await asyncio.sleep(0)
        assert bool(kafka.waiting) is sends_at_once
        kafka.ownership.note_heartbeat(math.inf)
        while not flush.done():
            kafka.confirm(0)
            await asyncio.sleep(0)
        await flush
        assert kafka.stands

    asyncio.run(asyncio.wait_for(run(), 60))


def test_state_is_claimed_before_it_is_given_out() -> None:
    """Who takes a table over does nothing with it before the broker has confirmed its claim; whoever loads the table
    then has a higher epoch. A claim that fails ends the worker."""
    kafka: Any = Kafka()
    outbox, place = SealedOutbox(kafka, kafka, stopwatch().labels("test")), Place(TP("events", 0), 1)

    async def run(answer: Callable[[int], None]) -> None:
        begun = asyncio.ensure_future(outbox.begin(COMPARISON, place))
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(kafka.waiting) == 1
        assert not begun.done()
        answer(0)
        await begun

    asyncio.run(asyncio.wait_for(run(kafka.confirm), 60))
    (claim,) = Saves(kafka.table(set()).items(), generation=2).step()
    assert claim.key.startswith(b"2.2.")
    with pytest.raises(SendFailed, match="the broker refused it"):
        asyncio.run(asyncio.wait_for(run(kafka.refuse), 60))


def test_only_what_a_flush_needs_is_encoded() -> None:
    """Of what is written several times before a flush, the last is encoded, once, as it is then."""
    kafka: Any = Kafka()
    outbox, place, encoded = Outbox(kafka, kafka, stopwatch().labels("test")), Place(TP("events", 0), 1), list[int]()

    def encode(number: int) -> bytes:
        encoded.append(number)
        return b"%d" % number

    async def run() -> None:
        for number in range(3):
            outbox.write(place, b"a", partial(encode, number))
        assert not encoded
        flush = asyncio.ensure_future(outbox.flush())
        while not flush.done():
            kafka.confirm(0)
            await asyncio.sleep(0)
        await flush

    asyncio.run(asyncio.wait_for(run(), 60))
    assert encoded == [2]
    assert kafka.stands == [("table", b"a", b"2")]
