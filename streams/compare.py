"""The two counts side by side: sums and bulletins in, area states and notices out."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from streams import alerts
from streams.admission import check_bulletin
from streams.alerts import Alert, Notice
from streams.codec import encode, plain
from streams.election import Election
from streams.events import Bulletin, Rejection
from streams.findings import Comparison, Finding, Pulse, Situation
from streams.layout import ROOT, Numbers
from streams.rollup import READINGS, VALID, VOTES, Strata, Tally
from streams.rules import are_loud, of_bulletins, of_sums, of_watches
from streams.rules.contradiction import bounds
from streams.rules.divergence import witnessed_shares
from streams.rules.remainder import Remainder, predicted
from streams.sheets import Sheets
from streams.states import witnessed
from streams.sums import Sums


class Comparer:
    """Every area's sums and bulletins, what the rules find in them, and the alerts' lives.

    One comparer holds the whole election: areas must meet (parts against the whole, a parent
    muting its children), and what reaches it is already summed, so one is enough.
    """

    def __init__(self, election: Election) -> None:
        self._election = election
        self._tick = max(1, round(election.alerts.tick * 1000))
        self._layout = election.layout
        self._sums = Sums(election)
        self._busiest: dict[int, tuple[int, Mapping[str, int]]] = {}
        """By partition: how much it rests on, and the groups."""
        self._bulletins: dict[str, dict[str, Bulletin]] = {}
        self._standing: dict[str, list[Bulletin]] = {}
        """By area, its bulletins that no other supersedes, the newest first."""
        self._parts: dict[str, set[str]] = {}
        """By area, the areas right below that have a bulletin."""
        self._findings: dict[str, dict[str, Finding]] = {}
        self._of_bulletins: dict[str, list[Finding]] = {}
        """By area, what its bulletins say of themselves: kept until there is a new one."""
        self._alerts: dict[str, Alert] = {}
        self._deadlines: dict[str, int] = {}
        """Those of the alerts that may change without any news, by fingerprint."""
        self._unheard: set[str] = set()
        """The alerts that fire without anybody having heard of them."""
        self._clock = 0
        self._pulse = Pulse()
        self._grown = False
        """Whether readings have come since the last evaluation."""
        self._dirty: set[str] = set()
        """Areas to be evaluated at the next tick."""
        self._watched = np.zeros(len(election.areas), bool)
        """Areas to be evaluated whenever their sums change: the root, those with a bulletin, a finding, an alert."""
        self._watched[ROOT] = True
        self._changed = np.zeros(len(election.areas), bool)
        self._spoken_of = np.zeros(len(election.areas), bool)
        """Areas with a new bulletin, or news of an alert, among the changed ones."""
        self._takes, self._taken = 0, np.zeros(len(election.areas), np.int64)

    @property
    def clock(self) -> int:
        """Event time of the last evaluation, in Unix ms; 0 before the first event."""
        return self._clock

    @property
    def pulse(self) -> Pulse:
        """When bulletins and readings last came."""
        return self._pulse

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """Every alert that ever fired or waits to, by fingerprint."""
        return self._alerts

    def add_sheets(self, sheets: Sheets) -> bool:
        """Take in what a partition says of its polling tables; False when there is no news in it."""
        version, _ = self._busiest.get(sheets.partition, (0, {}))
        if sheets.version >= version:
            self._busiest[sheets.partition] = sheets.version, sheets.busiest
        before = self._sums.rows[ROOT, READINGS]
        areas = self._sums.add(sheets.read, sheets.announced)
        if not len(areas):
            return False
        self._grown = self._grown or bool(self._sums.rows[ROOT, READINGS] > before)
        self._changed[areas] = True
        asking = areas[self._watched[areas] | are_loud(self._election, self._sums.rows[areas])]
        self._dirty.update(self._layout.areas[area] for area in asking.tolist())
        return True

    @property
    def read(self) -> Numbers:
        """The newest row of every polling table's sheet (`streams.sheets`), by its number."""
        return self._sums.read

    def differing(self) -> list[str]:
        """The polling tables whose official figure is not the accepted sheet's, by id."""
        return sorted(self._layout.tables[table] for table in self._sums.differing().tolist())

    def add_bulletin(self, bulletin: Bulletin) -> Rejection | None:
        """Take in a bulletin, or say why it is turned away. Order and repetition do not matter."""
        rejection = check_bulletin(self._election, bulletin)
        if rejection is not None:
            return rejection
        if bulletin.area not in self._election.areas:
            return Rejection("not-an-area", "area", "send bulletins for polling tables to the topic of tally reports")
        known = self._bulletins.setdefault(bulletin.area, {})
        other = known.get(bulletin.id)
        if other is None or _rank(bulletin) > _rank(other):
            known[bulletin.id] = bulletin
            self._standing[bulletin.area] = _standing(known.values())
            self._watch(bulletin.area)
            self._tell_of(bulletin.area)
            # What it says is part of the area above, and its coming ends the silence of the whole.
            parent = self._election.areas[bulletin.area].parent
            if parent is not None:
                self._parts.setdefault(parent, set()).add(bulletin.area)
            for area in (bulletin.area, parent or bulletin.area):
                self._of_bulletins.pop(area, None)
                self._dirty.add(area)
            self._dirty.add(self._election.root.id)
            self._pulse = replace(self._pulse, bulletin=max(self._pulse.bulletin, bulletin.at))
        return None

    @property
    def bulletins(self) -> list[Bulletin]:
        """Every bulletin that was taken in, in the order in which they were issued."""
        held = [bulletin for known in self._bulletins.values() for bulletin in known.values()]
        return sorted(held, key=lambda b: (b.at, self._depth(b.area), b.sequence, b.id))

    def bulletin(self, area: str) -> Bulletin | None:
        """The area's current bulletin: the highest sequence that no other supersedes."""
        return next(iter(self._standing.get(area, ())), None)

    def advance(self, to: int) -> list[Notice]:
        """Bring event time to `to` (Unix ms) and evaluate at every tick on the way.

        Ticks at which nothing can change are passed over: they would decide nothing.
        """
        last = to - to % self._tick
        if not self._clock:
            self._clock = last
            self._pulse = Pulse(max(last, self._pulse.bulletin), last)
        notices: list[Notice] = []
        while (at := self._next_tick()) is not None and at <= last:
            notices += self._evaluate(at)
        self._clock = max(self._clock, last)
        return notices

    def advance_before(self, mark: int) -> list[Notice]:
        """Evaluate the ticks that come before this one, with what was known until then. A night that has not begun
        begins at its first mark, not before."""
        return self.advance(mark - 1) if self._clock else []

    def settle(self, mark: int, news: Callable[[], None]) -> list[Notice]:
        """Judge what came before a mark: first what was waiting for time to pass, then the `news`, which adds it."""
        notices = self.advance_before(mark)
        news()
        return notices + self.advance(mark)

    def state(self, area: str) -> dict[str, Any]:
        """Everything known of one area, as a JSON object."""
        return self.states([area])[0]

    def states(self, areas: Sequence[str]) -> list[dict[str, Any]]:
        """The same of many: where most are areas of polling tables, in a third of the time of one by one."""
        numbers = [self._layout.area[area] for area in areas]
        rows = self._sums.rows[numbers]
        votes = rows[:, VOTES : VOTES + len(self._election.columns)]
        simple: list[list[float]] = (100 * votes / np.maximum(1, rows[:, VALID, None])).tolist()
        found = []
        for area, number, row, shares in zip(areas, numbers, rows.tolist(), simple, strict=True):
            known, bulletin, given = self._election.areas[area], self.bulletin(area), None
            if bulletin is not None or len(self._layout.below[number]):
                tally = self._tally(area)
                given = witnessed_shares(self._election, tally)
            elif row[VALID]:
                given = shares
            state = witnessed(self._election, known, row, given)
            if findings := self._findings.get(area):
                state["alerts"] = sorted(filter(self._is_firing, findings))
            if bulletin is not None:
                state["official"] = self._official(Comparison(self._election, known, bulletin, tally))
            found.append(state)
        return found

    def _official(self, given: Comparison) -> dict[str, Any]:
        bulletin = given.bulletin
        return {
            "bulletin": bulletin.id,
            "at": bulletin.at,
            "votes": dict(bulletin.votes),
            "valid": given.valid,
            "tolerated": given.tolerated,
            "figures": self.figures(given),
        }

    def figures(self, given: Comparison) -> dict[str, dict[str, Any]]:
        """Each figure of a bulletin beside what was witnessed, by option or group, as JSON objects."""
        rest, shares = predicted(given), witnessed_shares(self._election, given.witnessed)
        return {n: _figure(given, rest, i, votes, shares[i] if shares else None) for i, n, votes in given.official}

    def take_changed(self, most: int | None = None, *, spoken_of: bool = False) -> list[str]:
        """The areas whose state may have changed since they were last taken, `most` of them at once; only those with a
        new bulletin, or news of an alert, where they must be `spoken_of`. Those come first in any case, then parents
        before their children, and of one depth those that were taken longest ago."""
        changed = np.flatnonzero(self._spoken_of if spoken_of else self._changed)
        depth = self._layout.depth[changed]
        order = np.lexsort((changed, self._taken[changed], depth, ~self._spoken_of[changed]))
        taken = changed[order[:most]]
        self._changed[taken] = self._spoken_of[taken] = False
        self._takes += 1
        self._taken[taken] = self._takes
        return [self._layout.areas[area] for area in taken.tolist()]

    @property
    def changed(self) -> int:
        """How many areas `take_changed` has to give."""
        return int(np.count_nonzero(self._changed))

    def situation(self, area: str) -> Situation:
        """Everything that the rules are told of one area."""
        parts = {part: held for part in self._parts.get(area, ()) if (held := self._standing[part])}
        known, held = self._election.areas[area], self._standing.get(area, [])
        return Situation(self._election, known, self._tally(area), self._clock, self._pulse, held, parts)

    def findings(self, area: str) -> list[Finding]:
        """What the rules found in one area at the last tick."""
        return list(self._findings.get(area, {}).values())

    def load(
        self,
        sheets: Iterable[Sheets],
        bulletins: Iterable[Bulletin],
        known: Iterable[Alert],
        at: int,
        pulse: Pulse | None = None,
    ) -> None:
        """Take in saved state; `at` is the saved clock. Everything is evaluated again."""
        for part in sheets:
            self.add_sheets(part)
        for bulletin in bulletins:
            self.add_bulletin(bulletin)
        for alert in known:
            self._keep(alert)
        self._clock = max(self._clock, at)
        if pulse is not None:
            self._pulse, self._grown = pulse, False
        for area in {alert.finding.area for alert in self._alerts.values()}:
            self._dirty.add(area)
            if found := self._find(area):  # what is told of it before the next tick knows of its alerts
                self._findings[area] = found

    def _tell_of(self, area: str) -> None:
        self._changed[self._layout.area[area]] = self._spoken_of[self._layout.area[area]] = True

    def _watch(self, area: str) -> None:
        """Evaluate this area from now on whenever its sums change."""
        self._watched[self._layout.area[area]] = True

    def _tally(self, id: str) -> Tally:
        area = self._layout.area[id]
        below = self._layout.below[area]
        return Tally(
            row=self._sums.rows[area].tolist(),
            strata=Strata(below, self._sums.rows[below]),
            busiest=sum((Counter(groups) for _, groups in self._busiest.values()), Counter()) if area == ROOT else {},
            spreads=lambda: self._sums.spread(area),
        )

    def _depth(self, area: str) -> tuple[int, str]:
        return len(self._election.lineage[area]), area

    def _is_firing(self, fingerprint: str) -> bool:
        alert = self._alerts.get(fingerprint)
        return alert is not None and alert.status == "firing"

    def _next_tick(self) -> int | None:
        """The next tick at which anything can change; None when only news can change anything."""
        after = self._clock + self._tick
        if self._dirty:
            return after
        due = list(self._deadlines.values())
        due += [d for d in self._silences() if d > self._clock]
        return max(after, -(-min(due) // self._tick) * self._tick) if due else None

    def _evaluate(self, at: int) -> list[Notice]:
        before, self._clock = self._clock, at
        if self._grown:
            self._pulse, self._grown = replace(self._pulse, report=at), False
        if any(before < due <= at for due in self._silences()):
            self._dirty.add(self._election.root.id)
        dirty, self._dirty = self._dirty, set()
        due = {
            fingerprint: alert.finding.area
            for fingerprint, alert in self._alerts.items()
            if alert.finding.area in dirty or self._deadlines.get(fingerprint, at + 1) <= at
        }
        for area in dirty:
            found = self._find(area)
            due.update((fingerprint, area) for fingerprint in found)
            if found:
                self._findings[area] = found
                self._watch(area)
            else:
                self._findings.pop(area, None)
        # Parents first, so that they can mute their children in the same tick.
        order = sorted(due.items(), key=lambda item: (self._depth(item[1]), item[0]))
        notices = [notice for item in order if (notice := self._step(*item, at))]
        notices += [notice for item in list(self._unmuted()) if (notice := self._step(*item, at))]
        # What is told in one tick stands in one order, whichever of it was looked at for what reason.
        return sorted(notices, key=lambda notice: (self._depth(notice.finding.area), notice.fingerprint))

    def _find(self, area: str) -> dict[str, Finding]:
        """What the rules say of one area, by fingerprint."""
        situation = self.situation(area)
        known = self._of_bulletins.get(area)
        if known is None:
            known = self._of_bulletins[area] = list(of_bulletins(situation))
        found = [*of_sums(situation), *known, *of_watches(situation)]
        return {finding.fingerprint: finding for finding in found}

    def _silences(self) -> list[int]:
        """When bulletins and readings will have been away for too long, in Unix ms."""
        rule = self._election.rules.health
        limits = ((rule.bulletin_every, self._pulse.bulletin), (rule.reports_every, self._pulse.report))
        return [last + round(1000 * every) for every, last in limits if every]

    def _unmuted(self) -> Iterator[tuple[str, str]]:
        """Alerts that nobody heard of because one above spoke for them, which has just gone: with their areas."""
        for fingerprint in self._unheard:
            alert = self._alerts[fingerprint]
            if not self._is_firing(alert.muted_by or ""):
                yield fingerprint, alert.finding.area

    def _step(self, fingerprint: str, area: str, at: int) -> Notice | None:
        bulletin, known = self.bulletin(area), self._alerts.get(fingerprint)
        finding = self._findings.get(area, {}).get(fingerprint)
        about = finding if finding is not None or known is None else known.finding
        decision = alerts.step(
            known,
            finding,
            at,
            None if bulletin is None else bulletin.id,
            self._election.alerts,
            self._muting(about),
        )
        if decision.alert is None:
            self._alerts.pop(fingerprint, None)
            self._deadlines.pop(fingerprint, None)
            self._unheard.discard(fingerprint)
        elif decision.alert != known:
            self._keep(decision.alert)
            self._tell_of(area)
        return decision.notice

    def _keep(self, alert: Alert) -> None:
        """Remember an alert, and when it may have something to say."""
        self._alerts[alert.fingerprint] = alert
        self._watch(alert.finding.area)
        deadline = alerts.deadline(alert, self._election.alerts)
        if deadline is None:
            self._deadlines.pop(alert.fingerprint, None)
        else:
            self._deadlines[alert.fingerprint] = deadline
        if alert.status == "firing" and not alert.heard:
            self._unheard.add(alert.fingerprint)
        else:
            self._unheard.discard(alert.fingerprint)

    def _muting(self, finding: Finding | None) -> str | None:
        """The nearest firing alert further up of the same rule and column."""
        if finding is not None:
            for parent in reversed(self._election.lineage[finding.area][:-1]):
                above = replace(finding, area=parent).fingerprint
                if self._is_firing(above):
                    return above
        return None


def _figure(
    given: Comparison, rest: Remainder | None, column: int, votes: int, witnessed: float | None
) -> dict[str, Any]:
    gamma = None if rest is None else rest.gamma(column, votes - given.witnessed.votes[column])
    low, high = bounds(given, column, votes)
    return {
        "votes": votes,
        "share": round(100 * votes / given.valid, 6) if given.valid else None,
        "witnessed_share": None if witnessed is None else round(witnessed, 6),
        "floor": low and low.limit,
        "ceiling": high and high.limit,
        "gamma": None if gamma is None else round(gamma, 6),
        "breakdown": max((b.breakdown for b in (low, high) if b is not None), default=None),
    }


def _standing(known: Collection[Bulletin]) -> list[Bulletin]:
    """An area's bulletins that no other supersedes, the newest first."""
    gone = {b.supersedes for b in known if b.supersedes != b.id}
    return sorted((b for b in known if b.id not in gone), key=_rank, reverse=True)


def _rank(bulletin: Bulletin) -> tuple[int, int, bytes]:
    return bulletin.sequence, bulletin.at, encode(plain(bulletin))
