"""From readings to sums: the ledgers of one partition and the partials they add up to."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, cast

import numpy as np

from streams.admission import check_bulletin, check_report
from streams.bulk import Announcements, Bulk, Readings
from streams.codec import encode
from streams.election import Election
from streams.events import Bulletin, Rejection, TallyReport, table_of
from streams.journal import Entries, Entry, Journal, decode
from streams.layout import ROOT, Numbers
from streams.ledger import Announced, Ledger, Level, Reading, Verdict, announced_of, reading_of
from streams.rollup import Batch, Partial
from streams.shelf import Shelf, unpack_announced, unpack_reading
from streams.sums import CODES, Sums, official_row, row_of, rows_of

MOST_WAITING: Final = 20_000
"""Entries that may wait to be worked out; more would only take memory."""

LEDGER_BYTES: Final = 64 * 2**10
"""A ledger with more bytes, as JSON, takes in nothing new: somebody floods this table."""

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

    Nothing leaves by itself: `take_partials` and, where it `saves`, `take_records` hand over what is new since they
    were last asked. Ledgers are rebuilt from records, and sums from ledgers.

    A report only enters its ledger. What it changes in the sums is worked out for many polling tables at once.
    """

    def __init__(self, election: Election, partition: int = 0, *, saves: bool = False) -> None:
        self._election, self._layout = election, election.layout
        self._partition = partition
        self._journal = Journal() if saves else None
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
            self._enter(table, entry, minute)
        return rejection

    def apply_all(
        self, events: Sequence[TallyReport] | Sequence[Bulletin], arrived: Sequence[int] | None = None
    ) -> list[tuple[int, Rejection]]:
        """The same for many reports, or many bulletins, at once, each as if it had come at its own time unless `arrived`
        says when; the places of those that are turned away, and why."""
        doubtful: Iterable[int] = range(len(events))
        if len(events) >= FEW:
            if isinstance(events[0], TallyReport):
                if (readings := self._bulk.readings(cast(Sequence[TallyReport], events))) is not None:
                    doubtful = self._enter_readings(*readings)
            elif (announcements := self._bulk.announcements(cast(Sequence[Bulletin], events))) is not None:
                doubtful = self._enter_announcements(*announcements)
        times = arrived if arrived is not None else [event.at for event in events]
        return [(i, why) for i in doubtful if (why := self.apply(events[i], times[i])) is not None]

    def _enter_readings(self, new: Readings, doubtful: set[int]) -> list[int]:
        """Enter all but the doubtful ones; the places of those and of what may have no room."""
        readings, heavy, groups, first = self._shelf.readings, self._shelf.heavy, self._fresh_groups, []
        unsaved = None if self._journal is None else self._journal.readings
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
            if unsaved is not None:
                unsaved.append(Entry(table, entry))
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
        unsaved = None if self._journal is None else self._journal.announced
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
            if unsaved is not None:
                unsaved.append(Entry(table, entry))
        at = np.array(first, np.int64)
        rows = np.column_stack([np.ones(len(new.tables), np.int64), new.figures])[at]
        self._announced.append((np.array(new.tables)[at], rows))
        self._digest_if_many()
        return sorted(doubtful)

    def _enter(self, table: int, entry: Reading | Announced, minute: int | None) -> None:
        """Enter a reading or an official figure, whether or not there is room."""
        packed = self._shelf.add(table, entry, minute)
        if packed is None:
            return
        self._entered.append(table)
        official = isinstance(entry, Announced)
        if self._journal is not None:
            (self._journal.announced if official else self._journal.readings).append(Entry(table, packed, minute))
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
        self._sums.change(self._entered, [*self._first, rows_of(read)], [*self._announced, rows_of(held)])
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

    def take_records(self) -> Iterator[bytes]:
        """What the ledgers have taken in since the last call and must be saved, as records (`streams.journal`); to be
        read to its end."""
        return iter(()) if self._journal is None else self._journal.take(self._layout.tables)

    def load(self, records: Iterable[bytes]) -> None:
        """Take in saved records, in any order, any of them again. Every area with a sheet counts as changed afterwards,
        since the last partials before a crash may never have left."""
        journal, self._journal = self._journal, None
        for record in records:
            self._load(decode(record))
        self._journal = journal

    def _load(self, found: Entries) -> None:
        packed = list(map(bytes, found.packed))
        tables = [self._layout.table.get(id, -1) for id in found.tables]
        minutes = found.minutes or [None] * len(tables)
        entries: Sequence[Reading | Announced]
        if found.official:
            entries = announced = list(map(unpack_announced, packed))
            figures = np.array([entry.votes for entry in announced])
            doubtful = {i for i, table in enumerate(tables) if table < 0}
            left = self._enter_announcements(Announcements(tables, packed, figures), doubtful)
        else:
            entries = readings = list(map(unpack_reading, packed))
            none = (0,) * len(self._election.options)
            sheets = np.array([(entry.null, *(entry.votes or none)) for entry in readings])
            trusted = [not self._is_counted(entry.source) for entry in readings]
            groups = [entry.group for entry in readings]
            seen = zip(tables, readings, minutes, strict=True)
            doubtful = {
                i for i, (table, r, minute) in enumerate(seen) if table < 0 or r.retracted or minute is not None
            }
            left = self._enter_readings(Readings(tables, packed, groups, trusted, sheets), doubtful)
        for i in left:
            if tables[i] >= 0:  # else the register has lost it
                self._enter(tables[i], entries[i], minutes[i])


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
