"""A day of deliveries to one receiver in a second: pauses, order, limits, restarts, and a clock that is set back."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise

import pytest
import virtual_time
from faust.types import TP
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from test_courier import DOWN, Writes, notice
from virtual_time import VirtualLoop

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Answer
from streams.core.alerting.next_delivery import Digest
from streams.core.alerting.subscriptions import Subscription
from streams.core.election.model import Receiver, Severity
from streams.core.events.codec import encode
from streams.worker import courier
from streams.worker.courier import AT_ONCE, Courier
from streams.worker.delivery_table import DeliveryTable
from streams.worker.faust_patches import Place

GOOD, SILENT, ILL = Answer(204, ""), Answer(None, "no answer in 15 s"), Answer(500, "500")
HOUR = 3600.0


class Desk:
    """A receiver in virtual time, the table, and the courier that stands before it. `answer` is asked at the end of
    each POST, which takes `seconds`."""

    def __init__(
        self, loop: VirtualLoop, answer: Callable[[str], Answer] = lambda _: GOOD, seconds: float = 0.1
    ) -> None:
        self.loop, self.answer, self.seconds = loop, answer, seconds
        self.writes, self.warned, self.counts = Writes(), list[str](), Counter[tuple[str, str]]()
        self.seen: list[tuple[float, str]] = []
        """When each POST began, in seconds, and what."""
        self.taken: list[str] = []
        self.digests: list[Digest] = []
        self.under_way, self.most = set[str](), 0
        self.open()

    def open(self, receiver: Receiver = DOWN) -> None:
        """A worker takes over with what has been written until now."""
        found = Writes()
        found.update(self.writes.after(len(self.writes.log)))
        table = DeliveryTable(found, self.writes, Place(TP("alerts", 0), 1))  # type: ignore[arg-type]
        self.courier = Courier(
            receiver, Subscription(receiver, {}), self, table, self.counts, self.warned.append, self.loop.now
        )
        self.running = self.loop.create_task(self.courier.run())

    async def post(self, notice: Notice) -> Answer:
        assert notice.fingerprint not in self.under_way, "two of one fingerprint at a time"
        self.seen.append((self.loop.time(), notice.id))
        self.under_way.add(notice.fingerprint)
        self.most = max(self.most, len(self.under_way))
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.under_way.remove(notice.fingerprint)
        if (answer := self.answer(notice.id)).good:
            self.taken.append(notice.id)
        return answer

    async def post_digest(self, digest: Digest) -> Answer:
        self.seen.append((self.loop.time(), digest.id))
        await asyncio.sleep(self.seconds)
        if (answer := self.answer(digest.id)).good:
            self.digests.append(digest)
            self.taken += [notice.id for notice in digest.notices]
        return answer

    def take(self, *told: tuple[str, int], severities: Mapping[str, Severity] = {}) -> None:
        for fingerprint, word in told:
            severity = severities.get(fingerprint, "warning")
            known = structs.replace(notice(f"f:{fingerprint}:x", word), severity=severity)
            self.courier.take(known, encode(known))

    async def stop(self) -> None:
        """As when partitions are given up: what is under way gets its grace."""
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    async def idle(self, step: float = 1) -> None:
        """Until nothing is due, looking after so many seconds each time."""
        while self.courier.due:  # noqa: ASYNC110 - virtual seconds
            await asyncio.sleep(step)


def test_a_day() -> None:
    """A receiver that fails is tried for exactly 24 hours, after pauses that double up to ten minutes; then the notice
    is given up with a word, and the next one of its fingerprint gets its attempt."""
    desk = Desk(VirtualLoop(), lambda _: ILL)

    async def day() -> None:
        desk.take(("A", 1))
        await asyncio.sleep(1)
        desk.take(("A", 2))
        await desk.idle()
        await desk.stop()

    virtual_time.run(day(), desk.loop)
    first = [at for at, id in desk.seen if id.endswith(":1")]
    pauses = [after - before - desk.seconds for before, after in pairwise(first)]
    longest = [min(2.0**n, 600.0) for n in range(len(pauses))]
    assert all(most / 2 - 0.01 <= pause <= most + 0.01 for pause, most in zip(pauses[:-1], longest, strict=False))
    assert first[-1] == pytest.approx(24 * HOUR, abs=0.01)
    assert [id for _, id in desk.seen[len(first) :]] == ["f:A:x:1:2"] * (len(desk.seen) - len(first)) != []
    assert desk.warned[0] == "takes no alerts (500): they are tried again for a day"
    assert desk.warned[1:] == [f"f:A:x:1:{word} is given up after a day (500)" for word in (1, 2)]
    assert (desk.courier.state.given_up, desk.counts["desk", "given-up"]) == (2, 2)
    assert desk.counts["desk", "failed"] == desk.courier.state.failed == len(desk.seen)


def test_pauses_go_on_with_the_next_worker() -> None:
    """After a stop a failing receiver is not asked more often than before, and its day ends when it would have."""
    desk = Desk(VirtualLoop(), lambda _: ILL)

    async def day() -> None:
        desk.take(("A", 1))
        await asyncio.sleep(2 * HOUR)
        await desk.stop()
        before = len(desk.seen)
        desk.open()
        await asyncio.sleep(HOUR)
        assert 5 <= len(desk.seen) - before <= 13  # every 5 to 10 minutes, as it was
        await desk.idle()
        assert desk.seen[-1][0] == pytest.approx(24 * HOUR, abs=0.01)
        await desk.stop()

    virtual_time.run(day(), desk.loop)


def test_the_backlog_goes_in_the_order_it_came() -> None:
    """Once a silent receiver answers, all that waits follows at once, the oldest first, a few at a time."""
    loop = VirtualLoop()
    desk = Desk(loop, lambda _: GOOD if loop.time() > 2 * HOUR else SILENT)

    async def night() -> None:
        for number in range(20):
            desk.take((f"{(7 * number) % 20:02}", 1))
            await asyncio.sleep(1)
        await asyncio.sleep(2 * HOUR - loop.time())
        await desk.idle()
        await desk.stop()

    virtual_time.run(night(), loop)
    ids = [f"f:{(7 * number) % 20:02}:x:1:1" for number in range(20)]
    answered = next(at for at, id in desk.seen if at + desk.seconds > 2 * HOUR) + desk.seconds
    followed = [id for at, id in desk.seen if at >= answered]
    assert followed == [id for id in ids if id in followed]
    assert len(followed) > len(ids) - AT_ONCE
    assert loop.time() < 2 * HOUR + 610
    assert desk.most == AT_ONCE
    assert desk.warned == ["takes no alerts (no answer in 15 s): they are tried again for a day", "takes alerts again"]


def test_what_is_under_way_is_not_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many are due, the alert with the most that still wait loses its oldest; a POST under way is none."""
    monkeypatch.setattr(courier, "BACKLOG", 5)
    desk = Desk(VirtualLoop(), seconds=10)

    async def night() -> None:
        desk.take(("A", 1))
        await asyncio.sleep(0.01)
        assert desk.under_way == {"f:A:x"}
        desk.take(("A", 2), ("A", 3), ("B", 1), ("B", 2), ("B", 3))
        await desk.idle()
        await desk.stop()

    virtual_time.run(night(), desk.loop)
    assert desk.warned == ["f:B:x:1:1 is given up: too many are due, and newer ones say more"]
    assert sorted(desk.taken) == [f"f:{name}:x:1:{word}" for name, word in ("A1", "A2", "A3", "B2", "B3")]


