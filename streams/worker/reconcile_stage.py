"""The reconcile stage: takes in tally reports; at every tick sends the sheets that changed.

Reports come in batches, as the broker delivers them. Ledgers live in memory. At each flush, what they have taken in
goes to the table, and only after that is confirmed are the reports acked. Sheets are sent at ticks only, so that what
is judged together does not depend on how fast the reports were read.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import chain, groupby
from typing import Any, Final, cast

from faust.types import TP, EventT
from prometheus_client import Histogram

from streams.core.election.model import Election
from streams.core.engine.partition_intake import Misrouted, PartitionIntake, Rejected, SheetsDue
from streams.core.events.codec import decode_reports, encode
from streams.core.events.formats import TABLE_SHEETS
from streams.core.events.model import NO_ARRIVAL, Rejection
from streams.core.events.original_bytes import own_bytes
from streams.core.events.own_records import MarkRecord
from streams.core.events.quick_decoder import KINDS, UsualReader, as_read, by_type
from streams.core.reconciliation.ledger_journal import Sent, encode_sent
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.reconciliation.sheet_rows import Sheets
from streams.kafka.topology import Topology
from streams.times import latest
from streams.worker import fault_points, raw_topics, saved_ledgers
from streams.worker.fault_points import Point
from streams.worker.faust_patches import App, Batch
from streams.worker.outbox import Outbox, Record, Written
from streams.worker.rejected_records import count_of, rejected
from streams.worker.unreadable_records import SetAside, Stored

MAX_HELD_BYTES: Final = 32 * 2**20
"""Bytes of messages that may wait for a flush; then reading pauses until it is done."""
PIECE_BYTES: Final = 2**16
"""Bytes of messages that are taken in at a time; that takes some 3 ms. With half of it each report takes a seventh more
processor time."""
YIELDS: Final = 10
"""Turns of the event loop that the other stages get before each piece. Their steps are short, but to send something and
hear that it has arrived takes as many. A worker that had more reports than it could take called people after 1.8 s with
one turn for each piece, and after 0.6 s with ten. An empty turn takes 3 us."""


class ReconcileStage:
    """One `PartitionIntake` for each partition of the reports that this worker owns."""

    def __init__(
        self, app: App, election: Election, topology: Topology, times: Histogram, aside: SetAside, *, wall_clock: bool
    ) -> None:
        self._app, self._election, self._topology = app, election, topology
        self._wall_clock, self._aside = wall_clock, aside
        self._usual = UsualReader(election)
        self._homes = topology.homes(election.layout.tables)
        self._source = raw_topics.topic(app, topology.tally_reports)
        self._sink = raw_topics.topic(app, topology.table_sheets)
        self._rejected = raw_topics.topic(app, topology.rejected)
        self._table = app.journal("ledgers")
        self._judged_by = saved_ledgers.judged_by(election)
        self.outbox = Outbox(app, self._table, times.labels("reconcile-flush"), self._unsaved)
        self._reading = asyncio.Lock()
        self._intakes: dict[int, PartitionIntake] = {}
        self._newest: dict[int, EventT[Any]] = {}
        self._sent: dict[int, int] = {}
        """By partition, up to which record that was written the rows of all sheets are in the outbox, or have left."""
        self._sent_saved: dict[int, int] = {}
        """The same, as it has been saved."""
        self._bytes = 0
        self.counts: Counter[str] = Counter()
        app.agent(self._source, name="reconcile")(self._consume)
        app.after_recovery(self._rebuild)

    @property
    def reconcilers(self) -> Mapping[int, Reconciler]:
        """The reconciler of each partition that this worker owns, by partition."""
        return {partition: intake.reconciler for partition, intake in self._intakes.items()}

    @property
    def latest_tick(self) -> int | None:
        """Event time of the latest tick in any partition that this worker owns (Unix ms), None before the first."""
        return latest(*(intake.latest_tick for intake in self._intakes.values()))

    async def _rebuild(self, partitions: frozenset[TP]) -> None:
        async with self._reading:
            sheets_are_there = await self._app.earliest_offset(TP(self._topology.table_sheets, 0)) == 0
            self._begin(partitions, sheets_are_there)
            fault_points.reached(Point.LEDGERS_LOADED)

    def _begin(self, partitions: frozenset[TP], sheets_are_there: bool) -> None:
        # Keys of our own, and new ones each time: a worker that was stopped and has lost its partitions may still write
        # when it wakes up. It writes over nothing, and what it has taken in is a part of the night for us too.
        self._writer, self._written = self._app.new_writer(), 0
        self.outbox.clear()
        self._newest.clear()
        self._bytes = 0
        mine = {tp.partition for tp in partitions if tp.topic == self._topology.tally_reports}
        self._intakes = {p: PartitionIntake(self._election, p, self._homes, saves=True) for p in sorted(mine)}
        self._sent, self._sent_saved = dict.fromkeys(mine, 0), dict.fromkeys(mine, 0)
        judged = self._judged_by if sheets_are_there else ""
        for record, error in saved_ledgers.load(self._table.take(), judged, self._election, self.reconcilers):
            self._aside.put(self.outbox, Stored(self._topology.changelog("ledgers"), *record), error)
        for partition, reconciler in self.reconcilers.items():
            if (stray := reconciler.stray(self._homes)) is not None:
                self._topology.refuse_ledger(partition, stray)

    async def _consume(self, stream: Any) -> None:
        events: AsyncIterable[EventT[Any]] = stream.noack().events()
        async for event in events:
            async with self._reading:
                if event.message.generation_id == self._app.consumer_generation_id:  # else it comes again
                    await self._take(event)
            if self._bytes >= MAX_HELD_BYTES or fault_points.reached(Point.MOST_HELD):
                await self.outbox.flush()

    async def _take(self, event: EventT[Any]) -> None:
        batch = cast(Batch, event.message)
        self._newest[batch.partition] = event
        records, size = [], 0
        for record in batch.records:
            records.append(record)
            size += len(record.value or b"")
            if size >= PIECE_BYTES or fault_points.reached(Point.PIECE_FULL):
                await self._take_piece(batch.partition, records, size)
                records, size = [], 0
        await self._take_piece(batch.partition, records, size)
        self.outbox.hold(event)  # only now: a flush in between must not ack what is not in the ledgers

    async def _take_piece(self, partition: int, records: list[Any], size: int) -> None:
        for _ in range(YIELDS):
            await asyncio.sleep(0)
        self._take_in(partition, records)
        self._bytes += size

    def _take_in(self, partition: int, records: list[Any]) -> None:
        """Take in the events of these messages, and send what follows from them."""
        items, sources = self._events(records)
        for kind, count in by_type(as_read(items)).items():
            if kind in KINDS:
                self.counts[KINDS[kind]] += count
        own = cache(partial(_own_bytes, sources))
        refused: dict[int, list[Rejection]] = defaultdict(list)
        arrived = [source.timestamp or NO_ARRIVAL for source in sources]
        now = self._app.clock.now() if self._wall_clock else None
        for effect in self._intakes[partition].take(items, arrived, now):
            match effect:
                case Rejected(place, reason):
                    refused[sources[place].offset].append(reason)
                case Misrouted(place, table, home):
                    self.counts["strays"] += 1
                    self.outbox.send(Record(self._source, table.encode(), own()[place], home))
                case SheetsDue(_, at, sheets) if partition < self._topology.partitions:
                    self._send_sheets(partition, at, sheets)
                    self._sent[partition] = self._written
        for record in records if refused else ():
            if reasons := refused.get(record.offset):
                self.counts.update(f"rejected {reason.code}" for reason in reasons)
                self.counts[f"rejected {reasons[0].code}"] += count_of(record, reasons) - len(reasons)
                self.outbox.send(rejected(self._rejected, record, reasons))

    def _events(self, records: list[Any]) -> tuple[Sequence[Any], list[Any]]:
        """The events in these messages and what is none, and for each the message it came in."""
        contents = [record.value for record in records]
        first = contents[0] if contents else None
        packed = isinstance(first, bytes) and first.startswith(b"[")  # who packs one packs all
        if not packed and (events := self._usual.read(contents)) is not None:
            return events, records
        if (packs := self._usual.read_packs(contents)) is not None:
            items: Sequence[Any]
            items, sizes = packs
        else:
            several = [decode_reports(content) for content in contents]
            items, sizes = [item for contained in several for item in contained], list(map(len, several))
        return items, [record for record, size in zip(records, sizes, strict=True) for _ in range(size)]

    def _send_sheets(self, partition: int, at: int, sheets: Sheets) -> None:
        for content in sheets.messages(self._election):
            self.outbox.send(Record(self._sink, None, content, 0, TABLE_SHEETS.headers()))
        mark = encode(MarkRecord(partition, at))
        self.outbox.send(Record(self._sink, None, mark, 0, TABLE_SHEETS.headers()))
        self.outbox.send_soon()

    def _unsaved(self) -> Iterator[tuple[bytes, Written]]:
        """What the ledgers have taken in up to this moment, as table writes. An event that is only partly in them comes
        again after a crash. Reading goes on while this is encoded."""
        taken = [(event, p, self._intakes[p].reconciler.take_records()) for p, event in self._newest.items()]
        self._bytes = 0
        sent = [(event, p, self._sent[p]) for p, event in self._newest.items() if self._sent[p] > self._sent_saved[p]]
        self._sent_saved |= {p: records for _, p, records in sent}
        written = ((self._key(p), (event, record)) for event, p, records in taken for record in records)
        return chain(written, [self._say_sent(*each) for each in sent])

    def _key(self, partition: int) -> bytes:
        self._written += 1
        return saved_ledgers.record_key(partition, self._writer, self._written)

    def _say_sent(self, event: EventT[Any], partition: int, records: int) -> tuple[bytes, Written]:
        """The table write that says up to which record all sheets have been sent. It may be made at a flush, which
        sends the records first."""
        return saved_ledgers.sent_key(partition, self._writer), (event, encode_sent(Sent(records, self._judged_by)))


def _own_bytes(sources: list[Any]) -> Sequence[bytes]:
    """The bytes of each event, in the order of `sources`, the messages that they came in."""
    runs = [list(run) for _, run in groupby(sources, key=id)]
    contents = [own_bytes(run[0].value, len(run)) if isinstance(run[0].value, bytes) else [b""] for run in runs]
    return list(chain.from_iterable(contents))
