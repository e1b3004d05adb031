"""What is in a published file, by its first rows."""

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO, StringIO
from itertools import islice, takewhile
from pathlib import Path
from typing import IO, Any, Final, Literal

import duckdb
from msgspec.structs import asdict, replace

from streams.nights.importers.database import CELL
from streams.nights.importers.inspecting.column_words import field_of, is_id, is_submission, is_voters
from streams.nights.importers.map_file import Source
from streams.nights.importers.reading import workbooks
from streams.nights.importers.reading.cells import CellWriter, column_names
from streams.nights.importers.reading.documents import records
from streams.nights.importers.reading.files import Part, SourceError, format_of, parts
from streams.support.progress import Progress

_ROLES: Final = {
    None: "could be votes",
    "": "could be a total",
    "null": "could be null votes",
    "blank": "could be blank votes",
}
SAMPLE_BYTES: Final = 256 * 2**10
SAMPLE_ROWS: Final = 1000
_DELIMITERS: Final = ",;\t|"
_NUMBER: Final = re.compile(r"-?\d+|\s*'?\+?\d{1,3}([., \u00a0\u202f]?\d{3})*(\.0+)?\s*|\d+")
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}( \d{1,2}:\d\d.*)?|1[0-9]{12}|20\d{6}"
)
_FOOTER: Final = 20
"""Characters of a line that is no row by which it is known."""
_SPACE: Final = "[ \u00a0\u202f]"
_MOST_WORDS: Final = 3
"""Different words in a column of figures that can stand for no figure, such as "-"."""
Kind = Literal["number", "time", "text", "empty"]


@dataclass(frozen=True)
class ColumnSample:
    """What the first rows say of a column."""

    name: str
    kind: Kind
    cells: Sequence[str]
    """Of the first rows, as they are written."""

    @cached_property
    def distinct(self) -> int:
        """How many different cells there are that are not empty."""
        return len(set(self.cells) - {""})

    @cached_property
    def empty(self) -> int:
        return sum(not cell.strip() for cell in self.cells)

    @property
    def is_key(self) -> bool:
        """No two rows have the same, and none is empty."""
        return self.kind != "time" and not self.empty and self.distinct == len(self.cells) > 1

    @property
    def examples(self) -> Sequence[str]:
        return [cell for cell in dict.fromkeys(self.cells) if cell.strip()][:3]

    @property
    def role(self) -> str:
        """What it could be."""
        if self.kind == "number" and is_voters(self.name):
            return "could be registered voters"
        if is_id(self.name) and not self.is_key:
            return "could be part of an id"
        if self.kind == "number" and self.distinct > 1 and not is_id(self.name):
            return _ROLES[field_of(self.name)] + (", or an id" if self.is_key else "")
        if self.is_key or is_submission(self.name):
            return "could be an id"
        return "could be a time" if self.kind == "time" else ""


@dataclass(frozen=True)
class Inspected:
    """One file: how it is to be read, its first rows, its columns."""

    part: Part
    source: Source
    rows: int
    columns: Sequence[ColumnSample]
    notes: Sequence[str]

    def lines(self) -> Iterator[str]:
        said = settings(self.source)
        told = ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in said.items())
        yield f"{self.part.name}: {format_of(self.part, self.source)}{', ' + told if told else ''}"
        yield from (f"  {note}" for note in self.notes)
        width = max((len(column.name) for column in self.columns), default=0)
        for column in self.columns:
            examples = ", ".join(repr(text[:24]) for text in column.examples)
            much = f"{column.distinct:,} of {self.rows:,}" + (f", {column.empty:,} empty" if column.empty else "")
            yield f"  {column.name:{width}}  {column.kind:6}  {much}: {examples}" + (
                f"  ({column.role})" if column.role else ""
            )


def inspect(path: Path) -> Inspected:
    """Look at a file's first rows. Raises `SourceError`."""
    (part,) = parts([path.parent], Source(files=path.name))
    source, notes = Source(files=path.name), list[str]()
    match format_of(part, source):
        case "csv":
            source, rows = _text(part, source)
        case "workbook":
            source, rows = _workbook(part, source, notes)
        case "parquet":
            rows = _parquet(path)
        case _:
            rows = _document(part, source, notes)
    head, *body = rows
    columns = [[row[i] if i < len(row) else "" for row in body] for i in range(len(head))]
    source = _with_marks(source, columns)
    samples = [ColumnSample(name, _kind(cells, source), cells) for name, cells in zip(head, columns, strict=True)]
    return Inspected(part, source, len(body), samples, notes)


