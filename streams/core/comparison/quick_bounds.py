"""Which of what bulletins claim a few false sheets would make possible, told from the sums alone.

Nearly every figure of an honest night is possible. This says so without the histograms, and of all areas in the time
that `bounds` takes for one. A yes is certain; a no is for `bounds` to look into.
"""

import numpy as np

from streams.core.aggregation import bound_sums
from streams.core.aggregation.claims import FIGURES, LEFT_REGISTERED, LEFT_TABLES, NULLS, TOTAL, VOTERS
from streams.core.aggregation.tally import NULL, REGISTERED, TABLES, VALID, VOTES
from streams.core.election.numbering import Flags, Numbers
from streams.core.election.settings import ContradictionRule


def tolerated(rule: ContradictionRule, tables: Numbers) -> Numbers:
    """Witnessed sheets that may be wrong before anybody is called: both limits of the contradiction rule."""
    limits: Numbers = np.maximum(max(1, rule.min_sheets), np.ceil(rule.min_ratio * tables).astype(np.int64))
    return limits


def suffice(claims: Numbers, rows: Numbers, false: Numbers, bounds: Numbers | None = None) -> Flags:
    """Whether so many false sheets make a figure possible, on either side, by area and column: no breakdown count is
    above it. Instead of the sum of the j largest votes, which the bounds need, j times the mean: less, if anything.
    `bounds` are the areas' rows of `bound_sums`, where there are any: a polling table's bounds count as a
    sheet."""
    claims, rows, false = claims[:, :, None], rows[:, :, None], false[:, None]
    official = claims[:, FIGURES:, 0]
    columns = official.shape[1]
    witnessed = rows[:, VOTES : VOTES + columns, 0]
    tables, valid, votes, ruled_out = rows[:, TABLES], rows[:, VALID], witnessed, np.zeros_like(witnessed)
    if bounds is not None:
        at_least, ruled_out, _ = bounds[:, bound_sums.FIGURES :].reshape(-1, 3, columns).swapaxes(0, 1)
        tables, votes = tables + bounds[:, [bound_sums.ADDED]], votes + at_least
        valid = valid + bounds[:, [bound_sums.ADDED_VALID]]
    rest = valid - votes

    def hide(contributions: Numbers) -> Numbers:
        by_tables = _mean(contributions, tables, claims[:, LEFT_TABLES] + false)
        by_registered: Numbers = claims[:, LEFT_REGISTERED] + _mean(contributions, tables, false)
        return np.minimum(by_tables, by_registered)

    unwitnessed = np.maximum(0, claims[:, VOTERS] - rows[:, REGISTERED])
    room = np.maximum(votes, witnessed + unwitnessed - ruled_out)
    headroom = np.maximum(0, rows[:, REGISTERED] - witnessed) + np.maximum(0, ruled_out)
    found: Flags = hide(votes) >= votes - official
    found &= _mean(headroom, tables, false) >= official - room
    found &= hide(rest) >= official - claims[:, TOTAL] + rest
    return found | (official < 0)


def suffice_for_nulls(claims: Numbers, rows: Numbers, false: Numbers) -> Flags:
    """Whether so many false sheets make the bulletins' null votes possible, by area: as `suffice`, of the floor."""
    nulls, tables = rows[:, NULL], rows[:, TABLES]
    by_tables = _mean(nulls, tables, claims[:, LEFT_TABLES] + false)
    by_registered: Numbers = claims[:, LEFT_REGISTERED] + _mean(nulls, tables, false)
    found: Flags = np.minimum(by_tables, by_registered) >= nulls - claims[:, NULLS]
    return found | (claims[:, NULLS] < 0)


def _mean(total: Numbers, count: Numbers, j: Numbers) -> Numbers:
    """Less than the sum of the j largest of `count` numbers, none below zero, that come to `total`."""
    return np.where(j > 0, total * np.minimum(j, count) // np.maximum(1, count), 0)
