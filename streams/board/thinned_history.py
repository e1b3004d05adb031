"""An area's past in bounded memory: the longer the night, the fewer moments of it are kept."""

from bisect import bisect_right
from typing import Final, NamedTuple

FINEST: Final = 1000
"""Milliseconds of a step at the beginning."""


class Point(NamedTuple):
    """A record, and the event time it is of (Unix ms)."""

    at: int
    content: bytes


class History:
    """At most `limit` points. Time is divided into steps, and the last point of each step is kept. When there are too
    many points, the step is doubled.

    Add records in the order of their topic. A record that is not later than the last one comes from a worker that
    restarted: it and what follows replace the points from its time on.
    """

    def __init__(self, limit: int) -> None:
        self._limit = max(2, limit)
        self._points: list[Point] = []
        self.step = FINEST
        """Milliseconds of one step."""

    def add(self, point: Point) -> None:
        points = self._points
        while points and points[-1].at >= point.at:
            points.pop()
        if points and self._number(points[-1]) == self._number(point):
            points.pop()
        points.append(point)
        while len(points) > self._limit:
            self.step *= 2
            points[:] = {self._number(kept): kept for kept in points}.values()

    @property
    def last(self) -> int:
        """Event time of the last point; 0 without any."""
        return self._points[-1].at if self._points else 0

    def upto(self, at: int) -> Point | None:
        """The last point that is not later than `at`."""
        place = bisect_right(self._points, at, key=_at)
        return self._points[place - 1] if place else None

    def after(self, at: int) -> list[Point]:
        """The points later than `at`, in order."""
        return self._points[bisect_right(self._points, at, key=_at) :]

    def _number(self, point: Point) -> int:
        return point.at // self.step


def _at(point: Point) -> int:
    return point.at
