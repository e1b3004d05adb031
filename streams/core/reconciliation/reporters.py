"""Reporters and their groups: names as numbers and bits, so that thousands are compared at once, and which groups send
most."""

from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import nlargest, nsmallest
from itertools import repeat
from typing import Final, NamedTuple

import numpy as np

from streams.core.election.numbering import Flags, Numbers

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
    hashes, bits = np.fromiter(map(hash, names), np.int64, len(names)), np.zeros(len(names), np.int64)
    for i in range(5):
        bits |= _ONE << (hashes >> 6 * i & 63)
    return bits


class GroupCounts:
    """Readings by group, for groups without a number, of which there may be as many as readings: twelve bytes each,
    where a dict of their names takes a hundred and fifty.

    Groups are told apart by the 64 bits of their hash: among a million names two are alike once in 40 million nights.
    """

    _FEW: Final = 4096

    def __init__(self) -> None:
        self._hashes, self._counts = np.zeros(0, np.int64), np.zeros(0, np.int32)
        """In rising order, and the readings of each."""
        self._recent: Counter[int] = Counter()
        """Readings by hash, that are not among those yet."""

    def add(self, names: Sequence[str]) -> list[int]:
        """Count one reading of each of these groups; how many each has now."""
        hashes = [*map(hash, names)]
        self._recent.update(hashes)
        if len(self._recent) > max(self._FEW, len(self._hashes) // 8):
            self._merge()
        return self._of(hashes)

    def _of(self, hashes: Sequence[int]) -> list[int]:
        asked = np.array(hashes, np.int64)
        places, is_there = self._places(asked)
        merged = np.where(is_there, self._counts.take(places, mode="clip"), 0) if len(self._counts) else 0 * asked
        recent = map(self._recent.get, hashes, repeat(0))
        return [one + other for one, other in zip(merged.tolist(), recent, strict=True)]

    def _places(self, hashes: Numbers) -> tuple[Numbers, Flags]:
        """Where hashes stand, or would; and whether they do."""
        places = np.searchsorted(self._hashes, hashes)
        if not len(self._hashes):
            return places, np.zeros(len(hashes), bool)
        return places, self._hashes.take(places, mode="clip") == hashes

    def _merge(self) -> None:
        hashes = np.fromiter(self._recent, np.int64, len(self._recent))
        readings = np.fromiter(self._recent.values(), np.int32, len(hashes))
        places, is_there = self._places(hashes)
        self._counts[places[is_there]] += readings[is_there]
        hashes = np.concatenate([self._hashes, hashes[~is_there]])
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._counts = hashes[order], np.concatenate([self._counts, readings[~is_there]])[order]
        self._recent.clear()


class BusiestGroups:
    """Readings by reporter group, and the few groups that sent most (of equals, the first by name)."""

    MOST = 5

    def __init__(self, names: NameTable) -> None:
        self._names = names
        self._counts = np.zeros(names.MOST + 1, np.int64)
        """Readings by number of the group's name."""
        self._others = GroupCounts()
        """Readings of groups that have no number."""
        self.busiest: dict[str, int] = {}

    def count(self, numbers: Numbers, names: Sequence[str]) -> None:
        """Count one reading of each of these groups, some by their numbers, others by name. Counts only grow, so
        whoever is overtaken was overtaken by one of these."""
        totals = list[int]()
        if names:
            interned = self._names.intern(names).numbers
            numbers = np.concatenate([numbers, interned[interned > 0]])
            names = [names[i] for i in np.flatnonzero(interned == 0).tolist()]
            totals = self._others.add(names)
        np.add.at(self._counts, numbers, 1)
        least = min(self.busiest.values()) if len(self.busiest) == self.MOST else 0
        near = set(numbers[self._counts.take(numbers) >= least].tolist())
        readings = {self._names[number]: int(self._counts[number]) for number in near}
        readings |= {name: total for name, total in zip(names, totals, strict=True) if total >= least}
        if readings:  # there are none in most short ticks
            self.busiest = _most(self.busiest | readings, self.MOST)


def _most(readings: Mapping[str, int], most: int) -> dict[str, int]:
    """The groups with the most readings, of equals the first by name; the busiest first."""
    bound = min(nlargest(most, readings.values()))
    above = [group for group, count in readings.items() if count > bound]
    level = nsmallest(most, (group for group, count in readings.items() if count == bound))
    order = sorted([*above, *level], key=lambda group: (-readings[group], group))
    return {group: readings[group] for group in order[:most]}
