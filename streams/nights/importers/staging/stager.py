"""Rows of sources as a table of what the map makes of them: texts, times and figures that have been read and checked.

In such a table a figure that is not understood is -1, as is a time, and a text that cannot be printed `NOT_PRINTABLE`;
what is not known is NULL.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from streams.nights.importers.database import Database, QueryError
from streams.nights.importers.map_file import Map
from streams.nights.importers.reading.cells import FIRST, Places
from streams.nights.importers.reading.loading import Loaded, files_type
from streams.nights.importers.staging import conversions
from streams.nights.importers.staging.conversions import CURES, NOT_PRINTABLE, Kind
from streams.nights.importers.staging.expressions import Expression, Parser
from streams.nights.sql import literal, name


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
        conversions.create(db)

    def _parser(self, origin: Origin) -> Parser:
        sources = [origin.source, *(each for each in self._loaded if each != origin.source)]
        used = sources if origin.join else sources[:1]
        return Parser(self._db, {each: [*self._loaded[each].columns, "_file", "_line"] for each in used})

    def stage(
        self, table: str, origin: Origin, wanted: Sequence[Wanted], further: Callable[[str], str] = str
    ) -> "Staged":
        """Make the table: `_file` and `_line` of the first source, then the columns that are wanted, and what `further`
        adds to SQL that yields them. Raises `ElectionFileError` for a map that cannot be followed, placed in it."""
        parser = self._parser(origin)
        parsed = {each.column: self._parse(parser, each.place, each.sql) for each in wanted}
        source = name(origin.source)
        head = f"{source}._file::{files_type(origin.source)} AS _file, {source}._line"
        rows = self._rows(parser, origin)
        raw = {each.column: self._raw(each, parsed[each.column], rows, parser) for each in wanted}
        inner = f"SELECT {', '.join([head, *(f'{sql} AS {name(column)}' for column, sql in raw.items())])} {rows}"
        kinds = self._db.columns(inner)
        read = [f"{self._read(each, kinds[each.column], origin)} AS {name(each.column)}" for each in wanted]
        ready = [f"{self._ready(each, kinds[each.column])} AS {name(each.column)}" for each in wanted]
        of_read = f"SELECT {', '.join(['_file', '_line', *read])} FROM ({inner})"
        try:
            rows_ready = further(f"SELECT {', '.join(['_file', '_line', *ready])} FROM ({of_read})")
            self._db.run(f"CREATE TABLE {name(table)} AS {rows_ready}")
        except QueryError as error:
            for each in wanted:
                self._check_fails(each, parsed[each.column], raw[each.column], f"SELECT {head}", rows)
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
        """The expression, its columns read as numbers where it is a figure."""
        sql, figure = f"({parsed.sql}\n)", wanted.kind in conversions.MOST
        if figure:
            which = 2 if wanted.kind != "count" else 1 if wanted.empty_is_zero else 0
            sql = f"({parsed.figures({source: macros[which] for source, macros in self._readers.items()})}\n)"
        try:
            self._db.columns(f"SELECT {sql} {rows}")
        except QueryError as error:
            raise self._map.error(wanted.place, parser.why_unknown(str(error))) from None
        if figure and not parsed.columns and wanted.place.partition(".")[2].startswith(_COSTLY[:3]):
            text = parsed.sql.strip()
            raise self._map.error(wanted.place, f"names no column: for the column {text} write '\"{text}\"'")
        return sql

    def _check_fails(self, wanted: Wanted, parsed: Expression, sql: str, select: str, rows: str) -> None:
        """Raise `ElectionFileError` if the expression cannot be worked out in a row, with the first such row."""
        try:
            self._db.rows(f"SELECT count({sql}) {rows}")
        except QueryError as error:
            why = str(error).removeprefix("Conversion Error: ").removeprefix("Invalid Input Error: ")
            cells = ", ".join(f"{each.sql}::VARCHAR" for each in parsed.columns) or "NULL"
            some = " OR ".join(f"{each.sql} IS NOT NULL" for each in parsed.columns) or "true"
            tried = f"{select}, [{cells}] AS cells, ({some}) AND TRY({sql}) IS NULL AS fails {rows}"
            try:
                ((file, line, texts),) = self._db.rows(
                    f"SELECT _file, _line, cells FROM ({tried}) WHERE fails ORDER BY _file, _line LIMIT 1"
                )
            except (QueryError, ValueError):  # TRY does not take every expression
                raise self._map.error(wanted.place, f"cannot be worked out: {why}") from None
            shown = ", ".join(f"{each.name} is {text!r:.60}" for each, text in zip(parsed.columns, texts, strict=True))
            raise self._map.error(wanted.place, f"{file}:{line}: cannot be worked out: {shown}: {why}") from None

    def _read(self, wanted: Wanted, type: str, origin: Origin) -> str:
        """SQL for the number that a value of this type of DuckDB is, where it is to be one."""
        column = name(wanted.column)
        if wanted.kind == "time":
            return conversions.milliseconds(column, type, origin.zone)
        if type == "VARCHAR" and wanted.kind in conversions.MOST:
            whole, _, decimal = self._readers[origin.source]
            return f"{whole if wanted.kind == 'count' else decimal}({column})"
        return column

    @staticmethod
    def _ready(wanted: Wanted, type: str) -> str:
        """SQL that checks it."""
        if type == "VARCHAR" and wanted.kind in conversions.MOST:
            type = "BIGINT" if wanted.kind == "count" else "DOUBLE"
        return conversions.checked(name(wanted.column), wanted.kind, type)


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

    def is_constant(self, column: str) -> bool:
        """Whether the map gives every row the same value, from no column of its files."""
        return not self._parsed[column].columns

    def count(self, where: str = "true") -> int:
        """The rows for which this holds."""
        (count,) = self._db.row(f"SELECT count(*) FROM {name(self.table)} WHERE {where}")
        return int(count)

    def places(self, where: str) -> list[str]:
        """The first places of rows for which this holds."""
        rows = self._db.rows(
            f"SELECT _file, _line FROM {name(self.table)} WHERE {where} ORDER BY _file, _line LIMIT {FIRST}"
        )
        return [f"{file}:{line}" for file, line in rows]

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
        if not self.origin.join:
            missing = f"({self.origin.where}\n) IS NOT TRUE"
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
                yield f"{x} = {NOT_PRINTABLE}", "not-printable", required
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
        cure = _EMPTY if code == "empty" and all(cell is None for cell in cells) else CURES[wanted.kind]
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
        rows = self._rows_sql + (" AND " if self.origin.where else " WHERE ")
        rows += f"{source}._file = {literal(file)} AND {source}._line = {line} LIMIT 1"
        cells = self._db.row(f"SELECT {', '.join(each.sql for each in columns)} {rows}")
        return [each.name for each in columns], cells


_COSTLY: Final = ("votes", "announced_shares", "count", "tables_counted", "sequence", "areas")
"""Beginnings of the places where a figure that is not understood stops the import: the event would say something else
without it."""
_EMPTY: Final = "say what an empty cell means, such as coalesce(column, 'unknown'), or leave the row out with `where`"
