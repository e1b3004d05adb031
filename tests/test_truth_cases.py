"""Small nights with the right answer beside them: each stands for a whole kind. `cases/truth/NAME` has the files."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from streams.election_file import load
from streams.outcome import Outcome
from streams.relive import open_night, relive

CASES = Path(__file__).parent / "cases" / "truth"


def replayed(name: str) -> Outcome:
    """What the night of a case comes to."""
    night = open_night([CASES / name / "election.toml", CASES / name / "events.jsonl"])
    replay = night.replay(load(night.election))
    assert list(relive(night, [replay]))
    return replay.finish()


@pytest.mark.parametrize(
    ("name", "called", "turned_away"),
    [
        # the case, the alerts that fire with their severity when first called, what is turned away
        ("ballots-photographed", dict.fromkeys((f"below-floor:{area}:all" for area in "NUR"), "warning"), {}),
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
    assert {area: outcome.states[area]["bounds"]["below"] for area in "NUR"} == {"N": 8, "U": 4, "R": 4}
    assert {notice.finding.area: notice.muted_by for notice in outcome.notices} == {
        "N": None,
        **dict.fromkeys("UR", "below-floor:N:all"),
    }
    for notice in outcome.notices:
        assert "sheet" not in notice.finding.sentence["en"]
        assert "acta" not in notice.finding.sentence["es"]
