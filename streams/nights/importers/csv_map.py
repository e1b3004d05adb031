"""Any published CSV files as an election and its events, by a map of their columns (docs/import-csv.md)."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from streams.config.election_toml import Toml
from streams.core.election.model import Area, Election, PollingTable
from streams.core.election.settings import AlertPolicy, Policy
from streams.core.events.model import Bulletin, TallyReport
from streams.nights.check import Problem
from streams.nights.eventlog import made
from streams.nights.importers import map_file
from streams.nights.importers.csv_rows import BadCellError, Row, Rows
from streams.nights.importers.map_file import Bulletins, MapError, Reports
from streams.support.progress import Progress


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has written."""

    tables: int
    areas: int
    reports: int
    bulletins: int
    skipped: int
    """Rows that the map says are not meant, or that carry no figure at all."""
    problems: int
    unordered: int
    """Events that come before the one above them in time."""


class CsvMap:
    """One map, and what it makes of the files it names."""

    def __init__(self, path: Path) -> None:
        self._path, self._map = path, map_file.read(path)
        toml = Toml(path)
        self._policy = toml.thresholds("reconcile", self._map.reconcile, Policy)
        self._rules = toml.rules(self._map.rules)
        self._alerts = toml.thresholds("alerts", self._map.alerts, AlertPolicy)

    def write(
        self, data: Path, out: Path, tell: Callable[[Problem], None], *, quiet: bool = False, jsonl: bool = False
    ) -> Imported:
        """Read the files in `data`, write them as a night into `out` (`made.write`), merged by time: each file is to
        be in the order of its own.

        `tell` is called with each `Problem`. Raises `MapError` for a file that the map does not fit.
        """
        self._count: Counter[str] = Counter()
        with Progress("rows read", 0, quiet=quiet) as progress:
            self._rows = Rows(data, tell, progress)
            election = self._election()
            files: list[Reports | Bulletins] = [*self._map.reports, *self._map.bulletins]
            events = heapq.merge(*map(self._in_order, files), key=lambda event: event.at)
            made.write(out, election, events, "cotejo import csv", jsonl=jsonl)
        count = self._count
        return Imported(
            tables=len(election.tables),
            areas=len(election.areas),
            reports=count["reports"],
            bulletins=count["bulletins"],
            skipped=self._rows.skipped + count["empty"],
            problems=self._rows.problems,
            unordered=count["unordered"],
        )

    def _election(self) -> Election:
        known = self._map
        places: dict[str, tuple[str, str, str]] = {}
        tables: dict[str, PollingTable] = {}
        for row in self._rows.of(known.register):
            parent = known.root.id
            try:
                for level in known.register.area:
                    id = row.text(level.id, f"area.{level.level}")
                    places.setdefault(id, (row.text(level.name, "name") or id, level.level, parent))
                    parent = id
                table = row.text(known.register.table, "table")
                if table in tables:
                    row.problem("duplicate-table", "table", f"{table} is there already: leave one out")
                    continue
                voters = [row.count("{" + column + "}", column) for column in known.register.registered]
            except BadCellError:
                continue
            tables[table] = PollingTable(parent, None if None in voters or not voters else sum(v or 0 for v in voters))
        if not tables:
            raise MapError(f"{self._path}: register: no row could be read")
        return Election(
            id=known.election.id,
            name=known.election.name,
            notice=known.election.notice,
            options=tuple(known.option),
            groups=tuple(known.group),
            areas=self._areas(places, tables),
            tables=tables,
            levels=(known.root.level, *(level.level for level in known.register.area)),
            policy=self._policy,
            rules=self._rules,
            alerts=self._alerts,
        )

    def _areas(self, places: Mapping[str, tuple[str, str, str]], tables: Mapping[str, PollingTable]) -> dict[str, Area]:
        """The areas with what the register adds up to; voters only where all are known."""
        root = self._map.root
        count: Counter[str] = Counter()
        voters: dict[str, int | None] = {}
        for table in tables.values():
            area: str | None = table.area
            while area is not None:
                count[area] += 1
                before = voters.get(area, 0)
                voters[area] = None if before is None or table.registered is None else before + table.registered
                area = None if area == root.id else places[area][2]
        whole = Area(
            root.id,
            root.name,
            root.level,
            None,
            root.tables if root.tables is not None else count[root.id],
            root.registered if root.registered is not None else voters[root.id],
        )
        below = {id: Area(id, name, level, up, count[id], voters[id]) for id, (name, level, up) in places.items()}
        return {root.id: whole, **below}

    def _in_order(self, part: Reports | Bulletins) -> Iterator[TallyReport | Bulletin]:
        """A file's events, counted; also those that are older than the one before."""
        last = 0
        for event in self._events(part):
            self._count["reports" if isinstance(part, Reports) else "bulletins"] += 1
            self._count["unordered"] += event.at < last
            last = event.at
            yield event

    def _events(self, part: Reports | Bulletins) -> Iterator[TallyReport | Bulletin]:
        for row in self._rows.of(part):
            try:
                votes = {name: row.count(column, f"votes.{name}") for name, column in part.votes.items()}
                if None in votes.values():
                    self._count["empty"] += 1  # a page without votes, a table without an official figure
                    continue
                figures = {name: count for name, count in votes.items() if count is not None}
                yield (
                    self._report(part, row, figures)
                    if isinstance(part, Reports)
                    else self._bulletin(part, row, figures)
                )
            except BadCellError:
                continue

    def _report(self, part: Reports, row: Row, votes: dict[str, int]) -> TallyReport:
        return TallyReport(
            id=row.text(part.id, "id"),
            table=row.text(part.table, "table"),
            reporter=row.text(part.reporter, "reporter"),
            source=row.text(part.source, "source"),
            at=row.time(part.at),
            votes=votes,
            group=row.text(part.group, "group") or None,
            null=row.count(part.null, "null"),
            ballots=row.count(part.ballots, "ballots"),
            registered=row.count(part.registered, "registered"),
            url=row.text(part.url, "url") or None,
        )

    def _bulletin(self, part: Bulletins, row: Row, votes: dict[str, int]) -> Bulletin:
        status = row.text(part.status, "status")
        return Bulletin(
            id=row.text(part.id, "id"),
            authority=row.text(part.authority, "authority"),
            area=row.text(part.area, "area"),
            at=row.time(part.at),
            sequence=row.count(part.sequence, "sequence") or 0,
            votes=votes,
            status="final" if status == "final" else "correction" if status == "correction" else "partial",
            valid=row.count(part.valid, "valid"),
            null=row.count(part.null, "null"),
            ballots=row.count(part.ballots, "ballots"),
            registered=row.count(part.registered, "registered"),
            tables_counted=row.count(part.tables_counted, "tables_counted"),
        )
