"""Published files of one shape: which of them are one source, and whether each of them says again what the one before
did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os.path import commonprefix
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from streams.nights.importers.inspecting import first_rows
from streams.nights.importers.map_file import Source
from streams.nights.importers.reading.files import Part, format_of, parts

Rows = Sequence[Sequence[str]]
_HALF: Final = 0.5
_FEWEST: Final = 3
"""Files of a single row of figures that are taken for exports of one count."""


@dataclass(frozen=True)
class ReadFile:
    """The first rows of a file, below the names of their columns, and how they were read."""

    path: Path
    part: Part
    source: Source
    head: Sequence[str]
    rows: Rows
    notes: Sequence[str]
    sql: dict[str, str]
    """How a map names those columns that are not called as in the file."""
    join: str

    def is_like(self, other: "ReadFile") -> bool:
        """Whether both are read in the same way, and have the same columns; JSON documents at least half of them."""
        ways = ((each.path.parent, replace(each.source, files=""), each.join) for each in (self, other))
        if len({repr(way) for way in ways}) > 1 or self.part.suffix != other.part.suffix:
            return False
        if not self.sql:
            return list(self.head) == list(other.head)
        return len(set(self.head) & set(other.head)) >= _HALF * len(set(self.head) | set(other.head))


def read(path: Path) -> ReadFile:
    """Raises `SourceError`."""
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
    return ReadFile(path, part, source, head, given, notes, sql, join)


def alike(files: Iterable[ReadFile]) -> list[list[ReadFile]]:
    """Those of one shape together."""
    groups: list[list[ReadFile]] = []
    for file in files:
        group = next((group for group in groups if group[0].is_like(file)), None)
        if group is None:
            groups.append([file])
        else:
            group.append(file)
    return groups


def named(files: Sequence[ReadFile]) -> str | list[str]:
    """How a map names files of one directory: by a pattern, if that means no others."""
    names = sorted(file.path.name for file in files)
    if len(names) == 1:
        return names[0]
    before, after = _beginning(names), _beginning([name[::-1] for name in names])[::-1]
    after = after[max(0, len(before) + len(after) - min(map(len, names))) :]
    if set("[]?*") & set(before + after):
        return names
    pattern = f"{before}*{after}"
    return pattern if sorted(path.name for path in files[0].path.parent.glob(pattern)) == names else names


def _beginning(texts: Sequence[str]) -> str:
    """The letters that all of these begin with."""
    return commonprefix(texts)  # noqa: RUF071 - letter by letter is what is meant


def say_again(bodies: Sequence[Rows], names: Sequence[int]) -> bool:
    """Whether each file has the rows of those before, with the figures of a later time. `bodies` are their rows, and
    `names` the places of the columns that say whose they are."""
    if len(bodies) < 2:
        return False
    if not names:
        return len(bodies) >= _FEWEST and all(len(rows) == 1 for rows in bodies)
    first, last = ({tuple(row[place] for place in names) for row in rows} for rows in (bodies[0], bodies[-1]))
    return len(first & last) > _HALF * min(len(first), len(last))
