"""What one look tells of a sheet is what the verdict on all its readings says."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.core.election.numbering import Numbers
from streams.core.reconciliation.consensus import leading
from streams.core.reconciliation.reading import Reading
from streams.core.reconciliation.reporters import NameTable
from streams.core.reconciliation.table_rows import TablePlaces
from streams.core.reconciliation.verdict_cache import MARKS, MOST, EvaluatedSheet, VerdictCache, looks_at

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


Seen = tuple[int, int, tuple[int, ...]]
"""Readers behind the leading figures, of how many, and these figures; `IN_DOUBT` where that is not told."""
IN_DOUBT: Seen = (0, 0, ())


class Asked:
    """What is told of a sheet when each reading but the first joins it."""

    def __init__(self) -> None:
        self.names = NameTable()
        self.verdicts = VerdictCache(TablePlaces(1), 2, self.names)
        self.readings: list[Reading] = []

    def look(self, reading: Reading) -> Numbers:
        said = np.array([[reading.null, *reading.votes]])
        names = self.names.intern([reading.reporter]), self.names.intern([reading.group])
        return looks_at([reading.at], *names, [reading.supersedes], said)

    def begin(self, reading: Reading) -> None:
        """By the first reading."""
        self.readings.append(reading)
        if not reading.retracted:
            self.verdicts.begin(SHEET, self.look(reading))

    def tell(self, reading: Reading, way: str) -> Seen:
        """By many at once, only of one reader again, not at all, or after all readings have been looked at."""
        self.readings.append(reading)
        new, seen = self.look(reading), IN_DOUBT
        if way == "many" and not reading.retracted:
            told = self.verdicts.join(SHEET, new)
            if told.certain[0]:
                seen = int(told.behind[0]), int(told.readers[0]), tuple(told.said[0].tolist())
        elif way == "one" and not reading.retracted and self.verdicts.is_again(0, new[0]):
            seen = 1, 1, (reading.null, *reading.votes)
        if seen is IN_DOUBT:
            self.verdicts.invalidate([0])
        if way == "settle":
            self.verdicts.refresh([0], [EvaluatedSheet(self.readings, *leading(self.readings))])
        return seen


def looks(readings: list[Reading], ways: list[str]) -> list[tuple[Seen, Seen]]:
    """What is told of each reading but the first, and what a look at all of them says."""
    asked, found = Asked(), list[tuple[Seen, Seen]]()
    for reading, way in zip(readings, ["", *ways], strict=False):
        if not asked.readings:
            asked.begin(reading)
            continue
        told = asked.tell(reading, way)
        lead, readers = leading(asked.readings)
        newest = max(lead, default=reading)
        found.append((told, (len(lead), readers, (newest.null, *newest.votes))))
    return found


WAYS = ["many"] * 5 + ["one", "none", "settle", "settle"]


@given(some, st.lists(st.sampled_from(WAYS), min_size=9, max_size=9), st.integers(0, 2))
@example([reading(1), reading(2, "b"), reading(3, "aa")], ["many"] * 9, 9)
@example([reading(1), reading(3, votes=(5, 4)), reading(2)], ["many"] * 9, 9)
@example([reading(1), reading(2, "b", votes=(5, 4))], ["many"] * 9, 0)
@example([reading(1), reading(2, "b")], ["one"] * 9, 0)
@example([reading(1), reading(2, "b", null=1)], ["many"] * 9, 9)
@example([reading(1), reading(2, votes=(5, 4)), reading(3, "b")], ["one", "many"], 9)
@example([reading(1), reading(2, group="g"), reading(3, "b", "g")], ["one", "many"], 9)
@example([reading(1), reading(3), reading(2, votes=(5, 4))], ["one"] * 9, 9)
@example([reading(1), reading(2, "b"), reading(3, votes=(5, 4))], ["none", "one"], 9)
@example([reading(1), reading(2, supersedes="r3"), reading(3, votes=(5, 4))], ["one"] * 9, 9)
@example([reading(1), reading(2, "b"), reading(3, "c", votes=(5, 4))], ["many"] * 9, 0)
def test_is_the_verdict(readings: list[Reading], ways: list[str], most: int) -> None:
    """Whatever a look tells is what a look at all readings says, but for which of two lead that are even: the sheet is
    disputed then. Also where not every reporter has a number."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NameTable, "MOST", most)
        found = looks(readings, ways)
    assert len(found) == max(0, len(readings) - 1)
    for told, seen in found:
        if told is not IN_DOUBT:
            assert told[:2] == seen[:2]
            assert told[2] == seen[2] or 2 * told[0] == told[1]


def test_many_readers() -> None:
    """A sheet that is read more often than can be counted is in doubt; until then each reader is told of."""
    found = looks([reading(i, f"x{i}") for i in range(MOST + 3)], ["many"] * (MOST + 3))
    told = [behind for (behind, _, _), _ in found]
    counted = [n for n in told if n]
    assert counted == list(range(2, 2 + len(counted)))
    assert told[-1] == 0


@pytest.mark.parametrize(("count", "told"), [(MOST - 1, MOST), (MOST, 0), (MOST + 1, 0)])
def test_most_readers(count: int, told: int) -> None:
    """So many readers and no more are known after a look at all of them."""
    asked, one = Asked(), reading(1)
    asked.verdicts.refresh([0], [EvaluatedSheet([one], [one] * count, count)])
    assert asked.tell(reading(2, "b"), "many")[1] == told


