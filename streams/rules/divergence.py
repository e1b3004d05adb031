"""Divergence: the official share far from the post-stratified witnessed one (design, section 5)."""

from collections.abc import Iterator

import numpy as np

from streams.claims import BASE, FIGURES, SLIP
from streams.election import Election
from streams.findings import Comparison, Finding, Severity
from streams.layout import Flags, Numbers
from streams.shares import Shares, witnessed_shares
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
                area=given.label,
                bulletin=given.bulletin.id,
                option=given.election.columns[column].name,
                **figures,
            ),
        )


def may_diverge(election: Election, claims: Numbers, shares: Shares) -> Flags:
    """In which areas, given their claims and witnessed shares, it may find something; NaN is no share."""
    official, base = claims[:, FIGURES:], claims[:, BASE, None]
    rule = election.rules.divergence
    with np.errstate(invalid="ignore"):  # a comparison with NaN is false
        gaps: Shares = np.abs(100 * official / np.maximum(1, base) - shares)
        wide: Flags = (gaps >= rule.clear * rule.warning - SLIP) & (official >= 0) & (base > 0)
    return np.asarray(wide.any(axis=1))
