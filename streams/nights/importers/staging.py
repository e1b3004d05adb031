"""Rows of sources as a table of what the map makes of them: texts, times and figures that have been read and checked.

In such a table a figure that is not understood is -1, as is a time; what is not known is NULL.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from streams.core.events.model import LATEST, MAX_COUNT, MAX_TEXT
from streams.nights.importers.cells import FIRST, Places
from streams.nights.importers.database import Database, QueryError, literal, name
from streams.nights.importers.expressions import Expression, Parser
from streams.nights.importers.loading import Loaded
from streams.nights.importers.map_file import Map

Kind = Literal["text", "time", "count", "ratio", "percent", "flag"]

EARLIEST: Final = 631_152_000_000
"""Unix ms of 1990: a number below it is no time in milliseconds."""
_RFC3339: Final = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"
_OFFSET: Final = r"(Z|[+-]\d\d:?\d\d)"
_MOST: Final[Mapping[str, int]] = {"count": MAX_COUNT, "ratio": 1, "percent": 100}
_CURES: Final[Mapping[Kind, str]] = {
    "text": f"give printable text of at most {MAX_TEXT} characters",
    "time": "give Unix milliseconds or RFC 3339 with an offset; for other forms write "
    "strptime(column, '%d/%m/%Y %H:%M') and say `zone`; an hour that a zone has twice or never needs an offset",
    "count": "give a whole number; say `thousands`, `decimal`, `marks` or `unknown` of the source if that is its form",
    "ratio": "give a ratio from 0 to 1; write column / 100 for per cent",
    "percent": "give per cent from 0 to 100",
    "flag": "give true or false",
}


@dataclass(frozen=True)
class Wanted:
    """A column of the table to be made. `place` is that of its expression in the map."""

    column: str
    place: str
    kind: Kind
    sql: str
    required: bool = False
    empty_is_zero: bool = False


@dataclass(frozen=True)
class Origin:
    """Where the rows come from: a source, what it is joined with, and which are kept."""

    place: str
    source: str
    join: str = ""
    where: str = ""
    zone: str = ""


class Stager:
    """Makes such tables. `readers` are by source the macros of `numbers.create`."""

    def __init__(
        self, db: Database, map: Map, loaded: Mapping[str, Loaded], readers: Mapping[str, tuple[str, str, str]]
    ) -> None:
        self._db, self._map, self._loaded, self._readers = db, map, loaded, readers
        db.run(
            "CREATE MACRO _tidy(x) AS nullif(CASE "
            "WHEN regexp_matches(x, '^\\s|\\s$|[\\t-\\r\\x{a0}\\x{2007}\\x{202f}]') "
            "THEN trim(regexp_replace(x, '[\\s\\x{a0}\\x{2007}\\x{202f}]+', ' ', 'g')) ELSE x END, '')"
        )
        db.run(  # what a clock in the zone showed once, and once only, in Unix ms
            "CREATE MACRO _local(zone, x) AS CASE WHEN timezone(zone, timezone(zone, x)) <> x "
            "OR timezone(zone, timezone(zone, x) + INTERVAL 1 HOUR) = x "
            "OR timezone(zone, timezone(zone, x) - INTERVAL 1 HOUR) = x "
            "THEN -1 ELSE epoch_ms(timezone(zone, x)) END"
        )
        db.run(
            "CREATE MACRO _is_name(x) AS NOT regexp_matches(x, "
            f"'[\\p{{Cc}}\\p{{Cf}}\\p{{Cs}}\\p{{Co}}\\p{{Zl}}\\p{{Zp}}]') AND length(x) <= {MAX_TEXT}"
        )

    def _parser(self, origin: Origin) -> Parser:
        sources = [origin.source, *(each for each in self._loaded if each != origin.source)]
        used = sources if origin.join else sources[:1]
        return Parser(self._db, {each: [*self._loaded[each].columns, "_file", "_line"] for each in used})

    def stage(self, table: str, origin: Origin, wanted: Sequence[Wanted]) -> "Staged":
        """Make the table: `_file` and `_line` of the first source, then the columns that are wanted. Raises
        `ElectionFileError` for a map that cannot be followed, placed in it."""
        parser = self._parser(origin)
        parsed = {each.column: self._parse(parser, each.place, each.sql) for each in wanted}
        head = f"{name(origin.source)}._file, {name(origin.source)}._line"
        rows = self._rows(parser, origin)
        raw = [f"{self._raw(each, parsed[each.column], rows, parser)} AS {name(each.column)}" for each in wanted]
        inner = f"SELECT {', '.join([head, *raw])} {rows}"
        kinds = self._db.columns(inner)
        ready = [f"{self._ready(each, kinds[each.column], origin)} AS {name(each.column)}" for each in wanted]
        try:
            self._db.run(f"CREATE TABLE {name(table)} AS SELECT {', '.join(['_file', '_line', *ready])} FROM ({inner})")
        except QueryError as error:
            raise self._map.error(origin.place, f"cannot be worked out: {error}") from None
        return Staged(self._db, table, origin, rows, wanted, parsed, self._loaded[origin.source].rows)

    def parse(self, origin: Origin, place: str, sql: str) -> Expression:
        """An expression of the map. Raises `ElectionFileError` for what is none."""
        return self._parse(self._parser(origin), place, sql)

    def _parse(self, parser: Parser, place: str, sql: str) -> Expression:
        try:
            return parser.read(sql)
        except QueryError as error:
            raise self._map.error(place, str(error)) from None

    def _rows(self, parser: Parser, origin: Origin) -> str:
        """FROM, the joins and WHERE."""
        rows = f"FROM {name(origin.source)} {origin.join}"
        try:
            parser.check_from(f"SELECT 1 {rows}")
            self._db.columns(f"SELECT 1 {rows}")
        except QueryError as error:
            raise self._map.error(f"{origin.place}.join", parser.why_unknown(str(error))) from None
        if origin.where:
            try:
                parser.read(origin.where)
                self._db.columns(f"SELECT 1 {rows} WHERE ({origin.where}\n)")
            except QueryError as error:
                raise self._map.error(f"{origin.place}.where", parser.why_unknown(str(error))) from None
            rows += f" WHERE ({origin.where}\n)"
        return rows

    def _raw(self, wanted: Wanted, parsed: Expression, rows: str, parser: Parser) -> str:
        """The expression, its columns read as numbers where it is a figure; NULL where it fails."""
        sql, figure = f"({parsed.sql}\n)", wanted.kind in _MOST
        if figure:
            which = 2 if wanted.kind != "count" else 1 if wanted.empty_is_zero else 0
            sql = f"({parsed.figures({source: macros[which] for source, macros in self._readers.items()})}\n)"
        # TRY does not take every expression, and a column needs none.
        forms = [sql] if parsed.sql.strip('" ').isidentifier() else [f"TRY({sql})", sql]
        for form in forms:
            try:
                self._db.columns(f"SELECT {form} {rows}")
                break
            except QueryError as error:
                if form == forms[-1]:
                    raise self._map.error(wanted.place, parser.why_unknown(str(error))) from None
        if figure and not parsed.columns and wanted.place.partition(".")[2].startswith(_COSTLY[:3]):
            text = parsed.sql.strip()
            raise self._map.error(wanted.place, f"names no column: for the column {text} write '\"{text}\"'")
        return form

    def _ready(self, wanted: Wanted, kind: str, origin: Origin) -> str:
        """SQL that checks a value of this type of DuckDB."""
        x = name(wanted.column)
        match wanted.kind:
            case "text":
                return f"_tidy({x}::VARCHAR)"
            case "flag":
                return f"CASE WHEN {x} IS NULL THEN false ELSE TRY_CAST({x}::VARCHAR AS BOOLEAN) END"
            case "time":
                return self._time(x, kind, origin)
        if kind == "VARCHAR":
            whole, _, decimal = self._readers[origin.source]
            x = f"{whole if wanted.kind == 'count' else decimal}({x})"
        target = "BIGINT" if wanted.kind == "count" else "DOUBLE"
        fits = f"{x} BETWEEN 0 AND {_MOST[wanted.kind]}"
        if wanted.kind == "count" and kind not in ("BIGINT", "INTEGER", "HUGEINT", "VARCHAR"):
            fits += f" AND {x} = trunc({x})"
        return f"CASE WHEN {x} IS NULL THEN NULL WHEN {fits} THEN {x}::{target} ELSE -1 END"

    def _time(self, x: str, kind: str, origin: Origin) -> str:
        unzoned = f"_local({literal(origin.zone)}, {{}})" if origin.zone else "-1"
        if kind == "VARCHAR":
            texts = (
                f"CASE WHEN regexp_full_match({x}, '[0-9]{{12,14}}') THEN TRY_CAST({x} AS BIGINT) "
                f"WHEN regexp_full_match({x}, '{_RFC3339}{_OFFSET}') THEN epoch_ms(TRY_CAST({x} AS TIMESTAMPTZ)) "
                f"WHEN regexp_full_match({x}, '{_RFC3339}') THEN {unzoned.format(f'TRY_CAST({x} AS TIMESTAMP)')} END"
            )
        elif kind.endswith("WITH TIME ZONE"):
            texts = f"epoch_ms({x})"
        elif kind.startswith("TIMESTAMP"):
            texts = unzoned.format(f"({x}::TIMESTAMP)")
        elif kind in ("BIGINT", "HUGEINT", "INTEGER", "UBIGINT"):
            texts = f"TRY_CAST({x} AS BIGINT)"
        else:
            texts = "-1"
        return f"CASE WHEN {x} IS NULL THEN NULL WHEN {texts} BETWEEN {EARLIEST} AND {LATEST} THEN {texts} ELSE -1 END"


class Staged:
    """A table that was made, and what is wrong in it."""

    def __init__(
        self,
        db: Database,
        table: str,
        origin: Origin,
        rows: str,
        wanted: Sequence[Wanted],
        parsed: Mapping[str, Expression],
        read: int,
    ) -> None:
        self._db, self.table, self.origin, self._rows_sql = db, table, origin, rows
        self.wanted, self._parsed, self.read = wanted, parsed, read
        self.left_out: dict[str, Places] = {}
        self.remarks: list[str] = []

    def count(self, where: str = "true") -> int:
        """The rows for which this holds."""
        (count,) = self._db.row(f"SELECT count(*) FROM {name(self.table)} WHERE {where}")
        return int(count)

    def places(self, where: str) -> list[str]:
        """The first places of rows for which this holds."""
        found = self._db.rows(
            f"SELECT _file, _line FROM {name(self.table)} WHERE {where} ORDER BY _file, _line LIMIT {FIRST}"
        )
        return [f"{file}:{line}" for file, line in found]

    def note_where(self) -> None:
        """Count the source's rows that did not come into the table."""
        source, table = name(self.origin.source), name(self.table)
        (kept,) = self._db.row(
            f"SELECT count(DISTINCT (_file, _line)) FROM {table}"
            if self.origin.join
            else f"SELECT count(*) FROM {table}"
        )
        if kept == self.read:
            return
        missing = f"(_file, _line) NOT IN (SELECT (_file, _line) FROM {table})"
        first = self._db.rows(f"SELECT _file, _line FROM {source} WHERE {missing} ORDER BY ALL LIMIT {FIRST}")
        self.left_out["where" if self.origin.where else "join"] = Places(
            self.read - kept, [f"{file}:{line}" for file, line in first]
        )

    def leave_out(self, reason: str, where: str) -> None:
        """Take the rows for which this holds out of the table."""
        if count := self.count(where):
            self.left_out[reason] = Places(count, self.places(where))
            self._db.run(f"DELETE FROM {name(self.table)} WHERE {where}")

    def faults(self) -> Iterator[str]:
        """What is wrong with columns, one text each; optional cells that are not understood are taken out, and told in
        `remarks`."""
        tests = [(each, *test) for each in self.wanted for test in self._tests(each)]
        counts = self._db.row(
            f"SELECT {', '.join(f'count(*) FILTER (WHERE {test[1]})' for test in tests)} FROM {name(self.table)}"
        )
        for (wanted, bad, code, costs), count in zip(tests, counts, strict=True):
            if count:
                text = self._told(wanted, bad, code, count)
                if costs:
                    yield text
                    continue
                self.remarks.append(f"{text}; left out of its row")
                self._db.run(f"UPDATE {name(self.table)} SET {name(wanted.column)} = NULL WHERE {bad}")

    def _tests(self, wanted: Wanted) -> Iterator[tuple[str, str, bool]]:
        """Conditions under which a column's value is wrong, each with its code and whether it stops the import."""
        x, required = name(wanted.column), wanted.required
        if required and wanted.kind != "flag":
            yield f"{x} IS NULL", "empty", True
        match wanted.kind:
            case "text":
                yield f"NOT _is_name({x})", "not-printable", required
            case "flag":
                yield f"{x} IS NULL", "not-a-flag", True
            case "time":
                yield f"{x} < 0", "no-time", True
            case _:
                yield f"{x} < 0", "not-a-number", wanted.place.partition(".")[2].startswith(_COSTLY)

    def _told(self, wanted: Wanted, bad: str, code: str, count: int) -> str:
        """The first such place with what the published cells say, and where else."""
        first, *others = self.places(bad)
        columns, cells = self._cells(wanted, first)
        cure = _EMPTY if code == "empty" and all(cell is None for cell in cells) else _CURES[wanted.kind]
        said = ", ".join(
            f"{column} is {'empty' if cell is None else repr(str(cell)[:40])}"
            for column, cell in zip(columns, cells, strict=True)
        )
        text = f"{first}: {wanted.place}: {code}: {said or repr(wanted.sql[:40])}: {cure}"
        return text + (f" ({count:,} such; also {', '.join(others)})" if others else "")

    def _cells(self, wanted: Wanted, place: str) -> tuple[list[str], Sequence[Any]]:
        """The columns that an expression names, with what they hold at a place; of figures those not understood."""
        parsed = self._parsed[wanted.column]
        columns = list({each.name: each for each in parsed.columns}.values())
        if not columns:
            return [], []
        file, _, line = place.rpartition(":")
        source = name(self.origin.source)
        rows = self._rows_sql + (" AND " if " WHERE (" in self._rows_sql else " WHERE ")
        rows += f"{source}._file = {literal(file)} AND {source}._line = {line} LIMIT 1"
        cells = self._db.row(f"SELECT {', '.join(each.sql for each in columns)} {rows}")
        return [each.name for each in columns], cells


_COSTLY: Final = ("votes", "announced_shares", "count", "tables_counted", "sequence", "areas")
"""Beginnings of the places where a figure that is not understood stops the import: the event would say something else
without it."""
_EMPTY: Final = "say what an empty cell means, such as coalesce(column, 'unknown'), or leave the row out with `where`"
