"""Reads what kafka-python's consumer fetches with `record_batches`: the client's own reader raises again and again at
a record that it cannot read, and unpacks a batch whole."""

import sys
from typing import Any, Final

from kafka.consumer.fetcher import ConsumerRecord, Fetcher

from streams.kafka.committed_records import Committed
from streams.kafka.record_batches import weight

POLL_BYTES: Final = 2**23
"""Most bytes that one poll gives, unless a single record has more."""


class PartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]
    """The records of one partition that one fetch has brought."""

    bytes_taken = 0

    def __init__(self, fetch_offset: int, tp: Any, records: Any, **options: Any) -> None:
        super().__init__(fetch_offset, tp, records, **options)
        aborted = [
            (transaction.producer_id, transaction.first_offset) for transaction in options["aborted_transactions"] or ()
        ]
        self._committed = Committed(bytes(records._buffer), fetch_offset, aborted)

    def take(self, n: int | None = None) -> list[Any]:
        """The next records; `bytes_taken` is what they come to."""
        records, ended = self._committed.take(n or sys.maxsize, POLL_BYTES)
        self.next_fetch_offset, self.leader_epoch = self._committed.next_offset, self._committed.leader_epoch
        self.bytes_taken = sum(map(weight, records))
        self.bytes_read += self.bytes_taken
        self.records_read += len(records)
        if ended:
            self.drain()
        return [_record(self.topic_partition, record, self.leader_epoch) for record in records]


def correct(consumer: Any) -> Any:
    """Put the reader into a consumer that has not fetched yet; the consumer."""
    fetcher = consumer._fetcher
    fetcher.PartitionRecords = PartitionRecords
    append, fetched, held = fetcher._append, fetcher.fetched_records, 0

    def resuming(*args: Any, **options: Any) -> Any:
        # kafka-python takes up what a pause has left over only where this is None, and leaves it at what is used up
        fetcher._next_partition_records = fetcher._next_partition_records or None
        return fetched(*args, **options)

    def bounded(drained: Any, part: Any, most: int, update: bool) -> int:
        nonlocal held
        held = held if drained else 0  # a poll begins with nothing
        taken = int(append(drained, part, most, update))
        held += part.bytes_taken if taken else 0
        return taken if held < POLL_BYTES else most  # so many were wanted: that ends the poll

    fetcher._append, fetcher.fetched_records = bounded, resuming
    return consumer


def _record(tp: Any, record: Any, epoch: int) -> Any:
    sizes = [-1 if content is None else len(content) for content in (record.key, record.value)]
    content = record.key, record.value, list(record.headers), None, *sizes, -1
    return ConsumerRecord(*tp, epoch, record.offset, record.timestamp, record.timestamp_type, *content)
