"""From readings to sums: the ledgers of one partition and the partials they add up to."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, cast
from zlib import crc32

import numpy as np

from streams.admission import check_bulletin, check_report
from streams.bulk import Announcements, Bulk, Readings
from streams.codec import encode
from streams.election import Election
from streams.events import Bulletin, Rejection, TallyReport, table_of
from streams.layout import ROOT, Numbers
from streams.ledger import Announced, Ledger, Level, Reading, Verdict, announced_of, reading_of
from streams.rollup import Batch, Partial
from streams.shelf import Shelf
from streams.sums import CODES, Sums, official_row, row_of, rows_of

TABLES_PER_CHUNK = 32
"""Ledgers that are saved together: a save costs one record per dirty chunk, not per report."""

MOST_WAITING: Final = 20_000
"""Entries that may wait to be worked out; more would only take memory."""

LEDGER_BYTES: Final = 64 * 2**10
"""A ledger that is saved with more bytes takes in nothing new: somebody floods this table, and its chunk must remain
smaller than a message."""

FEW: Final = 6
"""Fewer events are not worth any columns."""

_REPORTED: Final = CODES[Level.REPORTED]


class Busiest:
    """Readings by reporter group, and the few groups that sent most (of equals, the first by name)."""

    MOST = 5

    def __init__(self) -> None:
        self._readings: Counter[str] = Counter()
        self.busiest: dict[str, int] = {}

    def count(self, groups: Sequence[str]) -> None:
        """Count one reading of each. Numbers only grow, so whoever is overtaken was overtaken by one of these."""
        self._readings.update(groups)
        asking = self.busiest.keys() | set(groups)
        if len(asking) > self.MOST:
            asking = set(sorted(asking, key=lambda group: (-self._readings[group], group))[: self.MOST])
        self.busiest = {group: self._readings[group] for group in asking}


class Reconciler:
    """The ledgers of one partition of the reports, with its running sums per area.

    Nothing leaves by itself: `take_partials` and `take_chunks` hand over what changed since
    they were last asked. State is rebuilt from chunks, and sums from ledgers.

    A report only enters its ledger. What it changes in the sums is worked out for many polling tables at once.
    """

    def __init__(self, election: Election, partition: int = 0, partitions: int = 1) -> None:
        self._election, self._layout = election, election.layout
        self._partition = partition
        self._chunks = max(1, -(-len(election.tables) // (TABLES_PER_CHUNK * partitions)))
        self._shelf = Shelf(len(election.tables))
        self._groups = Busiest()
        self._sums = Sums(election)
        self._bulk = Bulk(election)
        self._entered: list[int] = []
        """The polling table of each new entry."""
        self._first: list[tuple[Numbers, Numbers]] = []
        """Polling tables with a first reading, and their rows."""
        self._reread: set[int] = set()
        """Polling tables with new readings whose verdict must be worked out."""
        self._announced: list[tuple[Numbers, Numbers]] = []
        """Polling tables with a first official figure, and those."""
        self._corrected: set[int] = set()
        """Polling tables with official figures of which the one that holds must be worked out."""
        self._fresh_groups: list[str] = []
        self._saved = False
        """Whether the entries that wait were loaded, so that they need not be saved."""
        self._dirty_chunks: set[int] = set()
        self._rates: Counter[tuple[str, int]] = Counter()
        """Readings taken in, by group and the minute in which they came."""

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdict on every table with a ledger."""
        return Verdicts(self._election, self._shelf)

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a table, where there is one."""
        number = self._layout.table.get(table)
        return self._shelf.ledger(number) if number is not None and number in self._shelf else None

    def apply(self, event: TallyReport | Bulletin, arrived: int = 0) -> Rejection | None:
        """Take in a report, or a bulletin for a polling table, or say why it is turned away. Taking it in again
        changes nothing. `arrived` (Unix ms) is when its message came to this partition."""
        if isinstance(event, TallyReport):
            rejection = check_report(self._election, event)
        else:
            rejection = check_bulletin(self._election, event)
            if event.area in self._election.areas:
                rejection = Rejection("not-a-table", "area", "send bulletins for areas to the topic of bulletins")
        if rejection is not None:
            return rejection
        table = self._layout.table[table_of(event)]
        entry: Reading | Announced
        if isinstance(event, TallyReport):
            entry = reading_of(self._election, event)
            minute = arrived // 60_000 if self._is_limited(entry) else None
        else:
            entry, minute = announced_of(self._election, event), None
        if (rejection := self._no_room(table, entry, minute)) is None:
            self._entries_are(saved=False)
            self._enter(table, entry, minute)
        return rejection

    def apply_all(self, events: Sequence[TallyReport] | Sequence[Bulletin]) -> list[tuple[int, Rejection]]:
        """The same for many reports, or many bulletins, at once, each as if it had come at its own time; the places of
        those that are turned away, and why."""
        doubtful: Iterable[int] = range(len(events))
        if len(events) >= FEW:
            self._entries_are(saved=False)
            if isinstance(events[0], TallyReport):
                if (readings := self._bulk.readings(cast(Sequence[TallyReport], events))) is not None:
                    doubtful = self._enter_readings(*readings)
            elif (announcements := self._bulk.announcements(cast(Sequence[Bulletin], events))) is not None:
                doubtful = self._enter_announcements(*announcements)
        return [(i, why) for i in doubtful if (why := self.apply(events[i], events[i].at)) is not None]

    def _enter_readings(self, new: Readings, doubtful: set[int]) -> list[int]:
        """Enter all but the doubtful ones; the places of those and of what may have no room."""
        readings, heavy, groups, first = self._shelf.readings, self._shelf.heavy, self._fresh_groups, []
        for i, (table, entry) in enumerate(zip(new.tables, new.entries, strict=True)):
            if i in doubtful or table in heavy:
                doubtful.add(i)
                continue
            if readings[table] is None:
                readings[table] = entry
                first.append(i)
            elif self._shelf.put(readings, table, entry):
                self._reread.add(table)
            else:
                continue
            self._entered.append(table)
            if not new.trusted[i]:
                groups.append(new.groups[i])
        # Nearly every sheet is read once, and then its verdict is plain.
        at = np.array(first, np.int64)
        accepted = np.array(new.trusted) | (self._election.policy.quorum <= 1)
        rows = np.column_stack([np.full(len(new.tables), _REPORTED), accepted, new.sheets])[at]
        self._first.append((np.array(new.tables)[at], rows))
        self._digest_if_many()
        return sorted(doubtful)

    def _enter_announcements(self, new: Announcements, doubtful: set[int]) -> list[int]:
        """The same for official figures."""
        announced, heavy, first = self._shelf.announced, self._shelf.heavy, []
        for i, (table, entry) in enumerate(zip(new.tables, new.entries, strict=True)):
            if i in doubtful or table in heavy:
                doubtful.add(i)
                continue
            if announced[table] is None:
                announced[table] = entry
                first.append(i)
            elif self._shelf.put(announced, table, entry):
                self._corrected.add(table)
            else:
                continue
            self._entered.append(table)
        at = np.array(first, np.int64)
        rows = np.column_stack([np.ones(len(new.tables), np.int64), new.figures])[at]
        self._announced.append((np.array(new.tables)[at], rows))
        self._digest_if_many()
        return sorted(doubtful)

    def _enter(self, table: int, entry: Reading | Announced, minute: int | None) -> None:
        """Enter a reading or an official figure, whether or not there is room."""
        if not self._shelf.add(table, entry, minute):
            return
        self._entered.append(table)
        if isinstance(entry, Announced):
            self._corrected.add(table)
        else:
            self._reread.add(table)
            if minute is not None:
                self._rates[entry.group, minute] += 1
            if self._is_counted(entry.source):
                self._fresh_groups.append(entry.group)
        self._digest_if_many()

    def _no_room(self, table: int, entry: Reading | Announced, minute: int | None) -> Rejection | None:
        """Turn away what is beyond a limit. The limits look at nothing but what was taken in, which is saved. After a
        crash some of what came later may be in the ledgers before what came earlier is there again; all of it together
        is within the limits, so each gets in again, and what was beyond them stays out (docs/adr/0005)."""
        if (minute is None and table not in self._shelf.heavy) or self._shelf.has(table, entry):
            return None
        rate = self._election.policy.group_rate
        if isinstance(entry, Reading) and minute is not None and self._rates[entry.group, minute] >= rate:
            cure = f"send it again in a minute: {entry.group} may send {rate:,} in one"
            return Rejection("rate-limited", "reporter_group", cure)
        if table in self._shelf.heavy:
            ledger, new = self._shelf.ledger(table), Ledger()
            new.add(entry, minute)
            if len(encode(ledger.plain())) + len(encode(new.plain())) > LEDGER_BYTES:
                cure = f"find out who sends them: {self._layout.tables[table]} has {len(ledger):,} readings"
                return Rejection("ledger-full", "table", cure)
        return None

    def _is_limited(self, reading: Reading) -> bool:
        return self._election.policy.group_rate > 0 and self._is_counted(reading.source)

    def _is_counted(self, source: str) -> bool:
        """Whether readings of this source count towards a flood: a trusted source may send what it likes."""
        return source not in self._election.policy.trusted_sources

    def _entries_are(self, saved: bool) -> None:
        """What enters now is from a save, or is not; the two are worked out apart."""
        if saved != self._saved:
            self._digest()
            self._saved = saved

    def _digest_if_many(self) -> None:
        if len(self._entered) >= MOST_WAITING:
            self._digest()

    def _digest(self) -> None:
        """Work out what the new entries change."""
        if not self._entered:
            return
        self._groups.count(self._fresh_groups)
        election, shelf = self._election, self._shelf
        read = {table: row_of(election, shelf.verdict(table, election.policy)) for table in self._reread}
        held = {table: official_row(election, shelf.official(table)) for table in self._corrected}
        self._sums.change(self._entered, [*self._first, rows_of(read)], [*self._announced, rows_of(held)], self._saved)
        self._entered, self._fresh_groups = [], []
        self._first, self._reread = [], set()
        self._announced, self._corrected = [], set()

    def is_astray(self, event: TallyReport | Bulletin, home: Callable[[str], int]) -> bool:
        """Whether the event's polling table belongs to another partition, `home` of it: a table has one ledger. One
        that has its ledger here keeps it."""
        table = table_of(event)
        number = self._layout.table.get(table)
        return number is not None and number not in self._shelf and home(table) != self._partition

    def differing(self) -> Iterator[tuple[str, Announced, Verdict]]:
        """The polling tables whose official figure is not the accepted sheet's, by id."""
        self._digest()
        for table in sorted(self._layout.tables[number] for number in self._sums.differing()):
            ledger = self._shelf.ledger(self._layout.table[table])
            if (official := ledger.official) is not None:
                yield table, official, ledger.verdict(self._election.policy)

    def take_partials(self) -> list[Partial]:
        """The areas' sums that changed since the last call, each whole, in the order of their ids."""
        batch = self.take_batch()
        found = []
        for area, row in zip(batch.areas.tolist(), batch.rows.tolist(), strict=True):
            busiest = batch.busiest if area == ROOT else {}
            found.append(Partial(self._layout.areas[area], self._partition, row, self._sums.spread(area), busiest))
        return sorted(found, key=lambda partial: partial.area)

    def take_batch(self) -> Batch:
        """The same for a comparer in the same process: it is a tenth of the work."""
        self._digest()
        changed = self._sums.take_changed()
        return Batch(self._partition, changed, self._sums.rows[changed], dict(self._groups.busiest), self._sums.spread)

    def take_chunks(self, most: int | None = None) -> dict[str, dict[str, Any]]:
        """The chunks that changed and were not handed over yet, at `most` so many: key to {table: ledger}, as JSON
        objects.

        The key names the number of chunks too: under another register, what is written does not
        take the place of what was written, and `load` merges both.
        """
        self._digest()
        self._dirty_chunks.update(np.unique(self._chunk_of[self._sums.take_unsaved()]).tolist())
        changed, found = sorted(self._dirty_chunks)[:most], {}
        self._dirty_chunks.difference_update(changed)
        for chunk in changed:
            held = [int(t) for t in self._tables_of(chunk) if t in self._shelf]
            names = sorted((self._layout.tables[table], table) for table in held)
            found[f"{chunk}/{self._chunks}"] = {id: self._shelf.ledger(table).plain() for id, table in names}
        return found

    def load(self, chunks: Iterable[Mapping[str, Any]]) -> None:
        """Take in saved chunks. Every area with a sheet counts as changed afterwards, since
        the last partials before a crash may never have left."""
        self._entries_are(saved=True)
        for chunk in chunks:
            for id, rows in chunk.items():
                if (table := self._layout.table.get(id)) is not None:
                    ledger = Ledger.from_plain(rows)
                    for entry in (*ledger, *ledger.announced):
                        minute = ledger.minutes.get(entry) if isinstance(entry, Reading) else None
                        self._enter(table, entry, minute)

    @cached_property
    def _chunk_of(self) -> Numbers:
        """The chunk of each polling table. Replay never asks."""
        return np.fromiter((crc32(id.encode()) % self._chunks for id in self._layout.tables), np.int64)

    @cached_property
    def _by_chunk(self) -> Numbers:
        return np.argsort(self._chunk_of, kind="stable")

    def _tables_of(self, chunk: int) -> Numbers:
        first, end = np.searchsorted(self._chunk_of, (chunk, chunk + 1), sorter=self._by_chunk)
        return self._by_chunk[first:end]


class Verdicts(Mapping[str, Verdict]):
    """The verdict on every table with a ledger, made when it is asked for."""

    def __init__(self, election: Election, shelf: Shelf) -> None:
        self._election, self._shelf = election, shelf

    def __getitem__(self, table: str) -> Verdict:
        number = self._election.layout.table[table]
        if number not in self._shelf:
            raise KeyError(table)
        return self._shelf.verdict(number, self._election.policy)

    def __iter__(self) -> Iterator[str]:
        return (id for number, id in enumerate(self._election.layout.tables) if number in self._shelf)

    def __len__(self) -> int:
        return sum(1 for _ in self)
