"""Feed health: what arrives, or does not, as it should (design, section 5). It says nothing of the counts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from streams.core.aggregation.tally import ANNOUNCED, DISPUTED, LEVELS
from streams.core.comparison.findings import Finding, Pulse, Situation
from streams.core.comparison.rule_inputs import RowsOfSums
from streams.core.comparison.rules.rule import WARNING, FeedRule, RowRule, Weighed
from streams.core.election.model import RuleClass, Severity
from streams.times import to_minute

NAME: Final = "feed-health"
KIND: Final[tuple[RuleClass, Severity]] = "health", "warning"


class Disputes(RowRule):
    """One finding where the readers of many of an area's sheets disagree."""

    name = NAME
    kind = KIND

    @property
    def wakes(self) -> tuple[int, int]:
        """From `disputed_min` disputed sheets on."""
        return DISPUTED, self.election.rules.health.disputed_min

    def weigh(self, given: RowsOfSums) -> Iterator[Weighed]:
        """The areas where both limits are reached."""
        rule, rows = self.election.rules.health, given.rows
        disputed, read = rows[:, DISPUTED], rows[:, LEVELS + 1 : ANNOUNCED].sum(axis=1)
        places = np.flatnonzero((disputed >= rule.disputed_min) & (disputed >= rule.disputed_ratio * read))
        if len(places):
            yield Weighed("disputes", places, np.full(len(places), WARNING), disputed[places], {"read": read[places]})

    def finding(self, given: Situation, column: str, severity: Severity | None, **figures: Any) -> Finding:
        """With the sheets that are disputed, and those that were read."""
        told = {"disputed": figures["value"], "read": figures["read"]}
        return self.report(given, column, "warning", (figures["value"], "sheets"), told, "disputes", 1, **told)


class Flood(FeedRule):
    """One finding for each reporter group that sends an outsized part of all readings; of the whole only."""

    name = NAME
    kind = KIND

    def may_find(self, busiest: Mapping[str, int], readings: int) -> bool:
        """Whether a group sends as much."""
        return any(self._is_flood(sent, readings) for sent in busiest.values())

    def find(self, given: Situation) -> Iterator[Finding]:
        """Group by group."""
        tally = given.witnessed
        for group, readings in sorted(tally.busiest.items()):
            if self._is_flood(readings, tally.readings):
                figures: dict[str, int | str] = {"group": group, "readings": readings, "all": tally.readings}
                value = readings, "readings"
                yield self.report(given, f"flood-{group}", "warning", value, figures, "flood", 1, **figures)

    def _is_flood(self, sent: int, readings: int) -> bool:
        rule = self.election.rules.health
        return sent >= rule.flood_min and sent >= rule.flood_ratio * readings


class Silence(FeedRule):
    """One finding each for bulletins and readings that stay away longer than the election's rhythm."""

    name = NAME
    kind = KIND

    def deadlines(self, pulse: Pulse) -> Sequence[int]:
        """When bulletins, or readings, will have been missing for too long."""
        return [last + round(1000 * every) for _, every, last in self._rhythms(pulse)]

    def find(self, given: Situation) -> Iterator[Finding]:
        """Unless nothing more is due: there is a final bulletin, or every sheet is in."""
        over = {
            "bulletins": given.bulletin is not None and given.bulletin.status == "final",
            "reports": bool(given.area.tables) and given.witnessed.tables >= (given.area.tables or 0),
        }
        for what, every, last in self._rhythms(given.pulse):
            if not over[what] and given.at is not None and given.at >= last + round(1000 * every):
                hours = every / 3600
                since, (time, span) = to_minute(last), _span(every)
                told = {"hours": hours, "since": since}
                words = {"time": time, "span": span, "since": since}
                yield self.report(given, what, "warning", (hours, "hours"), told, f"silence-{what}", 1, **words)

    def _rhythms(self, pulse: Pulse) -> Iterator[tuple[str, float, int]]:
        """What is watched: its rhythm in seconds, and when it last came."""
        rule = self.election.rules.health
        rhythms = (("bulletins", rule.bulletin_every, pulse.bulletin), ("reports", rule.reports_every, pulse.report))
        yield from ((what, every, last) for what, every, last in rhythms if every and last is not None)


def _span(seconds: float) -> tuple[str, float]:
    """A time in the greatest unit in which it is a whole number: the unit's clause in a sentence, and how many."""
    if seconds % 3600 == 0:
        return ("hour" if seconds == 3600 else "hours"), round(seconds / 3600)
    if seconds % 60 == 0 and seconds > 60:
        return "minutes", round(seconds / 60)
    return "seconds", round(seconds) if seconds == round(seconds) else seconds
