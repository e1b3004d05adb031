"""What is in published files, by their first rows."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from msgspec.structs import asdict, replace

from streams.nights.importers.inspecting import first_rows, like_files
from streams.nights.importers.inspecting.column_words import field_of, is_id, is_submission, is_voters
from streams.nights.importers.inspecting.like_files import ReadFile
from streams.nights.importers.inspecting.special_rows import (
    Rows,
    Totals,
    fill_down,
    filled_down,
    totals_by_name,
    totals_by_sum,
)
from streams.nights.importers.map_file import Source
from streams.nights.importers.reading.files import Part, format_of
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
    """Files of one shape: how they are to be read, their first rows, their columns."""

    part: Part
    source: Source
    rows: int
    columns: Sequence[ColumnSample]
    notes: Sequence[str]
    totals: Sequence[Totals]
    """Rows that `columns` do not have."""
    join: str
    """SQL that makes a row of each object of an array."""
    files: Sequence[str]
    """The names of the files, in order."""
    says_again: bool
    """Whether each has the rows of those before, with the figures of a later time: the columns are those of the
    last."""

    def sql(self, column: str) -> str:
        """How a map names a column."""
        return next(each.sql for each in self.columns if each.name == column)

    def lines(self) -> Iterator[str]:
        said = settings(self.source)
        told = ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in said.items())
        several = f" ({len(self.files):,} files)" if len(self.files) > 1 else ""
        names = self.source.files if isinstance(self.source.files, str) else f"{self.files[0]}, …"
        yield f"{names}{several}: {format_of(self.part, self.source)}{', ' + told if told else ''}"
        yield from (f"  {note}" for note in [*self.notes, *(each.reason for each in self.totals)])
        width = max((len(column.name) for column in self.columns), default=0)
        for column in self.columns:
            examples = ", ".join(repr(text[:24]) for text in column.examples)
            much = f"{column.distinct:,} of {self.rows:,}" + (f", {column.empty:,} empty" if column.empty else "")
            yield f"  {column.name:{width}}  {column.kind:6}  {much}: {examples}" + (
                f"  ({column.role})" if column.role else ""
            )


def inspect(paths: Iterable[Path]) -> list[Inspected]:
    """Look at the first rows of files; those of one directory and one shape are one source. Raises `SourceError`."""
    return [_inspected(files) for files in like_files.alike(map(like_files.read, paths))]


def _inspected(files: Sequence[ReadFile]) -> Inspected:
    files = sorted(files, key=lambda file: file.path.name)
    first, head = files[0], list(dict.fromkeys(name for file in files for name in file.head))
    bodies: list[Rows] = [list(_rows(file, head)) for file in files]
    rows = [row for body in bodies for row in body]
    named, totals = totals_by_name(head, rows)
    bodies = _without(bodies, named)
    source = replace(first.source, files=like_files.named(files))
    source = _with_marks(source, _by_column(head, [row for body in bodies for row in body]))
    for number, body in enumerate(bodies):
        summed, more = totals_by_sum(head, body, source)
        (bodies[number],) = _without([body], summed)
        totals += (each for each in more if each.where not in {total.where for total in totals})
    rows = [row for body in bodies for row in body]
    names = [place for place, cells in enumerate(_by_column(head, rows)) if _is_name(head[place], cells, source)]
    says_again, notes = like_files.say_again(bodies, names), list(first.notes)
    if says_again:
        rows = list(bodies[-1])
        notes.append(f"each of the {len(files):,} files says again what the one before did; shown is the last")
    columns = _by_column(head, rows)
    filled = filled_down(columns, head, source)
    sql = {name: sql for file in files for name, sql in file.sql.items()}
    samples = [
        ColumnSample(name, _kind(cells, source), above or cells, fill_down(name), is_filled=True)
        if above
        else ColumnSample(name, _kind(cells, source), cells, sql.get(name) or readable(name))
        for name, cells, above in zip(head, columns, filled, strict=True)
    ]
    paths = [file.path.name for file in files]
    return Inspected(first.part, source, len(rows), samples, notes, totals, first.join, paths, says_again)


def _rows(file: ReadFile, head: Sequence[str]) -> Iterator[list[str]]:
    """A file's rows as rows of all columns."""
    places = [file.head.index(name) if name in file.head else None for name in head]
    for row in file.rows:
        yield ["" if place is None or place >= len(row) else row[place] for place in places]


def _without(bodies: Sequence[Rows], places: Sequence[int]) -> list[Rows]:
    """Rows of files without those at these places of them all."""
    left_out, begin, kept = set(places), 0, list[Rows]()
    for body in bodies:
        kept.append([row for place, row in enumerate(body, begin) if place not in left_out])
        begin += len(body)
    return kept


def _is_name(column: str, cells: Sequence[str], source: Source) -> bool:
    """Whether a column says whose figures a row has."""
    return is_id(column) or _kind(cells, source) == "text"


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
