"""One polling table's ledger: every distinct reading of its sheet, and the verdict they make.

A ledger is a set that only grows. Adding a reading again, or in another order, cannot change
it, and two ledgers of one table merge by union: this is what at-least-once delivery rests on.
The verdict is a function of the set (design, section 4).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from streams.election import Election, Policy, Votes
from streams.events import TallyReport


class Reading(NamedTuple):
    """What a report says of its sheet. Tuple order is the order in time: `at`, then `id`."""

    at: int
    id: str
    reporter: str
    group: str
    source: str
    votes: Votes
    null: int
    retracted: bool
    supersedes: str


class Level(Enum):
    """How well a sheet is witnessed. The levels are never mixed in one figure."""

    NONE = "none"
    """No reading stands: all were retracted or superseded."""
    REPORTED = "reported"
    """One reader, or fewer agreeing readers than the quorum."""
    CORROBORATED = "corroborated"
    """The quorum of independent readers, and most of them, agree on the whole vote vector."""
    DISPUTED = "disputed"
    """Readers disagree, and no reading has a majority."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a ledger says: the level, and the votes where one reading leads.

    `accepted` tells whether the policy lets the votes into the witnessed count.
    `agreeing` independent readers of `readers` stand behind the votes.
    """

    level: Level
    accepted: bool
    votes: Votes | None
    null: int
    agreeing: int
    readers: int


NO_VERDICT = Verdict(Level.NONE, False, None, 0, 0, 0)


def reading_of(election: Election, report: TallyReport) -> Reading:
    """The reading in an admitted report. An option that is not named has no votes."""
    return Reading(
        at=report.at,
        id=report.id,
        reporter=report.reporter,
        group=report.group or report.reporter,
        source=report.source,
        votes=() if report.retracted else tuple(report.votes.get(option.id, 0) for option in election.options),
        null=report.null or 0,
        retracted=report.retracted,
        supersedes=report.supersedes or "",
    )


class Ledger:
    """The readings of one sheet."""

    __slots__ = ("_readings",)

    def __init__(self, readings: Iterable[Reading] = ()) -> None:
        self._readings = set(readings)

    def __len__(self) -> int:
        return len(self._readings)

    def __iter__(self) -> Iterator[Reading]:
        """Readings in the order of their time."""
        return iter(sorted(self._readings))

    def add(self, reading: Reading) -> bool:
        """Add a reading; False when it was there already."""
        before = len(self._readings)
        self._readings.add(reading)
        return len(self._readings) > before

    def standing(self) -> list[Reading]:
        """One reading per independent reader, oldest first.

        A reporter's newest reading that is not superseded counts, or none if that one is a
        retraction; of the reporters of one group, the newest.
        """
        gone = {(r.reporter, r.supersedes) for r in self._readings if r.supersedes not in ("", r.id)}
        by_reporter = _newest((r.reporter, r) for r in self if (r.reporter, r.id) not in gone)
        by_group = _newest((r.group, r) for r in sorted(by_reporter) if not r.retracted)
        return sorted(by_group)

    def verdict(self, policy: Policy) -> Verdict:
        """What the readings say together under this policy.

        Readings match when all votes are equal. The leading reading needs more than half of
        the independent readers, else the sheet is disputed.
        """
        standing = self.standing()
        if not standing:
            return NO_VERDICT
        readers = len(standing)
        backing: dict[Votes, list[Reading]] = {}
        for reading in standing:
            backing.setdefault(reading.votes, []).append(reading)
        votes, agreeing = max(backing.items(), key=lambda item: len(item[1]))
        support = len(agreeing)
        if 2 * support <= readers:
            return Verdict(Level.DISPUTED, False, None, 0, support, readers)
        corroborated = support >= max(2, policy.quorum)
        trusted = readers == 1 and standing[0].source in policy.trusted_sources
        return Verdict(
            level=Level.CORROBORATED if corroborated else Level.REPORTED,
            accepted=support >= policy.quorum or trusted,
            votes=votes,
            null=agreeing[-1].null,
            agreeing=support,
            readers=readers,
        )

    def plain(self) -> list[list[Any]]:
        """The readings as JSON, in order."""
        return [list(reading) for reading in self]

    @classmethod
    def from_plain(cls, rows: Iterable[list[Any]]) -> "Ledger":
        """The ledger that `plain` wrote."""
        return cls(Reading._make((*row[:5], tuple(row[5]), *row[6:])) for row in rows)


def _newest(pairs: Iterable[tuple[str, Reading]]) -> Iterable[Reading]:
    """The last reading under each name; `pairs` come oldest first."""
    return dict(pairs).values()
