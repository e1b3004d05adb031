"""From readings to sums: the ledgers of one partition and the partials they add up to."""

from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

from streams.admission import check_report
from streams.election import Election
from streams.events import Rejection, TallyReport
from streams.ledger import Ledger, Verdict, reading_of
from streams.rollup import Partial, Sheet, Tally

TABLES_PER_CHUNK = 32
"""Ledgers that are saved together: a save costs one record per dirty chunk, not per report."""


class Reconciler:
    """The ledgers of one partition of the reports, with its running sums per area.

    Nothing leaves by itself: `take_partials` and `take_chunks` hand over what changed since
    they were last asked. State is rebuilt from chunks, and sums from ledgers.
    """

    def __init__(self, election: Election, partition: int = 0, partitions: int = 1) -> None:
        self._election = election
        self._partition = partition
        self._chunks = max(1, -(-len(election.tables) // (TABLES_PER_CHUNK * partitions)))
        self._ledgers: dict[str, Ledger] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._tables_of_chunk: dict[int, set[str]] = {}
        self._tallies: dict[str, Tally] = {}
        self._versions: dict[str, int] = {}
        self._dirty_areas: set[str] = set()
        self._dirty_chunks: set[int] = set()

    def __contains__(self, table: str) -> bool:
        return table in self._ledgers

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdict on every table with a ledger."""
        return self._verdicts

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a table, where there is one."""
        return self._ledgers.get(table)

    def apply(self, report: TallyReport) -> Rejection | None:
        """Take in a report, or say why it is turned away. Taking it in again changes nothing."""
        rejection = check_report(self._election, report)
        if rejection is not None:
            return rejection
        if self._add(report.table, Ledger([reading_of(self._election, report)])):
            self._dirty_chunks.add(self._chunk_of(report.table))
        return None

    def take_partials(self) -> list[Partial]:
        """The areas' sums that changed since the last call, each whole."""
        changed, self._dirty_areas = sorted(self._dirty_areas), set()
        return [Partial(area, self._partition, self._versions[area], self._tallies[area]) for area in changed]

    def take_chunks(self) -> dict[str, dict[str, Any]]:
        """The chunks that changed since the last call: key to {table: ledger}, as JSON objects.

        The key names the number of chunks too: under another register, what is written does not
        take the place of what was written, and `load` merges both.
        """
        changed, self._dirty_chunks = sorted(self._dirty_chunks), set()
        return {
            f"{chunk}/{self._chunks}": {t: self._ledgers[t].plain() for t in sorted(self._tables_of_chunk[chunk])}
            for chunk in changed
        }

    def load(self, chunks: Iterable[Mapping[str, Any]]) -> None:
        """Take in saved chunks. Every area with a sheet counts as changed afterwards, since
        the last partials before a crash may never have left."""
        for chunk in chunks:
            for table, rows in chunk.items():
                if table in self._election.tables:
                    self._add(table, Ledger.from_plain(rows))

    def _add(self, table: str, readings: Ledger) -> bool:
        """Merge readings into the table's ledger and the sums; False when nothing was new."""
        ledger = self._ledgers.get(table)
        if ledger is None:
            ledger = self._ledgers[table] = Ledger()
            self._tables_of_chunk.setdefault(self._chunk_of(table), set()).add(table)
        new = sum(ledger.add(reading) for reading in readings)
        if not new:
            return False
        before = self._verdicts.get(table)
        after = self._verdicts[table] = ledger.verdict(self._election.policy)
        moved = before != after
        sheet_before, sheet_after = (self._sheet(table, verdict) for verdict in (before, after))
        line = self._election.lineage[self._election.tables[table].area]
        for area, stratum in zip(line, (*line[1:], None), strict=True):
            self._versions[area] = self._versions.get(area, 0) + new
            self._dirty_areas.add(area)
            tally = self._tallies.get(area)
            if tally is None:
                tally = self._tallies[area] = Tally(len(self._election.columns))
            if not moved:
                continue
            if before is not None:
                tally.count_level(before.level, -1)
            tally.count_level(after.level, 1)
            if sheet_before is not None:
                tally.count_sheet(sheet_before, stratum, -1)
            if sheet_after is not None:
                tally.count_sheet(sheet_after, stratum, 1)
        return True

    def _sheet(self, table: str, verdict: Verdict | None) -> Sheet | None:
        if verdict is None or not verdict.accepted or verdict.votes is None:
            return None
        registered = self._election.tables[table].registered
        valid = sum(verdict.votes)
        ceiling = registered if registered is not None else self._election.largest_table
        return Sheet(
            votes=self._election.by_column(verdict.votes),
            valid=valid,
            null=verdict.null,
            registered=registered,
            ceiling=valid if ceiling is None else ceiling,
        )

    def _chunk_of(self, table: str) -> int:
        return crc32(table.encode()) % self._chunks
