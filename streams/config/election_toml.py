"""An election file's text: TOML of a known shape, its thresholds, and where in it a key stands."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar, get_args, get_type_hints

import msgspec

from streams.config.csv_file import ElectionFileError, text_of
from streams.core.election.model import Group, Option, Receiver
from streams.core.election.names import LANGUAGES, named
from streams.core.election.settings import Rules
from streams.core.election.thresholds import CHOICES, LIMITS, NAMES, SECTIONS
from streams.text import shown, unprintable

_T = TypeVar("_T")


class Head(msgspec.Struct, forbid_unknown_fields=True):
    """The section `[election]`. `areas`, `register` and `reporters` name files beside the election file."""

    id: str
    name: str
    areas: str
    register: str
    notice: str = ""
    levels: tuple[str, ...] = ()
    reporters: str = ""


class Signatory(msgspec.Struct, forbid_unknown_fields=True):
    """A section `[[authority]]`. `public_key` is Ed25519 in base64; without one its bulletins need no signature."""

    id: str
    public_key: str = ""
    areas: tuple[str, ...] = ()


class NamedSample(msgspec.Struct, forbid_unknown_fields=True):
    """The section `[sample]`: the sample's file, and what was published of it."""

    file: str
    seed: str = ""
    sha256: str = ""
    unseen: float | None = None


class NamedMap(msgspec.Struct, forbid_unknown_fields=True):
    """The section `[map]`: the file of shapes, and the property of a feature that names its area."""

    file: str
    property: str = "id"


class File(msgspec.Struct, forbid_unknown_fields=True):
    """An election file as it stands, before thresholds are checked and other files are read."""

    election: Head
    option: list[Option]
    group: list[Group] = []
    reconcile: dict[str, Any] = {}
    rules: dict[str, dict[str, Any]] = {}
    alerts: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    receiver: list[Receiver] = []
    authority: list[Signatory] = []
    sample: NamedSample | None = None
    map: NamedMap | None = None


class Toml:
    """A file's text, its thresholds, and where in it a key is. Raises `ElectionFileError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = text_of(path)

    def read(self) -> File:
        """The file's content. Raises `ElectionFileError`."""
        try:
            data = tomllib.loads(self._text)
            strange = next(_unprintable(data, ""), None)
        except tomllib.TOMLDecodeError as error:
            match = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            line = int(match[1]) if match else len(self._text.splitlines())
            raise ElectionFileError(str(self._path), line, "", f"write TOML: {error}") from None
        except RecursionError:
            raise ElectionFileError(str(self._path), None, "", "nests too deep: leave out what is no setting") from None
        if strange is not None:
            raise self.error(*strange)
        names = dict(self._take_names(data))
        try:
            content = msgspec.convert(data, File, strict=True)
        except msgspec.ValidationError as error:
            raise self._misfit(error) from None
        for table in ("option", "group", "receiver"):  # msgspec lets a dataclass pass with more than its fields
            allowed = _names(_SHAPES[table])
            for i, item in enumerate(data.get(table, [])):
                for strange in item.keys() - set(allowed):
                    raise self._unknown(f"{table}[{i}].{strange}", allowed)
        return _with_names(content, names)

    def _take_names(self, data: dict[str, Any]) -> Iterator[tuple[tuple[str, int, str], str]]:
        """Take the names that are given in several languages out of the data, where their first text stays. Gives the
        table, place in it, and key of each."""
        for table, keys in _NAMED.items():
            given = data.get(table)
            for i, item in enumerate(given if isinstance(given, list) else [given]):
                for key in keys if isinstance(item, dict) else ():
                    if isinstance(item.get(key), dict):
                        place = f"{table}[{i}].{key}" if isinstance(given, list) else f"{table}.{key}"
                        texts = item[key]
                        fine = texts and texts.keys() <= set(LANGUAGES)
                        self.check(fine, place, f"give a text for each of {', '.join(LANGUAGES)}, or one text")
                        for language, text in texts.items():
                            fine = isinstance(text, str) and text.strip()
                            self.check(fine, f"{place}.{language}", "write something here")
                        item[key] = next(iter(texts.values()))
                        yield (table, i, key), named(texts)

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
            if section not in names:
                raise self._unknown(f"rules.{section}", names)
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
            place = f"{section}.{name}"
            if name not in names:
                raise self._unknown(place, list(names))
            given[names[name]] = self._threshold(place, value, getattr(defaults, names[name]))
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

    def _misfit(self, error: msgspec.ValidationError) -> ElectionFileError:
        text, _, path = str(error).partition(" - at `$")
        place = path.rstrip("`").removeprefix(".")
        if match := re.search(r"unknown field `(.+)`", text):
            return self._unknown(f"{place}.{match[1]}".strip("."), _names(_SHAPES[place.partition("[")[0]]))
        if match := re.search(r"missing required field `(.+)`", text):
            return self.error(f"{place}.{match[1]}".strip("."), "is missing: write it")
        if "enum value" in text:
            return self.error(place, f"write {', '.join(_choices(place))}")
        return self.error(place, text[0].lower() + text[1:])

    def _unknown(self, place: str, names: list[str]) -> ElectionFileError:
        key = place.rpartition(".")[2]
        cures = [f"write {near}" for near in get_close_matches(key, names, 1)]
        cures += [f"move it to {home}" for home in _tables_with(key)]
        return self.error(place, f"means nothing here: {', or '.join(cures) or 'use ' + ', '.join(names)}")

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


_NAMED: Final[Mapping[str, tuple[str, ...]]] = {"election": ("name", "notice"), "option": ("name",), "group": ("name",)}
"""The keys of each table that may be given in several languages."""


def _with_names(content: File, names: Mapping[tuple[str, int, str], str]) -> File:
    for (table, i, key), name in names.items():
        if table == "election":
            setattr(content.election, key, name)
        elif table == "option":
            content.option[i] = replace(content.option[i], name=name)
        else:
            content.group[i] = replace(content.group[i], name=name)
    return content


_SHAPES: Final[Mapping[str, Any]] = {
    "": File,
    "election": Head,
    "option": Option,
    "group": Group,
    "receiver": Receiver,
    "authority": Signatory,
    "sample": NamedSample,
    "map": NamedMap,
}
_SINGLE: Final = frozenset({"election", "sample", "map"})
"""The tables of `_SHAPES` that a file has once at most."""


def _choices(place: str) -> Iterator[str]:
    """What may be written at a place of a receiver that takes one of a few words, or an array of them."""
    declared = get_type_hints(Receiver)[re.sub(r"\[[^]]*\]", "", place).rpartition(".")[2]]
    for argument in get_args(declared):
        yield from [argument] if isinstance(argument, str) else get_args(argument)


def _tables_with(key: str) -> list[str]:
    """The tables of the file that have such a key, as the file writes them."""
    thresholds = [name for name, shape in SECTIONS.items() if key in {NAMES.get(n, n) for n in _names(shape)}]
    tables = [name for name, shape in _SHAPES.items() if name and key in _names(shape)]
    single = [f"[{name}]" for name in (*thresholds, *(name for name in tables if name in _SINGLE))]
    return single + [f"[[{name}]]" for name in tables if name not in _SINGLE]


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


def _names(shape: Any) -> list[str]:
    declared = msgspec.structs.fields(shape) if issubclass(shape, msgspec.Struct) else fields(shape)
    return [field.name for field in declared]
