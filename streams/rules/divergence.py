"""Divergence: the official share far from the post-stratified witnessed one (design, section 5)."""

from collections.abc import Iterator

from streams.election import Election
from streams.findings import Comparison, Finding, Severity
from streams.rollup import TABLES, VALID, VOTES, Tally
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
    known, strata = election.layout, tally.strata
    if not len(strata.areas) or not (seen := strata.rows[:, VALID] > 0).any():
        return [100 * votes / tally.valid for votes in tally.votes]
    rows, areas = strata.rows[seen], strata.areas[seen]
    weights = known.voters[areas]
    if not weights.all():
        weights = known.exist[areas]
    if not weights.all():
        weights = rows[:, TABLES]
    votes = rows[:, VOTES : VOTES + len(tally.votes)]
    weighted = (weights / rows[:, VALID]) @ votes
    shares: list[float] = (100 * weighted / weights.sum()).tolist()
    return shares
