"""Rows that are totals of others: left in, they would count everything twice."""

from collections.abc import Sequence
from typing import Final

from streams.nights.importers.database import Database
from streams.nights.sql import literal, name

LEAST: Final = 2
"""Areas in which a row must be the sum of all others, and half of those with three rows or more: in a single area that
happens by chance."""


def subtotal(db: Database, rows: str, columns: Sequence[str]) -> str | None:
    """The place of a row that has the figures of all others of its area together, where that is the rule at some level
    of areas; else None.

    `rows` is SQL that yields `area_id` (the area that a row lies in), `_file`, `_line` and these columns. `_areas` of
    the database has each area's `parent`.
    """
    sums = ", ".join(f"sum({name(each)}) AS s{i}, max({name(each)}) AS m{i}" for i, each in enumerate(columns))
    up = ", ".join(f"sum(s{i}) AS s{i}, max(m{i}) AS m{i}" for i in range(len(columns)))
    db.run(f"CREATE OR REPLACE TABLE _level AS SELECT area_id, count(*) AS n, {sums} FROM ({rows}) GROUP BY area_id")
    some = " OR ".join(f"s{i} > 0" for i in range(len(columns)))
    is_sum = " AND ".join(f"coalesce(2 * m{i} = s{i}, true)" for i in range(len(columns)))
    while True:
        areas, hits, first = db.row(
            f"SELECT count(*), count(*) FILTER (WHERE {is_sum}), min(area_id) FILTER (WHERE {is_sum}) FROM _level "
            f"WHERE n > 2 AND ({some})"
        )
        if hits >= LEAST and 2 * hits >= areas:
            return _place(db, rows, columns, first)
        parents = "FROM _level JOIN _areas USING (area_id) WHERE parent NOTNULL"
        if db.row(f"SELECT count(*) {parents}") == (0,):
            return None
        db.run(
            f"CREATE OR REPLACE TABLE _level AS SELECT parent AS area_id, sum(n) AS n, {up} {parents} GROUP BY parent"
        )


def _place(db: Database, rows: str, columns: Sequence[str], area: str) -> str:
    below = (
        f"WITH RECURSIVE below(id) AS (SELECT {literal(area)} "
        "UNION SELECT area_id FROM _areas JOIN below ON parent = below.id)"
    )
    same = " AND ".join(f"rows.{name(each)} IS NOT DISTINCT FROM m{i}" for i, each in enumerate(columns))
    ((file, line),) = db.rows(
        f"{below} SELECT _file, _line FROM ({rows}) AS rows, _level WHERE _level.area_id = {literal(area)} "
        f"AND rows.area_id IN (SELECT id FROM below) AND {same} ORDER BY ALL LIMIT 1"
    ) or [(area, 0)]
    return f"{file}:{line}"
