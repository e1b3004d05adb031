"""The election file: TOML with two CSVs beside it, read strictly (docs/election-file.md).

Whatever does not fit is one `ElectionFileError` that names the file, the line and the cure.
"""

import csv
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from streams.election import (
    AlertPolicy,
    Area,
    ContradictionRule,
    DivergenceRule,
    Election,
    FingerprintRule,
    Group,
    Option,
    Policy,
    PollingTable,
    Receiver,
    Rules,
)

_T = TypeVar("_T")


class ElectionFileError(ValueError):
    """One thing that is wrong: `file`, `line` (from 1, None if it has none), `place`, `cure`."""

    def __init__(self, file: str, line: int | None, place: str, cure: str) -> None:
        self.file, self.line, self.place, self.cure = file, line, place, cure
        where = file if line is None else f"{file}:{line}"
        super().__init__(f"{where}: {place}: {cure}" if place else f"{where}: {cure}")


SECTIONS: Final[Mapping[str, Any]] = {
    "reconcile": Policy,
    "rules.contradiction": ContradictionRule,
    "rules.divergence": DivergenceRule,
    "rules.fingerprint": FingerprintRule,
    "alerts": AlertPolicy,
}
"""The tables of thresholds, each with the dataclass that holds its defaults."""

NAMES: Final = {"hold": "for"}
"""Fields that are called otherwise in the file."""

LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "reconcile.quorum": (1, 1000),
    "reconcile.max_turnout": (0.5, 10),
    "reconcile.max_ballots": (1, 10**6),
    "rules.contradiction.min_sheets": (1, 10**7),
    "rules.contradiction.min_ratio": (0, 1),
    "rules.contradiction.clear": (0, 1),
    "rules.divergence.warning": (0, 100),
    "rules.divergence.critical": (0, 100),
    "rules.divergence.clear": (0, 1),
    "rules.divergence.coverage": (0, 1),
    "rules.fingerprint.max_chance": (0, 1),
    "rules.fingerprint.max_decimals": (0, 4),
    "alerts.tick": (0.1, 3600),
    "alerts.for": (0, 86_400),
    "alerts.cooldown": (0, 604_800),
}
"""Least and most of every number."""


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    areas: str
    register: str
    notice: str = ""
    levels: tuple[str, ...] = ()


class _File(msgspec.Struct, forbid_unknown_fields=True):
    election: _Head
    option: list[Option]
    group: list[Group] = []
    reconcile: dict[str, Any] = {}
    rules: dict[str, dict[str, Any]] = {}
    alerts: dict[str, Any] = {}
    receiver: list[Receiver] = []


def load(path: Path) -> Election:
    """Read an election. Raises `ElectionFileError`, for whatever may be wrong."""
    toml = _Toml(path)
    known = toml.read()
    head = known.election
    for name in ("id", "name", "areas", "register"):
        if not getattr(head, name).strip():
            raise toml.error(f"election.{name}", "write something here")
    toml.check(re.fullmatch(r"[A-Za-z0-9._-]{1,100}", head.id), "election.id", "use letters, digits, dot and hyphen")
    _check_options(toml, known)
    _check_receivers(toml, known.receiver)
    areas = _areas(path.parent / head.areas, frozenset(head.levels))
    tables = _register(path.parent / head.register, areas)
    election = Election(
        id=head.id,
        name=head.name,
        options=tuple(known.option),
        areas=areas,
        tables=tables,
        groups=tuple(known.group),
        levels=head.levels,
        notice=head.notice,
        policy=toml.thresholds("reconcile", known.reconcile, Policy),
        rules=Rules(
            contradiction=toml.thresholds("rules.contradiction", known.rules, ContradictionRule),
            divergence=toml.thresholds("rules.divergence", known.rules, DivergenceRule),
            fingerprint=toml.thresholds("rules.fingerprint", known.rules, FingerprintRule),
        ),
        alerts=toml.thresholds("alerts", known.alerts, AlertPolicy),
        receivers=tuple(known.receiver),
    )
    divergence = election.rules.divergence
    toml.check(divergence.warning <= divergence.critical, "rules.divergence.critical", "give at least `warning`")
    _check_counts(path.parent / head.areas, election)
    return election


