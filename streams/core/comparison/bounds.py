"""Exact bounds on an official figure, and how many sheets must be false for it to be possible.

Arithmetic only: no model, no statistics (design, section 5, "Contradiction"). Notation: of N
polling tables u are not in the bulletin; c is the option or group; w(t) its votes on witnessed
table t, W their sum; O the bulletin's figure for c; V the bulletin's valid votes, W_v the
witnessed ones; R_out the registered voters outside the bulletin.

All bounds have one form. A bulletin can leave out u tables, whose voters are at most R_out;
k false sheets say nothing at all. So of a sum of contributions of the witnessed tables at most

    hide(k) = min(S(u + k), R_out + S(k))

can be missing, S(j) being the sum of the j largest contributions, all of them where u is unknown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from streams.core.aggregation.top_sums import TopSums
from streams.core.election.numbering import Numbers
from streams.core.election.settings import ContradictionRule

Basis = Literal["tables", "registered", "unwitnessed"]
"""Which limit made the bound: the tables left out, the registered voters left out, or the
registered voters at tables that nobody witnessed."""


class Left(NamedTuple):
    """What a bulletin leaves out. None where the bulletin does not let one know."""

    tables: int | None
    registered: int | None

    @property
    def known(self) -> bool:
        """Whether anything limits what is left out."""
        return self.tables is not None or self.registered is not None


@dataclass(frozen=True, slots=True)
class Bound:
    """One side's limit for O: the sharpest of those known, in votes.

    `hidden` is what can be missing at most, `breakdown` the least number of witnessed sheets
    that must be false for O to be possible (0 where O respects the bound).
    """

    side: Literal["floor", "ceiling"]
    limit: int
    basis: Basis
    hidden: int
    breakdown: int


def floor(official: int, votes: TopSums, left: Left) -> Bound | None:
    """O can be no less than W - hide(0). None where nothing limits what was left out."""
    if not left.known:
        return None
    hidden, basis = _hide(votes, left)
    breakdown = _breakdown(votes, left, votes.total - official)
    return Bound("floor", votes.total - hidden, basis, hidden, breakdown)


def ceiling(
    official: int,
    votes: TopSums,
    rest: TopSums,
    headroom: TopSums,
    left: Left,
    valid: int | None,
    unwitnessed: int | None,
) -> Bound | None:
    """O can be no more than either of two limits; the sharper one is given.

    - W + `unwitnessed`, the registered voters at tables without an accepted sheet. A false
      sheet adds what its registered voters leave beyond w(t) (`headroom`).
    - `valid` less the votes for others that the bulletin must hold: those on the witnessed
      sheets (`rest`, W_v - W), less hide(0).

    None where neither is known. The breakdown count is the larger of the two, since both
    limits must give way.
    """
    bounds = []
    if unwitnessed is not None:
        over = official - votes.total - unwitnessed
        breakdown = headroom.least(over)
        bounds.append(Bound("ceiling", votes.total + unwitnessed, "unwitnessed", unwitnessed, breakdown))
    if valid is not None and left.known:
        hidden, basis = _hide(rest, left)
        breakdown = _breakdown(rest, left, official - (valid - rest.total))
        bounds.append(Bound("ceiling", valid - rest.total + hidden, basis, hidden, breakdown))
    if not bounds:
        return None
    sharpest = min(bounds, key=lambda bound: bound.limit)
    breakdown = max(bound.breakdown for bound in bounds)
    return Bound("ceiling", sharpest.limit, sharpest.basis, sharpest.hidden, breakdown)


def tolerated(rule: ContradictionRule, tables: Numbers) -> Numbers:
    """Witnessed sheets that may be wrong before anybody is called: both limits of the contradiction rule."""
    limits: Numbers = np.maximum(max(1, rule.min_sheets), np.ceil(rule.min_ratio * tables).astype(np.int64))
    return limits


def _hide(contributions: TopSums, left: Left) -> tuple[int, Basis]:
    """What can be missing where no sheet is false, and which limit makes it so."""
    by_tables = contributions.total if left.tables is None else contributions(left.tables)
    by_registered = by_tables if left.registered is None else min(by_tables, left.registered)
    return by_registered, "registered" if left.tables is None or by_registered < by_tables else "tables"


def least_false(
    needed: Numbers,
    total: Numbers,
    count: Numbers,
    tables: Numbers,
    registered: Numbers,
    least: Callable[[Numbers], Numbers],
) -> Numbers:
    """The least k with hide(k) >= `needed`, for many sums of contributions at once: all `count` sheets where no fewer
    do, 0 where none is needed.

    `least` gives the least j for which S(j) comes to such figures; `tables` and `registered` are left out, `UNKNOWN`
    where nobody knows. Both sums in hide(k) must come to what is needed, and each says with how many sheets it does.
    """
    by_tables, by_registered = least(needed) - tables, least(needed - registered)
    counts = np.maximum(0, np.maximum(by_tables, by_registered))
    return np.where(needed > total, count, counts)  # S(u + k), or where u is unknown the sum of all, never comes to it


def _breakdown(contributions: TopSums, left: Left, needed: int) -> int:
    """`least_false` for one sum of contributions: arrays of one would take ten times as long."""
    if needed > contributions.total:
        return contributions.count
    by_tables = 0 if left.tables is None else contributions.least(needed) - left.tables
    by_registered = 0 if left.registered is None else contributions.least(needed - left.registered)
    return max(0, by_tables, by_registered)
