"""What the columns of published files are called, and whether files have the same."""

from collections.abc import Iterable, Sequence
from typing import Final

from streams.nights.importers.map_file import Source
from streams.nights.importers.reading.files import Part, SourceError

OWN: Final = ("_file", "_line")
"""Columns that every row has besides those of its file."""


def check_union(source: Source, part: Part, before: Sequence[str], now: Sequence[str]) -> str:
    """How a file's columns differ from those of the files before it; "" if they do not. Raises `SourceError` unless the
    map says that they may."""
    further, lacking = [each for each in now if each not in before], [each for each in before if each not in now]
    if not further and not lacking:
        return ""
    told = " and ".join(
        f"{verb} {', '.join(columns[:12])}" for verb, columns in (("has", further), ("lacks", lacking)) if columns
    )
    if not source.union:
        cure = "unlike the files before it: say union = true if such cells are empty, or make it a source of its own"
        raise SourceError(part.name, source.header, f"{told}, {cure}", code="columns")
    return f"{part.name} {told}"


def name_twice(names: Iterable[str]) -> str | None:
    """The first name that SQL cannot tell from one before it, or from `_file` and `_line`."""
    taken = set(OWN)
    for each in names:
        if each.lower() in taken:
            return each
        taken.add(each.lower())
    return None


def column_names(head: Sequence[str]) -> list[str]:
    """Names for columns: those of a header, "column 3" for one without, "votes (2)" for the second of one name."""
    names = [" ".join(cell.split()) or f"column {place}" for place, cell in enumerate(head, 1)]
    lower = [each.lower() for each in names]
    seen: dict[str, int] = {}
    unique = []
    for each in names:
        key = each.lower()
        seen[key] = seen.get(key, 0) + 1
        unique.append(f"{each} ({seen[key]})" if lower.count(key) > 1 else each)
    return unique
