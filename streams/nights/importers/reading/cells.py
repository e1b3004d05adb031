"""Rows of text files as lines that DuckDB reads without any doubt: one cell for each column. Beside them their places.

A row's cells are counted, a quote that nothing closes is told, and every row keeps the number of the line that it
begins on: what DuckDB's own reader would guess or pass over is decided here.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Final

import numpy as np

from streams.nights.importers.database import CELL
from streams.nights.importers.map_file import Source
from streams.nights.importers.reading.columns import check_union, column_names, name_twice
from streams.nights.importers.reading.files import MOST_CHARACTERS, Part, SourceError, text_blocks
from streams.support.progress import Progress

_MOST_LINES: Final = 1000
"""Of one row: a quote that is open longer was never meant as one."""
_END: Final = ord("\n")
FIRST: Final = 3
"""Places that are told of each reason."""


@dataclass
class Places:
    """How often something was seen, and where first."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, place: str) -> None:
        self.count += 1
        if len(self.first) < FIRST:
            self.first.append(place)

    def told(self) -> str:
        more = ", …" if self.count > len(self.first) else ""
        return f"{self.count:,} ({', '.join(self.first)}{more})"


class CellWriter:
    """Writes the rows of a source's files into one file (UTF-8). `columns` are those of all, in the order they are met.

    Into another one, `places`, goes where rows stand: how many came before, their file, and the line of the first. They
    are in consecutive lines up to the next such place.
    """

    def __init__(self, source: Source, out: IO[bytes], places: IO[str], progress: Progress) -> None:
        self._source, self._out, self._places, self._progress = source, out, places, progress
        self._skip = re.compile(source.skip_lines) if source.skip_lines else None
        self.columns: list[str] = []
        self.rows = 0
        self._expected: tuple[str, int] | None = None
        self._skipped, self._differing, self._twice_encoded = Places(), Places(), Places()

    def notes(self) -> dict[str, Places]:
        """What the map's author may not expect, with its places."""
        notes = {
            "lines passed over (skip_lines)": self._skipped,
            "files with other columns (union)": self._differing,
            "lines that look as if they were encoded twice, such as 'PeÃ±a'": self._twice_encoded,
        }
        return {what: places for what, places in notes.items() if places.count}

    def write(self, part: Part, raw: IO[bytes]) -> None:
        """A text file. Raises `SourceError`."""
        delimiter = self._source.delimiter or ("\t" if part.suffix == ".tsv" else ",")
        dialect = Dialect(part, delimiter, self._source.quote)
        lines = _Lines(part, text_blocks(part, raw, self._source.encoding))
        names = self._source.names
        for _ in range(self._source.header - 1):
            lines.take()
        head = dialect.row(lines, lines.line + 1, lines.take()) if self._source.header else list(names)
        if not any(head):
            raise SourceError(part.name, lines.line, "there is no header here: say its line as `header`")
        order = self._order(part, names or column_names(head), len(head))
        for first, block in lines.blocks():
            self._check_text(part, first, block)
            self._write_block(part, dialect, lines, first, block, order)
            self._progress.show(self.rows, part.name)

    def write_cells(self, part: Part, rows: Iterator[tuple[int, list[str]]]) -> None:
        """A sheet of a workbook: its rows with their numbers, from the header on."""
        names = self._source.names
        line, head = next(rows, (0, []))
        head = head if self._source.header else list(names)
        if not any(head):
            raise SourceError(part.name, line, "there is no header here: say its row as `header`")
        order = self._order(part, names or column_names(head), len(head))
        for line, cells in rows:
            if any(cells):
                self._put(part, line, cells, order)

    def _order(self, part: Part, names: Sequence[str], width: int) -> list[int] | int:
        """The places of this file's columns among all: their number where they stand in the same order."""
        if len(names) != width:
            raise SourceError(part.name, self._source.header, f"has {width} columns, but `names` has {len(names)}")
        if twice := name_twice(names):
            raise SourceError(
                part.name,
                self._source.header,
                f"{twice} is the name of two columns, or one of Cotejo's own: say all `names`",
            )
        if self.columns and (differs := check_union(self._source, part, self.columns, names)):
            self._differing.add(differs)
        self.columns += [each for each in names if each not in self.columns]
        return width if list(names) == self.columns else [self.columns.index(each) for each in names]

    def _write_block(
        self, part: Part, dialect: "Dialect", lines: "_Lines", first: int, block: str, order: list[int] | int
    ) -> None:
        usual = isinstance(order, int) and self._skip is None
        if usual and (plain := dialect.plain_cells(block, len(self.columns) - 1)):
            self._out.write(plain)
            self._count(part, first, block.count("\n") + 1)
            return
        end = lines.give_back(block)
        while lines.line < end:
            line = lines.take()
            number = lines.line
            if self._skip is not None and self._skip.search(line):
                self._skipped.add(f"{part.name}:{number}")
            elif line.strip():
                self._put(part, number, dialect.row(lines, number, line), order)

    def _put(self, part: Part, line: int, cells: Sequence[str], order: list[int] | int) -> None:
        width = order if isinstance(order, int) else len(order)
        if len(cells) != width:
            has = f"{len(cells)} cells, the header in line {self._source.header} has {width}"
            cure = f"{has}: mend the row, or say `header`, `delimiter`, `quote` or `skip_lines`"
            raise SourceError(part.name, line, cure, code="cells")
        if not isinstance(order, int):
            placed = [""] * len(self.columns)
            for place, cell in zip(order, cells, strict=True):
                placed[place] = cell
            cells = placed
        text = CELL.join(cells)
        if text.count(CELL) != len(cells) - 1:
            raise SourceError(part.name, line, "holds the control character U+001F: take it out")
        if text:  # of one column: an empty cell is as little a row as an empty line is
            self._out.write((" ".join(text.splitlines()) + "\n").encode())
            self._count(part, line)

    def _count(self, part: Part, line: int, rows: int = 1) -> None:
        """Rows in consecutive lines were written."""
        if (part.name, line) != self._expected:
            self._places.write(CELL.join((str(self.rows), part.name, str(line))) + "\n")
        self._expected = part.name, line + rows
        self.rows += rows

    def _check_text(self, part: Part, first: int, block: str) -> None:
        """Tell a file that is UTF-8 and was decoded as something else."""
        if block.isascii():
            return
        encoding = self._source.encoding
        is_utf = encoding.lower().startswith("utf")
        for number, line in enumerate(block.split("\n"), first):
            if line.isascii():
                continue
            try:
                right = line.encode("cp1252" if is_utf else encoding).decode("utf-8")
            except UnicodeError:
                continue
            if not is_utf:
                read = next((a for a, b in zip(line, right, strict=False) if a != b), "")
                cure = f'is UTF-8, but read as {encoding} ({line[line.find(read) :][:12]!r}): say encoding = "utf-8"'
                raise SourceError(part.name, number, cure, code="encoding")
            self._twice_encoded.add(f"{part.name}:{number}")


