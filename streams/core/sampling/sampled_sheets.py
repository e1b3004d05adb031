"""The sampled polling tables' sheets as a night goes by, and what they say of the whole and of parts of it."""

from typing import Final, NamedTuple

import numpy as np

from streams.core.election.drawn_sample import DrawnSample
from streams.core.election.model import Election
from streams.core.election.numbering import ROOT
from streams.core.events.sample_states import SampleRecord
from streams.core.reconciliation.sheet_rows import READ, Rows, in_order
from streams.core.sampling.estimates import estimates, record
from streams.core.sampling.sample import Sample
from streams.core.sampling.units import Units

ENOUGH: Final = 30
"""Sampled polling tables, or clusters, of an area below the whole from which its own estimate is given."""
_ACCEPTED: Final = 2
"""Place of the flag in a row (`sheet_rows`): whether the sheet is accepted."""


class _Part(NamedTuple):
    """The strata that make up an area, and its sampled tables: stretches of all strata and of all sampled tables."""

    strata: slice
    tables: slice


class SampledSheets:
    """The newest row of each sampled polling table. Takes in rows in any order and as often as they come.

    The areas that it speaks of are the whole, and those that strata make up if `ENOUGH` units of them are sampled.
    """

    def __init__(self, election: Election, drawn: DrawnSample) -> None:
        layout = election.layout
        self._election, self._unseen = election, election.sample_unseen
        self._units = units = Units.of(election, drawn)
        self._by_number = np.argsort(units.tables)
        self._sorted = units.tables[self._by_number]
        self._limits = election.ballot_limits[units.tables]
        self._rows = np.zeros((len(units.tables), READ + len(election.options)), np.int64)
        self._parts: dict[int, _Part] = {}
        above = np.unique(layout.above(units.areas))
        for area in above[above >= ROOT].tolist():
            strata = slice(*np.searchsorted(units.areas, [area, layout.behind(area)]).tolist())
            tables = slice(*np.searchsorted(units.stratum, [strata.start, strata.stop]).tolist())
            if area == ROOT or len(np.unique(units.unit[tables])) >= ENOUGH:
                self._parts[area] = _Part(strata, tables)
        self._samples: dict[int, Sample] = {}
        self._records: dict[int, SampleRecord] = {}

    def add(self, rows: Rows) -> bool:
        """Take in rows of polling tables, sampled or not; of one polling table the last counts, unless a newer one is
        known. Whether any accepted figure of a sampled sheet has changed."""
        tables, given = rows
        spots = np.minimum(np.searchsorted(self._sorted, tables), len(self._sorted) - 1)
        ours = np.flatnonzero(self._sorted[spots] == tables)
        if not len(ours):
            return False
        tables, given = in_order((tables[ours], given[ours]))
        places = self._by_number[np.searchsorted(self._sorted, tables)]
        newer = given[:, 0] >= self._rows[places, 0]
        places, given = places[newer], given[newer]
        before, self._rows[places] = self._rows[places], given
        moved = places[(given[:, _ACCEPTED:] != before[:, _ACCEPTED:]).any(axis=1)]
        for area, part in self._parts.items() if len(moved) else ():
            if ((moved >= part.tables.start) & (moved < part.tables.stop)).any():
                self._samples.pop(area, None)
                self._records.pop(area, None)
        return bool(len(moved))

    def sample(self, area: int) -> Sample | None:
        """The sample of an area as it stands; None for an area that it does not speak of."""
        if area not in self._parts:
            return None
        if area not in self._samples:
            part, units = self._parts[area], self._units
            rows = self._rows[part.tables]
            came = rows[:, _ACCEPTED] > 0
            self._samples[area] = Sample(
                names=units.names[part.strata],
                sizes=units.sizes[part.strata],
                stratum=units.stratum[part.tables] - part.strata.start,
                came=came,
                votes=(rows[:, READ:] * came[:, None]).T.copy(),
                limits=self._limits[part.tables],
                largest=max(1, int(units.largest[part.strata].max())),
                cluster=units.unit[part.tables] - units.unit[part.tables.start] if units.clustered else None,
            )
        return self._samples[area]

    def record(self, area: int) -> SampleRecord | None:
        """What the sample says of an area; None for an area that it does not speak of. Worked out again only where a
        sampled sheet has changed."""
        if area not in self._records:
            sample = self.sample(area)
            if sample is None:
                return None
            self._records[area] = record(sample, self._unseen, estimates(self._election, sample, self._unseen))
        return self._records[area]
