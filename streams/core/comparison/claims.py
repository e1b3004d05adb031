"""What bulletins claim, of many areas at a time; and which of it a few false sheets would make possible, told from the
sums alone.

Nearly every figure of an honest night is possible. This says so without the histograms, and of all areas in the time
that `bounds` takes for one. A yes is certain; a no is for `bounds` to look into.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np

from streams.core.aggregation import bound_sums
from streams.core.aggregation.tally import NULL, REGISTERED, TABLES, VALID, VOTES
from streams.core.election.numbering import Flags, Numbers
from streams.core.election.settings import ContradictionRule

UNKNOWN: Final = 2**50
"""Stands for what the bulletin or the register does not let one know: more than there can be, and small enough for sums
of it."""

WHOLE: Final = 2**40
"""Parts that a fraction is counted in."""

LEFT_TABLES: Final = 0
"""Places in a row of claims: polling tables that the bulletin leaves out,"""
LEFT_REGISTERED: Final = 1
"""registered voters that it leaves out,"""
TOTAL: Final = 2
"""its valid votes, unknown also where nothing limits what it leaves out,"""
VOTERS: Final = 3
"""registered voters of the area,"""
BASE: Final = 4
"""its valid votes, which its shares are of, 0 where it does not say,"""
FRACTION: Final = 5
"""polling tables in it over those that exist, in parts of `WHOLE`, which it is where the bulletin does not say,"""
COMPLETE: Final = 6
"""1 where it counts every polling table,"""
NULLS: Final = 7
"""its null votes, unknown where it does not say,"""
FIGURES: Final = 8
"""and the votes by column, -1 for a column without a figure."""


def width(columns: int) -> int:
    """Numbers in a row of claims. One of nothing but -1 stands for no bulletin."""
    return FIGURES + columns


def claim(
    columns: int,
    figures: Iterable[tuple[int, int]],
    valid: int | None,
    counted: float | None,
    *limits: int | None,
    null: int | None = None,
) -> Numbers:
    """The row of one bulletin, of whose figures each is (column, votes), and which counts such a part (0-1) of the
    polling tables; `limits` are those before `BASE`."""
    row = np.full(width(columns), -1, np.int64)
    fraction = WHOLE if counted is None else int(WHOLE * counted)
    row[:NULLS] = [*(UNKNOWN if limit is None else limit for limit in limits), valid or 0, fraction, counted == 1]
    row[NULLS] = UNKNOWN if null is None else null
    for column, votes in figures:
        row[FIGURES + column] = votes
    return row


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


def _headroom(rows: Numbers, votes: Numbers, false: Numbers) -> Numbers:
    return _mean(np.maximum(0, rows[:, REGISTERED] - votes), rows[:, TABLES], false)


def _mean(total: Numbers, count: Numbers, j: Numbers) -> Numbers:
    """Less than the sum of the j largest of `count` numbers, none below zero, that come to `total`."""
    return np.where(j > 0, total * np.minimum(j, count) // np.maximum(1, count), 0)
