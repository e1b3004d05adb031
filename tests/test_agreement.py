"""What one look tells of a sheet is what the verdict on all its readings says."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.agreement import MARKS, MOST, Agreement, Readers
from streams.election import Policy
from streams.layout import Numbers
from streams.ledger import Reading, Verdict, verdict_of

POLICY = Policy()
SHEET = np.zeros(1, np.int64)


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


class Asked:
    """What is told of a sheet when each reading but the first joins it; 0 where that is in doubt."""

    def __init__(self) -> None:
        self.agreement, self.readers = Agreement(1, 2), Readers()

    def look(self, reading: Reading) -> Numbers:
        said = np.array([[reading.null, *reading.votes]])
        return self.readers.looks([reading.at], [reading.reporter], [reading.group], [reading.supersedes], said)

    def tell(self, reading: Reading, way: str) -> int:
        """By many at once, only of one reader again, or not at all."""
        new, told = self.look(reading), 0
        if way == "many" and not reading.retracted:
            told = int(self.agreement.join(SHEET, new)[0])
        elif way == "one" and not reading.retracted:
            told = int(self.agreement.is_again(0, new[0].tolist()))
        if not told:
            self.agreement.doubt([0])
        return told


def looks(readings: list[Reading], ways: list[str]) -> list[tuple[int, Verdict]]:
    asked = Asked()
    if readings and not readings[0].retracted:
        asked.agreement.begin(SHEET, asked.look(readings[0]))
    told = [asked.tell(reading, way) for reading, way in zip(readings[1:], ways, strict=False)]
    return [(told, verdict_of(readings[: i + 2], POLICY)) for i, told in enumerate(told)]


@given(some, st.lists(st.sampled_from(["many"] * 5 + ["one", "none"]), min_size=7, max_size=7), st.integers(0, 2))
@example([reading(1), reading(2, "b"), reading(3, "aa")], ["many"] * 7, 9)
@example([reading(1), reading(3, votes=(5, 4)), reading(2)], ["many"] * 7, 9)
@example([reading(1), reading(2, "b", votes=(5, 4))], ["many"] * 7, 0)
@example([reading(1), reading(2, "b")], ["one"] * 7, 0)
def test_is_the_verdict(readings: list[Reading], ways: list[str], most: int) -> None:
    """Whenever a look tells how many readers agree, the verdict has them all behind the newest reading's figures; also
    where not every reporter has a number."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Readers, "MOST", most)
        found = looks(readings, ways)
    for new, (told, verdict) in zip(readings[1:], found, strict=True):
        if told:
            assert (verdict.votes, verdict.null) == (new.votes, new.null)
            assert verdict.agreeing == verdict.readers == told


def test_many_readers() -> None:
    """A sheet that is read more often than can be counted is in doubt; until then each reader is told of."""
    found = looks([reading(i, f"x{i}") for i in range(MOST + 3)], ["many"] * (MOST + 3))
    told = [readers for readers, _ in found]
    counted = [n for n in told if n]
    assert counted == list(range(2, 2 + len(counted)))
    assert told[-1] == 0


def test_names_that_may_be_one() -> None:
    """Where the bits of two names are the same, a sheet is in doubt, whoever they are."""
    asked = Asked()
    first, second = asked.look(reading(1)), asked.look(reading(2, "b"))
    second[:, MARKS] = first[:, MARKS]
    asked.agreement.begin(SHEET, first)
    assert asked.agreement.join(SHEET, second)[0] == 0


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
    assert [readers for readers, _ in looks(readings, ["many"] * 9)] == told
