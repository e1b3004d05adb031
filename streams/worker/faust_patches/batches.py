"""Many messages that an agent gets as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from faust.types import TP, ConsumerMessage

BATCH_RECORDS: Final = 1000
"""Records of a `Batch`, at most;"""
BATCH_BYTES: Final = 2**18
"""and bytes of their values, unless a single one has more."""


class Batch(ConsumerMessage):
    """Successive records of one partition that an agent gets as one message, and acks as one: its offset is that of the
    last. Faust takes 50 us for a message, whatever is in it; so it does for all of these together."""

    __slots__ = ("records",)
    records: Sequence[Any]
    """As aiokafka has them: topic, partition, offset, timestamp (ms), key, value."""


def batch_of(tp: TP, records: Sequence[Any], generation: int) -> Batch:
    """These records as one message of an assignment."""
    last = records[-1]
    place = (last.topic, last.partition, last.offset, last.timestamp / 1000, last.timestamp_type, None, None, None)
    batch = Batch(*place, None, 0, 0, tp, generation_id=generation)
    batch.records = records
    return batch


def in_batches(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Successive records in stretches that may be a batch."""
    first = size = 0
    for i, record in enumerate(records, 1):
        size += len(record.value or b"")
        if size > BATCH_BYTES or i - first == BATCH_RECORDS or i == len(records):
            yield records[first:i]
            first, size = i, 0
