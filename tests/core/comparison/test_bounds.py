"""The bounds are exact: the formulas against trying out every way to leave out and to falsify."""

from collections import Counter
from itertools import product

import builders  # noqa: F401, the Hypothesis profile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.aggregation.bulletin_figures import UNKNOWN
from streams.core.aggregation.top_sums import TopSums
from streams.core.comparison.bounds import Bound, Left, ceiling, floor, least_false
from streams.core.election.numbering import Numbers

numbers = st.lists(st.integers(0, 6), max_size=5)
lefts = st.builds(Left, st.none() | st.integers(0, 6), st.none() | st.integers(0, 15))


def of_histogram(counts: Counter[int]) -> TopSums:
    values = sorted(counts, reverse=True)
    return TopSums(np.array(values, np.int64), np.array([counts[value] for value in values], np.int64))


def top(values: list[int]) -> TopSums:
    return of_histogram(Counter(values))


def hidden(values: list[int], left: Left, k: int) -> int:
    """The most that can be missing, by trying: each sheet is counted, left out, or false.

    At most `left.tables` are left out, together at most `left.registered`; at most k are false.
    """
    most = 0
    for fate in product(("counted", "out", "false"), repeat=len(values)):
        if fate.count("false") > k or (left.tables is not None and fate.count("out") > left.tables):
            continue
        out = sum(v for v, f in zip(values, fate, strict=True) if f == "out")
        false = sum(v for v, f in zip(values, fate, strict=True) if f == "false")
        most = max(most, (out if left.registered is None else min(out, left.registered)) + false)
    return most


def least(values: list[int], left: Left, needed: int) -> int:
    return next((k for k in range(len(values)) if hidden(values, left, k) >= needed), len(values))


@given(st.lists(st.integers(0, 9)), st.integers(-2, 40))
def test_top_sums(values: list[int], j: int) -> None:
    """The sum of the j largest from a histogram is the sum of the j first of the sorted list."""
    sums = top(values)
    assert sums(j) == sum(sorted(values, reverse=True)[: max(0, j)])
    assert (sums.count, sums.total) == (len(values), sum(values))


@given(st.lists(st.integers(0, 9)), st.integers(-2, 60))
def test_least(values: list[int], total: int) -> None:
    """The least j whose sum is large enough is the first of all that is; where none is, it is all of them."""
    sums = top(values)
    assert sums.least(total) == next((j for j in range(len(values)) if sums(j) >= total), len(values))


@settings(max_examples=100)
@given(st.lists(st.tuples(numbers, lefts.filter(lambda left: left.known), st.integers(-2, 30)), min_size=1, max_size=4))
def test_many_breakdown_counts_at_once(cases: list[tuple[list[int], Left, int]]) -> None:
    """Of several sums side by side the breakdown counts are those found by trying every way, one by one."""
    sums = [top(values) for values, _, _ in cases]
    count, total = np.array([[each.count, each.total] for each in sums], np.int64).T
    left = [[UNKNOWN if limit is None else limit for limit in left] for _, left, _ in cases]
    tables, registered = np.array(left, np.int64).T
    needed = np.array([needed for _, _, needed in cases], np.int64)

    def fewest(totals: Numbers) -> Numbers:
        return np.array([each.least(total) for each, total in zip(sums, totals.tolist(), strict=True)], np.int64)

    found = least_false(needed, total, count, tables, registered, fewest)
    assert found.tolist() == [least(*case) for case in cases]


def test_top_sums_drops_what_is_gone() -> None:
    """A value that was taken out again leaves no trace in the sums."""
    assert of_histogram(Counter({5: 0, 3: 2}))(1) == 3


@settings(max_examples=150)
@given(numbers, lefts, st.integers(0, 30))
def test_floor(votes: list[int], left: Left, official: int) -> None:
    """Floor, what is hidden and breakdown count are those found by trying every way."""
    bound = floor(official, top(votes), left)
    if not left.known:
        assert bound is None
        return
    assert bound is not None
    assert bound.hidden == hidden(votes, left, 0)
    assert bound.limit == sum(votes) - bound.hidden
    assert bound.breakdown == least(votes, left, sum(votes) - official)
    assert (bound.breakdown == 0) == (official >= bound.limit)


sheets = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), max_size=5)
"""Votes for c, votes for others, voters who stayed at home."""


