"""Sources into tables: `_file`, `_line` and the columns, as texts (those of Parquet files keep their types)."""

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from pathlib import Path
from typing import IO, Any, Final

import orjson
from python_calamine import CalamineError, CalamineWorkbook

from streams.nights.importers.cells import CellWriter, Places, name_twice
from streams.nights.importers.database import Database, QueryError
from streams.nights.importers.files import Part, SourceError, format_of, parts, text_lines
from streams.nights.importers.map_file import Source
from streams.nights.importers.workbook_extent import MOST_CELLS, widest_extent
from streams.nights.sql import literal, name
from streams.support.progress import Progress


@dataclass(frozen=True)
class Loaded:
    """A source's table: its columns, how many rows, and what was passed over."""

    columns: Sequence[str]
    rows: int
    files: Sequence[str]
    skipped: Places
    twice_encoded: Places


class Loader:
    """Loads sources from below the directories, by way of files in `scratch`."""

    def __init__(self, db: Database, places: Sequence[Path], scratch: Path, progress: Progress) -> None:
        self._db, self._places, self._scratch, self._progress = db, places, scratch, progress

    def load(self, table: str, source: Source) -> Loaded:
        """Raises `SourceError`."""
        found = parts(self._places, source)
        formats = {format_of(part, source) for part in found}
        if len(formats) > 1:
            raise SourceError(found[0].name, 0, f"{' and '.join(sorted(formats))} files in one source: make it two")
        (format,) = formats
        path = self._scratch / "cells"
        load: Callable[[str, Source, Sequence[Part], Path], tuple[Places, Places]]
        load = {"csv": self._cells, "workbook": self._cells, "parquet": self._parquet}.get(format, self._documents)
        skipped, twice = load(table, source, found, path)
        path.unlink(missing_ok=True)
        (rows,) = self._db.row(f"SELECT count(*) FROM {name(table)}")
        columns = [each for each in self._db.columns(f"FROM {name(table)}") if each not in ("_file", "_line")]
        if not rows:
            raise SourceError(found[0].name, 0, "has no row: is it the right file?")
        return Loaded(columns, rows, [part.name for part in found], skipped, twice)

    def _cells(self, table: str, source: Source, found: Sequence[Part], path: Path) -> tuple[Places, Places]:
        with path.open("w", encoding="utf-8", newline="\n") as out:
            writer = CellWriter(source, out, self._progress)
            for part in found:
                before = list(writer.columns)
                with part.reading() as raw:
                    if format_of(part, source) == "workbook":
                        writer.write_cells(part, sheet_rows(part, raw, source))
                    else:
                        writer.write(part, raw)
                self._check_widened(part, before, writer.columns)
        self._db.load_cells(table, path, writer.columns)
        return writer.skipped, writer.twice_encoded

    @staticmethod
    def _check_widened(part: Part, before: Sequence[str], now: Sequence[str]) -> None:
        """Rows that were written before a file brought further columns are too short by now."""
        if before and len(now) > len(before):
            more = ", ".join(now[len(before) :])
            cure = f"has columns that the files before it lack ({more}): make it a source of its own"
            raise SourceError(part.name, 0, cure)

    def _documents(self, table: str, source: Source, found: Sequence[Part], path: Path) -> tuple[Places, Places]:
        rows: int = 0
        shape: Shape = {}
        with path.open("wb") as out:
            for part in found:
                with part.reading() as raw:
                    for line, row in records(part, raw, source):
                        try:
                            shape = _merged(shape, _shape(row))
                            out.write(orjson.dumps({"_file": part.name, "_line": str(line), **row}) + b"\n")
                        except RecursionError:
                            raise SourceError(part.name, line, "nests too deep") from None
                        except TypeError as error:  # such as half of a surrogate pair
                            raise SourceError(part.name, line, f"cannot be kept: {error}: mend the text") from None
                        rows += 1
                        self._progress.show(rows, part.name)
        if not isinstance(shape, dict) or not shape:
            raise SourceError(found[0].name, 0, "has no row: is it the right file?")
        _check_keys(found[0], shape)
        kinds = {"_file": "VARCHAR", "_line": "BIGINT", **{each: _kind(below) for each, below in shape.items()}}
        columns = ", ".join(f"{literal(each)}: {literal(kind)}" for each, kind in kinds.items())
        self._db.run(
            f"CREATE TABLE {name(table)} AS FROM read_json({literal(str(path))}, format = 'newline_delimited', "
            f"maximum_object_size = 16777216, columns = {{{columns}}})"
        )
        return Places(), Places()

    def _parquet(self, table: str, source: Source, found: Sequence[Part], path: Path) -> tuple[Places, Places]:
        for number, part in enumerate(found):
            with part.reading() as raw, path.open("wb") as out:
                while block := raw.read(1 << 20):
                    out.write(block)
            rows = f"SELECT {literal(part.name)} AS _file, file_row_number + 1 AS _line, * EXCLUDE (file_row_number) "
            rows += f"FROM read_parquet({literal(str(path))}, file_row_number = true)"
            try:
                into = f"CREATE TABLE {name(table)} AS"
                if number:
                    into = f"INSERT INTO {name(table)} BY NAME"
                    _check_kinds(part, self._db.columns(f"FROM {name(table)}"), self._db.columns(rows))
                self._db.run(f"{into} {rows}")
            except QueryError as error:
                raise SourceError(part.name, 0, f"cannot be read as Parquet: {error}") from None
        return Places(), Places()


