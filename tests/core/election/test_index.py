"""Where ids stand, many at once: as a dict says it, whatever they look like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.election import index
from streams.core.election.index import FEW, Index

letters = st.characters(max_codepoint=127) | st.sampled_from("0123456789-\0ñ選")
ids = st.text(letters, max_size=10)


@given(st.lists(ids, unique=True, max_size=80), st.lists(ids, max_size=40))
def test_find(known: list[str], others: list[str]) -> None:
    """Known ids have their place and others have none, few of them or many."""
    place = {id: i for i, id in enumerate(known)}
    found = Index(place)
    for asked in (others, [*known, *others] * FEW):
        assert found.find(asked).tolist() == [place.get(id, -1) for id in asked]


@pytest.mark.parametrize(
    "known",
    [
        pytest.param([], id="none"),
        pytest.param(["1"], id="one"),
        pytest.param([f"{i:08}" for i in range(2000)], id="one word"),
        pytest.param([f"{i // 20}-{i % 20}" for i in range(2000)], id="of two widths"),
        pytest.param([f"{'x' * (i % 30)}{i}" for i in range(2000)], id="of many widths"),
        pytest.param([f"{'x' * 500}{i}" for i in range(2000)], id="very long"),
        pytest.param([f"Ñ{i}" for i in range(2000)], id="of another alphabet"),
    ],
)
def test_alike(known: list[str]) -> None:
    """Ids that look much alike are told apart, also from those that go on where they end, or end before."""
    place = {id: i for i, id in enumerate(known)}
    asked = [*known, *(id + end for id in known for end in ("0", " ", "\0", "0" * 40)), *(id[:-1] for id in known), ""]
    assert Index(place).find(asked).tolist() == [place.get(id, -1) for id in asked]


def test_crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    """More ids of one key than are kept for it are found all the same."""
    monkeypatch.setattr(index, "_ODD", np.uint64(0))
    place = {str(i): i for i in range(1000)}
    asked = [str(i) for i in range(-10, 1010)]
    assert Index(place).find(asked).tolist() == [place.get(id, -1) for id in asked]
