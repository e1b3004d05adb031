"""Sums of the largest of many small integers, which is what the bounds rest on."""

from bisect import bisect_left, bisect_right

from streams.core.election.numbering import Numbers


class TopSums:
    """Sums of the j largest of many small integers, from their histogram: values, the largest first, and how many there
    are of each."""

    def __init__(self, values: Numbers, numbers: Numbers) -> None:
        self._values: list[int] = values.tolist()
        self._counts: list[int] = [0, *numbers.cumsum().tolist()]
        self._sums: list[int] = [0, *(values * numbers).cumsum().tolist()]

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return self._counts[-1]

    @property
    def total(self) -> int:
        """Their sum."""
        return self._sums[-1]

    def __call__(self, j: int) -> int:
        """The sum of the j largest; all of them where there are fewer."""
        if j <= 0:
            return 0
        if j >= self.count:
            return self.total
        i = bisect_right(self._counts, j) - 1
        return self._sums[i] + (j - self._counts[i]) * self._values[i]

    def least(self, total: int) -> int:
        """The least j whose sum is `total` or more; how many numbers there are where all come to less."""
        if total <= 0:
            return 0
        i = bisect_left(self._sums, total) - 1
        if i == len(self._values):
            return self.count
        return self._counts[i] - (self._sums[i] - total) // self._values[i]
