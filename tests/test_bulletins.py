"""What bulletins say, and what they leave unsaid."""

from typing import Any

import pytest
from builders import T0, bulletin, compared, election
from hypothesis import given
from hypothesis import strategies as st

from streams.bulletins import Bulletins
from streams.compare import Comparer
from streams.events import Bulletin
from streams.explain import Explainer, area_lines


@pytest.mark.parametrize(
    ("said", "counted", "left"),
    [
        ({"status": "final"}, 1.0, 0),  # a final bulletin that tells no count has counted all
        ({"status": "final", "tables_counted": 3}, 0.5, 3),  # one that tells a count is believed
        ({"status": "final", "tables_counted_ratio": 0.5}, 0.5, 3),
        ({"status": "partial"}, None, None),
        ({"status": "partial", "tables_counted": 3, "tables_counted_ratio": 0.9}, 0.5, 3),
        ({"status": "partial", "tables_counted_ratio": 0.5}, 0.5, 3),
    ],
)
def test_counted_tables(said: dict[str, Any], counted: float | None, left: int | None) -> None:
    """How much a bulletin has counted: what it says; all where it is final and does not say; else unknown."""
    found = compared(election(), {}, bulletin(**said))
    assert (found.counted, found.left.tables) == (counted, left)


def test_ratio_where_tables_are_unknown() -> None:
    """Where nobody knows how many tables exist, the announced ratio tells what the number of tables cannot."""
    known = election(areas={"N": {"tables": None}})
    assert compared(known, {}, bulletin(tables_counted=3, tables_counted_ratio=0.5)).counted == 0.5
    assert compared(known, {}, bulletin(tables_counted=3, status="final")).counted is None


def version(sequence: int, votes: tuple[int, ...] = (5, 3, 1), id: str = "B-1", **fields: Any) -> Bulletin:
    return bulletin(votes, id=id, sequence=sequence, **{"at": T0 + sequence, **fields})


@pytest.mark.parametrize(
    ("bulletins", "rules"),
    [
        pytest.param([version(1), version(2, (4, 3, 1))], ["falling-figure A 1", "rewritten"], id="less than it said"),
        pytest.param([version(1), version(2, (6, 3, 1))], ["rewritten"], id="more than it said"),
        pytest.param([version(1), version(1)], [], id="the same again"),
        pytest.param(
            [version(1), version(2, (1, 3, 1), status="correction")], ["rewritten"], id="a correction says so itself"
        ),
        pytest.param(
            [version(1, (5, 3, 1)), version(2, (9, 3, 1), id="B-2"), version(3, (4, 3, 1))],
            ["falling-figure A 5", "rewritten"],
            id="held against the bulletin before, too: the larger fall",
        ),
        pytest.param(
            [version(1, (5, 3, 1)), version(2, (4, 3, 1)), version(3, (6, 3, 1), id="B-2")], [], id="and then a new one"
        ),
    ],
)
def test_rewritten(bulletins: list[Bulletin], rules: list[str]) -> None:
    """A bulletin rewritten under its own id is held against the version it replaces, and said to be rewritten."""
    comparer = Comparer(election())
    comparer.advance(T0)
    for one in bulletins:
        assert comparer.add_bulletin(one) is None
    comparer.advance(T0 + 20_000)
    found = sorted(comparer.findings("N"), key=lambda finding: finding.rule)
    shown = [f"{f.rule} {f.column} {f.value}" if f.rule == "falling-figure" else f.rule for f in found]
    assert [text for text in shown if text.startswith(("falling", "rewritten"))] == rules


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(0, 3)), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_versions_in_any_order(given_: list[tuple[int, int, int]], chance: Any) -> None:
    """Versions that are repeated or come in another order leave the same bulletins standing and the same replaced."""
    known, versions = election(), [version(s, (a, 3, 1), id=f"B-{i}") for s, i, a in given_]

    def taken_in(order: list[Bulletin]) -> tuple[Any, ...]:
        bulletins = Bulletins(known)
        for one in order:
            bulletins.add(one)
        standing = bulletins.standing("N")
        return standing, [bulletins.replaced(one) for one in standing], len(list(bulletins))

    assert taken_in(versions) == taken_in(chance.choices(versions, k=5) + chance.sample(versions, len(versions)))


def test_explain_shows_both_versions() -> None:
    """`explain` shows the version that stands and the one that it replaces, in both languages."""
    explainer = Explainer(election())
    explainer.take([version(1), version(2, (4, 3, 1))])
    found = explainer.area("N")
    assert [(b["sequence"], [r["votes"]["A"] for r in b["replaced"]]) for b in found["bulletins"]] == [(2, [5])]
    assert any("sequence 1, partial, said A 5, B 3, C 1" in line for line in area_lines(found, "en"))
    assert any("secuencia 1, partial, decía A 5, B 3, C 1" in line for line in area_lines(found, "es"))
