"""What bulletins say, and what they leave unsaid."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import T0, bulletin, compared, election, report
from hypothesis import given
from hypothesis import strategies as st
from monitor import Monitor
from replays import explained

from streams.core.aggregation import bulletin_figures
from streams.core.aggregation.tally import NULL, TABLES, width
from streams.core.aggregation.top_sums import TopSums
from streams.core.comparison.bounds import Left, floor
from streams.core.comparison.bulletins import Bulletins
from streams.core.comparison.false_sheets import asked_of_nulls
from streams.core.comparison.rule_inputs import SumRows
from streams.core.election.model import Authority
from streams.core.election.settings import ContradictionRule, Rules
from streams.core.engine.comparer import Comparer
from streams.core.events.model import Bulletin, Event
from streams.report.explain_text import area_lines


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
    found = explained(election(), [version(1), version(2, (4, 3, 1))]).area("N")
    assert [(b["sequence"], [r["votes"]["A"] for r in b["replaced"]]) for b in found["bulletins"]] == [(2, [5])]
    assert any("sequence 1, partial, said A 5, B 3, C 1" in line for line in area_lines(found, "en"))
    assert any("secuencia 1, parcial, decía A 5, B 3, C 1" in line for line in area_lines(found, "es"))


STRICT = election(tables=10, rules=Rules(contradiction=ContradictionRule(min_sheets=2, min_ratio=0)))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        pytest.param({"null": 100, "status": "final"}, None, id="as many as witnessed"),
        pytest.param({"null": 96, "status": "final"}, None, id="one sheet may be wrong"),
        pytest.param({"null": 90, "status": "final"}, (100, 2, "warning"), id="two would have to be"),
        pytest.param({"null": 0, "tables_counted": 20}, (100, 20, "warning"), id="none announced"),
        pytest.param({"null": 50, "tables_counted": 10}, None, id="half of the tables are counted"),
        pytest.param({"null": 40, "tables_counted": 10}, (50, 2, "warning"), id="less than any half holds"),
        pytest.param({"status": "final"}, None, id="the bulletin does not say"),
        pytest.param({"null": 0}, None, id="nobody knows how much is counted"),
        pytest.param({"null": 500, "status": "final"}, None, id="more: sheets may leave null votes out"),
    ],
)
@pytest.mark.parametrize("first", ["bulletin", "sheets"])
def test_null_votes(said: dict[str, Any], found: tuple[int, int, str] | None, first: str) -> None:
    """Null votes have a floor as votes have, whichever comes first: the limit, the sheets that must be wrong, and no
    more than a warning. Sheets hold 5 each, on 20 tables."""
    monitor, official = Monitor(STRICT), bulletin((100, 60, 20), **said)
    events: list[Event] = [report(table, (5, 3, 1), null=5) for table in STRICT.tables]
    events.insert(0 if first == "bulletin" else len(events), official)
    for event in events:
        assert monitor.handle(event).rejection is None
    monitor.finish()
    nulls = [finding for finding in monitor.comparer.findings("N") if finding.column == "null-votes"]
    assert [(f.inputs["limit"], f.value, f.severity) for f in nulls] == ([] if found is None else [found])
    assert all("null votes" in f.sentence["en"] and "votos nulos" in f.sentence["es"] for f in nulls)


limits = st.none() | st.integers(0, 12)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(0, 40), limits, limits, st.integers(0, 5))
def test_no_null_votes_are_missed(
    nulls: list[int], official: int, tables: int | None, registered: int | None, false: int
) -> None:
    """Where the sums alone say that so many false sheets suffice, they do."""
    row = np.zeros((1, width(1)), np.int64)
    row[0, [TABLES, NULL]] = len(nulls), sum(nulls)
    claim = bulletin_figures.claim(1, [], None, None, tables, registered, None, None, null=official)
    values, numbers = np.unique(nulls, return_counts=True)
    bound = floor(official, TopSums(values[::-1], numbers[::-1].astype(np.int64)), Left(tables, registered))
    rows = SumRows(np.array([0]), row, claim[None], None, lambda places: np.zeros(len(places)))
    if asked_of_nulls(rows).suffice(np.array([false]))[0, 0]:
        assert bound is None or bound.breakdown <= false


@pytest.mark.parametrize("later", [1, 9])
@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"id": "B-1"}, id="the same id"),
        pytest.param({"id": "X", "supersedes": "B-1"}, id="supersedes"),
        pytest.param({"id": "X"}, id="its sequence"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_an_authority_replaces_only_its_own(other: dict[str, Any], later: int, turned: bool) -> None:
    """Whoever has no key replaces no bulletin of an authority that signs: not by its id, by superseding it, or by a
    later sequence; in whichever order they come. The authority itself does, by each of them."""
    known = replace(election(), authorities={"EC": Authority(bytes(32)), "AN": Authority()})
    mine, theirs = version(3, authority="EC"), version(later, (1, 1, 1), authority="AN", **other)
    held = Bulletins(known)
    for each in [theirs, mine] if turned else [mine, theirs]:
        assert held.add(each)
    assert [b.authority for b in held.standing("N")] == ["EC", "AN"]
    assert held.replaced(mine) == []
    own = version(9, (1, 1, 1), authority="EC", **other)
    held.add(own)
    assert held.standing("N")[0] == own
