"""What is in a log: how many records of which partition, from when to when, and a hash of all of them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from streams.nights.eventlog import manifest
from streams.nights.eventlog.reader import EventLog, Tell
from streams.nights.eventlog.record import Record


@dataclass(slots=True)
class Partition:
    """One partition's records in the log. Times are the records' timestamps (Unix ms)."""

    topic: str
    partition: int
    records: int = 0
    bytes: int = 0
    """Of keys and values."""
    first_offset: int = 0
    last_offset: int = 0
    first_time: int = 0
    last_time: int = 0

    def count(self, record: Record) -> None:
        if not self.records:
            self.first_offset, self.first_time, self.last_time = record.offset, record.timestamp, record.timestamp
        self.records += 1
        self.bytes += len(record.key or b"") + len(record.value or b"")
        self.last_offset = record.offset
        self.first_time = min(self.first_time, record.timestamp)
        self.last_time = max(self.last_time, record.timestamp)


@dataclass(slots=True)
class Summary:
    """A whole log. `content` is SHA-256 over its records' bytes, however they were cut into blocks: two logs with the
    same records have the same. `changed` names the election's files that are not as they were at its beginning."""

    log: str
    manifest: manifest.Manifest
    records: int = 0
    segments: int = 0
    bytes: int = 0
    """Of the segments."""
    closed: bool = False
    content: str = ""
    partitions: list[Partition] = field(default_factory=list)
    gaps: list[dict[str, Any]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    damages: int = 0


def summarize(log: EventLog, *, keep_going: bool, tell: Tell, watch: Callable[[int], None]) -> Summary:
    """Read the whole log; `watch` is told the bytes done. Raises `LogDamage` unless `keep_going`."""
    partitions: dict[tuple[str, int], Partition] = {}
    summary, hash = Summary(str(log.directory), log.manifest), hashlib.sha256()

    def told(damage: Any) -> None:
        summary.damages += 1
        tell(damage)

    for record in log.records(keep_going, told, hash):
        key = record.topic, record.partition
        if key not in partitions:
            partitions[key] = Partition(*key)
        partitions[key].count(record)
        watch(log.done)
    summary.partitions = [partitions[key] for key in sorted(partitions)]
    summary.records = sum(partition.records for partition in summary.partitions)
    summary.segments, summary.bytes, summary.closed = len(log.files), log.size, log.closed
    summary.content = hash.hexdigest()
    summary.gaps = [gap._asdict() for gap in log.gaps]
    summary.changed = manifest.changed(log.directory, log.manifest)
    return summary
