"""Webhook receivers that are up, down, slow, or say what is not true."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from sim_app import SimClock
from sim_broker import Broker

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Answer, Chain
from streams.core.alerting.next_delivery import Digest
from streams.core.alerting.subscriptions import Subscription
from streams.core.election.model import Receiver
from streams.core.events.codec import to_json

MODES: Final = ("down", "slow", "500", "forgets", "silent", "busy")
"""What a receiver may be beside up."""


@dataclass
class SimReceiver:
    """One receiver, and what it has taken: each notice as JSON, in the order of arrival."""

    configured: Receiver
    broker: Broker
    lineage: Mapping[str, tuple[str, ...]]
    mode: str = "up"
    taken: list[Any] = field(default_factory=list)

    def poster(self, clock: SimClock) -> SimPoster:
        """What a worker with this clock POSTs by."""
        return SimPoster(self, clock)

    def wrong(self, notices: list[Any]) -> str:
        """What it has not, has too much, or has in another order than these notices; empty if all is well. Of a notice
        that came more than once, the first counts."""
        first: dict[str, Any] = {}
        for notice in self.taken:
            if first.setdefault(notice["id"], notice) != notice:
                return f"{self.name}: two bodies under the id {notice['id']}"
        due = self._due(notices)
        wanted = {notice["id"]: notice for notice in due}
        if strange := first.keys() - wanted.keys():
            return f"{self.name}: notices that nobody should have sent: {sorted(strange)[:5]}"
        if missing := wanted.keys() - first.keys():
            return f"{self.name}: {len(missing)} notices did not come: {sorted(missing)[:5]}"
        for fingerprint in sorted({notice["fingerprint"] for notice in due}):
            order = [notice["id"] for notice in due if notice["fingerprint"] == fingerprint]
            came = [id for id, notice in first.items() if notice["fingerprint"] == fingerprint]
            if came != order:
                return f"{self.name}: {fingerprint} came as {came}, not as {order}"
        return ""

    @property
    def name(self) -> str:
        return self.configured.name

    def _due(self, notices: list[Any]) -> list[Any]:
        """Those of all notices of the night that it is subscribed to, chosen one after the other without a crash."""
        subscription, chains = Subscription(self.configured, self.lineage), dict[str, Chain]()
        due = []
        for plain in notices:
            notice = msgspec.convert(plain, Notice)
            choice = subscription.choose(notice, lambda fingerprint: chains.get(fingerprint, Chain()).told)
            if choice.sends:
                chains[notice.fingerprint] = chains.get(notice.fingerprint, Chain()).take(notice, 0)
                due.append(plain)
        return due


@dataclass
class SimPoster:
    """One worker's POSTs to a receiver."""

    receiver: SimReceiver
    clock: SimClock

    async def post(self, notice: Notice) -> Answer:
        return await self._send((notice,))

    async def post_digest(self, digest: Digest) -> Answer:
        return await self._send(digest.notices)

    async def _send(self, notices: Sequence[Notice]) -> Answer:
        """Send notices; some of the time that it takes lies before it arrives, the rest behind."""
        receiver, chance, delay = self.receiver, self.receiver.broker.chance, self.receiver.broker.delay
        await asyncio.sleep(chance.uniform(0.0, delay))
        mode = receiver.mode
        if mode == "down":
            return Answer(None, "the connection is refused")
        if mode == "500":
            return Answer(500, "500 Internal Server Error")
        if mode == "busy":
            return Answer(429, "429 Too Many Requests", self.clock.now() + 1500)
        if mode == "slow":
            await asyncio.sleep(chance.uniform(0.0, 1.5))
        receiver.taken += [to_json(notice) for notice in notices]
        await asyncio.sleep(chance.uniform(0.0, delay))
        if mode == "forgets":
            return Answer(500, "500 Internal Server Error")
        if mode == "silent":
            await asyncio.sleep(2.0)
            return Answer(None, "no answer")
        return Answer(204, "204 No Content")