def _check_kinds(part: Part, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raise `SourceError` where DuckDB would round a value to the type that its column has in the files before."""
    for column, kind in now.items():
        other = before.get(column, kind)
        if kind != other and other != "VARCHAR" and not (kind in _WHOLE and other in (*_WHOLE, "DOUBLE")):
            cure = f"{column} is {kind}, in the files before it {other}: make it a source of its own"
            raise SourceError(part.name, 0, cure)


_WHOLE: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")
"""Types of whole numbers: DuckDB says where one does not fit into another."""

Shape = str | list["Shape"] | dict[str, "Shape"] | None
"""What JSON values have in common: "" for text, one shape in a list, the shapes of an object's values by name; None
where all are null."""


def _shape(value: Any) -> Shape:
    if isinstance(value, dict) and value:
        return {key: _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [reduce(_merged, map(_shape, value))] if value else []
    return None if value is None else ""


def _check_keys(part: Part, shape: Shape) -> None:
    """Raise `SourceError` where one row's name is another's in other capitals, or where there is none."""
    if isinstance(shape, list):
        for each in shape:
            _check_keys(part, each)
    elif isinstance(shape, dict):
        if twice := name_twice(shape):
            raise SourceError(part.name, 0, f"its source has {twice} in other capitals too: make them one name")
        if "" in shape:
            raise SourceError(part.name, 0, 'its source has a field called "": give it a name')
        for each in shape.values():
            _check_keys(part, each)


def _merged(one: Shape, other: Shape) -> Shape:
    """The shape that both values have; where they differ in kind, they are text."""
    if one == other or other is None:
        return one
    if one is None:
        return other
    if isinstance(one, dict) and isinstance(other, dict):
        both = {key: _merged(one[key], other[key]) for key in one if key in other}
        return {**one, **other, **both}
    if isinstance(one, list) and isinstance(other, list):
        return [reduce(_merged, [*one, *other])]
    return ""


def _kind(shape: Shape) -> str:
    """The type of DuckDB: every figure and date is text, since what it means is for the map to say."""
    if isinstance(shape, dict):
        return f"STRUCT({', '.join(f'{name(key)} {_kind(each)}' for key, each in shape.items())})" if shape else "JSON"
    if isinstance(shape, list):
        return f"{_kind(shape[0])}[]" if shape else "JSON"
    return "VARCHAR"


def sheet_rows(part: Part, raw: IO[bytes], source: Source) -> Iterator[tuple[int, list[str]]]:
    """The rows of a workbook's sheet from the header on, with their numbers."""
    try:
        content = raw.read()
        height, width = widest_extent(content)
        if height * width > MOST_CELLS:
            why = f"its cells reach to row {height:,}, column {width:,}: delete the far ones, or save the sheet as CSV"
            raise SourceError(part.name, 0, why)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = book.sheet_names
        wanted = source.sheet or names[0]
        if wanted not in names:
            raise SourceError(part.name, 0, f"has no sheet {wanted}: name one of {', '.join(names)}")
        if not source.sheet and len(names) > 1:
            raise SourceError(part.name, 0, f"has several sheets: say `sheet`, one of {', '.join(names)}")
        rows = book.get_sheet_by_name(wanted).to_python(skip_empty_area=False)
    except (CalamineError, OSError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        raise SourceError(part.name, 0, f"cannot be read as a workbook: {error}") from None
    if not source.header:
        yield 0, list(source.names)
    for number, row in enumerate(rows, 1):
        if number >= source.header:
            yield number, [_cell(value) for value in row]


def _cell(value: Any) -> str:
    """A cell as text: whole numbers without a decimal mark, times as ISO 8601."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case datetime() | date() | time():
            return value.isoformat(*([" "] if isinstance(value, datetime) else []))
        case timedelta():
            return str(value.total_seconds())
    return str(value).strip()


def records(part: Part, raw: IO[bytes], source: Source) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows of a JSON document, or of one document a line; all numbers as they are written."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=lambda text: text
    )
    if format_of(part, source) == "jsonl":
        number = 0
        for block in text_lines(part, raw, source.encoding):
            for line in block:
                number += 1
                if line.strip():
                    yield number, _row(part, number, _decoded(part, number, decoder, line), source)
        return
    text = "\n".join(line for block in text_lines(part, raw, source.encoding) for line in block)
    document = _decoded(part, 1, decoder, text)
    rows = _below(part, document, source.records)
    for number, row in enumerate(rows if isinstance(rows, list) else [rows], 1):
        yield number, _row(part, number, row, source)


def _decoded(part: Part, line: int, decoder: json.JSONDecoder, text: str) -> Any:
    try:
        return decoder.decode(text.strip())
    except json.JSONDecodeError as error:
        raise SourceError(part.name, line + error.lineno - 1, f"is no JSON: {error.msg}") from None
    except ValueError as error:
        raise SourceError(part.name, line, str(error)) from None
    except RecursionError:
        raise SourceError(part.name, line, "nests too deep") from None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = {key: "true" if value is True else "false" if value is False else value for key, value in pairs}
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"{twice} is twice in one object: take one out")
    return found


def _below(part: Part, document: Any, path: str) -> Any:
    for key in filter(None, path.split(".")):
        if not isinstance(document, dict) or key not in document:
            raise SourceError(part.name, 0, f"has no {path}: say where the array of rows is as `records`")
        document = document[key]
    return document


def _row(part: Part, number: int, row: Any, source: Source) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        cure = "is no object: say where the array of rows is as `records`"
        raise SourceError(part.name, number, cure)
    if twice := name_twice(row):
        raise SourceError(
            part.name, number, f"SQL cannot tell its {twice} from another name here, or from _file and _line: rename it"
        )
    return row
