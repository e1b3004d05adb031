"""From readings to sheets: the ledgers of one partition and what they say of its polling tables."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from streams.admission import check_bulletin, check_report
from streams.agreement import Agreement
from streams.bulk import DOUBTFUL, Announcements, Bulk, Prepared, Readings, rows_of_announcements
from streams.codec import encode
from streams.election import Election
from streams.events import Bulletin, Event, Rejection, TallyReport, Tick, table_of
from streams.journal import Entries, Journal, decode
from streams.layout import Numbers
from streams.ledger import Announced, Ledger, Reading, Verdict, announced_of, reading_of, weight
from streams.sheets import ANNOUNCED, CODES, READ, Fresh, Sheets
from streams.shelf import Packed, Shelf, Verdicts, entries, unpack_announced, unpack_reading

LEDGER_BYTES: Final = 64 * 2**10
"""A ledger with more bytes, as JSON, takes in nothing new: somebody floods this table."""
_GROUP: Final = Reading._fields.index("group")


class Busiest:
    """Readings by reporter group, and the few groups that sent most (of equals, the first by name)."""

    MOST = 5

    def __init__(self) -> None:
        self._readings: Counter[str] = Counter()
        self.busiest: dict[str, int] = {}

    def count(self, groups: Sequence[str]) -> None:
        """Count one reading of each. Numbers only grow, so whoever is overtaken was overtaken by one of these."""
        readings = self._readings
        readings.update(groups)
        least = min(self.busiest.values()) if len(self.busiest) == self.MOST else 0
        asking = self.busiest.keys() | {group for group in groups if readings[group] >= least}
        if len(asking) > self.MOST:
            asking = set(sorted(asking, key=lambda group: (-readings[group], group))[: self.MOST])
        self.busiest = {group: readings[group] for group in asking}


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
        self._agreement = Agreement(len(election.tables))
        self._weights: dict[tuple[int, bool], tuple[int, bool]] = {}
        """What `_weigh` says, which is the same for all trusted sources, and for all others."""
        self._read = Fresh(READ + len(election.options))
        self._announced = Fresh(ANNOUNCED + len(election.columns))
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
        return self.apply_prepared(self.prepare(events), arrived)

    def apply_prepared(self, prepared: Prepared, arrived: Sequence[int] | None = None) -> list[tuple[int, Rejection]]:
        """The same where the reports and bulletins have been prepared."""
        left, found = self.enter_plain(prepared, 0, len(prepared.events)), list[tuple[int, Rejection]]()
        for i in left:
            event = prepared.events[i]
            assert not isinstance(event, Tick)
            if (why := self.apply(event, event.at if arrived is None else arrived[i])) is not None:
                found.append((i, why))
        return found

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
        rows, readers, weights = self._read.rows, self._agreement.readers, self._weights
        given, trusted = new.given, new.trusted

        def joins(i: int, table: int, held: Packed) -> None:
            """A further reading: the row is known at a look, or must be worked out."""
            behind = readers(table, held, given[i])
            if behind:
                _, _, _, _, source, votes, null, _, _ = given[i]
                known = weights.get((behind, trusted[i])) or self._weigh(behind, trusted[i], source)
                rows[table] = (len(held) + 1 if type(held) is tuple else 2, *known, null, *votes)
            else:
                rows[table] = None

        entered, left = self._enter_columns(new, begin, end, joins)
        self._fresh_groups += [given[i][_GROUP] for i in entered if not trusted[i]]
        return left

    def _weigh(self, readers: int, trusted: bool, source: str) -> tuple[int, bool]:
        """The level, as a code, and whether a sheet is accepted where so many readers agree (`streams.agreement`)."""
        level, accepted = weight(readers, readers, source, self._election.policy)
        known = self._weights[readers, trusted] = CODES[level], accepted
        return known

    def _enter_announcements(self, new: Announcements, begin: int, end: int) -> list[int]:
        """The same for official figures."""
        rows = self._announced.rows
        return self._enter_columns(new, begin, end, lambda i, table, held: rows.update({table: None}))[1]

    def _enter_columns(
        self, new: Readings | Announcements, begin: int, end: int, joins: Callable[[int, int, Packed], None]
    ) -> tuple[Sequence[int], list[int]]:
        """Enter a stretch of entries; the places of those that are new, and of those that are left out. `joins` is told
        the place of each that is not the first of its polling table, the table, and what was held of it."""
        official = isinstance(new, Announcements)
        place, fresh = (self._shelf.announced, self._announced) if official else (self._shelf.readings, self._read)
        at, rows = new.tables[begin:end], new.rows[begin:end]
        tables, entries = at.tolist(), new.entries[begin:end]
        first, known, left = bytearray(b"\1") * len(tables), list[int](), list[int]()
        heavy, put = self._shelf.heavy, self._shelf.put
        for i, table, entry in zip(range(len(tables)), tables, entries, strict=True):
            held = place[table]
            if held is None and table != DOUBTFUL:
                place[table] = entry  # nearly every table has one reading and one official figure
                continue
            first[i] = 0
            if held is None or table == DOUBTFUL or table in heavy:
                left.append(begin + i)
            elif put(place, table, entry):
                joins(begin + i, table, held)
            else:
                known.append(begin + i)
        if not all(first):
            kept = np.frombuffer(first, bool)
            at, rows = at[kept], rows[kept]
        fresh.add(at, rows)
        entered: Sequence[int] = range(begin, end)
        if known or left:
            entered = sorted(set(entered).difference(known, left))
        self._entries += len(entered)
        if self._journal is not None:
            unsaved = self._journal.announced if official else self._journal.readings
            unsaved.tables += [tables[i - begin] for i in entered]
            unsaved.packed += [new.entries[i] for i in entered]
        return entered, left

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
            self._announced.rows[table] = None
        else:
            self._read.rows[table] = None
            self._agreement.doubt(table)
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

    def is_astray(self, event: TallyReport | Bulletin, homes: Numbers) -> bool:
        """Whether the event's polling table belongs to another partition: a table has one ledger. One that has its
        ledger here keeps it. `homes` are the partitions of all polling tables, by number."""
        table = self._layout.table.get(table_of(event))
        return table is not None and homes[table] != self._partition and table not in self._shelf

    def astray(self, prepared: Prepared, homes: Numbers) -> list[int]:
        """The places of those reports and bulletins that are astray. Asked of each, and hardly any is."""
        asked = [*prepared.single]
        for new, places in ((prepared.readings, prepared.read), (prepared.announcements, prepared.announced)):
            if new is not None:
                at_home = (new.tables != DOUBTFUL) & (homes.take(new.tables) == self._partition)
                asked += [places[i] for i in np.flatnonzero(~at_home).tolist()]
        events = prepared.events
        return [i for i in sorted(asked) if self.is_astray(events[i], homes)]  # type: ignore[arg-type]  # no ticks

    def take_sheets(self) -> Sheets:
        """The polling tables that changed since the last call."""
        return self.take_loose().in_order()

    def take_loose(self) -> Sheets:
        """The same, as they came (`Sheets`)."""
        if self._fresh_groups:
            self._groups.count(self._fresh_groups)
            self._fresh_groups = []
        read, announced = self._read.take(self._read_row), self._announced.take(self._announced_row)
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
        tables = self._layout.numbers(found.tables)
        minutes = found.minutes or [None] * len(tables)
        entries: Sequence[Reading | Announced]
        if found.official:
            entries = announced = list(map(unpack_announced, packed))
            rows = rows_of_announcements([entry.votes for entry in announced])
            left = self._enter_announcements(Announcements(tables, packed, rows), 0, len(tables))
        else:
            entries = readings = list(map(unpack_reading, packed))
            none = (0,) * len(self._election.options)
            trusted = [not self._is_counted(entry.source) for entry in readings]
            votes = [entry.votes or none for entry in readings]
            rows = self._bulk.rows_of_readings(trusted, [entry.null for entry in readings], votes)
            odd = [e.retracted or minute is not None for e, minute in zip(readings, minutes, strict=True)]
            plain = np.where(odd, DOUBTFUL, tables)
            left = self._enter_readings(Readings(plain, packed, rows, readings, trusted), 0, len(tables))
        for i in left:
            if tables[i] != DOUBTFUL:  # else the register has lost it
                self._enter(int(tables[i]), entries[i], minutes[i])


def _between(places: Sequence[int], first: int, end: int) -> tuple[int, int]:
    """Where those from `first` to before `end` stand among rising places."""
    return bisect_left(places, first), bisect_left(places, end)