@settings(max_examples=150)
@given(sheets, lefts, st.integers(0, 40), st.none() | st.integers(0, 40), st.none() | st.integers(0, 15))
def test_ceiling(
    witnessed: list[tuple[int, int, int]], left: Left, official: int, valid: int | None, unwitnessed: int | None
) -> None:
    """The ceiling is the sharper of its two limits, its breakdown count the larger, as trying every way gives them."""
    votes, rest = [w for w, _, _ in witnessed], [o for _, o, _ in witnessed]
    headroom = [o + home for _, o, home in witnessed]
    bound = ceiling(official, top(votes), top(rest), top(headroom), left, valid, unwitnessed)
    limits, breakdowns = [], []
    if unwitnessed is not None:
        limits.append(sum(votes) + unwitnessed)
        # Nothing is left out here: a false sheet may hold as many votes for c as it has voters.
        breakdowns.append(least(headroom, Left(0, None), official - limits[-1]))
    if valid is not None and left.known:
        limits.append(valid - sum(rest) + hidden(rest, left, 0))
        breakdowns.append(least(rest, left, official - (valid - sum(rest))))
    if not limits:
        assert bound is None
        return
    assert bound is not None
    assert (bound.limit, bound.breakdown) == (min(limits), max(breakdowns))
    if official <= bound.limit:
        assert bound.breakdown == 0
    elif witnessed:
        assert bound.breakdown > 0


@pytest.mark.parametrize(
    ("official", "valid", "unwitnessed", "expected"),
    [
        # Two sheets hold 10 and 6 for c, 4 and 2 for others; 7 and 5 of their voters did not vote for c.
        pytest.param(21, None, 5, (21, "unwitnessed", 0), id="just room for it"),
        pytest.param(22, None, 5, (21, "unwitnessed", 1), id="one vote too many"),
        pytest.param(28, None, 5, (21, "unwitnessed", 1), id="one false sheet makes room"),
        pytest.param(29, None, 5, (21, "unwitnessed", 2), id="one false sheet is not enough"),
        pytest.param(18, 20, None, (18, "tables", 0), id="just within the valid votes"),
        pytest.param(19, 20, None, (18, "tables", 1), id="one vote beyond the valid votes"),
        pytest.param(19, 20, 2, (18, "unwitnessed", 1), id="two limits, as sharp"),
        pytest.param(19, 20, 1, (17, "unwitnessed", 1), id="two limits, the voters sharper"),
        pytest.param(19, 19, 3, (17, "tables", 1), id="two limits, the valid votes sharper"),
    ],
)
def test_ceiling_at_its_limit(
    official: int, valid: int | None, unwitnessed: int | None, expected: tuple[int, str, int]
) -> None:
    """What just fits needs no false sheet, a vote more needs one."""
    bound = ceiling(official, top([10, 6]), top([4, 2]), top([7, 5]), Left(1, None), valid, unwitnessed)
    assert bound is not None
    assert (bound.limit, bound.basis, bound.breakdown) == expected


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), lefts, st.integers(0, 900), st.integers(0, 50))
def test_monotone(votes: list[int], left: Left, official: int, more: int) -> None:
    """More votes announced, or more left out, never make a floor sharper."""
    bound = floor(official, top(votes), left)
    if bound is None:
        return
    higher = floor(official + more, top(votes), left)
    wider = floor(
        official,
        top(votes),
        Left(
            None if left.tables is None else left.tables + more,
            None if left.registered is None else left.registered + more,
        ),
    )
    assert higher is not None
    assert wider is not None
    assert higher.breakdown <= bound.breakdown
    assert wider.breakdown <= bound.breakdown
    assert wider.limit <= bound.limit


@pytest.mark.parametrize(
    ("official", "left", "expected"),
    [
        pytest.param(26, Left(1, None), Bound("floor", 20, "tables", 10, 0), id="respected"),
        pytest.param(20, Left(1, None), Bound("floor", 20, "tables", 10, 0), id="just respected"),
        pytest.param(19, Left(1, None), Bound("floor", 20, "tables", 10, 1), id="one vote short"),
        pytest.param(0, Left(1, None), Bound("floor", 20, "tables", 10, 2), id="one left out, two false"),
        pytest.param(19, Left(1, 4), Bound("floor", 26, "registered", 4, 1), id="few voters left out"),
        pytest.param(9, Left(1, 4), Bound("floor", 26, "registered", 4, 2), id="few voters, then few tables"),
        pytest.param(19, Left(None, 4), Bound("floor", 26, "registered", 4, 1), id="only voters known"),
        pytest.param(0, Left(None, 99), Bound("floor", 0, "registered", 30, 0), id="more voters left out than votes"),
        pytest.param(29, Left(0, None), Bound("floor", 30, "tables", 0, 1), id="nothing left out"),
        pytest.param(0, Left(9, None), Bound("floor", 0, "tables", 30, 0), id="more left out than witnessed"),
    ],
)
def test_floor_by_hand(official: int, left: Left, expected: Bound) -> None:
    """Three sheets with 10, 10 and 10 votes (W = 30): the floor worked out by hand."""
    assert floor(official, top([10, 10, 10]), left) == expected
