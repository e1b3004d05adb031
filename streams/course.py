"""How the sums of areas go along over many ticks, worked out at once: tick by tick it takes three times as long."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from streams.layout import Flags, Layout, Numbers, begins
from streams.rollup import Strata
from streams.sheets import Rows


class Arrivals:
    """Rows of polling tables that came at many ticks; of each tick one for a polling table at most."""

    def __init__(self, parts: Sequence[Rows]) -> None:
        self._count = len(parts)
        self._tables = np.concatenate([tables for tables, _ in parts])
        self._rows = np.concatenate([rows for _, rows in parts])
        lengths = [len(tables) for tables, _ in parts]
        self._ends = np.cumsum([0, *lengths])
        keys = self._tables * self._count + np.repeat(np.arange(self._count), lengths)
        self._order = np.argsort(keys)
        self.keys: Numbers = keys[self._order]
        """Of each, polling table times the number of ticks, plus tick, in rising order."""

    def as_of(self, keys: Numbers, known: Numbers) -> Numbers:
        """The rows that hold at these keys; `known` are those of all polling tables before the first tick."""
        if not len(self.keys):
            return known[keys // self._count]
        found = np.searchsorted(self.keys, keys, side="right") - 1
        tables = keys // self._count
        ours = (found >= 0) & (self.keys[found] // self._count == tables)
        rows: Numbers = self._rows[self._order[found]]
        return rows if ours.all() else np.where(ours[:, None], rows, known[tables])

    def newest(self, begin: int, end: int) -> Rows:
        """What holds after the ticks from `begin` to before `end`, of the polling tables that changed in them."""
        part = slice(self._ends[begin], self._ends[end])
        tables, last = np.unique(self._tables[part][::-1], return_index=True)
        return tables, self._rows[part][::-1][last]


@dataclass(frozen=True)
class Course:
    """A row of sums for each watched area and each tick that changes it, in this order."""

    ticks: int
    read: Arrivals
    announced: Arrivals
    areas: Numbers
    at: Numbers
    rows: Numbers
    changed: Numbers
    """All areas that change, watched or not,"""
    ends: Numbers
    """and their rows after the last tick."""

    def of(self, begin: int, end: int) -> Numbers:
        """The places of the rows of the ticks from `begin` to before `end`, those of an earlier tick first."""
        order, ends = self._by_tick
        return order[ends[begin] : ends[end]]

    def strata(self, layout: Layout, places: Numbers, before: Numbers) -> Strata:
        """The areas below those of some of the rows, at the same tick. `before` are the rows of all areas before the
        first tick; who is not watched counts as unchanged."""
        counts, below = layout.right_below(self.areas[places].tolist())
        wanted = below * self.ticks + np.repeat(self.at[places], counts)
        found = np.searchsorted(self.areas * self.ticks + self.at, wanted, side="right") - 1
        known = (found >= 0) & (self.areas[found] == below)
        rows = before[below]
        rows[known] = self.rows[found[known]]
        return Strata(counts, below, rows)

    @cached_property
    def _by_tick(self) -> tuple[Numbers, Numbers]:
        order = np.argsort(self.at, kind="stable")
        return order, np.searchsorted(self.at[order], np.arange(self.ticks + 1))


def follow(
    lines: Numbers, at: Numbers, changes: Numbers, watched: Flags, before: Numbers
) -> tuple[Numbers, Numbers, Numbers]:
    """The watched areas, the ticks that change them, and their rows then, in this order. Each of the changes to their
    rows has a tick (`at`) and a line of areas from the root down, -1 behind the last."""
    change, level = np.nonzero(watched[lines] & (lines >= 0))
    areas, at = lines[change, level], at[change]
    ticks = at.max(initial=0) + 1
    keys = areas * ticks + at
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(begins(keys[order]))
    areas, at = areas[order[starts]], at[order[starts]]
    if not len(starts):
        return areas, at, before[areas]
    # Column by column, as they lie in memory.
    running = np.cumsum(np.add.reduceat(changes.T[:, change[order]], starts, axis=1), axis=1).T
    first = np.searchsorted(areas, areas)  # place of each area's first row
    earlier = np.where((first > 0)[:, None], running[first - 1], 0)
    return areas, at, before[areas] + running - earlier
