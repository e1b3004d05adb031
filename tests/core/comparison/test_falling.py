"""The rule on falling figures: what may fall, what may not, and against which bulletin."""

from typing import Any

import pytest
from builders import T0, bulletin, compared, election, found_by
from hypothesis import given
from hypothesis import strategies as st

from streams.core.comparison.rules.falling import Falling
from streams.core.engine.comparer import Comparer

KNOWN = election(groups={"rest": "BC"})


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param({}, {}, [], id="the same again is no fall"),
        pytest.param({"votes": (50, 30, 20)}, {"votes": (51, 30, 20)}, [], id="one grows"),
        pytest.param({"votes": (50, 30, 20)}, {"votes": (48, 90, 20)}, [("A", 2)], id="one falls while others grow"),
        pytest.param({"votes": {"A": 50, "rest": 50}}, {"votes": (50, 29, 20)}, [("rest", 1)], id="group to parts"),
        pytest.param({"votes": {"A": 50, "rest": 50}}, {"votes": (50, 30, 20)}, [], id="parts that make the group"),
        pytest.param({"votes": (50, 30, 20)}, {"votes": {"A": 50, "rest": 10}}, [], id="parts, now a group: not known"),
        pytest.param({"votes": (50, 30, 20)}, {"votes": {"A": 50, "B": 30}}, [], id="no longer announced"),
        pytest.param(
            {"valid": 100, "null": 9}, {"valid": 99, "null": 8}, [("valid-votes", 1), ("null-votes", 1)], id="sum"
        ),
        pytest.param({"tables_counted": 5}, {"tables_counted": 3}, [("tables-counted", 2)], id="tables counted"),
        pytest.param({"ballots": 90}, {"ballots": 80}, [("ballots-cast", 10)], id="ballots"),
        pytest.param({"votes": (9, 9, 9)}, {"votes": (1, 1, 1), "status": "correction"}, [], id="a correction"),
    ],
)
def test_falls(before: dict[str, Any], now: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    """Each figure that falls is one finding with its gap, in both languages; nothing else is."""
    earlier, later = bulletin(**before), bulletin(**{"sequence": 2, **now})
    found = found_by(Falling, compared(KNOWN, {}, later, earlier))
    assert [(finding.column, finding.value) for finding in found] == expected
    assert all({"en", "es"} == finding.sentence.keys() for finding in found)
    assert all("{" not in text for finding in found for text in finding.sentence.values())


def test_the_sentence() -> None:
    """It names both bulletins, both figures and the gap, and draws no conclusion."""
    (finding,) = found_by(Falling, compared(KNOWN, {}, bulletin((40, 3, 1), sequence=2), bulletin((1250, 3, 1))))
    assert finding.sentence["en"] == (
        "Area N, bulletin N-2: votes for Option A went from 1,250 in bulletin N-1 to 40, 1,210 less. "
        "Cumulative figures can only grow."
    )


@given(st.lists(st.tuples(*[st.integers(0, 50)] * 3), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_only_neighbours_are_compared(figures: list[tuple[int, int, int]], chance: Any) -> None:
    """Whatever order bulletins arrive in, the newest is held against the one before it, and no other."""
    bulletins = [bulletin(votes, sequence=i + 1, at=T0 + i) for i, votes in enumerate(figures)]
    comparer = Comparer(KNOWN)
    comparer.advance(T0)
    for one in chance.sample(bulletins, len(bulletins)):
        assert comparer.add_bulletin(one) is None
    notices = [n for n in comparer.advance(T0 + 20_000) if n.finding.rule == "falling-figure"]
    last, before = figures[-1], figures[-2]
    assert {n.finding.column for n in notices} == {"ABC"[i] for i in range(3) if last[i] < before[i]}


def test_what_is_superseded_is_no_yardstick() -> None:
    """A bulletin that supersedes another is not held against it, but against the one before that."""
    comparer = Comparer(KNOWN)
    comparer.advance(T0)
    comparer.add_bulletin(bulletin((10, 10, 10), id="one"))
    comparer.add_bulletin(bulletin((90, 10, 10), id="slip", sequence=2))
    comparer.add_bulletin(bulletin((20, 10, 10), id="two", sequence=3, supersedes="slip"))
    assert not [n for n in comparer.advance(T0 + 20_000) if n.finding.rule == "falling-figure"]
