"""From readings to sums: the ledgers of one partition and the partials they add up to."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final
from zlib import crc32

import numpy as np

from streams.admission import Plain, check_bulletin, check_report
from streams.election import Election, Votes
from streams.events import Bulletin, Rejection, TallyReport, table_of
from streams.layout import ROOT, Numbers
from streams.ledger import Announced, Ledger, Level, Verdict, announced_of, reading_of
from streams.rollup import Batch, Partial
from streams.shelf import Shelf, pack, put
from streams.sums import CODES, Row, Sums, row_of

TABLES_PER_CHUNK = 32
"""Ledgers that are saved together: a save costs one record per dirty chunk, not per report."""

MOST_WAITING: Final = 20_000
"""Entries that may wait to be worked out; more would only take memory."""

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
        self._plain = Plain(election)
        self._ambiguous = election.areas.keys() & election.tables.keys()
        self._entered: list[int] = []
        """The polling table of each new entry."""
        self._sheets: dict[int, Row] = {}
        """Polling tables with a first reading, with their rows."""
        self._reread: set[int] = set()
        """Polling tables with new readings whose verdict must be worked out."""
        self._official: dict[int, Votes | None] = {}
        """The same for official figures."""
        self._fresh_groups: list[str] = []

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdict on every table with a ledger."""
        return Verdicts(self._election, self._shelf)

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a table, where there is one."""
        number = self._layout.table.get(table)
        return self._shelf.ledger(number) if number is not None and number in self._shelf else None

    def apply(self, event: TallyReport | Bulletin) -> Rejection | None:
        """Take in a report, or a bulletin for a polling table, or say why it is turned away. Taking it in again
        changes nothing."""
        return self._report(event) if type(event) is TallyReport else self._bulletin(event)  # type: ignore[arg-type]

    def _report(self, report: TallyReport) -> Rejection | None:
        table = self._layout.table.get(report.table)
        votes = self._plain.votes(table, report)
        if votes is not None:
            reading: Sequence[Any] = (
                report.at, report.id, report.reporter, report.group or report.reporter, report.source,
                votes, report.null or 0, False, report.supersedes or "",
            )  # fmt: skip
        else:
            rejection = check_report(self._election, report)
            if rejection is not None:
                return rejection
            reading = reading_of(self._election, report)
        self._enter_reading(self._layout.table[report.table], reading)
        return None

    def _bulletin(self, bulletin: Bulletin) -> Rejection | None:
        table = self._layout.table.get(bulletin.area)
        votes = self._plain.official(bulletin)
        if table is None or votes is None or bulletin.area in self._ambiguous:
            rejection = check_bulletin(self._election, bulletin)
            if bulletin.area in self._election.areas:
                rejection = Rejection("not-a-table", "area", "send bulletins for areas to the topic of bulletins")
            if rejection is not None:
                return rejection
            self._enter_announced(self._layout.table[bulletin.area], announced_of(self._election, bulletin))
        else:
            announced = bulletin.sequence, bulletin.at, bulletin.id, bulletin.supersedes or "", votes
            self._enter_announced(table, announced)
        return None

    def _enter_reading(self, table: int, reading: Sequence[Any]) -> None:
        """Add a reading, in the order of `Reading`'s fields."""
        readings = self._shelf.readings
        first = readings[table] is None
        if not put(readings, table, pack(reading)):
            return
        _, _, _, group, source, votes, null, retracted, _ = reading
        trusted = source in self._election.policy.trusted_sources
        if not trusted:  # a trusted source may send what it likes
            self._fresh_groups.append(group)
        if first and not retracted:
            # Nearly every sheet is read once: its verdict is plain.
            self._sheets[table] = (_REPORTED, trusted or self._election.policy.quorum <= 1, null, *votes)
        else:
            self._reread.add(table)
        self._enter(table)

    def _enter_announced(self, table: int, announced: Sequence[Any]) -> None:
        """Add an official figure, in the order of `Announced`'s fields."""
        first = self._shelf.announced[table] is None
        if put(self._shelf.announced, table, pack(announced)):
            self._official[table] = announced[-1] if first else None
            self._enter(table)

    def _enter(self, table: int) -> None:
        """Note that a ledger has a new entry, once it is known what kind."""
        self._entered.append(table)
        if len(self._entered) >= MOST_WAITING:
            self._digest()

    def _digest(self) -> None:
        """Work out what the new entries change."""
        if not self._entered:
            return
        self._groups.count(self._fresh_groups)
        for table in self._reread:
            self._sheets[table] = row_of(self._election, self._shelf.verdict(table, self._election.policy))
        for table, votes in self._official.items():
            if votes is None:
                official = self._shelf.ledger(table).official
                self._official[table] = None if official is None else official.votes
        self._sums.change(self._entered, self._sheets, self._official)
        self._entered, self._sheets, self._reread = [], {}, set()
        self._official, self._fresh_groups = {}, []

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

    def take_chunks(self) -> dict[str, dict[str, Any]]:
        """The chunks that changed since the last call: key to {table: ledger}, as JSON objects.

        The key names the number of chunks too: under another register, what is written does not
        take the place of what was written, and `load` merges both.
        """
        self._digest()
        tables = self._sums.take_unsaved()
        found = {}
        for chunk in np.unique(self._chunk_of[tables]).tolist() if len(tables) else ():
            held = [int(t) for t in self._tables_of(chunk) if t in self._shelf]
            names = sorted((self._layout.tables[table], table) for table in held)
            found[f"{chunk}/{self._chunks}"] = {id: self._shelf.ledger(table).plain() for id, table in names}
        return found

    def load(self, chunks: Iterable[Mapping[str, Any]]) -> None:
        """Take in saved chunks. Every area with a sheet counts as changed afterwards, since
        the last partials before a crash may never have left."""
        self._digest()
        waiting = self._sums.take_unsaved()
        for chunk in chunks:
            for id, rows in chunk.items():
                if (table := self._layout.table.get(id)) is not None:
                    ledger = Ledger.from_plain(rows)
                    for reading in ledger:
                        self._enter_reading(table, reading)
                    for announced in ledger.announced:
                        self._enter_announced(table, announced)
        self._digest()
        self._sums.take_unsaved()
        self._sums.put_back(waiting)

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
