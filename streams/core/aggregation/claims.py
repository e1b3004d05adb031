"""What bulletins claim, as rows of numbers: of many areas at a time."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from streams.core.election.numbering import Numbers

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
