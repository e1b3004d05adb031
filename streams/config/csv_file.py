"""CSV files beside an election file, read strictly: whatever does not fit is an error that names the line."""

import csv
from collections.abc import Iterator
from itertools import repeat
from operator import itemgetter
from pathlib import Path
from typing import Final

from streams.errors import CotejoError
from streams.regular_file import TEXT_BYTES, read_regular
from streams.text import unprintable

STRETCH: Final = 10_000
"""Rows that are looked at together."""


_QUOTES: Final = 'a quoted cell is not closed, or text follows its closing quote: write "" for a quote within it'


class ElectionFileError(CotejoError):
    """One thing that is wrong: `file`, `line` (from 1, None if it has none), `place`, `cure`."""

    def __init__(self, file: str, line: int | None, place: str, cure: str) -> None:
        self.file, self.line, self.place, self.cure = file, line, place, cure
        where = file if line is None else f"{file}:{line}"
        super().__init__(f"{where}: {place}: {cure}" if place else f"{where}: {cure}")


class CsvFile:
    """One CSV file with a header; all its errors name it."""

    def __init__(self, path: Path, needed: tuple[str, ...], allowed: tuple[str, ...]) -> None:
        self._path, self._needed, self._allowed = path, needed, allowed
        self._is_plain = False
        """Whether the whole file is printable and has no quotes, so that single cells need not be checked."""

    def rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The rows with their line numbers: the needed fields and the allowed ones, in their order, empty where the
        file has no such column. With a dict for each row an election took a seventh longer to read."""
        rows = self._rows()
        columns, places = self._header(rows)
        pick = itemgetter(*places)
        for line, row in rows:
            if row:
                yield line, pick(self._given(line, columns, row))

    def stretches(self) -> Iterator[list[list[str]]]:
        """The needed and allowed columns, for `STRETCH` rows at a time, where no cell is quoted. Raises
        `ElectionFileError` wherever it is not sure; that need not be the file's first error, nor an error at all."""
        lines = self._lines()
        columns, places = self._header(iter([(1, lines[0].split(","))] if lines else ()))
        for first in range(1, len(lines), STRETCH):
            full = list(filter(None, lines[first : first + STRETCH]))
            text, commas = ",".join(full), set(map(str.count, full, repeat(",")))
            longest = max(map(len, full), default=0)
            if not self._is_plain or commas - {len(columns) - 1} or longest > csv.field_size_limit():
                raise self.error(None, "", "look at each row")
            cells = text.split(",") if full else []
            if " " in text:
                cells = list(map(str.strip, cells))
            given = [cells[i :: len(columns)] for i in range(len(columns))]
            given.append([""] * len(full))
            yield [given[place] for place in places]

    def _header(self, rows: Iterator[tuple[int, list[str]]]) -> tuple[list[str], list[int]]:
        """The columns that the file has, and of each usable one which it is; behind the last where there is none."""
        usable = (*self._needed, *self._allowed)
        _, columns = next(rows, (1, list[str]()))
        columns = list(map(str.strip, columns))
        for name in self._needed:
            self.check(name in columns, 1, name, f"the header must name {', '.join(self._needed)}")
        for name in columns:
            self.check(name in usable, 1, repr(name[:40]), f"is no column: use {', '.join(usable)}")
            self.check(columns.count(name) == 1, 1, name, "is there twice: leave one out")
        places = {name: i for i, name in enumerate(columns)}
        return columns, [places.get(name, len(columns)) for name in usable]

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows with the lines that they begin on."""
        lines = (line + "\n" for line in self._lines())  # else a line break within quotes is lost
        reader, first = csv.reader(lines, strict=True), 1
        try:
            for row in reader:
                yield first, row
                first = reader.line_num + 1
        except csv.Error as error:
            too_long = f"a cell has more than {csv.field_size_limit():,} characters: shorten it"
            raise self.error(first, "", too_long if "larger" in str(error) else _QUOTES) from None

    def _lines(self) -> list[str]:
        lines = text_of(self._path).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        text = "".join(lines)
        self._is_plain = text.isprintable() and '"' not in text
        return lines

    def _given(self, line: int, columns: list[str], row: list[str]) -> list[str]:
        """The cells of a row, and behind them an empty one."""
        if len(row) != len(columns):
            raise self.error(line, "", f"{len(row)} fields, the header has {len(columns)}: mend the row")
        given = [*map(str.strip, row), ""]
        if not self._is_plain:
            for column, value in zip(columns, given, strict=False):
                cure = f"write printable characters only: there is {unprintable(value)} in it"
                self.check(value.isprintable(), line, column, cure)
        return given

    def error(self, line: int | None, place: str, cure: str) -> ElectionFileError:
        """An error at a line and a column of this file."""
        return ElectionFileError(str(self._path), line, place, cure)

    def check(self, fine: object, line: int | None, place: str, cure: str) -> None:
        """Raise `error` unless `fine` holds."""
        if not fine:
            raise self.error(line, place, cure)

    def count(self, text: str, line: int, place: str) -> int | None:
        """The whole number in a cell; None for an empty one. Raises `ElectionFileError`."""
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            raise self.error(line, place, f"give a whole number or nothing, not {text[:40]!r}")
        return int(text)


def text_of(path: Path) -> str:
    """A file's text in UTF-8, with or without a mark. Raises `ElectionFileError`."""
    try:
        return read_regular(path, TEXT_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise ElectionFileError(str(path), None, "", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ElectionFileError(str(path), line, "", "write it in UTF-8") from None
