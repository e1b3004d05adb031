"""Rows that are totals of others: left in, they would count everything twice."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from streams.core.election.numbering import Numbers
from streams.nights.importers.database import Database
from streams.nights.sql import name

LEAST: Final = 2
"""Areas in which a row must be the sum of all others, and half of those with three rows or more: in a single area that
happens by chance."""


def create_places(db: Database, areas: str, tables: str) -> None:
    """Make `_areas` of `area_id` and `parent`, and `_tables` of `table_id`, `registered` and `home`: the number of the
    area that a polling table lies in, which is the place of its row in `_areas`.

    `areas` is SQL that yields the first two, `tables` SQL that yields `table_id`, `registered` and `area_id`.
    """
    db.run(f"CREATE TABLE _areas AS {areas}")
    db.run(
        "CREATE TABLE _tables AS SELECT table_id, registered, _areas.rowid AS home "
        f"FROM ({tables}) JOIN _areas USING (area_id)"
    )


def located(rows: str, table: str) -> str:
    """SQL that adds to rows the `_home` and the `_voters` of the polling table that a column names; NULL for none."""
    return (
        f"SELECT rows.*, _tables.home AS _home, _tables.registered AS _voters FROM ({rows}) AS rows "
        f"LEFT JOIN _tables ON _tables.table_id = rows.{name(table)}"
    )


def subtotal(db: Database, rows: str, columns: Sequence[str]) -> str | None:
    """The place of a row that has the figures of all others of its area together, where that is the rule at some level
    of areas; else None.

    `rows` is SQL that yields `_home`, `_file`, `_line` and these columns.
    """
    figures = ", ".join(f"coalesce({name(each)}, 0) AS {name(each)}" for each in columns)
    home, *counts = db.arrays(f"SELECT _home, {figures} FROM ({rows}) WHERE _home NOTNULL")
    parents = _parents(db)
    depths = _depths(parents)
    rows_of = np.bincount(home, minlength=len(parents))
    sums = np.stack([np.bincount(home, count, len(parents)) for count in counts])
    most = np.zeros((len(counts), len(parents)), np.int64)
    for highest, count in zip(most, counts, strict=True):
        np.maximum.at(highest, home, count)
    for depth in range(int(depths.max(initial=0)), 0, -1):
        here = np.flatnonzero(depths == depth)
        some = here[(rows_of[here] > 2) & (sums[:, here] > 0).any(axis=0)]
        hits = some[(2 * most[:, some] == sums[:, some]).all(axis=0)]
        if len(hits) >= LEAST and 2 * len(hits) >= len(some):
            return _place(db, rows, dict(zip(columns, most[:, hits[0]].tolist(), strict=True)), parents, int(hits[0]))
        above = parents[here]
        np.add.at(rows_of, above, rows_of[here])
        for total, highest in zip(sums, most, strict=True):
            np.add.at(total, above, total[here])
            np.maximum.at(highest, above, highest[here])
    return None


def _parents(db: Database) -> Numbers:
    """The number of the area above each; that of the whole is its own."""
    number, parent = db.arrays(
        "SELECT one.rowid AS number, coalesce(above.rowid, one.rowid) AS parent "
        "FROM _areas AS one LEFT JOIN _areas AS above ON above.area_id = one.parent"
    )
    parents = np.zeros(len(number), np.int64)
    parents[number] = parent
    return parents


def _depths(parents: Numbers) -> Numbers:
    """Areas above each."""
    depths, above = np.zeros(len(parents), np.int64), np.arange(len(parents))
    while (above != parents[above]).any():
        depths += above != parents[above]
        above = parents[above]
    return depths


def _place(db: Database, rows: str, figures: dict[str, int], parents: Numbers, area: int) -> str:
    """The first row below an area that has these figures."""
    above, below = np.arange(len(parents)), parents < 0
    while True:
        below |= above == area
        if (above == parents[above]).all():
            break
        above = parents[above]
    same = " AND ".join(f"coalesce({name(each)}, 0) = {count}" for each, count in figures.items())
    inside = ", ".join(map(str, np.flatnonzero(below).tolist()))
    ((file, line),) = db.rows(
        f"SELECT _file, _line FROM ({rows}) WHERE _home IN ({inside}) AND {same} ORDER BY ALL LIMIT 1"
    )
    return f"{file}:{line}"
