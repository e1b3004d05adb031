"""What one look tells of a sheet is what the verdict on all its readings says."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.agreement import Agreement
from streams.election import Policy
from streams.ledger import Reading, Verdict, verdict_of
from streams.shelf import Packed, pack

POLICY = Policy()


def reading(
    at: int, reporter: str = "a", group: str = "", votes: tuple[int, ...] = (5, 3), null: int = 0, **other: object
) -> Reading:
    """Its id is its time."""
    known = {"retracted": False, "supersedes": "", **other}
    return Reading(at, f"r{at}", reporter, group or reporter, "web", votes, null, **known)  # type: ignore[arg-type]


some = st.lists(
    st.builds(
        reading,
        at=st.integers(0, 9),
        # names that are parts of others, of every kind of length that MessagePack has
        reporter=st.sampled_from(["a", "aa", "b", "c", "d" * 40, "d" * 300, "r1"]),
        group=st.sampled_from(["", "a", "g"]),
        votes=st.sampled_from([(5, 3)] * 3 + [(5, 300), (2**40, 0)]),
        null=st.sampled_from([0] * 3 + [1]),
        retracted=st.sampled_from([False] * 9 + [True]),
        supersedes=st.sampled_from([""] * 9 + ["r1"]),
    ),
    unique=True,
    max_size=7,
)


def looks(readings: list[Reading], asked: list[bool]) -> list[tuple[int, Verdict]]:
    """What is told of a sheet when each reading but the first joins it, 0 where nobody asks, beside the verdict."""
    agreement = Agreement(1)
    found = []
    for count in range(1, len(readings)):
        packed = [pack(held) for held in readings[:count]]
        held: Packed = packed[0] if count == 1 else tuple(packed)
        if asked[count - 1]:
            told = agreement.readers(0, held, readings[count])
        else:
            agreement.doubt(0)
            told = 0
        found.append((told, verdict_of(readings[: count + 1], POLICY)))
    return found


@given(some, st.lists(st.sampled_from([True] * 5 + [False]), min_size=7, max_size=7))
@example([reading(1), reading(2, "b"), reading(3, "aa")], [True] * 7)
def test_is_the_verdict(readings: list[Reading], asked: list[bool]) -> None:
    """Whenever a look tells how many readers agree, the verdict has them all behind the newest reading's figures."""
    for new, (told, verdict) in zip(readings[1:], looks(readings, asked), strict=True):
        if told:
            assert (verdict.votes, verdict.null) == (new.votes, new.null)
            assert verdict.agreeing == verdict.readers == told


@pytest.mark.parametrize(
    ("readings", "told"),
    [
        pytest.param([reading(i, f"x{i}") for i in range(4)], [2, 3, 4], id="all agree"),
        pytest.param([reading(i, votes=(i, 0)) for i in range(4)], [1, 1, 1], id="one reader, again and again"),
        pytest.param([reading(1), reading(2, "b"), reading(3, "b")], [2, 0], id="one of several again"),
        pytest.param([reading(1), reading(2), reading(3, "b")], [1, 0], id="another behind one again"),
        pytest.param([reading(2), reading(1)], [0], id="the older one later"),
        pytest.param([reading(1), reading(2, "b", votes=(5, 4)), reading(3, "c")], [0, 0], id="they disagree"),
        pytest.param([reading(1), reading(2, "b", null=1)], [0], id="null votes differ"),
        pytest.param([reading(1), reading(2, "b", "a")], [0], id="of one group"),
        pytest.param([reading(1, retracted=True), reading(2)], [0], id="one was taken back"),
        pytest.param([reading(1), reading(2, "b", supersedes="r1")], [0], id="one names another"),
    ],
)
def test_tells(readings: list[Reading], told: list[int]) -> None:
    """What it tells at once, and where it is in doubt."""
    assert [readers for readers, _ in looks(readings, [True] * 9)] == told
