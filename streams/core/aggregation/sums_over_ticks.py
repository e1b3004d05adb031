"""The sums of areas over many ticks, worked out at once.

There are two ways to take in rows, because each is the slower one elsewhere. For 64 ticks this takes half the time of
one `Sums.add` after the other; for a single tick it takes three times as long, and it knows no bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from streams.core.aggregation.expected_votes import Traced
from streams.core.aggregation.tally import READINGS
from streams.core.election.numbering import ROOT, Numbers, closes, rising
from streams.core.reconciliation.sheet_rows import Rows, together


class Arrivals:
    """Rows of polling tables that came at many ticks, in any order; of one polling table and tick the last counts."""

    def __init__(self, parts: Sequence[Rows]) -> None:
        lengths = [len(tables) for tables, _ in parts]
        self._count = len(parts)
        self._came = together(parts)
        self._ends = np.cumsum([0, *lengths])
        tables, rows = self._came
        order = rising(tables)
        keys = tables * self._count + np.repeat(np.arange(self._count), lengths)
        keys = keys.take(order)
        last = closes(keys)
        self.keys: Numbers = keys[last]
        """Of each, polling table times the number of ticks, plus tick, in rising order."""
        self._rows = rows.take(order[last], axis=0)

    def as_of(self, keys: Numbers, before: Numbers) -> Numbers:
        """The rows that hold at these keys; `before` are those of all polling tables before the first tick."""
        if keys is self.keys:
            return self._rows
        tables = keys // self._count
        if not len(self.keys):
            return before.take(tables, axis=0)
        places = np.searchsorted(self.keys, keys, side="right") - 1
        ours = (places >= 0) & (self.keys.take(places) // self._count == tables)
        return np.where(ours[:, None], self._rows.take(places, axis=0), before.take(tables, axis=0))

    def between(self, begin: int, end: int) -> Rows:
        """What came at the ticks from `begin` to before `end`, as it came."""
        part = slice(self._ends[begin], self._ends[end])
        tables, rows = self._came
        return tables[part], rows[part]


class SheetChanges(NamedTuple):
    """Rows of polling tables' sheets before and after each tick that changes them, by table and then by tick."""

    tables: Numbers
    at: Numbers
    before: Numbers
    after: Numbers


@dataclass(frozen=True)
class Course:
    """A row of sums for each watched area and each tick that changes it, in this order."""

    ticks: int
    read: Arrivals
    announced: Arrivals
    sheets: SheetChanges
    areas: Numbers
    at: Numbers
    rows: Numbers
    changed: Numbers
    """All areas that change, watched or not."""
    ends: Numbers
    """The rows of the areas in `changed` after the last tick."""
    traced: Traced | None
    """What becomes of the unseen; None where nobody asks."""

    @property
    def readings(self) -> dict[int, int]:
        """Readings in the whole election, by the ticks at which anything came of polling tables. The root must be
        watched."""
        of_root = self.areas == ROOT  # which changes whenever anything does
        return dict(zip(self.at[of_root].tolist(), self.rows[of_root, READINGS].tolist(), strict=True))

    def of(self, begin: int, end: int) -> Numbers:
        """The places of the rows of the ticks from `begin` to before `end`, those of an earlier tick first."""
        order, ends = self._by_tick
        return order[ends[begin] : ends[end]]

    @cached_property
    def _by_tick(self) -> tuple[Numbers, Numbers]:
        order = np.argsort(self.at, kind="stable")
        return order, np.searchsorted(self.at[order], np.arange(self.ticks + 1))
