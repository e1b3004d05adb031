"""What is in a published file, by its first rows."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from msgspec.structs import asdict, replace

from streams.nights.importers.inspecting import first_rows
from streams.nights.importers.inspecting.column_words import field_of, is_id, is_submission, is_voters
from streams.nights.importers.inspecting.special_rows import (
    Rows,
    Totals,
    fill_down,
    filled_down,
    totals_by_name,
    totals_by_sum,
)
from streams.nights.importers.map_file import Source
from streams.nights.importers.reading.files import Part, format_of, parts
from streams.nights.sql import readable

_ROLES: Final = {
    None: "could be votes",
    "": "could be a total",
    "null": "could be null votes",
    "blank": "could be blank votes",
}
_NUMBER: Final = re.compile(r"-?\d+|\s*'?\+?\d{1,3}([., \u00a0\u202f]?\d{3})*(\.0+)?\s*|\d+")
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}( \d{1,2}:\d\d.*)?|1[0-9]{12}|20\d{6}"
)
_SPACE: Final = "[ \u00a0\u202f]"
Kind = Literal["number", "time", "text", "empty"]


@dataclass(frozen=True)
class ColumnSample:
    """What the first rows say of a column."""

    name: str
    kind: Kind
    cells: Sequence[str]
    """Of the first rows, as they are written; what a filled column leaves out is that of the row above."""
    sql: str
    """How a map names it."""
    is_filled: bool = False

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
    totals: Sequence[Totals]
    """Rows that `columns` do not have."""
    join: str = ""
    """SQL that makes a row of each object of an array."""

    def sql(self, column: str) -> str:
        """How a map names a column."""
        return next(each.sql for each in self.columns if each.name == column)

    def lines(self) -> Iterator[str]:
        said = settings(self.source)
        told = ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in said.items())
        yield f"{self.part.name}: {format_of(self.part, self.source)}{', ' + told if told else ''}"
        yield from (f"  {note}" for note in [*self.notes, *(each.reason for each in self.totals)])
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
    source, notes, sql, join = Source(files=path.name), list[str](), dict[str, str](), ""
    match format_of(part, source):
        case "csv":
            source, rows = first_rows.text_rows(part, source)
        case "workbook":
            source, rows = first_rows.workbook_rows(part, source, notes)
        case "parquet":
            rows = first_rows.parquet_rows(path)
        case _:
            source, (sql, cells, join) = first_rows.document_rows(part, source)
            rows = [list(sql), *cells]
    head, *given = rows
    body = [[*row, *[""] * (len(head) - len(row))] for row in given]
    named, totals = totals_by_name(head, body)
    body = [row for place, row in enumerate(body) if place not in named]
    source = _with_marks(source, _by_column(head, body))
    summed, more = totals_by_sum(head, body, source)
    body = [row for place, row in enumerate(body) if place not in summed]
    columns = _by_column(head, body)
    filled = filled_down(columns, head, source)
    samples = [
        ColumnSample(name, _kind(cells, source), above or cells, fill_down(name), is_filled=True)
        if above
        else ColumnSample(name, _kind(cells, source), cells, sql.get(name) or readable(name))
        for name, cells, above in zip(head, columns, filled, strict=True)
    ]
    return Inspected(part, source, len(body), samples, notes, [*totals, *more], join)


def _by_column(head: Sequence[str], rows: Rows) -> list[list[str]]:
    return [[row[i] for row in rows] for i in range(len(head))]


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
    if len(words) > first_rows.MOST_WORDS or 2 * len(figures) <= len(given):
        return "text"
    return "time" if are(_TIME, figures) else "number" if are(_NUMBER, figures) else "text"


def settings(source: Source) -> dict[str, Any]:
    """What a map must say of a source's files, but for their names."""
    return {key: value for key, value in asdict(source).items() if key != "files" and value != _DEFAULTS[key]}


_DEFAULTS: Final[Mapping[str, Any]] = asdict(Source(files=""))
