"""The register of a map: its rows as areas and polling tables, and what is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from streams.core.election.model import Area, Election
from streams.core.election.numbering import Numbers, numbered
from streams.core.election.register import Register
from streams.nights.importers.building.totals import create_places, subtotal
from streams.nights.importers.database import Database
from streams.nights.importers.map_file import Level, Map
from streams.nights.importers.staging.stager import Origin, Staged, Stager, Wanted
from streams.nights.sql import literal, name

TABLE: Final = "_register"
_MANY: Final = 10
"""Tables of a register from which one with more voters than all others together is a total."""


@dataclass(frozen=True)
class RegisterRows:
    """The rows of the register, checked. `faults` has what stops the import."""

    staged: Staged
    faults: Sequence[str]
    remarks: Sequence[str]


def read(db: Database, import_map: Map, stager: Stager) -> RegisterRows:
    """Stage the register of a map that has one. Raises `ElectionFileError` for a map that cannot be followed."""
    register = import_map.file.register
    assert register is not None
    wanted = [Wanted("id", "register.table", "text", register.table, True)]
    if register.registered:
        wanted.append(Wanted("registered", "register.registered", "count", register.registered))
    for i, level in enumerate(register.areas):
        wanted += _wanted(i, level)
    origin = Origin("register", register.source, register.join, register.where)
    staged = stager.stage(TABLE, origin, wanted)
    staged.note_where()
    faults = list(staged.faults())
    if not register.registered:
        db.run(f"ALTER TABLE {TABLE} ADD COLUMN registered BIGINT")
    columns = ["id", "registered", *(each.column for each in wanted if each.column.startswith("area"))]
    (count, distinct) = db.row(f"SELECT count(*), count(DISTINCT id) FROM {TABLE}")
    if count > distinct:
        repeated = f"row_number() OVER (PARTITION BY {', '.join(map(name, columns))} ORDER BY _file, _line) > 1"
        db.run(f"CREATE OR REPLACE TABLE {TABLE} AS SELECT *, {repeated} AS _again FROM {TABLE}")
        staged.leave_out("the same again", "_again")
        faults += _repeated(db)
    if not count:
        faults.append(f"{import_map.path}: register: keeps no row: mend its `where`")
    parents = ["NULL", *(f"area{i}" for i in range(len(register.areas)))]
    areas = [
        f"SELECT DISTINCT area{i} AS area_id, {parents[i]} AS parent FROM {TABLE}" for i in range(len(register.areas))
    ]
    leaf = parents[-1]
    create_places(db, " UNION ".join(areas), f"SELECT id AS table_id, registered, {leaf} AS area_id FROM {TABLE}")
    faults += [*_misplaced(db, len(register.areas)), *_roots(db)]
    if not faults:
        faults += _totals(db, staged)
    return RegisterRows(staged, faults, [*staged.remarks, *_names(db, len(register.areas))])


def _wanted(i: int, level: Level) -> Iterator[Wanted]:
    place = f"register.areas[{i}]"
    yield Wanted(f"area{i}", f"{place}.id", "text", level.id, True)
    yield Wanted(f"area{i}.name", f"{place}.name", "text", level.name)
    for key in ("tables", "registered"):
        if sql := getattr(level, key):
            yield Wanted(f"area{i}.{key}", f"{place}.{key}", "count", sql)


def _repeated(db: Database) -> Iterator[str]:
    """Polling tables that are not the same in each row."""
    for id, places, count in db.rows(
        f"SELECT id, list(_file || ':' || _line ORDER BY _file, _line)[:3], count(*) OVER () FROM {TABLE} "
        "WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1 ORDER BY 2 LIMIT 1"
    ):
        where = f"({', '.join(places)}; {count:,} such)"
        cure = f"{id} is there with other figures or areas too {where}: two contests? Choose by `where`"
        yield f"{places[0]}: register.table: duplicate-table: {cure}"


def _roots(db: Database) -> Iterator[str]:
    (roots,) = db.row(f"SELECT list(DISTINCT area0) FROM {TABLE}")
    if roots and len(roots) > 1:
        yield f"register.areas[0].id: the first level is the whole, so one area: not {', '.join(map(repr, roots[:3]))}"


def _totals(db: Database, staged: Staged) -> Iterator[str]:
    """A polling table that is the total of all others, or of those of its area."""
    rows = f"SELECT home AS _home, {TABLE}.registered, _file, _line FROM {TABLE} JOIN _tables ON table_id = id"
    (total, most, count, voting) = db.row(
        "SELECT sum(registered), max(registered), count(registered), count(*) FILTER (WHERE registered > 0) "
        f"FROM {TABLE}"
    )
    equal = voting > 2 and total == 2 * most
    if most and (equal or (count >= _MANY and 2 * most > total)):
        first, *_ = staged.places(f"registered = {most}")
        (id,) = db.row(f"SELECT id FROM {TABLE} WHERE registered = {most} ORDER BY _file, _line LIMIT 1")
        what = "as many voters as all others together" if equal else "more voters than all others together"
        yield f"{first}: register.registered: total: {id} has {most:,}, {what}: is it a total? Leave it out by `where`"
    elif place := subtotal(db, rows, ["registered"]):
        what = "has as many voters as all others of its area together, and so it is in most areas"
        yield f"{place}: register.registered: total: {what}: leave subtotals out by `where`"


def _misplaced(db: Database, levels: int) -> Iterator[str]:
    """Polling tables and areas that are not one thing in one place."""
    if db.row("SELECT count(area_id) = count(DISTINCT area_id) FROM _areas") != (True,):
        yield _area_in_two_places(db, levels)
    for id, places in db.rows(
        f"SELECT id, list(_file || ':' || _line ORDER BY _file, _line)[:3] FROM {TABLE} "
        f"WHERE id IN (SELECT area_id FROM _areas) GROUP BY id ORDER BY 2 LIMIT 1"
    ):
        yield f"{places[0]}: register.table: is-an-area: {id} is an area's id too: give polling tables ids of their own"


def _area_in_two_places(db: Database, levels: int) -> str:
    of_levels = [
        f"SELECT {i} AS level, area{i} AS id, {f'area{i - 1}' if i else literal('')} AS parent, "
        f"min({{'f': _file, 'l': _line}}) AS place FROM {TABLE} GROUP BY ALL"
        for i in range(levels)
    ]
    ((id, levels_of, parents, places, count),) = db.rows(
        "SELECT id, count(DISTINCT level), list(parent ORDER BY place)[:2], list(place ORDER BY place)[:2], "
        f"count(*) OVER () FROM ({' UNION ALL '.join(of_levels)}) WHERE id IS NOT NULL "
        "GROUP BY id HAVING count(*) > 1 ORDER BY 4 LIMIT 1"
    )
    first, second = (f"{each['f']}:{each['l']}" for each in places)
    what = "is an area of two levels" if levels_of > 1 else f"lies in {parents[0]} and in {parents[1]}"
    cure = f"{id} {what} (also {second}; {count:,} such): give areas ids of their own, such as parent || '/' || name"
    return f"{first}: register.areas: two-areas: {cure}"


def _names(db: Database, levels: int) -> Iterator[str]:
    """Areas whose name is not the same in each row: the first one stands."""
    for i in range(levels):
        column = name(f"area{i}.name")
        for id, names, count in db.rows(
            f"SELECT area{i}, list(DISTINCT {column})[:3], count(*) OVER () FROM {TABLE} "
            f"GROUP BY area{i} HAVING count(DISTINCT {column}) > 1 ORDER BY 1 LIMIT 1"
        ):
            several = ", ".join(map(repr, names))
            yield f"areas with several names: {count:,}, such as {id}: {several}; the first one stands"


def without_areas(import_map: Map) -> Election:
    """The election of a map with a register, but for its areas and polling tables."""
    file, register = import_map.file, import_map.file.register
    assert register is not None
    return Election(
        id=file.election.id,
        name=file.election.name,
        notice=file.election.notice,
        options=tuple(file.option),
        groups=tuple(file.group),
        areas={},
        tables={},
        levels=tuple(level.level for level in register.areas),
        policy=import_map.policy,
        rules=import_map.rules,
        alerts=import_map.alerts,
        metrics=import_map.metrics,
    )


def election(db: Database, import_map: Map) -> Election:
    """The election of a map with a register, from its rows that have been found right."""
    register = import_map.file.register
    assert register is not None
    areas = _areas(db, register.areas)
    order = numbered(areas)
    number = {id: i for i, id in enumerate(order)}
    numbers = np.array([number[id] for id in db.column("SELECT area_id FROM _areas ORDER BY rowid")], np.int64)
    ids, homes, registered = db.arrays(
        f"SELECT id, _areas.rowid AS home, coalesce(registered, -1) AS registered "
        f"FROM {TABLE} JOIN _areas ON area_id = area{len(register.areas) - 1} ORDER BY _file, _line"
    )
    home = numbers[homes]
    return replace(
        without_areas(import_map),
        areas=_summed(areas, order, home, registered, register.areas),
        tables=Register(order, ids.tolist(), home, registered),
    )


def _areas(db: Database, levels: Sequence[Level]) -> dict[str, Area]:
    """Each area as the first row that names it has it."""
    areas: dict[str, Area] = {}
    for i, level in enumerate(levels):
        figures = [f"area{i}.{key}" if getattr(level, key) else "" for key in ("tables", "registered")]
        columns = [f"arg_min({name(each)}, place)" if each else "NULL" for each in figures]
        for id, text, parent, tables, registered in db.rows(
            f"SELECT area{i}, arg_min({name(f'area{i}.name')}, place), {f'any_value(area{i - 1})' if i else 'NULL'}, "
            f"{', '.join(columns)} FROM (SELECT *, {{'f': _file, 'l': _line}} AS place FROM {TABLE}) "
            "GROUP BY 1 ORDER BY min(place)"
        ):
            areas[id] = Area(id, text or id, level.level, parent, tables, registered)
    return areas


def _summed(
    areas: Mapping[str, Area], order: Sequence[str], home: Numbers, registered: Numbers, levels: Sequence[Level]
) -> dict[str, Area]:
    """The areas with what the register adds up to where the map does not speak of it; voters only where all are
    known."""
    tables = np.bincount(home, minlength=len(order)).tolist()
    voters = np.bincount(home, np.maximum(registered, 0), len(order)).astype(int).tolist()
    unknown = np.bincount(home, registered < 0, len(order)).tolist()
    number = {id: i for i, id in enumerate(order)}
    for i in range(len(order) - 1, 0, -1):
        parent = number[areas[order[i]].parent or ""]
        for sums in (tables, voters, unknown):
            sums[parent] += sums[i]
    counts = {level.level: not level.tables for level in levels}
    adds_up = {level.level: not level.registered for level in levels}
    summed = {}
    for area in areas.values():
        i = number[area.id]
        registered_there = (None if unknown[i] else voters[i]) if adds_up[area.level] else area.registered
        tables_there = tables[i] if counts[area.level] else area.tables
        summed[area.id] = Area(area.id, area.name, area.level, area.parent, tables_there, registered_there)
    return summed
