"""The draw: repeatable by anybody, in proportion, each set of tables as likely as any other."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

import pytest
from builders import election
from hypothesis import given
from hypothesis import strategies as st

from streams.core.election.drawn_sample import DrawnSample
from streams.core.sampling.draw import DrawError, Drawn, allocation, check_allocation, draw, random_order, strata_of

KNOWN = election(states=3, tables=10)


def in_proportion(strata: Mapping[str, Sequence[str]], size: int, seed: str) -> list[Drawn]:
    return list(draw(strata, allocation({stratum: len(tables) for stratum, tables in strata.items()}, size), seed))


def test_anybody_can_repeat_it() -> None:
    """The tables with the smallest SHA-256 of seed, comma and id are drawn, stratum by stratum."""
    found = in_proportion(strata_of(KNOWN, "state"), 6, "dice: 4 2 6")
    expected = []
    for state in ("S1", "S2", "S3"):
        tables = [f"{state}-{i}" for i in range(1, 11)]
        tables.sort(key=lambda table: hashlib.sha256(f"dice: 4 2 6,{table}".encode()).hexdigest())
        expected += [(state, table) for table in tables[:2]]
    assert [(each.stratum, each.unit) for each in found] == expected
    assert [each.place for each in found] == list(range(1, 7))
    assert in_proportion(strata_of(KNOWN, "state"), 6, "dice: 4 2 6") == found
    assert in_proportion(strata_of(KNOWN, "state"), 6, "dice: 4 2 5") != found


def test_clusters() -> None:
    """With a level of clusters its areas are drawn, likewise, each in the stratum that it is a part of."""
    known = election(states=2, tables=12, districts=4)
    strata = strata_of(known, "state", "district")
    assert strata == {f"S{s}": [f"S{s}.{d}" for d in (1, 2, 3, 4)] for s in (1, 2)}
    found = in_proportion(strata, 4, "x")
    for state in ("S1", "S2"):
        areas = sorted(strata[state], key=lambda area: hashlib.sha256(f"x,{area}".encode()).hexdigest())
        assert [each.unit for each in found if each.stratum == state] == areas[:2]
    assert strata_of(known, None, "state") == {"N": ["S1", "S2"]}
    for level, clusters, says in (("district", "state", "choose lower areas"), ("state", "county", "no area of level")):
        with pytest.raises(DrawError, match=says):
            strata_of(known, level, clusters)


def test_a_larger_sample_holds_the_smaller() -> None:
    """Of one stratum a larger sample of the same seed only adds tables."""
    strata = strata_of(KNOWN, None)
    few, many = ({each.unit for each in in_proportion(strata, size, "x")} for size in (7, 19))
    assert few < many


def test_each_set_is_as_likely() -> None:
    """Over 3,000 seeds each of the ten pairs of five tables is drawn some 300 times, within five standard
    deviations."""
    strata = {"all": list("abcde")}
    found = Counter(frozenset(each.unit for each in draw(strata, {"all": 2}, f"seed {i}")) for i in range(3_000))
    assert set(found) == set(map(frozenset, combinations("abcde", 2)))
    assert all(abs(count - 300) < 5 * (300 * 0.9) ** 0.5 for count in found.values())


def test_the_order_of_the_bets() -> None:
    """It follows from the sample's file and nothing else, whatever that lists first; over 3,000 files each of the six
    orders of three tables is there some 500 times, within five standard deviations."""
    files = [DrawnSample({"N": ("a", "b", "c")}, f"file {i}".encode()) for i in range(3_000)]
    orders = [tuple(random_order(file, file.strata["N"])) for file in files]
    assert orders == [tuple(random_order(file, ["c", "b", "a"])) for file in files]
    found = Counter(orders)
    assert len(found) == 6
    assert all(abs(count - 500) < 5 * (500 * 5 / 6) ** 0.5 for count in found.values())
    digest = files[0].sha256
    tickets = {table: hashlib.sha256(f"{digest},{table}".encode()).hexdigest() for table in "abc"}
    assert orders[0] == tuple(sorted(tickets, key=tickets.__getitem__))


@given(st.lists(st.integers(1, 500), min_size=1, max_size=12), st.data())
def test_allocation(sizes: list[int], data: st.DataObject) -> None:
    """Each stratum has its share, rounded up or down, but two where it has two; together they are the size."""
    strata = {f"S{i}": size for i, size in enumerate(sizes)}
    least = sum(min(2, size) for size in sizes)
    size = data.draw(st.integers(least, sum(sizes)))
    given_ = allocation(strata, size)
    assert sum(given_.values()) == size
    for stratum, count in strata.items():
        assert min(2, count) <= given_[stratum] <= count
    if all(size * count / sum(sizes) >= 2 for count in sizes):
        assert all(abs(given_[s] - size * count / sum(sizes)) < 1 for s, count in strata.items())


@pytest.mark.parametrize(
    ("size", "level", "says"),
    [
        (5, "state", "from 6 to 30"),
        (31, "state", "from 6 to 30"),
        (6, "county", "choose one of nation, state"),
    ],
)
def test_what_cannot_be_drawn(size: int, level: str, says: str) -> None:
    """A size that the strata do not allow, and a level that there is not, are errors with the cure."""
    with pytest.raises(DrawError, match=says):
        in_proportion(strata_of(KNOWN, level), size, "x")


def test_unequal_strata() -> None:
    """Each stratum gives as many as it is told, those with the smallest tickets of it."""
    strata, given_ = strata_of(KNOWN, "state"), {"S1": 1, "S2": 7, "S3": 10}
    check_allocation({stratum: len(tables) for stratum, tables in strata.items()}, given_)
    found = list(draw(strata, given_, "x"))
    assert Counter(each.stratum for each in found) == given_
    every = list(draw(strata, dict.fromkeys(strata, 10), "x"))
    assert set(found) - {each for each in found if each.stratum != "S1"} == {every[0]}


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"S1": 1, "S2": 1}, "nothing is to be drawn in stratum S3"),
        ({"S1": 1, "S2": 1, "S3": 11}, "stratum S3 has 10 to draw from"),
        ({"S1": 1, "S2": 1, "S3": 0}, "draw from 1 to so many"),
        ({"S1": 1, "S2": 1, "S3": 1, "S4": 1}, "S4 is no stratum: use S1, S2, S3"),
    ],
)
def test_sizes_that_do_not_fit(given_: dict[str, int], says: str) -> None:
    """Sizes by stratum that cannot be are errors with the cure."""
    with pytest.raises(DrawError, match=says):
        check_allocation({"S1": 10, "S2": 10, "S3": 10}, given_)
