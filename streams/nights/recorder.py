"""The input topics into an event log, from where the log ends, for as long as wanted.

The log itself says which offsets it has, so that a recorder may be killed at any moment and started again: nothing
is missing then, and nothing is there twice.

A message that nobody can read becomes a gap with a reason, and recording goes on behind it.

What the partitions hold is written in the order of its timestamps, as far as a partition that is behind is waited
for: so a log that is read from its front to its end is a night in its order, also when it was recorded in one go
the day after.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, Final, NamedTuple

from kafka import TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError, OffsetOutOfRangeError

from streams.core.events.input_topics import BULLETINS, REPORTS
from streams.errors import CotejoError
from streams.kafka import clients
from streams.kafka.topology import REJECTED_BYTES, Topology
from streams.nights.eventlog.record import Gap, Record
from streams.nights.eventlog.writer import LogWriter
from streams.nights.recorder_backlog import PartitionBacklog, held_of

FLUSH_SECONDS: Final = 1.0
"""What was read is on disk after so long. Less is lost by a kill than by that, and the broker still has it."""
WAIT_SECONDS: Final = 5.0
"""So long a partition that is behind is waited for; so often an idle broker is asked whether all is as it was."""
EMPTY_PAUSE: Final = 0.02
"""Seconds; the embedded broker answers an empty fetch at once."""


class RecordError(CotejoError):
    """The broker no longer has what the log was recorded from, or does not answer."""


class Bounds(NamedTuple):
    """The first offset that a partition holds, and the one after its last."""

    first: int
    end: int


@dataclass(slots=True)
class Recorded:
    """How far it is. `records` is what the log holds, `new` how much of it came in this run, `lag` how many messages
    the broker has beyond."""

    records: int = 0
    new: int = 0
    bytes: int = 0
    gaps: int = 0
    lag: int = 0


class Recorder:
    """One run. `say` is told what a user should know, a line each."""

    def __init__(self, broker: str, topology: Topology, log: LogWriter, say: Callable[[str], None]) -> None:
        self._broker, self._log, self._say = broker, log, say
        self._topics = {REPORTS: topology.tally_reports, BULLETINS: topology.bulletins}
        self._backlogs = {
            TopicPartition(self._topics[place[0]], place[1]): PartitionBacklog(place, log.order.next.get(place, 0))
            for place in [*((REPORTS, i) for i in range(topology.partitions)), (BULLETINS, 0)]
        }
        for backlog in self._backlogs.values():
            backlog.last = log.last.get(backlog.place)
        self._away = False
        self._ready: list[tuple[int, int, PartitionBacklog]] = []
        self.recorded = Recorded(log.records)

    def run(self, stopped: Callable[[], bool], *, until_end: bool, watch: Callable[[Recorded], None]) -> Recorded:
        """Record until `stopped`, or with `until_end` until everything is there that the broker had when it began.

        The topics must exist. Raises `RecordError`, `LogError`. The log is left to the caller to close.
        """
        consumer = clients.consumer(
            self._broker,
            auto_offset_reset="none",
            enable_auto_commit=False,
            max_partition_fetch_bytes=REJECTED_BYTES,
            max_poll_records=2000,
        )
        try:
            consumer.assign(list(self._backlogs))
            target = self._look(consumer)
            flushed = heard = monotonic()
            while not stopped() and not (until_end and self._reached(consumer, target)):
                got = self._poll(consumer)
                if not self._incomplete(consumer):
                    self._write()
                now = monotonic()
                heard = now if got else heard
                if now - flushed >= FLUSH_SECONDS:
                    flushed = now
                    self._log.sync()
                if now - heard >= WAIT_SECONDS:
                    heard = now
                    self._look(consumer, patient=not until_end)
                watch(self._count(consumer))
                if not got:
                    sleep(EMPTY_PAUSE)
            self._drain()
            return self._count(consumer)
        finally:
            consumer.close(autocommit=False)

    def _look(self, consumer: Any, patient: bool = False) -> dict[TopicPartition, Bounds]:
        """Ask what the broker holds, and go to where each partition is to be read on. `patient`: a broker that does
        not answer now is waited for."""
        try:
            firsts = consumer.beginning_offsets(list(self._backlogs), timeout_ms=int(1000 * WAIT_SECONDS))
            ends = consumer.end_offsets(list(self._backlogs), timeout_ms=int(1000 * WAIT_SECONDS))
        except KafkaTimeoutError as error:
            what = (
                f"{self._broker} does not answer for {', '.join(self._topics.values())}: is it down, or are they gone?"
            )
            if not patient:
                raise RecordError(what) from error
            if not self._away:
                self._say(f"{what} Waiting.")
            self._away = True
            return {}
        except KafkaError as error:
            raise self._refused(error) from error
        self._away = False
        bounds = {place: Bounds(firsts[place], ends[place]) for place in self._backlogs}
        for place, backlog in self._backlogs.items():
            self._settle(place, backlog, bounds[place])
            consumer.seek(place, backlog.start)
        return bounds

    def _settle(self, place: TopicPartition, backlog: PartitionBacklog, bounds: Bounds) -> None:
        """Hold what the broker has against what the log wants next."""
        backlog.end = bounds.end
        if bounds.end < backlog.next:
            raise self._made_anew(place, backlog, f"it ends before offset {bounds.end}")
        if bounds.first > backlog.next:
            self._drain()  # what waits comes before the gap
            gap = Gap(*backlog.place, backlog.next, bounds.first)
            self._log.gap(gap)
            self._say(
                f"{place.topic}/{place.partition}: the broker no longer has offsets {gap.first} to {gap.end - 1}: "
                "the log has a gap there"
            )
            self.recorded.gaps += 1
            backlog.next, backlog.last = bounds.first, None
        if backlog.last is not None and backlog.last.offset < bounds.first:
            backlog.last = None

    def _made_anew(self, place: TopicPartition, backlog: PartitionBacklog, why: str) -> RecordError:
        has = f"the log has all before offset {backlog.next}"
        cure = "record what it holds now into another directory"
        return RecordError(
            f"{place.topic}/{place.partition} is not the topic recorded so far: {has}, but {why}: {cure}"
        )

    def _refused(self, error: KafkaError) -> RecordError:
        return RecordError(f"the broker at {self._broker} does not give its messages: {clients.refusal(error)}")

    def _poll(self, consumer: Any) -> bool:
        try:
            batches: dict[TopicPartition, list[Any]] = consumer.poll(0)
        except OffsetOutOfRangeError:
            self._look(consumer)
            return False
        except KafkaError as error:
            raise self._refused(error) from error
        for place, batch in batches.items():
            backlog = self._backlogs[place]
            was = bool(backlog.held)
            for message in batch:
                held = held_of(backlog.place, message)
                if backlog.last is not None:
                    self._compare(place, backlog, held.what)
                if held.end > backlog.next:
                    backlog.take(held)
            if backlog.held and not was:
                heapq.heappush(self._ready, (backlog.held[0].timestamp, place.partition, backlog))
            if backlog.full and place not in consumer.paused():
                consumer.pause(place)
        return bool(batches)

    def _compare(self, place: TopicPartition, backlog: PartitionBacklog, what: Record | Gap) -> None:
        """The last record of the log is read again: if it is another now, the topic is another."""
        first = what.first if isinstance(what, Gap) else what.offset
        if backlog.last is not None and first == backlog.last.offset and what != backlog.last:
            raise self._made_anew(place, backlog, f"offset {first} is another message now")
        backlog.last = None

    def _incomplete(self, consumer: Any) -> bool:
        """Whether a partition is behind, with nothing of it there, so that what it holds may belong before the rest;
        or not yet known to be the one recorded so far."""
        now = monotonic()
        for place, backlog in self._backlogs.items():
            backlog.end = max(backlog.end, consumer.highwater(place) or 0)
            if backlog.last is not None:
                return True
            if backlog.held or backlog.next >= backlog.end or consumer.position(place) >= backlog.end:
                backlog.waiting = now
            elif now - backlog.waiting < WAIT_SECONDS:
                return True
        return False

    def _write(self) -> None:
        """Append what is there, oldest first, until a partition has nothing left that has more to come."""
        while self._ready and self._append():
            pass

    def _drain(self) -> None:
        """Append all that is there."""
        while self._ready:
            self._append()

    def _append(self) -> bool:
        """Append the oldest; say whether the next is known to be the next."""
        _, tie, backlog = heapq.heappop(self._ready)
        match backlog.give():
            case Gap() as gap:
                self._leave_out(gap)
            case record:
                self._log.append(record)
                self.recorded.new += 1
        if backlog.held:
            heapq.heappush(self._ready, (backlog.held[0].timestamp, tie, backlog))
        return bool(backlog.held) or backlog.next >= backlog.end

    def _leave_out(self, gap: Gap) -> None:
        """Say in the log that there is something which cannot be in it."""
        self._log.gap(gap)
        self.recorded.gaps += 1
        which = f"offset {gap.first}" if gap.end == gap.first + 1 else f"offsets {gap.first} to {gap.end - 1}"
        self._say(
            f"{self._topics[gap.topic]}/{gap.partition}: {which} cannot be recorded, {gap.reason}: "
            "the log has a gap there"
        )

    def _reached(self, consumer: Any, target: dict[TopicPartition, Bounds]) -> bool:
        return not self._ready and all(
            backlog.last is None
            and (backlog.next >= target[place].end or consumer.position(place) >= target[place].end)
            for place, backlog in self._backlogs.items()
        )

    def _count(self, consumer: Any) -> Recorded:
        for place in consumer.paused():
            if not self._backlogs[place].full:
                consumer.resume(place)
        self.recorded.records, self.recorded.bytes = self._log.records, self._log.bytes
        self.recorded.lag = sum(
            max(0, backlog.end - max(backlog.next, consumer.position(place))) + len(backlog.held)
            for place, backlog in self._backlogs.items()
        )
        return self.recorded
