"""Tables that know the partition of each key."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any, NamedTuple, Self

import faust
import faust.stores.memory
from faust.types import TP, EventT, RecordMetadata

from streams.errors import CotejoError


class SendFailed(CotejoError):  # noqa: N818 - says what happened
    """The broker has not confirmed something that was sent. Nothing may be acked."""


class Place(NamedTuple):
    """A partition under one assignment. It stands for the event of a table write that no event has caused."""

    tp: TP
    generation_id: int

    @property
    def message(self) -> Self:
        return self

    @property
    def topic(self) -> str:
        return self.tp.topic

    @property
    def partition(self) -> int:
        return self.tp.partition


class Table(faust.Table[Any, Any]):
    """A table that knows the partition of each key, and writes beside any event, not only the current one."""

    def __init__(self, app: Any, **options: Any) -> None:
        if options.get("value_type") in (list, dict):  # recovery would drop each record with a mere warning
            raise ValueError(f"table {options.get('name')}: leave out value_type=list or dict")
        super().__init__(app, **options)

    def on_key_set(self, key: Any, value: Any) -> None:
        super().on_key_set(key, value)
        self._note(key, self.partition_for_key(key))

    async def put(self, event: EventT[Any] | Place, key: Any, value: Any) -> Awaitable[RecordMetadata]:
        """Set a key (None deletes it) on behalf of an event or a place, whose partition the changelog record takes. The
        returned future is done once the broker has confirmed. Faust takes the partition of the current event instead:
        there is none in a timer, and it is the wrong one in take()."""
        message = event.message
        if message.generation_id != self.app.consumer_generation_id:  # by now it may be another worker's
            raise SendFailed(f"{self.name}: {message.tp} was reassigned before its write")
        self._verify_source_topic_partitions(message.topic)
        topic, codec = self.changelog_topic, "raw" if value is None else self.value_serializer
        record = topic.as_future_message(
            key, value, message.partition, key_serializer=self.key_serializer, value_serializer=codec
        )
        sent = await topic.publish_message(record, wait=False)  # send_soon would swallow what fails
        self._keep(key, value, message.partition)
        return sent

    def _keep(self, key: Any, value: Any, partition: int) -> None:
        if value is None:
            self.data.pop(key, None)
        else:
            self.data[key] = value
            self._note(key, partition)

    def _note(self, key: Any, partition: int | None) -> None:
        # Faust forgets the keys of a partition that left only if they were recovered, not if written here
        if partition is not None and isinstance(self.data, faust.stores.memory.Store):
            self.data._key_partition[key] = partition


class JournalRecord(NamedTuple):
    """A record of a journal, as recovery read it."""

    partition: int
    key: bytes | None
    value: Any
    """Bytes, a `Withheld`, or None."""


class Journal(Table):
    """A table whose values are only read after a rebalance. `take` hands them over, and nothing of it stays in memory.
    So each recovery reads the whole changelog, also of partitions that this worker had before."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._recovered: list[JournalRecord] = []

    def begin_recovery(self) -> None:
        """Forget what an earlier recovery has read."""
        self._recovered = []

    def apply_changelog_batch(self, batch: Iterable[EventT[Any]]) -> None:
        for event in batch:
            message = event.message
            self._recovered.append(JournalRecord(message.partition, message.key, message.value))

    def take(self) -> list[JournalRecord]:
        """Hand over what recovery has read. A second call returns nothing."""
        recovered, self._recovered = self._recovered, []
        return recovered

    def _keep(self, key: Any, value: Any, partition: int) -> None: ...
