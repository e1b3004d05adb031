"""Polling tables announced by themselves outside what bounds them: with fewer votes than were certainly cast there, or
with more than can have been (design, section 5, "Evidence that is only a bound")."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from streams.core.aggregation.bound_sums import ABOVE, BELOW, CHECKED, CHECKED_MOST
from streams.core.comparison.findings import Finding, Severity, Situation
from streams.core.comparison.sentences import say
from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers
from streams.core.election.settings import BoundsRule


def below_floor(given: Situation) -> Iterator[Finding]:
    """One finding for an area where polling tables are announced with fewer votes than were certainly cast there."""
    bounds = given.witnessed.bounds
    if bounds is None:
        return
    column = max(range(len(bounds.missing)), key=lambda i: (bounds.missing[i], -i))
    columns = given.election.columns
    missing = {c.id: votes for c, votes in zip(columns, bounds.missing, strict=True)}
    figures = {"outside": bounds.below, "checked": bounds.checked, "votes": bounds.missing[column]}
    yield from _finding(given, "below-floor", figures, {"missing": missing}, option=columns[column].name)


def above_ceiling(given: Situation) -> Iterator[Finding]:
    """The same where they are announced with more votes than ballots can have been cast there."""
    bounds = given.witnessed.bounds
    if bounds is not None:
        figures = {"outside": bounds.above, "checked": bounds.checked_most, "votes": bounds.excess}
        yield from _finding(given, "above-ceiling", figures, {})


def may_be_outside(election: Election, bounds: Numbers) -> Flags:
    """In which areas, given their sums (`bound_sums`), either finds something."""
    rule = election.rules.bounds

    def many(outside: int, checked: int) -> Flags:
        found: Flags = (bounds[:, outside] > 0) & (bounds[:, outside] >= rule.clear * _limit(rule, bounds[:, checked]))
        return found

    return many(BELOW, CHECKED) | many(ABOVE, CHECKED_MOST)


def _limit(rule: BoundsRule, checked: Numbers) -> Numbers:
    """From how many polling tables on it warns: more than honest slips come to, by three standard deviations of their
    number."""
    slips = rule.ratio * checked
    limits: Numbers = np.maximum(rule.min_tables, np.ceil(slips + 3 * np.sqrt(slips)).astype(np.int64))
    return limits


def _finding(
    given: Situation, name: str, figures: Mapping[str, int], more: Mapping[str, Any], **words: str
) -> Iterator[Finding]:
    rule, outside = given.election.rules.bounds, figures["outside"]
    limit = int(_limit(rule, np.array(figures["checked"])))
    if not outside or outside < rule.clear * limit:
        return
    severity: Severity | None = "warning" if outside >= limit else None
    if outside >= max(limit, rule.critical_tables):
        severity = "critical"
    yield Finding(
        rule=name,
        rule_class="arithmetic",
        area=given.area.id,
        column="all",
        severity=severity,
        value=outside,
        unit="tables",
        bulletin="",
        inputs={**figures, **more},
        sentence=say(name, area=given.label, **figures, **words),
    )
