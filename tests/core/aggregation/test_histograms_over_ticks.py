"""Sums at many ticks that lie ahead are those which each tick has by itself."""

from typing import Any

import builders  # noqa: F401, the Hypothesis profile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.aggregation.histograms_over_ticks import BlockChanges, SharesOverTicks, TopSumsOverTicks
from streams.core.aggregation.honest_shares import UNIT, Blocks, Projection
from streams.core.aggregation.top_sums import TopSums

values = st.lists(st.integers(0, 12), max_size=8)


def top(numbers: list[int]) -> TopSums:
    found, counts = np.unique(np.array(numbers, np.int64), return_counts=True)
    return TopSums(found[::-1], counts[::-1].astype(np.int64))


@given(values, st.lists(st.tuples(values, st.integers(-3, 60)), min_size=1, max_size=6), st.data())
def test_top_sums(first: list[int], ticks: list[tuple[list[int], int]], data: st.DataObject) -> None:
    """How many of the largest numbers come to a total, and the largest, while numbers come and go."""
    known, changes = list(first), list[tuple[int, int, int]]()
    expected, largest = list[int](), list[int]()
    for tick, (come, total) in enumerate(ticks):
        for gone in data.draw(st.lists(st.sampled_from(known), max_size=2)) if known else ():
            if gone in known:
                known.remove(gone)
                changes.append((tick, gone, -1))
        known += come
        changes += [(tick, number, 1) for number in come]
        expected.append(top(known).least(total))
        largest.append(max(known, default=0))
    at, changed, sign = np.array(changes, np.int64).reshape(-1, 3).T
    found, counts = np.unique(np.array(first, np.int64), return_counts=True)
    over = TopSumsOverTicks(found[::-1], counts[::-1], len(ticks), at, changed, sign)
    assert over.least(np.array([total for _, total in ticks])).tolist() == expected
    assert over.largest.tolist() == largest


blocks = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 300), st.integers(0, 300)), max_size=5)
"""Class, valid votes, votes (at most as many)."""
tick = st.tuples(blocks, st.sampled_from([0.25, 0.9, 1.0, 1.3]), st.sampled_from([None, 20, 200, 700]))


def _arrays(known: list[tuple[int, int, int]]) -> tuple[Any, Any, Any]:
    kind, valid, votes = np.array(known, np.int64).reshape(-1, 3).T
    return kind, UNIT * valid, UNIT * np.minimum(votes, valid)


@settings(deadline=None)
@given(blocks, st.lists(tick, min_size=1, max_size=5), st.integers(0, 1000), st.data())
def test_shares(first: list[tuple[int, int, int]], ticks: list[Any], tenths: int, data: st.DataObject) -> None:
    """The ends of the honest interval, while blocks come and go, and the unseen are scaled anew."""
    known, changes = list(first), list[tuple[int, tuple[int, int, int], int]]()
    ends, weights = list[tuple[float, float]](), list[tuple[float, float, float]]()
    for number, (come, scale, mass) in enumerate(ticks):
        gone = data.draw(st.sampled_from(known)) if known else None
        if gone is not None:
            known.remove(gone)
            changes.append((number, gone, -1))
        known += come
        changes += [(number, block, 1) for block in come]
        kind, valid, votes = _arrays(known)
        sums = Blocks.none(1, 4)
        sums.add(kind, valid, votes[None])
        weights.append((scale, np.inf if mass is None else float(mass), 0.01))
        each = (np.array([weight]) for weight in weights[-1])
        (low,), (high,) = Projection(sums, np.arange(4), *each).interval(tenths / 10, np.zeros(1, np.int64))
        ends.append((low, high))
    begun = Blocks.none(1, 4)
    kind, valid, votes = _arrays(first)
    begun.add(kind, valid, votes[None])
    kind, valid, votes = _arrays([block for _, block, _ in changes])
    at, sign = np.array([[number, way] for number, _, way in changes], np.int64).reshape(-1, 2).T
    moved = BlockChanges(at, kind, sign * valid, (sign * votes)[None]).of(0, np.arange(len(ticks)))
    for side, high in enumerate((False, True)):
        columns = (np.array(column) for column in zip(*weights, strict=True))
        over = SharesOverTicks(Blocks(begun.valid[0], begun.votes[0]), moved, *columns, high=high)
        assert over.ends(tenths / 10).tolist() == pytest.approx([end[side] for end in ends], abs=1e-9)
