"""From readings to sheets: the ledgers of one partition and what they say of its polling tables."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import compress
from operator import itemgetter
from typing import Final, NamedTuple, cast

import msgspec
import numpy as np

from streams.core.election.model import Election
from streams.core.election.numbering import Numbers, all_but
from streams.core.events.admission import check_bulletin, check_date, check_report, dated_ahead
from streams.core.events.model import Bulletin, Event, Rejection, TallyReport, Tick, table_of
from streams.core.reconciliation.announced import Announced, announced_of
from streams.core.reconciliation.columns import (
    DOUBTFUL,
    FEW,
    Announcements,
    ColumnReader,
    Prepared,
    Readings,
    rows_of_announcements,
    said_in,
)
from streams.core.reconciliation.consensus import DOUBT, Consensus
from streams.core.reconciliation.ledger import SHEET_FIELDS, Ledger, Reading, reading_of
from streams.core.reconciliation.ledger_journal import Column, Entries, Journal, decode
from streams.core.reconciliation.ledger_store import (
    EntryChains,
    LedgerStore,
    Verdicts,
    unpack_announced,
    unpack_reading,
)
from streams.core.reconciliation.limits import Limits
from streams.core.reconciliation.reporters import BusiestGroups, NameTable
from streams.core.reconciliation.row_builder import RowBuilder
from streams.core.reconciliation.sheet_rows import ANNOUNCED, BOUNDED, READ, PendingRows, Sheets
from streams.errors import ElectionChangedError

_WORTH: Final = 16
"""Where hundreds are of so few polling tables that one look tells less than one in so many, one by one is quicker."""
_NONE: Final = np.zeros(0, np.int64)


class _Part(NamedTuple):
    """Entries of one kind, of which all but those at these places stand in the ledgers."""

    new: Readings | Announcements
    others: list[int]


class _Stretch:
    """A part's entries from `begin` to before `end`, and what has become of the doubtful ones, by their places."""

    __slots__ = ("again", "begin", "end", "entered", "known", "left", "others", "part")

    def __init__(self, part: _Part, begin: int, end: int) -> None:
        self.part, self.begin, self.end = part, begin, end
        self.others = part.others[slice(*_between(part.others, begin, end))]
        self.left, self.known, self.again = list[int](), list[int](), list[int]()
        """What is to be looked at by itself; what was there; what a sheet's only reader sends again."""
        self.entered: list[int] = []
        """The polling tables of the rest."""


