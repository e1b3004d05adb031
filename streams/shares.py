"""Witnessed shares of the valid votes, post-stratified."""

import numpy as np
from numpy.typing import NDArray

from streams.election import Election
from streams.layout import Numbers, begins
from streams.rollup import TABLES, VALID, VOTES, Strata, Tally

Shares = NDArray[np.float64]


def witnessed_shares(election: Election, tally: Tally) -> list[float] | None:
    """Witnessed share of each column of one area in per cent of the valid votes; None without any."""
    if not tally.valid:
        return None
    found: list[float] = post_stratified(election, np.array([tally.row]), tally.strata)[0].tolist()
    return found


def post_stratified(election: Election, rows: Numbers, strata: Strata) -> Shares:
    """The witnessed shares of many areas, by area and column, given their rows of sums; NaN without any valid vote.

    Each area right below counts with its registered voters (else its polling tables, else
    its witnessed ones), whatever part of it has arrived; those where nothing was witnessed
    take the mean of the others. An area without areas below is taken as it is.
    """
    layout, columns, valid = election.layout, len(election.columns), rows[:, VALID, None]
    shares = np.full((len(rows), columns), np.nan)
    np.divide(100 * rows[:, VOTES : VOTES + columns], valid, out=shares, where=valid > 0)
    seen = np.flatnonzero(strata.rows[:, VALID] > 0)
    if not len(seen):
        return shares
    above, below, parts = strata.above[seen], strata.areas[seen], strata.rows[seen]
    first = begins(above)
    starts, place = np.flatnonzero(first), np.cumsum(first) - 1
    weights = layout.voters[below]
    for other in (layout.exist[below], parts[:, TABLES]):
        lacking = np.minimum.reduceat(weights, starts) == 0
        if not lacking.any():
            break
        weights = np.where(lacking[place], other, weights)
    each = (weights / parts[:, VALID])[:, None] * parts[:, VOTES : VOTES + columns]
    shares[above[starts]] = 100 * np.add.reduceat(each, starts) / np.add.reduceat(weights, starts)[:, None]
    return shares
