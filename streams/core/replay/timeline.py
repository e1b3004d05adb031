"""How the figures of the upper areas came along through a night: a bounded number of points for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from streams.core.comparison import area_state
from streams.core.election.model import Election
from streams.core.engine.comparer import Comparer

LEVELS: Final = 2
"""Levels of areas from the root down that are followed."""
POINTS: Final = 400
"""Points of the root, at most; about what a plot can show."""
PART_POINTS: Final = 60
"""Points of each area below it, at most."""


class Point(NamedTuple):
    """One area at one tick. Shares are per cent of the valid votes, by option or group."""

    at: int
    tables: int
    """Polling tables with an accepted sheet."""
    coverage: float | None
    """The same over the tables that exist (0-1)."""
    disputed: int
    bulletin: str | None
    official: Mapping[str, float]
    witnessed: Mapping[str, float]
    breakdown: Mapping[str, int]


@dataclass(slots=True)
class Series:
    """One area's points. When there are more than `limit`, those that lie close together in time make way for the
    last of them: the same night is always thinned in the same way."""

    limit: int
    width: int
    """Milliseconds of which one point is kept."""
    points: list[Point] = field(default_factory=list)

    def is_near(self, at: int) -> bool:
        """Whether a point at `at` would take the last one's place."""
        return bool(self.points) and self.points[-1].at // self.width == at // self.width

    def add(self, point: Point) -> None:
        """Add a point that is later than the others."""
        if self.is_near(point.at):
            self.points.pop()
        self.points.append(point)
        while len(self.points) > self.limit:
            self.width *= 2
            last = {known.at // self.width: known for known in self.points}
            self.points = list(last.values())


class Chronicle:
    """Follows a night: to be told of each tick (`replay.Watcher`), and of the end.

    Points cost as much as a tick of the rules. So where an area changes again and again within the time of one point,
    only the first change and the last before it rests are looked at, and each new bulletin.
    """

    def __init__(self, election: Election, points: int = POINTS, part_points: int = PART_POINTS) -> None:
        self._election = election
        tick = max(1, round(election.alerts.tick * 1000))
        self.series: dict[str, Series] = {
            area: Series(points if len(line) == 1 else part_points, tick)
            for area, line in election.lineage.items()
            if len(line) <= LEVELS
        }
        """By area."""
        self._put_off: dict[str, tuple[int, int]] = {}
        """When areas changed that have not been looked at yet, and how many readings they then rested on."""

    def __call__(self, comparer: Comparer) -> None:
        """Take down the areas that have changed."""
        changed = [area for area in comparer.take_changed() if area in self.series]
        for area, (at, readings) in list(self._put_off.items()):
            # Of an area where only alerts have changed since, what it was then can still be seen.
            still = area not in changed or _readings(comparer, area) == readings
            if still and not self.series[area].is_near(comparer.clock):
                self._take_down(comparer, area, at)
        for area in changed:
            series, bulletin = self.series[area], comparer.bulletin(area)
            if series.is_near(comparer.clock) and series.points[-1].bulletin == (bulletin and bulletin.id):
                self._put_off[area] = comparer.clock, _readings(comparer, area)
            else:
                self._take_down(comparer, area, comparer.clock)

    def finish(self, comparer: Comparer) -> None:
        """Take down what has been put off."""
        for area, (at, _) in sorted(self._put_off.items()):
            self._take_down(comparer, area, at)

    def _take_down(self, comparer: Comparer, area: str, at: int) -> None:
        self._put_off.pop(area, None)
        self.series[area].add(self._point(comparer, area, at))

    def _point(self, comparer: Comparer, area: str, at: int) -> Point:
        given = comparer.situation(area)
        comparison, tally, exist = given.comparison, given.witnessed, given.area.tables
        shares = area_state.shares(self._election, tally.votes, tally.valid)
        official: dict[str, float] = {}
        breakdown: dict[str, int] = {}
        if comparison is not None:
            for name, figure in area_state.figures(comparison).items():
                if figure["share"] is not None:
                    official[name] = figure["share"]
                if figure["breakdown"] is not None:
                    breakdown[name] = figure["breakdown"]
        return Point(
            at=at,
            tables=tally.tables,
            coverage=min(1.0, tally.tables / exist) if exist else None,
            disputed=tally.levels.get("disputed", 0),
            bulletin=None if comparison is None else comparison.bulletin.id,
            official=official,
            witnessed={name: share for name, share in shares.items() if share is not None},
            breakdown=breakdown,
        )


def _readings(comparer: Comparer, area: str) -> int:
    return comparer.situation(area).witnessed.readings
