"""Small nights with the right answer beside them: each stands for a whole kind. `cases/truth/NAME` has the files."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import present

from streams.config.election_file import load
from streams.core.replay.outcome import Outcome
from streams.nights.check import EventCheck
from streams.nights.paths import NightFiles
from streams.nights.source import open_night, relive

CASES = Path(__file__).parent / "cases" / "truth"


def replayed(name: str, **policy: Any) -> Outcome:
    """What the night of a case comes to, with its policy changed."""
    night = open_night([CASES / name / "election.toml", CASES / name / "events.jsonl"])
    election = load(night.election)
    replay = night.replay(replace(election, policy=replace(election.policy, **policy)))
    assert list(relive(night, [replay]))
    return replay.finish()


@pytest.mark.parametrize(
    ("name", "called", "turned_away"),
    [
        # the case, the alerts that fire with their severity when first called, what is turned away
        ("equal-sums", {}, {}),
        ("partial-same-tables", {}, {}),
        ("partial-other-tables", {}, {}),
        ("honest-complete", {}, {}),
        ("shifted-by-3", {"lead:R:B": "info"}, {}),
        (
            "shifted-by-10",
            {"divergence:N:A": "critical", "divergence:N:B": "critical", "lead:R:B": "info"},
            {},
        ),
        ("ballots-photographed", dict.fromkeys((f"below-floor:{area}:all" for area in "NUR"), "warning"), {}),
        ("option-left-out", {}, {}),
        ("zero-registered", {}, {}),
        ("final-without-count", {}, {}),
        ("rewritten-under-its-id", {"falling-figure:N:B": "warning", "rewritten:N:all": "info"}, {}),
        ("future-bulletin", {"feed-health:N:bulletins": "warning"}, {"dated-ahead": 1}),
    ],
)
def test_case(name: str, called: Mapping[str, str], turned_away: Mapping[str, int]) -> None:
    """A case calls exactly what its README says, and turns away what it should."""
    outcome = replayed(name)
    first: dict[str, str | None] = {}
    for notice in outcome.notices:
        first.setdefault(notice.fingerprint, notice.finding.severity)
    assert first == called
    assert {code: refusals.count for code, refusals in outcome.rejected.items()} == turned_away


def test_photographed_ballots_are_no_sheets() -> None:
    """The stations below their floor are counted by area; the nation speaks for its parts; no word of tally sheets."""
    outcome = replayed("ballots-photographed")
    assert {area: present(outcome.states[area].bounds).below for area in "NUR"} == {"N": 8, "U": 4, "R": 4}
    assert {notice.finding.area: notice.muted_by for notice in outcome.notices} == {
        "N": None,
        **dict.fromkeys("UR", "below-floor:N:all"),
    }
    for notice in outcome.notices:
        assert "sheet" not in notice.finding.sentence["en"]
        assert "acta" not in notice.finding.sentence["es"]


@pytest.mark.parametrize(
    ("name", "remarks"),
    [
        ("final-without-count", {"final-without-count": 1, "limit-out-of-reach": 5}),
        ("option-left-out", {"option-left-out": 2, "limit-out-of-reach": 5}),
        ("rewritten-under-its-id", {"rewritten": 1, "limit-out-of-reach": 5}),
        ("zero-registered", {"registered-zero": 84}),
        ("ballots-photographed", {"limit-out-of-reach": 1}),
    ],
)
def test_remarks(name: str, remarks: Mapping[str, int]) -> None:
    """`check` finds nothing wrong in a case, and says what it leaves open and how often."""
    night = NightFiles.of([CASES / name / "election.toml", CASES / name / "events.jsonl"])
    check = EventCheck(load(night.election))
    assert not list(check.problems(night.arrivals()))
    assert {remark.code: remark.count for remark in check.remarks.found()} == remarks


def test_a_final_count_without_its_tables() -> None:
    """A final bulletin without a count has counted all: two sheets hold 920, so one must be wrong, too few to call."""
    outcome = replayed("final-without-count")
    figure = present(outcome.states["N"].official).figures["A"]
    assert (figure.floor, figure.breakdown) == (920, 1)
    assert not [notice for notice in outcome.notices if notice.finding.rule == "contradiction"]


def test_what_is_unread_is_not_zero() -> None:
    """Sheets that say nothing of B tell at least the votes of A, and no share, unless the election takes B for 0."""
    outcome = replayed("option-left-out")
    state = outcome.states["N"]
    assert (state.witnessed.tables, present(state.official).figures["A"].floor) == (0, 660)
    assert present(state.official).figures["A"].witnessed_share is None
    zero = replayed("option-left-out", unread="zero").states["N"]
    assert present(zero.official).figures["B"].witnessed_share == 0.0


def test_zero_registered_is_unknown() -> None:
    """Tables with 0 registered voters keep their readings, and no ceiling rests on them, unless 0 is to be taken as
    it is."""
    assert load(CASES / "zero-registered" / "election.toml").tables["t299"].registered is None
    figure = present(replayed("zero-registered").states["N"].official).figures["A"]
    assert figure.breakdown == 0


@pytest.mark.parametrize(
    ("name", "official", "witnessed", "required", "floor", "breakdown"),
    [
        # the case, then of option A in the nation: shares announced and witnessed, by how much the unseen would have to
        # differ (None: fewer sheets than any expectation rests on), the floor, the sheets that must be wrong
        ("equal-sums", 83.6, 83.6, None, 920, 0),
        ("partial-same-tables", 54.6, 54.6, 0.0, 495, 0),
        ("partial-other-tables", 40.7, 53.3, 0.0, 0, 0),
        ("honest-complete", 46.1, 45.8, 1.0, 10783, 0),
        ("shifted-by-3", 49.1, 45.8, 16.3, 12448, 0),
        ("shifted-by-10", 56.1, 45.8, 64.2, 12448, 0),
        ("final-without-count", 50.0, 83.6, None, 920, 1),
    ],
)
def test_figures(
    name: str, official: float, witnessed: float, required: float | None, floor: int, breakdown: int
) -> None:
    """What is silent can still be read: both shares, the required deviation, the floor and the breakdown count."""
    state = replayed(name).states["N"]
    figure = present(state.official).figures["A"]
    shown = round(present(figure.share), 1), round(present(figure.witnessed_share), 1), figure.required
    assert shown == (official, witnessed, required)
    assert (figure.floor, figure.breakdown) == (floor, breakdown)
