"""From readings to sums: the ledgers of one partition and the partials they add up to."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from zlib import crc32

from streams.admission import check_bulletin, check_report
from streams.codec import encode
from streams.election import Election
from streams.events import Bulletin, Rejection, TallyReport, table_of
from streams.ledger import Announced, Ledger, Reading, Verdict, announced_of, reading_of
from streams.rollup import Matching, Partial, Sheet, Tally

TABLES_PER_CHUNK = 32
"""Ledgers that are saved together: a save costs one record per dirty chunk, not per report."""

LEDGER_BYTES: Final = 64 * 2**10
"""A ledger that is saved with more bytes takes in nothing new: somebody floods this table, and its chunk must remain
smaller than a message."""
_SMALL: Final = 4
"""Entries that fit in any case."""


class Busiest:
    """Readings by reporter group, and the few groups that sent most (of equals, the first by name)."""

    MOST = 5

    def __init__(self) -> None:
        self._readings: Counter[str] = Counter()
        self.busiest: dict[str, int] = {}

    def count(self, group: str) -> None:
        """Count one reading. Numbers only grow, so whoever is overtaken was overtaken by the one that grew."""
        self._readings[group] = number = self._readings[group] + 1
        if group not in self.busiest and len(self.busiest) == self.MOST:
            last = max(self.busiest, key=lambda known: (-self.busiest[known], known))
            if (-number, group) > (-self.busiest[last], last):
                return
            del self.busiest[last]
        self.busiest[group] = number


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
        self._groups = Busiest()
        self._rates: Counter[tuple[str, int]] = Counter()
        """Readings taken in, by group and the minute in which they came."""
        self._tables_of_chunk: dict[int, set[str]] = {}
        self._tallies: dict[str, Tally] = {}
        self._versions: dict[str, int] = {}
        self._dirty_areas: set[str] = set()
        self._dirty_chunks: set[int] = set()

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdict on every table with a ledger."""
        return self._verdicts

    def ledger(self, table: str) -> Ledger | None:
        """The ledger of a table, where there is one."""
        return self._ledgers.get(table)

    def apply(self, event: TallyReport | Bulletin, arrived: int = 0) -> Rejection | None:
        """Take in a report, or a bulletin for a polling table, or say why it is turned away. Taking it in again
        changes nothing. `arrived` (Unix ms) is when its message came to this partition."""
        table = table_of(event)
        if isinstance(event, TallyReport):
            rejection = check_report(self._election, event)
        else:
            rejection = check_bulletin(self._election, event)
            if table in self._election.areas:
                rejection = Rejection("not-a-table", "area", "send bulletins for areas to the topic of bulletins")
        if rejection is not None:
            return rejection
        if isinstance(event, TallyReport):
            reading, minute = reading_of(self._election, event), arrived // 60_000
            entry = Ledger([reading], (), {reading: minute} if self._limits(reading) else None)
        else:
            entry = Ledger((), [announced_of(self._election, event)])
        if (rejection := self._no_room(table, entry)) is not None:
            return rejection
        if self._add(table, entry):
            self._dirty_chunks.add(self._chunk_of(table))
        return None

    def _no_room(self, table: str, entry: Ledger) -> Rejection | None:
        """Turn away what is beyond a limit. The limits look at nothing but what was taken in, which is saved. After a
        crash some of what came later may be in the ledgers before what came earlier is there again; all of it together
        is within the limits, so each gets in again, and what was beyond them stays out (docs/adr/0005)."""
        ledger = self._ledgers.get(table)
        if ledger is not None and entry <= ledger:
            return None
        for reading, minute in entry.minutes.items():
            if self._rates[reading.group, minute] >= self._election.policy.group_rate:
                limit = f"{reading.group} may send {self._election.policy.group_rate:,} in one"
                return Rejection("rate-limited", "reporter_group", f"send it again in a minute: {limit}")
        if ledger is not None and len(ledger) >= _SMALL:
            size = len(encode(ledger.plain())) + len(encode(entry.plain()))
            if size > LEDGER_BYTES:
                cure = f"find out who sends them: {table} has {len(ledger):,} readings"
                return Rejection("ledger-full", "table", cure)
        return None

    def _limits(self, reading: Reading) -> bool:
        return self._election.policy.group_rate > 0 and self._is_counted(reading.source)

    def is_astray(self, event: TallyReport | Bulletin, home: Callable[[str], int]) -> bool:
        """Whether the event's polling table belongs to another partition, `home` of it: a table has one ledger. One
        that has its ledger here keeps it."""
        table = table_of(event)
        return table not in self._ledgers and table in self._election.tables and home(table) != self._partition

    def differing(self) -> Iterator[tuple[str, Announced, Verdict]]:
        """The polling tables whose official figure is not the accepted sheet's, by id."""
        for table in sorted(self._ledgers):
            official, verdict = self._ledgers[table].official, self._verdicts[table]
            matching = self._matching(official, self._sheet(table, verdict))
            if official is not None and matching is not None and matching.differing:
                yield table, official, verdict

    def take_partials(self) -> list[Partial]:
        """The areas' sums that changed since the last call, each whole."""
        changed, self._dirty_areas = sorted(self._dirty_areas), set()
        if changed:
            self._tallies[self._election.root.id].busiest = Counter(self._groups.busiest)
        for area in changed:
            self._tallies[area].readings = self._versions[area]
        return [Partial(area, self._partition, self._versions[area], self._tallies[area]) for area in changed]

    def take_chunks(self, most: int | None = None) -> dict[str, dict[str, Any]]:
        """The chunks that changed and were not handed over yet, at `most` so many: key to {table: ledger}, as JSON
        objects.

        The key names the number of chunks too: under another register, what is written does not
        take the place of what was written, and `load` merges both.
        """
        changed = sorted(self._dirty_chunks)[:most]
        self._dirty_chunks.difference_update(changed)
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

    def _add(self, table: str, entries: Ledger) -> bool:
        """Merge entries into the table's ledger and the sums; False when nothing was new."""
        ledger = self._ledgers.get(table)
        if ledger is None:
            ledger = self._ledgers[table] = Ledger()
            self._tables_of_chunk.setdefault(self._chunk_of(table), set()).add(table)
        official_before = ledger.official
        fresh = [reading.group for reading in entries if reading not in ledger and self._is_counted(reading.source)]
        if entries.minutes:
            self._rates.update((reading.group, m) for reading, m in entries.minutes.items() if reading not in ledger)
        new = ledger.update(entries)
        if not new:
            return False
        for group in fresh:
            self._groups.count(group)
        before = self._verdicts.get(table)
        after = self._verdicts[table] = ledger.verdict(self._election.policy)
        sheet_before, sheet_after = (self._sheet(table, verdict) for verdict in (before, after))
        matching_before = self._matching(official_before, sheet_before)
        matching_after = self._matching(ledger.official, sheet_after)
        moved = before != after
        line = self._election.lineage[self._election.tables[table].area]
        for area, stratum in zip(line, (*line[1:], None), strict=True):
            self._versions[area] = self._versions.get(area, 0) + new
            self._dirty_areas.add(area)
            tally = self._tallies.get(area)
            if tally is None:
                tally = self._tallies[area] = Tally(len(self._election.columns))
            if matching_before != matching_after:
                if matching_before is not None:
                    tally.matching.add(matching_before, -1)
                if matching_after is not None:
                    tally.matching.add(matching_after)
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

    def _is_counted(self, source: str) -> bool:
        """Whether readings of this source count towards a flood: a trusted source may send what it likes."""
        return source not in self._election.policy.trusted_sources

    def _matching(self, official: Announced | None, sheet: Sheet | None) -> Matching | None:
        if official is None:
            return None
        if sheet is None:
            return Matching(announced=1, shift=[0] * len(official.votes))
        shift = [0 if o < 0 else o - w for o, w in zip(official.votes, sheet.votes, strict=True)]
        return Matching(1, 1, int(any(shift)), sheet.valid, shift)

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
