"""Rows of figures by polling table, held only for those that have any: each partition has a few of an election's."""

from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from streams.core.election.numbering import Numbers

_LEAST: Final = 64
"""Rows that there is room for at first."""


class TablePlaces:
    """Gives polling tables, by number, their places in arrays, in the order in which they are needed. Place 0 is
    nobody's."""

    def __init__(self, tables: int) -> None:
        self._places = np.zeros(tables, np.int32)
        self.count = 1
        """Places that are given, with nobody's."""

    def of(self, tables: Numbers) -> NDArray[np.int32]:
        """The place of each, 0 where there is none."""
        return self._places.take(tables)

    def of_one(self, table: int) -> int:
        """The same of one."""
        return int(self._places[table])

    def give(self, tables: Numbers) -> NDArray[np.int32]:
        """The place of each, a new one where there is none. A polling table may come more than once."""
        places = self._places.take(tables)
        if not places.all():
            new = tables[places == 0]
            self._places[new] = np.arange(self.count, self.count + len(new))  # of equal ones the last stays
            self.count += len(new)
            places = self._places.take(tables)
        return places


class TableRows:
    """One row for each polling table that was ever written to; that of any other is 0 throughout."""

    def __init__(self, places: TablePlaces, width: int, kind: DTypeLike = np.int64) -> None:
        """`places` may be shared by several of these."""
        self._places = places
        self._rows: NDArray[Any] = np.zeros((_LEAST, width), kind)

    @property
    def width(self) -> int:
        return int(self._rows.shape[1])

    def take(self, tables: Numbers) -> NDArray[Any]:
        """A copy of the row of each."""
        rows: NDArray[Any] = self._rows.take(self._within(self._places.of(tables)), axis=0)
        return rows

    def column(self, tables: Numbers, column: int) -> NDArray[Any]:
        """A copy of one figure of each."""
        figures: NDArray[Any] = self._rows[self._within(self._places.of(tables)), column]
        return figures

    def put(self, tables: Numbers, rows: NDArray[Any]) -> None:
        """Write over whole rows."""
        places = self._room(self._places.give(tables))
        self._rows[places] = rows

    def fill(self, tables: Numbers, column: int, figure: int) -> None:
        """Write one figure into one column."""
        places = self._room(self._places.give(tables))
        self._rows[places, column] = figure

    def row(self, table: int) -> NDArray[Any]:
        """The row of one, to be read or written: of one that has none, to be read only."""
        place = self._places.of_one(table)
        row: NDArray[Any] = self._rows[place if place < len(self._rows) else 0]
        return row

    def _within(self, places: NDArray[np.int32]) -> NDArray[np.int32]:
        """The same places, 0 for those that only other arrays have written to."""
        return places if self._places.count <= len(self._rows) else np.where(places < len(self._rows), places, 0)

    def _room(self, places: NDArray[np.int32]) -> NDArray[np.int32]:
        """The same places; there is a row for each now."""
        if self._places.count > len(self._rows):
            rows = np.zeros((max(self._places.count, len(self._rows) * 3 // 2), self.width), self._rows.dtype)
            rows[: len(self._rows)] = self._rows
            self._rows = rows
        return places
