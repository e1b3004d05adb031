"""Contradiction: a figure that the witnessed sheets leave no room for (design, section 5)."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from streams.core.aggregation.bound_sums import ADDED
from streams.core.aggregation.tally import TABLES
from streams.core.comparison.bounds import Bound, ceiling, floor
from streams.core.comparison.findings import Comparison, Finding, Severity
from streams.core.comparison.quick_bounds import suffice, suffice_for_nulls, tolerated
from streams.core.comparison.sentences import say
from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers


def contradiction(given: Comparison) -> Iterator[Finding]:
    """One finding for each figure outside its bounds, valued by its breakdown count.

    Calls people at `min_sheets` and `min_ratio` of the witnessed sheets, whichever is more:
    a few mistyped sheets break a bare inequality, but not this.
    """
    rule = given.election.rules.contradiction
    witnessed = given.witnessed
    if not witnessed.tables + given.bounded:
        return
    limit = given.tolerated
    bounded = None if witnessed.bounds is None else np.array([witnessed.bounds.row])
    possible = are_possible(given.election, given.claim[None], np.array([witnessed.row]), bounded)[0]
    for column, name, official in given.official:
        if possible[column]:  # nearly every one is, and the histograms stay uncounted
            continue
        known = [bound for bound in bounds(given, column, official) if bound is not None]
        bound = max(known, key=lambda b: b.breakdown, default=None)
        if bound is None or bound.breakdown < rule.clear * limit:
            continue
        severity: Severity | None = "critical" if bound.breakdown >= limit else None
        option = given.election.columns[column].name
        yield _finding(given, name, official, given.votes(column).total, bound, severity, option)
    yield from _nulls(given)


def _nulls(given: Comparison) -> Iterator[Finding]:
    """The same of null votes, by the floor alone: a sheet that does not give them may hold any. It warns, since what
    counts as null is not the same to every authority."""
    official, row = given.bulletin.null, np.array([given.witnessed.row])
    if official is None or not may_contradict_nulls(given.election, given.claim[None], row)[0]:
        return
    nulls = given.witnessed.nulls()
    bound = floor(official, nulls, given.left)
    if bound is None or bound.breakdown < given.election.rules.contradiction.clear * given.tolerated:
        return
    severity: Severity | None = "warning" if bound.breakdown >= given.tolerated else None
    yield _finding(given, "null-votes", official, nulls.total, bound, severity)


def may_contradict(election: Election, claims: Numbers, rows: Numbers, bounds: Numbers | None = None) -> Flags:
    """Of which areas, given their claims and sums, it may find something."""
    possible = np.all(are_possible(election, claims, rows, bounds), axis=1)
    possible &= ~may_contradict_nulls(election, claims, rows)
    found: Flags = (_known(rows, bounds) > 0) & ~possible
    return found


def may_contradict_nulls(election: Election, claims: Numbers, rows: Numbers) -> Flags:
    """Of which areas it may find something in the null votes."""
    return ~suffice_for_nulls(claims, rows, _few(election, rows, None))


def _known(rows: Numbers, bounds: Numbers | None) -> Numbers:
    """Polling tables with an accepted sheet or a bound, by area."""
    tables: Numbers = rows[:, TABLES]
    return tables if bounds is None else tables + bounds[:, ADDED]


def are_possible(election: Election, claims: Numbers, rows: Numbers, bounds: Numbers | None) -> Flags:
    """Which figures fewer false sheets make possible than any alert of this rule rests on; those at least."""
    return suffice(claims, rows, _few(election, rows, bounds), bounds)


def _few(election: Election, rows: Numbers, bounds: Numbers | None) -> Numbers:
    """False sheets that no alert of this rule rests on, by area: one less than any does."""
    rule = election.rules.contradiction
    few: Numbers = np.ceil(rule.clear * tolerated(rule, _known(rows, bounds))).astype(np.int64) - 1
    return few


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
        given.room(column),
    )
    return low, high


def _finding(
    given: Comparison,
    column: str,
    official: int,
    witnessed: int,
    bound: Bound,
    severity: Severity | None,
    option: str | None = None,
) -> Finding:
    """`option` is the name of the column, None for null votes: bounds of those rest on sheets alone."""
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
    bounded = given.bounded if option is not None else 0
    if bounded:
        figures |= {"tables": given.witnessed.tables + given.bounded, "bounded": given.bounded}
    return Finding(
        rule="contradiction",
        rule_class="arithmetic",
        area=given.area.id,
        column=column,
        severity=severity,
        value=bound.breakdown,
        unit="tables" if bounded else "sheets",
        bulletin=given.bulletin.id,
        inputs={**figures, "side": bound.side, "basis": bound.basis},
        sentence=say(
            "floor-nulls" if option is None else f"{bound.side}-bounds" if bounded else bound.side,
            area=given.label,
            bulletin=given.bulletin.id,
            option=option or "",
            why=bound.basis if bound.hidden else "nothing",
            room="some" if bound.limit >= 0 else "none",
            short=-bound.limit,
            **figures,
        ),
    )
