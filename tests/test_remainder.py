"""Required remainder: when it speaks, and that an honest night's last tables do not make it speak."""

from dataclasses import replace
from typing import Any

import pytest
from builders import alike, bulletin, compared, election, tally_of
from hypothesis import given
from hypothesis import strategies as st

from streams.election import ContradictionRule, Rules
from streams.nights import venezuela2024
from streams.rollup import REGISTERED, TABLES, VALID, VOTES
from streams.rules.remainder import predicted, remainder

NIGHT = election(states=1, tables=100, registered=100, rules=Rules(ContradictionRule(min_sheets=1, min_ratio=0)))
"""100 tables of 100 voters. Each witnessed sheet will hold A 30, B 30: what is left is predicted to be 50 %."""


@pytest.mark.parametrize(
    ("sheets", "official", "severity"),
    [
        pytest.param(20, 6000, "silent", id="coverage is too low to speak"),
        pytest.param(50, 3000, "silent", id="exactly as predicted"),
        pytest.param(50, 3150, "silent", id="5 points, 2.7 of them sure: one sheet may be wrong"),
        pytest.param(50, 3200, None, id="6.7 points, 4.3 sure: holds, does not raise"),
        pytest.param(50, 3230, "warning", id="7.7 points, 5.3 sure"),
        pytest.param(50, 3510, "warning", id="17 points, 14.7 sure"),
        pytest.param(50, 3530, "critical", id="17.7 points, 15.3 sure"),
        pytest.param(50, 1000, "silent", id="less than was witnessed is not this rule's business"),
        pytest.param(100, 9000, "silent", id="nothing is left: the contradiction speaks"),
    ],
)
def test_thresholds(sheets: int, official: int, severity: str | None) -> None:
    """It warns at 5 sure points and is critical at 15, from a quarter of the tables on."""
    found = list(remainder(compared(NIGHT, alike(NIGHT, (30, 30), sheets), bulletin({"A": official}))))
    assert [(f.column, f.severity) for f in found] == ([] if severity == "silent" else [("A", severity)])


def test_last_tables_of_an_honest_night() -> None:
    """99 of 100 tables are witnessed, one of them mistyped by 40 votes: the last table would have to give A more
    than all its voters, and yet nobody is called. (The design's plain gamma is 67 points here.)"""
    sheets = alike(NIGHT, (30, 30), 99)
    mistyped = {**sheets, "S1-1": (0, 30)}
    honest = compared(NIGHT, mistyped, bulletin({"A": 3000}))
    rest = predicted(honest)
    assert rest is not None
    assert 100 * (3000 - 29 * 100 - 40) / rest.valid > 90
    assert not list(remainder(honest))


def test_strata_predict() -> None:
    """What is left is predicted by the witnessed sheets of the same states: S2's tables, as S2 voted."""
    known = election(states=2, tables=10, registered=100)
    sheets: dict[str, Any] = {f"S1-{t}": (50, 0) for t in range(1, 11)} | {"S2-1": (0, 40)}
    rest = predicted(compared(known, sheets, bulletin()))
    assert rest is not None
    assert (rest.valid, rest.votes[:2], rest.registered) == (360.0, (0.0, 360.0), 900)


@pytest.mark.parametrize(
    ("areas", "known"),
    [
        pytest.param({}, 400, id="registered voters"),
        pytest.param({"S1": {"registered": None}}, None, id="tables where no voters are known"),
        pytest.param({"S1": {"registered": None, "tables": None}}, 400, id="else the whole"),
        pytest.param({a: {"registered": None, "tables": None} for a in ("N", "S1")}, "none", id="nothing is known"),
    ],
)
def test_what_is_known(areas: Any, known: int | str | None) -> None:
    """Registered voters tell what is left, else the number of tables, else nothing is said."""
    night = election(states=1, tables=10, registered=100, areas=areas)
    rest = predicted(compared(night, alike(night, (30, 20), 6), bulletin()))
    assert (rest.registered if rest else "none") == known
    assert rest is None or (rest.valid, rest.votes[0]) == pytest.approx((200, 120))


def test_venezuela_at_73_per_cent() -> None:
    """The design's own figures: with 73.2 % of the sheets, the first bulletin needs 70 % for Maduro in the rest at
    a turnout of 60 %."""
    known = election(options="AB")  # the figures below stand for 10 options
    areas = venezuela2024.areas()
    nation = replace(areas["VE"], id="N", registered=21_323_253)
    known = replace(known, areas={**known.areas, "N": nation}, rules=Rules())
    given_ = compared(known, {}, bulletin({"A": 4_445_978, "B": 5_150_092}))
    known = replace(known, areas={"N": nation}, tables={})
    registered = round(0.732 * 21_323_253)
    figures = {TABLES: 21_979, REGISTERED: registered, VALID: round(0.6 * registered)}
    seen = tally_of(known, {**figures, VOTES: 6_275_182, VOTES + 1: 2_759_256})
    rest = predicted(replace(given_, election=known, area=nation, witnessed=seen))
    assert rest is not None
    assert 100 * (5_150_092 - 2_759_256) / rest.valid == pytest.approx(70, abs=0.5)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(25, 100), st.integers(0, 6000))
def test_never_louder_than_the_plain_gamma(a: int, b: int, sheets: int, official: int) -> None:
    """Whatever is announced, a call means that the plain gamma is above its threshold too."""
    for finding in remainder(compared(NIGHT, alike(NIGHT, (a, b), sheets), bulletin({"A": official}))):
        assert finding.value >= finding.inputs["least"]
        assert finding.inputs["needed"] == pytest.approx(finding.inputs["gamma"] + finding.inputs["predicted"])
