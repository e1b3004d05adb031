"""Rows of JSON documents as cells: keys within keys, and the objects of an array, become columns."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from streams.nights.importers.inspecting.column_words import is_id
from streams.nights.sql import readable

Row = Mapping[str, Any]
EACH: Final = "each_one"
"""What a map calls an object of the array."""


class NestedRows(NamedTuple):
    """`sql` is by column how a map names it; `join` makes a row of each object of the array, if there is one."""

    sql: dict[str, str]
    rows: list[list[str]]
    join: str


def array_of_rows(document: Row, place: str = "") -> str | None:
    """Where in a document its rows are: the only array of objects, unless the document itself is one row with an id."""
    found = list(_arrays(document, place))
    if len(found) != 1 or any(is_id(key) and not isinstance(value, dict | list) for key, value in document.items()):
        return None
    return found[0]


def _arrays(value: Row, place: str) -> Iterator[str]:
    for key, below in value.items():
        path = f"{place}.{key}".strip(".")
        if isinstance(below, dict):
            yield from _arrays(below, path)
        elif _are_objects(below):
            yield path


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def nested_rows(rows: Sequence[Row]) -> NestedRows:
    """Rows with a column for each value, however deep in objects; and of the first array of objects a row for each."""
    flat = [dict(_values(row, (), "")) for row in rows]
    arrays = dict.fromkeys(path for row in flat for path, (_, value) in row.items() if _are_objects(value))
    join, wide = "", flat
    if arrays:
        array = next(iter(arrays))
        sql = next(row[array][0] for row in flat if array in row)
        join, wide = f"CROSS JOIN unnest({sql}) AS each({EACH})", []
        for row in flat:
            inside = row.pop(array, ("", []))[1]
            for each in inside if _are_objects(inside) else []:
                wide.append({**row, **dict(_values(each, (EACH,), f"{array}/"))})
    columns = {path: sql for row in wide for path, (sql, _) in row.items()}
    return NestedRows(columns, [[_shown(row.get(path, ("", None))[1]) for path in columns] for row in wide], join)


def _values(row: Row, keys: tuple[str, ...], before: str) -> Iterator[tuple[str, tuple[str, Any]]]:
    """By path, the SQL for a value and the value."""
    for key, value in row.items():
        inside, path = (*keys, key), f"{before}{key}"
        if isinstance(value, dict) and value:
            yield from _values(value, inside, f"{path}/")
        else:
            yield path, (".".join(map(readable, inside)), value)


def _shown(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
