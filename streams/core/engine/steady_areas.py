"""Contested areas whose alerts have nothing new to say at most ticks of a stretch: the rules need not be asked there.

An area is steady where every finding keeps its severity at all of the ticks, and so does that of each area above it
which speaks for it. Then only these ticks matter: the last; where a finding is worse than it ever was; and from when an
update is due.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import numpy as np

from streams.core.aggregation.area_over_ticks import AreaOverTicks
from streams.core.alerting.alert import Alert
from streams.core.alerting.alert_store import AlertBook
from streams.core.comparison.findings import RANK, Finding
from streams.core.comparison.rules import RuleBook
from streams.core.comparison.rules.rule import Weighed
from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers

FEW: Final = 6
"""Ticks of an area below which finding out takes longer than asking the rules at each."""


@dataclass(frozen=True)
class SteadyArea:
    """What becomes of one area's findings. Ticks are counted from 0."""

    id: str
    ticks: Sequence[int]
    """The ticks that change the area."""
    places: Numbers
    """The places of these ticks among the rows of the course."""
    asked: Flags
    """At which of them the rules must be asked."""
    values: Mapping[str, Sequence[float]]
    """By fingerprint of a finding, its value at each."""

    def is_due(self, place: int, to: int, book: AlertBook) -> bool:
        """Whether an update is due until event time `to` (Unix ms), where the area stands as at its tick `place`."""
        return any(
            book.may_update(fingerprint, to) and (book.alerts[fingerprint].news or values[place] != told)
            for fingerprint, values in self.values.items()
            if (told := book.alerts[fingerprint].told_value if fingerprint in book.alerts else None) is not None
        )


class SteadyAreas:
    """Finds out which contested areas are steady. None is where an alert waits to fire."""

    def __init__(self, election: Election, book: AlertBook, rules: RuleBook) -> None:
        self._election, self._layout, self._book, self._rules = election, election.layout, book, rules

    def among(
        self,
        contested: Sequence[int],
        dirty: Set[str],
        over: Callable[[int], AreaOverTicks],
        findings: Mapping[str, Mapping[str, Finding]],
        fixed: Mapping[str, Mapping[str, Finding]],
    ) -> dict[int, SteadyArea]:
        """Those of some contested areas, in rising order, that are steady: none that is to be evaluated anyhow
        (`dirty`). `findings` is what the rules found in an area, `fixed` what of it depends on no sums."""
        if self._book.unmuted():
            return {}
        waiting = dirty | {a.finding.area for a in self._book.alerts.values() if not self._is_settled(a)}
        steady, unsteady = dict[int, SteadyArea](), set[str]()
        for number in contested:
            area = self._layout.areas[number]
            found = None
            if area not in waiting and unsteady.isdisjoint(self._election.lineage[area]):
                own = {f: finding for f, finding in findings[area].items() if f not in fixed[area]}
                ahead = over(number)
                found = self._steady(area, ahead, own) if len(ahead.ticks) >= FEW else None
            if found is None:
                unsteady.add(area)
            else:
                steady[number] = found
        return steady

    def _steady(self, area: str, over: AreaOverTicks, findings: Mapping[str, Finding]) -> SteadyArea | None:
        unseen = {(finding.rule, finding.column): finding for finding in findings.values()}
        asked, values = np.zeros(len(over.ticks), bool), dict[str, Sequence[float]]()
        asked[-1:] = True
        for rule, weighed in self._rules.weigh(over):
            if not len(weighed.places):
                continue
            finding = unseen.pop((rule, weighed.column), None)
            if finding is None or not _keeps_severity(finding, weighed, len(asked)):
                return None
            values[finding.fingerprint] = weighed.values.tolist()
            asked |= self._are_worst(finding, weighed, over.slip)
        return None if unseen else SteadyArea(area, over.ticks.tolist(), over.places, asked, values)

    def _are_worst(self, finding: Finding, weighed: Weighed, slip: float) -> Flags:
        """At which ticks the alert may be worse than it ever was, and than at all others. Values may be off by `slip`
        points."""
        alert, values = self._book.alerts.get(finding.fingerprint), weighed.values
        if alert is None or finding.severity is None:
            return np.zeros(len(values), bool)
        most = float(values.max())
        if alert.worst is not None and alert.worst.weight > (RANK[finding.severity], most + slip):
            return np.zeros(len(values), bool)
        worst: Flags = values >= most - slip
        return worst

    def _is_settled(self, alert: Alert) -> bool:
        """Whether only its finding can make it say anything."""
        return alert.status == "firing" or (alert.status == "resolved" and not self._book.is_due(alert.fingerprint))


def _keeps_severity(finding: Finding, weighed: Weighed, ticks: int) -> bool:
    """Whether it is found at each of so many ticks, but for its figures."""
    return len(weighed.places) == ticks and bool((weighed.severities == RANK[finding.severity]).all())


class Behind:
    """Follows steady areas through the ticks: which have changed since the rules were asked about them."""

    def __init__(self, steady: Mapping[int, SteadyArea], book: AlertBook) -> None:
        self._steady, self._book = steady, book
        self._changes = defaultdict[int, list[tuple[int, int]]](list)
        for number, known in steady.items():
            for place, tick in enumerate(known.ticks):
                self._changes[tick].append((number, place))
        self._behind: dict[int, int] = {}
        """Areas, and their places among their own ticks."""

    def due(self, tick: int, to: int) -> list[int]:
        """The areas of which an update is due at a tick that comes to event time `to` (Unix ms)."""
        for number, place in self._changes.get(tick, ()):
            if self._steady[number].asked[place]:
                self._behind.pop(number, None)
            else:
                self._behind[number] = place
        due = [number for number, place in self._behind.items() if self._steady[number].is_due(place, to, self._book)]
        for number in due:
            del self._behind[number]
        return due
