"""Any published CSV files as an election and its events, by a map of their columns (docs/import-csv.md)."""

import csv
import gzip
import heapq
import io
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.checking import Problem
from streams.election import AlertPolicy, Area, Election, Group, Option, Policy, PollingTable
from streams.election_toml import Toml
from streams.errors import CotejoError
from streams.eventlog import made
from streams.events import Bulletin, TallyReport
from streams.progress import Progress
from streams.shown import unprintable

_MAX_DIGITS: Final = 18


class MapError(CotejoError):
    """The map, or a file that it names, is not as it must be; the text says where, and the cure."""


class _Columns(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    file: str
    skip: dict[str, list[str]] = {}
    """Rows in which a column has one of these values are not meant."""
    unknown: tuple[str, ...] = ("",)
    """Cells that stand for no figure."""
    encoding: str = "utf-8-sig"
    delimiter: str = ","


class _Level(msgspec.Struct, forbid_unknown_fields=True):
    level: str
    id: str
    name: str


class _Root(msgspec.Struct, forbid_unknown_fields=True):
    level: str
    id: str
    name: str
    tables: int | None = None
    registered: int | None = None


class _Register(_Columns, kw_only=True):
    table: str
    area: list[_Level]
    registered: list[str] = []


class _Reports(_Columns, kw_only=True):
    id: str
    table: str
    reporter: str
    source: str
    at: str
    votes: dict[str, str]
    group: str = ""
    null: str = ""
    ballots: str = ""
    registered: str = ""
    url: str = ""


class _Bulletins(_Columns, kw_only=True):
    id: str
    authority: str
    area: str
    at: str
    votes: dict[str, str]
    sequence: str = "{row}"
    status: str = "partial"
    valid: str = ""
    null: str = ""
    ballots: str = ""
    registered: str = ""
    tables_counted: str = ""


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    notice: str = ""


class _Map(msgspec.Struct, forbid_unknown_fields=True):
    election: _Head
    root: _Root
    option: list[Option]
    register: _Register
    group: list[Group] = []
    reports: list[_Reports] = []
    bulletins: list[_Bulletins] = []
    reconcile: dict[str, Any] = {}
    rules: dict[str, dict[str, Any]] = {}
    alerts: dict[str, Any] = {}


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
        self._path = path
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            self._map = msgspec.convert(data, _Map)
        except OSError as error:
            raise MapError(f"{path}: cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise MapError(f"{path}: write TOML in UTF-8: {error}") from None
        except msgspec.ValidationError as error:
            raise MapError(f"{path}: {error}".replace(" - at `$.", ": in `")) from None
        toml = Toml(path)
        self._policy = toml.thresholds("reconcile", self._map.reconcile, Policy)
        self._rules = toml.rules(self._map.rules)
        self._alerts = toml.thresholds("alerts", self._map.alerts, AlertPolicy)
        self._options = [option.id for option in self._map.option]
        columns = {*self._options, *(group.id for group in self._map.group)}
        named: dict[str, Sequence[_Reports | _Bulletins]]
        named = {"reports": self._map.reports, "bulletins": self._map.bulletins}
        for kind, parts in named.items():
            for i, part in enumerate(parts):
                wrong = [name for name in part.votes if name not in columns]
                if wrong:
                    raise MapError(f"{path}: {kind}[{i}].votes.{wrong[0]}: use one of {', '.join(sorted(columns))}")

    def write(self, data: Path, out: Path, tell: Any, *, quiet: bool = False, jsonl: bool = False) -> Imported:
        """Read the files in `data`, write them as a night into `out` (`made.write`), merged by time: each file is to
        be in the order of its own.

        `tell` is called with each `Problem`. Raises `MapError` for a file that the map does not fit.
        """
        self._count: Counter[str] = Counter()
        self._data, self._tell, self._rows_read = data, tell, 0
        with Progress("rows read", 0, quiet=quiet) as self._progress:
            election = self._election()
            files: list[_Reports | _Bulletins] = [*self._map.reports, *self._map.bulletins]
            events = heapq.merge(*map(self._in_order, files), key=lambda event: event.at)
            made.write(out, election, events, "cotejo import csv", jsonl=jsonl)
        count = self._count
        return Imported(
            tables=len(election.tables),
            areas=len(election.areas),
            reports=count["reports"],
            bulletins=count["bulletins"],
            skipped=count["skipped"],
            problems=count["problems"],
            unordered=count["unordered"],
        )

    def _election(self) -> Election:
        known = self._map
        places: dict[str, tuple[str, str, str]] = {}
        tables: dict[str, PollingTable] = {}
        for row in self._rows(known.register):
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
            except _BadCellError:
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

    def _in_order(self, part: _Reports | _Bulletins) -> Iterator[TallyReport | Bulletin]:
        """A file's events, counted; also those that are older than the one before."""
        last = 0
        for event in self._events(part):
            self._count["reports" if isinstance(part, _Reports) else "bulletins"] += 1
            self._count["unordered"] += event.at < last
            last = event.at
            yield event

    def _events(self, part: _Reports | _Bulletins) -> Iterator[TallyReport | Bulletin]:
        for row in self._rows(part):
            try:
                votes = {name: row.count(column, f"votes.{name}") for name, column in part.votes.items()}
                if None in votes.values():
                    self._count["skipped"] += 1  # a page without votes, a table without an official figure
                    continue
                figures = {name: count for name, count in votes.items() if count is not None}
                yield (
                    self._report(part, row, figures)
                    if isinstance(part, _Reports)
                    else self._bulletin(part, row, figures)
                )
            except _BadCellError:
                continue

    def _report(self, part: _Reports, row: "_Row", votes: dict[str, int]) -> TallyReport:
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

    def _bulletin(self, part: _Bulletins, row: "_Row", votes: dict[str, int]) -> Bulletin:
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

    def _rows(self, part: _Columns) -> Iterator["_Row"]:
        """The rows of a file that are meant, bad ones told and left out."""
        path = self._data / part.file
        try:
            opened = gzip.open if path.suffix == ".gz" else Path.open
            with opened(path, "rb") as raw:
                text = io.TextIOWrapper(raw, encoding=part.encoding, newline="")
                reader = csv.DictReader(text, delimiter=part.delimiter)
                for column in part.skip:
                    if column not in (reader.fieldnames or ()):
                        raise MapError(f"{path}:1: no column {column}, which the map's `skip` names")
                for number, cells in enumerate(reader, 1):
                    self._rows_read += 1
                    self._progress.show(self._rows_read, part.file)
                    if any(cells[column] in values for column, values in part.skip.items()):
                        self._count["skipped"] += 1
                        continue
                    yield _Row(path, reader.line_num, {**cells, "row": str(number)}, part.unknown, self._problem)
        except (OSError, EOFError) as error:
            raise MapError(f"{path}: cannot be read: {error}") from error
        except (UnicodeDecodeError, LookupError) as error:
            raise MapError(f"{path}: is not {part.encoding}: {error}; name its `encoding` in the map") from None

    def _problem(self, problem: Problem) -> None:
        self._count["problems"] += 1
        self._tell(problem)


class _BadCellError(ValueError):
    """The row was told as a problem."""


class _Row:
    """One row, read by templates: `{column}` stands for a cell, `{row}` for the row's number."""

    __slots__ = ("_cells", "_line", "_path", "_tell", "_unknown")

    def __init__(self, path: Path, line: int, cells: dict[str, Any], unknown: tuple[str, ...], tell: Any) -> None:
        self._path, self._line, self._cells, self._unknown, self._tell = path, line, cells, unknown, tell

    def problem(self, code: str, place: str, cure: str) -> None:
        self._tell(Problem(str(self._path), self._line, place, code, cure))

    def text(self, template: str, place: str) -> str:
        try:
            text = template.format_map(self._cells).strip()
        except KeyError as error:
            raise MapError(f"{self._path}:1: no column {error.args[0]}, which the map's `{place}` names") from None
        except (ValueError, IndexError, AttributeError) as error:
            raise MapError(f"the map's `{place}`: {template!r} is no template: {error}") from None
        text = text if text.isprintable() else " ".join(text.split())  # a line's end, a space that must not break
        if not text.isprintable():
            self.problem("control-character", place, f"leave out {unprintable(text)}")
            raise _BadCellError
        return text

    def count(self, template: str, place: str) -> int | None:
        """A whole number; None where the template is empty, or the cell stands for no figure."""
        if not template:
            return None
        text = self.text(template, place)
        if text in self._unknown:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
            self.problem("not-a-number", place, f"give a whole number, not {text[:40]!r}")
            raise _BadCellError
        return int(text)

    def time(self, template: str) -> int:
        """Unix milliseconds, from these or from RFC 3339 with an offset."""
        text = self.text(template, "at")
        if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS:
            return int(text)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = datetime.min
        if moment.tzinfo is None:
            self.problem("no-time", "at", f"give Unix milliseconds or RFC 3339 with an offset, not {text[:40]!r}")
            raise _BadCellError
        return round(moment.timestamp() * 1000)
