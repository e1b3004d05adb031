"""Rows of JSON documents, and what they have in common."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import IO, Any

from streams.nights.importers.map_file import Source
from streams.nights.importers.reading.columns import name_twice
from streams.nights.importers.reading.files import Part, SourceError, format_of, text_blocks, whole_text
from streams.nights.sql import name

Shape = str | list["Shape"] | dict[str, "Shape"] | None
"""What JSON values have in common: "" for text, one shape in a list, the shapes of an object's values by name; None
where all are null."""


def shape_of(value: Any) -> Shape:
    if isinstance(value, dict) and value:
        return {key: shape_of(each) for key, each in value.items()}
    if isinstance(value, list):
        return [reduce(merged, map(shape_of, value))] if value else []
    return None if value is None else ""


def check_keys(part: Part, shape: Shape) -> None:
    """Raise `SourceError` where one row's name is another's in other capitals, or where there is none."""
    if isinstance(shape, list):
        for each in shape:
            check_keys(part, each)
    elif isinstance(shape, dict):
        if twice := name_twice(shape):
            raise SourceError(part.name, 0, f"its source has {twice} in other capitals too: make them one name")
        if "" in shape:
            raise SourceError(part.name, 0, 'its source has a field called "": give it a name')
        for each in shape.values():
            check_keys(part, each)


def merged(one: Shape, other: Shape) -> Shape:
    """The shape that both values have; where they differ in kind, they are text."""
    if one == other or other is None:
        return one
    if one is None:
        return other
    if isinstance(one, dict) and isinstance(other, dict):
        both = {key: merged(one[key], other[key]) for key in one if key in other}
        return {**one, **other, **both}
    if isinstance(one, list) and isinstance(other, list):
        return [reduce(merged, [*one, *other])]
    return ""


def column_type(shape: Shape) -> str:
    """The type of DuckDB: every figure and date is text, since what it means is for the map to say."""
    if isinstance(shape, dict):
        return (
            f"STRUCT({', '.join(f'{name(key)} {column_type(each)}' for key, each in shape.items())})"
            if shape
            else "JSON"
        )
    if isinstance(shape, list):
        return f"{column_type(shape[0])}[]" if shape else "JSON"
    return "VARCHAR"


def records(part: Part, raw: IO[bytes], source: Source) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows of a JSON document, or of one document a line; all numbers as they are written."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=lambda text: text
    )
    if format_of(part, source) == "jsonl":
        number = 0
        for block in text_blocks(part, raw, source.encoding):
            for line in block.split("\n"):
                number += 1
                if line.strip():
                    yield number, _row(part, number, _decoded(part, number, decoder, line), source)
        return
    document = _decoded(part, 1, decoder, whole_text(part, raw, source.encoding))
    rows = _below(part, document, source.records)
    for number, row in enumerate(rows if isinstance(rows, list) else [rows], 1):
        yield number, _row(part, number, row, source)


def _decoded(part: Part, line: int, decoder: json.JSONDecoder, text: str) -> Any:
    try:
        return decoder.decode(text.strip())
    except json.JSONDecodeError as error:
        raise SourceError(part.name, line + error.lineno - 1, f"is no JSON: {error.msg}") from None
    except ValueError as error:
        raise SourceError(part.name, line, str(error)) from None
    except RecursionError:
        raise SourceError(part.name, line, "nests too deep") from None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = {key: "true" if value is True else "false" if value is False else value for key, value in pairs}
    if len(members) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"{twice} is twice in one object: take one out")
    return members


def _below(part: Part, document: Any, path: str) -> Any:
    for key in filter(None, path.split(".")):
        if not isinstance(document, dict) or key not in document:
            raise SourceError(part.name, 0, f"has no {path}: say where the array of rows is as `records`")
        document = document[key]
    return document


def _row(part: Part, number: int, row: Any, source: Source) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        cure = "is no object: say where the array of rows is as `records`"
        raise SourceError(part.name, number, cure)
    if twice := name_twice(row):
        raise SourceError(
            part.name, number, f"SQL cannot tell its {twice} from another name here, or from _file and _line: rename it"
        )
    return row
