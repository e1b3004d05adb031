"""The projections of a whole election: as in exact fractions, table by table, whichever way the sheets came, kept up or
counted anew."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from builders import T0, bulletin, present, report
from exact_projection import Table, blocks, interval, scaled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.core.aggregation import projector
from streams.core.election.model import Area, Election, Option
from streams.core.election.register import PollingTable
from streams.core.election.settings import DivergenceRule, Policy, Rules
from streams.core.engine.comparer import Comparer
from streams.core.events.area_states import Figure
from streams.core.events.codec import to_json
from streams.core.reconciliation.reconciler import Reconciler

CENTRES = 8
TABLES = [f"T{centre}-{table}" for centre in range(CENTRES) for table in range(6)]
sheets = st.dictionaries(
    st.sampled_from(TABLES), st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40)), max_size=len(TABLES)
)
registers = st.lists(st.none() | st.sampled_from([130, 200]), min_size=1, max_size=5)
beyond = st.dictionaries(st.integers(0, CENTRES - 1), st.tuples(st.integers(1, 3), st.sampled_from([0, 99, 300])))


def country(register: list[int | None], more: Mapping[int, tuple[int, int]]) -> Election:
    """A nation of two states of two districts of two centres of six tables; registered voters dealt out in turn, and
    centres where more tables, with so many voters, exist than the register has."""
    tables = {t: PollingTable(f"C{t[1]}", register[i % len(register)]) for i, t in enumerate(TABLES)}
    areas = {"N": Area("N", "N", "nation", None)}
    for state in range(2):
        areas[f"S{state}"] = Area(f"S{state}", f"S{state}", "state", "N")
    for district in range(4):
        areas[f"D{district}"] = Area(f"D{district}", f"D{district}", "district", f"S{district // 2}")
    for centre in range(CENTRES):
        inside = sum(table.registered or 0 for table in tables.values() if table.area == f"C{centre}")
        count, voters = more.get(centre, (0, 0))
        areas[f"C{centre}"] = Area(f"C{centre}", f"C{centre}", "centre", f"D{centre // 2}", 6 + count, inside + voters)
    options = tuple(Option(o, o) for o in "ABC")
    levels = ("nation", "state", "district", "centre")
    return Election("c", "C", options, areas, tables, levels=levels, policy=Policy(quorum=1), rules=Rules())


def exact(known: Election, seen: Mapping[str, tuple[int, ...]], more: Mapping[int, tuple[int, int]]) -> list[Table]:
    """The same polling tables for the oracle."""
    found = [Table(known.lineage[t.area], t.registered, seen.get(id)) for id, t in known.tables.items()]
    for centre, (count, voters) in more.items():
        unknown = sum(1 for t in known.tables.values() if t.area == f"C{centre}" and not t.registered)
        part = voters * count // (count + unknown)
        shares = [part // count + (i < part % count) for i in range(count)]
        found += [Table(known.lineage[f"C{centre}"], registered, None) for registered in shares]
    return found


def comparer_of(known: Election, *steps: Mapping[str, tuple[int, ...]]) -> Comparer:
    """Sheets as they came, step by step."""
    comparer, reconciler = Comparer(known), Reconciler(known)
    comparer.add_bulletin(bulletin((1, 1, 1), "N", sequence=0))
    for step, some in enumerate(steps):
        for table, votes in some.items():
            reconciler.apply(report(table, votes, id=f"{table} {step}", at=T0 + step))
        comparer.add_sheets(reconciler.take_sheets())
        comparer.states(list(known.areas))
    return comparer


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sheets, sheets, registers, beyond, st.integers(1, 4000), st.sampled_from([None, 0.3, 0.75, 0.99]), st.booleans())
def test_as_in_fractions(
    first: dict[str, tuple[int, ...]],
    then: dict[str, tuple[int, ...]],
    register: list[int | None],
    more: dict[int, tuple[int, int]],
    valid: int,
    ratio: float | None,
    kept: bool,
) -> None:
    """Low and high of every area are those of the oracle: outside of them, and by no more than bins can cost."""
    known, seen = country(register, more), {**first, **then}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projector, "LARGE", 0 if kept else 10**6)
        comparer = comparer_of(known, first, then)
        votes = valid // 2, valid // 3, valid - valid // 2 - valid // 3
        tables = exact(known, seen, more)
        for area in ("N", "S0", "D1", "C3"):
            fields: dict[str, Any] = {"status": "final"} if ratio is None else {"tables_counted_ratio": ratio}
            comparer.add_bulletin(bulletin(votes, area, **fields))
            figures = present(comparer.state(area).official).figures
            inside = [table for table in tables if area in table.line]
            sheets_here = [table.votes for table in inside if table.votes is not None]
            if len(sheets_here) < 5 or not any(map(any, sheets_here)):
                assert figures["A"].low_share is None
                continue
            assert_alike(figures, tables, area, valid, ratio)


def assert_alike(
    figures: Mapping[str, Figure], tables: list[Table], area: str, valid: int, ratio: float | None
) -> None:
    """That these figures of a state are the oracle's."""
    for option, name in enumerate("ABC"):
        each = [b for table, b in zip(tables, blocks(tables, option), strict=True) if area in table.line]
        if not any(b.valid for b in each):
            return
        part = Fraction(1) if ratio is None else Fraction(int(ratio * 2**40), 2**40)
        whole = scaled(each, valid, part, ratio is None)
        low, high = interval(whole, None if ratio is None else Fraction(valid), Fraction(20))
        slack = 1e-2 if ratio is None else 0.2
        assert 100 * float(low) - slack <= present(figures[name].low_share) <= 100 * float(low) + 1e-6
        assert 100 * float(high) - 1e-6 <= present(figures[name].high_share) <= 100 * float(high) + slack


