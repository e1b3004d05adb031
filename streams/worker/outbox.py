"""Collects what a stage wants to send and save. A flush sends it in order, and acks the events once the broker has
confirmed it all.

A worker may die while it sends, and only part of it arrives. So a flush has three parts, each confirmed before the next
begins: the records that follow from the events, the state, and the seal of the state. If the state were there without
the records, nothing would be left to send after the restart.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple

import orjson
from faust.types import EventT
from prometheus_client import Histogram

from streams.core.events.codec import encode
from streams.core.events.formats import Format
from streams.kafka.atomic_state import Saves
from streams.worker import fault_points
from streams.worker.fault_points import Point
from streams.worker.faust_patches import App, PartitionsGivenUp, Place, SendFailed, Sends, Table

Written = tuple[EventT[Any] | Place, bytes | None]
Writes = dict[bytes, Written]
Encode = Callable[[], bytes]

SLICE: Final = 2**20
"""Bytes of one stage that wait for the broker at a time: behind more, another stage's few would wait too long."""


class Record(NamedTuple):
    """One record for one topic. `headers` are as Kafka has them. With `partition` None the key decides."""

    topic: Any
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: dict[str, bytes] | None = None


def stopwatch() -> Histogram:
    """The histogram of how long the steps of a worker take, in seconds by `step`. `metrics` shows it."""
    bounds = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
    name, text = "cotejo_processing_seconds", "How long flushes and judgements took"
    return Histogram(name, text, ["step"], registry=None, buckets=bounds)


class Outbox:
    """Records, table writes and held events of one stage, until they are flushed.

    A flush comes every `every` seconds, or at the next look after `flush_soon`. `timer` observes how long each takes.
    `put_off()` returns the table writes that are only made at a flush; they must include all that belongs to the held
    events. What comes while they are encoded belongs to the next flush.
    """

    def __init__(
        self,
        app: App,
        table: Table,
        timer: Histogram,
        put_off: Callable[[], Iterable[tuple[bytes, Written]]] = tuple,
        every: float = 1.0,
    ) -> None:
        self._app, self._table, self._timer, self._put_off, self._every = app, table, timer, put_off, every
        self._monotonic = app.clock.monotonic
        self._lock, self._sending = asyncio.Lock(), asyncio.Lock()
        self._records_wanted = asyncio.Event()
        self._ended = 0.0
        self.confirmed: int | None = None
        """The newest stamp (`stamp`) of which everything has been sent and confirmed; None where there is none yet."""
        self.clear()

    def clear(self) -> None:
        """Forget everything. The events will be delivered again, here or to another worker."""
        self._events: list[EventT[Any]] = []
        self._records: list[Record] = []
        self._writes: dict[bytes, tuple[EventT[Any] | Place, bytes | Encode | None]] = {}
        self._flush_wanted = self._failed = self._given_up = False
        self._stamp = self.confirmed

    def hold(self, event: EventT[Any]) -> None:
        """Ack this event after the next flush."""
        self._events.append(event)

    def send(self, record: Record) -> None:
        """Send this record at the next flush, in order."""
        self._records.append(record)

    def write(self, event: EventT[Any] | Place, key: bytes, value: bytes | Encode | None) -> None:
        """Write a key of the table at the next flush (None deletes it). The record takes the partition of `event`. Keys
        are written in the order of their last writes. A value that may be written again before the flush can be given
        as a function that encodes it. It is called once, at the flush, and must return what it would return now."""
        self._writes.pop(key, None)
        self._writes[key] = event, value

    def stamp(self, at: int) -> None:
        """Set the event time (Unix ms) up to which everything is held now."""
        self._stamp = at

    def resume(self, at: int | None) -> None:
        """Set the event time (Unix ms) up to which everything had been confirmed when this worker took over; None if
        nothing had."""
        self._stamp = self.confirmed = at

    def send_soon(self) -> None:
        """Send the records before the next flush, because somebody waits for them."""
        self._records_wanted.set()

    def flush_soon(self) -> None:
        """Flush at the next look, not only when a flush is due."""
        self._flush_wanted = True

    async def flush_if_due(self) -> None:
        """Flush if anything is held, and a flush is due or wanted soon. Raises `SendFailed`."""
        held = self._events or self._records or self._writes
        if held and (self._flush_wanted or self._monotonic() - self._ended >= self._every):
            await self.flush()

    async def send_when_wanted(self) -> None:
        """Wait for `send_soon`, then send the records and leave the rest to the next flush. It does not wait for a
        flush that is saving state. Raises `SendFailed`."""
        await self._records_wanted.wait()
        self._records_wanted.clear()
        if self._records:
            with suppress(PartitionsGivenUp), self._all_or_nothing():
                async with self._app.sends() as out, self._sending:
                    self._check()
                    records, self._records = self._records, []
                    fault_points.reached(Point.SENDING_AHEAD)
                    await _send(out, records)
                    fault_points.reached(Point.SENT_AHEAD)

    async def flush(self) -> None:
        """Send everything, wait until the broker has confirmed it, then ack. Raises `SendFailed`: then nothing is
        acked, and nothing more is sent, since later records would lack what they rest on. If the partitions are given
        up meanwhile, nothing is acked either, but that is no failure: all of it comes again."""
        with suppress(PartitionsGivenUp):
            await self._flush()

    async def _flush(self) -> None:
        async with self._lock:
            began = self._monotonic()
            with self._all_or_nothing():
                async with self._app.sends() as out:
                    # Taken in here: while the partitions change hands the block does not open, and what was
                    # held before is no longer ours.
                    async with self._sending:  # what was sent ahead is confirmed, once this is ours
                        events, records, writes, stamp = self._take()
                        fault_points.reached(Point.FLUSH_TAKEN)
                        await _send(out, records)
                    fault_points.reached(Point.RECORDS_CONFIRMED)
                    for part in writes:
                        await self._write(out, part)
                        fault_points.reached(Point.STATE_CONFIRMED)
            fault_points.reached(Point.FLUSH_CONFIRMED)
            for event in events:
                event.ack()
            self.confirmed = stamp
            self._ended = self._monotonic()
            self._timer.observe(self._ended - began)

    def _check(self) -> None:
        """Raise `SendFailed` if an earlier send has failed, `PartitionsGivenUp` if one was left. Call it again after
        each wait."""
        if self._given_up:
            raise PartitionsGivenUp
        if self._failed:
            raise SendFailed("what was sent before has failed")

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        self._check()
        try:
            yield
        except PartitionsGivenUp:
            self._given_up = True
            raise
        except BaseException:
            self._failed = True
            raise

    def _take(self) -> tuple[list[EventT[Any]], list[Record], list[Iterable[tuple[bytes, Written]]], int | None]:
        """Take everything at one moment. An event that comes a little later must not be acked with these."""
        self._check()
        encoded = {key: (place, value() if callable(value) else value) for key, (place, value) in self._writes.items()}
        writes = [self._put_off(), *(part.items() for part in self._parts(encoded))]
        taken = self._events, self._records, writes, self._stamp
        self.clear()
        self._stamp = taken[-1]
        return taken

    async def _write(self, out: Sends, part: Iterable[tuple[bytes, Written]]) -> None:
        size = 0
        for key, (event, value) in part:
            await out.put(self._table, event, key, value)
            size += len(value or b"")
            if size > SLICE or fault_points.reached(Point.SLICE_FULL):
                await out.confirmed()
                size = 0
            await asyncio.sleep(0)  # the next may have to be encoded first
        fault_points.reached(Point.STATE_SENT)
        await out.confirmed()

    def _parts(self, writes: Writes) -> list[Writes]:
        """The table writes in parts. Each is confirmed before the next is sent."""
        return [writes] if writes else []


