"""Areas whose sums change at many ticks of a stretch, and about which the rules need be asked at few of them.

At nearly every tick of a contested night an area's figures change and no severity does. What the rules find there is
weighed for all ticks together (`RuleBook.weigh`). Then they are asked about an area only

- where a severity changes, or cannot be told from what was weighed;
- while an alert of it waits to fire, or to begin as a remark;
- where a finding is worse than it ever was;
- from when an update of an alert is due;
- where an alert further up, which speaks for one of its own, may end;
- at the last tick, and the last before a severity changes: who hears that a finding is gone hears its last figures.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from streams.core.aggregation.area_over_ticks import AreaOverTicks
from streams.core.aggregation.honest_shares import Figures
from streams.core.alerting.alert import Alert
from streams.core.alerting.alert_store import AlertBook
from streams.core.comparison.findings import RANK, Finding
from streams.core.comparison.rules import RuleBook
from streams.core.comparison.rules.rule import NOTHING, Weighed
from streams.core.election.model import Election, Severity
from streams.core.election.numbering import Flags, Numbers

FEW: Final = 6
"""Ticks of an area below which weighing them together takes longer than asking the rules at each."""

FindingsOf = Callable[[str], Iterable[Finding]]
"""What was last found in the sums of an area, by its id."""


class _Figure(NamedTuple):
    """What the rules find of one figure of an area, step by step."""

    fingerprint: str
    severities: Numbers
    """Codes as in `Weighed`, `NOTHING` where there is no finding."""
    values: Figures
    slip: float
    """How far a value may be off; 0 for whole numbers, which never are."""

    @classmethod
    def of(cls, fingerprint: str, weighed: Weighed, some: Flags, slip: float) -> "_Figure":
        """That of some of the ticks that change an area."""
        severities, values = np.full(len(some), NOTHING), np.zeros(len(some))
        severities[weighed.places], values[weighed.places] = weighed.severities, weighed.values
        slip = 0 if np.issubdtype(weighed.values.dtype, np.integer) else slip
        return cls(fingerprint, severities[some], values[some], slip)

    def may_be_worst(self, severity: Severity, alert: Alert | None, steps: slice) -> Flags:
        """At which of some steps, all of this severity, the alert may be worse than it ever was and than at the other
        steps."""
        values = self.values[steps]
        worst, most = np.zeros(len(values), bool), float(values.max())
        if alert is not None and (alert.worst is None or alert.worst.weight < (RANK[severity], most + self.slip)):
            worst[values >= most - 2 * self.slip] = True
            worst[int(worst.argmax()) + 1 :] &= self.slip > 0  # of equals the first stays the worst
        return worst


class SteadyArea:
    """What is found in one area at each of its *steps*, the ticks that change it; of several that are judged at the
    same time the last, since nobody sees the others. Steps are counted from 0."""

    def __init__(
        self,
        id: str,
        over: AreaOverTicks,
        weighed: Iterable[tuple[str, Weighed]],
        book: AlertBook,
        judged_at: Numbers,
    ) -> None:
        judged = judged_at[over.ticks]
        last = np.append(judged[1:] != judged[:-1], True)
        self.id, self.ticks = id, over.ticks[last].tolist()
        steps = len(self.ticks)
        self._judged_steps = int((judged[last] < len(judged_at)).sum())
        """How many of its steps are judged within the stretch. One more may be judged behind it, with what comes there:
        there the rules are asked in any case."""
        self._book, self._steps_done = book, 0
        self._figures = [
            _Figure.of(f"{rule}:{id}:{figure.column}", figure, last, over.slip) for rule, figure in weighed
        ]
        severities = np.array([figure.severities for figure in self._figures], np.int64).reshape(-1, steps)
        self._changes = np.ones(steps, bool)
        """At which steps any severity is another than at the step before."""
        self._changes[1:] = (severities[:, 1:] != severities[:, :-1]).any(axis=0)
        self._asked: Flags = np.ones(steps, bool)
        """At which steps the rules are asked."""
        self._last_severities: list[int] = []
        """Those of the figures when the rules were last asked."""
        self._open: list[_Figure] = []
        """Those that called people then: their alerts may be updated."""

    def plan(self, findings: Iterable[Finding]) -> None:
        """Decide at which of the coming steps the rules are asked, now that they have found this."""
        by_fingerprint = {finding.fingerprint: finding for finding in findings}
        current = [(figure, by_fingerprint.pop(figure.fingerprint, None)) for figure in self._figures]
        self._last_severities = [NOTHING if finding is None else RANK[finding.severity] for _, finding in current]
        self._open = [figure for figure, finding in current if finding is not None and finding.severity is not None]
        begin, steps = self._steps_done, self._judged_steps
        self._asked[begin:] = True
        is_unforeseen = bool(by_fingerprint)  # something was found that was not weighed
        if begin >= steps or is_unforeseen or self._any_waits() or self._differs_at(begin):
            return  # there is another plan when the rules have been asked
        end = begin + 1 + int(np.append(self._changes[begin + 1 : steps], True).argmax())
        self._asked[begin:end] = False
        for figure, finding in current:
            if finding is not None and finding.severity is not None:
                alert = self._book.alerts.get(figure.fingerprint)
                self._asked[begin:end] |= figure.may_be_worst(finding.severity, alert, slice(begin, end))
        self._asked[end - 1] |= any(finding is not None for _, finding in current)

    def take_step(self) -> None:
        """The next of its steps has come."""
        self._steps_done += 1

    @property
    def is_asked(self) -> bool:
        """Whether the rules are asked at the step that has just come."""
        return bool(self._asked[self._steps_done - 1])

    @property
    def has_turned(self) -> bool:
        """Whether a severity may be another at the step that has just come than when the rules were last asked."""
        return self._differs_at(self._steps_done - 1)

    def is_due(self, to: int) -> bool:
        """Whether an update is due until event time `to` (Unix ms), as the area stands after the last step."""
        return any(self._book.may_update(figure.fingerprint, to) and self._is_news(figure) for figure in self._open)

    def _is_news(self, figure: _Figure) -> bool:
        alert = self._book.alerts[figure.fingerprint]
        return alert.told is None or alert.news or figure.values[self._steps_done - 1] != alert.told.value

    def _differs_at(self, step: int) -> bool:
        """Whether the severities at a step are not those that the rules last found."""
        return [figure.severities[step] for figure in self._figures] != self._last_severities

    def _any_waits(self) -> bool:
        """Whether an alert waits to fire, or to begin as a remark: then time makes it speak, not its finding alone."""
        alerts = (self._book.alerts.get(figure.fingerprint) for figure in self._figures)
        return any(
            alert.status == "pending" or (alert.status == "resolved" and self._book.is_due(alert.fingerprint))
            for alert in alerts
            if alert is not None
        )


class SteadyAreas:
    """Follows areas through the ticks of a stretch, and says which the rules must be asked about, and when."""

    def __init__(
        self, election: Election, book: AlertBook, rules: RuleBook, found_in: FindingsOf, judged_at: Numbers
    ) -> None:
        """`judged_at` has by tick of the stretch the one at which what it brings is judged: the first, from it on, at
        which the event time goes on by a tick of the rules."""
        self._election, self._layout, self._book = election, election.layout, book
        self._rules, self._found_in, self._judged_at = rules, found_in, judged_at
        self._areas: dict[int, SteadyArea] = {}
        self._changed_at = defaultdict[int, list[int]](list)
        """By tick, the areas that it changes."""
        self._behind: set[int] = set()
        """Areas that have changed since the rules were last asked about them."""

    def follow(self, number: int, over: AreaOverTicks) -> None:
        """Follow an area, by its number."""
        id = self._layout.areas[number]
        self._areas[number] = area = SteadyArea(id, over, self._rules.weigh(over), self._book, self._judged_at)
        area.plan(self._found_in(id))
        for tick in area.ticks:
            self._changed_at[tick].append(number)

    def due(self, tick: int, to: int) -> set[int]:
        """The areas that the rules must be asked about at a tick which comes to event time `to` (Unix ms)."""
        changed = self._changed_at.get(tick, ())
        for number in changed:
            self._areas[number].take_step()
        self._behind.update(changed)
        if not self._behind:
            return set()
        if self._book.unmuted():
            return set(self._behind)
        asked = {number for number in changed if self._areas[number].is_asked}
        turned = {self._areas[number].id for number in changed if self._areas[number].has_turned}
        rest = self._behind - asked
        if turned:  # their alerts may end, and speak for none further down any more
            asked |= {number for number in rest if not turned.isdisjoint(self._lineage(number))}
        return asked | {number for number in rest if self._areas[number].is_due(to)}

    def plan(self, evaluated: Iterable[int]) -> None:
        """Plan anew for those areas that the rules were just asked about."""
        for number in self._areas.keys() & set(evaluated):
            self._areas[number].plan(self._found_in(self._areas[number].id))
            self._behind.discard(number)

    def _lineage(self, number: int) -> Sequence[str]:
        return self._election.lineage[self._layout.areas[number]]
