"""The areas whose state has changed, in the order in which they are published."""

import numpy as np

from streams.core.election.numbering import Layout, Numbers


class PublishQueue:
    """Areas whose state changed, by their numbers. A new bulletin or a notice makes an area urgent."""

    def __init__(self, layout: Layout) -> None:
        self._depth = layout.depth
        self._changed, self._urgent = (np.zeros(len(layout.areas), bool) for _ in range(2))
        self._takes, self._taken = 0, np.zeros(len(layout.areas), np.int64)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._changed))

    def add(self, areas: Numbers | int, *, urgent: bool = False) -> None:
        """Queue areas."""
        self._changed[areas] = True
        if urgent:
            self._urgent[areas] = True

    def take(self, most: int | None = None, *, urgent: bool = False) -> Numbers:
        """Take areas out of the queue, at most `most`; with `urgent`, only urgent ones. Urgent areas come first, then
        parents before their children, and among areas of one depth those taken longest ago."""
        changed = np.flatnonzero(self._urgent if urgent else self._changed)
        order = np.lexsort((changed, self._taken[changed], self._depth[changed], ~self._urgent[changed]))
        taken = changed[order[:most]]
        self._changed[taken] = self._urgent[taken] = False
        self._takes += 1
        self._taken[taken] = self._takes
        return taken
