"""Alignment of channels: what came between two ticks is judged together, however many channels it came by.

Every channel carries the same marks ("time has come this far") in order, between its items. At a mark, what came
before it in any channel is handed over, and nothing that came after it, so the outcome does not depend on which channel
was faster. A channel that is too slow for the others is left behind until it has caught up; until then its items count
as they come.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

from streams.times import at_most, latest

Item = TypeVar("Item")


class Alignment(Generic[Item]):
    """Several channels of items and marks, side by side. `at` is the mark that was handed over last, in Unix ms; None
    where there was none."""

    def __init__(self, channels: Iterable[Hashable], at: int | None = None) -> None:
        self._open: dict[Hashable, list[Item]] = {channel: [] for channel in channels}
        self._closed: dict[Hashable, deque[tuple[int, list[Item]]]] = {channel: deque() for channel in self._open}
        self._last: dict[Hashable, int | None] = dict.fromkeys(self._open, at)
        self._taken = at
        self._late: set[Hashable] = set()

    def add(self, channel: Hashable, item: Item) -> None:
        """Put an item into its channel. Raises KeyError for an unknown one."""
        self._open[channel].append(item)

    def mark(self, channel: Hashable, at: int) -> None:
        """Say that the channel has come to `at`. A mark that is not later than the last says nothing."""
        last = self._last[channel]
        if last is not None and at <= last:
            return
        self._last[channel] = at
        if self._taken is None or at >= self._taken:
            self._late.discard(channel)
        if self._taken is None or at > self._taken:
            self._closed[channel].append((at, self._open[channel]))
            self._open[channel] = []

    def take(self) -> Iterator[tuple[int, list[Item]]]:
        """Hand over each mark that every channel has reached, with the items before it.

        A channel that skips a mark keeps its items until the next one it has.
        """
        while all(closed for channel, closed in self._closed.items() if channel not in self._late):
            at = self.waiting
            if at is None:
                return
            items: list[Item] = []
            for channel, closed in self._closed.items():
                if closed and closed[0][0] == at:
                    items += closed.popleft()[1]
                elif channel in self._late:
                    items += self._open[channel]
                    self._open[channel] = []
            self._taken = at
            yield at, items

    def set_back(self, at: int) -> None:
        """Time had run ahead, and is `at` now: what was handed over stays so; what lies between later marks, and all
        that follows, waits for the next mark after `at`."""
        self._taken = at_most(self._taken, at)
        for channel, closed in self._closed.items():
            self._last[channel] = at_most(self._last[channel], at)
            later = [items for mark, items in closed if mark > at]
            self._open[channel] = [item for items in later for item in items] + self._open[channel]
            self._closed[channel] = deque((mark, items) for mark, items in closed if mark <= at)

    @property
    def waiting(self) -> int | None:
        """The first mark that some channel has reached and that has not been handed over."""
        return min((closed[0][0] for closed in self._closed.values() if closed), default=None)

    @property
    def lag(self) -> int:
        """How far the last channel is behind the first, in ms; 0 before every one has had a mark."""
        last = [at for at in self._last.values() if at is not None]
        return max(last) - min(last) if len(last) == len(self._last) else 0

    def leave_behind(self) -> None:
        """Do not wait any longer for the channels that have not reached the first waiting mark."""
        if (at := self.waiting) is not None:
            self._late |= {channel for channel, last in self._last.items() if last is None or last < at}

    @property
    def late(self) -> frozenset[Hashable]:
        """The channels that have been left behind."""
        return frozenset(self._late)

    def close(self) -> tuple[int | None, list[Item]]:
        """Hand over what no common mark has reached, channel by channel, and the latest mark of any channel; None
        where there was none."""
        items: list[Item] = []
        for channel, closed in self._closed.items():
            for _, before in closed:
                items += before
            items += self._open[channel]
            closed.clear()
            self._open[channel] = []
        return latest(*self._last.values()), items
