"""Sums of the largest of many small integers, which is what the bounds rest on."""

import numpy as np

from streams.core.election.numbering import Numbers


class TopSums:
    """Sums of the j largest of many small integers, from their histogram: values, the largest first, and how many there
    are of each."""

    def __init__(self, values: Numbers, numbers: Numbers) -> None:
        # Arrays: hardly more than ten places of some hundred are ever looked up.
        self._values = values
        self._counts, self._sums = np.zeros((2, 1 + len(values)), np.int64)
        numbers.cumsum(out=self._counts[1:])
        (values * numbers).cumsum(out=self._sums[1:])

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return self._counts.item(-1)

    @property
    def total(self) -> int:
        """Their sum."""
        return self._sums.item(-1)

    def __call__(self, j: int) -> int:
        """The sum of the j largest; all of them where there are fewer."""
        if j <= 0:
            return 0
        if j >= self.count:
            return self.total
        i = int(self._counts.searchsorted(j, "right")) - 1
        return self._sums.item(i) + (j - self._counts.item(i)) * self._values.item(i)

    def least(self, total: int) -> int:
        """The least j whose sum is `total` or more; how many numbers there are where all come to less."""
        if total <= 0:
            return 0
        i = int(self._sums.searchsorted(total)) - 1
        if i == len(self._values):
            return self.count
        return self._counts.item(i) - (self._sums.item(i) - total) // self._values.item(i)
