"""Areas and polling tables as numbers: every figure as the tree itself gives it, whatever the tree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.election.model import Area, Election, Option
from streams.core.election.numbering import begins, closes, rising, roll_up, union
from streams.core.election.register import PollingTable, Register

some = st.none() | st.integers(0, 9)


@st.composite
def elections(draw: st.DrawFn) -> Election:
    """Any tree of areas, with polling tables in any order in those that have none below."""
    parents = [draw(st.integers(0, i)) for i in range(draw(st.integers(0, 8)))]
    names = draw(st.permutations([f"A{i}" for i in range(len(parents) + 1)]))
    order = draw(st.permutations(range(len(names))))
    above = [None, *(names[parent] for parent in parents)]
    areas = {names[i]: Area(names[i], "", "", above[i], draw(some), draw(some)) for i in order}
    leaves = [name for name in names if name not in above]
    homes = draw(st.lists(st.sampled_from(leaves), max_size=12))
    tables = {f"T{i}": PollingTable(home, draw(some)) for i, home in enumerate(homes)}
    return Election("e", "", (Option("A", "A"),), areas, tables)


@given(elections())
def test_layout(known: Election) -> None:
    """Numbers, depths, what is below and inside, what exists: as the lineages say."""
    layout, lineage = known.layout, known.lineage
    assert layout.areas == sorted(known.areas, key=lineage.__getitem__)
    for number, id in enumerate(layout.areas):
        area, (first, end) = known.areas[id], layout.inside(number)
        assert layout.area[id] == number
        assert layout.depth[number] == len(lineage[id])
        assert [layout.areas[below] for below in layout.below[number]] == sorted(known.children[id])
        inside = {table for table, entry in known.tables.items() if id in lineage[entry.area]}
        assert set(layout.tables[first:end]) == inside
        assert end - first == len(inside)
        assert (layout.exist[number], layout.voters[number]) == (area.tables or 0, area.registered or 0)
    most = max((t.registered for t in known.tables.values() if t.registered is not None), default=-1)
    for number, id in enumerate(layout.tables):
        registered = known.tables[id].registered
        assert layout.table[id] == number
        assert layout.registered[number] == (registered or 0)
        assert layout.knows_register[number] == (registered is not None)
        assert layout.ceiling[number] == (most if registered is None else registered)


@given(elections(), st.data())
def test_roll_up(known: Election, data: st.DataObject) -> None:
    """Columns of figures of polling tables, in rising order, some again, come to what adding up line by line does."""
    layout, lineage = known.layout, known.lineage
    count = len(layout.tables)
    tables = sorted(data.draw(st.lists(st.integers(0, count - 1), max_size=20))) if count else []
    figures = np.array([data.draw(st.lists(st.integers(-9, 9), min_size=2, max_size=2)) for _ in tables], np.int64)
    expected = dict[str, list[int]]()
    for table, row in zip(tables, figures.tolist(), strict=True):
        for area in lineage[known.tables[layout.tables[table]].area]:
            expected[area] = [a + b for a, b in zip(expected.get(area, [0, 0]), row, strict=True)]
    areas, sums = roll_up(layout.lines(np.array(tables, np.int64)), figures.reshape(-1, 2).T)
    assert {layout.areas[a]: row for a, row in zip(areas.tolist(), sums.T.tolist(), strict=True)} == expected


@given(elections())
def test_register(known: Election) -> None:
    """In columns a register is what it was, area by area."""
    register = Register.of(known.layout.areas, known.tables)
    assert register == known.tables
    assert [register[id] for id in known.tables] == list(known.tables.values())
    assert list(register) == known.layout.tables
    assert all(type(entry.registered) in (int, type(None)) for entry in register.values())
    with pytest.raises(KeyError):
        register["nothing"]


def test_register_names_each_once() -> None:
    """One id cannot be two polling tables."""
    with pytest.raises(ValueError, match="twice"):
        Register(["N"], ["T", "T"], np.zeros(2, np.int64), np.zeros(2, np.int64))


@given(st.lists(st.lists(st.integers(0, 20), unique=True).map(sorted), min_size=1, max_size=3))
def test_union(rising: list[list[int]]) -> None:
    """What is in any of several rising arrays, once and in order."""
    found = union(*(np.array(numbers, np.int64) for numbers in rising))
    assert found.tolist() == sorted(set().union(*rising))


@given(st.lists(st.integers(0, 9) | st.integers(0, 2**40)))
def test_rising(numbers: list[int]) -> None:
    """The order of numbers, those of equals as they came, and where runs of equals begin and end in it."""
    given = np.array(numbers, np.int64)
    order = rising(given)
    assert order.tolist() == np.argsort(given, kind="stable").tolist()
    ordered = given[order]
    assert ordered[begins(ordered)].tolist() == ordered[closes(ordered)].tolist() == sorted(set(numbers))
    assert order[closes(ordered)].tolist() == [len(numbers) - 1 - numbers[::-1].index(n) for n in sorted(set(numbers))]
