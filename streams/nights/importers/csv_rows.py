"""Rows of CSV files, read by templates; what is wrong in them is told and the row left out."""

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from streams.nights.check import Problem
from streams.nights.importers.map_file import Columns, MapError
from streams.regular_file import open_regular
from streams.support.progress import Progress
from streams.text import unprintable
from streams.times import from_text

_MAX_DIGITS: Final = 18
"""Of a count: what has more does not fit 64 bits."""


class BadCellError(ValueError):
    """The row was told as a problem."""


class Rows:
    """The rows of the files in a directory. `tell` is called with each `Problem`, which are counted."""

    def __init__(self, data: Path, tell: Callable[[Problem], None], progress: Progress) -> None:
        self._data, self._tell, self._progress = data, tell, progress
        self.read = 0
        self.skipped = 0
        """Rows that the map says are not meant."""
        self.problems = 0

    def of(self, part: Columns) -> Iterator["Row"]:
        """The rows of a file that are meant. Raises `MapError`."""
        path = self._data / part.file
        try:
            with open_regular(path) as file, gzip.open(file) if path.suffix == ".gz" else file as raw:
                text = io.TextIOWrapper(raw, encoding=part.encoding, newline="")
                reader = csv.DictReader(text, delimiter=part.delimiter)
                for column in part.skip:
                    if column not in (reader.fieldnames or ()):
                        raise MapError(f"{path}:1: no column {column}, which the map's `skip` names")
                for number, cells in enumerate(reader, 1):
                    self.read += 1
                    self._progress.show(self.read, part.file)
                    if any(cells[column] in values for column, values in part.skip.items()):
                        self.skipped += 1
                        continue
                    row = Row(path, reader.line_num, {**cells, "row": str(number)}, part.unknown, self._problem)
                    if None in cells.values():
                        row.problem("short-row", "", f"give it {len(cells)} fields, as the header has")
                        continue
                    yield row
        except (OSError, EOFError) as error:
            raise MapError(f"{path}: cannot be read: {error}") from error
        except csv.Error as error:
            raise MapError(f"{path}: is no CSV: {error}") from None
        except (UnicodeDecodeError, LookupError) as error:
            raise MapError(f"{path}: is not {part.encoding}: {error}; name its `encoding` in the map") from None

    def _problem(self, problem: Problem) -> None:
        self.problems += 1
        self._tell(problem)


class Row:
    """One row, read by templates: `{column}` stands for a cell, `{row}` for the row's number."""

    __slots__ = ("_cells", "_line", "_path", "_tell", "_unknown")

    def __init__(
        self, path: Path, line: int, cells: dict[str, Any], unknown: tuple[str, ...], tell: Callable[[Problem], None]
    ) -> None:
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
            raise BadCellError
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
            raise BadCellError
        return int(text)

    def time(self, template: str) -> int:
        """Unix milliseconds, from these or from RFC 3339 with an offset."""
        text = self.text(template, "at")
        try:
            return from_text(text)
        except ValueError:
            self.problem("no-time", "at", f"give Unix milliseconds or RFC 3339 with an offset, not {text[:40]!r}")
            raise BadCellError from None
