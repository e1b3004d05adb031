"""The CSVs beside an election file: its areas, the register of polling tables, the reporters that sign."""

from base64 import b64decode
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Final

import numpy as np

from streams.config.csv_file import CsvFile, ElectionFileError
from streams.core.election.model import Area, Reporter
from streams.core.election.names import LANGUAGES, Name
from streams.core.election.numbering import Numbers, numbered
from streams.core.election.register import PollingTable, Register

NAMES: Final = tuple(f"name_{language}" for language in LANGUAGES)
"""The columns with an area's name in one language each. An empty cell has the name of the column `name`."""
KEY_CURE: Final = "give 32 bytes in base64, as `cotejo keys new` prints them"


def load(
    areas: Path, register: Path, levels: frozenset[str], *, zero_is_unknown: bool = True
) -> tuple[dict[str, Area], Register, tuple[str, ...]]:
    """Read the areas, the polling tables in them, and the ids of those that have 0 registered voters. Raises
    `ElectionFileError` for whatever does not fit, each file in itself and the two together."""
    file = CsvFile(areas, ("id", "parent", "name", "level"), ("tables", "registered", *NAMES))
    places, lines = _areas(file, levels)
    order = numbered(places)
    tables = _register(CsvFile(register, ("table", "area"), ("registered",)), places, order)
    within = dict(zip(order, np.bincount(tables.home, minlength=len(order)).tolist(), strict=True))
    for id in reversed(order[1:]):
        within[places[id].parent or ""] += within[id]
    for area in places.values():
        if area.tables is not None and area.tables < within[area.id]:
            raise file.error(
                lines[area.id], "tables", f"the register has {within[area.id]:,} here: give at least so many"
            )
    places = _with_tables(places, order, np.bincount(tables.home, minlength=len(order)).tolist())
    return settle_zeros(places, tables, zero_is_unknown=zero_is_unknown)


def settle_zeros(
    areas: dict[str, Area], tables: Register, *, zero_is_unknown: bool
) -> tuple[dict[str, Area], Register, tuple[str, ...]]:
    """The areas and polling tables with 0 registered voters as what the election takes them for, and the ids of the
    polling tables that have 0."""
    zeros = np.flatnonzero(tables.registered == 0)
    if zero_is_unknown and len(zeros):
        areas = _voterless(areas, tables.areas, np.bincount(tables.home[zeros], minlength=len(tables.areas)).tolist())
        registered = np.where(tables.registered == 0, -1, tables.registered)
        tables = Register(tables.areas, list(tables.number), tables.home, registered)
    ids = list(tables.number) if len(zeros) else []
    return areas, tables, tuple(ids[place] for place in zeros.tolist())


def _with_tables(places: dict[str, Area], order: Sequence[str], counts: Sequence[int]) -> dict[str, Area]:
    """The areas, each with how many polling tables exist: what the file says, else what the register has there, and
    areas below it say. Where a lowest area has none of either, nobody knows, there and above. `counts` is the
    register's, of the lowest areas, in this order."""
    below: dict[str, int | None] = {}
    for id, own in zip(reversed(order), reversed(counts), strict=True):
        tables = places[id].tables
        if tables is None:
            tables = below.get(id, own or None)
        if tables != places[id].tables:
            places[id] = replace(places[id], tables=tables)
        if (parent := places[id].parent) is not None:
            before = below.get(parent, 0)
            below[parent] = None if tables is None or before is None else before + tables
    return places


def _voterless(places: Mapping[str, Area], order: Sequence[str], counts: Sequence[int]) -> dict[str, Area]:
    """The areas, each with the number of polling tables in it that have no voters; `counts` are those of the lowest
    areas, in this order."""
    within = dict(zip(order, counts, strict=True))
    for id in reversed(order[1:]):
        within[places[id].parent or ""] += within[id]
    return {id: replace(area, voterless=within[id]) for id, area in places.items()}


def reporters(path: Path, sources: Container[str]) -> dict[str, Reporter]:
    """Read the reporters that sign. Raises `ElectionFileError`."""
    file = CsvFile(path, ("reporter", "public_key"), ("group", "source"))
    signatories: dict[str, Reporter] = {}
    owners: dict[bytes, str] = {}
    for line, (id, written, group, source) in file.rows():
        key = public_key(written)
        file.check(id, line, "reporter", "write the reporter's id")
        file.check(id not in signatories, line, "reporter", f"{id} is there twice: leave one out")
        if key is None:
            raise file.error(line, "public_key", KEY_CURE)
        owner = owners.setdefault(key, id)
        file.check(owner == id, line, "public_key", f"it is {owner}'s already: each reporter needs a key of its own")
        cure = f"{source} is not among reconcile.trusted_sources: add it there, or leave it out here"
        file.check(not source or source in sources, line, "source", cure)
        signatories[id] = Reporter(key, group or None, source or None)
    file.check(signatories, None, "", "name at least one reporter")
    return signatories


