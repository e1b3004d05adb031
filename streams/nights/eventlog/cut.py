"""A stretch of a log as a log of its own."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal

from streams.config.election_file import load
from streams.core.events.model import Rejection
from streams.nights.arrival import of_record
from streams.nights.eventlog.errors import LogError
from streams.nights.eventlog.reader import EventLog, Tell
from streams.nights.eventlog.record import Record
from streams.nights.eventlog.writer import LogWriter

By = Literal["record", "event"]
CUT: Final = "cotejo log cut"


def cut(
    log: EventLog,
    directory: Path,
    begin: int | None,
    end: int | None,
    by: By,
    *,
    keep_going: bool,
    tell: Tell,
    watch: Callable[[int], None] = lambda done: None,
) -> int:
    """Write the records from `begin` to before `end` (Unix ms, None: all) into a new log in `directory`, each with the
    offset it has; return how many. `by` says which time counts: the record's timestamp, or that of its newest event
    (one that cannot be read goes with the record before it). Raises `LogError`."""
    if directory.resolve() == log.directory.resolve():
        raise LogError(f"{directory}: is the log itself: choose another directory")
    manifest, last = log.manifest, 0
    writer: LogWriter | None = None
    with ExitStack() as stack:
        for record in log.records(keep_going, tell):
            last = record.timestamp if by == "record" else _newest(record, last)
            if (begin is None or last >= begin) and (end is None or last < end):
                if writer is None:  # only now: what was there before goes with it
                    made = LogWriter.create(
                        directory,
                        load(log.election),
                        prefix=manifest.prefix,
                        partitions=manifest.partitions,
                        writer=CUT,
                    )
                    writer = stack.enter_context(made)
                writer.append(record)
            watch(log.done)
        if writer is None:
            raise LogError(f"{log.directory}: has no record in that time: ask cotejo log info for its times")
        return writer.records


def _newest(record: Record, otherwise: int) -> int:
    times = [arrival.at for arrival in of_record(record, "") if not isinstance(arrival.event, Rejection)]
    return max(times, default=otherwise)
