"""`cotejo check` remarks on settings under which a contradiction would be met with silence."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from builders import T0, drawn_sample, election, lines, report

from streams.core.election.model import Election, Receiver
from streams.core.election.settings import (
    BoundsRule,
    ContradictionRule,
    DivergenceRule,
    HealthRule,
    MismatchRule,
    Rules,
    Switches,
)
from streams.core.events.model import Event, TallyReport
from streams.nights.arrival import of_lines
from streams.nights.check import EventCheck

LOW = Rules(
    contradiction=ContradictionRule(min_sheets=2),
    divergence=DivergenceRule(min_sheets=5),
    mismatch=MismatchRule(min_tables=2),
    bounds=BoundsRule(min_tables=1),
    health=HealthRule(disputed_min=1),
)
FIVE: dict[str, Any] = {"states": 1, "tables": 5, "rules": LOW, "quorum": 1}
"""An election of five polling tables in which every rule can speak."""
READ: list[TallyReport] = [report(f"S1-{i}", at=T0 + i) for i in range(1, 5)]


def remarks(known: Election, events: Sequence[Event] = READ) -> dict[str, tuple[int, tuple[str, ...]]]:
    """The remarks that are about silence: number and places by code."""
    check = EventCheck(known)
    assert not list(check.problems(of_lines(lines(events))))
    silent = {
        *("below-quorum", "switched-off", "tables-unknown", "sample-of-less", "limit-out-of-reach"),
        "nothing-to-hear",
    }
    return {remark.code: (remark.count, remark.places) for remark in check.remarks.found() if remark.code in silent}


@pytest.mark.parametrize(
    ("changed", "code", "places"),
    [
        pytest.param(
            {"quorum": 2}, "below-quorum", ("S1-1", "S1-2", "S1-3", "S1-4"), id="quorum 2, one reader a sheet"
        ),
        pytest.param(
            {"rules": Rules()},
            "limit-out-of-reach",
            (
                "rules.contradiction.min_sheets",
                "rules.divergence.min_sheets",
                "rules.mismatch.min_tables",
                "rules.health.disputed_min",
            ),
            id="default limits and five tables",
        ),
        pytest.param({"areas": {"S1": {"tables": None}}}, "tables-unknown", ("S1",), id="no number of tables"),
        pytest.param(
            {"rules": replace(LOW, switch=Switches(own_sums="off", parts="remark"))},
            "switched-off",
            ("rules.switch.own-sums", "rules.switch.parts"),
            id="rules that are off",
        ),
    ],
)
def test_what_keeps_silent(changed: dict[str, Any], code: str, places: tuple[str, ...]) -> None:
    """Each such setting is one remark that names its places, and an election in which all can speak has none."""
    assert remarks(election(**FIVE)) == {}
    assert remarks(election(**{**FIVE, **changed})) == {code: (len(places), places)}


def test_enough_readers() -> None:
    """A quorum is no cause for silence where it is reached for most tables, or a trusted source reads them alone."""
    seconds = [report(f"S1-{i}", reporter="ben", at=T0 + i) for i in range(1, 4)]
    assert remarks(election(**{**FIVE, "quorum": 2}), [*READ, *seconds]) == {}
    trusting = election(**{**FIVE, "quorum": 2}, trusted_sources=frozenset({READ[0].source}))
    assert remarks(trusting) == {}


@pytest.mark.parametrize(
    ("exist", "sampled", "found"),
    [
        pytest.param(7, True, {"sample-of-less": (2, ())}, id="two tables could not be drawn"),
        pytest.param(5, True, {}, id="drawn from all tables"),
        pytest.param(7, False, {}, id="no sample"),
    ],
)
def test_a_sample_of_less_than_exists(exist: int, sampled: bool, found: dict[str, Any]) -> None:
    """The rule `sample` is silent where tables exist that the sample was not drawn from: a remark says how many."""
    known = election(**FIVE, areas={"N": {"tables": exist}})
    drawn = drawn_sample({"S1": ["S1-1", "S1-3"]}) if sampled else None
    assert remarks(replace(known, sample=drawn)) == found


DESK = Receiver("desk", "https://desk.example/", "S")


@pytest.mark.parametrize(
    ("receiver", "switches", "heard"),
    [
        (DESK, {}, True),
        (replace(DESK, severity="critical"), {}, True),
        (replace(DESK, rules=("parts",), classes=("consistency",)), {}, True),
        (replace(DESK, rules=("parts",), classes=("health",)), {}, False),
        (replace(DESK, rules=("feed-health", "parts"), severity="critical"), {}, False),
        (replace(DESK, rules=("rewritten",)), {}, False),
        (replace(DESK, rules=("rewritten",), severity="info"), {}, True),
        (replace(DESK, rules=("parts", "own-sums")), {"parts": "off", "own_sums": "remark"}, False),
        (replace(DESK, rules=("own-sums",), severity="info"), {"own_sums": "remark"}, True),
    ],
)
def test_whom_nothing_can_reach(receiver: Receiver, switches: dict[str, Any], heard: bool) -> None:
    """A receiver whose rules, classes and severity leave nothing is named; one that something may reach is not."""
    known = replace(election(**FIVE), receivers=(receiver, replace(DESK, name="other")))
    known = replace(known, rules=replace(LOW, switch=Switches(**switches)))
    found = {code: count for code, count in remarks(known).items() if code == "nothing-to-hear"}
    assert found == ({} if heard else {"nothing-to-hear": (1, ("desk",))})
