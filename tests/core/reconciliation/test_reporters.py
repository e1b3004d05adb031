"""The few busiest groups, kept as readings come, are those that sorting all of them gives."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.reconciliation.reporters import BusiestGroups, NameTable

some = st.lists(st.sampled_from("abcdefgh"), max_size=9)


@given(st.lists(st.tuples(some, some), max_size=20), st.integers(0, 9))
def test_busiest(counted: list[tuple[list[str], list[str]]], most: int) -> None:
    """Some are counted by number and others by name, and not every group has a number."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NameTable, "MOST", most)
        names, every = NameTable(), Counter[str]()
        kept = BusiestGroups(names)
        for first, others in counted:
            found = names.intern(first).numbers
            unknown = [name for name, number in zip(first, found.tolist(), strict=True) if not number]
            kept.count(found[found > 0], others + unknown)
            every.update(first + others)
            assert kept.busiest == dict(
                sorted(every.items(), key=lambda item: (-item[1], item[0]))[: BusiestGroups.MOST]
            )


@given(st.lists(st.lists(st.text(max_size=3), min_size=1, max_size=9), max_size=9), st.integers(0, 9))
def test_names(asked: list[list[str]], most: int) -> None:
    """A name keeps its number, no other has it, and the first names have one; its bits are the same with a number and
    without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NameTable, "MOST", most)
        names, seen, bits = NameTable(), dict[str, int](), dict[str, int]()
        for some in asked:
            known = names.intern(some)
            assert known.numbers.dtype == known.bits.dtype == np.int64
            for name, number, its in zip(some, known.numbers.tolist(), known.bits.tolist(), strict=True):
                assert seen.setdefault(name, number) == number == names.number(name)
                assert number == 0 or names[number] == name
                assert bits.setdefault(name, its) == its
                assert 1 <= (its & 2**64 - 1).bit_count() <= 5
        assert len(seen.keys() - {name for name, number in seen.items() if not number}) == min(most, len(seen))
