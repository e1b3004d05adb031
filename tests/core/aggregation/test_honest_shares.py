"""The projection: what an honest count can announce, against trying out every way to count and to vote."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from exact_projection import Block, interval, lowest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.core.aggregation.honest_shares import BINS, UNIT, Blocks, Count, Projection, gaps

VOTES = st.integers(0, 300)
SEEN = st.tuples(VOTES, VOTES).map(lambda v: Block(Fraction(sum(v)), Fraction(v[0]), Fraction(0)))
UNSEEN = st.tuples(st.integers(1, 300), VOTES, st.integers(0, 2)).map(
    lambda b: Block(Fraction(b[0]), Fraction(min(b[:2])), 1 + Fraction(b[2], 2))
)
ELECTIONS = st.lists(SEEN | UNSEEN, min_size=1, max_size=7).filter(lambda known: any(b.valid for b in known))
ONE = np.zeros(1, np.int64)
"""The only figure of a projection."""
POINTS = st.integers(0, 1000).map(lambda tenths: Fraction(tenths, 10))


def projected(known: Sequence[Block], mass: Fraction | None = None) -> Projection:
    """The same blocks in bins."""
    found = Blocks.none(1, 4)
    kinds = np.array([int(2 * b.factor - 1) if b.factor else 0 for b in known])
    valid = np.array([int(UNIT * b.valid) for b in known])
    found.add(kinds, valid, np.array([[int(UNIT * b.votes) for b in known]]))
    one = np.ones(1)
    return Projection(found, np.arange(4), one, np.array([np.inf if mass is None else float(mass)]), 0 * one)


def corners(block: Block, unseen: Fraction) -> set[Fraction]:
    """The fewest and the most votes that a block may hold: shares between them are mixtures."""
    others = Block(block.valid, block.valid - block.votes, block.factor)
    return {block.lowest(unseen), block.valid - others.lowest(unseen)}


@settings(deadline=None)
@given(ELECTIONS, POINTS)
def test_every_order(known: Sequence[Block], unseen: Fraction) -> None:
    """Whichever tables were counted and however the unseen voted within the limits, the announced share is in the
    interval; and where the filling stops between two tables, there is a count that announces its very end."""
    for size in range(1, len(known) + 1):
        for counted in combinations(known, size):
            mass = sum((b.valid for b in counted), Fraction(0))
            if not mass:
                continue
            low, high = interval(known, mass, unseen)
            shares = {sum(votes) / mass for votes in product(*(corners(b, unseen) for b in counted))}
            assert low <= min(shares) <= max(shares) <= high
    rising = sorted((b for b in known if b.valid), key=lambda b: b.lowest(unseen) / b.valid)
    for size in range(1, len(rising) + 1):
        mass = sum((b.valid for b in rising[:size]), Fraction(0))
        assert lowest(known, mass, unseen) == sum(b.lowest(unseen) for b in rising[:size]) / mass


@settings(deadline=None)
@given(ELECTIONS, POINTS, st.fractions(0, 1).filter(bool))
def test_bins_are_outside(known: Sequence[Block], unseen: Fraction, part: Fraction) -> None:
    """In bins the interval is never narrower than in fractions, and by no more than a bin (a deviation is rounded up to
    one, and where the filling stops is known to one); of a complete count it is the same."""
    whole = sum((b.valid for b in known), Fraction(0))
    for mass in (None, part * whole):
        low, high = (100 * float(end) for end in interval(known, mass, unseen))
        (least,), (most,) = projected(known, mass).interval(float(unseen), ONE)
        bin_ = 100 / BINS * (1.01 if mass is not None else 0.5) + 1e-9
        assert low - 2 * bin_ <= least <= low + 1e-9
        assert high - 1e-9 <= most <= high + 2 * bin_


@settings(deadline=None)
@given(ELECTIONS, st.integers(0, 1000), st.integers(0, 1000) | st.just(float("nan")))
@example([Block(Fraction(100), Fraction(40), Fraction(0))], 500, 0)
def test_required_is_the_least(known: Sequence[Block], announced: int, near: float) -> None:
    """The required deviation is the first tenth of a point at which the gap is 0, by trying them all; wherever it is
    looked for first."""
    share = np.array([announced / 10])
    projection = projected(known)
    tenths = np.arange(BINS + 1)
    fits = np.abs(gaps(share, *projection.interval(tenths / 10, 0 * tenths))) <= 1e-9
    first = fits.argmax() / 10 if fits.any() else None
    required = projection.required(ONE, share, np.array([near / 10]))[0]
    assert required == pytest.approx(first) if first is not None else np.isnan(required)


@settings(deadline=None)
@given(ELECTIONS, st.integers(0, 1000))
def test_required_in_fractions(known: Sequence[Block], announced: int) -> None:
    """In exact fractions the gap is 0 at the required deviation (to the bin), and is not a bin below it."""
    share = Fraction(announced, 1000)
    required = projected(known).required(ONE, np.array([announced / 10]), np.zeros(1))[0]

    def fits(unseen: Fraction) -> bool:
        low, high = interval(known, None, unseen)
        return low - Fraction(1, 10**9) <= share <= high + Fraction(1, 10**9)

    if np.isnan(required):
        assert not fits(Fraction(100))
        return
    tenths = Fraction(round(10 * required), 10)
    assert fits(tenths + Fraction(1, 10))
    assert tenths == 0 or not fits(tenths - Fraction(1, 5))


@settings(deadline=None)
@given(st.lists(SEEN, min_size=1, max_size=50).filter(lambda known: any(b.valid for b in known)))
def test_full_coverage(known: Sequence[Block]) -> None:
    """Where every table was witnessed a complete count can announce one share only: the raw one, to the last digit."""
    votes, valid = int(sum(b.votes for b in known)), int(sum(b.valid for b in known))
    low, high = projected(known).interval(20.0, ONE)
    assert low[0] == high[0] == projected(known).middle[0] == 100 * votes / valid


SCALES = [
    pytest.param(1000, 1.0, True, 600, 400, 1.0, id="as expected"),
    pytest.param(1200, 1.0, True, 600, 400, 1.5, id="more turned out among the unseen"),
    pytest.param(700, 1.0, True, 600, 400, 0.25, id="a quarter of what is expected: no less"),
    pytest.param(9000, 1.0, True, 600, 400, 4.0, id="four times as much: no more"),
    pytest.param(600, 0.5, False, 600, 400, 1.5, id="half of the tables, with 600 of 1200 votes"),
    pytest.param(100, 0.5, False, 600, 400, 1.0, id="small tables first: never below what is expected"),
    pytest.param(600, 1.0, True, 600, 0, 1.0, id="nothing is unseen"),
]


@pytest.mark.parametrize(("valid", "fraction", "complete", "witnessed", "expected", "scale"), SCALES)
def test_scales(valid: int, fraction: float, complete: bool, witnessed: int, expected: int, scale: float) -> None:
    """The unseen are scaled so that the whole comes to what the bulletin lets one expect, within a factor of four."""
    count = Count(np.array([valid]), np.array([fraction]), np.array([complete]))
    assert count.scale(np.array([float(witnessed)]), np.array([float(expected)]))[0] == pytest.approx(scale)


def test_small_tables_first() -> None:
    """Fifty large tables vote 80 % for A, fifty small ones 20 %, all witnessed; the count begins with the small ones.
    By tables half of all votes would have been counted, and no half of them has less than 69 %: an honest count would
    be called. By the votes announced it fits."""
    large, small = Block(Fraction(1000), Fraction(800), Fraction(0)), Block(Fraction(100), Fraction(20), Fraction(0))
    known = [large] * 50 + [small] * 50
    assert float(lowest(known, Fraction(55_000, 2), Fraction(20))) == pytest.approx(0.69, abs=0.01)
    assert interval(known, Fraction(5000), Fraction(20))[0] == Fraction(1, 5)
    assert projected(known, Fraction(5000)).interval(20.0, ONE)[0][0] == pytest.approx(20)
