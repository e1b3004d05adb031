"""Sources into tables: `_file`, `_line` and the columns, as texts (those of Parquet files keep their types)."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Final

import orjson

from streams.nights.importers.database import Database, QueryError
from streams.nights.importers.map_file import Source
from streams.nights.importers.reading.cells import CellWriter, Places
from streams.nights.importers.reading.columns import OWN, check_union
from streams.nights.importers.reading.documents import Shape, check_keys, column_type, merged, records, shape_of
from streams.nights.importers.reading.files import Part, SourceError, format_of, parts
from streams.nights.importers.reading.workbooks import sheets
from streams.nights.sql import literal, name
from streams.support.progress import Progress

_PLACES: Final = ("before", "file", "line")
"""What `CellWriter` says of rows."""


def files_type(source: str) -> str:
    """SQL for the type of what a source's files are called, in their order: a byte or two where a text takes forty."""
    return name(f"_files of {source}")


@dataclass(frozen=True)
class Loaded:
    """A source that can be asked for: its columns, how many rows, and what its author may not expect, by what it is."""

    table: str
    """Where its rows are kept."""
    columns: Sequence[str]
    rows: int
    files: Sequence[str]
    notes: Mapping[str, Places]


class Loader:
    """Loads sources from below the directories, by way of files in `scratch`: of text files and workbooks the columns
    that the map may name."""

    def __init__(
        self,
        db: Database,
        places: Sequence[Path],
        may_name: Callable[[str], bool],
        scratch: Path,
        progress: Progress,
    ) -> None:
        self._db, self._places, self._may_name, self._scratch = db, places, may_name, scratch
        self._progress = progress
        self._numbers = count()

    def load_all(self, sources: Mapping[str, Source]) -> dict[str, Loaded]:
        """Each source by its name. The cells of the next are written while the database takes in those before. Raises
        `SourceError`."""
        taken_in = dict[str, Future[Loaded]]()
        with ThreadPoolExecutor(1) as beside:
            try:
                for table, source in sources.items():
                    taken_in[table] = beside.submit(self._write(table, source))
                return {table: each.result() for table, each in taken_in.items()}
            except BaseException:
                beside.shutdown(wait=False, cancel_futures=True)
                self._db.interrupt()
                raise

    def _write(self, table: str, source: Source) -> Callable[[], Loaded]:
        """Write a source's rows as the database can read them; the rest is for another thread to do."""
        files = parts(self._places, source)
        formats = {format_of(part, source) for part in files}
        if len(formats) > 1:
            raise SourceError(files[0].name, 0, f"{' and '.join(sorted(formats))} files in one source: make it two")
        (format,) = formats
        if format == "parquet":
            return partial(self._parquet, table, source, files)
        return (self._documents if format in ("json", "jsonl") else self._cells)(table, source, files)

    def _loaded(
        self,
        table: str,
        files: Sequence[Part],
        kept_in: str = "",
        columns: Sequence[str] = (),
        notes: Mapping[str, Places] = MappingProxyType({}),
    ) -> Loaded:
        (rows,) = self._db.row(f"SELECT count(*) FROM {name(table)}")
        columns = columns or [each for each in self._db.columns(f"FROM {name(table)}") if each not in OWN]
        if not rows:
            raise SourceError(files[0].name, 0, "has no row: is it the right file?")
        names = f"SELECT DISTINCT _file FROM {name(table)} ORDER BY _file"
        self._db.run(f"CREATE TYPE {files_type(table)} AS ENUM ({names})")
        return Loaded(kept_in or table, columns, rows, [part.name for part in files], notes)

    def _cells(self, table: str, source: Source, files: Sequence[Part]) -> Callable[[], Loaded]:
        path, of_places = self._file(), self._file()
        with path.open("wb") as out, of_places.open("w", encoding="utf-8", newline="\n") as places:
            writer = CellWriter(source, out, places, self._progress)
            for part in files:
                if format_of(part, source) == "workbook":
                    for sheet, rows in sheets(part, source.sheet, source.header):
                        writer.write_cells(sheet, rows)
                    continue
                with part.reading() as raw:
                    writer.write(part, raw)
        if not writer.rows:
            raise SourceError(files[0].name, 0, "has no row: is it the right file?")

        def take_in() -> Loaded:
            kept, kept_in = list(filter(self._may_name, writer.columns)), f"_cells of {table}"
            self._db.load_cells(kept_in, path, writer.columns, kept, padded=source.union)
            self._db.load_cells("_places", of_places, _PLACES, _PLACES)
            path.unlink()
            of_places.unlink()
            self._place(table, kept_in)
            return self._loaded(table, files, kept_in, writer.columns, writer.notes())

        return take_in

    def _file(self) -> Path:
        """One that nothing was written into yet."""
        return self._scratch / f"source-{next(self._numbers)}"

    def _place(self, table: str, kept_in: str) -> None:
        """Make a view of rows with `_file` and `_line`, which follow from the rows' order and from `_places`."""
        (first, *others) = self._db.rows("SELECT file, line FROM _places LIMIT 2")
        rows = f"SELECT {literal(first[0])} AS _file, rowid + {first[1]} AS _line, * FROM {name(kept_in)}"
        if others:  # joined once, not whenever the view is asked
            self._db.run(
                "CREATE TABLE _placed AS SELECT file AS _file, line::BIGINT + cells.rowid - before::BIGINT AS _line, "
                f"cells.* FROM {name(kept_in)} AS cells ASOF JOIN _places ON cells.rowid >= before::BIGINT"
            )
            self._db.run(f"DROP TABLE {name(kept_in)}")
            self._db.run(f"ALTER TABLE _placed RENAME TO {name(kept_in)}")
            rows = f"FROM {name(kept_in)}"
        self._db.run(f"CREATE VIEW {name(table)} AS {rows}")
        self._db.run("DROP TABLE _places")

    def _documents(self, table: str, source: Source, files: Sequence[Part]) -> Callable[[], Loaded]:
        path, rows = self._file(), 0
        shape: Shape = {}
        with path.open("wb") as out:
            for part in files:
                with part.reading() as raw:
                    for line, row in records(part, raw, source):
                        try:
                            shape = merged(shape, shape_of(row))
                            out.write(orjson.dumps({"_file": part.name, "_line": str(line), **row}) + b"\n")
                        except RecursionError:
                            raise SourceError(part.name, line, "nests too deep") from None
                        except TypeError as error:  # such as half of a surrogate pair
                            raise SourceError(part.name, line, f"cannot be kept: {error}: mend the text") from None
                        rows += 1
                        self._progress.show(rows, part.name)
        if not isinstance(shape, dict) or not shape:
            raise SourceError(files[0].name, 0, "has no row: is it the right file?")
        check_keys(files[0], shape)
        kinds = {"_file": "VARCHAR", "_line": "BIGINT", **{each: column_type(below) for each, below in shape.items()}}
        columns = ", ".join(f"{literal(each)}: {literal(kind)}" for each, kind in kinds.items())

        def take_in() -> Loaded:
            self._db.run(
                f"CREATE TABLE {name(table)} AS FROM read_json({literal(str(path))}, format = 'newline_delimited', "
                f"maximum_object_size = 16777216, columns = {{{columns}}})"
            )
            path.unlink()
            return self._loaded(table, files)

        return take_in

    def _parquet(self, table: str, source: Source, files: Sequence[Part]) -> Loaded:
        path = self._file()
        for number, part in enumerate(files):
            with part.reading() as raw, path.open("wb") as out:
                while block := raw.read(1 << 20):
                    out.write(block)
            rows = f"SELECT {literal(part.name)} AS _file, file_row_number + 1 AS _line, * EXCLUDE (file_row_number) "
            rows += f"FROM read_parquet({literal(str(path))}, file_row_number = true)"
            try:
                into = f"CREATE TABLE {name(table)} AS"
                if number:
                    into = f"INSERT INTO {name(table)} BY NAME"
                    self._widen(table, source, part, self._db.columns(rows))
                self._db.run(f"{into} {rows}")
            except QueryError as error:
                raise SourceError(part.name, 0, f"cannot be read as Parquet: {error}") from None
        path.unlink()
        return self._loaded(table, files)

    def _widen(self, table: str, source: Source, part: Part, now: Mapping[str, str]) -> None:
        """Make room for a further file's columns. Raises `SourceError`."""
        before = self._db.columns(f"FROM {name(table)}")
        _check_kinds(part, before, now)
        check_union(source, part, list(before), list(now))
        for column in now.keys() - before.keys():
            self._db.run(f"ALTER TABLE {name(table)} ADD COLUMN {name(column)} {now[column]}")


def _check_kinds(part: Part, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raise `SourceError` where DuckDB would round a value to the type that its column has in the files before."""
    for column, kind in now.items():
        other = before.get(column, kind)
        if kind != other and other != "VARCHAR" and not (kind in _WHOLE and other in (*_WHOLE, "DOUBLE")):
            cure = f"{column} is {kind}, in the files before it {other}: make it a source of its own"
            raise SourceError(part.name, 0, cure)


_WHOLE: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")
"""Types of whole numbers: DuckDB says where one does not fit into another."""
