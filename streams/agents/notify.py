"""The notify stage: alerts in, one POST to each receiver out, as often as it takes.

A notice is acked once every receiver has it or has been given up. Until then a restart delivers it
again, with the same webhook-id, by which a receiver knows it.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

import aiohttp
import orjson
from faust.types import TP, EventT
from prometheus_client import Histogram

from streams import webhooks
from streams.agents import raw
from streams.agents.outbox import Outbox
from streams.alerts import Notice
from streams.codec import encode
from streams.corrections import App
from streams.election import Election, Receiver
from streams.topology import Topology

TIMEOUT: Final = 15.0
"""Seconds a receiver has to answer."""
FIRST_PAUSE: Final = 1.0
"""Seconds before the second attempt; it doubles with each."""
LONGEST_PAUSE: Final = 600.0
"""Seconds between two attempts, at most."""
GIVE_UP: Final = 24 * 3600.0
"""Seconds after which a notice that cannot be delivered is let go."""
OUTCOMES: Final = ("delivered", "failed", "given-up")
"""Of webhooks; what failed is an attempt, and another follows."""


@dataclass(slots=True)
class _Job:
    event: EventT[Any]
    notice: Notice
    waiting: int


class NotifyStage:
    """A queue and a task for each receiver, so that a slow one does not hold up the others."""

    def __init__(
        self,
        app: App,
        election: Election,
        topology: Topology,
        secrets: Mapping[str, str],
        say: Callable[[Notice], None],
        times: Histogram,
    ) -> None:
        self._app, self._election, self._topology = app, election, topology
        self._secrets, self._say = secrets, say
        self._table = raw.table(app, "deliveries")
        self.outbox = Outbox(app, self._table, times.labels("notify-flush"))
        self.counts: Counter[tuple[str, str]] = Counter()
        """By receiver and outcome."""
        self._queues: dict[str, asyncio.Queue[_Job]] = {}
        self._tasks: list[asyncio.Future[None]] = []
        self._busy: set[str] = set()
        self._gone: set[str] = set()
        app.agent(raw.topic(app, topology.alerts), name="notify")(self._consume)
        app.after_recovery(self._rebuild)
        app.before_release(self._stop)

    @property
    def pending(self) -> int:
        """Deliveries that are due and not made."""
        return sum(queue.qsize() for queue in self._queues.values()) + len(self._busy)

    async def _rebuild(self, partitions: frozenset[TP]) -> None:
        await self._stop()
        self.outbox.clear()
        self._busy.clear()
        self._queues = {}
        if TP(self._topology.alerts, 0) in partitions:
            for receiver in self._election.receivers:
                self._queues[receiver.name] = asyncio.Queue()
                for outcome in OUTCOMES:
                    self.counts[receiver.name, outcome] += 0  # a rate can only be taken of what has begun at 0
                self._tasks.append(asyncio.ensure_future(self._guard(receiver)))

    async def _stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _consume(self, stream: Any) -> None:
        events: AsyncIterable[EventT[Any]] = stream.noack().events()
        async for event in events:
            notice = Notice.from_plain(orjson.loads(event.message.value or b""))
            due = [] if notice.muted_by else [name for name in self._queues if not self._has(name, notice)]
            if not notice.muted_by:
                self._say(notice)
            job = _Job(event, notice, len(due))
            for name in due:
                self._queues[name].put_nowait(job)
            if not due:
                self.outbox.hold(event)

    def _has(self, receiver: str, notice: Notice) -> bool:
        return _key(receiver, notice) in self._table

    async def _guard(self, receiver: Receiver) -> None:
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session:
                while True:
                    job = await self._queues[receiver.name].get()
                    self._busy.add(receiver.name)
                    outcome = await self._deliver(session, receiver, job.notice)
                    self._busy.discard(receiver.name)
                    self.outbox.write(job.event, _key(receiver.name, job.notice), encode(outcome))
                    job.waiting -= 1
                    if not job.waiting:
                        self.outbox.hold(job.event)
                        self.outbox.urgent = True
        except Exception as error:
            self._app.fail(error)

    async def _deliver(self, session: aiohttp.ClientSession, receiver: Receiver, notice: Notice) -> str:
        if self._has(receiver.name, notice):
            return "delivered"
        content, began = webhooks.body(self._election, notice), monotonic()
        for pause in pauses():
            if receiver.name in self._gone:
                break
            if await self._post(session, receiver, notice.id, content):
                self.counts[receiver.name, "delivered"] += 1
                return "delivered"
            self.counts[receiver.name, "failed"] += 1
            if monotonic() - began + pause > GIVE_UP:
                break
            await asyncio.sleep(pause)
        self.counts[receiver.name, "given-up"] += 1
        return "given-up"

    async def _post(self, session: aiohttp.ClientSession, receiver: Receiver, notice: str, content: bytes) -> bool:
        signed = webhooks.headers(self._secrets[receiver.name], notice, content, datetime.now(UTC))
        try:
            post = session.post(receiver.url, data=content, headers=signed, allow_redirects=False)
            async with post as answer:
                if answer.status == 410:  # Standard Webhooks: this receiver wants no more
                    self._gone.add(receiver.name)
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


def pauses() -> Iterator[float]:
    """Seconds between the attempts: exponential, with full jitter so that receivers aren't hit in step."""
    pause = FIRST_PAUSE
    while True:
        yield random.uniform(pause / 2, pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _key(receiver: str, notice: Notice) -> bytes:
    return f"{receiver}/{notice.id}".encode()