def test_what_is_under_way_at_a_stop() -> None:
    """A POST has two seconds to end in. In time, it is delivered and not repeated; too late, it is cut off and made
    again under its id by the next worker."""
    for seconds, times in ((1.5, 1), (2.5, 2)):
        desk = Desk(VirtualLoop(), seconds=seconds)

        async def stop(desk: Desk = desk, times: int = times) -> None:
            desk.take(("A", 1))
            await asyncio.sleep(0)
            await asyncio.sleep(0.01)
            began = desk.loop.time()
            await desk.stop()
            assert desk.loop.time() - began <= 2
            assert not desk.under_way
            desk.open()
            await desk.idle()
            await asyncio.sleep(60)
            assert [id for _, id in desk.seen] == ["f:A:x:1:1"] * times
            await desk.stop()

        virtual_time.run(stop(), desk.loop)


def test_a_receiver_that_wants_no_more() -> None:
    """After 410 nothing is sent, also by the next worker and whatever comes; at another address it is sent what comes
    from then on, and what it missed is counted."""
    desk = Desk(VirtualLoop(), lambda _: Answer(410, "410 Gone"))

    async def gone() -> None:
        desk.take(("A", 1), ("A", 2))
        await asyncio.sleep(1)
        desk.answer = lambda _: GOOD
        desk.take(("A", 3))
        await desk.stop()
        desk.open()
        desk.take(("A", 1), ("A", 3), ("A", 4))
        await asyncio.sleep(HOUR)
        assert [id for _, id in desk.seen] == ["f:A:x:1:1"]
        assert desk.warned == ["wants no more (410 Gone), and gets none until `cotejo webhook enable`"]
        assert (desk.courier.due, desk.courier.state.missed, desk.counts["desk", "missed"]) == (0, 4, 4)
        await desk.stop()
        desk.open(replace(DOWN, url=DOWN.url + "moved"))
        desk.take(("A", 4), ("A", 5))
        await desk.idle()
        assert desk.taken == ["f:A:x:1:5"]
        await desk.stop()

    virtual_time.run(gone(), desk.loop)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_clock_that_is_set_back(restarted: bool) -> None:
    """By ten hours, while a receiver has asked for half an hour: nothing waits for longer than a receiver may ask."""
    loop = VirtualLoop()
    desk = Desk(loop)
    desk.answer = lambda _: Answer(429, "429", loop.now() + 1_800_000) if len(desk.seen) == 1 else GOOD

    async def night() -> None:
        desk.take(("A", 1))
        await asyncio.sleep(1)
        loop.set_back = 10 * 3_600_000
        if restarted:
            await desk.stop()
            desk.open()
        desk.take(("B", 1))
        await desk.idle()
        assert len(desk.seen) == 3
        assert max(at for at, _ in desk.seen) <= HOUR + 2
        await desk.stop()

    virtual_time.run(night(), loop)


