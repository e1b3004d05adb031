"""Rows that only some polling tables have are what an array with a row for each would hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from streams.core.reconciliation.table_rows import TablePlaces, TableRows

TABLES = 300
some = st.lists(st.integers(0, TABLES - 1), min_size=1, max_size=150)


@given(st.lists(st.tuples(st.sampled_from(["put", "fill", "row"]), some, st.booleans()), max_size=8))
def test_as_a_full_array(steps: list[tuple[str, list[int], bool]]) -> None:
    """However rows are written, also those of two kinds that share their places, all can be read as from full ones."""
    places = TablePlaces(TABLES)
    held = TableRows(places, 3), TableRows(places, 2, np.int32)
    full: list[NDArray[Any]] = [np.zeros((TABLES, 3), np.int64), np.zeros((TABLES, 2), np.int32)]
    every = np.arange(TABLES)
    for figure, (way, chosen, second) in enumerate(steps, 1):
        tables, rows, expected = np.array(chosen), held[second], full[second]
        if way == "put":
            tables = np.unique(tables)
            new = np.arange(len(tables) * rows.width).reshape(-1, rows.width) + figure
            rows.put(tables, new)
            expected[tables] = new
        elif way == "fill":
            rows.fill(tables, 1, figure)
            expected[tables, 1] = figure
        elif rows.take(tables[:1]).any():
            rows.row(chosen[0])[0] = figure
            expected[chosen[0], 0] = figure
        for one, other in zip(held, full, strict=True):
            assert one.take(every).tolist() == other.tolist()
            assert one.column(tables, 1).tolist() == other[tables, 1].tolist()
            assert one.row(chosen[-1]).tolist() == other[chosen[-1]].tolist()


def test_room_for_those_that_are_there() -> None:
    """What is held goes by the polling tables that have a row, not by how many there are."""
    rows = TableRows(TablePlaces(10**6), 10)
    rows.put(np.arange(0, 10**6, 1000), np.ones((1000, 10), np.int64))
    assert rows.take(np.array([1000, 1001])).tolist() == [[1] * 10, [0] * 10]
    assert rows._rows.nbytes < 2 * 1000 * 80