def test_names_that_may_be_one() -> None:
    """Where the bits of two names are the same, a sheet is in doubt, whoever they are."""
    asked = Asked()
    first, second = asked.look(reading(1)), asked.look(reading(2, "b"))
    second[:, MARKS] = first[:, MARKS]
    asked.verdicts.begin(SHEET, first)
    assert not asked.verdicts.join(SHEET, second).certain[0]


B = (5, 4)
"""What some say where others say (5, 3)."""


@pytest.mark.parametrize(
    ("readings", "told"),
    [
        pytest.param([reading(i, f"x{i}") for i in range(4)], [(2, 2), (3, 3), (4, 4)], id="all agree"),
        pytest.param([reading(i, votes=(i, 0)) for i in range(4)], [(1, 1)] * 3, id="one reader, again and again"),
        pytest.param([reading(1), reading(2, "b"), reading(3, "b")], [(2, 2), None], id="one of several again"),
        pytest.param([reading(1), reading(2, "b"), reading(3)], [(2, 2), None], id="the first of several again"),
        pytest.param([reading(1), reading(2), reading(3, "b")], [(1, 1), (2, 2)], id="another behind one again"),
        pytest.param(
            [reading(1), reading(2, votes=B), reading(3, "b", votes=B)], [(1, 1), (2, 2)], id="behind the newest"
        ),
        pytest.param([reading(2), reading(1)], [None], id="the older one later"),
        pytest.param([reading(1), reading(2, "b", votes=B), reading(3, "c")], [(1, 2), (2, 3)], id="one disagrees"),
        pytest.param(
            [reading(1), reading(2, "b", votes=B), reading(3, "c", votes=B)], [(1, 2), None], id="who may be overtaken"
        ),
        pytest.param(
            [reading(1), reading(2, "b"), reading(3, "c", votes=B), reading(4, "d", votes=B), reading(5, "e", votes=B)],
            [(2, 2), (2, 3), (2, 4), None],
            id="two who may be overtaken",
        ),
        pytest.param([reading(1), reading(2, "b", null=1), reading(3, "c")], [None, None], id="null votes differ"),
        pytest.param([reading(1), reading(2, "b", "a")], [None], id="of one group"),
        pytest.param([reading(1, retracted=True), reading(2)], [None], id="one was taken back"),
        pytest.param([reading(1), reading(2, "b", supersedes="r1")], [None], id="one names another"),
    ],
)
def test_tells(readings: list[Reading], told: list[tuple[int, int] | None]) -> None:
    """What it tells at once, and where it is in doubt."""
    found = [seen for seen, _ in looks(readings, ["many"] * 9)]
    assert [None if seen is IN_DOUBT else seen[:2] for seen in found] == told


@pytest.mark.parametrize(
    ("readings", "more", "told"),
    [
        pytest.param([reading(1), reading(2, "b", votes=B)], reading(3, "c"), (2, 3), id="two disagree"),
        pytest.param(
            [reading(1), reading(2, "b", votes=B), reading(3, "c", votes=B)], reading(4, "d"), (2, 4), id="two lead"
        ),
        pytest.param(
            [reading(1), reading(2, "b", votes=B), reading(3, "c", votes=(1, 1))],
            reading(4, "d"),
            None,
            id="none leads",
        ),
        pytest.param([reading(1), reading(2, "b", null=1)], reading(3, "c"), None, id="null votes differ"),
        pytest.param([reading(1), reading(2, "b", "a")], reading(3, "c", "g"), (2, 2), id="of one group"),
        pytest.param([reading(1), reading(2, "b", "a")], reading(3, "c", "a"), None, id="of one group, once more"),
        pytest.param([reading(1), reading(2, "b", "a")], reading(3, "b", "a"), None, id="one of two again"),
        pytest.param([reading(2), reading(1)], reading(3), (1, 1), id="one reader again"),
        pytest.param([reading(3), reading(1)], reading(2), None, id="one reader, not later"),
        pytest.param([reading(1), reading(2, supersedes="r1")], reading(3), None, id="one who named another"),
        pytest.param(
            [reading(1), reading(2, supersedes="r3")], reading(4, "b"), (2, 2), id="beside one who named another"
        ),
        pytest.param([reading(1), reading(2, retracted=True, votes=())], reading(3, "b"), None, id="nobody is left"),
        pytest.param(
            [reading(1), reading(2, retracted=True, votes=()), reading(3, "b")],
            reading(4, "c"),
            (2, 2),
            id="one is left",
        ),
        pytest.param([reading(1), reading(2, retracted=True, votes=())], reading(3), None, id="who took back, again"),
        pytest.param(
            [reading(1), reading(2, retracted=True, votes=()), reading(3)],
            reading(4),
            (1, 1),
            id="who took back, and again",
        ),
    ],
)
def test_settled(readings: list[Reading], more: Reading, told: tuple[int, int] | None) -> None:
    """What is told of one more reading after a look at all of them, and where it is in doubt all the same."""
    (*_, (seen, _)) = looks([*readings, more], ["settle"] * (len(readings) - 1) + ["many"])
    assert (None if seen is IN_DOUBT else seen[:2]) == told
