"""What belongs to one stretch of time is judged together, however many channels it came by.

Every channel carries the same marks ("time has come this far") in order, between its items. At a
mark, what came before it in any channel is handed over, and nothing that came after it: so the
outcome does not depend on which channel was faster.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Alignment(Generic[Item]):
    """Several channels of items and marks, side by side. `at` is where time begins (Unix ms)."""

    def __init__(self, channels: Iterable[Hashable], at: int = 0) -> None:
        self._open: dict[Hashable, list[Item]] = {channel: [] for channel in channels}
        self._closed: dict[Hashable, deque[tuple[int, list[Item]]]] = {channel: deque() for channel in self._open}
        self._last = dict.fromkeys(self._open, at)

    def add(self, channel: Hashable, item: Item) -> None:
        """Put an item into its channel. Raises KeyError for an unknown one."""
        self._open[channel].append(item)

    def mark(self, channel: Hashable, at: int) -> None:
        """Say that the channel has come to `at`. A mark that is not later than the last says nothing."""
        if at > self._last[channel]:
            self._last[channel] = at
            self._closed[channel].append((at, self._open[channel]))
            self._open[channel] = []

    def take(self) -> Iterator[tuple[int, list[Item]]]:
        """Hand over each mark that every channel has reached, with the items before it.

        A channel that skips a mark keeps its items until the next one it has.
        """
        while all(self._closed.values()):
            at = min(closed[0][0] for closed in self._closed.values())
            due = [closed.popleft()[1] for closed in self._closed.values() if closed[0][0] == at]
            yield at, [item for items in due for item in items]

    def close(self) -> tuple[int, list[Item]]:
        """Hand over what no common mark has reached, channel by channel, and the latest mark of any channel."""
        items: list[Item] = []
        for channel, closed in self._closed.items():
            for _, before in closed:
                items += before
            items += self._open[channel]
            closed.clear()
            self._open[channel] = []
        return max(self._last.values(), default=0), items
