"""Reading an event log: every record in the order it was written, in the memory of one block."""

from collections.abc import Callable, Iterator
from logging import WARNING
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from streams.config.election_writer import ELECTION
from streams.core.events.input_topics import TOPICS
from streams.nights.eventlog import format, lock, manifest
from streams.nights.eventlog.errors import LogDamage
from streams.nights.eventlog.format import END, GAP, RECORDS, FormatError
from streams.nights.eventlog.manifest import MANIFEST, Manifest
from streams.nights.eventlog.record import Gap, Record, Records
from streams.nights.eventlog.segments import Block, Damaged, blocks, segments
from streams.support.terminal import note

_FEW: Final = 50
"""Fewer records are looked at one by one: the columns of so many cost no less."""

Tell = Callable[[LogDamage], None]


class Hash(Protocol):
    """As `hashlib` makes them."""

    def update(self, data: bytes, /) -> None: ...


def tell_on_stderr(damage: LogDamage) -> None:
    """One line."""
    note(damage, WARNING)


class EventLog:
    """A log in its directory. `size` is the bytes of all its segments, `done` those read so far; `gaps` are those that
    the reading has come by."""

    def __init__(self, directory: Path, own_manifest: Manifest) -> None:
        self.directory, self.manifest = directory, own_manifest
        self.files = segments(directory)
        sizes = [path.stat().st_size for _, path in self.files]
        self.size, self.done = sum(sizes), 0
        self._before = {path: sum(sizes[:i]) for i, (_, path) in enumerate(self.files)}
        self.closed = False
        """After the reading: whether the log ends where its writer stopped by itself."""
        self.gaps: list[Gap] = []

    @classmethod
    def open(cls, path: Path) -> "EventLog":
        """The log in the directory `path`. Raises `LogError`."""
        return cls(path, manifest.read(path))

    @property
    def election(self) -> Path:
        """The election file of this night."""
        return self.directory / ELECTION

    def records(
        self, keep_going: bool = False, tell: Tell = tell_on_stderr, hash: Hash | None = None
    ) -> Iterator[Record]:
        """Every record in the order it was written; `hash` is fed their bytes. Raises and tells as `stretches` does."""
        for stretch in self.stretches(keep_going, tell, hash):
            yield from stretch

    def stretches(
        self, keep_going: bool = False, tell: Tell = tell_on_stderr, hash: Hash | None = None
    ) -> Iterator[Records]:
        """The same, many at a time.

        Raises `LogDamage` at the first damage; with `keep_going` each damage is told once, and whatever is readable
        comes all the same. A log without an end that nobody is writing is damaged: something may be missing."""
        damages = 0

        def damaged(damage: LogDamage) -> None:
            nonlocal damages
            if damage.tail and damage.file == self.files[-1][1] and lock.held(self.directory):
                return  # a block that is being written now
            damages += 1
            if not keep_going:
                raise damage
            tell(damage)

        self.done, self.closed, self.gaps = 0, False, []
        count, order = 0, Order()
        for block in self.blocks(damaged):
            count = block.head.first
            if hash is not None and block.head.kind == RECORDS:
                hash.update(block.raw)
            try:
                for records in self._records(block):
                    begin = 0
                    for place, what in order.check_all(records):
                        if place > begin:
                            yield records.part(begin, place)
                        damaged(LogDamage(block.file, block.position, count + place, what))
                        begin = place
                    yield records.part(begin, len(records)) if begin else records
                    count += len(records)
            except FormatError as error:
                damaged(LogDamage(block.file, block.position, count, str(error)))
        self.done = self.size
        if not (damages or self.closed or lock.held(self.directory)):
            damaged(self._unfinished(count))
        elif not (damages or count or lock.held(self.directory)):
            damaged(LogDamage(*self._end(), count, "holds no record: record, import or simulate a night first"))

    def blocks(self, damaged: Damaged) -> Iterator[Block]:
        """Every readable block; after each, `done`, `closed` and `gaps` are as far as it."""
        for block in blocks(self.files, bytes.fromhex(self.manifest.id), damaged):
            yield block
            self.done = self._before[block.file] + block.end
            self.closed = block.head.kind == END

    def _records(self, block: Block) -> Iterator[Records]:
        if block.head.kind == GAP:
            self.gaps.append(format.unpack_gap(block.raw))
        elif block.head.kind != END:
            yield from format.unpack_records(block.raw, block.head.records)

    def _unfinished(self, count: int) -> LogDamage:
        what = "has no end: its writer was stopped, or the file is cut off"
        cure = "record again to go on" if self.manifest.recorded else "make it again"
        return LogDamage(*self._end(), count, f"{what}: {cure}, or read what is there with --keep-going")

    def _end(self) -> tuple[Path, int]:
        """The end of the last segment."""
        path = self.files[-1][1] if self.files else self.directory / MANIFEST
        return path, path.stat().st_size


class Order:
    """Whether the offsets of each partition rise. `next` is the offset after the last, by topic and partition."""

    def __init__(self) -> None:
        self.next: dict[tuple[str, int], int] = {}

    def check(self, topic: str, partition: int, offset: int) -> str:
        """Take in the next record's place; return what is wrong with it, or nothing."""
        key = topic, partition
        wanted = self.next.get(key, 0)
        self.next[key] = offset + 1
        return "" if offset >= wanted else f"out of order: {topic}/{partition} offset {offset} after {wanted - 1}"

    def check_all(self, stretch: Records) -> list[tuple[int, str]]:
        """`check` each; the places of those that are wrong, and what is."""
        if len(stretch) >= _FEW and self._all_rise(stretch.heads):
            return []
        records = enumerate(zip(stretch.topics, stretch.partitions, stretch.offsets, strict=True))
        return [(place, what) for place, record in records if (what := self.check(*record))]

    def _all_rise(self, heads: NDArray[np.void]) -> bool:
        """Take in the places of all these records, if nothing is wrong with any; whether that is so.

        They are looked at partition by partition, each in its runs: 0.03 us a record, one by one 0.2 or more."""
        places = heads["partition"].astype(np.int64) * len(TOPICS) + heads["topic"]
        order = places.astype(np.uint16).argsort(kind="stable")  # 16 bits are sorted in a third of the time
        places, offsets = places.take(order), heads["offset"].take(order)
        goes_on = places[1:] == places[:-1]
        if (goes_on & (offsets[1:] <= offsets[:-1])).any():
            return False
        lasts = [*np.flatnonzero(~goes_on).tolist(), len(places) - 1]
        firsts = [0, *(last + 1 for last in lasts[:-1])]
        reached = dict[tuple[str, int], int]()
        runs = (places[firsts].tolist(), offsets[firsts].tolist(), offsets[lasts].tolist())
        for place, first, last in zip(*runs, strict=True):
            partition, topic = divmod(place, len(TOPICS))
            key = TOPICS[topic], partition
            if first < reached.get(key, self.next.get(key, 0)):
                return False
            reached[key] = last + 1
        self.next |= reached
        return True
