"""Reads what aiokafka fetched with `kafka.record_batches`. aiokafka's own reader ends the consumer at a record that it
cannot read, and unpacks a batch as a whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult  # type: ignore[import-untyped]
from aiokafka.structs import TopicPartition  # type: ignore[import-untyped]

from streams.core.events.unreadable_message import Withheld
from streams.kafka.committed_records import Committed

DRAIN_BYTES: Final = 2**23
"""Bytes of one partition that are read at a time, unless a single record has more: the rest stays packed."""


class Record(msgspec.Struct, gc=False):
    """Replaces aiokafka's `ConsumerRecord`, which takes three times as long to make."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Unix ms."""
    timestamp_type: int
    key: bytes | None
    value: bytes | Withheld | None
    headers: Sequence[tuple[str, bytes | None]]
    checksum: None = None

    @property
    def serialized_key_size(self) -> int:
        return -1 if self.key is None else len(self.key)

    @property
    def serialized_value_size(self) -> int:
        return -1 if self.value is None else len(self.value)


class Client:
    """The fetcher's client. It keeps what each fetch has brought until it is asked for, since aiokafka's
    `MemoryRecords` gives nobody the bytes."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._fetched: dict[TopicPartition, bytes] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def send(self, node: Any, request: Any, **options: Any) -> Any:
        """Send a request of the fetcher's: a fetch, or a request for offsets."""
        response = await self._client.send(node, request, **options)
        for topic, partitions in response.topics:
            for partition, *_, last in partitions:
                if isinstance(last, bytes):
                    self._fetched[TopicPartition(topic, partition)] = last
        return response

    def take(self) -> dict[TopicPartition, bytes]:
        """Everything that was fetched since the last call."""
        fetched, self._fetched = self._fetched, {}
        return fetched


class PartitionRecords:
    """Replaces aiokafka's class of this name. `next_fetch_offset` is the offset from which the partition is read on."""

    def __init__(self, tp: TopicPartition, committed: Committed) -> None:
        self._tp, self._committed = tp, committed

    @property
    def next_fetch_offset(self) -> int:
        return self._committed.next_offset

    def take(self, most: int | None) -> tuple[list[Any], bool]:
        """The next records, at most so many if a number is given, and whether they were the last."""
        records, ended = self._committed.take(most or sys.maxsize, DRAIN_BYTES)
        topic, partition = self._tp
        return [
            Record(topic, partition, r.offset, r.timestamp, r.timestamp_type, r.key, r.value, tuple(r.headers))
            for r in records
        ], ended


def correct(fetcher: Any) -> Callable[[], None]:
    """Make this fetcher return committed records only. Call the result after each fetch, before any other task runs: it
    replaces aiokafka's reader by ours."""
    fetcher._isolation_level = READ_COMMITTED
    client = fetcher._client = Client(fetcher._client)

    def behind() -> None:
        for tp, content in client.take().items():
            result = fetcher._records.get(tp)
            if type(result) is FetchResult and not isinstance(result._partition_records, PartitionRecords):
                _read_ourselves(result, tp, content)

    return behind


def _read_ourselves(result: Any, tp: TopicPartition, content: bytes) -> None:
    replaced = result._partition_records
    records = PartitionRecords(tp, Committed(content, replaced.next_fetch_offset, replaced._aborted_transactions))
    result._partition_records = records

    def getall(max_records: int | None = None) -> list[Any]:
        if not result.has_more() or not result.check_assignment(tp):
            return []
        taken, ended = records.take(max_records)
        result._update_position()
        if ended:
            result._partition_records = None
        return taken

    result.getall = getall  # by attribute: the fetcher asks for this very class
