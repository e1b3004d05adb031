"""What the plots of the post-mortem are given to draw."""

from collections.abc import Sequence
from typing import Any

import pytest
from builders import T0, election
from markupsafe import Markup

from streams.core.replay.timeline import Point, Series
from streams.report import plot_selection
from streams.report.plot_selection import Drawings
from streams.report.words import Words

KNOWN = election(options="ABCDEF", groups={"rest": "EF"})


def point(minute: int, **known: Any) -> Point:
    """A point of which the rest is nothing."""
    nothing: dict[str, Any] = {
        "tables": 0, "coverage": None, "disputed": 0, "bulletin": None, "official": {}, "witnessed": {}, "breakdown": {}
    }  # fmt: skip
    return Point(**{**nothing, "at": T0 + 60_000 * minute, **known})


class Asked:
    """In place of the drawing: what was to be drawn, by the plot's name."""

    def __init__(self, *_: Any) -> None:
        self.lines_of: dict[str, list[tuple[str, list[tuple[int, float]]]]] = {}
        self.faint_of: dict[str, Sequence[Sequence[tuple[int, float]]]] = {}

    def lines(self, name: str, alt: str, lines: Any, moments: Any = (), *, faint: Any = (), **_: Any) -> Markup:
        self.lines_of[name] = [(line.name, [(at - T0, value) for at, value in line.points]) for line in lines]
        self.faint_of[name] = [[(at - T0, value) for at, value in points] for points in faint]
        return Markup(name)


def drawings(monkeypatch: pytest.MonkeyPatch, **series: list[Point]) -> tuple[Drawings, Asked]:
    asked = Asked()
    monkeypatch.setattr(plot_selection, "Plots", lambda *_: asked)
    of = {area: Series(100, points=points) for area, points in series.items()}
    return Drawings(KNOWN, of, [], T0 + 600_000, Words("en")), asked


def test_coverage_in_per_cent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Witnessed tables over those that exist, in per cent, of the whole and of each area below; what is unknown is no
    point, and an area of which nothing is known is no line."""
    made, asked = drawings(
        monkeypatch,
        N=[point(0, coverage=0.0), point(1), point(2, coverage=0.5), point(3, coverage=1.0)],
        S1=[point(2, coverage=0.25), point(3, coverage=1.0)],
        S2=[point(2)],
    )
    assert made.coverage().plot == "coverage"
    assert asked.lines_of["coverage"] == [("Area N", [(0, 0.0), (120_000, 50.0), (180_000, 100.0)])]
    assert asked.faint_of["coverage"] == [[(120_000, 25.0), (180_000, 100.0)]]


@pytest.mark.parametrize(
    ("official", "witnessed", "drawn"),
    [
        pytest.param({}, {"A": 60, "B": 40}, ["A", "B"], id="no bulletin: what is witnessed"),
        pytest.param({}, {"A": 60, "B": 20, "rest": 20}, ["A", "B"], id="no bulletin: options alone"),
        pytest.param({"A": 70, "rest": 30}, {"A": 60, "E": 39, "rest": 40}, ["A", "rest"], id="what is announced"),
        pytest.param({"A": 10, "B": 20}, {"A": 60, "B": 30}, ["A", "B"], id="by the larger share of either count"),
        pytest.param({"A": 99.5, "B": 0.5}, {"A": 99, "B": 0.9}, ["A"], id="at least 1 %"),
        pytest.param(dict.fromkeys("EDCBA", 20), {}, ["A", "B", "C", "D"], id="four at most, in the election's order"),
    ],
)
def test_whose_shares(
    official: dict[str, float], witnessed: dict[str, float], drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shares are drawn of the largest options and groups that the authority announces; of options before it does."""
    made, asked = drawings(monkeypatch, N=[point(0, official=official, witnessed=witnessed)])
    made.shares()
    names = {column.name: column.id for column in KNOWN.columns}
    lines = [name.rpartition(", ")[0] for name, _ in asked.lines_of["shares"]]
    assert [names[name] for name in dict.fromkeys(lines)] == drawn
