"""What a fetch brought of one partition, batch after batch, without what was never committed."""

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from streams.kafka.record_batches import MAGIC_AT, Batch, Run

_PREFIX = struct.Struct(">qi")


def batches(content: bytes) -> Iterator[Batch]:
    """The whole batches that a fetch brought; the last one is often cut off."""
    view, at = memoryview(content), 0
    while at + _PREFIX.size <= len(view):
        _, size = _PREFIX.unpack_from(view, at)
        end = at + _PREFIX.size + size
        if not at + MAGIC_AT < end <= len(view):
            return
        yield Batch(view[at:end])
        at = end


class Committed:
    """The records of one partition that a fetch brought, without those of aborted transactions.

    `aborted` are the producers and first offsets of these, as the broker names them. `next_offset` is where to go on,
    `leader_epoch` that of the batch that was read last."""

    def __init__(self, content: bytes, first: int, aborted: Iterable[tuple[int, int]] = ()) -> None:
        self.next_offset, self.leader_epoch = first, -1
        self._aborted = sorted(aborted, key=lambda transaction: transaction[1])
        self._away: set[int] = set()
        self._runs = self._read(content, first)
        self._run: Run | None = None
        """What is left of the run that was begun."""

    def take(self, most: int, most_bytes: int) -> tuple[list[Any], bool]:
        """The next records, until they are so many, or have so many bytes; and whether there are no more."""
        taken, size = list[Any](), 0
        while len(taken) < most and size < most_bytes:
            run = self._run or next(self._runs, None)
            if run is None:
                return taken, True
            records, weight_, behind = run
            size += weight_
            some = records[: most - len(taken)]
            taken += some
            if len(some) < len(records):
                self._run = Run(records[len(some) :], 0, behind)
                self.next_offset = some[-1].offset + 1
            else:
                self._run, self.next_offset = None, behind
        return taken, False

    def _read(self, content: bytes, first: int) -> Iterator[Run]:
        for batch in batches(content):
            self.leader_epoch = batch.leader_epoch
            if self._is_aborted(batch) or batch.is_control:
                yield Run([], 0, max(first, batch.next_offset))
            else:
                yield from batch.runs(first)

    def _is_aborted(self, batch: Batch) -> bool:
        while self._aborted and self._aborted[0][1] < batch.next_offset:
            self._away.add(self._aborted.pop(0)[0])
        if batch.aborts:
            self._away.discard(batch.producer)
        return batch.is_transactional and batch.producer in self._away
