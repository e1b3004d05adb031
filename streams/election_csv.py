"""The CSVs beside an election file: its areas, the register of polling tables, the reporters that sign."""

import csv
from base64 import b64decode
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from pathlib import Path
from typing import Final

import numpy as np

from streams.election import Area, Reporter
from streams.errors import CotejoError
from streams.layout import Numbers, numbered
from streams.register import PollingTable, Register
from streams.shown import unprintable

STRETCH: Final = 10_000
"""Rows that are looked at together."""

KEY_CURE: Final = "give 32 bytes in base64, as `cotejo keys new` prints them"


class ElectionFileError(CotejoError):
    """One thing that is wrong: `file`, `line` (from 1, None if it has none), `place`, `cure`."""

    def __init__(self, file: str, line: int | None, place: str, cure: str) -> None:
        self.file, self.line, self.place, self.cure = file, line, place, cure
        where = file if line is None else f"{file}:{line}"
        super().__init__(f"{where}: {place}: {cure}" if place else f"{where}: {cure}")


def load(areas: Path, register: Path, levels: frozenset[str]) -> tuple[dict[str, Area], Register]:
    """Read the areas and the polling tables in them. Raises `ElectionFileError` for whatever does not fit, each file in
    itself and the two together."""
    file = _Csv(areas, ("id", "parent", "name", "level"), ("tables", "registered"))
    places, lines = _areas(file, levels)
    order = numbered(places)
    tables = _register(_Csv(register, ("table", "area"), ("registered",)), places, order)
    within = dict(zip(order, np.bincount(tables.home, minlength=len(order)).tolist(), strict=True))
    for id in reversed(order[1:]):
        within[places[id].parent or ""] += within[id]
    for area in places.values():
        if area.tables is not None and area.tables < within[area.id]:
            raise file.error(
                lines[area.id], "tables", f"the register has {within[area.id]:,} here: give at least so many"
            )
    return places, tables


def reporters(path: Path, sources: Container[str]) -> dict[str, Reporter]:
    """Read the reporters that sign. Raises `ElectionFileError`."""
    file = _Csv(path, ("reporter", "public_key"), ("group", "source"))
    found: dict[str, Reporter] = {}
    owners: dict[bytes, str] = {}
    for line, (id, written, group, source) in file.rows():
        key = public_key(written)
        file.check(id, line, "reporter", "write the reporter's id")
        file.check(id not in found, line, "reporter", f"{id} is there twice: leave one out")
        if key is None:
            raise file.error(line, "public_key", KEY_CURE)
        owner = owners.setdefault(key, id)
        file.check(owner == id, line, "public_key", f"it is {owner}'s already: each reporter needs a key of its own")
        cure = f"{source} is not among reconcile.trusted_sources: add it there, or leave it out here"
        file.check(not source or source in sources, line, "source", cure)
        found[id] = Reporter(key, group, source)
    file.check(found, None, "", "name at least one reporter")
    return found


def public_key(text: str) -> bytes | None:
    """An Ed25519 public key from base64; None if it is none."""
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        return None
    return key if len(key) == 32 else None


def _areas(file: "_Csv", levels: frozenset[str]) -> tuple[dict[str, Area], dict[str, int]]:
    """The areas, and the line of each."""
    found: dict[str, Area] = {}
    lines: dict[str, int] = {}
    for line, (id, parent, name, level, *figures) in file.rows():
        if not id or id in found or (levels and level not in levels):
            file.check(id, line, "id", "write the area's id")
            file.check(id not in found, line, "id", f"{id} is there twice: leave one out")
            file.check(False, line, "level", f"{level!r} is not among the election's levels")
        counts = map(file.count, figures, repeat(line), ("tables", "registered"))
        found[id] = Area(id, name or id, level, parent or None, *counts)
        lines[id] = line
    roots = [area.id for area in found.values() if area.parent is None]
    file.check(found, None, "", "name at least one area")
    file.check(roots, None, "parent", "leave the parent of the whole empty")
    file.check(len(roots) < 2, lines[roots[-1]], "parent", f"only one area has no parent; {roots[0]} is it already")
    for area in found.values():
        if area.parent is not None and area.parent not in found:
            raise file.error(lines[area.id], "parent", f"{area.parent} is no area")
    in_circles = len(numbered(found)) < len(found)  # nobody comes there from the whole
    for area in found.values() if in_circles else ():
        above = area.parent is None or area.id not in _upwards(found, area.parent)
        file.check(above, lines[area.id], "parent", f"{area.id} lies within itself: mend its parents")
    return found, lines


def _upwards(areas: Mapping[str, Area], area: str) -> list[str]:
    """An area and all above it; where they go round in a circle, once round."""
    line = [area]
    while (parent := areas[line[-1]].parent) is not None and parent not in line:
        line.append(parent)
    return line


def _register(file: "_Csv", areas: Mapping[str, Area], order: Sequence[str]) -> Register:
    return _register_by_columns(file, areas, order) or _register_by_rows(file, areas, order)


