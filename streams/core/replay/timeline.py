"""How the figures of the upper areas came along through a night: a bounded number of points for each."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from streams.core.aggregation.area_over_ticks import AreaOverTicks
from streams.core.aggregation.sums_over_ticks import Course
from streams.core.aggregation.tally import Tally
from streams.core.comparison import state_parts
from streams.core.comparison.false_sheets import asked_of_votes
from streams.core.comparison.findings import Situation
from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.engine.comparer import Comparer
from streams.core.events.model import LATEST
from streams.core.events.sample_states import SampleRecord

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
    sampled: Mapping[str, tuple[float, float, float]] = {}
    """By option, what the random sample shows: lower end of the guaranteed interval, estimate, upper end."""


@dataclass(slots=True)
class Series:
    """One area's points. When there are more than `limit`, of those that lie close together in time the last stays:
    the same night is always thinned in the same way."""

    limit: int
    width: int = 1
    """Milliseconds of which one point is kept."""
    points: list[Point] = field(default_factory=list)

    def add(self, point: Point) -> None:
        """Add a point that is later than the others."""
        if self.points and not self.parts(self.points[-1].at, point.at):
            self.points.pop()
        self.points.append(point)
        while len(self.points) > self.limit:
            self.width *= 2
            last = {kept.at // self.width: kept for kept in self.points}
            self.points = list(last.values())

    def parts(self, before: int, after: int) -> bool:
        """Whether points at both times may stay."""
        return before // self.width != after // self.width


def thinned(points: Iterable[Point], limit: int) -> list[Point]:
    """At most `limit` of these points, the last of them included."""
    series = Series(limit)
    for point in points:
        series.add(point)
    return series.points


class Chronicle:
    """Follows a night (`Watcher`, `WatcherAhead`), and is told of its end. An area has a point when the time of one is
    over, and at each new bulletin. Points whose time is over within a stretch are made of all its ticks together."""

    def __init__(self, election: Election, points: int = POINTS, part_points: int = PART_POINTS) -> None:
        self._election = election
        tick = max(1, round(election.alerts.tick * 1000))
        self.series: dict[str, Series] = {
            area: Series(points if len(line) == 1 else part_points, tick)
            for area, line in election.lineage.items()
            if len(line) <= LEVELS
        }
        """By area."""
        self._changed: set[str] = set()
        """Areas that have changed since they were looked at."""
        self._next = 0
        """The tick before which the night is shown (Unix ms)."""

    def is_due(self, at: int) -> bool:
        """Whether the time of one point of the whole ends before the tick of `at` (Unix ms)."""
        before, self._next = self._next, at
        return self.series[self._election.root.id].parts(before, at)

    @property
    def areas(self) -> Collection[str]:
        """The areas that are followed."""
        return self.series.keys()

    def look_ahead(self, comparer: Comparer, course: Course, times: Sequence[int]) -> None:
        """Look at the areas whose time is over before these ticks, and at those where one is over within them."""
        self._next = times[0]
        self._look(comparer)
        for area, series in self.series.items():
            over = comparer.over_ticks(course, area)
            at = np.array(times)[[*over.ticks.tolist(), -1]]
            steps = np.flatnonzero(np.diff(at // series.width))
            for point in self._points_ahead(comparer.situation(area), over, at[:-1], steps) if len(steps) else ():
                series.add(point)
            if len(over.ticks) and len(over.ticks) - 1 not in steps:
                self._changed.add(area)

    def __call__(self, comparer: Comparer, at: int) -> None:
        """Look at the areas whose time is over at `at` (Unix ms)."""
        self._changed.update(area for area in comparer.take_changed() if area in self.series)
        for area in sorted(self._changed):
            series, bulletin = self.series[area], comparer.bulletin(area)
            shown = series.points[-1].bulletin if series.points else None
            if series.parts(at, self._next) or (bulletin and bulletin.id) != shown:
                self._changed.remove(area)
                series.add(self._point_now(comparer, area, at))

    def finish(self, comparer: Comparer) -> None:
        """Look at what has changed last."""
        self._next = LATEST
        self._look(comparer)

    def _look(self, comparer: Comparer) -> None:
        if comparer.clock is not None:
            self(comparer, comparer.clock)

    def _points_ahead(self, given: Situation, over: AreaOverTicks, at: Numbers, steps: Numbers) -> Iterator[Point]:
        """The points of an area at some of the ticks that change it, which are at these times."""
        comparison, breakdowns = given.comparison, dict[str, list[int]]()
        if comparison is not None and (comparison.left.known or comparison.voters is not None):
            asked, some = asked_of_votes(over), np.zeros(len(at), bool)
            some[steps] = True
            for column, name, _ in comparison.official:
                breakdowns[name] = asked.breakdown(over, column, some)[steps].tolist()
        rows = over.rows[steps].tolist()
        for i, (moment, row) in enumerate(zip(at[steps].tolist(), rows, strict=True)):
            breakdown = {name: counts[i] for name, counts in breakdowns.items()}
            yield self._point(moment, given, Tally(row), breakdown, {})

    def _point_now(self, comparer: Comparer, area: str, at: int) -> Point:
        given = comparer.situation(area)
        comparison, breakdown = given.comparison, dict[str, int]()
        for column, name, votes in () if comparison is None else comparison.official:
            assert comparison is not None
            if (sheets := state_parts.breakdown(comparison, column, votes)) is not None:
                breakdown[name] = sheets
        sampled = _sampled(comparer.view.sample(area))
        return self._point(at, given, given.witnessed, breakdown, sampled)

    def _point(
        self,
        at: int,
        given: Situation,
        tally: Tally,
        breakdown: Mapping[str, int],
        sampled: Mapping[str, tuple[float, float, float]],
    ) -> Point:
        comparison, exist = given.comparison, given.area.tables
        shares = state_parts.shares(self._election, tally.votes, tally.valid)
        announced = dict[str, float | None]()
        if comparison is not None:
            announced = {name: state_parts.share(votes, comparison.valid) for _, name, votes in comparison.official}
        return Point(
            at=at,
            tables=tally.tables,
            coverage=min(1.0, tally.tables / exist) if exist else None,
            disputed=tally.levels.get("disputed", 0),
            bulletin=None if comparison is None else comparison.bulletin.id,
            official={name: share for name, share in announced.items() if share is not None},
            witnessed={name: share for name, share in shares.items() if share is not None},
            breakdown=breakdown,
            sampled=sampled,
        )


def _sampled(sample: SampleRecord | None) -> dict[str, tuple[float, float, float]]:
    """What a sample shows of options, of those of which it shows anything."""
    if sample is None:
        return {}
    known = {option: (share.guaranteed, share.estimate) for option, share in sample.shares.items()}
    return {option: (low, middle, high) for option, ((low, high), middle) in known.items() if middle is not None}
