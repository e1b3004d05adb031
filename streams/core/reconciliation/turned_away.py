"""The polling tables of which a reading was turned away: a set that only grows (docs/adr/0015).

It says that somebody sent a reading, never what was in it, and moves no total. Where a sheet counts, or is disputed, it
says nothing more; else it tells a sheet that nobody could read rightly from one that nobody has sent.
"""

from collections.abc import Iterator

import numpy as np

from streams.core.election.numbering import Layout, Numbers
from streams.core.reconciliation.ledger_journal import encode_turned_away


class TurnedAway:
    """Those of one partition. A polling table of another may be among them: in a set it does no harm."""

    def __init__(self, layout: Layout, *, saves: bool) -> None:
        self._layout, self._saves = layout, saves
        self._known = np.zeros(len(layout.tables), bool)
        self._untold: list[int] = []
        self._unsaved: list[int] = []

    def add(self, id: str) -> None:
        """A reading of this polling table was turned away; nothing happens where the register has no such table."""
        table = self._layout.table.get(id)
        if table is None or self._known[table]:
            return
        self._known[table] = True
        self._untold.append(table)
        if self._saves:
            self._unsaved.append(table)

    def load(self, tables: Numbers, *, told: bool) -> None:
        """Take in what was saved: polling tables by number, below 0 where the register has lost one. `told` says
        whether their rows have certainly been sent."""
        new = np.unique(tables[tables >= 0])
        new = new[~self._known[new]]
        self._known[new] = True
        if not told:
            self._untold += new.tolist()

    def take(self) -> Numbers:
        """Those that joined the set since the last call, by number, in order."""
        taken, self._untold = self._untold, []
        return np.array(sorted(taken), np.int64)

    def take_records(self) -> Iterator[bytes]:
        """Those that must be saved since the last call, as records (`ledger_journal`)."""
        taken, self._unsaved = self._unsaved, []
        return encode_turned_away(self._layout, taken)
