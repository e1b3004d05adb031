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

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from streams.core.aggregation.top_sums import TopSums

Basis = Literal["tables", "registered", "unwitnessed"]
"""Which limit made the bound: the tables left out, the registered voters left out, or the
registered voters at tables that nobody witnessed."""


@dataclass(frozen=True, slots=True)
class Left:
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
    hidden, basis = _hide(votes, left, 0)
    needed = votes.total - official
    breakdown = _least(votes.count, lambda k: _hide(votes, left, k)[0] >= needed)
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
        breakdown = _least(headroom.count, lambda k: headroom(k) >= over)
        bounds.append(Bound("ceiling", votes.total + unwitnessed, "unwitnessed", unwitnessed, breakdown))
    if valid is not None and left.known:
        hidden, basis = _hide(rest, left, 0)
        needed = official - (valid - rest.total)
        breakdown = _least(rest.count, lambda k: _hide(rest, left, k)[0] >= needed)
        bounds.append(Bound("ceiling", valid - rest.total + hidden, basis, hidden, breakdown))
    if not bounds:
        return None
    sharpest = min(bounds, key=lambda bound: bound.limit)
    breakdown = max(bound.breakdown for bound in bounds)
    return Bound("ceiling", sharpest.limit, sharpest.basis, sharpest.hidden, breakdown)


def _hide(contributions: TopSums, left: Left, k: int) -> tuple[int, Basis]:
    by_tables = contributions.total if left.tables is None else contributions(left.tables + k)
    by_registered = by_tables if left.registered is None else min(by_tables, left.registered + contributions(k))
    return by_registered, "registered" if left.tables is None or by_registered < by_tables else "tables"


def _least(most: int, holds: Callable[[int], bool]) -> int:
    """The least k from 0 to `most` at which `holds`, which stays true once it is; else `most`."""
    return bisect_left(range(most), True, key=holds)
