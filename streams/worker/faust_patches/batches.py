"""Batches: successive records of one partition that an agent receives as one message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from faust.types import TP, ConsumerMessage

BATCH_RECORDS: Final = 1000
"""Most records in a `Batch`."""
BATCH_BYTES: Final = 2**18
"""Most bytes of values in a `Batch` of more than one record."""


class Batch(ConsumerMessage):
    """Successive records of one partition that an agent receives and acks as one message. Its offset is that of the
    last record. Faust takes 50 us for each message whatever it holds, so a batch costs as much as one record."""

    __slots__ = ("records",)
    records: Sequence[Any]
    """The records as aiokafka gives them: topic, partition, offset, timestamp (Unix ms), key, value."""


def batch_of(tp: TP, records: Sequence[Any], generation: int) -> Batch:
    """Make one message of these records. `generation` is that of the assignment for which they were fetched."""
    last = records[-1]
    place = (last.topic, last.partition, last.offset, last.timestamp / 1000, last.timestamp_type, None, None, None)
    batch = Batch(*place, None, 0, 0, tp, generation_id=generation)
    batch.records = records
    return batch


def in_batches(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Split successive records into runs within `BATCH_RECORDS` and `BATCH_BYTES`."""
    first = size = 0
    for i, record in enumerate(records, 1):
        size += len(record.value or b"")
        if size > BATCH_BYTES or i - first == BATCH_RECORDS or i == len(records):
            yield records[first:i]
            first, size = i, 0