class Entered(NamedTuple):
    """Events of which all that is certainly new stands in the ledgers, and of which none has been taken in yet."""

    events: Sequence[Event]
    single: Sequence[int]
    """The places of those that must be looked at one by one, rising."""
    refused: Mapping[int, Rejection]
    """Why some of those that are left are turned away, by their places: nobody needs to look at them."""
    parts: Sequence[_Part]


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
        self._columns = [column.id for column in election.columns]
        self._journal = Journal(election.layout.tables, self._columns) if saves else None
        self._store = LedgerStore(len(election.tables))
        names = NameTable()
        self._busiest = BusiestGroups(names)
        self._consensus = Consensus(len(election.tables), len(election.options), names)
        self._reader = ColumnReader(election, names)
        self._limits = Limits(election, self._store)
        self._entries = 0
        self._rows = RowBuilder(election, self._store, self._consensus)
        self._read = PendingRows(READ + len(election.options))
        self._announced = PendingRows(ANNOUNCED + len(election.columns))
        self._bounds = PendingRows(BOUNDED + len(election.options))
        self._bounded: set[int] = set()
        """Polling tables with a reading that is only a bound: any other of theirs may take it back."""
        self._senders: list[Numbers] = []
        """Groups by their numbers (or what is none), whose readings are not counted yet;"""
        self._others: list[str] = []
        """and by name."""

    @property
    def verdicts(self) -> Verdicts:
        """The verdict on every table with a ledger."""
        return Verdicts(self._election, self._store, self._consensus)

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a table, where there is one."""
        number = self._layout.table.get(table)
        return self._store.ledger(number) if number is not None and number in self._store else None

    def apply(self, event: TallyReport | Bulletin, arrived: int = 0) -> Rejection | None:
        """Take in a report, or a bulletin for a polling table, or say why it is turned away. Taking it in again
        changes nothing. `arrived` (Unix ms) is when its message came to this partition, 0 where that is unknown."""
        if isinstance(event, TallyReport):
            rejection = check_report(self._election, event)
        else:
            rejection = check_bulletin(self._election, event)
            if event.area in self._election.areas:
                rejection = Rejection("not-a-table", "area", "send bulletins for areas to the topic of bulletins")
        if rejection is None and arrived:
            rejection = check_date(self._election, event, arrived)
        if rejection is not None:
            return rejection
        table, known = self._layout.table[table_of(event)], self._election
        entry = reading_of(known, event) if isinstance(event, TallyReport) else announced_of(known, event)
        minute = self._limits.minute(entry, arrived)
        if (rejection := self._limits.check(table, entry, minute)) is None:
            self._take_in_one(table, entry, minute)
        return rejection

    def apply_all(
        self, events: Sequence[TallyReport | Bulletin], arrived: Sequence[int] | None = None
    ) -> list[tuple[int, Rejection]]:
        """The same for many at once: the places of those that are turned away, and why. Each came at its own time
        unless `arrived` says when."""
        return self.apply_prepared(self.prepare(events), arrived)

    def apply_prepared(self, prepared: Prepared, arrived: Sequence[int] | None = None) -> list[tuple[int, Rejection]]:
        """The same where the reports and bulletins have been prepared."""
        events = prepared.events
        if arrived is not None and (ahead := dated_ahead(self._election, events, arrived)):
            kept = [i for i in range(len(events)) if i not in ahead]
            others = self.prepare([events[i] for i in kept])
            found = self.apply_prepared(others, [arrived[i] for i in kept])
            return sorted([*ahead.items(), *((kept[i], why) for i, why in found)], key=itemgetter(0))

        def apply(i: int) -> Rejection | None:
            event = events[i]
            assert not isinstance(event, Tick)
            return self.apply(event, event.at if arrived is None else arrived[i])

        return self.take_in(self.enter(prepared), 0, len(events), apply)

    def prepare(self, events: Sequence[Event]) -> Prepared:
        """Whatever can be worked out of these events before they are taken in."""
        return self._reader.prepare(events)

    def enter(self, prepared: Prepared) -> Entered:
        """Put into the ledgers at once what is certainly new of these events. `take_in` takes each in when its time has
        come; until it has with all of them, nothing else may be taken in."""
        aside, parts = self._aside(prepared), list[_Part]()
        read, said = prepared.readings, prepared.announcements
        if read is not None:
            again = _NONE if said is None else self._further(said, aside)
            parts.append(self._enter_readings(read, np.concatenate([aside, again])))
        if said is not None:
            left = [int(part.new.tables[i]) for part in parts for i in part.others]
            parts.append(self._enter_announcements(said, np.concatenate([aside, np.array(left, np.int64)])))
        return Entered(prepared.events, prepared.single, prepared.refused, parts)

    def take_in(
        self, entered: Entered, first: int, end: int, apply: Callable[[int], Rejection | None]
    ) -> list[tuple[int, Rejection]]:
        """Take in the events from `first` to before `end`: the plain ones at once, and then by `apply` each of the
        others, by its place. The places of those that are turned away, and why, in their order."""
        left = list(entered.single[slice(*_between(entered.single, first, end))])
        stretches = [_Stretch(part, *_between(part.new.places, first, end)) for part in entered.parts]
        for stretch in self._put(stretches):
            left += [stretch.part.new.places[i] for i in self._take_in(stretch)]
        found = ((i, entered.refused.get(i) or apply(i)) for i in sorted(left))
        return [(i, why) for i, why in found if why is not None]

    def _enter_readings(self, new: Readings, aside: Numbers) -> _Part:
        """Enter the readings that are the first of their polling tables, and those whose row one look tells; then those
        that come behind these, of the same polling tables."""
        part, doubtful = self._enter_heads(new, aside)
        doubtful |= {DOUBTFUL, *aside.tolist()}
        while len(behind := [i for i in part.others if int(new.tables[i]) not in doubtful]) >= FEW:
            more, unknown = self._enter_heads(new.at(behind), aside)
            doubtful |= unknown
            rows = part.new.rows.copy()
            rows[behind] = more.new.rows
            entered = set(behind).difference(behind[i] for i in more.others)
            part = _Part(part.new._replace(rows=rows), [i for i in part.others if i not in entered])
            if _WORTH * len(entered) < len(behind):
                break
        return part

    def _enter_heads(self, new: Readings, aside: Numbers) -> tuple[_Part, set[int]]:
        """Do so with what comes first of each polling table; of which of them that is not certain."""
        chains, consensus, tables = self._store.readings, self._consensus, new.tables
        sure, further = chains.heads(tables, aside)
        consensus.begin(tables.take(sure), new.looks.take(sure, axis=0))
        doubtful = set(tables[self._store.heavy.take(tables)].tolist())
        if len(further) < FEW:
            doubtful.update(tables.take(further).tolist())
        else:
            told = consensus.join(tables.take(further), new.looks.take(further, axis=0))
            certain = told.readers != DOUBT
            doubtful.update(tables.take(further[~certain]).tolist())
            joined = new.rows.take(further, axis=0)
            joined[:, 0] = chains.counts(tables.take(further)) + 1
            self._rows.fill(joined, told)
            rows = new.rows.copy()
            rows[further] = joined
            new, sure = new._replace(rows=rows), np.concatenate([sure, further[certain]])
        return self._enter_sure(new, sure), doubtful

    def _further(self, said: Announcements, aside: Numbers) -> Numbers:
        """The polling tables whose official figures are not all certain. Nothing of theirs is entered ahead: had a
        reading its place in the ledger before an official figure that came earlier, another would be beyond the
        limit."""
        first, _ = self._store.announced.heads(said.tables, aside)
        return said.tables[all_but(len(said.tables), first)]

    def _enter_announcements(self, new: Announcements, aside: Numbers) -> _Part:
        """Enter the official figures that are the first of their polling tables."""
        first, _ = self._store.announced.heads(new.tables, aside)
        return self._enter_sure(new, first)

    def _aside(self, prepared: Prepared) -> Numbers:
        """The polling tables of which anything must be looked at by itself, in its turn: nothing of them is certain."""
        if not prepared.single or (prepared.readings is None and prepared.announcements is None):
            return _NONE
        events = (prepared.events[i] for i in prepared.single)
        tables = {self._layout.table.get(table_of(event)) for event in events if not isinstance(event, Tick)}
        return np.array([*tables - {None}], np.int64)

    def _enter_sure(self, new: Readings | Announcements, sure: Numbers) -> _Part:
        """Enter those that are certainly new, at these places."""
        chains, _, unsaved = self._kept(isinstance(new, Announcements))
        tables, entries, others = new.tables, new.entries, list[int]()
        if len(sure) < len(entries):
            left = all_but(len(entries), sure)
            others = np.flatnonzero(left).tolist()
            tables, entries = tables[~left], [*compress(entries, ~left)]
        chains.extend(tables, entries)
        if unsaved is not None:
            unsaved.tables += tables.tolist()
            unsaved.packed += entries
        return _Part(new, others)

    def _put(self, stretches: list[_Stretch]) -> list[_Stretch]:
        """Put the doubtful entries of these into the ledgers, in the order in which they came: then each finds in its
        ledger what it would have found by itself, and room where it would have."""
        every = [
            (stretch.part.new.places[i], place, i) for place, stretch in enumerate(stretches) for i in stretch.others
        ]
        for _, place, i in sorted(every):
            stretch = stretches[place]
            new = stretch.part.new
            chains, _, unsaved = self._kept(isinstance(new, Announcements))
            table = int(new.tables[i])
            if table == DOUBTFUL or self._store.heavy[table]:
                stretch.left.append(i)
            elif not chains.put(table, new.entries[i]):
                stretch.known.append(i)
            else:
                if isinstance(new, Readings) and self._consensus.is_again(table, new.looks[i]):
                    stretch.again.append(i)
                else:
                    stretch.entered.append(table)
                if unsaved is not None:
                    unsaved.add(table, new.entries[i])
        return [stretch for stretch in stretches if stretch.begin < stretch.end]

    def _take_in(self, stretch: _Stretch) -> list[int]:
        """Take in a stretch of entries, all but the doubtful; the places of those and of what may have no room."""
        (new, _), begin, end = stretch.part, stretch.begin, stretch.end
        others, again, entered, left = stretch.others, stretch.again, stretch.entered, stretch.left
        chains, fresh, _ = self._kept(isinstance(new, Announcements))
        tables, rows = new.tables[begin:end], new.rows[begin:end]
        if others:
            sure = all_but(end - begin, np.array(others) - begin)
            tables, rows = tables[sure], rows[sure]
        fresh.add(tables, rows)
        if again:
            tables, rows = new.tables.take(again), new.rows.take(again, axis=0)
            rows[:, 0] = chains.counts(tables)
            fresh.add(tables, rows)
        if entered:
            fresh.ask(entered)
            self._bounds.ask(self._bounded.intersection(entered))
        if isinstance(new, Readings):
            if entered:
                self._consensus.invalidate(entered)
            self._count(new, begin, end, left + stretch.known)
        self._entries += end - begin - len(left) - len(stretch.known)
        return left

    def _count(self, new: Readings, begin: int, end: int, without: Sequence[int]) -> None:
        """Count the groups of a stretch of readings without some of them."""
        counted = new.counted[begin:end]
        if without:
            counted = counted.copy()
            counted[np.array(without) - begin] = -1
        if not counted.all():
            self._others += [new.groups[begin + i] for i in np.flatnonzero(counted == 0).tolist()]
        self._senders.append(counted)

    def _kept(self, official: bool) -> tuple[EntryChains, PendingRows, Column | None]:
        """Where official figures, or readings, are kept, where their rows wait, and where they wait to be saved."""
        read, said = (None, None) if self._journal is None else (self._journal.readings, self._journal.announced)
        if official:
            return self._store.announced, self._announced, said
        return self._store.readings, self._read, read

    def _take_in_one(self, table: int, entry: Reading | Announced, minute: int | None) -> None:
        """Take in a reading or an official figure, whether or not there is room."""
        packed = self._store.add(table, entry)
        if packed is None:
            return
        self._entries += 1
        self._limits.count(entry, minute)
        _, fresh, unsaved = self._kept(isinstance(entry, Announced))
        fresh.ask([table])
        if unsaved is not None:
            unsaved.add(table, packed, minute)
        if isinstance(entry, Reading):
            if entry.bound:
                self._bounded.add(table)
            self._bounds.ask(self._bounded.intersection([table]))
            self._consensus.invalidate([table])
            if self._limits.is_counted(entry.source):
                self._others.append(entry.group)

    def is_misrouted(self, event: TallyReport | Bulletin, homes: Numbers) -> bool:
        """Whether the event's polling table belongs to another partition: a table has one ledger. One that has its
        ledger here keeps it. `homes` are the partitions of all polling tables, by number."""
        table = self._layout.table.get(table_of(event))
        return table is not None and homes[table] != self._partition and table not in self._store

    def misrouted(self, prepared: Prepared, homes: Numbers) -> list[int]:
        """The places of those reports and bulletins that are misrouted. Asked of each, and hardly any is."""
        asked = [*prepared.single]
        for new in (prepared.readings, prepared.announcements):
            if new is not None:
                at_home = (new.tables != DOUBTFUL) & (homes.take(new.tables) == self._partition)
                asked += [new.places[i] for i in np.flatnonzero(~at_home).tolist()]
        events = prepared.events
        return [i for i in sorted(asked) if self.is_misrouted(events[i], homes)]  # type: ignore[arg-type]  # no ticks

    def take_sheets(self) -> Sheets:
        """The polling tables that changed since the last call."""
        return self.take_unordered().in_order()

    def take_unordered(self) -> Sheets:
        """The same, as they came (`Sheets`)."""
        if self._senders or self._others:
            counted = np.concatenate([_NONE, *self._senders])
            self._busiest.count(counted[counted > 0], self._others)
            self._senders, self._others = [], []
        read, announced = self._read.take(self._rows.read), self._announced.take(self._rows.announced)
        bounds = self._bounds.take(self._rows.bounds)
        return Sheets(self._partition, self._entries, read, announced, dict(self._busiest.busiest), bounds)

    def take_records(self) -> Iterator[bytes]:
        """What the ledgers have taken in since the last call and must be saved, as records (`journal`); to be
        read to its end."""
        return iter(()) if self._journal is None else self._journal.take()

    def load(self, records: Iterable[bytes]) -> None:
        """Take in saved records, in any order, any of them again. Every sheet counts as changed afterwards, since the
        last before a crash may never have left. Raises `ElectionChangedError`; ValueError for a record that is none,
        of which nothing is taken in."""
        journal, self._journal = self._journal, None
        try:
            for record in records:
                self._load(*self._read_record(record))
        finally:
            self._journal = journal

    def _read_record(self, record: bytes) -> tuple[Entries, Sequence[Reading | Announced]]:
        """A saved record and its entries, all of which may be taken in."""
        try:
            found = decode(record)
            unpack = unpack_announced if found.official else unpack_reading
            entries: Sequence[Reading | Announced] = list(map(unpack, found.packed))
        except (msgspec.MsgspecError, TypeError) as error:
            raise ValueError(f"no entries of ledgers: {error}") from None
        if found.columns not in ([], self._columns):  # older records do not say
            raise ElectionChangedError(found.columns, self._columns)
        width = len(self._columns) if found.official else len(self._election.options)
        if not entries or len(entries) != len(found.tables) or len(found.minutes) not in (0, len(entries)):
            raise ValueError("no entries of ledgers: not one for each polling table")
        if any(len(entry.votes) not in ((width,) if found.official else (0, width)) for entry in entries):
            raise ValueError("no entries of ledgers: figures for other options")
        return found, entries

    def _load(self, found: Entries, entries: Sequence[Reading | Announced]) -> None:
        packed = list(map(bytes, found.packed))
        tables, places = self._layout.numbers(found.tables), range(len(packed))
        minutes = found.minutes or [None] * len(tables)
        new: Readings | Announcements
        if found.official:
            announced = cast(Sequence[Announced], entries)
            new = Announcements(places, tables, packed, rows_of_announcements([entry.votes for entry in announced]))
            part = self._enter_announcements(new, _NONE)
        else:
            readings = cast(Sequence[Reading], entries)
            none = (0,) * len(self._election.options)
            said = said_in([entry.null for entry in readings], [entry.votes or none for entry in readings])
            odd = [e.retracted or e.bound != "" or m is not None for e, m in zip(readings, minutes, strict=True)]
            columns = list(zip(*readings, strict=True))[:SHEET_FIELDS]
            new = self._reader.readings(places, np.where(odd, DOUBTFUL, tables), packed, columns, said)
            part = self._enter_readings(new, _NONE)
        for stretch in self._put([_Stretch(part, 0, len(packed))]):
            for i in self._take_in(stretch):
                if tables[i] != DOUBTFUL:  # else the register has lost it
                    self._take_in_one(int(tables[i]), entries[i], minutes[i])


def _between(places: Sequence[int], first: int, end: int) -> tuple[int, int]:
    """Where those from `first` to before `end` stand among rising places."""
    return bisect_left(places, first), bisect_left(places, end)
