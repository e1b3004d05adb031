"""The verdicts of a whole night, for its outcome. Most are made from the rows of their sheets, many at a time."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

import numpy as np

from streams.core.election.model import Election, Votes
from streams.core.election.numbering import Numbers
from streams.core.reconciliation.consensus import Level, Verdict
from streams.core.reconciliation.ledger_store import Verdicts
from streams.core.reconciliation.sheet_rows import CODES, READ
from streams.core.replay.outcome import Members

_LEVELS: Final = [Level.NONE, *CODES]
"""By their codes."""


class NightVerdicts(Members[Verdict]):
    """The verdict on every table with a ledger. `ledgers` have a partition's verdicts each, `read` is the newest row
    (`sheet_rows`) of each polling table by its number."""

    def __init__(self, election: Election, ledgers: Sequence[Verdicts], read: Numbers) -> None:
        self._layout, self._ledgers, self._read = election.layout, ledgers, read

    def __getitem__(self, table: str) -> Verdict:
        for ledgers in self._ledgers:
            if (verdict := ledgers.get(table)) is not None:
                return verdict
        raise KeyError(table)

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._ledgers)

    def __len__(self) -> int:
        return sum(map(len, self._ledgers))

    def several(self, keys: Sequence[str]) -> Sequence[Verdict]:
        """All but who agrees stands in the row of a sheet, and that is known of most sheets: one by one, from all
        readings, their verdicts take ten times as long."""
        tables = self._layout.numbers(keys)
        rows = self._read.take(tables, axis=0)
        certain = (rows[:, 0] == 1) & (rows[:, 1] == CODES[Level.REPORTED])
        readers = certain.astype(np.int64)
        agreeing = readers.copy()
        for ledgers in self._ledgers:
            support = ledgers.support(tables, rows[:, 0])
            new = ~certain & support.certain
            agreeing[new], readers[new] = support.agreeing[new], support.readers[new]
            certain |= new
        levels, accepted, nulls = [_LEVELS[code] for code in rows[:, 1].tolist()], rows[:, 2] > 0, rows[:, 3]
        votes: list[Votes | None] = [tuple(figures) for figures in rows[:, READ:].tolist()]
        for i in np.flatnonzero(rows[:, 1] == CODES[Level.DISPUTED]).tolist():
            votes[i] = None
        columns = levels, accepted.tolist(), votes, nulls.tolist(), agreeing.tolist(), readers.tolist()
        verdicts = list(map(Verdict, *columns))
        for i in np.flatnonzero(~certain).tolist():
            verdicts[i] = self[keys[i]]
        return verdicts
