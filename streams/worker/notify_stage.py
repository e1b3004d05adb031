"""The notify stage: takes in notices, and POSTs each to its receivers, as often as it takes.

A notice is acked once the table `deliveries` says which receivers are due it. If the worker is killed or moved, another
goes on from that table: with the same attempts made, next attempt and day's limit, under the same webhook-id.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, Callable
from functools import partial
from typing import Any

from faust.types import TP, EventT
from prometheus_client import Histogram

from streams.core.alerting.alert import Notice
from streams.core.alerting.subscriptions import Subscription
from streams.core.election.model import Election, Receiver
from streams.core.events import formats
from streams.core.events.codec import Content
from streams.delivery.commands import Command
from streams.delivery.http_post import body
from streams.kafka.topology import Topology
from streams.worker import raw_topics
from streams.worker.courier import Courier, Posts
from streams.worker.delivery_table import DeliveryTable
from streams.worker.faust_patches import App, Place
from streams.worker.outbox import SealedOutbox
from streams.worker.unreadable_records import SetAside, Stored


class NotifyStage:
    """A courier for each receiver, in the worker that owns the alerts."""

    def __init__(
        self,
        app: App,
        election: Election,
        topology: Topology,
        poster: Callable[[Receiver], Posts],
        announce: Callable[[Notice], None],
        warn: Callable[[str], None],
        times: Histogram,
        aside: SetAside,
    ) -> None:
        self._aside = aside
        self._app, self._election, self._topology = app, election, topology
        self._poster, self._announce, self._warn = poster, announce, warn
        self._table = raw_topics.table(app, "deliveries")
        self.outbox = SealedOutbox(app, self._table, times.labels("notify-flush"))
        self.counts: Counter[tuple[str, str]] = Counter()
        """By receiver and outcome, as `Courier` counts."""
        self.couriers: dict[str, Courier] = {}
        """By receiver; none where another worker owns the alerts."""
        self._tasks: list[asyncio.Future[None]] = []
        app.agent(raw_topics.topic(app, topology.alerts), name="notify")(self._take_notices)
        app.agent(raw_topics.topic(app, topology.webhook_commands), name="webhook-commands")(self._take_commands)
        app.after_recovery(self._rebuild)
        app.before_release(self._stop)

    @property
    def pending(self) -> int:
        """How many deliveries are due and not made."""
        return sum(courier.due for courier in self.couriers.values())

    async def _rebuild(self, partitions: frozenset[TP]) -> None:
        await self._stop()
        self.outbox.clear()
        self.couriers = {}
        alerts = TP(self._topology.alerts, 0)
        if alerts not in partitions:
            return
        place = Place(alerts, self._app.consumer_generation_id)
        table = DeliveryTable(await self.outbox.begin(formats.DELIVERIES, place), self.outbox, place)
        for key, value, why in [*self.outbox.unreadable, *table.saved.unreadable]:
            self._aside.put(self.outbox, Stored(self._topology.changelog("deliveries"), 0, key, value), why)
        for receiver in self._election.receivers:
            warn, now = partial(self._warn_of, receiver.name), self._app.clock.now
            subscription = Subscription(receiver, self._election.lineage)
            courier = Courier(receiver, subscription, self._poster(receiver), table, self.counts, warn, now)
            self.couriers[receiver.name] = courier
            self._tasks.append(asyncio.ensure_future(self._guard(courier)))

    def _warn_of(self, receiver: str, text: str) -> None:
        self._warn(f"receiver {receiver}: {text}")

    async def _stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _guard(self, courier: Courier) -> None:
        try:
            await courier.run()
        except Exception as error:
            self._app.fail(error)

    async def _take_notices(self, stream: Any) -> None:
        events: AsyncIterable[EventT[Any]] = stream.noack().events()
        async for event in events:
            content = _bytes(event.message.value)
            notice = self._notice(content, event.message.headers)
            if notice is None:
                self._aside.put(self.outbox, event.message, "no alert")
            else:
                if not notice.muted_by:
                    self._announce(notice)
                for courier in self.couriers.values():
                    courier.take(notice, content)
            self._saved_with(event)

    async def _take_commands(self, stream: Any) -> None:
        events: AsyncIterable[EventT[Any]] = stream.noack().events()
        async for event in events:
            command = Command.read(_bytes(event.message.value))
            courier = self.couriers.get(command.receiver) if command else None
            if command is None or courier is None:
                self._aside.put(self.outbox, event.message, "no command for a receiver of this election")
            elif command.notice is None:
                courier.enable()
            elif (notice := self._notice(command.notice, None)) is not None:
                courier.take_again(notice, command.notice)
            else:
                self._aside.put(self.outbox, event.message, "it is to deliver what is no alert")
            self._saved_with(event)

    def _notice(self, content: bytes, headers: Any) -> Notice | None:
        """The notice in a record of `alerts`, if it can be sent to every receiver; None for anything else. Raises
        `UnknownFormatError`."""
        try:
            formats.ALERTS.check_headers(headers)
            notice = Notice.decode(content)
            for receiver in self._election.receivers:
                body(self._election, receiver, notice)
            return notice if notice.order and notice.fingerprint.encode() else None
        except formats.UnknownFormatError:
            raise
        except Exception:  # who may write there may write anything
            return None

    def _saved_with(self, event: EventT[Any]) -> None:
        """Ack the event together with what has just been written for it."""
        self.outbox.hold(event)
        self.outbox.flush_soon()


def _bytes(value: Content) -> bytes:
    """The value of a message; empty if it has none."""
    return value if isinstance(value, bytes) else b""
