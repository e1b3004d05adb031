"""Typed reading of one JSON object, field by field: each error says which field, and what to write instead."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from streams.core.events.model import LATEST, MAX_COUNT, MAX_TEXT, Rejection
from streams.text import shown
from streams.times import from_rfc3339

MAX_DEPTH: Final = 50
"""Levels of nesting in unknown fields: what is read must be writable again, and writing has a limit."""

_W = TypeVar("_W", bound=str)
"""One of some words."""


class BadFieldError(Exception):
    """One field is not what it should be; `rejection` says so."""

    def __init__(self, code: str, place: str, cure: str) -> None:
        self.rejection = Rejection(code, place, cure)


class Fields:
    """One JSON object. Each method reads a field by its name, or a value at a place, and raises `BadFieldError`;
    `known` remembers which fields were asked for."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.known = {"type"}

    def rest(self) -> Mapping[str, Any]:
        """The fields that nobody has asked for."""
        rest = {name: value for name, value in self.raw.items() if name not in self.known}
        for name, value in rest.items():
            if not _within(value, MAX_DEPTH):
                raise BadFieldError("too-deep", shown(name)[:MAX_TEXT], f"nest at most {MAX_DEPTH} levels")
        return rest

    def _get(self, name: str) -> Any:
        self.known.add(name)
        return self.raw.get(name)

    def text(self, name: str) -> str:
        value = self.text_or_none(name)
        if value is None:
            raise BadFieldError("missing", name, f"give {name}, a string")
        return value

    def text_or_none(self, name: str) -> str | None:
        value = self._get(name)
        if value is None:
            return None
        return _text(value, name)

    def flag(self, name: str) -> bool:
        value = self._get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise BadFieldError("wrong-type", name, "say true or false")

    def choice_or_none(self, name: str, words: Sequence[_W]) -> _W | None:
        """One of at least two words."""
        value = self._get(name)
        if value is None:
            return None
        for word in words:
            if word == value:
                return word
        raise BadFieldError("wrong-type", name, f"say {', '.join(words[:-1])} or {words[-1]}, or leave it out")

    def count(self, name: str) -> int:
        value = self._get(name)
        if value is None:
            raise BadFieldError("missing", name, f"give {name}, a whole number")
        return self.count_of(value, name)

    def count_or_none(self, name: str) -> int | None:
        value = self._get(name)
        return None if value is None else self.count_of(value, name)

    def ratio_or_none(self, name: str) -> float | None:
        value = self._get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadFieldError("wrong-type", name, "give a number from 0 to 1")
        if not 0 <= value <= 1:
            raise BadFieldError("out-of-range", name, f"give a ratio from 0 to 1, not {value}")
        return float(value)

    def time(self, name: str) -> int:
        value = self._get(name)
        if value is None:
            raise BadFieldError("missing", name, f"give {name}, RFC 3339 or Unix milliseconds")
        if isinstance(value, str):
            try:
                value = from_rfc3339(value)
            except ValueError as error:
                raise BadFieldError("wrong-type", name, str(error)) from None
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadFieldError("wrong-type", name, "give RFC 3339 text or Unix milliseconds")
        if not 0 <= value <= LATEST:
            raise BadFieldError("out-of-range", name, "give a time between 1970 and 2100")
        return value

    def mapping(self, name: str, item: Callable[[Any, str], Any], required: bool = True) -> Mapping[str, Any]:
        value = self._get(name)
        if value is None and not required:
            return {}
        if not isinstance(value, dict):
            raise BadFieldError("missing" if value is None else "wrong-type", name, "give an object")
        if required and not value:
            raise BadFieldError("missing", name, "give at least one figure")
        return {_text(key, name): item(number, f"{name}.{key}") for key, number in value.items()}

    @staticmethod
    def count_of(value: Any, place: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadFieldError("wrong-type", place, "give a whole number")
        if value < 0:
            raise BadFieldError("negative", place, f"give a number of at least 0, not {value}")
        if value > MAX_COUNT:
            raise BadFieldError("absurd", place, f"give at most {MAX_COUNT:,}")
        return value

    @staticmethod
    def percent_of(value: Any, place: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadFieldError("wrong-type", place, "give a number from 0 to 100")
        if not 0 <= value <= 100:
            raise BadFieldError("out-of-range", place, f"give per cent from 0 to 100, not {value}")
        return float(value)


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadFieldError("wrong-type", place, "give a string that is not empty")
    if len(value) > MAX_TEXT:
        raise BadFieldError("too-long", place, f"give at most {MAX_TEXT} characters")
    if not value.isprintable():
        raise BadFieldError("control-character", place, "give printable characters only")
    return value


def _within(value: Any, levels: int) -> bool:
    """Whether the value nests at most so many levels."""
    if isinstance(value, dict):
        value = list(value.values())
    return not isinstance(value, list) or (levels > 0 and all(_within(item, levels - 1) for item in value))
