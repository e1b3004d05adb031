"""The topics `area-state`, `alerts` and `rejected`, read from their beginning and then for as long as the board is up.

Read-only: no consumer group, nothing committed, no topic made. Whoever owns the comparison, and however often
workers come and go, the topics have it.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from time import time
from typing import Any, Final, Literal

from kafka import TopicPartition
from kafka.errors import KafkaError

from streams.board.night import Night
from streams.core.events import formats
from streams.core.events.unreadable_message import Withheld
from streams.kafka import clients, topic_admin
from streams.kafka.topology import REJECTED_BYTES, Topology
from streams.support.terminal import note

PAUSE: Final = 0.1
"""Seconds between two looks when nothing has come."""
ASK: Final = 2.0
"""Seconds between two requests for the topics' end offsets, which also show a lost broker and a deleted night."""
RETRY: Final = 1.0
"""Seconds before a broker that went away is tried again."""
BATCH: Final = 500
"""Most records processed before the event loop gets a turn."""

Place = Literal["connecting", "waiting", "reading", "live", "away"]
"""State of the reader: `waiting` for the topics to be created, `reading` older records, `live` at their end, `away`
from a broker that does not answer."""


class Follower:
    """Feeds a `Night`. `start` it in the event loop that asks for the night, `stop` it there."""

    def __init__(self, broker: str, topology: Topology, night: Night) -> None:
        logging.getLogger("kafka").setLevel(logging.CRITICAL)  # a broker that is away is told in one line, below
        self._broker, self._topology, self._night = broker, topology, night
        self._takers: dict[TopicPartition, Callable[[Any], None]] = {
            TopicPartition(topology.area_state, 0): lambda record: night.add_state(record.value, record.timestamp),
            TopicPartition(topology.alerts, 0): lambda record: night.add_notice(record.value),
            TopicPartition(topology.rejected, 0): lambda record: night.add_rejected(record.key, record.headers),
        }
        self._formats = {topology.area_state: formats.AREA_STATE, topology.alerts: formats.ALERTS}
        self._positions = dict.fromkeys(self._takers, 0)
        self._ends: dict[TopicPartition, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._told = ""
        self.place: Place = "connecting"
        self.newest: float | None = None
        """When the newest record was written, by the clock of who wrote it (Unix seconds); None before the first."""

    @property
    def age(self) -> float | None:
        """Seconds since the newest record was written; None before the first."""
        return None if self.newest is None else max(0.0, time() - self.newest)

    @property
    def progress(self) -> float:
        """Share of the existing records that has been read, 0-1."""
        whole = sum(self._ends.values())
        return min(1.0, sum(self._positions.values()) / whole) if whole else 0.0

    def start(self) -> None:
        """Start reading, unless it has started already."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop reading, within 5 seconds, after the broker has answered the request under way."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=5)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._wait_for_topics()
                await self._read()
            except Exception as error:  # whatever it is, the worker beside must not end with it
                self.place = "away"
                if str(error) != self._told:
                    self._told = str(error)
                    note(f"the board cannot read its topics: {error}")
            await self._sleep(RETRY)

    async def _wait_for_topics(self) -> None:
        """Wait until the topics exist: many a broker creates a topic that a consumer asks for, with wrong settings."""
        named = {place.topic for place in self._takers}
        specs = [spec for spec in self._topology.specs() if spec.name in named]
        while not self._stopping.is_set():
            states = await asyncio.to_thread(topic_admin.describe, self._broker, specs)
            if all(topic.state != "missing" for topic in states):
                return
            self.place = "waiting"
            await self._sleep(RETRY)

    async def _read(self) -> None:
        consumer = await asyncio.to_thread(self._connect)
        try:
            loop = asyncio.get_running_loop()
            asked = 0.0
            while not self._stopping.is_set():
                if loop.time() - asked >= ASK:
                    await self._look_at_the_ends(consumer)
                    asked = loop.time()
                batches, positions = await asyncio.to_thread(self._poll, consumer)
                for place, records in batches.items():
                    self._take(place, records)
                self._positions = positions
                if all(positions[place] >= end for place, end in self._ends.items()):
                    self.place, self._told = "live", ""
                if not batches and self.place == "live":
                    await self._sleep(PAUSE)
        finally:
            with suppress(KafkaError):
                await asyncio.to_thread(consumer.close)

    def _connect(self) -> Any:
        consumer = clients.consumer(
            self._broker,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=REJECTED_BYTES,
            request_timeout_ms=5_000,
            allow_auto_create_topics=False,
        )
        consumer.assign(list(self._takers))
        for place, position in self._positions.items():
            consumer.seek(place, position)
        return consumer

    def _poll(self, consumer: Any) -> tuple[dict[TopicPartition, list[Any]], dict[TopicPartition, int]]:
        """Return records by partition, and the next position of each: compaction leaves gaps that only it knows."""
        wait = 0 if self.place == "live" else round(1000 * PAUSE)  # the embedded broker would keep us spinning
        batches = consumer.poll(wait, BATCH)
        positions = {place: consumer.position(place) for place in self._takers}
        return batches, {place: self._positions[place] if at is None else at for place, at in positions.items()}

    async def _look_at_the_ends(self, consumer: Any) -> None:
        self._ends = await asyncio.to_thread(consumer.end_offsets, list(self._takers), 5_000)
        if any(self._positions[place] > end for place, end in self._ends.items()):
            # Deleted and fed again, or a broker that lost its last second: what was read is not what is there.
            self._night.clear()
            for place in self._takers:
                self._positions[place] = 0
                consumer.seek(place, 0)
            self.place = "reading"
        elif self.place != "live":
            self.place = "reading"

    def _take(self, place: TopicPartition, records: list[Any]) -> None:
        take, format = self._takers[place], self._formats.get(place.topic)
        for record in records:
            if isinstance(record.value, Withheld):
                self._night.count_unreadable()
            elif self._is_readable(record, format):
                take(record)
            self.newest = max(self.newest or 0.0, record.timestamp / 1000)

    def _is_readable(self, record: Any, format: formats.Format | None) -> bool:
        """Whether a record's format is known. Count one whose format is no number; raise `UnknownFormatError` for
        another version's."""
        try:
            if format is not None:
                format.check_headers(record.headers)
        except ValueError:
            self._night.count_unreadable()
            return False
        return True

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
