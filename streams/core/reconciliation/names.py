"""Numbers and bits for names, so that thousands of them are compared and counted at once."""

from collections.abc import Sequence
from itertools import repeat
from typing import Final, NamedTuple

import numpy as np

from streams.core.election.numbering import Numbers

_ONE: Final = np.int64(1)


class Known(NamedTuple):
    """What is known of some names, one by one."""

    numbers: Numbers
    """Each name's own from 1 on, 0 where it has none."""
    bits: Numbers
    """Five of 64 or fewer: where some names lack one of another's, it is none of them. So it is found of 997 in 1,000
    names beside four others."""


class Names:
    """The first few thousand names get a number: whoever sends sheets by the hundred is among them, and all the others
    would fill the memory."""

    MOST = 10_000

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names = [""]
        self._bits = np.zeros(self.MOST + 1, np.int64)

    def look(self, names: Sequence[str]) -> Known:
        """What is known of these names, each of which gets a number now if there are any left."""
        try:
            numbers = np.fromiter(map(self._numbers.get, names), np.int64, len(names))
        except TypeError:  # there was None, and to look for it first takes a tenth longer
            self._add(names)
            numbers = np.fromiter(map(self._numbers.get, names, repeat(0)), np.int64, len(names))
        return Known(numbers, self._bits.take(numbers) if numbers.all() else _bits(names))

    def number(self, name: str) -> int:
        """The number of a name, 0 where it has none."""
        return self._numbers.get(name, 0)

    def __getitem__(self, number: int) -> str:
        return self._names[number]

    def _add(self, names: Sequence[str]) -> None:
        left, first = self.MOST - len(self._numbers), len(self._names)
        new = [name for name in dict.fromkeys(names) if name not in self._numbers][:left] if left else []
        self._numbers.update(zip(new, range(first, first + len(new)), strict=True))
        self._names += new
        self._bits[first : first + len(new)] = _bits(new)


def _bits(names: Sequence[str]) -> Numbers:
    """Others in each process, which changes nothing: all they tell is that two names certainly differ."""
    hashes, found = np.fromiter(map(hash, names), np.int64, len(names)), np.zeros(len(names), np.int64)
    for i in range(5):
        found |= _ONE << (hashes >> 6 * i & 63)
    return found
