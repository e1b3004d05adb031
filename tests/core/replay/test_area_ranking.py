"""Areas by how far their two counts are apart: what comes first, and what a row says."""

from types import SimpleNamespace
from typing import Any

import pytest
from builders import election

from streams.core.replay.area_ranking import ranked

KNOWN = election(states=9, tables=1)


def state(**fields: Any) -> dict[str, Any]:
    """An area's state with one sheet, and nothing wrong."""
    given = {
        "breakdown": 0,
        "apart": 0.0,
        "differing": 0,
        "below": 0,
        "above": 0,
        "disputed": 0,
        "coverage": 0.5,
        **fields,
    }
    share = 40.0 + given["apart"]
    return {
        "name": "x",
        "level": "state",
        "witnessed": {
            "tables": 1,
            "coverage": given["coverage"],
            "shares": {"A": 40.0, "B": None},
            "levels": {"disputed": given["disputed"]},
        },
        "official": {
            "bulletin": "b",
            "figures": {
                "A": {"breakdown": given["breakdown"], "share": share},
                "B": {"breakdown": None, "share": 10.0},
            },
        },
        "tables_announced": {"announced": 3, "differing": given["differing"], "shares": {}},
        "bounds": {"below": given["below"], "above": given["above"]},
        "alerts": ["one"],
    }


def order(**states: dict[str, Any]) -> list[str]:
    """The ids of these areas as they are ranked; the nation has nothing wrong."""
    nothing = {**state(), "official": None, "tables_announced": None}
    nothing["witnessed"] = {**nothing["witnessed"], "tables": 0, "levels": {}}
    nothing["bounds"] = None
    outcome: Any = SimpleNamespace(states={**dict.fromkeys(KNOWN.areas, nothing), "N": state(), **states})
    return [row.area for row in ranked(KNOWN, outcome)]


@pytest.mark.parametrize(
    ("more", "less"),
    [
        pytest.param({"breakdown": 2}, {"breakdown": 1, "apart": 50.0}, id="sheets before points"),
        pytest.param(
            {"apart": -7.0}, {"apart": 6.0, "differing": 99}, id="points either way before tables that differ"
        ),
        pytest.param({"differing": 2}, {"differing": 1, "below": 99}, id="tables that differ before those outside"),
        pytest.param({"below": 2, "above": 2}, {"below": 3, "disputed": 9}, id="both kinds outside, before disputes"),
        pytest.param({"disputed": 2}, {"disputed": 1, "coverage": 1.0}, id="disputes before coverage"),
        pytest.param({"coverage": 0.6}, {"coverage": 0.5}, id="coverage"),
        pytest.param({"coverage": 0.5}, {"coverage": None}, id="known coverage before unknown"),
    ],
)
def test_order(more: dict[str, Any], less: dict[str, Any]) -> None:
    """The whole comes first whatever is wrong below it; then what weighs more, whatever its id; then by id."""
    assert order(S1=state(**less), S9=state(**more)) == ["N", "S9", "S1"]
    assert order(S2=state(**more), S1=state(**more)) == ["N", "S1", "S2"]


def test_a_row() -> None:
    """A row names the figure that is worst, counts what is wrong, and leaves out areas that nothing is known of."""
    outcome: Any = SimpleNamespace(
        states={area: state(breakdown=4, apart=-2.5, differing=5, below=2, above=1, disputed=3) for area in KNOWN.areas}
    )
    (nation, *_) = ranked(KNOWN, outcome)
    assert (nation.area, nation.column, nation.breakdown, nation.apart) == ("N", "A", 4, 2.5)
    assert (nation.differing, nation.outside, nation.disputed, nation.firing) == (5, 3, 3, 1)
    assert (nation.bulletin, nation.single, nation.tables, nation.coverage) == ("b", 0, 1, 0.5)
    assert order() == ["N"]