def test_whoever_says_when_is_left_alone() -> None:
    """A Retry-After holds for all that is due at the receiver, also for what comes later and from the next worker, and
    not a second longer."""
    loop = VirtualLoop()
    desk = Desk(loop)
    desk.answer = lambda _: Answer(503, "503", loop.now() + 90_000) if len(desk.seen) == 1 else GOOD

    async def night() -> None:
        desk.take(("A", 1))
        await asyncio.sleep(1)
        desk.take(("B", 1))
        await asyncio.sleep(30)
        await desk.stop()
        desk.open()
        desk.take(("C", 1))
        await desk.idle()
        assert sorted(round(at, 1) for at, _ in desk.seen) == [0.0, 90.1, 90.1, 90.1]
        await desk.stop()

    virtual_time.run(night(), loop)


HOURLY = replace(DOWN, digest=60)
NIGHTLY = replace(DOWN, quiet_hours="22:00-07:00", time_zone="America/Caracas")
SHORT = replace(NIGHTLY, quiet_hours="22:00-00:05")


def test_quiet_hours() -> None:
    """What comes in quiet hours is sent at their end, in its order, also by the next worker; a critical alert passes if
    told so, and takes along what came before it."""
    for receiver, expected in (
        (NIGHTLY, {"A:1": 7 * HOUR, "A:2": 7 * HOUR, "B:1": 7 * HOUR}),
        (replace(NIGHTLY, critical_passes=True), {"A:1": 600, "A:2": 600, "B:1": 7 * HOUR}),
    ):
        desk = Desk(VirtualLoop())  # it is midnight in Caracas

        async def night(desk: Desk = desk, receiver: Receiver = receiver) -> None:
            await desk.stop()
            desk.open(receiver)
            desk.take(("A", 1))
            await asyncio.sleep(600)
            desk.take(("B", 1), ("A", 2), severities={"A": "critical"})
            await asyncio.sleep(HOUR)
            await desk.stop()
            desk.open(receiver)
            await desk.idle(60)
            await desk.stop()

        virtual_time.run(night(), desk.loop)
        came = {id.removeprefix("f:").replace(":x:1", ""): at for at, id in desk.seen}
        assert came == pytest.approx(expected, abs=1)
        assert desk.taken.index("f:A:x:1:1") < desk.taken.index("f:A:x:1:2")
        assert desk.warned == []


def test_a_wait_that_ends_in_quiet_hours() -> None:
    """A receiver that asks for half an hour just before its quiet hours is left alone until they end."""
    loop = VirtualLoop()
    desk = Desk(loop)
    desk.answer = lambda _: Answer(429, "429", loop.now() + 1_800_000) if len(desk.seen) == 1 else GOOD

    async def night() -> None:
        await desk.stop()
        desk.open(replace(NIGHTLY, quiet_hours="00:20-07:00"))
        desk.take(("A", 1))
        await asyncio.sleep(60)
        desk.take(("B", 1))
        await desk.idle(60)
        await desk.stop()

    virtual_time.run(night(), loop)
    assert [round(at / HOUR, 2) for at, _ in desk.seen] == [0, 7, 7]


