"""Delivers notices to one receiver: a few at a time, and the notices of each alert in their order.

Each receiver has a courier of its own, so a dead receiver delays nobody else. The decisions are made in
`core.alerting`. Every change goes through the `Backlog` to the changelog, so that another worker can go on from there.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from itertools import count
from typing import Final, Protocol

from streams.core.alerting import next_delivery
from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_hours import Timetable
from streams.core.alerting.delivery_policy import (
    BACKLOG,
    LONGEST_CHAIN,
    Answer,
    Chain,
    Delivery,
    Reason,
    ReceiverState,
    judge,
    resume,
)
from streams.core.alerting.next_delivery import Digest, Parcel
from streams.core.alerting.subscriptions import Subscription
from streams.core.election.model import Receiver
from streams.delivery.http_post import address_mark
from streams.time_zones import time_zone
from streams.worker import fault_points
from streams.worker.clock import SYSTEM
from streams.worker.delivery_table import DeliveryTable
from streams.worker.fault_points import Point
from streams.worker.receiver_backlog import Backlog

OUTCOMES: Final = ("delivered", "failed", "given-up", "missed")
"""Of a delivery; what failed is an attempt, and another follows."""
AT_ONCE: Final = 4
"""POSTs to one receiver at the same time, at most."""
GRACE: Final = 2.0
"""Seconds that a POST under way has to end in before the worker gives its place up. What is cut off is sent again,
under the same id."""


class Posts(Protocol):
    """POSTs to one receiver. Every failure is returned as an `Answer`, none is raised."""

    async def post(self, notice: Notice) -> Answer:
        """Send a notice once."""

    async def post_digest(self, digest: Digest) -> Answer:
        """Send a digest once."""


class Courier:
    """Delivers to one receiver while `run` runs. `subscription` chooses the notices. `counts` counts by receiver and
    outcome (`OUTCOMES`). `warn` is told when the receiver's state changes. `now` is the wall clock (ms)."""

    def __init__(
        self,
        receiver: Receiver,
        subscription: Subscription,
        poster: Posts,
        table: DeliveryTable,
        counts: Counter[tuple[str, str]],
        warn: Callable[[str], None],
        now: Callable[[], int] = SYSTEM.now,
    ) -> None:
        self.receiver, self._subscription, self._poster, self._table = receiver, subscription, poster, table
        self._counts, self._warn, self._now = counts, warn, now
        for outcome in OUTCOMES:
            counts[receiver.name, outcome] += 0  # a rate can only be taken of what has begun at 0
        self._backlog = Backlog(receiver.name, table)
        self._timetable = Timetable.of(receiver, time_zone(receiver.time_zone))
        self.state = table.saved.receivers.get(receiver.name, ReceiverState())
        self._mark = address_mark(receiver)
        self._running: dict[str, asyncio.Task[None]] = {}
        """By queue: an alert's fingerprint, or `next_delivery.DIGEST` for all of them."""
        self._queue: list[tuple[int, int, str]] = []
        self._turns = count()
        self._news = asyncio.Event()
        self._looked_at = 0
        if self.state.gone not in (None, self._mark):
            self.enable()
        self._schedule()

    @property
    def due(self) -> int:
        """How many notices are due and not delivered."""
        return self._backlog.due

    def take(self, notice: Notice, content: bytes) -> None:
        """Queue a notice if the receiver is subscribed to it and it has not come before. `content` is its record in
        `alerts`."""
        before = self._backlog.chain(notice.fingerprint)
        choice = self._subscription.choose(notice, self._backlog.told)
        if choice.sends:
            self._enter(notice, content, before, before.take(notice, self._now()))
        elif not choice.lasts and (after := before.pass_over(notice)) is not before:
            # Read again after a crash, it must not be chosen anew: what the receiver was told is another thing then.
            self._backlog.set_chain(notice.fingerprint, after)

    def take_again(self, notice: Notice, content: bytes) -> None:
        """Queue a notice once more under its id, behind what is due of its fingerprint, subscribed or not."""
        before = self._backlog.chain(notice.fingerprint)
        self._enter(notice, content, before, before.again(notice.id, self._now()))

    def enable(self) -> None:
        """Send again to a receiver that answered 410; and at once to one that asked to wait."""
        self._set_state(self.state.enabled())
        self._resume()

    async def run(self) -> None:
        """Deliver until cancelled. An exception is a fault in Cotejo, not in the receiver."""
        try:
            while True:
                await self._turn()
        finally:
            if tasks := list(self._running.values()):
                await asyncio.wait(tasks, timeout=GRACE)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _turn(self) -> None:
        """Start the deliveries that are due. Then wait for the next due time, a new notice, or an answer, whichever
        comes first."""
        now = self._now()
        if now < self._looked_at:  # the clock was set back
            self._schedule()
        self._looked_at = now
        while self._queue and len(self._running) < AT_ONCE and max(self._queue[0][0], self.state.hold) <= now:
            self._start(heappop(self._queue)[2], now)
        idle = not self._queue or len(self._running) == AT_ONCE
        pause = None if idle else (max(self._queue[0][0], self.state.hold) - now) / 1000
        self._news.clear()
        news = asyncio.ensure_future(self._news.wait())
        try:
            done, _ = await asyncio.wait(
                [news, *self._running.values()], timeout=pause, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            news.cancel()
        for task in done - {news}:
            task.result()

    def _start(self, queue: str, now: int) -> None:
        """Send the next parcel of a queue, unless it must wait for the end of quiet hours."""
        if queue in self._running or (parcel := self._next(queue)) is None:
            return
        if (opens := self._timetable.opens(max(parcel.due, now), parcel.passes)) > now:
            self._push(opens, queue)
        else:
            self._running[queue] = asyncio.ensure_future(self._attempt(queue, parcel))

    def _next(self, queue: str) -> Parcel | None:
        backlog = self._backlog
        if self._timetable.digest:
            return next_delivery.digest(backlog.chains, self._timetable, backlog.is_critical)
        return next_delivery.first(queue, backlog.chain(queue), self._timetable, backlog.is_critical)

    async def _attempt(self, queue: str, parcel: Parcel) -> None:
        try:
            if self._left(parcel) == parcel.contents:  # else another attempt was answered with 410 before its turn
                answer = await self._send(parcel)
                fault_points.reached(Point.POSTED)
                left = self._left(parcel)
            else:
                left = ()
        finally:
            del self._running[queue]
        if left:
            self._settle(queue, parcel, left, answer)
        else:
            self._schedule()

    async def _send(self, parcel: Parcel) -> Answer:
        notices = tuple(self._backlog.notice(delivery.notice) for _, delivery in parcel.contents)
        if self._timetable.digest:
            return await self._poster.post_digest(Digest(parcel.as_one.notice, parcel.as_one.since, notices))
        return await self._poster.post(notices[0])

    def _left(self, parcel: Parcel) -> tuple[tuple[str, Delivery], ...]:
        """The part of a parcel that is still due."""
        return tuple(item for item in parcel.contents if self._backlog.holds(*item))

    def _settle(self, queue: str, parcel: Parcel, left: Sequence[tuple[str, Delivery]], answer: Answer) -> None:
        before = self.state
        verdict = judge(parcel.as_one, before, answer, self._now(), self.receiver.name, self._mark, len(left))
        for fingerprint, delivery in left:
            if (after := verdict.delivery) is None:
                self._backlog.remove(fingerprint, delivery)
            else:
                self._backlog.update(fingerprint, replace(after, notice=delivery.notice, since=delivery.since))
        self._set_state(verdict.receiver)
        self._note([delivery.notice for _, delivery in left], verdict.reason, before, answer)
        if verdict.reason is Reason.GONE:
            self._drop()
        elif verdict.reason is Reason.DELIVERED and before.failing_since:
            self._resume()
        else:
            self._enqueue(queue)

    def _enter(self, notice: Notice, content: bytes, before: Chain, after: Chain) -> None:
        if after is before:
            return
        if self.state.gone:
            self._backlog.set_chain(notice.fingerprint, replace(after, due=before.due))
            self._miss(1)
            return
        fault_points.reached(Point.NOTICE_TAKEN)
        self._backlog.add(notice, content, after)
        digests = self._timetable.digest > 0
        is_next = not self._queue if digests else not before.due
        if is_next or (self._timetable.asks_severity and notice.severity == "critical"):
            self._enqueue(next_delivery.DIGEST if digests else notice.fingerprint)
        if self.due > BACKLOG or len(after.due) > LONGEST_CHAIN:
            self._shed()
        self._news.set()

    def _shed(self) -> None:
        """Drop the oldest notice of the alert that has most of them due: the newer ones say more."""
        chains, under_way = self._backlog.chains, self._running
        fingerprint = max(chains, key=lambda each: len(chains[each].due) - (each in under_way))
        delivery = chains[fingerprint].due[int(fingerprint in under_way)]
        self._backlog.remove(fingerprint, delivery)
        self._set_state(replace(self.state, given_up=self.state.given_up + 1))
        self._count("given-up")
        self._warn(f"{delivery.notice} is given up: too many are due, and newer ones say more")

    def _drop(self) -> None:
        """Drop everything that is due: the receiver wants no more."""
        self._miss(self.due)
        for fingerprint, chain in list(self._backlog.chains.items()):
            for delivery in chain.due:
                self._backlog.remove(fingerprint, delivery)
        self._schedule()

    def _miss(self, notices: int) -> None:
        self._set_state(replace(self.state, missed=self.state.missed + notices))
        self._count("missed", notices)

    def _resume(self) -> None:
        now = self._now()
        self._backlog.change(lambda delivery: resume(delivery, now))
        self._schedule()

    def _schedule(self) -> None:
        """Build the queue anew. After a clock was set back, nothing waits for longer than a receiver may ask."""
        now = self._now()
        self._set_state(self.state.set_back(now))
        self._backlog.change(lambda delivery: delivery.set_back(now))
        self._queue = []
        if self._timetable.digest:
            self._enqueue(next_delivery.DIGEST)
        else:
            waiting = {f: chain.due[0].since for f, chain in self._backlog.chains.items() if chain.due}
            for fingerprint in sorted(waiting, key=waiting.__getitem__):
                self._enqueue(fingerprint)
        self._news.set()

    def _enqueue(self, queue: str) -> None:
        """Queue the next parcel of a chain."""
        if queue not in self._running and (parcel := self._next(queue)) is not None:
            self._push(parcel.due, queue)

    def _push(self, due: int, queue: str) -> None:
        """Add an entry; those due at the same time keep their order. An outdated one does no harm: what is next is
        looked up again at its turn."""
        heappush(self._queue, (due, next(self._turns), queue))

    def _note(self, notices: Sequence[str], reason: Reason, before: ReceiverState, answer: Answer) -> None:
        """Count an outcome, and warn of what a duty officer should know."""
        if reason is Reason.DELIVERED:
            self._count("delivered", len(notices))
            if before.failing_since:
                self._warn("takes alerts again")
            return
        self._count("failed")
        if reason is Reason.GONE:
            self._count("missed", len(notices))
            self._warn(f"wants no more ({answer.words}), and gets none until `cotejo webhook enable`")
        elif reason is Reason.GIVEN_UP:
            self._count("given-up", len(notices))
            for notice in notices:
                self._warn(f"{notice} is given up after a day ({answer.words})")
        elif not before.failing_since:
            self._warn(f"takes no alerts ({answer.words}): they are tried again for a day")

    def _count(self, outcome: str, times: int = 1) -> None:
        self._counts[self.receiver.name, outcome] += times

    def _set_state(self, state: ReceiverState) -> None:
        if state is not self.state:
            self.state = state
            self._table.set_receiver(self.receiver.name, state)
