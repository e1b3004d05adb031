"""The election's areas and polling tables as numbers, so that sums over many of them are sums of arrays.

Areas are numbered from the root down, each before those below it and all that is below it right behind it; polling
tables in the order of their areas. So the polling tables anywhere below an area are one stretch of numbers.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

ROOT: Final = 0
"""The number of the area without a parent."""


class _Area(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def tables(self) -> int | None: ...
    @property
    def registered(self) -> int | None: ...


class _Table(Protocol):
    @property
    def area(self) -> str: ...
    @property
    def registered(self) -> int | None: ...


class Layout:
    """Numbers for areas and polling tables. Unknown figures are 0."""

    def __init__(
        self,
        areas: Mapping[str, _Area],
        children: Mapping[str, Sequence[str]],
        lineage: Mapping[str, Sequence[str]],
        tables: Mapping[str, _Table],
    ) -> None:
        self.areas: list[str] = []
        """Ids, by number."""
        waiting = [area for area, line in lineage.items() if len(line) == 1]
        while waiting:
            self.areas.append(waiting.pop())
            waiting += sorted(children[self.areas[-1]], reverse=True)
        self.area: dict[str, int] = {id: i for i, id in enumerate(self.areas)}
        """Number of an area, by id."""
        number = self.area
        self.tables: list[str] = sorted(tables, key=lambda id: number[tables[id].area])
        """Ids, by number."""
        self.table: dict[str, int] = {id: i for i, id in enumerate(self.tables)}
        """Number of a polling table, by id."""
        self.registered = _numbers(tables[id].registered or 0 for id in self.tables)
        """Registered voters, by polling table."""
        self.knows_register = np.array([tables[id].registered is not None for id in self.tables], bool)
        """Whether those are known, by polling table."""
        most = self.registered.max(initial=-1, where=self.knows_register)
        self.ceiling = np.where(self.knows_register, self.registered, most)
        """The most votes a false sheet could stand for, by polling table: its registered voters, else those of the
        largest one; -1 where none is known."""
        deepest = max(len(line) for line in lineage.values())
        lines = np.full((len(self.areas), deepest), -1, np.int64)
        for i, id in enumerate(self.areas):
            lines[i, : len(lineage[id])] = [number[area] for area in lineage[id]]
        self.depth = (lines >= 0).sum(axis=1)
        """Areas from the root down to each, itself too."""
        self.below: list[Numbers] = [_numbers(number[part] for part in sorted(children[id])) for id in self.areas]
        """The areas right below, by area."""
        self.exist = _numbers(areas[id].tables or 0 for id in self.areas)
        """Polling tables that exist, by area."""
        self.voters = _numbers(areas[id].registered or 0 for id in self.areas)
        """Registered voters, by area."""
        self.knows_tables, self.knows_voters = (
            np.array([figure is not None for figure in figures], bool)
            for figures in ([areas[id].tables for id in self.areas], [areas[id].registered for id in self.areas])
        )
        """Whether those are known, by area."""
        home = _numbers(number[tables[id].area] for id in self.tables)
        self._home, self._lines = home, lines
        self._first = np.searchsorted(home, np.arange(len(self.areas)))
        self._end = _ends(lines, deepest)

    def inside(self, area: int) -> tuple[int, int]:
        """The polling tables anywhere below an area: the first, and the one behind the last."""
        behind = int(self._end[area])
        last = self._first[behind] if behind < len(self.areas) else len(self.tables)
        return int(self._first[area]), int(last)

    def lines(self, tables: Numbers) -> Numbers:
        """The areas above each polling table, from the root down, -1 behind the last."""
        lines: Numbers = self._lines[self._home[tables]]
        return lines

    def roll_up(self, tables: Numbers, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Add up the rows of polling tables, in rising order, over every area above: areas and their sums. A polling
        table may come more than once.

        One pass over all levels: four times as fast as one for each. A level is a stretch of `flat`, an area a stretch
        within it, since the polling tables of an area lie together; its sum is the difference of two running sums,
        which are the same for every level.
        """
        lines = self.lines(tables)
        flat = lines.T.ravel()
        new = np.empty(len(flat), bool)
        new[:1] = True
        np.not_equal(flat[1:], flat[:-1], out=new[1:])
        starts = np.flatnonzero(new)
        areas, ends = flat[starts], np.append(starts[1:], len(flat))
        known = areas >= 0
        areas, starts, ends = areas[known], starts[known], ends[known]
        running = np.zeros((len(rows) + 1, rows.shape[1]), np.int64)
        np.cumsum(rows, axis=0, out=running[1:])
        level = starts - starts % max(1, len(rows))
        return areas, running[ends - level] - running[starts - level]


def _numbers(values: Any) -> Numbers:
    return np.fromiter(values, np.int64)


def _ends(lines: Numbers, deepest: int) -> Numbers:
    """Behind the last area below each: the next one that is no deeper."""
    ends = np.full(len(lines), len(lines), np.int64)
    for depth in range(deepest):
        column = lines[:, depth].tolist()
        for area, run in groupby(range(len(lines)), key=column.__getitem__):
            if area >= 0:
                ends[area] = max(run) + 1
    return ends
