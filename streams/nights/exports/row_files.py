"""Where the rows of an export are collected: a file of JSON lines for each table, written as the night goes by.

DuckDB reads them afterwards (`database`). So memory does not grow with the night, and the types of a column are
declared once. Rows go to a file faster than DuckDB takes them one by one (some 4 us a row instead of 200).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import orjson

from streams.regular_file import create_private

Row = Mapping[str, Any]
"""A row by column name; a column that is left out is empty."""
BUFFERED: Final = 1_000
"""Rows of a table that are written at once."""


class Scratch:
    """Files of rows in a directory. A table that was not `asked` for takes no rows."""

    def __init__(self, directory: Path, asked: Iterable[str]) -> None:
        self._directory, self.asked = directory, frozenset(asked)
        self._rows: dict[str, list[Row]] = {name: [] for name in sorted(self.asked)}
        self._files = {name: create_private(self.path(name)) for name in self._rows}

    def path(self, table: str) -> Path:
        """The file of a table."""
        return self._directory / f"{table}.rows"

    def add(self, table: str, row: Row) -> None:
        """Put a row behind the others of a table."""
        rows = self._rows[table]
        rows.append(row)
        if len(rows) >= BUFFERED:
            self._write(table)

    def add_all(self, table: str, rows: Iterable[Row]) -> None:
        """Put rows behind the others; nothing is worked out where the table was not asked for."""
        if table in self.asked:
            for row in rows:
                self.add(table, row)

    def _write(self, table: str) -> None:
        rows, self._rows[table] = self._rows[table], []
        self._files[table].write(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for name, file in self._files.items():
            if kind is None:
                self._write(name)
            file.close()
