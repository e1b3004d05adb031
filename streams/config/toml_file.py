"""A TOML file of settings: its text, its thresholds, and where in it a key stands. What does not fit its shapes is an
error with its line and the cure."""

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from streams.config.csv_file import ElectionFileError, text_of
from streams.core.election.settings import Rules
from streams.core.election.thresholds import CHOICES, LIMITS, NAMES, SECTIONS
from streams.text import shown, unprintable

_T = TypeVar("_T")


class Toml:
    """A file and the shapes of its tables: structs or dataclasses by the tables' names, such as "register.areas".
    "source.*" is any table below `source`, and "" is the whole, which comes last. Raises `ElectionFileError`."""

    def __init__(self, path: Path, shapes: Mapping[str, Any]) -> None:
        self._path, self._shapes = path, shapes
        self._text = text_of(path)

    def data(self) -> dict[str, Any]:
        """The file's content as it stands."""
        try:
            return tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            match = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            line = int(match[1]) if match else len(self._text.splitlines())
            raise ElectionFileError(str(self._path), line, "", f"write TOML: {error}") from None
        except RecursionError:
            raise self._too_deep() from None

    def check_printable(self, data: Mapping[str, Any]) -> None:
        """Raise an error for a text in the content that no terminal or page should be given."""
        try:
            strange = next(_unprintable(data, ""), None)
        except RecursionError:
            raise self._too_deep() from None
        if strange is not None:
            raise self.error(*strange)

    def _too_deep(self) -> ElectionFileError:
        return ElectionFileError(str(self._path), None, "", "nests too deep: leave out what is no setting")

    def convert(self, data: Mapping[str, Any]) -> Any:
        """The content in the shape of the whole."""
        converted = None
        for names, shape in self._shapes.items():
            for place, table in _tables(data, "", names.split(".") if names else []):
                for key in table:
                    self.check_key(place, key, _keys(shape))
                try:
                    converted = msgspec.convert(table, shape, strict=True)
                except msgspec.ValidationError as error:
                    raise self._misfit(place, shape, str(error)) from None
        return converted

    def _misfit(self, place: str, shape: Any, told: str) -> ElectionFileError:
        """What msgspec tells of a table at this place."""
        text, _, path = told.partition(" - at `$")
        inside = (place + path.rstrip("`")).strip(".")
        if match := re.search(r"missing required field `(.+)`", text):
            return self.error(f"{inside}.{match[1]}".strip("."), "is missing: write it")
        if "enum value" in text:
            return self.error(inside, f"write {', '.join(_choices(shape, path))}")
        return self.error(inside, text[0].lower() + text[1:])

    def check_key(self, place: str, key: str, allowed: Collection[str]) -> None:
        """Raise an error for a key that means nothing in the table at this place."""
        if key in allowed:
            return
        cures = [f"write {near}" for near in get_close_matches(key, allowed, 1)]
        cures += [f"move it to {home}" for home in self._tables_with(key)]
        cure = f"means nothing here: {', or '.join(cures) or 'use ' + ', '.join(allowed)}"
        raise self.error(f"{place}.{key}".strip("."), cure)

    def _tables_with(self, key: str) -> Iterator[str]:
        """The tables of the file that have such a key, as the file writes them."""
        declared = get_type_hints(self._shapes[""])
        several = {name for name, kind in declared.items() if get_origin(kind) is list}
        thresholds = [name for name, shape in SECTIONS.items() if key in {NAMES.get(n, n) for n in _keys(shape)}]
        tables = [name for name, shape in self._shapes.items() if name in declared and key in _keys(shape)]
        yield from (f"[{name}]" for name in (*thresholds, *tables) if name not in several)
        yield from (f"[[{name}]]" for name in tables if name in several)

    def error(self, place: str, cure: str) -> ElectionFileError:
        """An error at a key of this file, such as `option[0].id`."""
        return ElectionFileError(str(self._path), self.line(place), place, cure)

    def check(self, fine: object, place: str, cure: str) -> None:
        """Raise `error` unless `fine` holds."""
        if not fine:
            raise self.error(place, cure)

    def rules(self, tables: Mapping[str, Mapping[str, Any]]) -> Rules:
        """The thresholds of every rule."""
        names = [field.name for field in fields(Rules)]
        for section in tables:
            self.check_key("rules", section, names)
        shapes = {name: SECTIONS[f"rules.{name}"] for name in names}
        rules = Rules(**{n: self.thresholds(f"rules.{n}", tables.get(n, {}), shape) for n, shape in shapes.items()})
        divergence = rules.divergence
        self.check(divergence.warning <= divergence.critical, "rules.divergence.critical", "give at least `warning`")
        ordered = rules.bounds.min_tables <= rules.bounds.critical_tables
        self.check(ordered, "rules.bounds.critical_tables", "give at least `min_tables`")
        return rules

    def thresholds(self, section: str, table: Mapping[str, Any], shape: type[_T]) -> _T:
        """One table of thresholds; what it leaves out keeps its default."""
        shapes: Any = shape
        defaults = shapes()
        names = {NAMES.get(f.name, f.name): f.name for f in fields(shapes)}
        given = {}
        for name, value in table.items():
            self.check_key(section, name, names)
            given[names[name]] = self._threshold(f"{section}.{name}", value, getattr(defaults, names[name]))
        return shape(**given)

    def _threshold(self, place: str, value: Any, default: Any) -> Any:
        if isinstance(default, frozenset):
            fine = isinstance(value, list) and all(isinstance(item, str) and item for item in value)
            self.check(fine, place, "give an array of strings")
            return frozenset(value)
        if place in CHOICES:
            self.check(value in CHOICES[place], place, f"write {' or '.join(CHOICES[place])}")
            return value
        least, most = LIMITS[place]
        whole = isinstance(default, int)
        fine = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        self.check(fine, place, "give a whole number" if whole else "give a number")
        self.check(least <= value <= most, place, f"give a number from {least:g} to {most:g}, not {value}")
        return value if whole else float(value)

    def line(self, place: str) -> int:
        """The line of a key such as `option[1].id`. For a key that is not there, the line of the table in which it
        should be."""
        keys = re.sub(r"\[(\d+)\]", r".\1", place).split(".")
        seen: Counter[str] = Counter()
        here: list[str] = []
        best, best_depth = 1, 0
        for number, text in enumerate(self._text.splitlines(), 1):
            if header := re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", text):
                here = header[2].replace('"', "").replace(" ", "").split(".")
                if header[1] == "[[":
                    here = [*here, str(seen[header[2]])]
                    seen[header[2]] += 1
                path = here
            elif key := re.match(r'\s*"?([\w-]+)"?\s*(?:\.\s*([\w-]+)\s*)?=', text):
                path = [*here, *(part for part in key.groups() if part)]
            else:
                continue
            depth = len(path) if path == keys[: len(path)] else 0
            if depth > best_depth:
                best, best_depth = number, depth
        return best


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


def _choices(shape: Any, path: str) -> Iterator[str]:
    """What may be written at a place of a table that takes one of a few words, or an array of them."""
    declared = get_type_hints(shape)[re.sub(r"\[[^]]*\]", "", path.rstrip("`")).rpartition(".")[2]]
    for argument in get_args(declared):
        yield from [argument] if isinstance(argument, str) else get_args(argument)


def _unprintable(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """The places of texts that no terminal or page should be given, each with its cure."""
    match value:
        case dict():
            for name, item in value.items():
                inside = f"{place}.{shown(name)}".strip(".")
                yield from _unprintable(name, inside)
                yield from _unprintable(item, inside)
        case list():
            for i, item in enumerate(value):
                yield from _unprintable(item, f"{place}[{i}]")
        case str() if strange := unprintable(value):
            yield place, f"write printable characters only: there is {strange} in it"
