"""What the rules find in each area, and what becomes of the alerts: tick by tick of event time."""

from collections.abc import Iterable, Mapping, Sequence

from streams.core.aggregation.area_sums import Sums
from streams.core.alerting.alert import Alert, Notice
from streams.core.alerting.alert_store import AlertBook, StepWatcher
from streams.core.comparison.bulletins import Bulletins
from streams.core.comparison.findings import Finding, Pulse, Situation
from streams.core.comparison.rules import RuleBook
from streams.core.election.model import Election
from streams.core.engine.area_view import AreaView
from streams.core.engine.feed_activity import FeedActivity
from streams.core.engine.publish_queue import PublishQueue
from streams.core.engine.rule_scheduler import RuleScheduler
from streams.core.events.area_states import AreaState
from streams.core.events.model import Bulletin
from streams.core.sampling.sampled_sheets import SampledSheets


class Evaluation:
    """The sums and bulletins of all areas, what was last found in each, and every alert.

    Only areas of which something new is known are evaluated at a tick, and alerts that are due.
    """

    def __init__(self, election: Election) -> None:
        self._election = election
        self._tick = max(1, round(election.alerts.tick * 1000))
        self._layout = election.layout
        self._sums = Sums(election)
        self._bulletins = Bulletins(election)
        self._sampled = None if election.sample is None else SampledSheets(election, election.sample)
        self._rules, self._activity = RuleBook(election), FeedActivity()
        self._scheduler = RuleScheduler(election, self._rules)
        self._findings: dict[str, dict[str, Finding]] = {}
        self._of_bulletins: dict[str, dict[str, Finding]] = {}
        """By area, what its bulletins say of themselves: kept until there is a new one."""
        self._book = AlertBook(election)
        self._clock: int | None = None
        self._dirty: set[str] = set()
        """Areas to be evaluated at the next tick."""
        self.view = AreaView(election, self._sums, self._bulletins, self._scheduler, self._activity, self._sampled)
        """What is known of areas now."""
        self._publish_queue = PublishQueue(election.layout)

    @property
    def clock(self) -> int | None:
        """Event time of the last evaluation, in Unix ms; None before the first."""
        return self._clock

    @property
    def pulse(self) -> Pulse:
        """When bulletins and readings last came."""
        return self._activity.pulse

    @property
    def _silences(self) -> list[int]:
        """When something is to be said though nothing comes, in Unix ms."""
        return self._rules.deadlines(self._activity.pulse)

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """Every alert that ever fired or waits to, by fingerprint."""
        return self._book.alerts

    def watch_alerts(self, watcher: StepWatcher) -> None:
        """Show a watcher each further step of an alert that changes it."""
        self._book.watch(watcher)

    def bulletin(self, area: str) -> Bulletin | None:
        """The area's current bulletin: the highest sequence that no other supersedes."""
        return self.view.bulletin(area)

    def situation(self, area: str) -> Situation:
        """Everything that the rules are told of one area."""
        return self.view.situation(area, self._clock)

    def state(self, area: str) -> AreaState:
        """Everything known of one area."""
        return self.states([area])[0]

    def states(self, areas: Sequence[str]) -> list[AreaState]:
        """The same of many."""
        return self.view.states(areas, lambda area: self._book.firing(sorted(self._findings.get(area, ()))))

    def advance(self, to: int) -> list[Notice]:
        """Bring event time to `to` (Unix ms) and evaluate at every tick on the way.

        Ticks at which nothing can change are passed over: they would decide nothing.
        """
        last = to - to % self._tick
        if self._clock is None:
            self._clock = last
            self._activity.begin(last)
        notices: list[Notice] = []
        while (at := self._next_tick(self._clock)) is not None and at <= last:
            notices += self._evaluate(self._clock, at)
            self._clock = at
        self._clock = max(self._clock, last)
        return notices

    def advance_before(self, mark: int) -> list[Notice]:
        """Evaluate the ticks that come before this one, with what was known until then. A night that has not begun
        begins at its first mark, not before."""
        return [] if self._clock is None else self.advance(mark - 1)

    def set_back(self, at: int) -> None:
        """Time had run ahead, and is `at` (Unix ms) now. What was found and told stays; its times that lie ahead become
        `at`, so that waits and pauses count from there."""
        if self._clock is None:
            return
        self._clock = min(self._clock, at - at % self._tick)
        self._activity.set_back(self._clock)
        for alert in list(self.alerts.values()):
            if (right := alert.set_back(self._clock)) != alert:
                self._book.keep(right)

    def findings(self, area: str) -> list[Finding]:
        """What the rules found in one area at the last tick."""
        return list(self._findings.get(area, {}).values())

    def _depth(self, area: str) -> tuple[int, str]:
        return len(self._election.lineage[area]), area

    def _next_tick(self, now: int) -> int | None:
        """The next tick after `now` (Unix ms) at which anything can change; None when only news can change anything."""
        after = now + self._tick
        if self._dirty or self._activity.has_new_readings:
            return after
        due = list(self._book.deadlines)
        due += [d for d in self._silences if d > now]
        return max(after, -(-min(due) // self._tick) * self._tick) if due else None

    def _evaluate(self, before: int, at: int) -> list[Notice]:
        """Evaluate at the tick of `at`; the last tick was the one of `before` (Unix ms)."""
        self._activity.take_pulse(at)
        if any(before < due <= at for due in self._silences):
            self._dirty.add(self._election.root.id)
        dirty, self._dirty = self._dirty, set()
        due = self._book.due(at, dirty)
        for area, findings in self._find(sorted(dirty), at).items():
            due.update((fingerprint, area) for fingerprint in findings)
            self._hold(area, findings)
        # Parents first, so that they can mute their children in the same tick.
        order = sorted(due.items(), key=lambda item: (self._depth(item[1]), item[0]))
        notices = [notice for item in order if (notice := self._step(*item, at))]
        notices += [notice for item in self._book.unmuted().items() if (notice := self._step(*item, at))]
        # What is told in one tick stands in one order, whichever of it was looked at for what reason.
        return sorted(notices, key=lambda notice: (self._depth(notice.finding.area), notice.fingerprint))

    def _find(self, areas: Sequence[str], at: int | None) -> dict[str, dict[str, Finding]]:
        """What the rules say of areas at event time `at` (Unix ms; None before the first tick), by area and
        fingerprint."""
        places, findings = self.view.places(areas, at), [list[Finding]() for _ in areas]
        for place, area in enumerate(areas):
            if area not in self._of_bulletins:
                given = places.situation(place).comparison if self._bulletins.standing(area) else None
                self._of_bulletins[area] = _by_fingerprint(() if given is None else self._rules.of_bulletin(given))
            findings[place] += self._of_bulletins[area].values()
            if area == self._election.root.id:
                findings[place] += self._rules.of_feeds(places.situation(place))
        for place, finding in self._rules.of_sums(places):
            findings[place].append(finding)
        return {area: _by_fingerprint(self._rules.in_order(of)) for area, of in zip(areas, findings, strict=True)}

    def _hold(self, area: str, findings: dict[str, Finding]) -> None:
        """Keep what was found in an area until it is evaluated again."""
        self._scheduler.remember(self._layout.area[area], findings.keys() > self._of_bulletins[area].keys())
        if findings:
            self._findings[area] = findings
        else:
            self._findings.pop(area, None)

    def _step(self, fingerprint: str, area: str, at: int) -> Notice | None:
        bulletin, finding = self.bulletin(area), self._findings.get(area, {}).get(fingerprint)
        notice, changed = self._book.step(fingerprint, finding, at, None if bulletin is None else bulletin.id)
        if changed:  # only what people are told is urgent: the figures of a firing alert may change at every tick
            self._publish_queue.add(self._layout.area[area], urgent=notice is not None)
        return notice


def _by_fingerprint(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.fingerprint: finding for finding in findings}