@settings(max_examples=100)
@given(sheets, sheets, registers)
def test_any_way(
    first: dict[str, tuple[int, ...]], then: dict[str, tuple[int, ...]], register: list[int | None]
) -> None:
    """Figures do not depend on the way: sheets at once or corrected later, large areas kept up or counted anew."""
    known, told = country(register, {}), []
    for large, steps in ((0, (first, then)), (10**6, (first, then)), (0, ({**first, **then},))):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(projector, "LARGE", large)
            told.append([state.official for state in comparer_of(known, *steps).states(list(known.areas))])
    assert told[0] == told[1] == told[2]


@settings(max_examples=100)
@given(
    st.lists(sheets, min_size=2, max_size=6),
    st.dictionaries(st.sampled_from(["N", "S0", "D1", "C3"]), st.tuples(*[st.integers(0, 3000)] * 3), min_size=1),
    registers,
    beyond,
    st.booleans(),
)
def test_many_ticks_at_once(
    ticks: list[dict[str, tuple[int, ...]]],
    announced: dict[str, tuple[int, ...]],
    register: list[int | None],
    more: dict[int, tuple[int, int]],
    kept: bool,
) -> None:
    """Traced over many ticks at once, and judged somewhere among them, the unseen are what they are tick by tick."""
    known = replace(country(register, more), rules=Rules(divergence=DivergenceRule(min_sheets=5)))
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projector, "LARGE", 0 if kept else 10**6)
        for at_once in (False, True):
            comparer, reconciler, came = Comparer(known), Reconciler(known), []
            for area, votes in announced.items():
                comparer.add_bulletin(bulletin(votes, area, sequence=0))
            comparer.advance(T0)
            for tick, some in enumerate(ticks, 1):
                for table, votes in some.items():
                    reconciler.apply(report(table, votes, id=f"{table} {tick}", at=T0 + tick))
                came.append((reconciler.take_sheets(), T0 + 10_000 * tick))
            parts = [came] if at_once else [[one] for one in came]
            notices = [to_json(notice) for part in parts for notice in comparer.pass_ticks(part)]
            told.append((notices, comparer.states(list(known.areas))))
    assert told[0] == told[1]


