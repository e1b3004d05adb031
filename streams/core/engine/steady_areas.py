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
from typing import Final

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


class SteadyArea:
    """What is found in one area at each of its *steps*, the ticks that change it. Steps are counted from 0."""

    def __init__(self, id: str, over: AreaOverTicks, weighed: Iterable[tuple[str, Weighed]], book: AlertBook) -> None:
        self.id, self.ticks = id, over.ticks.tolist()
        self.next = 0
        """How many steps have come."""
        self._book = book
        self._figures: list[str] = []
        """Fingerprints of all that is found at any step; the arrays below go by them and by step."""
        self._slips: list[float] = []
        """How far the values of each may be off. Whole numbers never are."""
        severities, values = list[Numbers](), list[Figures]()
        for rule, found in weighed:
            self._figures.append(f"{rule}:{id}:{found.column}")
            self._slips.append(0 if np.issubdtype(found.values.dtype, np.integer) else over.slip)
            severities.append(np.full(len(self.ticks), NOTHING))
            values.append(np.zeros(len(self.ticks)))
            severities[-1][found.places], values[-1][found.places] = found.severities, found.values
        self._severities = np.array(severities, np.int64).reshape(-1, len(self.ticks))
        self._values = values
        self._parts = np.ones(len(self.ticks), bool)
        """Whether any severity is another than at the step before."""
        self._parts[1:] = (self._severities[:, 1:] != self._severities[:, :-1]).any(axis=0)
        self._before: Sequence[int] = ()
        """The severities when the rules were last asked."""
        self._asked: Flags = np.ones(len(self.ticks), bool)
        self._told: list[int] = []
        """Which of the figures may be told as an update."""

    def plan(self, findings: Iterable[Finding]) -> None:
        """Say at which of the next steps the rules are asked, where they have just found this."""
        found = {finding.fingerprint: finding for finding in findings}
        known = [found.pop(figure, None) for figure in self._figures]
        self._before, self._told = [NOTHING if each is None else RANK[each.severity] for each in known], []
        begin, count = self.next, len(self.ticks)
        self._asked[begin:] = True
        if begin == count or found or any(map(self._waits, self._figures)) or self._turns(begin):
            return  # there is another plan when the rules have been asked
        end = begin + 1 + int(np.append(self._parts[begin + 1 :], True).argmax())
        self._asked[begin:end] = False
        for figure, finding in enumerate(known):
            if finding is not None and finding.severity is not None:
                alert = self._book.alerts.get(finding.fingerprint)
                self._told.append(figure)
                values = self._values[figure][begin:end]
                self._asked[begin:end] |= _are_worst(finding.severity, alert, values, self._slips[figure])
        self._asked[end - 1] |= any(finding is not None for finding in known)

    @property
    def is_asked(self) -> bool:
        """Whether the rules are asked at the step that has just come."""
        return bool(self._asked[self.next - 1])

    @property
    def turns(self) -> bool:
        """Whether a severity may be another at the step that has just come than when the rules were last asked."""
        return self._turns(self.next - 1)

    def is_due(self, to: int) -> bool:
        """Whether an update is due until event time `to` (Unix ms), as the area stands after the last step."""
        return any(self._book.may_update(self._figures[figure], to) and self._is_news(figure) for figure in self._told)

    def _is_news(self, figure: int) -> bool:
        alert = self._book.alerts[self._figures[figure]]
        return alert.news or self._values[figure][self.next - 1] != alert.told_value

    def _turns(self, step: int) -> bool:
        return list(self._severities[:, step]) != self._before

    def _waits(self, fingerprint: str) -> bool:
        """Whether more than its finding can make an alert say anything."""
        alert = self._book.alerts.get(fingerprint)
        if alert is None or alert.status == "firing":
            return False
        return alert.status == "pending" or self._book.is_due(fingerprint)


def _are_worst(severity: Severity, alert: Alert | None, given: Figures, slip: float) -> Flags:
    """At which steps an alert may be worse than it ever was and than at all others. Values may be off by `slip`."""
    worst, most = np.zeros(len(given), bool), float(given.max())
    if alert is not None and (alert.worst is None or alert.worst.weight < (RANK[severity], most + slip)):
        worst[given >= most - 2 * slip] = True
        worst[int(worst.argmax()) + 1 :] &= slip > 0  # of equals the first stays the worst
    return worst


class SteadyAreas:
    """Follows areas through the ticks of a stretch, and says which the rules must be asked about, and when."""

    def __init__(self, election: Election, book: AlertBook, rules: RuleBook, found_in: FindingsOf) -> None:
        self._election, self._layout, self._book = election, election.layout, book
        self._rules, self._found_in = rules, found_in
        self._areas: dict[int, SteadyArea] = {}
        self._changed_at = defaultdict[int, list[int]](list)
        """By tick, the areas that it changes."""
        self._behind: set[int] = set()
        """Areas that have changed since the rules were last asked about them."""

    def follow(self, number: int, over: AreaOverTicks) -> None:
        """Follow an area, by its number."""
        id = self._layout.areas[number]
        self._areas[number] = area = SteadyArea(id, over, self._rules.weigh(over), self._book)
        area.plan(self._found_in(id))
        for tick in area.ticks:
            self._changed_at[tick].append(number)

    def due(self, tick: int, to: int) -> set[int]:
        """The areas that the rules must be asked about at a tick which comes to event time `to` (Unix ms)."""
        changed = self._changed_at.get(tick, ())
        for number in changed:
            self._areas[number].next += 1
        self._behind.update(changed)
        if not self._behind:
            return set()
        if self._book.unmuted():
            return set(self._behind)
        asked = {number for number in changed if self._areas[number].is_asked}
        turned = {self._areas[number].id for number in changed if self._areas[number].turns}
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
