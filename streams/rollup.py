"""Sums of accepted sheets, area by area, that merge in any order.

Each partition of the reports keeps one row of sums per area and sends it whole, as a `Partial`, never as a delta. The
sum over partitions takes the newest partial of each. Losing, repeating or reordering partials cannot change it once
the newest are in: a state-based CRDT.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streams.election import Election
from streams.layout import Numbers
from streams.ledger import Level
from streams.spread import Spread

READINGS: Final = 0
"""Places in a row of sums: readings and official figures that all rests on,"""
TABLES: Final = 1
"""accepted sheets,"""
REGISTERED: Final = 2
"""registered voters behind them, as far as known,"""
VALID: Final = 3
NULL: Final = 4
LEVELS: Final = 5
"""sheets by level of evidence, accepted or not, in the order of `Level`,"""
ANNOUNCED: Final = 9
"""polling tables with an official figure of their own,"""
COMPARED: Final = 10
"""those of them with an accepted sheet,"""
DIFFERING: Final = 11
"""those of them where a figure differs,"""
COMPARED_VALID: Final = 12
"""valid votes on the sheets of the compared tables,"""
VOTES: Final = 13
"""votes by column, and behind them, by column, official less witnessed votes over the compared tables."""

NAMES: Final = tuple(level.value for level in Level)
DISPUTED: Final = LEVELS + NAMES.index("disputed")

# A polling table's own row, from which its contribution to the sums follows: readings and official figures in its
# ledger; 1 + the place of its level (0: no ledger); whether its sheet is accepted; null votes; votes by option.
SHEET: Final = 4


def width(columns: int) -> int:
    """Numbers in a row of sums."""
    return VOTES + 2 * columns


def contributions(election: Election, tables: Numbers, sheets: Numbers, official: Numbers | None) -> Numbers:
    """What polling tables add to the sums of the areas above. `sheets` are their own rows; `official`, where any was
    announced, says whether one was, then the figures by column (-1: none)."""
    columns, known = len(election.columns), election.layout
    rows = np.zeros((len(tables), width(columns)), np.int64)
    accepted = sheets[:, 2]
    rows[:, READINGS] = sheets[:, 0]
    rows[:, TABLES] = accepted
    rows[:, REGISTERED] = accepted * known.registered[tables]
    rows[:, NULL] = accepted * sheets[:, 3]
    rows[:, LEVELS:ANNOUNCED] = sheets[:, 1, None] == _CODES
    votes = rows[:, VOTES : VOTES + columns]
    by_column(election, sheets[:, SHEET:] * accepted[:, None], votes)
    rows[:, VALID] = votes[:, : len(election.options)].sum(axis=1)
    if official is not None:
        rows[:, ANNOUNCED] = official[:, 0]
        rows[:, COMPARED] = compared = official[:, 0] * accepted
        figures = official[:, 1:]
        shift = np.where(figures < 0, 0, figures - votes) * compared[:, None]
        rows[:, DIFFERING] = shift.any(axis=1)
        rows[:, COMPARED_VALID] = compared * rows[:, VALID]
        rows[:, VOTES + columns :] = shift
    return rows


_CODES: Final = np.arange(1, 1 + len(NAMES))


def by_column(election: Election, votes: Numbers, out: Numbers) -> None:
    """Votes by option, followed by the sum of each group."""
    options = len(election.options)
    out[:, :options] = votes
    for i, group in enumerate(election.group_indexes):
        out[:, options + i] = votes[:, list(group)].sum(axis=1)


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


@dataclass(frozen=True)
class Strata:
    """The areas right below one, which post-stratifying needs: their numbers, and their rows of sums."""

    areas: Numbers
    rows: Numbers


@dataclass(frozen=True)
class Tally:
    """Sums over the accepted sheets of one area, as the rules see them. `votes` go by column."""

    row: list[int]
    strata: Strata
    busiest: Mapping[str, int] = field(default_factory=dict)
    """Readings of the reporter groups that sent most (the root only; each partition names a few)."""
    spreads: Callable[[], Spread] = Spread

    @cached_property
    def spread(self) -> Spread:
        """How the votes are distributed over the sheets; made when it is first asked for."""
        return self.spreads()

    @property
    def readings(self) -> int:
        """Readings and official figures that all this rests on."""
        return self.row[READINGS]

    @property
    def tables(self) -> int:
        return self.row[TABLES]

    @property
    def registered(self) -> int:
        """Registered voters behind the accepted sheets, as far as known."""
        return self.row[REGISTERED]

    @property
    def valid(self) -> int:
        return self.row[VALID]

    @property
    def null(self) -> int:
        return self.row[NULL]

    @cached_property
    def votes(self) -> list[int]:
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


@dataclass(frozen=True)
class Partial:
    """One partition's sums for one area.

    `version` is the number of distinct readings and official figures behind it. A partition's readings only grow
    (`streams.ledger`), so of two partials the one with more readings is the newer, whichever
    worker sent it and after whatever crash.
    """

    area: str
    partition: int
    row: list[int]
    spread: Spread
    busiest: Mapping[str, int] = field(default_factory=dict)

    @property
    def version(self) -> int:
        return self.row[READINGS]

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "area": self.area,
            "partition": self.partition,
            "sums": self.row,
            "spread": self.spread.plain(),
            "busiest": dict(self.busiest),
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Partial":
        """The partial that `plain` wrote."""
        spread = Spread.from_plain(data["spread"])
        return cls(data["area"], data["partition"], data["sums"], spread, data["busiest"])


@dataclass(frozen=True)
class Batch:
    """One partition's sums for many areas at once, within a process: areas by number, and their rows."""

    partition: int
    areas: Numbers
    rows: Numbers
    busiest: Mapping[str, int]
    spread: Callable[[int], Spread]
    """Of an area by number, as the sheets are when it is asked."""


class Merged:
    """The newest rows of every partition, and their sum."""

    def __init__(self, election: Election) -> None:
        self._shape = len(election.areas), width(len(election.columns))
        self._parts: dict[int, Numbers] = {}
        self.rows = np.zeros(self._shape, np.int64)
        """By area."""

    def add(self, partition: int, areas: Numbers, rows: Numbers) -> NDArray[np.bool_]:
        """Take in a partition's rows, except where a newer one is known; which ones (by place) are taken."""
        known = self._parts.get(partition)
        if known is None:
            known = self._parts[partition] = np.zeros(self._shape, np.int64)
        before = known[areas]
        fresh = rows[:, READINGS] >= before[:, READINGS]
        if not fresh.all():
            areas, rows, before = areas[fresh], rows[fresh], before[fresh]
        self.rows[areas] += rows - before
        known[areas] = rows
        return fresh