@dataclass(frozen=True)
class Dialect:
    """How a text file's rows are written."""

    part: Part
    delimiter: str
    quote: str

    def plain_cells(self, text: str, delimiters: int) -> bytes | None:
        """These lines with their cells divided by `CELL`, if each is a row with so many delimiters and without quotes.
        Nearly all blocks are such; that is known from where their delimiters and line ends are."""
        if delimiters == 0 or len(self.delimiter) > 1 or not self.delimiter.isascii():
            return None
        if (self.quote and self.quote in text) or (CELL in text and self.delimiter != CELL):
            return None
        content = (text + "\n").encode()
        octets = np.frombuffer(content, np.uint8)
        ends, between = np.flatnonzero(octets == _END), np.flatnonzero(octets == ord(self.delimiter))
        if len(between) != delimiters * len(ends):
            return None
        of_lines = between.reshape(-1, delimiters)
        if (of_lines[:, -1] > ends).any() or (of_lines[1:, 0] < ends[:-1]).any():
            return None
        return content.translate(bytes.maketrans(self.delimiter.encode(), CELL.encode()))

    def row(self, lines: "_Lines", number: int, line: str) -> list[str]:
        """The cells of the row that begins with this line. Raises `SourceError`."""
        if not self.quote or self.quote not in line:
            return line.split(self.delimiter)
        taken, length = [line], len(line)
        cells = self._parsed(number, line)
        while cells is None:
            more = lines.take_or_none()
            if more is None or len(taken) > _MOST_LINES or length > MOST_CHARACTERS:
                raise self._stray(number)
            taken.append(more)
            length += len(more)
            if self.quote in more:
                cells = self._parsed(number, "\n".join(taken))
        return cells

    def _parsed(self, number: int, text: str) -> list[str] | None:
        """The cells of a row; None where a quote is open at its end."""
        delimiter = self.delimiter
        if len(delimiter) > 1:
            text, delimiter = text.replace(delimiter, CELL), CELL
        try:
            cells = next(csv.reader([text], delimiter=delimiter, quotechar=self.quote, strict=True), [])
        except csv.Error as error:
            if "unexpected end" in str(error):
                return None
            if "field larger" in str(error):
                cure = f"a cell has more than {csv.field_size_limit():,} characters: mend its quotes, or shorten it"
                raise SourceError(self.part.name, number, cure, code="cells") from None
            raise self._stray(number) from None
        return [cell.replace(CELL, self.delimiter) for cell in cells] if delimiter == CELL else cells

    def _stray(self, line: int) -> SourceError:
        cure = f'a {self.quote} opens a cell that nothing closes: mend it, or say quote = "" if none is meant'
        return SourceError(self.part.name, line, cure, code="quote")


class _Lines:
    """The lines of a file, one by one or a block at a time; `line` is the number of the last one taken."""

    def __init__(self, part: Part, blocks: Iterator[str]) -> None:
        self._part, self._blocks = part, blocks
        self._held: list[str] = []
        self._next = 0
        self.line = 0

    def take(self) -> str:
        """The next line. Raises `SourceError` where there is none."""
        line = self.take_or_none()
        if line is None:
            what = "is empty" if self.line == 0 else "ends before its header"
            raise SourceError(self._part.name, self.line, f"{what}: is it the right file?")
        return line

    def take_or_none(self) -> str | None:
        if self._next >= len(self._held):
            block = next(self._blocks, None)
            if block is None:
                return None
            self._held, self._next = block.split("\n"), 0
        self._next += 1
        self.line += 1
        return self._held[self._next - 1]

    def blocks(self) -> Iterator[tuple[int, str]]:
        """All that follows, each block with the number of its first line."""
        while True:
            if self._next < len(self._held):
                block: str | None = "\n".join(self._held[self._next :])
            else:
                block = next(self._blocks, None)
            self._held, self._next = [], 0
            if block is None:
                return
            first = self.line + 1
            self.line += block.count("\n") + 1
            yield first, block

    def give_back(self, block: str) -> int:
        """Take the block's lines one by one after all. Return the number of its last line."""
        end = self.line
        self._held, self._next = block.split("\n"), 0
        self.line -= len(self._held)
        return end
