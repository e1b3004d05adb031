"""Many ledgers side by side, each as if it were alone."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.reconciliation import ledger_store
from streams.core.reconciliation.ledger_store import LARGE, EntryChains
from streams.core.reconciliation.table_rows import TablePlaces

entries = st.sampled_from([b"a", b"b", b"c", b"d" * (LARGE // 2), b"e" * (LARGE // 2 + 1)])


@given(st.lists(st.lists(st.tuples(st.integers(-1, 4), entries), max_size=6)), st.lists(st.integers(0, 4), max_size=2))
def test_chains(stretches: list[list[tuple[int, bytes]]], aside: list[int]) -> None:
    """Each polling table has its own entries, once each, in the order in which they came, by many or one by one."""
    heavy, expected = np.zeros(5, bool), defaultdict[int, list[bytes]](list)
    chains = EntryChains(TablePlaces(5), np.zeros(6, np.int32), heavy)
    for stretch in stretches:
        tables = [table for table, _ in stretch]
        first, further = chains.heads(np.array(tables, np.int64), np.array(aside, np.int64))
        left_out = {-1, *aside, *np.flatnonzero(heavy).tolist()}
        heads = [i for i, table in enumerate(tables) if table not in left_out and table not in tables[:i]]
        assert first.tolist() == [i for i in heads if not expected[tables[i]]]
        assert further.tolist() == [i for i in heads if expected[tables[i]]]
        chains.extend(np.array(tables, np.int64)[first], [stretch[i][1] for i in first])
        for i in first.tolist():
            expected[tables[i]].append(stretch[i][1])
        for table, entry in stretch:
            if table >= 0 and chains.put(table, entry):
                assert entry not in expected[table]
                expected[table].append(entry)
            else:
                assert table < 0 or entry in expected[table]
            assert table < 0 or chains.has(table, entry)
    every = range(5)
    assert [chains.of(table) for table in every] == [expected[table] for table in every]
    assert chains.counts(np.arange(5)).tolist() == [len(expected[table]) for table in every]
    assert [chains.extent(table) for table in every] == [
        (len(of), sum(map(len, of))) for of in (expected[table] for table in every)
    ]
    assert [table in chains for table in every] == [bool(expected[table]) for table in every]
    assert heavy.tolist() == [sum(map(len, expected[table])) > LARGE for table in every]


def test_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many polling tables have much, the entries of few are kept a second time; each still has its own."""
    monkeypatch.setattr(ledger_store, "_ASKED", 2)
    heavy = np.zeros(9, bool)
    chains = EntryChains(TablePlaces(9), np.zeros(10, np.int32), heavy)
    large = bytes(LARGE + 1)
    for turn in range(2):
        for table in range(9):
            assert chains.put(table, large) is (turn == 0)
            assert not chains.has(table, b"another")
            assert len(chains._known) <= 2
    assert heavy.all()
