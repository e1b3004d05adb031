"""The two counts side by side: sums and bulletins in, area states and notices out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np

from streams.core.aggregation.area_over_ticks import AreaOverTicks
from streams.core.aggregation.honest_shares import Figures
from streams.core.aggregation.sums_over_ticks import Course
from streams.core.aggregation.tally import READINGS
from streams.core.alerting.alert import Alert, Notice
from streams.core.comparison.findings import Finding, Pulse
from streams.core.election.numbering import ROOT, Flags, Numbers
from streams.core.engine.evaluation import Evaluation
from streams.core.engine.steady_areas import FEW, SteadyAreas
from streams.core.events.admission import check_bulletin, check_date
from streams.core.events.model import Bulletin, Rejection
from streams.core.reconciliation.sheet_rows import Sheets, in_portions, joined
from streams.times import latest


@runtime_checkable
class WatcherAhead(Protocol):
    """Who wants to see how the sums of some areas go along, before they are judged."""

    @property
    def areas(self) -> Collection[str]:
        """The areas, by id."""

    def look_ahead(self, comparer: "Comparer", course: Course, times: Sequence[int]) -> None:
        """See what lies ahead: `course`, of which nothing has been taken in. `times` (Unix ms) are those at which its
        ticks are judged, and that of the tick after them."""


class Comparer(Evaluation):
    """Every area's sums and bulletins, what the rules find in them, and the alerts' lives.

    One comparer holds the whole election: areas must meet (parts against the whole, a parent
    muting its children), and what reaches it is already summed, so one is enough.
    """

    def add_sheets(self, *sheets: Sheets) -> bool:
        """Take in what partitions say of their polling tables; False when there is no news in it. Those of a tick are
        better taken in together: most of the time goes by the call."""
        for part in sheets:
            self._see(part)
        before = self._sums.rows[ROOT, READINGS]
        kinds = zip(*((part.read, part.announced, part.bounds) for part in sheets), strict=True)
        areas = self._sums.add(*map(joined, kinds))
        if not len(areas):
            return False
        readings = int(self._sums.rows[ROOT, READINGS])
        self._publish_queue.add(areas)
        rows = self._sums.rows[areas]
        may = self._scheduler.may_find(areas, rows, self._bounds(areas), partial(self._widest, areas))
        self._ask(areas[may | self._scheduler.have_found(areas)])
        self._note_readings(before, readings)
        return True

    @property
    def read(self) -> Numbers:
        """The newest row of every polling table's sheet (`sheet_rows`), by its number."""
        return self._sums.read

    @property
    def sees_ahead(self) -> bool:
        """Whether `pass_ticks` works sums out for many ticks at once: not where anything is known that is only a bound,
        nor where the election has a sample, which is followed tick by tick."""
        return self._sums.bounds is None and self._sampled is None

    def pass_ticks(self, ticks: Sequence[tuple[Sheets, int]], watch: WatcherAhead | None = None) -> list[Notice]:
        """For each in turn, take in sheets and bring event time to a moment (Unix ms): many at once. None of the sheets
        may have been taken in before, nor any that are newer; their rows may be loose. `watch` is told beforehand,
        where there is more than one tick."""
        notices = list[Notice]()
        bounded = self._sums.bounds is not None or any(len(sheets.bounds[0]) for sheets, _ in ticks)
        if bounded or len(ticks) == 1 or not any(sheets.rows for sheets, _ in ticks):
            for sheets, to in ticks:
                self.add_sheets(sheets.in_order())
                notices += self.advance(to)
            return notices
        course = self._look_ahead(ticks, () if watch is None else watch.areas)
        if watch is not None:
            begin = ticks[0][1] - self._tick if self._clock is None else self._clock
            ends = [begin, *(to for _, to in ticks)]
            watch.look_ahead(self, course, [end - end % self._tick + self._tick for end in ends])
        self._publish_queue.add(course.changed)
        may = self._scheduler.may_find(course.areas, course.rows, None, partial(self._widest_at, course))
        contested = self._scheduler.have_found(course.areas)
        steady, followed = self._follow(course, may | contested, [to for _, to in ticks])
        asked, reached = self._by_tick(course, (may | contested) & ~followed), 0
        counted, readings = int(self._sums.rows[ROOT, READINGS]), course.readings
        for tick, (sheets, to) in enumerate(ticks):
            self._see(sheets)
            if tick in readings:
                self._note_readings(counted, readings[tick])
                counted = readings[tick]
            self._ask(asked.get(tick, ()))
            self._ask(steady.due(tick, to - to % self._tick))
            if self._rest(to):
                continue
            if (self._dirty or self._silences) and reached <= tick:
                self._sums.reach(course, reached, tick + 1)
                reached = tick + 1
            evaluated = list(map(self._layout.area.__getitem__, self._dirty))
            notices += self.advance(to)
            steady.plan(evaluated)
            before, contested = contested, self._scheduler.have_found(course.areas)
            if not np.array_equal(before, contested):
                asked = self._by_tick(course, (may | contested) & ~followed)
        if reached < len(ticks):
            self._sums.reach(course, reached, len(ticks))
        return notices

    def _see(self, sheets: Sheets) -> None:
        """Take in what the sheets, whose rows may be loose, say beside their rows: who sends most, which polling tables
        have a reading that was turned away, what becomes of the sampled ones. The second is asked by no rule."""
        self._activity.add_sheets(sheets)
        self._see_sampled(sheets)
        if len(sheets.turned_away):
            self._publish_queue.add(self._sums.open_sheets.turn_away(sheets.turned_away))

    def _see_sampled(self, sheets: Sheets) -> None:
        """Take in what the sheets, whose rows may be loose, say of sampled polling tables. Where that is news, the
        whole's bulletin is held against the sample again."""
        if self._sampled is not None and self._sampled.add(sheets.read) and self.bulletin(self._election.root.id):
            self._of_bulletins.pop(self._election.root.id, None)
            self._dirty.add(self._election.root.id)

    def _look_ahead(self, ticks: Sequence[tuple[Sheets, int]], areas: Iterable[str]) -> Course:
        """What the sums come to at each of these ticks: of the areas that the rules may speak of, and of these."""
        watched = self._scheduler.watched
        watched[[ROOT, *map(self._layout.area.__getitem__, self._dirty.union(areas))]] = True
        rows = [(sheets.read, sheets.announced) for sheets, _ in ticks]
        return self._sums.ahead(rows, watched, self._rules.wakes, self._scheduler.follows_unseen)

    def over_ticks(self, course: Course, area: str) -> AreaOverTicks:
        """An area at the ticks of a course, of which nothing has been taken in yet."""
        number = self._layout.area[area]
        return AreaOverTicks(self._election, self._sums, course, number, self._scheduler.claimed(number))

    def _follow(self, course: Course, asked: Flags, times: Sequence[int]) -> tuple[SteadyAreas, Flags]:
        """Follow the areas that the rules would be asked about at many ticks of a course, which come to these times
        (Unix ms); with which of its rows are theirs. None while an alert that nobody has heard of waits to be told."""
        judged_at = self._judged_at(times)
        steady = SteadyAreas(self._election, self._book, self._rules, self._found_in_sums, judged_at)
        followed = np.zeros(len(asked), bool)
        areas, counts = np.unique(course.areas[asked], return_counts=True)
        for area in areas[counts >= FEW].tolist() if not self._book.unmuted() else ():
            over = self.over_ticks(course, self._layout.areas[area])
            steady.follow(area, over)
            followed[over.places] = True
        return steady, followed

    def _judged_at(self, times: Sequence[int]) -> Numbers:
        """By tick of a course, the one at which what it brings is judged; their number where that is none of them."""
        reached, clock, judged = np.full(len(times), len(times)), self._clock, 0
        for tick, to in enumerate(times):
            last = to - to % self._tick
            if clock is not None and last > clock:
                reached[judged : tick + 1], judged = tick, tick + 1
            clock = latest(clock, last)
        return reached

    def _found_in_sums(self, area: str) -> Iterable[Finding]:
        """What was last found in an area, but for what its bulletins say of themselves."""
        of_bulletins = self._of_bulletins.get(area, {})
        return (finding for key, finding in self._findings.get(area, {}).items() if key not in of_bulletins)

    @staticmethod
    def _by_tick(course: Course, some: Flags) -> Mapping[int, list[int]]:
        """The areas of some rows, tick by tick."""
        areas = defaultdict[int, list[int]](list)
        for tick, area in zip(course.at[some].tolist(), course.areas[some].tolist(), strict=True):
            areas[tick].append(area)
        return areas

    def _ask(self, areas: Iterable[int]) -> None:
        """Have areas evaluated at the next tick."""
        self._dirty.update(self._layout.areas[area] for area in areas)

    def _note_readings(self, before: int, readings: int) -> None:
        """Note that there were so many readings before, and are so many now: official figures of polling tables are
        none. Have the whole evaluated at the next tick where there may be a word to say of what came, or did not."""
        if readings > before:
            self._activity.add_readings()
        flooded = self._rules.may_find_in_feeds(self._activity.busiest, readings)
        if flooded or (self._clock is not None and any(due <= self._clock for due in self._silences)):
            self._dirty.add(self._election.root.id)

    def _widest(self, areas: Numbers, places: Numbers) -> Figures:
        """The widest gaps that sums leave open at some places among these areas (`SumRows.widest`)."""
        areas = areas[places]
        return self._sums.projector.widest(areas, self._sums.rows, self._scheduler.claimed(areas))

    def _widest_at(self, course: Course, places: Numbers) -> Figures:
        """The same at some places of a course, each at its tick."""
        if course.traced is None:  # nobody asks
            return np.zeros(len(places))
        claimed = self._scheduler.claimed(course.areas[places])
        return self._sums.projector.widest_at(course.traced, places, claimed)

    def _rest(self, to: int) -> bool:
        """Bring event time to `to` where nothing but readings has come and nothing is due, and say whether that is so:
        what `advance` does, but nearly all ticks are such, and judging many takes a tenth less."""
        last = to - to % self._tick
        if self._clock is None or self._dirty or self._silences or self._book.unmuted():
            return False
        if any(due <= last for due in self._book.deadlines):
            return False
        if last > self._clock:
            self._activity.take_pulse(self._clock + self._tick)
            self._clock = last
        return True

    def add_bulletin(self, bulletin: Bulletin, at: int | None = None) -> Rejection | None:
        """Take in a bulletin that came until event time `at` (Unix ms; None where it was admitted before), or say why
        it is turned away. Order and repetition do not matter."""
        rejection = check_bulletin(self._election, bulletin)
        if rejection is None and at is not None:
            rejection = check_date(self._election, bulletin, at)
        if rejection is not None:
            return rejection
        if bulletin.area not in self._election.areas:
            return Rejection("not-an-area", "area", "send bulletins for polling tables to the topic of tally reports")
        if self._bulletins.add(bulletin):
            newest, area = self.situation(bulletin.area).comparison, self._layout.area[bulletin.area]
            self._scheduler.claim(area, None if newest is None else newest.claim)
            self._publish_queue.add(area, urgent=True)
            # What it says is part of the area above, and its coming ends the silence of the whole.
            for told in (bulletin.area, self._election.areas[bulletin.area].parent or bulletin.area):
                self._of_bulletins.pop(told, None)
                self._dirty.add(told)
            self._dirty.add(self._election.root.id)
            self._activity.add_bulletin(bulletin.at)
        return None

    @property
    def bulletins(self) -> list[Bulletin]:
        """Every version of every bulletin that was taken in, in the order in which they were issued."""
        return sorted(self._bulletins, key=lambda b: (b.at, self._depth(b.area), b.sequence, b.id))

    def replaced(self, bulletin: Bulletin) -> Sequence[Bulletin]:
        """The versions that a bulletin replaces under its own id, the newest first."""
        return self._bulletins.replaced(bulletin)

    def take_changed(self, most: int | None = None, *, spoken_of: bool = False) -> list[str]:
        """The areas whose state may have changed since they were last taken, `most` of them at once; only those with a
        new bulletin, or something told of an alert, where they must be `spoken_of`: those come first in any case."""
        return [self._layout.areas[area] for area in self._publish_queue.take(most, urgent=spoken_of).tolist()]

    @property
    def changed(self) -> int:
        """How many areas `take_changed` has to give."""
        return len(self._publish_queue)

    def load(
        self,
        sheets: Iterable[Sheets],
        bulletins: Iterable[Bulletin],
        alerts: Iterable[Alert],
        at: int | None,
        pulse: Pulse | None = None,
    ) -> None:
        """Take in saved state; `at` is the saved clock, None where there is none. Everything is evaluated again."""
        for parts in in_portions(sheets):
            self.add_sheets(*parts)
        for bulletin in bulletins:
            self.add_bulletin(bulletin)
        for alert in alerts:
            self._book.keep(alert)
        self._clock = latest(self._clock, at)
        if pulse is not None:
            self._activity.go_on(pulse)
        alerted = {alert.finding.area for alert in self.alerts.values()}
        self._dirty |= alerted
        for area, findings in self._find(sorted(alerted), self._clock).items():
            if findings:  # what is told of it before the next tick knows of its alerts
                self._hold(area, findings)

    def _bounds(self, areas: Numbers) -> Numbers | None:
        return None if self._sums.bounds is None else self._sums.bounds[areas]