def _text(part: Part, source: Source) -> tuple[Source, list[list[str]]]:
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
        words = "|".join(re.escape(line[:_FOOTER]).replace("\\ ", " ") for line in dict.fromkeys(footer[:_MOST_WORDS]))
        read_as = replace(read_as, skip_lines=f"^({words})")
    sample = "\n".join(lines[:last]).encode(encoding)
    rows = _rows(part, read_as, sample)
    if len(rows) > 2 and _goes_on(*rows[:3]):
        read_as = replace(read_as, header=header + 1, names=_together(rows[0], rows[1]))
        rows = _rows(part, read_as, sample)
    return read_as, rows[: SAMPLE_ROWS + 1]


def _rows(part: Part, source: Source, content: bytes) -> list[list[str]]:
    """The names of the columns, and the rows."""
    out = StringIO()
    writer = CellWriter(source, out, StringIO(), Progress("", 0, quiet=True))
    writer.write(part, BytesIO(content))
    return [list(writer.columns), *(line.split(CELL) for line in out.getvalue().splitlines())]


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


def _workbook(part: Part, source: Source, notes: list[str]) -> tuple[Source, list[list[str]]]:
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


def _document(part: Part, source: Source, notes: list[str]) -> list[list[str]]:
    with part.reading() as raw:
        rows = [row for _, row in islice(records(part, raw, source), SAMPLE_ROWS)]
    if len(rows) == 1:  # a document: its rows may be in an array within it
        for key, value in rows[0].items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                ways = f"records = {json.dumps(key)} makes a row of each, a join with unnest({key}) keeps the rest"
                notes.append(f"{key} is an array of {len(value):,} objects: {ways}")
    names = list(dict.fromkeys(key for row in rows for key in row))
    return [names, *([_shown(row.get(each)) for each in names] for row in rows)]


def _shown(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _parquet(path: Path) -> list[list[str]]:
    try:
        result = duckdb.connect().execute(f"FROM read_parquet(?) LIMIT {SAMPLE_ROWS}", [str(path)])
        names = [column[0] for column in result.description or ()]
        return [names, *([("" if cell is None else str(cell)) for cell in row] for row in result.fetchall())]
    except duckdb.Error as error:
        raise SourceError(path.name, 0, f"cannot be read as Parquet: {str(error).splitlines()[0]}") from None


def _with_marks(source: Source, columns: Sequence[Sequence[str]]) -> Source:
    """A source with the mark between thousands, and the words that stand for no figure, as its columns have them."""
    unknown = dict[str, None]()
    for mark in () if source.thousands else (".", ",", " "):
        grouped = re.compile(rf"[1-9]\d{{0,2}}({re.escape(mark) if mark != ' ' else _SPACE}\d{{3}})+")
        for cells in columns:
            figures = [cell.strip() for cell in cells if any(map(str.isdigit, cell))]
            marked = [cell for cell in figures if grouped.fullmatch(cell)]
            if marked and all(cell.isdigit() for cell in set(figures) - set(marked)):
                source = replace(source, thousands=mark)
    for cells in columns:
        if len(cells) > 1 and _kind(cells, source) == "number":
            words = {cell.strip() for cell in cells if cell.strip() and not any(map(str.isdigit, cell))}
            unknown |= dict.fromkeys([*sorted(words), *(["-1"] if "-1" in cells else [])])
    return replace(source, unknown=list(unknown))


def _kind(cells: Sequence[str], source: Source) -> Kind:
    """Of a column: what nearly all its cells are, but for a few words that stand for no figure."""
    given = [cell for cell in cells if cell.strip()]

    def are(pattern: re.Pattern[str], among: Sequence[str]) -> bool:
        return bool(among) and sum(pattern.fullmatch(cell) is not None for cell in among) >= 0.9 * len(among)

    if not given:
        return "empty"
    figures = [cell for cell in given if any(map(str.isdigit, cell))]
    words = {cell for cell in given if not any(map(str.isdigit, cell))}
    if len(words) > _MOST_WORDS or 2 * len(figures) <= len(given):
        return "text"
    return "time" if are(_TIME, figures) else "number" if are(_NUMBER, figures) else "text"


def settings(source: Source) -> dict[str, Any]:
    """What a map must say of a source's files, but for their names."""
    return {key: value for key, value in asdict(source).items() if key != "files" and value != _DEFAULTS[key]}


_DEFAULTS: Final[Mapping[str, Any]] = asdict(Source(files=""))