async def _send(out: Sends, records: list[Record]) -> None:
    for record in records:
        await out.send(**record._asdict())
    await out.confirmed()


class SealedOutbox(Outbox):
    """An outbox of one partition whose table comes back as it was after one flush, as a whole
    (`streams.kafka.atomic_state`)."""

    async def begin(self, format: Format, place: Place) -> dict[bytes, bytes]:
        """Take the table over, and return what it held by key, once the broker has confirmed that it is claimed. Values
        are JSON. What cannot be read is in `unreadable`. Raises `UnknownFormatError`, `SendFailed`."""
        app = self._app
        self._saves = Saves(
            self._table.items(), app.group_generation, format, app.new_writer(), counted_anew=app.counted_anew
        )
        if self._saves.outranked:
            self._app.doubt()
        self.unreadable = self._saves.unreadable
        claim, sends = self._saves.claim(), Sends(app.maybe_start_producer)
        await sends.put(self._table, place, claim.key, claim.value)
        await sends.confirmed()  # not in a block of sends: those open behind the recovery, and this belongs to it
        return {name.encode(): encode(value) for name, value in self._saves.state.items()}

    def _parts(self, writes: Writes) -> list[Writes]:
        if not writes:
            return []
        for key, (_, value) in writes.items():
            self._saves.put(key.decode(), None if value is None else orjson.Fragment(value))
        (place, _), step = next(iter(writes.values())), self._saves.step()
        return [{w.key: (place, w.value) for w in step if w.seals is seals} for seals in (False, True)]
