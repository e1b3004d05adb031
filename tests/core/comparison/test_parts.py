"""Parts against the whole: cumulative figures, in any order of announcement."""

from typing import Any

import pytest
from builders import T0, bulletin, compared, election, found_by
from hypothesis import given
from hypothesis import strategies as st

from streams.core.comparison.rules.parts import Parts
from streams.core.events.model import Bulletin

KNOWN = election(states=2, groups={"BC": "BC"})


def of(area: str, votes: Any, at: int = 0, **fields: Any) -> Bulletin:
    return bulletin(votes, area=area, at=T0 + at, **fields)


BOTH = {"S1": [of("S1", (5, 3, 1))], "S2": [of("S2", (4, 2, 0))]}


@pytest.mark.parametrize(
    ("whole", "held", "expected"),
    [
        pytest.param(of("N", (9, 5, 1)), BOTH, [], id="they add up"),
        pytest.param(of("N", (9, 5, 1)), {}, [], id="nothing is announced below"),
        pytest.param(of("N", (8, 5, 1)), BOTH, [("A", 1)], id="less than its parts"),
        pytest.param(of("N", (12, 5, 1)), BOTH, [("A", 3)], id="more than all its parts"),
        pytest.param(of("N", (12, 5, 1)), {"S1": BOTH["S1"]}, [], id="one part is missing, and may hold the rest"),
        pytest.param(of("N", (3, 5, 1)), {"S1": BOTH["S1"]}, [("A", 2)], id="less than its only part"),
        pytest.param(of("N", (8, 5, 1), -5), BOTH, [], id="parts were announced later, and have grown"),
        pytest.param(of("N", (12, 9, 1), 5), BOTH, [], id="the whole was announced later, and has grown"),
        pytest.param(of("N", (8, 5, 1), -5, status="final"), BOTH, [("A", 1)], id="a final figure does not grow"),
        pytest.param(
            of("N", (12, 5, 1), 5),
            {a: [of(a, b[0].votes, status="final")] for a, b in BOTH.items()},
            [("A", 3)],
            id="nor do final parts",
        ),
        pytest.param(of("N", {"A": 9, "BC": 5}), BOTH, [("BC", 1)], id="a group is the sum of its options"),
        pytest.param(
            of("N", (9, 5, 1), valid=15, tables_counted=5),
            {a: [of(a, b[0].votes, valid=8, tables_counted=3)] for a, b in BOTH.items()},
            [("valid-votes", 1), ("tables-counted", 1)],
            id="other figures too",
        ),
        pytest.param(
            of("N", (9, 5, 1), 5),
            {**BOTH, "S1": [of("S1", (5, 3, 1), 9, status="correction"), of("S1", (50, 3, 1))]},
            [],
            id="what a correction follows is not held against the whole",
        ),
        pytest.param(
            of("N", (8, 5, 1), 5),
            {**BOTH, "S1": [of("S1", (9, 3, 1), 9, sequence=2), of("S1", (5, 3, 1))]},
            [("A", 1)],
            id="its parts by then, not the newer ones",
        ),
    ],
)
def test_parts(whole: Bulletin, held: Any, expected: list[tuple[str, int]]) -> None:
    """The whole must reach what its parts had by then, and cannot exceed what they have since."""
    found = found_by(Parts, compared(KNOWN, {}, whole, parts=held))
    assert [(f.column, f.value) for f in found] == expected
    for finding in found:
        assert all("{" not in sentence for sentence in finding.sentence.values())


@given(st.lists(st.tuples(st.sampled_from(["S1", "S2", "N"]), st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_honest_counts_are_silent(steps: list[tuple[str, int, int]]) -> None:
    """Counts that grow, announced for any area at any moment, always add up."""
    count = {"S1": [0, 0, 0], "S2": [0, 0, 0]}
    held: dict[str, list[Bulletin]] = {"S1": [], "S2": []}
    for at, (area, a, b) in enumerate(steps):
        if area == "N":
            sums = [x + y for x, y in zip(*count.values(), strict=True)]
            known = {part: list(reversed(found)) for part, found in held.items() if found}
            assert not found_by(Parts, compared(KNOWN, {}, of("N", sums, at), parts=known))
        else:
            count[area] = [x + y for x, y in zip(count[area], (a, b, 0), strict=True)]
            held[area].append(of(area, count[area], at, sequence=at))
