"""Sums over the accepted sheets of an area: what a row of them holds, and what one polling table adds to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from streams.core.aggregation.bound_sums import BoundSums
from streams.core.aggregation.histograms import NULLS, Histogram, Kind, Spread
from streams.core.aggregation.honest_shares import Projected
from streams.core.aggregation.top_sums import TopSums
from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.events.area_states import Lead
from streams.core.reconciliation import sheet_rows
from streams.core.reconciliation.consensus import Level
from streams.core.reconciliation.sheet_rows import by_column

READINGS: Final = 0
"""Readings that the row rests on. This and the constants below are places in a row of sums."""
TABLES: Final = 1
"""Accepted sheets."""
REGISTERED: Final = 2
"""Registered voters behind the accepted sheets, as far as known."""
VALID: Final = 3
NULL: Final = 4
KNOWN: Final = 5
"""Accepted sheets whose registered voters are known, and not 0."""
KNOWN_VALID: Final = 6
"""Valid votes on the sheets of `KNOWN`."""
LEVELS: Final = 7
"""The first of four: sheets by level of evidence, accepted or not, in the order of `Level`."""
ANNOUNCED: Final = 11
"""Polling tables with an official figure of their own."""
COMPARED: Final = 12
"""Those of `ANNOUNCED` with an accepted sheet."""
DIFFERING: Final = 13
"""Those of `COMPARED` where a figure differs."""
COMPARED_VALID: Final = 14
"""Valid votes on the sheets of the compared tables."""
VOTES: Final = 15
"""Votes by column. Behind them, by column: official less witnessed votes over the compared tables."""

NAMES: Final = tuple(level.value for level in Level)
DISPUTED: Final = LEVELS + NAMES.index("disputed")


def width(columns: int) -> int:
    """Numbers in a row of sums."""
    return VOTES + 2 * columns


def contributions(election: Election, tables: Numbers, read: Numbers, announced: Numbers | None) -> Numbers:
    """What polling tables add to the sums of the areas above, column by column: by their rows (`sheet_rows`), of
    their sheets and, where any was announced, of what was."""
    columns, options = len(election.columns), len(election.options)
    # Turned round at once, so that every figure lies with its like: half the time for thousands of rows.
    count, level, accepted, null, *_ = given = np.ascontiguousarray(read.T)
    sums = np.zeros((width(columns), len(tables)), np.int64)
    sums[READINGS] = count
    sums[TABLES] = accepted
    registered = election.layout.registered.take(tables)
    sums[REGISTERED] = accepted * registered
    sums[KNOWN] = with_voters = accepted * (registered > 0)
    sums[NULL] = accepted * null
    votes = sums[VOTES : VOTES + columns]
    by_column(election, given[sheet_rows.READ :] * accepted, votes)
    sums[VALID] = valid = votes[:options].sum(axis=0)
    sums[KNOWN_VALID] = with_voters * valid
    if announced is not None:
        _, holds, *_ = given = np.ascontiguousarray(announced.T)
        sums[ANNOUNCED] = holds
        sums[COMPARED] = compared = holds * accepted
        figures, shift = given[sheet_rows.ANNOUNCED :], sums[VOTES + columns :]
        figures[election.unread_places] = -1
        shift[:] = np.where(figures < 0, 0, figures - votes) * compared
        sums[DIFFERING] = shift.any(axis=0)
        sums[COMPARED_VALID] = compared * valid
    sums[LEVELS:ANNOUNCED] = level == _CODES
    return sums


_CODES: Final = np.arange(1, 1 + len(NAMES))[:, None]
"""The first stands for sheets of which no reading stands; where nobody ever read one there is no level."""


@dataclass(frozen=True, slots=True)
class Matching:
    """Official figures of single polling tables beside the accepted sheets of an area."""

    announced: int
    """Polling tables with an official figure of their own."""
    compared: int
    """Those of them with an accepted sheet."""
    differing: int
    """Those of them where a figure differs."""
    valid: int
    """Valid votes on the sheets of the compared tables."""
    shift: list[int]
    """Per column: official less witnessed votes, over the compared tables."""


_NO_SHEETS: Final = np.zeros(0, np.int64), np.zeros(0, np.int64)


@dataclass(frozen=True)
class Tally:
    """Sums over the accepted sheets of one area, as the rules see them. `votes` go by column."""

    row: list[int]
    busiest: Mapping[str, int] = field(default_factory=dict)
    """Readings of the reporter groups that sent most (the root only; each partition names a few)."""
    spreads: Callable[[], Spread] = Spread
    nulls: Callable[[], Histogram] = lambda: _NO_SHEETS
    """The null votes of the accepted sheets."""
    find_lead: Callable[[Sequence[int]], Lead | None] = lambda votes: None
    """Who leads with these votes, and which sheets could change that (`OpenSheets.lead`)."""
    bounds: BoundSums | None = None
    """Evidence that is only a bound; None where the election has none."""
    project: Callable[[], Projected | None] = lambda: None
    """What the area's bulletin can honestly announce; None where nothing can be said of that."""

    @cached_property
    def spread(self) -> Spread:
        """How the votes are distributed over the sheets; made when it is first asked for."""
        return self.spreads()

    def top(self, kind: Kind, column: int) -> TopSums:
        """Top sums of one histogram, where no sheet is accepted of what was certainly cast; made when it is first asked
        for."""
        return self._null_sums if kind == NULLS else self.spread.top(kind, column)

    @cached_property
    def _null_sums(self) -> TopSums:
        return TopSums(*self.nulls())

    @cached_property
    def lead(self) -> Lead | None:
        """Who leads, and which sheets that do not count yet could change that; None where nobody is ahead of all
        others. Worked out when it is first asked for."""
        return self.find_lead(self.votes)

    @property
    def readings(self) -> int:
        """Readings that all this rests on."""
        return self.row[READINGS]

    @property
    def tables(self) -> int:
        """Polling tables with an accepted sheet."""
        return self.row[TABLES]

    @property
    def registered(self) -> int:
        """Registered voters behind the accepted sheets, as far as known."""
        return self.row[REGISTERED]

    @property
    def valid(self) -> int:
        """Valid votes on the accepted sheets, for the options for which sheets are read."""
        return self.row[VALID]

    @property
    def null(self) -> int:
        """Null votes on the accepted sheets."""
        return self.row[NULL]

    @cached_property
    def votes(self) -> list[int]:
        """Votes on the accepted sheets, by column of the election (options, then groups)."""
        return self.row[VOTES : (VOTES + len(self.row)) // 2]

    @property
    def levels(self) -> dict[str, int]:
        """Sheets by level of evidence, accepted or not; those without any are left out."""
        return {name: count for name, count in zip(NAMES, self.row[LEVELS:ANNOUNCED], strict=True) if count}

    @property
    def matching(self) -> Matching:
        """Official figures of single polling tables beside their sheets."""
        announced, compared, differing, valid = self.row[ANNOUNCED:VOTES]
        return Matching(announced, compared, differing, valid, self.row[(VOTES + len(self.row)) // 2 :])