def public_key(text: str) -> bytes | None:
    """An Ed25519 public key from base64; None if it is none."""
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        return None
    return key if len(key) == 32 else None


def _areas(file: CsvFile, levels: frozenset[str]) -> tuple[dict[str, Area], dict[str, int]]:
    """The areas, and the line of each."""
    areas: dict[str, Area] = {}
    lines: dict[str, int] = {}
    for line, (id, parent, name, level, *figures) in file.rows():
        texts, figures = figures[2:], figures[:2]
        if not id or id in areas or (levels and level not in levels):
            file.check(id, line, "id", "write the area's id")
            file.check(id not in areas, line, "id", f"{id} is there twice: leave one out")
            file.check(False, line, "level", f"{level!r} is not among the election's levels")
        tables, registered = map(file.count, figures, repeat(line), ("tables", "registered"))
        if any(texts):
            name = Name(name or id, {language: text for language, text in zip(LANGUAGES, texts, strict=True) if text})
        areas[id] = Area(id, name or id, level, parent or None, tables, registered)
        lines[id] = line
    roots = [area.id for area in areas.values() if area.parent is None]
    file.check(areas, None, "", "name at least one area")
    file.check(roots, None, "parent", "leave the parent of the whole empty")
    file.check(len(roots) < 2, lines[roots[-1]], "parent", f"only one area has no parent; {roots[0]} is it already")
    for area in areas.values():
        if area.parent is not None and area.parent not in areas:
            raise file.error(lines[area.id], "parent", f"{area.parent} is no area")
    in_circles = len(numbered(areas)) < len(areas)  # nobody comes there from the whole
    for area in areas.values() if in_circles else ():
        above = area.parent is None or area.id not in _upwards(areas, area.parent)
        file.check(above, lines[area.id], "parent", f"{area.id} lies within itself: mend its parents")
    return areas, lines


def _upwards(areas: Mapping[str, Area], area: str) -> list[str]:
    """An area and all above it; where they go round in a circle, once round."""
    line = [area]
    while (parent := areas[line[-1]].parent) is not None and parent not in line:
        line.append(parent)
    return line


def _register(file: CsvFile, areas: Mapping[str, Area], order: Sequence[str]) -> Register:
    return _register_by_columns(file, areas, order) or _register_by_rows(file, areas, order)


def _register_by_columns(file: CsvFile, areas: Mapping[str, Area], order: Sequence[str]) -> Register | None:
    """The register, if a look at its columns finds nothing wrong: half the time of one at each row. Whatever it is not
    sure of is read row by row, whose word counts."""
    leaves = {id: i for i, id in enumerate(order)}
    for area in areas.values():
        leaves.pop(area.parent or "", None)
    counts = {"": -1}
    ids, home, registered = list[str](), list[Numbers](), list[Numbers]()
    try:
        for tables, places, figures in file.stretches():
            ids += tables
            home.append(np.fromiter(map(leaves.__getitem__, places), np.int64, len(places)))
            counts.update((text, file.count(text, 0, "") or 0) for text in set(figures) - counts.keys())
            registered.append(np.fromiter(map(counts.__getitem__, figures), np.int64, len(figures)))
        register = Register(order, ids, np.concatenate(home), np.concatenate(registered))
    except (KeyError, ValueError, ElectionFileError):
        return None
    return register if "" not in register and areas.keys().isdisjoint(register.keys()) else None


def _register_by_rows(file: CsvFile, areas: Mapping[str, Area], order: Sequence[str]) -> Register:
    tables: dict[str, PollingTable] = {}
    parents = {area.parent for area in areas.values()}
    for line, (table, area, registered) in file.rows():
        if not table or table in tables or table in areas or area not in areas or area in parents:
            _refuse(file, line, table, area, tables, areas)
        tables[table] = PollingTable(area, file.count(registered, line, "registered"))
    file.check(tables, None, "", "name at least one polling table")
    return Register.of(order, tables)


def _refuse(
    file: CsvFile, line: int, table: str, area: str, tables: Mapping[str, PollingTable], areas: Mapping[str, Area]
) -> None:
    """Say what is wrong with a polling table. Apart from the rows that are right, which are a million: to make
    words for each took a quarter of the time that a register takes."""
    file.check(table, line, "table", "write the polling table's id")
    file.check(table not in tables, line, "table", f"{table} is there twice: leave one out")
    file.check(table not in areas, line, "table", f"{table} is an area's id: choose another")
    file.check(area in areas, line, "area", f"{area or 'nothing'} is no area: add it to the areas, or mend it")
    file.check(False, line, "area", f"{area} has areas below it: name one of those")
