"""Entries into the ledgers of one partition, hundreds at a time, and the rows that they change.

What is certainly new is entered ahead of its tick (docs/adr/0011). The rest is put in one by one, in the order in which
it came.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import compress
from typing import Final

import numpy as np

from streams.core.election.model import Election
from streams.core.election.numbering import NO_TABLE, Numbers, all_but
from streams.core.events.model import Tick, table_of
from streams.core.reconciliation.announced import Announced
from streams.core.reconciliation.flood_limits import Limits
from streams.core.reconciliation.ledger_journal import Column, Journal
from streams.core.reconciliation.ledger_recovery import Recovered
from streams.core.reconciliation.ledger_store import EntryChains, LedgerStore
from streams.core.reconciliation.reading import Reading
from streams.core.reconciliation.report_batch import Announcements, Entered, Part, Prepared, Readings
from streams.core.reconciliation.report_columns import FEW
from streams.core.reconciliation.reporters import BusiestGroups
from streams.core.reconciliation.row_builder import RowBuilder
from streams.core.reconciliation.sheet_rows import ANNOUNCED, BOUNDED, READ, PendingRows, Sheets
from streams.core.reconciliation.verdict_cache import VerdictCache

_WORTH: Final = 16
"""Stop the columnar pass when it settles fewer than one reading in so many."""
_NONE: Final = np.zeros(0, np.int64)


class _Stretch:
    """A part's entries from `begin` to before `end`. Its lists hold places within the part."""

    __slots__ = ("again", "begin", "end", "entered", "left", "others", "part", "repeated")

    def __init__(self, part: Part, begin: int, end: int) -> None:
        self.part, self.begin, self.end = part, begin, end
        self.others = part.others[slice(*_between(part.others, begin, end))]
        self.left, self.repeated, self.again = list[int](), list[int](), list[int]()
        """Entries to be applied one by one; entries that their ledgers had already; newer readings of sheets that
        nobody else has read."""
        self.entered: list[int] = []
        """Polling tables of the other entries that were put into ledgers."""


