"""From readings to sheets: the ledgers of one partition and what they say of its polling tables."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from streams.core.election.model import Election
from streams.core.election.numbering import NO_TABLE, Numbers
from streams.core.events.admission import check_bulletin, check_date, check_report, table_of_reading
from streams.core.events.model import NO_ARRIVAL, Bulletin, Event, Rejection, TallyReport, Tick, table_of
from streams.core.reconciliation.announced import announced_of
from streams.core.reconciliation.flood_limits import Limits
from streams.core.reconciliation.ledger import Ledger
from streams.core.reconciliation.ledger_intake import Intake
from streams.core.reconciliation.ledger_journal import Journal, LedgerRecord, decode
from streams.core.reconciliation.ledger_recovery import Recovered
from streams.core.reconciliation.ledger_store import LedgerStore, Verdicts
from streams.core.reconciliation.reading import SHEET_FIELDS, Reading, reading_of
from streams.core.reconciliation.report_batch import Announcements, Entered, Prepared
from streams.core.reconciliation.report_columns import ColumnReader, rows_of_announcements, said_in
from streams.core.reconciliation.reporters import BusiestGroups, NameTable
from streams.core.reconciliation.sheet_rows import Sheets
from streams.core.reconciliation.turned_away import TurnedAway
from streams.core.reconciliation.verdict_cache import VerdictCache
from streams.errors import ElectionChangedError


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
        names = NameTable()
        self._reader = ColumnReader(election, names)
        self._store = LedgerStore(len(election.tables))
        self._verdicts = VerdictCache(self._store.places, len(election.options), names)
        self._limits = Limits(election, self._store)
        journal = Journal(election.layout, self._columns) if saves else None
        self._intake = Intake(election, self._store, self._verdicts, self._limits, BusiestGroups(names), journal)
        self._turned_away = TurnedAway(election.layout, saves=saves)

    @property
    def verdicts(self) -> Verdicts:
        """The verdict on every table with a ledger."""
        return Verdicts(self._election, self._store, self._verdicts)

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a table, where there is one."""
        number = self._layout.table.get(table)
        return self._store.ledger(number) if number is not None and number in self._store else None

    def apply(self, event: TallyReport | Bulletin, arrived: int = NO_ARRIVAL) -> Rejection | None:
        """Take in a report, or a bulletin for a polling table, or say why it is turned away. Taking it in again
        changes nothing. `arrived` (Unix ms) is when its message came to this partition."""
        return next((why for _, why in self.take_in(self.enter(self.prepare([event])), range(1), [arrived])), None)

    def prepare(self, events: Sequence[Event]) -> Prepared:
        """Whatever can be worked out of these events before they are taken in."""
        return self._reader.prepare(events)

    def enter(self, prepared: Prepared) -> Entered:
        """Put into the ledgers at once what is certainly new of these events. `take_in` takes each in when its time has
        come; until it has with all of them, nothing else may be taken in."""
        return self._intake.enter(prepared)

    def take_in(self, entered: Entered, places: range, arrived: Sequence[int] = ()) -> list[tuple[int, Rejection]]:
        """Take in the events at these places: the plain ones at once, then each of the others in its turn. The places
        of those that are turned away, and why, in their order. `arrived` is when each event came, as in `apply`; where
        it is empty, each came at its own time. None may be dated ahead of that (`admission.dated_ahead`)."""
        refused = list[tuple[int, Rejection]]()
        for place in self._intake.take_in(entered, places.start, places.stop):
            event = entered.events[place]
            if isinstance(event, Tick):
                continue
            reason = entered.refused.get(place) or self._apply(event, arrived[place] if arrived else event.at)
            if reason is not None:
                refused.append((place, reason))
                self.turn_away(event)
        return refused

    def turn_away(self, item: Event | Rejection) -> None:
        """Remember that this was turned away, or could not be read, if it names a polling table of whose sheet it was
        to be a reading. What `apply` and `take_in` turn away is remembered already."""
        if (table := table_of_reading(item)) is not None:
            self._turned_away.add(table)

    def _apply(self, event: TallyReport | Bulletin, arrived: int) -> Rejection | None:
        """Take in an event that is not plain."""
        if isinstance(event, TallyReport):
            rejection = check_report(self._election, event)
        else:
            rejection = check_bulletin(self._election, event)
            if event.area in self._election.areas:
                rejection = Rejection("not-a-table", "area", "send bulletins for areas to the topic of bulletins")
        if rejection is None and arrived != NO_ARRIVAL:
            rejection = check_date(self._election, event, arrived)
        if rejection is not None:
            return rejection
        table, election = self._layout.table[table_of(event)], self._election
        entry = reading_of(election, event) if isinstance(event, TallyReport) else announced_of(election, event)
        minute = self._limits.minute(entry, arrived)
        if (rejection := self._limits.check(table, entry, minute)) is None:
            self._intake.add(table, entry, minute)
        return rejection

    def stray(self, homes: Numbers) -> str | None:
        """A polling table that has its ledger here and belongs to another partition; None where there is none. `homes`
        are the partitions of all polling tables, by number."""
        tables = self._store.tables
        strays = tables[homes.take(tables) != self._partition]
        return self._layout.tables[strays[0]] if len(strays) else None

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
                at_home = (new.tables != NO_TABLE) & (homes.take(new.tables) == self._partition)
                asked += [new.places[i] for i in np.flatnonzero(~at_home).tolist()]
        single = ((i, prepared.events[i]) for i in sorted(asked))
        return [i for i, event in single if not isinstance(event, Tick) and self.is_misrouted(event, homes)]

    def take_sheets(self) -> Sheets:
        """The polling tables that changed since the last call."""
        return self.take_unordered().in_order()

    def take_unordered(self) -> Sheets:
        """The same, as they came (`Sheets`)."""
        return replace(self._intake.take_rows(self._partition), turned_away=self._turned_away.take())

    def take_records(self) -> Iterator[bytes]:
        """What the ledgers have taken in, and what was turned away, since the last call and must be saved, as records
        (`ledger_journal`); to be read to its end."""
        return chain(self._intake.take_records(), self._turned_away.take_records())

    def recover(self, saved: Recovered) -> None:
        """Take in saved records whose sheets have been sent: before anything else, and none of these sheets counts as
        changed."""
        self._intake.recover(saved)
        for tables in saved.turned_away:
            self._turned_away.load(tables, told=True)

    def load(self, records: Iterable[bytes]) -> None:
        """Take in saved records, in any order, any of them again. Every sheet counts as changed afterwards, since the
        last before a crash may never have left. Raises `ElectionChangedError`; ValueError for a record that is none,
        of which nothing is taken in."""
        for record in records:
            saved = decode(record)
            if saved.columns not in ([], self._columns):  # older records do not say
                raise ElectionChangedError(saved.columns, self._columns)
            if saved.turned_away:
                self._turned_away.load(saved.known_tables(self._layout), told=False)
            elif saved.official:
                self._load_announced(saved)
            else:
                self._load_readings(saved)

    def _load_announced(self, saved: LedgerRecord) -> None:
        tables, packed = saved.content(self._layout)
        entries, width = saved.announced(), len(self._columns)
        if any(len(entry.votes) != width for entry in entries):
            raise ValueError("no entries of ledgers: figures for other options")
        rows = rows_of_announcements([entry.votes for entry in entries])
        new = Announcements(range(len(entries)), tables, packed, rows)
        self._intake.take_in_saved(new, tables, entries, saved.minutes)

    def _load_readings(self, saved: LedgerRecord) -> None:
        tables, packed = saved.content(self._layout)
        readings = saved.readings()
        columns = list(zip(*readings, strict=True))
        named = dict(zip(Reading._fields, columns, strict=True))
        votes, nothing = named["votes"], (0,) * len(self._election.options)
        if not set(map(len, votes)) <= {0, len(nothing)}:
            raise ValueError("no entries of ledgers: figures for other options")
        odd = np.array(named["retracted"]) | np.array(list(map(bool, named["bound"])))
        if saved.minutes:
            odd |= np.array([minute is not None for minute in saved.minutes])
        said = said_in(named["null"], [figures or nothing for figures in votes])
        plain, places = np.where(odd, NO_TABLE, tables), range(len(readings))
        new = self._reader.readings(places, plain, packed, columns[:SHEET_FIELDS], said)
        self._intake.take_in_saved(new, tables, readings, saved.minutes)
