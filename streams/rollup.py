"""Sums of accepted sheets, area by area, that merge in any order.

Each partition of the reports keeps one `Tally` per area and sends it whole, as a `Partial`,
never as a delta. The sum over partitions takes the newest partial of each. Losing, repeating
or reordering partials cannot change it once the newest are in: a state-based CRDT.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from streams.election import Votes
from streams.ledger import Level

Histogram = Counter[int]
"""Value to the number of polling tables that have it."""


@dataclass(slots=True)
class Stratum:
    """What post-stratifying needs of one area below: sums over its accepted sheets."""

    tables: int = 0
    valid: int = 0
    votes: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """Sums over the accepted sheets of one area. `votes` and the histograms go by column."""

    columns: int
    tables: int = 0
    registered: int = 0
    """Registered voters behind the accepted sheets, as far as known."""
    valid: int = 0
    null: int = 0
    votes: list[int] = field(default_factory=list)
    by_votes: list[Histogram] = field(default_factory=list)
    """Per column: the votes w(t) of a table."""
    by_rest: list[Histogram] = field(default_factory=list)
    """Per column: the valid votes of a table that went elsewhere, valid(t) - w(t)."""
    by_headroom: list[Histogram] = field(default_factory=list)
    """Per column: what a false sheet could still hide, registered(t) - w(t)."""
    levels: Counter[str] = field(default_factory=Counter)
    """Sheets by level of evidence, accepted or not."""
    strata: dict[str, Stratum] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("votes", "by_votes", "by_rest", "by_headroom"):
            if not getattr(self, name):
                setattr(self, name, [0 if name == "votes" else Counter() for _ in range(self.columns)])

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
            _bump(self.by_votes[i], votes, sign)
            _bump(self.by_rest[i], sheet.valid - votes, sign)
            _bump(self.by_headroom[i], max(0, sheet.ceiling - votes), sign)
        if stratum is not None:
            part = self.strata.get(stratum)
            if part is None:
                part = self.strata[stratum] = Stratum(votes=[0] * self.columns)
            part.tables += sign
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
        for i in range(self.columns):
            self.votes[i] += other.votes[i]
            self.by_votes[i].update(other.by_votes[i])
            self.by_rest[i].update(other.by_rest[i])
            self.by_headroom[i].update(other.by_headroom[i])
        for name, part in other.strata.items():
            mine = self.strata.setdefault(name, Stratum(votes=[0] * self.columns))
            mine.tables += part.tables
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

    `version` is the number of distinct readings behind it. A partition's readings only grow
    (`streams.ledger`), so of two partials the one with more readings is the newer, whichever
    worker sent it and after whatever crash.
    """

    area: str
    partition: int
    version: int
    tally: Tally

    def plain(self) -> dict[str, Any]:
        """As a JSON object; histograms as flat lists of value, count, value, count."""
        t = self.tally
        return {
            "area": self.area,
            "partition": self.partition,
            "version": self.version,
            "tables": t.tables,
            "registered": t.registered,
            "valid": t.valid,
            "null": t.null,
            "votes": t.votes,
            "by_votes": [_flat(h) for h in t.by_votes],
            "by_rest": [_flat(h) for h in t.by_rest],
            "by_headroom": [_flat(h) for h in t.by_headroom],
            "levels": dict(t.levels),
            "strata": {name: [s.tables, s.valid, s.votes] for name, s in t.strata.items()},
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
            by_votes=[_unflat(row) for row in data["by_votes"]],
            by_rest=[_unflat(row) for row in data["by_rest"]],
            by_headroom=[_unflat(row) for row in data["by_headroom"]],
            levels=Counter(data["levels"]),
            strata={name: Stratum(*row) for name, row in data["strata"].items()},
        )
        return cls(data["area"], data["partition"], data["version"], tally)


def merge(columns: int, tallies: Iterable[Tally]) -> Tally:
    """The sum of several parts."""
    total = Tally(columns)
    for tally in tallies:
        total.add(tally)
    return total


def _bump(counter: Counter[Any], key: Any, sign: int) -> None:
    """Count up or down; a count of zero leaves no trace, so that equal states are equal."""
    left = counter[key] + sign
    if left:
        counter[key] = left
    else:
        del counter[key]


def _flat(histogram: Histogram) -> list[int]:
    return [number for pair in sorted(histogram.items()) for number in pair]


def _unflat(row: list[int]) -> Histogram:
    return Counter(dict(zip(row[::2], row[1::2], strict=True)))
