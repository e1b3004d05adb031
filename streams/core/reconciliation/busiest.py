"""Who sends most."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from streams.core.election.numbering import Numbers
from streams.core.reconciliation.names import Names


class Busiest:
    """Readings by reporter group, and the few groups that sent most (of equals, the first by name)."""

    MOST = 5

    def __init__(self, names: Names) -> None:
        self._names = names
        self._counts = np.zeros(names.MOST + 1, np.int64)
        """By number of the group's name;"""
        self._others: Counter[str] = Counter()
        """and of those that have no number."""
        self.busiest: dict[str, int] = {}

    def count(self, numbers: Numbers, names: Sequence[str]) -> None:
        """Count one reading of each of these groups, some by their numbers, others by name. Counts only grow, so
        whoever is overtaken was overtaken by one of these."""
        if names:
            found = self._names.look(names).numbers
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
