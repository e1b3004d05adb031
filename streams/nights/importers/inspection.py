"""What is in a published file, by its first rows; and a map to begin with."""

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, Literal

import duckdb
from msgspec.structs import asdict, replace

from streams.nights.importers import workbooks
from streams.nights.importers.cells import CellWriter
from streams.nights.importers.database import CELL
from streams.nights.importers.documents import records
from streams.nights.importers.files import Part, SourceError, format_of, parts
from streams.nights.importers.map_file import Source
from streams.support.progress import Progress

SAMPLE_BYTES: Final = 256 * 2**10
SAMPLE_ROWS: Final = 1000
_DELIMITERS: Final = ",;\t|"
_NUMBER: Final = re.compile(r"\s*'?\+?\d{1,3}([., \u00a0\u202f]?\d{3})*(\.0+)?\s*|\d+")
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}( \d{1,2}:\d\d.*)?|1[0-9]{12}|20\d{6}"
)
Kind = Literal["number", "time", "text", "empty"]


@dataclass(frozen=True)
class ColumnSample:
    """What the first rows say of a column."""

    name: str
    kind: Kind
    distinct: int
    empty: int
    examples: Sequence[str]
    is_key: bool
    """No two rows have the same, and none is empty."""

    @property
    def role(self) -> str:
        """What it could be."""
        if self.is_key:
            return "could be an id"
        if self.kind == "number" and self.distinct > 1:
            return "could be votes"
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
        settings = {key: value for key, value in asdict(self.source).items() if value != _DEFAULTS[key]}
        settings.pop("files")
        told = ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items())
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
    return Inspected(part, source, len(body), [_column(name, body, i) for i, name in enumerate(head)], notes)


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
    found = replace(source, encoding=encoding, delimiter="" if delimiter == usual else delimiter, header=header)
    out = StringIO()
    writer = CellWriter(found, out, Progress("", 0, quiet=True))
    writer.write(part, BytesIO("\n".join(lines[:last]).encode(encoding)))
    rows = [line.split(CELL)[2:] for line in out.getvalue().splitlines()]
    return found, [list(writer.columns), *rows[:SAMPLE_ROWS]]


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
    with workbooks.opened(part, "") as (names, rows):
        if len(names) > 1:
            notes.append(f"sheets: {', '.join(names)}")
            source = replace(source, sheet=names[0])
        numbered = list(islice(rows, SAMPLE_ROWS))
    widest = max((sum(map(bool, cells)) for _, cells in numbered), default=0)
    header = next((number for number, cells in numbered if sum(map(bool, cells)) == widest), 1)
    return replace(source, header=header), [cells for number, cells in numbered if number >= header]


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
        found = duckdb.connect().execute(f"FROM read_parquet(?) LIMIT {SAMPLE_ROWS}", [str(path)])
        names = [column[0] for column in found.description or ()]
        return [names, *([("" if cell is None else str(cell)) for cell in row] for row in found.fetchall())]
    except duckdb.Error as error:
        raise SourceError(path.name, 0, f"cannot be read as Parquet: {str(error).splitlines()[0]}") from None


def _column(name: str, rows: Sequence[Sequence[str]], place: int) -> ColumnSample:
    cells = [row[place] for row in rows if place < len(row)]
    given = [cell for cell in cells if cell.strip()]
    counts = Counter(given)

    def mostly(pattern: re.Pattern[str]) -> bool:
        return sum(pattern.fullmatch(cell) is not None for cell in given) >= 0.9 * len(given)

    kind: Kind = "empty" if not given else "time" if mostly(_TIME) else "number" if mostly(_NUMBER) else "text"
    is_key = len(rows) > 1 and len(counts) == len(rows)
    return ColumnSample(name, kind, len(counts), len(cells) - len(given), list(counts)[:3], is_key and kind != "time")


def first_map(files: Iterable[Inspected]) -> str:
    """A map to begin with, of the first file: it makes an election of its columns, to be edited."""
    first = next(iter(files))
    keys = [column for column in first.columns if column.is_key and "://" not in column.examples[0]]
    key = (keys or first.columns)[0].name
    votes = [column for column in first.columns if column.role == "could be votes" and column.name != key]
    at = next((column.name for column in first.columns if column.kind == "time"), "")
    time = f"{_name(at)}" if at else "'2000-01-01T00:00:00Z'"
    source = {key: value for key, value in asdict(first.source).items() if value != _DEFAULTS[key]}
    source["files"] = first.part.name
    lines = [
        "# A map to begin with (docs/import.md). Every value is an SQL expression: a column, or a 'text' in quotes.",
        "[election]", 'id = "election"', 'name = "The election"', "",
    ]  # fmt: skip
    for column in votes:
        lines += ["[[option]]", f"id = {json.dumps(column.name, ensure_ascii=False)}"]
        lines += [f"name = {json.dumps(column.name, ensure_ascii=False)}", ""]
    lines += ["[source.rows]", *(f"{each} = {json.dumps(value, ensure_ascii=False)}" for each, value in source.items())]
    lines += [
        "", "[register]", 'from = "rows"', f"table = {_toml(_name(key))}",
        "areas = [{ level = \"nation\", id = \"'N'\", name = \"'The whole'\" }] # add the levels below it", "",
        "[[reports]]", 'from = "rows"', f"table = {_toml(_name(key))}",
        "reporter = \"'reader'\"", "source = \"'web'\"",
        f"observed_at = {_toml(time)} # when the sheet was read; strptime(column, '%d/%m/%Y %H:%M') for other forms",
        'zone = "UTC" # of times that have none', "[reports.votes] # leave out what is no option",
    ]  # fmt: skip
    lines += [f"{json.dumps(column.name, ensure_ascii=False)} = {_toml(_name(column.name))}" for column in votes]
    return "\n".join(lines) + "\n"


def _name(column: str) -> str:
    """A column in SQL."""
    quoted = column.replace('"', '""')
    return column if re.fullmatch(r"[A-Za-z_]\w*", column) and not _is_keyword(column) else f'"{quoted}"'


def _is_keyword(column: str) -> bool:
    return column.lower() in {"table", "null", "order", "group", "from", "to", "all", "end", "desc", "in", "on", "or"}


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_DEFAULTS: Final[Mapping[str, Any]] = asdict(Source(files=""))
