"""Writing an event log: records are gathered into blocks, blocks appended to segments, in the memory of one block.

A block is written whole with one call; a writer that is killed leaves at most one torn block at the very end.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final, Self

from streams.config import election_file, election_writer
from streams.config.election_writer import ELECTION
from streams.core.election.model import Election
from streams.nights.eventlog import format, lock, manifest
from streams.nights.eventlog.errors import LogDamage, LogError
from streams.nights.eventlog.format import END, GAP, RECORDS, SEGMENT_BYTES, FormatError
from streams.nights.eventlog.manifest import MANIFEST, Manifest
from streams.nights.eventlog.reader import EventLog, Order
from streams.nights.eventlog.record import Gap, Record, Records
from streams.nights.eventlog.segments import Block, segment, segments
from streams.regular_file import create_private

BLOCK: Final = 256 * 2**10
"""Bytes of records that make a block."""
SEGMENT: Final = 64 * 2**20
"""A segment that has grown so large (bytes) is followed by a new one."""


class LogWriter:
    """Appends to a log that nobody else writes. Leaving the context without an exception closes it with an end mark.

    `order.next` has the offset wanted next of each partition, `last` the last record of each that was there when it
    was resumed. Raises `LogError` for what cannot be written."""

    def __init__(self, directory: Path, own_manifest: Manifest, held: IO[bytes], block: int, segment: int) -> None:
        self.directory, self.manifest = directory, own_manifest
        self.records = self.bytes = 0
        self.order = Order()
        self.last: dict[tuple[str, int], Record] = {}
        self._log = bytes.fromhex(own_manifest.id)
        self._block, self._segment = block, segment
        self._lock = held
        self._file: IO[bytes] | None = None
        self._number = self._size = 0
        self._held: list[bytes] = []
        self._held_records = self._held_bytes = 0
        self._ended = False

    @classmethod
    def create(
        cls,
        directory: Path,
        election: Election | None,
        *,
        prefix: str,
        partitions: int,
        writer: str,
        created: int | None = None,
        block: int = BLOCK,
        segment: int = SEGMENT,
    ) -> Self:
        """Begin a log in `directory`, made if missing, with the election's files; None: they are there already.
        `created` (Unix ms) says that it is a recording: that is never overwritten, what was made by a program is."""
        with ExitStack() as stack:
            try:
                directory.mkdir(parents=True, exist_ok=True)
                held = stack.enter_context(lock.take(directory))
                make_way(directory)
                path = directory / ELECTION if election is None else election_writer.write(election, directory)
                own_manifest = manifest.begin(
                    directory,
                    election=(election or election_file.load(path)).id,
                    prefix=prefix,
                    partitions=partitions,
                    writer=writer,
                    files=election_file.files(path),
                    created=created,
                )
                made = cls(directory, own_manifest, held, block, segment)
                made._begin(1)
            except OSError as error:
                raise LogError(f"{directory}: cannot be written: {error.strerror}") from error
            stack.pop_all()
        return made

    @classmethod
    def resume(
        cls,
        directory: Path,
        cut: Callable[[LogDamage, int], None],
        read: Callable[[EventLog], None] = lambda log: None,
        *,
        block: int = BLOCK,
        segment: int = SEGMENT,
    ) -> Self:
        """Go on with a recording. It is read first; `read` is called after each block. A torn tail is cut off, and
        `cut` told so with its bytes; any other damage is raised: then nothing is written."""
        with ExitStack() as stack:
            held = stack.enter_context(lock.take(directory))
            log = EventLog.open(directory)
            if not log.manifest.recorded:
                raise LogError(f"{directory}: was made by {log.manifest.writer}: choose another directory")
            made = cls(directory, log.manifest, held, block, segment)
            number, last = log.files[-1] if log.files else (1, None)
            end = 0
            try:
                for whole in log.blocks(_refuse):
                    made._take_in(whole)
                    read(log)
                    end = whole.end if whole.file == last else 0
            except LogDamage as damage:
                if not damage.tail or damage.file != last:
                    raise
                end, size = damage.position, damage.file.stat().st_size
                os.truncate(damage.file, end)
                cut(damage, size - end)
            made._open(number, end)
            stack.pop_all()
        return made

    def append(self, record: Record) -> None:
        """Take in the next record; it is on disk after the next `flush`."""
        try:
            if what := self.order.check(*record[:3]):
                raise LogError(f"{self.directory}: {what}: nothing may be written twice")
            content = format.pack_record(record)
        except FormatError as error:
            raise LogError(f"{self.directory}: {error}") from None
        self._hold(content)

    def extend(self, records: Records) -> None:
        """`append` each of these, which have no headers: 0.3 us a record instead of 4."""
        if wrong := self.order.check_all(records):
            raise LogError(f"{self.directory}: {wrong[0][1]}: nothing may be written twice")
        parts, ends = format.pack_records(records)
        first = begin = 0
        while first < len(records):
            end = int(ends.searchsorted(begin + self._block - self._held_bytes, "right"))
            if end <= first and self._held:
                self.flush()
                continue
            end = max(end, first + 1)
            self._hold(b"".join(parts[first * format.PARTS : end * format.PARTS]), end - first)
            first, begin = end, int(ends[end - 1])

    def _hold(self, content: bytes, count: int = 1) -> None:
        """Hold the bytes of so many records: all in one block."""
        if self._held and self._held_bytes + len(content) > self._block:
            self.flush()
        self._held.append(content)
        self._held_records += count
        self._held_bytes += len(content)
        self.records += count

    def gap(self, gap: Gap) -> None:
        """Say that these messages could not be had."""
        self.flush()
        self._write(GAP, 0, format.pack_gap(gap))
        self.order.next[gap.topic, gap.partition] = gap.end

    def flush(self) -> None:
        """Hand what is held to the operating system: a crash of this process no longer loses it."""
        if self._held:
            raw, count = b"".join(self._held), self._held_records
            self._held, self._held_records, self._held_bytes = [], 0, 0
            self._write(RECORDS, count, raw)

    def sync(self) -> None:
        """Flush, and wait until the disk has it: a power cut no longer loses it."""
        self.flush()
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self, *, finished: bool = True) -> None:
        """Write what is held and, if `finished`, the end mark; let the lock go."""
        try:
            if finished:
                self.flush()
                if not self._ended:
                    self._write(END, 0, b"")
                self.sync()
        finally:
            if self._file is not None:
                self._file.close()
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close(finished=kind is None)

    def _take_in(self, block: Block) -> None:
        """Count an old block in. Raises `LogDamage` for one that cannot be believed."""
        try:
            if block.head.kind == GAP:
                gap = format.unpack_gap(block.raw)
                self.order.next[gap.topic, gap.partition] = gap.end
            for records in format.unpack_records(block.raw, block.head.records) if block.head.kind == RECORDS else ():
                for record in records:
                    if what := self.order.check(*record[:3]):
                        raise FormatError(what)
                    self.last[record.topic, record.partition] = record
        except FormatError as error:
            raise LogDamage(block.file, block.position, block.head.first, str(error)) from None
        self.records = block.head.first + block.head.records
        self._ended = block.head.kind == END

    def _open(self, number: int, end: int) -> None:
        """Go on with a segment at its end; with none, or with one that was cut off at its head, begin it."""
        if end < SEGMENT_BYTES:
            self._begin(number)
            return
        self._number, self._size = number, end
        self._file = segment(self.directory, number).open("ab", buffering=0)

    def _begin(self, number: int) -> None:
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
        self._file = create_private(segment(self.directory, number), buffering=0)
        self._number, self._size = number, 0
        self._append(format.segment_head(self._log, number))
        _sync_directory(self.directory)

    def _write(self, kind: int, count: int, raw: bytes) -> None:
        try:
            content = format.block(self._log, kind, self.records - self._held_records - count, count, raw)
        except FormatError as error:
            raise LogError(f"{self.directory}: {error}") from None
        if self._size > SEGMENT_BYTES and self._size + len(content) > self._segment:
            self._begin(self._number + 1)
        self._append(content)
        self._ended = kind == END

    def _append(self, content: bytes) -> None:
        assert self._file is not None
        left = memoryview(content)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise LogError(f"{self.directory}: cannot be written: {error.strerror}: make room, then go on") from error
        self._size += len(content)
        self.bytes += len(content)


def _refuse(damage: LogDamage) -> None:
    raise damage


def make_way(directory: Path) -> None:
    """Remove a log that was made by a program. Raises `LogError` for a recording."""
    old = segments(directory)
    if (directory / MANIFEST).exists():
        if manifest.read(directory).recorded:
            raise LogError(f"{directory}: holds a recording, which nothing can bring back: choose another directory")
        (directory / MANIFEST).unlink()
    elif old:
        raise LogError(f"{directory}: holds segments of a log without {MANIFEST}: choose another directory")
    for _, path in old:
        path.unlink()


def _sync_directory(directory: Path) -> None:
    held = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
