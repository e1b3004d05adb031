"""One polling table's ledger: every distinct reading of its sheet, the verdict they make, and what the
authority announced for it.

A ledger is a set that only grows. Adding a reading again, or in another order, cannot change
it, and two ledgers of one table merge by union: this is what at-least-once delivery rests on.
The verdict is a function of the set (design, section 4).
"""

from collections.abc import Iterable, Iterator
from enum import Enum

from streams.core.election.model import Election
from streams.core.election.settings import Policy
from streams.core.events.signatures import precedence
from streams.core.reconciliation.announced import Announced, official
from streams.core.reconciliation.consensus import Verdict, verdict_of
from streams.core.reconciliation.reading import Reading


class Fate(Enum):
    """What becomes of a reading in the ledger."""

    COUNTS = "counts"
    SUPERSEDED = "superseded"
    """Its reporter's other reading names it as replaced."""
    REPLACED = "replaced"
    """Its reporter has a newer one."""
    RETRACTION = "retraction"
    """Its reporter takes back what was said before."""
    SAME_GROUP = "same-group"
    """Its reporter's group counts once, by a newer reading."""


class Ledger:
    """The readings of one sheet, and the official figures for its table."""

    __slots__ = ("_announced", "_readings")

    def __init__(self, readings: Iterable[Reading] = (), announced: Iterable[Announced] = ()) -> None:
        self._readings, self._announced = set(readings), set(announced)

    def __len__(self) -> int:
        return len(self._readings) + len(self._announced)

    def __iter__(self) -> Iterator[Reading]:
        """Readings in the order of their time."""
        return iter(sorted(self._readings))

    def __contains__(self, reading: object) -> bool:
        return reading in self._readings

    def add(self, entry: Reading | Announced) -> bool:
        """Add a reading or an official figure; False when it was there already."""
        before = len(self)
        if isinstance(entry, Reading):
            self._readings.add(entry)
        else:
            self._announced.add(entry)
        return len(self) > before

    @property
    def announced(self) -> list[Announced]:
        """What was announced, in the order of sequence and time."""
        return sorted(self._announced)

    def official(self, election: Election) -> Announced | None:
        """The official figure that holds (`official`)."""
        return official(self._announced, precedence(election))

    def fates(self) -> list[tuple[Reading, Fate, str]]:
        """What becomes of each reading, oldest first, and the id of the reading that decides it (its own if it counts).

        Of each kind of evidence a reporter's newest reading that is not superseded stands, or none if that one is a
        retraction; of the reporters of one group, the newest.
        """
        gone = {(r.reporter, r.supersedes): r.id for r in self._readings if r.supersedes not in ("", r.id)}
        held = [r for r in self if (r.reporter, r.id) not in gone]
        by_reporter = {(r.reporter, kind): r for r in held for kind in r.kinds}
        by_group = {(r.group, kind): r for (_, kind), r in sorted(by_reporter.items(), key=_time) if not r.retracted}

        def fate(reading: Reading) -> tuple[Fate, str]:
            if (superseding := gone.get((reading.reporter, reading.id))) is not None:
                return Fate.SUPERSEDED, superseding
            newest = min(by_reporter[reading.reporter, kind] for kind in reading.kinds)
            if newest != reading:
                return Fate.REPLACED, newest.id
            if reading.retracted:
                return Fate.RETRACTION, reading.id
            if (newest := by_group[reading.group, reading.kinds[0]]) != reading:
                return Fate.SAME_GROUP, newest.id
            return Fate.COUNTS, reading.id

        return [(reading, *fate(reading)) for reading in self]

    def verdict(self, policy: Policy) -> Verdict:
        """What the readings say together under this policy."""
        return verdict_of(self._readings, policy)


def _time(item: tuple[object, Reading]) -> Reading:
    return item[1]
