"""Divergence: the official share far from the post-stratified witnessed one (design, section 5)."""

from collections.abc import Iterator

from streams.election import Election
from streams.findings import Comparison, Finding, Severity
from streams.rollup import Tally
from streams.wording import say


def divergence(given: Comparison) -> Iterator[Finding]:
    """One finding for each figure whose shares are `warning` or more points apart.

    Silent while either count is too small a part of the whole, as the election says: neither arrives in random
    order, so that honest counts begin far apart. Post-stratifying mends that for the witnessed sheets only.
    """
    rule = given.election.rules.divergence
    if not given.valid or given.coverage is None or given.coverage < rule.coverage:
        return
    if given.counted is not None and given.counted < rule.counted:
        return
    shares = witnessed_shares(given.election, given.witnessed)
    if shares is None:
        return
    for column, name, votes in given.official:
        witnessed = shares[column]
        official = 100 * votes / given.valid
        gap = abs(official - witnessed)
        if gap < rule.clear * rule.warning:
            continue
        severity: Severity | None = None
        if gap >= rule.warning:
            severity = "critical" if gap >= rule.critical else "warning"
        figures = {
            "official_share": official,
            "witnessed_share": witnessed,
            "gap": gap,
            "coverage": 100 * given.coverage,
        }
        yield Finding(
            rule="divergence",
            rule_class="statistical",
            area=given.area.id,
            column=name,
            severity=severity,
            value=round(gap, 6),
            unit="points",
            bulletin=given.bulletin.id,
            inputs={name: round(value, 6) for name, value in figures.items()},
            sentence=say(
                "divergence",
                1,
                area=given.area.name,
                bulletin=given.bulletin.id,
                option=given.election.columns[column].name,
                **figures,
            ),
        )


def witnessed_shares(election: Election, tally: Tally) -> list[float] | None:
    """Witnessed share of each column in per cent of the valid votes, post-stratified; None without any.

    Each area right below counts with its registered voters (else its polling tables, else
    its witnessed ones), whatever part of it has arrived; those where nothing was witnessed
    take the mean of the others. An area without areas below is taken as it is.
    """
    if not tally.valid:
        return None
    below = [(election.areas[name], part) for name, part in sorted(tally.strata.items()) if part.valid]
    if not below:
        return [100 * votes / tally.valid for votes in tally.votes]
    if all(area.registered for area, _ in below):
        weights = [area.registered or 0 for area, _ in below]
    elif all(area.tables for area, _ in below):
        weights = [area.tables or 0 for area, _ in below]
    else:
        weights = [part.tables for _, part in below]
    weighted = [0.0] * len(tally.votes)
    for weight, (_, part) in zip(weights, below, strict=True):
        weighted = [sum_ + weight * votes / part.valid for sum_, votes in zip(weighted, part.votes, strict=True)]
    whole = sum(weights)
    return [100 * sum_ / whole for sum_ in weighted]