def _register_by_columns(file: "_Csv", areas: Mapping[str, Area], order: Sequence[str]) -> Register | None:
    """The register, if a look at its columns finds nothing wrong: half the time of one at each row. Whatever it is not
    sure of is read row by row, whose word counts."""
    leaves = {id: i for i, id in enumerate(order)}
    for area in areas.values():
        leaves.pop(area.parent or "", None)
    known = {"": -1}
    ids, home, registered = list[str](), list[Numbers](), list[Numbers]()
    try:
        for tables, places, figures in file.stretches():
            ids += tables
            home.append(np.fromiter(map(leaves.__getitem__, places), np.int64, len(places)))
            known.update((text, file.count(text, 0, "") or 0) for text in set(figures) - known.keys())
            registered.append(np.fromiter(map(known.__getitem__, figures), np.int64, len(figures)))
        found = Register(order, ids, np.concatenate(home), np.concatenate(registered))
    except (KeyError, ValueError, ElectionFileError):
        return None
    return found if "" not in found and areas.keys().isdisjoint(found.number) else None


def _register_by_rows(file: "_Csv", areas: Mapping[str, Area], order: Sequence[str]) -> Register:
    tables: dict[str, PollingTable] = {}
    parents = {area.parent for area in areas.values()}
    for line, (table, area, registered) in file.rows():
        if not table or table in tables or table in areas or area not in areas or area in parents:
            _refuse(file, line, table, area, tables, areas)
        tables[table] = PollingTable(area, file.count(registered, line, "registered"))
    file.check(tables, None, "", "name at least one polling table")
    return Register.of(order, tables)


def _refuse(
    file: "_Csv", line: int, table: str, area: str, tables: Mapping[str, PollingTable], areas: Mapping[str, Area]
) -> None:
    """Say what is wrong with a polling table. Apart from the rows that are right, which are a million: to make
    words for each took a quarter of the time that a register takes."""
    file.check(table, line, "table", "write the polling table's id")
    file.check(table not in tables, line, "table", f"{table} is there twice: leave one out")
    file.check(table not in areas, line, "table", f"{table} is an area's id: choose another")
    file.check(area in areas, line, "area", f"{area or 'nothing'} is no area: add it to the areas, or mend it")
    file.check(False, line, "area", f"{area} has areas below it: name one of those")


class _Csv:
    """One CSV file with a header; all its errors name it."""

    def __init__(self, path: Path, needed: tuple[str, ...], allowed: tuple[str, ...]) -> None:
        self._path, self._needed, self._allowed = path, needed, allowed
        self._is_plain = False
        """Whether all of it is printable, so that nobody needs to look at each cell."""

    def rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The rows with their line numbers: the needed fields and the allowed ones, in their order, empty where the
        file has no such column. With a dict for each row an election took a seventh longer to read."""
        rows = self._rows()
        columns, places = self._header(rows)
        pick = itemgetter(*places)
        for line, row in rows:
            if row:
                yield line, pick(self._given(line, columns, row))

    def stretches(self) -> Iterator[list[list[str]]]:
        """The same by columns, so many rows at a time, where no cell is quoted. Raises `ElectionFileError` wherever it
        is not sure, which need not be the first error nor any."""
        lines = self._lines()
        columns, places = self._header(iter([(1, lines[0].split(","))] if lines else ()))
        for first in range(1, len(lines), STRETCH):
            full = list(filter(None, lines[first : first + STRETCH]))
            text, commas = ",".join(full), set(map(str.count, full, repeat(",")))
            longest = max(map(len, full), default=0)
            if not self._is_plain or commas - {len(columns) - 1} or '"' in text or longest > csv.field_size_limit():
                raise self.error(None, "", "look at each row")
            cells = text.split(",") if full else []
            if " " in text:
                cells = list(map(str.strip, cells))
            given = [cells[i :: len(columns)] for i in range(len(columns))]
            given.append([""] * len(full))
            yield [given[place] for place in places]

    def _header(self, rows: Iterator[tuple[int, list[str]]]) -> tuple[list[str], list[int]]:
        """The columns that the file has, and of each usable one which it is; behind the last where there is none."""
        usable = (*self._needed, *self._allowed)
        _, columns = next(rows, (1, list[str]()))
        for name in self._needed:
            self.check(name in columns, 1, name, f"the header must name {', '.join(self._needed)}")
        for name in columns:
            self.check(name in usable, 1, name, f"is no column: use {', '.join(usable)}")
        places = {name: i for i, name in enumerate(columns)}
        return columns, [places.get(name, len(columns)) for name in usable]

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(self._lines())
        try:
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise self.error(reader.line_num, "", f"is no CSV: {error}") from None

    def _lines(self) -> list[str]:
        lines = text_of(self._path).splitlines()
        self._is_plain = "".join(lines).isprintable()
        return lines

    def _given(self, line: int, columns: list[str], row: list[str]) -> list[str]:
        """The cells of a row, and behind them an empty one."""
        if len(row) != len(columns):
            raise self.error(line, "", f"{len(row)} fields, the header has {len(columns)}: mend the row")
        given = [*map(str.strip, row), ""]
        if not self._is_plain:
            for column, value in zip(columns, given, strict=False):
                cure = f"write printable characters only: there is {unprintable(value)} in it"
                self.check(value.isprintable(), line, column, cure)
        return given

    def error(self, line: int | None, place: str, cure: str) -> ElectionFileError:
        return ElectionFileError(str(self._path), line, place, cure)

    def check(self, fine: object, line: int | None, place: str, cure: str) -> None:
        if not fine:
            raise self.error(line, place, cure)

    def count(self, text: str, line: int, place: str) -> int | None:
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            raise self.error(line, place, f"give a whole number or nothing, not {text[:40]!r}")
        return int(text)


def text_of(path: Path) -> str:
    """A file's text in UTF-8, with or without a mark. Raises `ElectionFileError`."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ElectionFileError(str(path), None, "", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ElectionFileError(str(path), line, "", "write it in UTF-8") from None
