"""How the plots of the post-mortem are drawn."""

import pytest
from matplotlib.figure import Figure

from streams.report.plots import Line, Plots
from streams.report.words import Words


@pytest.mark.parametrize(
    ("values", "announced", "marked"),
    [
        pytest.param([1, 2, 2, 3], True, [0, 1, 3], id="the first, and each that differs from the one before"),
        pytest.param([*range(13)], True, [*range(13)], id="twelve changes"),
        pytest.param([*range(14)], True, [], id="thirteen: they would cover the line"),
        pytest.param([1, 2, 3], False, [], id="what is witnessed grows all the time"),
    ],
)
def test_where_a_line_is_marked(values: list[float], announced: bool, marked: list[int]) -> None:
    """A line of what is announced is marked where it changes, if that is not often."""
    axes = Figure().subplots()
    points = [(60_000 * i, float(value)) for i, value in enumerate(values)]
    Plots(Words("en"), 0, 3_600_000)._line(axes, Line("Ana", "Ana", points, 0, announced))
    assert axes.lines[0].get_markevery() == marked