def test_digests() -> None:
    """One message an interval with everything in it, in order; nothing without news. A digest that fails is repeated
    as it was, under its id, also by the next worker, and what came meanwhile is in the one after it."""
    desk = Desk(VirtualLoop())

    async def day() -> None:
        await desk.stop()
        desk.open(HOURLY)
        await asyncio.sleep(2 * HOUR + 1)  # nothing happens
        for told in (("A", 1), ("B", 1), ("A", 2)):
            desk.take(told)
            await asyncio.sleep(1)
        desk.answer = lambda _: ILL
        await asyncio.sleep(HOUR)
        desk.take(("A", 3))
        await asyncio.sleep(600)
        await desk.stop()
        desk.open(HOURLY)
        await asyncio.sleep(600)
        desk.answer = lambda _: GOOD
        await desk.idle()
        await asyncio.sleep(HOUR)
        await desk.stop()

    virtual_time.run(day(), desk.loop)
    assert desk.taken == [f"f:{name}:x:1:{word}" for name, word in (("A", 1), ("B", 1), ("A", 2), ("A", 3))]
    assert [len(digest.notices) for digest in desk.digests] == [3, 1]
    assert [digest.at % 3_600_000 for digest in desk.digests] == [0, 0]
    ids = [id for _, id in desk.seen]
    assert len(ids) > 5
    assert ids == sorted(ids, key=ids.index) == [desk.digests[0].id] * (len(ids) - 1) + [desk.digests[1].id]
    assert (desk.courier.state.delivered, desk.counts["desk", "delivered"]) == (4, 4)
    assert desk.warned == ["takes no alerts (500): they are tried again for a day", "takes alerts again"]


def test_a_digest_that_nobody_wants() -> None:
    """After 410 all that was due is missed, what is in the digest included; a day of failures gives up each notice of a
    digest with a word."""
    desk = Desk(VirtualLoop(), lambda _: Answer(410, "410 Gone"))

    async def day() -> None:
        await desk.stop()
        desk.open(HOURLY)
        desk.take(("A", 1), ("B", 1))
        await desk.idle(60)
        assert (desk.courier.state.missed, desk.counts["desk", "missed"]) == (2, 2)
        desk.courier.enable()
        desk.answer = lambda _: ILL
        desk.take(("A", 2), ("B", 2))
        await desk.idle(60)
        await desk.stop()

    virtual_time.run(day(), desk.loop)
    assert (desk.courier.state.given_up, desk.counts["desk", "given-up"]) == (2, 2)
    assert desk.warned[-2:] == [f"f:{name}:x:1:2 is given up after a day (500)" for name in "AB"]


ANSWERS = st.sampled_from([GOOD, GOOD, SILENT, ILL, Answer(429, "429", 0), Answer(404, "404")])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ABCDEF"), st.floats(0, 30)), min_size=1, max_size=25),
    st.lists(ANSWERS, max_size=40),
    st.lists(st.floats(0, 200), max_size=4),
    st.floats(0, 5),
    st.sampled_from([DOWN, replace(DOWN, digest=1), SHORT, replace(SHORT, digest=1, critical_passes=True)]),
)
def test_nothing_is_lost_or_overtaken(
    notices: list[tuple[str, float]], answers: list[Answer], stops: list[float], seconds: float, receiver: Receiver
) -> None:
    """Whatever a receiver answers and whenever workers change: each notice arrives, those of one fingerprint in their
    order, and only one that was cut off arrives twice."""
    left = list(answers)
    desk = Desk(VirtualLoop(), lambda _: left.pop() if left else GOOD, seconds)

    async def change() -> None:
        for stop in stops:
            await asyncio.sleep(stop)
            await desk.stop()
            desk.open(receiver)

    async def night() -> None:
        await desk.stop()
        desk.open(receiver)
        words = Counter[str]()
        changing = asyncio.ensure_future(change())
        for fingerprint, pause in notices:
            words[fingerprint] += 1
            grave: Severity = "critical" if len(words) % 2 else "warning"
            desk.take((fingerprint, words[fingerprint]), severities={fingerprint: grave})
            await asyncio.sleep(pause)
        await changing
        await desk.idle(5)
        await desk.stop()

    virtual_time.run(night(), desk.loop)
    assert desk.most <= AT_ONCE
    came = list(dict.fromkeys(desk.taken))
    for fingerprint in {fingerprint for fingerprint, _ in notices}:
        count = sum(name == fingerprint for name, _ in notices)
        assert [id for id in came if id.startswith(f"f:{fingerprint}:")] == [
            f"f:{fingerprint}:x:1:{word}" for word in range(1, count + 1)
        ]
    assert len(desk.taken) == len(came) or seconds > 2
    assert not any(
        value for key, value in desk.writes.after(len(desk.writes.log)).items() if key.startswith(b'["notice')
    )
