"""Reads an event field by field, and says which field is wrong and how to mend it.

The fields, their order and their types are declared in `model`. msgspec decodes the same types ten times as fast
(`codec`), but its errors carry no code and no cure, and do not name the option whose votes are wrong. This reader also
accepts what msgspec refuses: times as RFC 3339, null for a field that is left out, and fields that Cotejo does not
know.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar, get_args

from msgspec import Struct
from msgspec.structs import fields

from streams.core.events.model import (
    LATEST,
    MAX_COUNT,
    MAX_TEXT,
    UNREADABLE,
    BoundKind,
    Count,
    Ratio,
    Rejection,
    Shares,
    Status,
    Text,
    Tick,
    Time,
    Votes,
)
from streams.text import shown
from streams.times import from_rfc3339

MAX_DEPTH: Final = 50
"""Levels of nesting in unknown fields: what is read must be writable again, and writing has a limit."""

_E = TypeVar("_E", bound=Struct)


class BadFieldError(Exception):
    """A field is wrong. `rejection` says which one, why, and how to mend it."""

    def __init__(self, code: str, place: str, cure: str) -> None:
        self.rejection = Rejection(code, place, cure)


class Field(NamedTuple):
    """A field that a type of event declares."""

    name: str
    """Name of the attribute."""
    key: str
    """Name in JSON."""
    type: Any
    """As declared, but without None."""
    required: bool


@cache
def declared_fields(kind: type[Struct]) -> Sequence[Field]:
    """The fields of a type of event in the order of their declaration, without `extra`."""
    infos = [info for info in fields(kind) if info.encode_name != UNREADABLE]
    return [Field(info.name, info.encode_name, _without_none(info.type), info.required) for info in infos]


def _without_none(kind: Any) -> Any:
    return get_args(kind)[0] if type(None) in get_args(kind) else kind


def read_fields(kind: type[_E], raw: Mapping[str, Any], *, needs_votes: bool) -> _E:
    """Make an event of a JSON object. Raises `BadFieldError` for the first field that is wrong."""
    values: dict[str, Any] = {}
    unknown = {key: value for key, value in raw.items() if key != "type"}
    for name, key, declared, required in declared_fields(kind):
        value = unknown.pop(key, None)
        if declared == Votes and not needs_votes:
            values[name] = {} if value is None else _figures(_count, value, key)
        elif value is not None or (declared == Status and key in raw):
            values[name] = _READERS[declared](value, key)
        elif required:
            raise BadFieldError("missing", key, f"give {_MISSING[declared].format(key)}")
    if kind is Tick:  # nobody passes on what else is in it
        return kind(**values)
    for key, value in unknown.items():
        if not _is_within(value, MAX_DEPTH):
            raise BadFieldError("too-deep", shown(key)[:MAX_TEXT], f"nest at most {MAX_DEPTH} levels")
    return kind(**values, extra=unknown)


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadFieldError("wrong-type", place, "give a string that is not empty")
    if len(value) > MAX_TEXT:
        raise BadFieldError("too-long", place, f"give at most {MAX_TEXT} characters")
    if not value.isprintable():
        raise BadFieldError("control-character", place, "give printable characters only")
    return value


def _count(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadFieldError("wrong-type", place, "give a whole number")
    if value < 0:
        raise BadFieldError("negative", place, f"give a number of at least 0, not {value}")
    if value > MAX_COUNT:
        raise BadFieldError("absurd", place, f"give at most {MAX_COUNT:,}")
    return value


def _number(value: Any, place: str, most: int, unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadFieldError("wrong-type", place, f"give a number from 0 to {most}")
    if not 0 <= value <= most:
        raise BadFieldError("out-of-range", place, f"give {unit} from 0 to {most}, not {value}")
    return float(value)


def _ratio(value: Any, place: str) -> float:
    return _number(value, place, 1, "a ratio")


def _percent(value: Any, place: str) -> float:
    return _number(value, place, 100, "per cent")


def _flag(value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise BadFieldError("wrong-type", place, "say true or false")
    return value


def _time(value: Any, place: str) -> int:
    if isinstance(value, str):
        try:
            value = from_rfc3339(value)
        except ValueError as error:
            raise BadFieldError("wrong-type", place, str(error)) from None
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadFieldError("wrong-type", place, "give RFC 3339 text or Unix milliseconds")
    if not 0 <= value <= LATEST:
        raise BadFieldError("out-of-range", place, "give a time between 1970 and 2100")
    return value


def _figures(read: Callable[[Any, str], Any], value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadFieldError("wrong-type", place, "give an object")
    return {_text(key, place): read(figure, f"{place}.{key}") for key, figure in value.items()}


def _votes(value: Any, place: str) -> Mapping[str, int]:
    if value == {}:
        raise BadFieldError("missing", place, "give at least one figure")
    return _figures(_count, value, place)


def _shares(value: Any, place: str) -> Mapping[str, float]:
    return _figures(_percent, value, place)


def _bound(value: Any, place: str) -> str:
    return _word(value, place, get_args(BoundKind), "at-least or at-most, or leave it out")


def _status(value: Any, place: str) -> str:
    return _word(value, place, get_args(Status), "partial, final or correction")


def _word(value: Any, place: str, words: Sequence[str], cure: str) -> str:
    if not isinstance(value, str) or value not in words:
        raise BadFieldError("wrong-type", place, f"say {cure}")
    return value


_READERS: Final[Mapping[Any, Callable[[Any, str], Any]]] = {
    Text: _text,
    Count: _count,
    Time: _time,
    Ratio: _ratio,
    Votes: _votes,
    Shares: _shares,
    bool: _flag,
    BoundKind: _bound,
    Status: _status,
}
"""The reader of each declared type. It is given a value and its place, and raises `BadFieldError`."""

_MISSING: Final[Mapping[Any, str]] = {
    Text: "{}, a string",
    Count: "{}, a whole number",
    Time: "{}, RFC 3339 or Unix milliseconds",
    Votes: "an object",
}
"""What to give where a required field of such a type, `{}`, is left out."""


def _is_within(value: Any, levels: int) -> bool:
    """Whether a JSON value nests no deeper than so many levels."""
    if isinstance(value, dict):
        value = list(value.values())
    return not isinstance(value, list) or (levels > 0 and all(_is_within(item, levels - 1) for item in value))
