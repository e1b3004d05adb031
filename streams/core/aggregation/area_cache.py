"""What was worked out of areas, kept until their sums change."""

from typing import TypeVar

from streams.core.election.numbering import Numbers

_T = TypeVar("_T")


class AreaCache(dict[int, _T]):
    """Something of each of some areas, by their numbers. What was kept first goes when there are too many."""

    def __init__(self, most: int) -> None:
        """`most` areas at once."""
        super().__init__()
        self._most = most

    def keep(self, area: int, value: _T) -> _T:
        """Keep what was worked out of an area, and give it back."""
        if area not in self and len(self) >= self._most:
            del self[next(iter(self))]
        self[area] = value
        return value

    def forget(self, areas: Numbers) -> None:
        """The sums of these areas have changed."""
        for area in self.keys() & areas.tolist():
            del self[area]
