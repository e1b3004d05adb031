"""One receiver's deliveries: whose turn it is, a few at a time, each fingerprint in order.

A courier knows no other: a dead receiver delays nobody else. What it decides is `delivery`'s; what it
changes goes through its `DeliveryTable` to the changelog, so that another worker goes on where this one was.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from heapq import heappop, heappush
from itertools import count
from typing import Final, Protocol

import orjson

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import (
    BACKLOG,
    LONGEST_CHAIN,
    LONGEST_WISH,
    Answer,
    Chain,
    Delivery,
    Reason,
    ReceiverState,
    hasten,
    judge,
)
from streams.core.election.model import Receiver
from streams.delivery.http_post import address_mark
from streams.worker import fault_points
from streams.worker.clock import SYSTEM
from streams.worker.delivery_table import DeliveryTable
from streams.worker.fault_points import Point

OUTCOMES: Final = ("delivered", "failed", "given-up", "missed")
"""Of a delivery; what failed is an attempt, and another follows."""
AT_ONCE: Final = 4
"""POSTs to one receiver at the same time, at most."""
GRACE: Final = 2.0
"""Seconds that a POST under way has to end in before the worker gives its place up. What is cut off is sent again,
under the same id."""


class Posts(Protocol):
    """POSTs to one receiver."""

    async def post(self, notice: Notice) -> Answer:
        """Send a notice once. Whatever goes wrong is an answer."""


class Courier:
    """Delivers to one receiver while `run` runs. `counts` counts by receiver and outcome (`OUTCOMES`). `warn` is told,
    in words, when the receiver's state changes. `now` is the wall clock, in Unix ms."""

    def __init__(
        self,
        receiver: Receiver,
        poster: Posts,
        table: DeliveryTable,
        counts: Counter[tuple[str, str]],
        warn: Callable[[str], None],
        now: Callable[[], int] = SYSTEM.now,
    ) -> None:
        self.receiver, self._poster, self._table = receiver, poster, table
        self._counts, self._warn, self._now = counts, warn, now
        for outcome in OUTCOMES:
            counts[receiver.name, outcome] += 0  # a rate can only be taken of what has begun at 0
        self._chains = table.saved.chains.get(receiver.name, {})
        self.state = table.saved.receivers.get(receiver.name, ReceiverState())
        self.due = sum(len(chain.due) for chain in self._chains.values())
        """Notices that are due and not delivered."""
        self._mark = address_mark(receiver)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._queue: list[tuple[int, int, str]] = []
        self._turns = count()
        self._news = asyncio.Event()
        self._looked_at = 0
        if self.state.gone not in ("", self._mark):
            self.enable()
        self._schedule()

    def take(self, notice: Notice, content: bytes) -> None:
        """Take on a notice (`content` as it lies in `alerts`), unless it has come before."""
        chain = self._chains.get(notice.fingerprint, Chain())
        self._enter(notice, content, chain, chain.take(notice.id, notice.order, self._now()))

    def take_again(self, notice: Notice, content: bytes) -> None:
        """Take on a notice once more, under its id, behind what is due of its fingerprint."""
        chain = self._chains.get(notice.fingerprint, Chain())
        self._enter(notice, content, chain, chain.again(notice.id, self._now()))

    def enable(self) -> None:
        """Send again to a receiver that has said it wants no more; come at once to one that said to come later."""
        self._set_state(self.state.enabled())
        self._hasten()

    async def run(self) -> None:
        """Deliver until cancelled. Raises what is a fault of ours."""
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
        """Start what is due, then wait for whatever comes first: the next one's time, news, or an answer."""
        now = self._now()
        if now < self._looked_at:  # the clock was set back
            self._schedule()
        self._looked_at = now
        while self._queue and len(self._running) < AT_ONCE and max(self._queue[0][0], self.state.hold) <= now:
            _, _, fingerprint = heappop(self._queue)
            self._running[fingerprint] = asyncio.ensure_future(self._attempt(fingerprint))
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

    async def _attempt(self, fingerprint: str) -> None:
        try:
            if not (due := self._chains[fingerprint].due):
                return  # dropped before its turn: another attempt was answered with 410
            delivery = due[0]
            notice = Notice.from_plain(orjson.loads(self._table.content(delivery.notice)))
            answer = await self._poster.post(notice)
            fault_points.reached(Point.POSTED)
        finally:
            del self._running[fingerprint]
        self._settle(fingerprint, delivery, answer)

    def _settle(self, fingerprint: str, delivery: Delivery, answer: Answer) -> None:
        chain = self._chains[fingerprint]
        if delivery not in chain.due[:1]:  # dropped meanwhile: another attempt was answered with 410
            self._schedule()
            return
        before = self.state
        verdict = judge(delivery, before, answer, self._now(), self.receiver.name, self._mark)
        if verdict.delivery is None:
            self._finish(fingerprint, 0)
        else:
            self._set_chain(fingerprint, chain.with_first(verdict.delivery))
        self._set_state(verdict.receiver)
        self._note(delivery, verdict.reason, before, answer)
        if verdict.reason is Reason.GONE:
            self._drop()
        elif verdict.reason is Reason.DELIVERED and before.failing_since:
            self._hasten()
        elif first := self._chains[fingerprint].due[:1]:
            self._push(first[0].due, fingerprint)

    def _enter(self, notice: Notice, content: bytes, before: Chain, after: Chain) -> None:
        if after is before:
            return
        if self.state.gone:
            self._set_chain(notice.fingerprint, replace(after, due=before.due))
            self._miss(1)
            return
        fault_points.reached(Point.NOTICE_TAKEN)
        self._table.keep(notice.id, content)
        self._set_chain(notice.fingerprint, after)
        self.due += 1
        if not before.due and notice.fingerprint not in self._running:
            self._push(after.due[0].due, notice.fingerprint)
        if self.due > BACKLOG or len(after.due) > LONGEST_CHAIN:
            self._shed()
        self._news.set()

    def _finish(self, fingerprint: str, place: int) -> None:
        """Let a delivery go, whatever has become of it."""
        chain = self._chains[fingerprint]
        self._set_chain(fingerprint, chain.without(place))
        self._table.release(chain.due[place].notice)
        self.due -= 1

    def _shed(self) -> None:
        """Let go the oldest of the fingerprint that has most to come: its newest says more."""
        under_way = self._running
        fingerprint = max(self._chains, key=lambda known: len(self._chains[known].due) - (known in under_way))
        place = int(fingerprint in under_way)
        notice = self._chains[fingerprint].due[place].notice
        self._finish(fingerprint, place)
        self._set_state(replace(self.state, given_up=self.state.given_up + 1))
        self._count("given-up")
        self._warn(f"{notice} is given up: too many are due, and newer ones say more")
        if not self._chains[fingerprint].due:  # else the next one takes its turn
            self._schedule()

    def _drop(self) -> None:
        """The receiver wants no more: nothing is due any longer."""
        self._miss(self.due)
        for fingerprint, chain in list(self._chains.items()):
            for _ in chain.due:
                self._finish(fingerprint, 0)
        self._schedule()

    def _miss(self, notices: int) -> None:
        self._set_state(replace(self.state, missed=self.state.missed + notices))
        self._count("missed", notices)

    def _hasten(self) -> None:
        now = self._now()
        for fingerprint, chain in list(self._chains.items()):
            if fingerprint in self._running or not chain.due:
                continue
            if (sooner := hasten(chain.due[0], now)) is not chain.due[0]:
                self._set_chain(fingerprint, chain.with_first(sooner))
        self._schedule()

    def _schedule(self) -> None:
        """The queue anew. A clock that was set back makes nothing wait for longer than a receiver may ask."""
        latest = self._now() + LONGEST_WISH
        if self.state.hold > latest:
            self._set_state(replace(self.state, hold=latest))
        waiting = [(f, chain.due[0]) for f, chain in self._chains.items() if chain.due and f not in self._running]
        self._queue = []
        for fingerprint, delivery in sorted(waiting, key=lambda item: item[1].since):
            self._push(min(delivery.due, latest), fingerprint)
        self._news.set()

    def _push(self, due: int, fingerprint: str) -> None:
        """Into the queue; what is due at the same time goes in the order it came."""
        heappush(self._queue, (due, next(self._turns), fingerprint))

    def _note(self, delivery: Delivery, reason: Reason, before: ReceiverState, answer: Answer) -> None:
        """Count an outcome, and say what a duty officer should know."""
        if reason is Reason.DELIVERED:
            self._count("delivered")
            if before.failing_since:
                self._warn("takes alerts again")
            return
        self._count("failed")
        if reason is Reason.GONE:
            self._count("missed")
            self._warn(f"wants no more ({answer.words}), and gets none until `cotejo webhook enable`")
        elif reason is Reason.GIVEN_UP:
            self._count("given-up")
            self._warn(f"{delivery.notice} is given up after a day ({answer.words})")
        elif not before.failing_since:
            self._warn(f"takes no alerts ({answer.words}): they are tried again for a day")

    def _count(self, outcome: str, times: int = 1) -> None:
        self._counts[self.receiver.name, outcome] += times

    def _set_chain(self, fingerprint: str, chain: Chain) -> None:
        self._chains[fingerprint] = chain
        self._table.set_chain(self.receiver.name, fingerprint, chain)

    def _set_state(self, state: ReceiverState) -> None:
        self.state = state
        self._table.set_receiver(self.receiver.name, state)
