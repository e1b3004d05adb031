"""Sheets of which one look tells what a further reading makes of them: their readers agree, or it is one reader again.

Such are nearly all sheets with several readings. What the look needs is kept beside the ledgers, in an array by polling
table, and taken at hundreds at a time: a tenth of the time of the verdict on all readings of a sheet
(`streams.ledger.verdict_of`), which is asked wherever anything is in doubt.
"""

from collections.abc import Sequence
from itertools import repeat
from typing import Final

import numpy as np

from streams.layout import Numbers

KNOWN, READER, AT, MARKS, SAID = 0, 1, 2, 3, 5
"""The columns of a look: what is known, as below; the reporter's number, 0 where it has none; the reading's time; three
bits of the reporter and three of the group, as two numbers; behind these null votes and votes."""

DOUBT: Final = 0
"""Nothing is known; up to `MOST`, so many readings are all that there are, of different reporters, of different groups,
with the same votes and null votes;"""
MOST: Final = 254
AGAIN: Final = 255
"""or all are of one reporter, each later than those before it. In both cases none takes back what was said."""


_ONE: Final = np.int64(1)


class Readers:
    """Numbers of reporters, so that thousands are compared at once. Only the first few thousand get one: whoever sends
    sheets by the hundred is among them, and all the others would fill the memory."""

    MOST = 10_000

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def looks(
        self, at: Sequence[int], reporters: Sequence[str], groups: Sequence[str], replaced: Sequence[str], said: Numbers
    ) -> Numbers:
        """What is looked at in readings. `replaced` are the ids of those that they take back, or empty."""
        count, numbers = len(at), self._numbers
        found = list(map(numbers.get, reporters))
        if None in found:
            if len(numbers) < self.MOST:
                for name in reporters:
                    numbers.setdefault(name, len(numbers) + 1)
            found = list(map(numbers.get, reporters, repeat(0)))
        looks = np.empty((count, SAID + said.shape[1]), np.int64)
        looks[:, KNOWN] = [not other for other in replaced] if any(replaced) else 1
        looks[:, READER] = found
        looks[:, AT] = np.fromiter(at, np.int64, count)
        looks[:, MARKS] = _bits(reporters)
        looks[:, MARKS + 1] = looks[:, MARKS] if groups is reporters else _bits(groups)
        looks[:, SAID:] = said
        return looks


def _bits(names: Sequence[str]) -> Numbers:
    """Others in each process, which changes nothing: all they tell is that two names certainly differ."""
    hashes = np.fromiter(map(hash, names), np.int64, len(names))
    found: Numbers = _ONE << (hashes & 63) | _ONE << (hashes >> 6 & 63) | _ONE << (hashes >> 12 & 63)
    return found


class Agreement:
    """What is known of sheets, by the numbers of their polling tables. It is to be told of every reading."""

    def __init__(self, tables: int, options: int) -> None:
        self._state = np.zeros((tables, SAID + 1 + options), np.int64)  # a sheet's stand side by side, in a cache line

    def begin(self, tables: Numbers, new: Numbers) -> None:
        """First readings, of different polling tables."""
        self._state[tables] = new

    def join(self, tables: Numbers, new: Numbers) -> Numbers:
        """Further readings, of different polling tables: how many readers stand behind each sheet with the new one, if
        its votes and null votes are now the sheet's; 0 where that is not certain, and `doubt` is to be told."""
        old = self._state.take(tables, axis=0)
        known, names = old[:, KNOWN], slice(MARKS, SAID)
        usual = (known != DOUBT) & (new[:, KNOWN] != DOUBT)
        alike = usual & (known < MOST) & (old[:, SAID:] == new[:, SAID:]).all(axis=1)
        alike &= (old[:, names] & new[:, names] != new[:, names]).all(axis=1)
        again = usual & ((known == 1) | (known == AGAIN))
        again &= (old[:, READER] == new[:, READER]) & (new[:, READER] != 0) & (old[:, AT] < new[:, AT])
        behind = np.where(alike, known + 1, again)
        old[:, KNOWN] = np.where(again, AGAIN, behind)
        old[:, AT] = new[:, AT]
        old[:, names] |= new[:, names]
        certain = alike | again
        self._state[tables[certain]] = old[certain]
        return behind

    def is_again(self, table: int, new: Sequence[int]) -> bool:
        """Whether one more reading certainly is its sheet's only reader again."""
        known, reader, at = self._state[table, :MARKS].tolist()
        if new[KNOWN] and known in (1, AGAIN) and reader == new[READER] != 0 and at < new[AT]:
            self._state[table, KNOWN], self._state[table, AT] = AGAIN, new[AT]
            return True
        return False

    def doubt(self, tables: Sequence[int]) -> None:
        """Readings have joined that were not certain, or of which nobody was asked."""
        self._state[tables, KNOWN] = DOUBT