@given(sheets.filter(lambda seen: len(seen) >= 5), registers)
def test_full_coverage(seen: dict[str, tuple[int, ...]], register: list[int | None]) -> None:
    """Where everything was witnessed and all is counted, one share only can be announced: to the last digit the raw
    one."""
    known = country(register, {})
    everything = {table: seen.get(table, (7, 5, 3)) for table in TABLES}
    comparer = comparer_of(known, everything)
    votes = [sum(column) for column in zip(*everything.values(), strict=True)]
    comparer.add_bulletin(bulletin(votes, "N", status="final"))
    found = comparer.situation("N").comparison
    assert found is not None
    assert found.projected is not None
    raw = [100 * count / sum(votes) for count in votes]
    assert found.projected.low.tolist() == found.projected.high.tolist() == found.projected.share.tolist() == raw
    assert not found.projected.gap.any()
    assert not found.projected.required.any()


def width_of(figures: Mapping[str, Figure]) -> float:
    """How wide the widest of the intervals is, in points."""
    return max(present(figure.high_share) - present(figure.low_share) for figure in figures.values())


@settings(max_examples=100)
@given(st.permutations(TABLES), st.integers(0, 2**32 - 1))
def test_a_sheet_more_never_widens(order: list[str], seed: int) -> None:
    """With nothing assumed of the unseen (`unseen` 100) the interval of a complete bulletin is as wide as what nobody
    saw is large: a sheet more never widens it. The announced valid votes say how large that is."""
    known, everything = country([None], {}), night_of(seed)
    known = replace(known, rules=Rules(divergence=DivergenceRule(unseen=100)))
    votes = [sum(column) for column in zip(*everything.values(), strict=True)]
    before = 100.0
    for number in (8, 9, 15, 16, 24, 25, 40, 41, 48):
        comparer = comparer_of(known, {table: everything[table] for table in order[:number]})
        comparer.add_bulletin(bulletin(votes, "N", status="final"))
        now = width_of(present(comparer.state("N").official).figures)
        assert now <= before + 0.01
        before = now


@settings(max_examples=100)
@given(st.permutations(TABLES), st.integers(0, 2**32 - 1))
def test_no_wider_than_promised(order: list[str], seed: int) -> None:
    """With less than 100 points the interval is never wider than twice the widest deviation times the part that nobody
    saw; and this promise only falls while sheets come."""
    known, everything = country([None], {}), night_of(seed)
    votes = [sum(column) for column in zip(*everything.values(), strict=True)]
    before = 100.0
    for number in (8, 15, 24, 40, 48):
        sheets_ = {table: everything[table] for table in order[:number]}
        comparer = comparer_of(known, sheets_)
        comparer.add_bulletin(bulletin(votes, "N", status="final"))
        unseen = 1 - sum(map(sum, sheets_.values())) / sum(votes)
        levels = max(_levels(table, sheets_) for table in TABLES)
        promised = min(100.0, 2 * 20 * (1 + levels / 2) * unseen)
        assert width_of(present(comparer.state("N").official).figures) <= promised + 0.01
        assert promised <= before
        before = promised


def test_a_sheet_more_can_widen() -> None:
    """The counter-example to more than that: where A is expected near 0 % among the unseen, it can hardly be below. A
    sheet that moves the expectation to the middle leaves both ends open."""
    known = country([None], {})
    five = dict.fromkeys(TABLES[:5], (0, 100, 0))
    six = {**five, TABLES[5]: (60, 0, 0)}
    widths = []
    for seen in (five, six):
        comparer = comparer_of(known, seen)
        comparer.add_bulletin(bulletin((3000, 2000, 0), "N", status="final"))
        figure = present(comparer.state("N").official).figures["A"]
        widths.append(present(figure.high_share) - present(figure.low_share))
    assert widths[0] < widths[1]


def night_of(seed: int) -> dict[str, tuple[int, ...]]:
    """Sheets of like size everywhere, so that what is expected of the unseen is within a factor of four."""
    random = Random(seed)
    return {table: (a := random.randint(0, 60), random.randint(0, 60 - a) + 30, 60 - a) for table in TABLES}


def _levels(table: str, seen: Mapping[str, object]) -> int:
    """Over how many levels a polling table borrows, by its place alone."""
    centre = int(table[1])
    sizes = [
        sum(1 for other in seen if int(other[1]) // size == centre // size) for size in (1, 2, 4, 8)
    ]  # centre, district, state, nation
    return next((level for level, count in enumerate(sizes) if count >= 5), 3)
