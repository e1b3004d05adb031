"""Whether a map has the shape that it must have: what does not fit is an error with its line in the file."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any

import msgspec

from streams.config.csv_file import ElectionFileError
from streams.config.election_toml import Toml


def check_tables(toml: Toml, data: Mapping[str, Any], shapes: Mapping[str, Any]) -> None:
    """Raise `ElectionFileError` for a key that means nothing in its table, is missing there, or has a value of another
    type. `shapes` are those of the tables by their names, such as "register.areas"; "source.*" is any below `source`,
    and "" is the whole."""
    for names, shape in shapes.items():
        allowed = _keys(shape)
        for place, table in _tables(data, "", names.split(".") if names else []):
            for key in table:
                check_key(toml, place, key, allowed)
            try:
                msgspec.convert(table, shape)
            except msgspec.ValidationError as error:
                raise _misfit(toml, place, str(error)) from None


def check_key(toml: Toml, place: str, key: str, allowed: Collection[str]) -> None:
    """Raise `ElectionFileError` for a key that means nothing in the table at this place."""
    near = get_close_matches(key, allowed, 1)
    cure = f"write {near[0]}" if near else "use " + ", ".join(allowed)
    toml.check(key in allowed, f"{place}.{key}".strip("."), f"means nothing here: {cure}")


def _misfit(toml: Toml, place: str, told: str) -> ElectionFileError:
    text, _, path = told.partition(" - at `$")
    inside = (place + path.rstrip("`")).strip(".")
    if missing := re.search(r"missing required field `(.+)`", text):
        return toml.error(f"{inside}.{missing[1]}".strip("."), "is missing: write it")
    return toml.error(inside, text[0].lower() + text[1:])


def _keys(shape: Any) -> Sequence[str]:
    if is_dataclass(shape):
        return [field.name for field in fields(shape)]
    return [field.encode_name for field in msgspec.structs.fields(shape)]


def _tables(value: Any, place: str, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tables below a value, with their places; what is no table is told elsewhere."""
    if isinstance(value, list):
        for i, each in enumerate(value):
            yield from _tables(each, f"{place}[{i}]", names)
    elif isinstance(value, dict) and not names:
        yield place, value
    elif isinstance(value, dict):
        for key in value if names[0] == "*" else [names[0]]:
            yield from _tables(value.get(key), f"{place}.{key}".strip("."), names[1:])
