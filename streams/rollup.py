"""Sums of accepted sheets, area by area, that merge in any order.

Each partition of the reports keeps one `Tally` per area and sends it whole, as a `Partial`,
never as a delta. The sum over partitions takes the newest partial of each. Losing, repeating
or reordering partials cannot change it once the newest are in: a state-based CRDT.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from streams.election import Votes
from streams.ledger import Level

Histogram = dict[int, int]
"""Value to the number of polling tables that have it; never a number of zero."""

Row = Sequence[Sequence[int]]
"""A histogram as JSON has it: the values, and beside them the numbers."""


class Spread:
    """How votes are distributed over the accepted sheets of one area: three histograms for each column.

    Adding is put off until somebody looks. Only an area with a bulletin is ever looked at, and the histograms
    are nearly all of the work of merging.
    """

    __slots__ = ("_known", "_waiting")

    def __init__(self, columns: int) -> None:
        self._known: tuple[list[Histogram], ...] = tuple([{} for _ in range(columns)] for _ in range(3))
        self._waiting: list[Sequence[Sequence[Row]]] = []

    @property
    def votes(self) -> list[Histogram]:
        """Per column: the votes w(t) of a table."""
        return self._histograms()[0]

    @property
    def rest(self) -> list[Histogram]:
        """Per column: the valid votes of a table that went elsewhere, valid(t) - w(t)."""
        return self._histograms()[1]

    @property
    def headroom(self) -> list[Histogram]:
        """Per column: what a false sheet could still hide, registered(t) - w(t)."""
        return self._histograms()[2]

    def count(self, sheet: "Sheet", sign: int) -> None:
        """Add a sheet (`sign` 1), or take it out again (-1)."""
        by_votes, by_rest, by_headroom = self._histograms()
        for i, votes in enumerate(sheet.votes):
            _bump(by_votes[i], votes, sign)
            _bump(by_rest[i], sheet.valid - votes, sign)
            _bump(by_headroom[i], max(0, sheet.ceiling - votes), sign)

    def add(self, other: "Spread") -> None:
        """Add another part as it is now."""
        self._waiting += other._waiting
        if any(histogram for kind in other._known for histogram in kind):
            self._waiting.append(_rows(other._known))

    def plain(self) -> list[list[Row]]:
        """As JSON: votes, rest and headroom, of each the columns, of each the values and their numbers."""
        return _rows(self._histograms())

    @classmethod
    def from_plain(cls, rows: Sequence[Sequence[Row]]) -> "Spread":
        """What `plain` wrote."""
        spread = cls(len(rows[0]))
        spread._waiting.append(rows)
        return spread

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spread) and self._histograms() == other._histograms()

    __hash__ = None  # type: ignore[assignment]

    def _histograms(self) -> tuple[list[Histogram], ...]:
        waiting, self._waiting = self._waiting, []
        for part in waiting:
            for histograms, rows in zip(self._known, part, strict=True):
                for i, (values, numbers) in enumerate(rows):
                    if not (mine := histograms[i]):
                        histograms[i] = dict(zip(values, numbers, strict=True))
                        continue
                    for value, number in zip(values, numbers, strict=True):
                        mine[value] = mine.get(value, 0) + number
        return self._known


def _rows(histograms: Iterable[list[Histogram]]) -> list[list[Row]]:
    return [[(list(h), list(h.values())) for h in kind] for kind in histograms]


@dataclass(slots=True)
class Stratum:
    """What post-stratifying needs of one area below: sums over its accepted sheets."""

    tables: int = 0
    registered: int = 0
    """Registered voters behind the accepted sheets, as far as known."""
    valid: int = 0
    votes: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Matching:
    """Official figures of single polling tables beside the accepted sheets of an area."""

    announced: int = 0
    """Polling tables with an official figure of their own."""
    compared: int = 0
    """Those of them with an accepted sheet."""
    differing: int = 0
    """Those of them where a figure differs."""
    valid: int = 0
    """Valid votes on the sheets of the compared tables."""
    shift: list[int] = field(default_factory=list)
    """Per column: official less witnessed votes, over the compared tables."""

    def add(self, other: "Matching", sign: int = 1) -> None:
        """Add another part (`sign` 1), or take it out again (-1)."""
        self.announced += sign * other.announced
        self.compared += sign * other.compared
        self.differing += sign * other.differing
        self.valid += sign * other.valid
        self.shift = [a + sign * b for a, b in zip(self.shift, other.shift, strict=True)]


@dataclass(slots=True)
class Tally:
    """Sums over the accepted sheets of one area. `votes` go by column."""

    columns: int
    tables: int = 0
    registered: int = 0
    """Registered voters behind the accepted sheets, as far as known."""
    valid: int = 0
    null: int = 0
    votes: list[int] = field(default_factory=list)
    levels: Counter[str] = field(default_factory=Counter)
    """Sheets by level of evidence, accepted or not."""
    strata: dict[str, Stratum] = field(default_factory=dict)
    busiest: Counter[str] = field(default_factory=Counter)
    """Readings of the reporter groups that sent most (the root only; each partition names a few)."""
    readings: int = 0
    """Readings and official figures that all this rests on."""

    matching: Matching = field(init=False)
    spread: Spread = field(init=False)

    def __post_init__(self) -> None:
        self.votes = self.votes or [0] * self.columns
        self.spread = Spread(self.columns)
        self.matching = Matching(shift=[0] * self.columns)

    def count_level(self, level: Level, sign: int) -> None:
        """Count one sheet more (`sign` 1) or less (-1) at this level of evidence."""
        _bump(self.levels, level.value, sign)

    def count_sheet(self, sheet: "Sheet", stratum: str | None, sign: int) -> None:
        """Add an accepted sheet (`sign` 1) or take it out again (-1)."""
        self.tables += sign
        self.registered += sign * (sheet.registered or 0)
        self.valid += sign * sheet.valid
        self.null += sign * sheet.null
        for i, votes in enumerate(sheet.votes):
            self.votes[i] += sign * votes
        self.spread.count(sheet, sign)
        if stratum is not None:
            part = self.strata.get(stratum)
            if part is None:
                part = self.strata[stratum] = Stratum(votes=[0] * self.columns)
            part.tables += sign
            part.registered += sign * (sheet.registered or 0)
            part.valid += sign * sheet.valid
            for i, votes in enumerate(sheet.votes):
                part.votes[i] += sign * votes
            if not part.tables:
                del self.strata[stratum]

    def add(self, other: "Tally") -> None:
        """Add another part's sums to these."""
        self.tables += other.tables
        self.registered += other.registered
        self.valid += other.valid
        self.null += other.null
        self.levels.update(other.levels)
        self.busiest.update(other.busiest)
        self.readings += other.readings
        self.matching.add(other.matching)
        for i in range(self.columns):
            self.votes[i] += other.votes[i]
        self.spread.add(other.spread)
        for name, part in other.strata.items():
            mine = self.strata.setdefault(name, Stratum(votes=[0] * self.columns))
            mine.tables += part.tables
            mine.registered += part.registered
            mine.valid += part.valid
            mine.votes = [a + b for a, b in zip(mine.votes, part.votes, strict=True)]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One accepted sheet as the sums see it. `votes` go by column (options, then groups)."""

    votes: Votes
    valid: int
    null: int
    registered: int | None
    ceiling: int
    """The most votes a false sheet of this table could stand for: its registered voters,
    else those of the largest table, else its valid votes."""


@dataclass(frozen=True, slots=True)
class Partial:
    """One partition's sums for one area.

    `version` is the number of distinct readings and official figures behind it. A partition's readings only grow
    (`streams.ledger`), so of two partials the one with more readings is the newer, whichever
    worker sent it and after whatever crash.
    """

    area: str
    partition: int
    version: int
    tally: Tally

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        t, m = self.tally, self.tally.matching
        return {
            "area": self.area,
            "partition": self.partition,
            "version": self.version,
            "tables": t.tables,
            "registered": t.registered,
            "valid": t.valid,
            "null": t.null,
            "votes": t.votes,
            "spread": t.spread.plain(),
            "levels": dict(t.levels),
            "strata": {name: [s.tables, s.registered, s.valid, s.votes] for name, s in t.strata.items()},
            "busiest": dict(t.busiest),
            "matching": [m.announced, m.compared, m.differing, m.valid, m.shift],
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "Partial":
        """The partial that `plain` wrote."""
        tally = Tally(
            columns=len(data["votes"]),
            tables=data["tables"],
            registered=data["registered"],
            valid=data["valid"],
            null=data["null"],
            votes=list(data["votes"]),
            levels=Counter(data["levels"]),
            strata={name: Stratum(*row) for name, row in data["strata"].items()},
            busiest=Counter(data["busiest"]),
            readings=data["version"],
        )
        tally.matching = Matching(*data["matching"])
        tally.spread = Spread.from_plain(data["spread"])
        return cls(data["area"], data["partition"], data["version"], tally)


def merge(columns: int, tallies: Iterable[Tally]) -> Tally:
    """The sum of several parts."""
    total = Tally(columns)
    for tally in tallies:
        total.add(tally)
    return total


def _bump(counts: dict[Any, int], key: Any, sign: int) -> None:
    """Count up or down; a count of zero leaves no trace, so that equal states are equal."""
    left = counts.get(key, 0) + sign
    if left:
        counts[key] = left
    else:
        del counts[key]
