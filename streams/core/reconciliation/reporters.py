"""Reporters and their groups: names as numbers and bits, so that thousands are compared at once, and which groups send
most."""

from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from typing import Final, NamedTuple

import numpy as np

from streams.core.election.numbering import Numbers

_ONE: Final = np.int64(1)


class InternedNames(NamedTuple):
    """Numbers and Bloom masks of some names, in their order."""

    numbers: Numbers
    """Each name's own from 1 on, 0 where it has none."""
    bits: Numbers
    """Bloom masks: at most 5 of 64 bits for each name. If the bits of a name are not all set in a sheet's mask, its
    reporter has certainly not read that sheet. Beside four other names this tells 997 in 1,000."""


class NameTable:
    """The first few thousand names get a number: whoever sends sheets by the hundred is among them, and all the others
    would fill the memory."""

    MOST = 10_000

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names = [""]
        self._bits = np.zeros(self.MOST + 1, np.int64)

    def intern(self, names: Sequence[str]) -> InternedNames:
        """The numbers and masks of these names. A new name gets a number while there are any left."""
        try:
            numbers = np.fromiter(map(self._numbers.get, names), np.int64, len(names))
        except TypeError:  # there was None, and to look for it first takes a tenth longer
            self._add(names)
            numbers = np.fromiter(map(self._numbers.get, names, repeat(0)), np.int64, len(names))
        return InternedNames(numbers, self._bits.take(numbers) if numbers.all() else _bits(names))

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


class BusiestGroups:
    """Readings by reporter group, and the few groups that sent most (of equals, the first by name)."""

    MOST = 5

    def __init__(self, names: NameTable) -> None:
        self._names = names
        self._counts = np.zeros(names.MOST + 1, np.int64)
        """Readings by number of the group's name."""
        self._others: Counter[str] = Counter()
        """Readings of groups that have no number, by name."""
        self.busiest: dict[str, int] = {}

    def count(self, numbers: Numbers, names: Sequence[str]) -> None:
        """Count one reading of each of these groups, some by their numbers, others by name. Counts only grow, so
        whoever is overtaken was overtaken by one of these."""
        if names:
            found = self._names.intern(names).numbers
            numbers = np.concatenate([numbers, found[found > 0]])
            names = [names[i] for i in np.flatnonzero(found == 0).tolist()]
        np.add.at(self._counts, numbers, 1)
        self._others.update(names)
        least = min(self.busiest.values()) if len(self.busiest) == self.MOST else 0
        near = {self._names[number] for number in set(numbers[self._counts.take(numbers) >= least].tolist())}
        near |= {name for name in names if self._others[name] >= least}
        if not near:  # as it is in most short ticks
            return
        readings = {group: self._readings(group) for group in near | self.busiest.keys()}
        most = sorted(readings, key=lambda group: (-readings[group], group))[: self.MOST]
        self.busiest = {group: readings[group] for group in most}

    def _readings(self, group: str) -> int:
        number = self._names.number(group)
        return int(self._counts[number]) if number else self._others[group]