class _Toml:
    """The file's text, and where in it a key is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = _text(path)

    def read(self) -> _File:
        try:
            data = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            line = int(found[1]) if found else len(self._text.splitlines())
            raise ElectionFileError(str(self._path), line, "", f"write TOML: {error}") from None
        try:
            known = msgspec.convert(data, _File, strict=True)
        except msgspec.ValidationError as error:
            raise self._misfit(error) from None
        for section in known.rules:
            if f"rules.{section}" not in SECTIONS:
                raise self._unknown(f"rules.{section}", [name[6:] for name in SECTIONS if name.startswith("rules.")])
        return known

    def error(self, place: str, cure: str) -> ElectionFileError:
        return ElectionFileError(str(self._path), self.line(place), place, cure)

    def check(self, fine: object, place: str, cure: str) -> None:
        if not fine:
            raise self.error(place, cure)

    def thresholds(self, section: str, found: Mapping[str, Any], shape: type[_T]) -> _T:
        """One table of thresholds; what it leaves out keeps its default."""
        if section.startswith("rules."):
            found = found.get(section[6:], {})
        shapes: Any = shape
        defaults = shapes()
        names = {NAMES.get(f.name, f.name): f.name for f in fields(shapes)}
        given = {}
        for name, value in found.items():
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
        least, most = LIMITS[place]
        whole = isinstance(default, int)
        fine = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        self.check(fine, place, "give a whole number" if whole else "give a number")
        self.check(least <= value <= most, place, f"give a number from {least:g} to {most:g}, not {value}")
        return value if whole else float(value)

    def _misfit(self, error: msgspec.ValidationError) -> ElectionFileError:
        text, _, path = str(error).partition(" - at `$")
        place = path.rstrip("`").removeprefix(".")
        if found := re.search(r"unknown field `(.+)`", text):
            near = (
                _File
                if not place
                else {"election": _Head, "option": Option, "group": Group}.get(re.sub(r"\[.*", "", place), Receiver)
            )
            return self._unknown(f"{place}.{found[1]}".strip("."), _names(near))
        if found := re.search(r"missing required field `(.+)`", text):
            return self.error(f"{place}.{found[1]}".strip("."), "is missing: write it")
        return self.error(place, text[0].lower() + text[1:])

    def _unknown(self, place: str, names: list[str]) -> ElectionFileError:
        near = get_close_matches(place.rpartition(".")[2], names, 1)
        return self.error(place, f"means nothing here: {f'write {near[0]}' if near else 'use ' + ', '.join(names)}")

    def line(self, place: str) -> int:
        """The line of a key such as `option[1].id`; of the table that it should be in, if it is not there."""
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


def _names(shape: Any) -> list[str]:
    return [
        field.name for field in (msgspec.structs.fields(shape) if issubclass(shape, msgspec.Struct) else fields(shape))
    ]


def _check_options(toml: _Toml, known: _File) -> None:
    toml.check(known.option, "option", "name at least one [[option]]")
    seen: set[str] = set()
    kinds: tuple[tuple[str, Sequence[Option | Group]], ...] = (("option", known.option), ("group", known.group))
    for kind, items in kinds:
        for i, item in enumerate(items):
            place = f"{kind}[{i}].id"
            toml.check(item.id.strip(), place, "write something here")
            toml.check(
                item.id not in seen, place, f"{item.id} is named twice: options and groups need ids of their own"
            )
            seen.add(item.id)
    options, grouped = {option.id for option in known.option}, set[str]()
    for i, group in enumerate(known.group):
        toml.check(group.options, f"group[{i}].options", "name the options in it")
        for member in group.options:
            toml.check(member in options, f"group[{i}].options", f"{member} is no option: name it as an [[option]]")
            toml.check(member not in grouped, f"group[{i}].options", f"{member} is in a group already: leave it out")
            grouped.add(member)


def _check_receivers(toml: _Toml, receivers: list[Receiver]) -> None:
    names = Counter(receiver.name for receiver in receivers)
    for i, receiver in enumerate(receivers):
        place = f"receiver[{i}]"
        toml.check(receiver.name.strip(), f"{place}.name", "write something here")
        toml.check(names[receiver.name] == 1, f"{place}.name", f"{receiver.name} is named twice: choose another name")
        toml.check(re.match(r"https?://[^/\s]+", receiver.url), f"{place}.url", "give an http:// or https:// address")
        fine = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", receiver.secret_env)
        toml.check(fine, f"{place}.secret_env", "name an environment variable; the secret itself stays out of the file")


def _areas(path: Path, levels: frozenset[str]) -> dict[str, Area]:
    areas: dict[str, Area] = {}
    lines: dict[str, int] = {}
    for line, row in _rows(path, ("id", "parent", "name", "level"), ("tables", "registered")):
        id, level = row["id"], row["level"]
        _need(id, path, line, "id", "write the area's id")
        _need(id not in areas, path, line, "id", f"{id} is there twice: leave one out")
        _need(not levels or level in levels, path, line, "level", f"{level!r} is not among the election's levels")
        counts = {name: _count(row[name], path, line, name) for name in ("tables", "registered")}
        areas[id] = Area(id, row["name"] or id, level, row["parent"] or None, **counts)
        lines[id] = line
    roots = [area.id for area in areas.values() if area.parent is None]
    _need(areas, path, None, "", "name at least one area")
    _need(roots, path, None, "parent", "leave the parent of the whole empty")
    _need(len(roots) < 2, path, lines[roots[-1]], "parent", f"only one area has no parent; {roots[0]} is it already")
    for area in areas.values():
        _need(area.parent is None or area.parent in areas, path, lines[area.id], "parent", f"{area.parent} is no area")
        seen, parent = {area.id}, area.parent
        while parent is not None and parent in areas:
            _need(parent not in seen, path, lines[area.id], "parent", f"{area.id} lies within itself: mend its parents")
            seen.add(parent)
            parent = areas[parent].parent
    return areas


def _register(path: Path, areas: Mapping[str, Area]) -> dict[str, PollingTable]:
    tables: dict[str, PollingTable] = {}
    parents = {area.parent for area in areas.values()}
    for line, row in _rows(path, ("table", "area"), ("registered",)):
        table, area = row["table"], row["area"]
        _need(table, path, line, "table", "write the polling table's id")
        _need(table not in tables, path, line, "table", f"{table} is there twice: leave one out")
        _need(area in areas, path, line, "area", f"{area or 'nothing'} is no area: add it to the areas, or mend it")
        _need(area not in parents, path, line, "area", f"{area} has areas below it: name one of those")
        tables[table] = PollingTable(area, _count(row["registered"], path, line, "registered"))
    _need(tables, path, None, "", "name at least one polling table")
    return tables


def _check_counts(path: Path, election: Election) -> None:
    within: Counter[str] = Counter()
    for table in election.tables.values():
        within.update(election.lineage[table.area])
    for line, row in _rows(path, ("id", "parent", "name", "level"), ("tables", "registered")):
        area = election.areas[row["id"]]
        fine = area.tables is None or area.tables >= within[area.id]
        _need(fine, path, line, "tables", f"the register has {within[area.id]:,} tables here: give at least so many")


def _rows(path: Path, needed: tuple[str, ...], allowed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV with its line numbers; every column is a string, empty where the file has none."""
    reader = csv.reader(_text(path).splitlines())
    columns = next(reader, [])
    for name in needed:
        _need(name in columns, path, 1, name, f"the header must name {', '.join(needed)}")
    for name in columns:
        _need(name in needed or name in allowed, path, 1, name, f"is no column: use {', '.join((*needed, *allowed))}")
    for row in reader:
        if row:
            found = f"{len(row)} fields, the header has {len(columns)}"
            _need(len(row) == len(columns), path, reader.line_num, "", f"{found}: mend the row")
            yield (
                reader.line_num,
                {**dict.fromkeys(allowed, ""), **{c: v.strip() for c, v in zip(columns, row, strict=True)}},
            )


def _need(fine: object, path: Path, line: int | None, place: str, cure: str) -> None:
    if not fine:
        raise ElectionFileError(str(path), line, place, cure)


def _count(text: str, path: Path, line: int, place: str) -> int | None:
    fine = not text or (text.isascii() and text.isdigit() and len(text) <= 10)
    _need(fine, path, line, place, f"give a whole number or nothing, not {text[:40]!r}")
    return int(text) if text else None


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ElectionFileError(str(path), None, "", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ElectionFileError(str(path), line, "", "write it in UTF-8") from None
