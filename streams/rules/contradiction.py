"""Contradiction: a figure that the witnessed sheets leave no room for (design, section 5)."""

from collections.abc import Iterator
from math import ceil
from typing import Any

from streams.bounds import Bound, ceiling, floor, suffice
from streams.findings import Comparison, Finding, Severity
from streams.wording import say


def contradiction(given: Comparison) -> Iterator[Finding]:
    """One finding for each figure outside its bounds, valued by its breakdown count.

    Calls people at `min_sheets` and `min_ratio` of the witnessed sheets, whichever is more:
    a few mistyped sheets break a bare inequality, but not this.
    """
    rule = given.election.rules.contradiction
    witnessed = given.witnessed
    if not witnessed.tables:
        return
    limit = given.tolerated
    few = ceil(rule.clear * limit) - 1
    for column, name, official in given.official:
        # On an honest night it ends here: evaluating an area takes a tenth of the time.
        if suffice(few, official, *given.least(column), given.left, given.valid, given.unwitnessed):
            continue
        known = [bound for bound in bounds(given, column, official) if bound is not None]
        bound = max(known, key=lambda b: b.breakdown, default=None)
        if bound is None or bound.breakdown < rule.clear * limit:
            continue
        severity: Severity | None = "critical" if bound.breakdown >= limit else None
        yield _finding(given, name, official, given.witnessed.votes[column], bound, severity)


def bounds(given: Comparison, column: int, official: int) -> tuple[Bound | None, Bound | None]:
    """Floor and ceiling for one figure; None for a side that nothing limits."""
    votes = given.votes(column)
    low = floor(official, votes, given.left)
    high = ceiling(
        official,
        votes,
        given.rest(column),
        given.headroom(column),
        given.left,
        given.valid,
        given.unwitnessed,
    )
    return low, high


def _finding(
    given: Comparison, column: str, official: int, witnessed: int, bound: Bound, severity: Severity | None
) -> Finding:
    gap = abs(bound.limit - official)
    figures: dict[str, Any] = {
        "official": official,
        "witnessed": witnessed,
        "tables": given.witnessed.tables,
        "limit": bound.limit,
        "hidden": bound.hidden,
        "gap": gap,
        "breakdown": bound.breakdown,
        "left_tables": given.left.tables,
        "left_registered": given.left.registered,
    }
    return Finding(
        rule="contradiction",
        rule_class="arithmetic",
        area=given.area.id,
        column=column,
        severity=severity,
        value=bound.breakdown,
        unit="sheets",
        bulletin=given.bulletin.id,
        inputs={**figures, "side": bound.side, "basis": bound.basis},
        sentence=say(
            bound.side,
            area=given.area.name,
            bulletin=given.bulletin.id,
            option=given.election.columns[given.election.column_index[column]].name,
            why=bound.basis if bound.hidden else "nothing",
            **figures,
        ),
    )
