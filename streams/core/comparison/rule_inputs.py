"""What the rules on sums work on: areas at ticks, one *place* each, side by side in arrays."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from streams.core.aggregation.histograms import Kind
from streams.core.aggregation.honest_shares import Figures
from streams.core.comparison.findings import Situation
from streams.core.election.numbering import Numbers


class RowsOfSums(Protocol):
    """Rows of sums, and what is claimed, place by place."""

    @property
    def areas(self) -> Numbers:
        """The number of the area at each place."""

    @property
    def rows(self) -> Numbers:
        """(places, `tally.width`)"""

    @property
    def claims(self) -> Numbers:
        """What the bulletins claim: (places, `bulletin_figures.width`), -1 without a bulletin."""

    @property
    def bounds(self) -> Numbers | None:
        """(places, `bound_sums.width`); None where the election has no evidence that is only a bound."""


@dataclass(frozen=True)
class SumRows:
    """Enough to say where nothing can be found."""

    areas: Numbers
    rows: Numbers
    claims: Numbers
    bounds: Numbers | None
    widest: Callable[[Numbers], Figures] = field(repr=False)
    """Of some places: no gap of any figure is wider, in points (`Projector.widest`)."""

    def some(self, places: Numbers) -> "SumRows":
        """Those of some places."""
        bounds = None if self.bounds is None else self.bounds[places]
        return SumRows(
            self.areas[places], self.rows[places], self.claims[places], bounds, lambda of: self.widest(places[of])
        )


class Places(RowsOfSums, Protocol):
    """Areas at ticks, with what exact figures need of their sheets. Arrays go by place."""

    @property
    def exist(self) -> Numbers:
        """Polling tables that exist; 0 where nobody knows."""

    @property
    def slip(self) -> float:
        """How far a gap may be off, in points."""

    def least(self, kind: Kind, column: int, totals: Numbers) -> Numbers:
        """How many sheets it takes at least for the largest figures of a histogram to come to a total; all of them
        where they come to less, none for a total of 0 or less."""

    def largest(self, kind: Kind, column: int, places: Numbers) -> Numbers:
        """The largest figure of a histogram, at some places; 0 without any."""

    def gaps(self, places: Numbers, least: float) -> Figures:
        """Points from each announced share to what can honestly be announced, at some places with a bulletin of valid
        votes and `expected_votes.ENOUGH` sheets, with votes: (these, columns). NaN where there is no figure, or the
        gap is certainly below `least`."""

    def open_votes(self, places: Numbers) -> Numbers:
        """The most votes that sheets which do not count yet can hold, at some places;
        `bulletin_figures.UNKNOWN` where nobody knows how many polling tables there are."""


@dataclass(frozen=True)
class AreasNow:
    """`Places` that are many areas at one tick."""

    areas: Numbers
    rows: Numbers
    claims: Numbers
    bounds: Numbers | None
    exist: Numbers
    situation: Callable[[int], Situation] = field(repr=False)
    """Everything that is known of the area at a place. The same object each time."""
    gaps: Callable[[Numbers, float], Figures] = field(repr=False)
    open_votes: Callable[[Numbers], Numbers] = field(repr=False)
    slip: Final = 0.0

    def least(self, kind: Kind, column: int, totals: Numbers) -> Numbers:
        """As `Places` has it. Histograms are counted where a total is above 0 only."""
        counts = np.zeros(len(totals), np.int64)
        for place in np.flatnonzero(totals > 0).tolist():
            counts[place] = self.situation(place).witnessed.top(kind, column).least(int(totals[place]))
        return counts

    def largest(self, kind: Kind, column: int, places: Numbers) -> Numbers:
        """As `Places` has it."""
        spreads = (self.situation(place).witnessed.spread for place in places.tolist())
        return np.fromiter((spread.largest(kind, column) for spread in spreads), np.int64, len(places))
