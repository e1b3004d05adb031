"""From readings to sheets: the ledgers of one partition and what they say of its polling tables."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from streams.admission import check_bulletin, check_report
from streams.bulk import CODES, FEW, Announcements, Bulk, Prepared, Readings, rows_of_announcements
from streams.codec import encode
from streams.election import Election
from streams.events import Bulletin, Event, Rejection, TallyReport, table_of
from streams.journal import Entries, Journal, decode
from streams.ledger import Announced, Ledger, Reading, Verdict, announced_of, reading_of
from streams.sheets import ANNOUNCED, READ, Rows, Sheets, rows_of
from streams.shelf import Shelf, Verdicts, entries, unpack_announced, unpack_reading

LEDGER_BYTES: Final = 64 * 2**10
"""A ledger with more bytes, as JSON, takes in nothing new: somebody floods this table."""


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
    """The ledgers of one partition of the reports.

    Nothing leaves by itself: `take_sheets` and, where it `saves`, `take_records` hand over what is new since they
    were last asked. State is rebuilt from records.

    A report only enters its ledger. What it changes of its sheet is worked out when somebody asks, for many polling
    tables at once.
    """

    def __init__(self, election: Election, partition: int = 0, *, saves: bool = False) -> None:
        self._election, self._layout = election, election.layout
        self._partition = partition
        self._journal = Journal() if saves else None
        self._shelf = Shelf(len(election.tables))
        self._groups = Busiest()
        self._bulk = Bulk(election)
        self._entries = 0
        self._first: list[Rows] = []
        """Polling tables with a first reading, and their rows."""
        self._reread: set[int] = set()
        """Polling tables with new readings whose verdict must be worked out."""
        self._announced: list[Rows] = []
        """Polling tables with a first official figure, and their rows."""
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
        self, events: Sequence[TallyReport | Bulletin], arrived: Sequence[int] | None = None
    ) -> list[tuple[int, Rejection]]:
        """The same for many at once: the places of those that are turned away, and why. Each came at its own time
        unless `arrived` says when."""
        if len(events) < FEW:
            left: Iterable[int] = range(len(events))
        else:
            left = self.enter_plain(self.prepare(events), 0, len(events))
        times = arrived if arrived is not None else [event.at for event in events]
        return [(i, why) for i in left if (why := self.apply(events[i], times[i])) is not None]

    def prepare(self, events: Sequence[Event]) -> Prepared:
        """Whatever can be worked out of these events before they are taken in."""
        return self._bulk.prepare(events)

    def enter_plain(self, prepared: Prepared, first: int, end: int) -> list[int]:
        """Take in those events from `first` to before `end` that are plain; the places of the others, which `apply` has
        to look at one by one."""
        left = list(prepared.single[slice(*_between(prepared.single, first, end))])
        if prepared.readings is not None:
            places = _between(prepared.read, first, end)
            left += [prepared.read[i] for i in self._enter_readings(prepared.readings, *places)]
        if prepared.announcements is not None:
            places = _between(prepared.announced, first, end)
            left += [prepared.announced[i] for i in self._enter_announcements(prepared.announcements, *places)]
        return sorted(left)

    def _enter_readings(self, new: Readings, begin: int, end: int) -> list[int]:
        """Enter a stretch of readings, all but the doubtful; the places of those and of what may have no room."""
        readings, heavy, groups = self._shelf.readings, self._shelf.heavy, self._fresh_groups
        unsaved = None if self._journal is None else self._journal.readings
        doubtful, trusted, fresh = new.doubtful, new.trusted, self._reread
        first, left, entered = list[int](), list[int](), 0
        for i, table, entry in zip(range(begin, end), new.tables[begin:end], new.entries[begin:end], strict=True):
            if i in doubtful or table in heavy:
                left.append(i)
                continue
            if readings[table] is None:
                readings[table] = entry
                first.append(i)
            elif self._shelf.put(readings, table, entry):
                fresh.add(table)
            else:
                continue
            entered += 1
            if unsaved is not None:
                unsaved.tables.append(table)
                unsaved.packed.append(entry)
            if not trusted[i]:
                groups.append(new.groups[i])
        self._entries += entered
        if first:  # nearly every sheet is read once, and then its verdict is plain
            self._first.append((np.array([new.tables[i] for i in first], np.int64), new.rows[first]))
        return left

    def _enter_announcements(self, new: Announcements, begin: int, end: int) -> list[int]:
        """The same for official figures."""
        announced, heavy = self._shelf.announced, self._shelf.heavy
        unsaved = None if self._journal is None else self._journal.announced
        doubtful, fresh = new.doubtful, self._corrected
        first, left, entered = list[int](), list[int](), 0
        for i, table, entry in zip(range(begin, end), new.tables[begin:end], new.entries[begin:end], strict=True):
            if i in doubtful or table in heavy:
                left.append(i)
                continue
            if announced[table] is None:
                announced[table] = entry
                first.append(i)
            elif self._shelf.put(announced, table, entry):
                fresh.add(table)
            else:
                continue
            entered += 1
            if unsaved is not None:
                unsaved.tables.append(table)
                unsaved.packed.append(entry)
        self._entries += entered
        if first:
            self._announced.append((np.array([new.tables[i] for i in first], np.int64), new.rows[first]))
        return left

    def _enter(self, table: int, entry: Reading | Announced, minute: int | None) -> None:
        """Enter a reading or an official figure, whether or not there is room."""
        packed = self._shelf.add(table, entry, minute)
        if packed is None:
            return
        self._entries += 1
        official = isinstance(entry, Announced)
        if self._journal is not None:
            (self._journal.announced if official else self._journal.readings).add(table, packed, minute)
        if isinstance(entry, Announced):
            self._corrected.add(table)
        else:
            self._reread.add(table)
            if minute is not None:
                self._rates[entry.group, minute] += 1
            if self._is_counted(entry.source):
                self._fresh_groups.append(entry.group)

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

    def is_astray(self, event: TallyReport | Bulletin, home: Callable[[str], int]) -> bool:
        """Whether the event's polling table belongs to another partition, `home` of it: a table has one ledger. One
        that has its ledger here keeps it."""
        return bool(self.astray([event], home))

    def astray(self, events: Sequence[TallyReport | Bulletin], home: Callable[[str], int]) -> list[int]:
        """The places of those that are astray. Asked of every report, so it goes straight to the ledgers."""
        numbers, readings, announced = self._layout.table, self._shelf.readings, self._shelf.announced
        found = []
        for i, table in enumerate(map(table_of, events)):
            number = numbers.get(table)
            new = number is not None and readings[number] is None and announced[number] is None
            if new and home(table) != self._partition:
                found.append(i)
        return found

    def take_sheets(self) -> Sheets:
        """The polling tables that changed since the last call."""
        self._groups.count(self._fresh_groups)
        reread = rows_of({table: self._read_row(table) for table in self._reread}, READ + len(self._election.options))
        corrected = rows_of(
            {table: self._announced_row(table) for table in self._corrected}, ANNOUNCED + len(self._election.columns)
        )
        read, announced = _newest([*self._first, reread]), _newest([*self._announced, corrected])
        self._fresh_groups = []
        self._first, self._reread = [], set()
        self._announced, self._corrected = [], set()
        return Sheets(self._partition, self._entries, read, announced, dict(self._groups.busiest))

    def _read_row(self, table: int) -> tuple[int, ...]:
        verdict = self._shelf.verdict(table, self._election.policy)
        votes = verdict.votes if verdict.votes is not None else (0,) * len(self._election.options)
        count = len(entries(self._shelf.readings[table]))
        return (count, CODES[verdict.level], verdict.accepted, verdict.null, *votes)

    def _announced_row(self, table: int) -> tuple[int, ...]:
        official, count = self._shelf.official(table), len(entries(self._shelf.announced[table]))
        none = (0,) * len(self._election.columns)
        return (count, 0, *none) if official is None else (count, 1, *official.votes)

    def take_records(self) -> Iterator[bytes]:
        """What the ledgers have taken in since the last call and must be saved, as records (`streams.journal`); to be
        read to its end."""
        return iter(()) if self._journal is None else self._journal.take(self._layout.tables)

    def load(self, records: Iterable[bytes]) -> None:
        """Take in saved records, in any order, any of them again. Every sheet counts as changed afterwards, since the
        last before a crash may never have left."""
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
            doubtful = {i for i, table in enumerate(tables) if table < 0}
            rows = rows_of_announcements([entry.votes for entry in announced])
            left = self._enter_announcements(Announcements(tables, packed, rows, doubtful), 0, len(tables))
        else:
            entries = readings = list(map(unpack_reading, packed))
            none = (0,) * len(self._election.options)
            trusted = [not self._is_counted(entry.source) for entry in readings]
            votes = [entry.votes or none for entry in readings]
            rows = self._bulk.rows_of_readings(trusted, [entry.null for entry in readings], votes)
            groups = [entry.group for entry in readings]
            seen = zip(tables, readings, minutes, strict=True)
            doubtful = {
                i for i, (table, r, minute) in enumerate(seen) if table < 0 or r.retracted or minute is not None
            }
            left = self._enter_readings(Readings(tables, packed, groups, trusted, rows, doubtful), 0, len(tables))
        for i in left:
            if tables[i] >= 0:  # else the register has lost it
                self._enter(tables[i], entries[i], minutes[i])


def _between(places: Sequence[int], first: int, end: int) -> tuple[int, int]:
    """Where those from `first` to before `end` stand among rising places."""
    return bisect_left(places, first), bisect_left(places, end)


def _newest(parts: list[Rows]) -> Rows:
    """Rows in order; of one polling table the last."""
    tables = np.concatenate([tables for tables, _ in parts])
    order = np.argsort(tables, kind="stable")
    tables = tables[order]
    last = np.ones(len(tables), bool)
    np.not_equal(tables[1:], tables[:-1], out=last[:-1])
    return tables[last], np.concatenate([rows for _, rows in parts])[order[last]]
