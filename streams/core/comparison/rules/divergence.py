"""Divergence: an announced share that no honest order of counting reaches (design, section 5; docs/evidence.md)."""

from collections.abc import Iterator
from math import isnan

from streams.core.aggregation.histograms import REST, VOTES
from streams.core.aggregation.honest_shares import Projected
from streams.core.comparison.findings import Comparison, Finding, Severity
from streams.core.comparison.sentences import say


def divergence(given: Comparison) -> Iterator[Finding]:
    """One finding for each figure that lies `warning` or more points outside what an honest count can announce, in
    whatever order, with the unseen voting up to `unseen` points otherwise than their neighbours.

    A gap that one misread sheet can make is one sheet, not a divergence: the rule is silent below `min_sheets` accepted
    sheets, and its thresholds are for what is beyond one sheet. Below `coverage` it only warns: there selection alone
    can part the two counts where neighbours vote very differently.
    """
    rule = given.election.rules.divergence
    found = given.projected
    if found is None or not given.valid or given.witnessed.tables < rule.min_sheets:
        return
    for column, _, _ in given.official:
        gap = abs(float(found.gap[column]))
        if isnan(gap) or gap < rule.clear * rule.warning:
            continue
        slip = _one_sheet(given, given.valid, column)
        if gap - slip < rule.clear * rule.warning:
            continue
        severity: Severity | None = None
        if gap - slip >= rule.warning:
            covered = given.coverage is None or given.coverage >= rule.coverage
            severity = "critical" if gap - slip >= rule.critical and covered else "warning"
        yield _finding(given, given.valid, found, column, gap, slip, severity)


def _one_sheet(given: Comparison, valid: int, column: int) -> float:
    """The most points that one misread sheet can move a share of `valid` votes: the largest sheet, for the option or
    for all others, may hold nothing of what it says, or another one as much more."""
    spread = given.witnessed.spread
    return 100 * max(spread.largest(VOTES, column), spread.largest(REST, column)) / valid


def _finding(
    given: Comparison, valid: int, found: Projected, column: int, gap: float, slip: float, severity: Severity | None
) -> Finding:
    tally, option = given.witnessed, given.election.columns[column]
    share, required = float(found.share[column]), float(found.required[column])
    figures: dict[str, float | int] = {
        "official_share": share,
        "witnessed_share": 100 * tally.votes[column] / max(1, tally.valid),
        "expected_share": float(found.expected[column]),
        "low": float(found.low[column]),
        "high": float(found.high[column]),
        "gap": gap,
        "one_sheet": slip,
        "unseen": given.election.rules.divergence.unseen,
        "tables": tally.tables,
    }
    if given.coverage is not None:
        figures["coverage"] = 100 * given.coverage
    if not isnan(required):
        figures["required"] = required
    if given.counted == 1 and valid > tally.valid:
        figures["needed_share"] = 100 * (given.bulletin.votes[option.id] - tally.votes[column]) / (valid - tally.valid)
    return Finding(
        rule="divergence",
        rule_class="statistical",
        area=given.area.id,
        column=option.id,
        severity=severity,
        value=round(gap, 6),
        unit="points",
        bulletin=given.bulletin.id,
        inputs={key: round(value, 6) if isinstance(value, float) else value for key, value in figures.items()},
        sentence=say(
            "divergence-sheets" if isnan(required) else "divergence",
            1,
            area=given.label,
            bulletin=given.bulletin.id,
            option=option.name,
            direction="more" if share > figures["high"] else "less",
            **figures,
        ),
    )
