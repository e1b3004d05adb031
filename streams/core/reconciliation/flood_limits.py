"""How much a partition takes in: so many readings of one reporter group in a minute, so much of one polling table.

Both look at nothing but what was taken in, which is saved. After a crash some of what came later may be in the ledgers
before what came earlier is there again; all of it together is within the limits, so each gets in again, and what was
beyond them stays out (docs/adr/0005).
"""

from collections import Counter
from typing import Final

from streams.core.election.model import Election
from streams.core.events.model import Rejection
from streams.core.reconciliation.announced import Announced
from streams.core.reconciliation.ledger_store import LedgerStore, packed
from streams.core.reconciliation.reading import Reading

LEDGER_BYTES: Final = 64 * 2**10
"""A ledger takes in nothing that would make it larger, packed: somebody floods this polling table."""


class Limits:
    """The limits of one partition."""

    def __init__(self, election: Election, store: LedgerStore) -> None:
        self._policy, self._tables, self._store = election.policy, election.layout.tables, store
        self._taken: Counter[tuple[str, int]] = Counter()
        """Readings, by group and the minute in which they came."""

    def minute(self, entry: Reading | Announced, arrived: int) -> int | None:
        """The minute (Unix) for which an entry that came at `arrived` (Unix ms) counts, None where it counts for
        none."""
        limited = self._policy.group_rate > 0 and isinstance(entry, Reading) and self.is_counted(entry.source)
        return arrived // 60_000 if limited else None

    def is_counted(self, source: str) -> bool:
        """Whether readings of this source count towards a flood: a trusted source may send what it likes."""
        return source not in self._policy.trusted_sources

    def check(self, table: int, entry: Reading | Announced, minute: int | None) -> Rejection | None:
        """Why an entry that counts for this minute (Unix) is turned away; None where it is not. An entry that is in its
        ledger already never is."""
        if (minute is None and not self._store.heavy[table]) or self._store.has(table, entry):
            return None
        rate = self._policy.group_rate
        if isinstance(entry, Reading) and minute is not None and self._taken[entry.group, minute] >= rate:
            cure = f"send it again in a minute: {entry.group} may send {rate:,} in one"
            return Rejection("rate-limited", "reporter_group", cure)
        if self._store.heavy[table]:
            entries, size = self._store.extent(table)
            if size + len(packed(entry)) > LEDGER_BYTES:
                cure = f"find out who sends them: {self._tables[table]} has {entries:,} entries"
                return Rejection("ledger-full", "table", cure)
        return None

    def count(self, entry: Reading | Announced, minute: int | None) -> None:
        """Count an entry that was taken in."""
        if isinstance(entry, Reading) and minute is not None:
            self._taken[entry.group, minute] += 1
