"""Polling tables announced by themselves outside what bounds them: with fewer votes than were certainly cast there, or
with more than can have been (design, section 5, "Evidence that is only a bound")."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from streams.core.aggregation.bound_sums import ABOVE, BELOW, CHECKED, CHECKED_MOST
from streams.core.comparison.findings import Finding, Situation
from streams.core.comparison.rule_inputs import RowsOfSums
from streams.core.comparison.rules.rule import CRITICAL, NOTHING, RESTS, WARNING, RowRule, Weighed
from streams.core.election.model import Severity


class _OutsideBounds(RowRule):
    """Warns from more polling tables on than honest slips come to, by three standard deviations of their number."""

    needs_bounds = True
    outside: ClassVar[int]
    """Place in a row of `bound_sums` of the tables outside their bounds."""
    checked: ClassVar[int]
    """Place of the tables that are announced and bounded."""

    def weigh(self, given: RowsOfSums) -> Iterator[Weighed]:
        """The areas where it warns, is critical, or has not cleared."""
        rule, rows = self.election.rules.bounds, given.bounds
        places = np.zeros(0, np.int64) if rows is None else np.flatnonzero(rows[:, self.outside])
        if rows is None or not len(places):
            return
        outside, checked = rows[places, self.outside], rows[places, self.checked]
        slips = rule.ratio * checked
        limits = np.maximum(rule.min_tables, np.ceil(slips + 3 * np.sqrt(slips)).astype(np.int64))
        severities = np.where(outside >= limits, WARNING, RESTS)
        severities[outside >= np.maximum(limits, rule.critical_tables)] = CRITICAL
        severities[outside < rule.clear * limits] = NOTHING
        yield Weighed.of("all", places, severities, outside, checked=checked)


class BelowFloor(_OutsideBounds):
    """One finding for an area where polling tables are announced with fewer votes than were certainly cast there."""

    name = "below-floor"
    kind = ("arithmetic", "critical")
    outside, checked = BELOW, CHECKED

    def finding(self, given: Situation, column: str, severity: Severity | None, **figures: Any) -> Finding:
        """With the option of which most votes are missing, and how many are of each."""
        bounds, columns = given.witnessed.bounds, self.election.columns
        assert bounds is not None
        most = max(range(len(columns)), key=lambda i: (bounds.missing[i], -i))
        missing = {c.id: votes for c, votes in zip(columns, bounds.missing, strict=True)}
        told = {"outside": figures["value"], "checked": figures["checked"], "votes": bounds.missing[most]}
        value, option = (figures["value"], "tables"), columns[most].name
        return self.report(
            given, column, severity, value, {**told, "missing": missing}, self.name, option=option, **told
        )


class AboveCeiling(_OutsideBounds):
    """The same where they are announced with more votes than ballots can have been cast there."""

    name = "above-ceiling"
    kind = ("arithmetic", "critical")
    outside, checked = ABOVE, CHECKED_MOST

    def finding(self, given: Situation, column: str, severity: Severity | None, **figures: Any) -> Finding:
        """With the votes that are too many."""
        bounds = given.witnessed.bounds
        assert bounds is not None
        told = {"outside": figures["value"], "checked": figures["checked"], "votes": bounds.excess}
        return self.report(given, column, severity, (figures["value"], "tables"), told, self.name, **told)
