"""How the votes are distributed over the accepted sheets of areas, kept up while sheets come."""

from collections.abc import Callable
from typing import Final

import numpy as np

from streams.core.aggregation.area_cache import AreaCache
from streams.core.aggregation.histograms import Running, Spread, are_countable
from streams.core.election.numbering import Layout, Numbers, stretches

LARGE: Final = 2_000
"""Polling tables of an area whose histograms are kept up; those of a smaller one are counted when asked for."""

KEPT: Final = 128
"""Areas whose spread is kept until a sheet changes: 0.2 MB each."""


class Spreads:
    """The spreads of all areas, each made when it is asked for. Who tells of an area asks for what its judge has asked:
    so some are kept (`KEPT`). Whoever changes sheets counts them out before and in behind, and names the areas."""

    def __init__(self, layout: Layout, measures: Callable[[Numbers], Numbers]) -> None:
        """`measures` gives what is counted of polling tables as they are now (`histograms.measures`)."""
        self._layout, self._measures = layout, measures
        self._running: dict[int, Running] = {}
        self._kept = AreaCache[Spread](KEPT)

    @property
    def keeps_up(self) -> bool:
        """Whether `count` has anything to do."""
        return bool(self._running)

    def count(self, tables: Numbers, sign: int) -> None:
        """Count the sheets of some polling tables, in rising order, as they are now: in (`sign` 1), or out (-1)."""
        for area, running in self._running.items():
            part = tables[slice(*np.searchsorted(tables, self._layout.inside(area)))]
            if len(part):
                running.add(self._measures(part), sign)

    def forget(self, areas: Numbers) -> None:
        """Sheets of these areas have changed."""
        self._kept.forget(areas)

    def of(self, area: int) -> Spread:
        """The spread of an area. It stays as it is, whatever comes."""
        return self._kept.get(area) or self._kept.keep(area, self._made(area))

    def _made(self, area: int) -> Spread:
        first, end = self._layout.inside(area)
        if area not in self._running and end - first > LARGE and (running := self._counted(first, end)) is not None:
            self._running[area] = running
        if area in self._running:
            return self._running[area].spread()
        return Spread.of(self._measures(np.arange(first, end)))

    def _counted(self, first: int, end: int) -> Running | None:
        """The histograms of a stretch of polling tables; None where they cannot be kept up."""
        running = None
        for part in stretches(first, end):
            sheets = self._measures(np.arange(part.start, part.stop))
            if not are_countable(sheets):
                return None
            if running is None:
                running = Running(sheets)
            else:
                running.add(sheets, 1)
        return running
