"""What bulletins claim, as rows of numbers: of many areas at a time."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.core.election.numbering import Numbers

UNKNOWN: Final = 2**50
"""Stands for what the bulletin or the register does not let one know: more than there can be, and small enough for sums
of it."""

WHOLE: Final = 2**40
"""Parts that a fraction is counted in."""

LEFT_TABLES: Final = 0
"""Place in a row of claims: the polling tables that the bulletin leaves out."""
LEFT_REGISTERED: Final = 1
"""Place in a row of claims: the registered voters that the bulletin leaves out."""
TOTAL: Final = 2
"""Place of the bulletin's valid votes. They count as unknown also where nothing limits what it leaves out."""
VOTERS: Final = 3
"""Place of the area's registered voters."""
BASE: Final = 4
"""Place of the valid votes that the bulletin's shares are of; 0 where it does not say."""
FRACTION: Final = 5
"""Place of the polling tables in the bulletin over those that exist, in parts of `WHOLE`; all of it where it does not
say."""
COMPLETE: Final = 6
"""Place of a 1 where the bulletin counts every polling table."""
NULLS: Final = 7
"""Place of the bulletin's null votes, unknown where it does not say."""
FIGURES: Final = 8
"""Place of the first column's votes; the others follow. A column without a figure has -1."""


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


def announced_shares(claims: Numbers) -> NDArray[np.float64]:
    """The shares that bulletins announce, in per cent: (rows, columns). NaN where there is no figure, or no valid votes
    that it could be a share of."""
    official, base = claims[:, FIGURES:], claims[:, [BASE]]
    return np.where((official >= 0) & (base > 0), 100 * official / np.where(base > 0, base, 1), np.nan)
