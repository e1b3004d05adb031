"""Saved ledgers whose sheets have been sent: back into memory as they were packed.

After a crash every reading must be there again, but the rows of these sheets stand in their topic already. So entries
are checked and copied, and unpacked only when somebody reads their polling table once more. That takes a third of the
time of taking them in again (`Reconciler.load`).
"""

from collections import Counter
from collections.abc import Iterable
from itertools import compress
from operator import attrgetter

import numpy as np

from streams.core.election.model import Election
from streams.core.election.numbering import NO_TABLE, Numbers
from streams.core.reconciliation.announced import Announced
from streams.core.reconciliation.ledger_journal import decode
from streams.core.reconciliation.ledger_store import SavedPart, unpack_reading
from streams.core.reconciliation.reading import Reading
from streams.errors import ElectionChangedError

_votes, _bound = attrgetter("votes"), attrgetter("bound")


class Recovered:
    """What saved records of one partition hold."""

    def __init__(self, election: Election) -> None:
        self._layout, self._options = election.layout, len(election.options)
        self._columns = [column.id for column in election.columns]
        self.readings, self.announced = list[SavedPart](), list[SavedPart]()
        self.turned_away: list[Numbers] = []
        """Polling tables of which a reading was turned away, by number."""
        self._trusted = election.policy.trusted_sources
        self._groups: list[str] = []

    def add(self, record: bytes) -> bool:
        """Check a record and take it in; False where it must be taken in by `Reconciler.load`, since it has bounds, or
        readings whose rate is limited. Raises `ElectionChangedError`; ValueError for a record that is none, of which
        nothing is taken in."""
        saved = decode(record)
        if saved.columns not in ([], self._columns):  # older records do not say
            raise ElectionChangedError(saved.columns, self._columns)
        if saved.turned_away:
            self.turned_away.append(saved.known_tables(self._layout))
            return True
        if saved.minutes:
            return False
        tables, entries = saved.content(self._layout)
        sizes = np.fromiter(map(len, entries), np.int64, len(entries))
        part = SavedPart(tables, sizes, bytes(saved.packed)[-int(sizes.sum()) :])  # behind the head of the list
        if saved.official:
            _check(saved.announced(), {len(self._columns)})
            self.announced.append(part)
            return True
        readings, is_known = saved.readings(), tables != NO_TABLE
        _check(readings, {0, self._options})
        if any(map(_bound, readings)):
            return False
        self.readings.append(part)
        self._groups += self._counted(readings if is_known.all() else compress(readings, is_known))
        return True

    def groups(self, repeated: Iterable[bytes]) -> list[str]:
        """The reporter group of each reading that counts towards a flood. `repeated` are readings that were added once
        more than they are there."""
        again = [group for reading in repeated for group in self._counted([unpack_reading(reading)])]
        return [*(Counter(self._groups) - Counter(again)).elements()] if again else self._groups

    def _counted(self, readings: Iterable[Reading]) -> list[str]:
        """The groups of these readings, without trusted sources, which may send what they like."""
        trusted = self._trusted
        return [reading.group for reading in readings if reading.source not in trusted]


def _check(entries: Iterable[Reading | Announced], widths: set[int]) -> None:
    """Raise ValueError unless all have so many figures."""
    if not set(map(len, map(_votes, entries))) <= widths:
        raise ValueError("no entries of ledgers: figures for other options")
