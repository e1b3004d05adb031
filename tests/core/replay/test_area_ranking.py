"""Areas by how far their two counts are apart: what comes first, and what a row says."""

from types import SimpleNamespace
from typing import Any

import pytest
from builders import T0, election
from msgspec import structs

from streams.core.engine.comparer import Comparer
from streams.core.events.area_states import AreaState, Bounds, Figure, Official, StandingAlert, TablesAnnounced
from streams.core.replay.area_ranking import ranked

KNOWN = election(states=9, tables=1)


BARE = Comparer(KNOWN).state("S1")
"""The state of an area that nothing is known of."""


def figure(votes: int, share: float, breakdown: int | None) -> Figure:
    return Figure(votes, share, None, None, None, None, None, None, None, None, breakdown)


def state(
    breakdown: int = 0,
    apart: float = 0.0,
    differing: int = 0,
    below: int = 0,
    above: int = 0,
    disputed: int = 0,
    coverage: float | None = 0.5,
) -> AreaState:
    """An area's state with one sheet, and nothing wrong."""
    shares, levels = {"A": 40.0, "B": None}, {"disputed": disputed}
    figures = {"A": figure(4, 40.0 + apart, breakdown), "B": figure(1, 10.0, None)}
    return structs.replace(
        BARE,
        witnessed=structs.replace(BARE.witnessed, tables=1, coverage=coverage, shares=shares, levels=levels),
        official=Official("b", T0, {"A": 4, "B": 1}, None, 0, figures),
        tables_announced=TablesAnnounced(3, 3, differing, {}, {}, None, {}, None),
        bounds=Bounds(3, 3, 0, 0, {}, 3, below, {}, 3, above, 0),
        alerts=[StandingAlert("f", "warning", 1.0, "sheets", "b", {})],
    )


def order(**states: AreaState) -> list[str]:
    """The ids of these areas as they are ranked; the nation has nothing wrong."""
    outcome: Any = SimpleNamespace(states={**dict.fromkeys(KNOWN.areas, BARE), "N": state(), **states})
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