class Intake:
    """Takes entries into the ledgers of one partition, and queues the rows that they change until `take_rows`."""

    def __init__(
        self,
        election: Election,
        store: LedgerStore,
        verdicts: VerdictCache,
        limits: Limits,
        busiest: BusiestGroups,
        journal: Journal | None,
    ) -> None:
        self._number = election.layout.table
        self._store, self._verdicts, self._limits = store, verdicts, limits
        self._busiest, self._journal = busiest, journal
        self._entries = 0
        self._rows = RowBuilder(election, store, verdicts)
        self._read = PendingRows(READ + len(election.options))
        self._announced = PendingRows(ANNOUNCED + len(election.columns))
        self._bounds = PendingRows(BOUNDED + len(election.options))
        self._bounded: set[int] = set()
        """Polling tables with a reading that is only a bound. Any further reading of theirs may take it back."""
        self._senders: list[Numbers] = []
        """Numbers of the groups whose readings are not counted yet. Those that are not above 0 are no groups."""
        self._others: list[str] = []
        """Names of groups without a number whose readings are not counted yet."""

    def enter(self, prepared: Prepared) -> Entered:
        """Put into the ledgers at once what is certainly new of these events (`Reconciler.enter`)."""
        aside, parts = self._aside(prepared), list[Part]()
        read, said = prepared.readings, prepared.announcements
        if read is not None:
            again = _NONE if said is None else self._further(said, aside)
            parts.append(self._enter_readings(read, np.concatenate([aside, again])))
        if said is not None:
            left = [int(part.new.tables[i]) for part in parts for i in part.others]
            parts.append(self._enter_announcements(said, np.concatenate([aside, np.array(left, np.int64)])))
        return Entered(prepared.events, prepared.single, prepared.refused, parts)

    def take_in(self, entered: Entered, first: int, end: int) -> list[int]:
        """Take in the plain events from `first` to before `end`; the places of the others, rising."""
        left = list(entered.single[slice(*_between(entered.single, first, end))])
        stretches = [_Stretch(part, *_between(part.new.places, first, end)) for part in entered.parts]
        for stretch in self._put(stretches):
            left += [stretch.part.new.places[i] for i in self._take_in(stretch)]
        return sorted(left)

    def _enter_readings(self, new: Readings, aside: Numbers) -> Part:
        """Enter the readings that are the first of their polling tables, and those whose row one look tells; then those
        that come behind these, of the same polling tables."""
        part, doubtful = self._enter_heads(new, aside)
        doubtful |= {NO_TABLE, *aside.tolist()}
        while len(behind := [i for i in part.others if int(new.tables[i]) not in doubtful]) >= FEW:
            more, unknown = self._enter_heads(new.at(behind), aside)
            doubtful |= unknown
            rows = part.new.rows.copy()
            rows[behind] = more.new.rows
            entered = set(behind).difference(behind[i] for i in more.others)
            part = Part(part.new._replace(rows=rows), [i for i in part.others if i not in entered])
            if _WORTH * len(entered) < len(behind):
                break
        return part

    def _enter_heads(self, new: Readings, aside: Numbers) -> tuple[Part, set[int]]:
        """Enter the first reading here of each polling table where its effect is certain. Also returns the polling
        tables of which it is not: nothing more of theirs is entered ahead."""
        chains, verdicts, tables = self._store.readings, self._verdicts, new.tables
        sure, further = chains.heads(tables, aside)
        verdicts.begin(tables.take(sure), new.looks.take(sure, axis=0))
        doubtful = set(tables[self._store.heavy.take(tables)].tolist())
        if len(further) < FEW:
            doubtful.update(tables.take(further).tolist())
        else:
            told = verdicts.join(tables.take(further), new.looks.take(further, axis=0))
            doubtful.update(tables.take(further[~told.certain]).tolist())
            joined = new.rows.take(further, axis=0)
            joined[:, 0] = chains.counts(tables.take(further)) + 1
            self._rows.fill(joined, told)
            rows = new.rows.copy()
            rows[further] = joined
            new, sure = new._replace(rows=rows), np.concatenate([sure, further[told.certain]])
        return self._enter_sure(new, sure), doubtful

    def _further(self, said: Announcements, aside: Numbers) -> Numbers:
        """The polling tables whose official figures are not all certain. Nothing of theirs is entered ahead: had a
        reading its place in the ledger before an official figure that came earlier, another would be beyond the
        limit."""
        first, _ = self._store.announced.heads(said.tables, aside)
        return said.tables[all_but(len(said.tables), first)]

    def _enter_announcements(self, new: Announcements, aside: Numbers) -> Part:
        """Enter the official figures that are the first of their polling tables."""
        first, _ = self._store.announced.heads(new.tables, aside)
        return self._enter_sure(new, first)

    def _aside(self, prepared: Prepared) -> Numbers:
        """The polling tables with an event that must be applied by itself, in its turn. Nothing of theirs is entered
        ahead."""
        if not prepared.single or (prepared.readings is None and prepared.announcements is None):
            return _NONE
        events = (prepared.events[i] for i in prepared.single)
        tables = {self._number.get(table_of(event)) for event in events if not isinstance(event, Tick)}
        return np.array([*tables - {None}], np.int64)

    def _enter_sure(self, new: Readings | Announcements, sure: Numbers) -> Part:
        """Enter the entries at the places `sure`, which are certainly new."""
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
        return Part(new, others)

    def _put(self, stretches: list[_Stretch]) -> list[_Stretch]:
        """Put the entries that were not entered ahead into the ledgers, in the order in which they came. So each meets
        the same ledger, with the same room left, as if it had been applied by itself."""
        every = [
            (stretch.part.new.places[i], place, i) for place, stretch in enumerate(stretches) for i in stretch.others
        ]
        for _, place, i in sorted(every):
            stretch = stretches[place]
            new = stretch.part.new
            chains, _, unsaved = self._kept(isinstance(new, Announcements))
            table = int(new.tables[i])
            if table == NO_TABLE or self._store.heavy[table]:
                stretch.left.append(i)
            elif not chains.put(table, new.entries[i]):
                stretch.repeated.append(i)
            else:
                if isinstance(new, Readings) and self._verdicts.is_again(table, new.looks[i]):
                    stretch.again.append(i)
                else:
                    stretch.entered.append(table)
                if unsaved is not None:
                    unsaved.add(table, new.entries[i])
        return [stretch for stretch in stretches if stretch.begin < stretch.end]

    def _take_in(self, stretch: _Stretch) -> list[int]:
        """Queue the rows of a stretch, and count its readings. Returns the places of entries to be applied one by one:
        their polling table is not known, or its ledger may have no room."""
        (new, _), begin, end = stretch.part, stretch.begin, stretch.end
        others, again, entered, left = stretch.others, stretch.again, stretch.entered, stretch.left
        chains, pending, _ = self._kept(isinstance(new, Announcements))
        tables, rows = new.tables[begin:end], new.rows[begin:end]
        if others:
            sure = all_but(end - begin, np.array(others) - begin)
            tables, rows = tables[sure], rows[sure]
        pending.add(tables, rows)
        if again:
            tables, rows = new.tables.take(again), new.rows.take(again, axis=0)
            rows[:, 0] = chains.counts(tables)
            pending.add(tables, rows)
        if entered:
            pending.mark(entered)
            self._bounds.mark(self._bounded.intersection(entered))
        if isinstance(new, Readings):
            if entered:
                self._verdicts.invalidate(entered)
            self._count(new, begin, end, left + stretch.repeated)
        self._entries += end - begin - len(left) - len(stretch.repeated)
        return left

    def _count(self, new: Readings, begin: int, end: int, without: Sequence[int]) -> None:
        """Count a stretch of readings by their groups, but for those at the places `without`."""
        counted = new.counted[begin:end]
        if without:
            counted = counted.copy()
            counted[np.array(without) - begin] = -1
        if not counted.all():
            self._others += [new.groups[begin + i] for i in np.flatnonzero(counted == 0).tolist()]
        self._senders.append(counted)

    def _kept(self, official: bool) -> tuple[EntryChains, PendingRows, Column | None]:
        """The entries, the queued rows, and the unsaved entries of one kind: official figures, or readings."""
        read, said = (None, None) if self._journal is None else (self._journal.readings, self._journal.announced)
        if official:
            return self._store.announced, self._announced, said
        return self._store.readings, self._read, read

    def add(self, table: int, entry: Reading | Announced, minute: int | None) -> None:
        """Take in a reading or an official figure. Whether there is room for it was asked before (`Limits.check`)."""
        packed = self._store.add(table, entry)
        if packed is None:
            return
        self._entries += 1
        self._limits.count(entry, minute)
        _, pending, unsaved = self._kept(isinstance(entry, Announced))
        pending.mark([table])
        if unsaved is not None:
            unsaved.add(table, packed, minute)
        if isinstance(entry, Reading):
            if entry.bound:
                self._bounded.add(table)
            self._bounds.mark(self._bounded.intersection([table]))
            self._verdicts.invalidate([table])
            if self._limits.is_counted(entry.source):
                self._others.append(entry.group)

    def take_rows(self, partition: int) -> Sheets:
        """The rows that changed since the last call, as they came."""
        if self._senders or self._others:
            counted = np.concatenate([_NONE, *self._senders])
            self._busiest.count(counted[counted > 0], self._others)
            self._senders, self._others = [], []
        read, announced = self._read.take(self._rows.read), self._announced.take(self._rows.announced)
        bounds = self._bounds.take(self._rows.bounds)
        return Sheets(partition, self._entries, read, announced, dict(self._busiest.busiest), bounds)

    def take_records(self) -> Iterator[bytes]:
        """What must be saved since the last call, as records (`ledger_journal`)."""
        return iter(()) if self._journal is None else self._journal.take()

    def recover(self, saved: Recovered) -> None:
        """Put saved entries, whose sheets have been sent, into ledgers that are empty."""
        repeated = self._store.readings.fill(saved.readings)
        self._store.announced.fill(saved.announced)
        self._busiest.count(_NONE, saved.groups(repeated))
        self._entries += len(self._store.readings) + len(self._store.announced)

    def take_in_saved(
        self,
        new: Readings | Announcements,
        tables: Numbers,
        entries: Sequence[Reading | Announced],
        minutes: Sequence[int | None],
    ) -> None:
        """Take in what was saved before, which is not saved again. `tables` are by number, `NO_TABLE` where
        the register has lost one; `minutes` are as in `Limits.minute`, or empty where none is known."""
        journal, self._journal = self._journal, None
        try:
            if isinstance(new, Readings):
                part = self._enter_readings(new, _NONE)
            else:
                part = self._enter_announcements(new, _NONE)
            for stretch in self._put([_Stretch(part, 0, len(entries))]):
                for i in self._take_in(stretch):
                    if tables[i] != NO_TABLE:
                        self.add(int(tables[i]), entries[i], minutes[i] if minutes else None)
        finally:
            self._journal = journal


def _between(places: Sequence[int], first: int, end: int) -> tuple[int, int]:
    """The bounds of the slice of rising `places` that lie from `first` to before `end`."""
    return bisect_left(places, first), bisect_left(places, end)
