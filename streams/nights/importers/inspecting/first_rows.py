"""The first rows of published files, and how these are to be read."""

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from io import BytesIO, StringIO
from itertools import islice, takewhile
from pathlib import Path
from typing import IO, Final

import duckdb
from msgspec.structs import replace

from streams.nights.importers.database import CELL
from streams.nights.importers.inspecting.nested_rows import NestedRows, array_of_rows, nested_rows
from streams.nights.importers.map_file import Source
from streams.nights.importers.reading import workbooks
from streams.nights.importers.reading.cells import CellWriter
from streams.nights.importers.reading.columns import column_names
from streams.nights.importers.reading.documents import records
from streams.nights.importers.reading.files import Part, SourceError
from streams.support.progress import Progress

SAMPLE_BYTES: Final = 256 * 2**10
SAMPLE_ROWS: Final = 1000
_DELIMITERS: Final = ",;\t|"
_FOOTER: Final = 20
"""Characters of a line that is no row by which it is known."""
MOST_WORDS: Final = 3
"""Different words in a column of figures that can stand for no figure, such as "-"."""


def text_rows(part: Part, source: Source) -> tuple[Source, list[list[str]]]:
    with part.reading() as raw:
        sample = raw.read(SAMPLE_BYTES)
        encoding = _encoding(sample, raw)
    text = sample.decode(encoding, "ignore")
    lines = text.splitlines()[: SAMPLE_ROWS + 50]
    if len(sample) == SAMPLE_BYTES:
        lines = lines[:-1]  # it may be cut
    delimiter, cells = _delimiter(lines)
    header = next((i for i, line in enumerate(lines, 1) if line.count(delimiter) == cells), 1)
    usual = "\t" if part.suffix == ".tsv" else ","
    last = next((i for i in range(len(lines), 0, -1) if lines[i - 1].count(delimiter) == cells), header)
    last = len(lines) if '"' in text else last  # a row may go on for several lines
    read_as = replace(source, encoding=encoding, delimiter="" if delimiter == usual else delimiter, header=header)
    if footer := [line for line in lines[header:] if line.strip() and delimiter not in line] if cells else []:
        words = "|".join(re.escape(line[:_FOOTER]).replace("\\ ", " ") for line in dict.fromkeys(footer[:MOST_WORDS]))
        read_as = replace(read_as, skip_lines=f"^({words})")
    sample = "\n".join(lines[:last]).encode(encoding)
    rows = _rows(part, read_as, sample)
    if len(rows) > 2 and _goes_on(*rows[:3]):
        read_as = replace(read_as, header=header + 1, names=_together(rows[0], rows[1]))
        rows = _rows(part, read_as, sample)
    return read_as, rows[: SAMPLE_ROWS + 1]


def _rows(part: Part, source: Source, content: bytes) -> list[list[str]]:
    """The names of the columns, and the rows."""
    out = BytesIO()
    writer = CellWriter(source, out, StringIO(), Progress("", 0, quiet=True))
    writer.write(part, BytesIO(content))
    return [list(writer.columns), *(line.split(CELL) for line in out.getvalue().decode().splitlines())]


def _goes_on(head: Sequence[str], second: Sequence[str], third: Sequence[str]) -> bool:
    """Whether the header has two rows: the first has cells that are empty where the second has words, and only the
    third has figures."""
    unnamed = [place for place, cell in enumerate(head) if cell == f"column {place + 1}"]
    has_figures = any(any(map(str.isdigit, cell)) for cell in third)
    return (
        bool(unnamed)
        and has_figures
        and all(second[place] for place in unnamed)
        and not any(map(str.isdigit, "".join(second)))
    )


def _together(head: Sequence[str], second: Sequence[str]) -> list[str]:
    """The names of columns that a header of two rows gives."""
    both = zip(head, second, strict=True)
    names = (f"{'' if one == f'column {place}' else one} {other}".strip() for place, (one, other) in enumerate(both, 1))
    return column_names(list(names))


def _encoding(sample: bytes, rest: IO[bytes]) -> str:
    """By all of the file: the first letter that is no ASCII may come late."""
    if sample[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    decoder, is_utf8, beyond_latin = codecs.getincrementaldecoder("utf-8")(), True, False
    while sample:
        try:
            decoder.decode(sample)
        except UnicodeDecodeError:
            is_utf8 = False
            decoder.reset()
        beyond_latin |= not sample.isascii() and any(0x80 <= byte < 0xA0 for byte in sample)
        sample = rest.read(SAMPLE_BYTES)
    return "utf-8" if is_utf8 else "cp1252" if beyond_latin else "latin-1"


def _delimiter(lines: Sequence[str]) -> tuple[str, int]:
    """The one that most lines have the same number of, and that number."""
    best, best_score = (",", 0), 0
    for delimiter in _DELIMITERS:
        ((count, often),) = Counter(line.count(delimiter) for line in lines if line.strip()).most_common(1) or [(0, 0)]
        if count and often * min(count, 3) > best_score:
            best, best_score = (delimiter, count), often * min(count, 3)
    return best


def workbook_rows(part: Part, source: Source, notes: list[str]) -> tuple[Source, list[list[str]]]:
    with workbooks.opened(part, "") as (sheets, rows):
        if len(sheets) > 1:
            notes.append(f'sheets: {", ".join(sheets)}; sheet = "*" reads all that have the same columns')
            source = replace(source, sheet=sheets[0])
        numbered = [cells for _, cells in islice(rows, SAMPLE_ROWS)]
    widest = max((sum(map(bool, cells)) for cells in numbered), default=0)
    first = next((place for place, cells in enumerate(numbered) if sum(map(bool, cells)) == widest), 0)
    has_header = not numbered or _is_header(numbered[first])
    above = [] if has_header else list(takewhile(_is_header, reversed(numbered[:first])))[1::-1]
    header = first if above else first + 1
    names = column_names((above or numbered[first:])[0]) if numbered else []
    if len(above) > 1:
        names = _together(names, above[1])
        source = replace(source, names=names)
    return replace(source, header=header), [names, *filter(any, numbered[header:])]  # empty rows are none


def _is_header(cells: Sequence[str]) -> bool:
    """Whether a row could name columns, some of them merged."""
    return sum(map(bool, cells)) > 1 and not any(map(str.isdigit, cells))


def document_rows(part: Part, source: Source) -> tuple[Source, NestedRows]:
    """Its rows, which may be in an array within the only document."""
    with part.reading() as raw:
        rows = [row for _, row in islice(records(part, raw, source), SAMPLE_ROWS)]
    if len(rows) == 1 and (path := array_of_rows(rows[0])):
        source = replace(source, records=path)
        with part.reading() as raw:
            rows = [row for _, row in islice(records(part, raw, source), SAMPLE_ROWS)]
    return source, nested_rows(rows)


def parquet_rows(path: Path) -> list[list[str]]:
    try:
        result = duckdb.connect().execute(f"FROM read_parquet(?) LIMIT {SAMPLE_ROWS}", [str(path)])
        names = [column[0] for column in result.description or ()]
        return [names, *([("" if cell is None else str(cell)) for cell in row] for row in result.fetchall())]
    except duckdb.Error as error:
        raise SourceError(path.name, 0, f"cannot be read as Parquet: {str(error).splitlines()[0]}") from None
