"""A DuckDB database that reads nothing but what was put into it.

The sources are loaded while it is open; `shut` ends that for good: no file, no network, no extension, no setting. The
map's expressions run only then.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb
import numpy as np
from numpy.typing import NDArray

from streams.errors import CotejoError
from streams.nights.sql import first_sentence, interruptibly, literal, name, shut_in

MEMORY: Final = "700MB"
"""What its tables and sorting may take; the rest goes to disk beside the night that is written."""
CELL: Final = "\x1f"
"""Divides the cells of the files that are loaded: no published text may hold it."""


T = TypeVar("T")


class QueryError(CotejoError):
    """SQL that does not work; the text is DuckDB's first sentence."""


class Database:
    """One import's tables, in memory as far as they fit, else in a directory."""

    def __init__(self, directory: Path) -> None:
        self._db = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY,
                "temp_directory": str(directory / "spill"),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "python_enable_replacements": "false",  # else a name in the map could mean a Python variable
            },
        )
        self._db.execute("SET TimeZone = 'UTC'")
        self._db.execute("PRAGMA disable_checkpoint_on_shutdown")  # nobody reads it again

    def shut(self) -> None:
        """From here on nothing outside can be reached, and nobody can undo that."""
        self._db.execute("SET preserve_insertion_order = false")
        shut_in(self._db)

    @contextmanager
    def beside(self) -> Iterator["Database"]:
        """The same database for another thread."""
        other = copy(self)
        other._db = self._db.cursor()
        try:
            yield other
        finally:
            other.close()

    def close(self) -> None:
        self._db.close()

    def interrupt(self) -> None:
        """End what another thread asks for."""
        self._db.interrupt()

    def run(self, sql: str, *values: object) -> None:
        """Raises `QueryError`."""
        self._ask(sql, values, lambda _: None)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows. Raises `QueryError`."""
        return self._ask(sql, values, duckdb.DuckDBPyConnection.fetchall)

    def row(self, sql: str, *values: object) -> tuple[Any, ...]:
        """The only row. Raises `QueryError`."""
        (row,) = self.rows(sql, *values)
        return row

    def column(self, sql: str) -> list[Any]:
        """The values of a query with one column. Raises `QueryError`."""
        (array,) = self.arrays(sql)
        values: list[Any] = array.tolist()
        return values

    def columns(self, sql: str) -> dict[str, str]:
        """The names and types of a query's columns, without running it. Raises `QueryError`."""
        return {row[0]: row[1] for row in self.rows(f"DESCRIBE {sql}")}

    def pieces(self, sql: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query, so many at a time; nothing else may run meanwhile. Raises `QueryError`."""
        rows = self._ask(sql, (), lambda connection: connection.fetchmany(size))
        while rows:
            yield rows
            rows = self._guarded(lambda: self._db.fetchmany(size))

    def slices(self, table: str, columns: str, size: int) -> Iterator[list[NDArray[Any]]]:
        """What SQL for columns yields of a table's rows, in their order, so many at a time; none may be NULL. Raises
        `QueryError`."""
        (rows,) = self.row(f"SELECT count(*) FROM {name(table)}")
        for first in range(0, rows, size):
            some = f"FROM {name(table)} WHERE rowid >= {first} AND rowid < {first + size}"
            place, *values = self.arrays(f"SELECT rowid, {columns} {some}")
            order = place.argsort()
            yield [each[order] for each in values]

    def arrays(self, sql: str) -> list[NDArray[Any]]:
        """The columns of a query, none of which may be NULL anywhere. Raises `QueryError`."""
        return [np.asarray(each) for each in self._ask(sql, (), duckdb.DuckDBPyConnection.fetchnumpy).values()]

    def load_cells(
        self, table: str, path: Path, columns: Sequence[str], kept: Sequence[str], *, padded: bool = False
    ) -> None:
        """Make a table of a file of lines whose cells `CELL` divides, in their order, all text: of these columns those
        to be `kept`. An empty cell is NULL, and so are cells that a line lacks at its end if they are to be
        `padded`."""
        shape = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
        columns_kept = ", ".join(map(name, kept)) or "1"
        self.run(
            f"CREATE TABLE {name(table)} AS SELECT {columns_kept} FROM read_csv({literal(str(path))}, "
            f"auto_detect = false, header = false, delim = '{CELL}', quote = '', escape = '', comment = '', "
            f"new_line = '\\n', max_line_size = 16777216, null_padding = {padded}, columns = {{{shape}}})"
        )

    def _ask(self, sql: str, values: Sequence[object], fetch: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        return self._guarded(lambda: fetch(self._db.execute(sql, list(values)) if values else self._db.execute(sql)))

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return interruptibly(self._db, work)
        except duckdb.Error as error:
            raise QueryError(first_sentence(error)) from None
