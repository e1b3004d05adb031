"""Where things stand on a plot: ticks of the axis of time, and names beside lines that lie close together."""

import pytest

from streams.report.axis import spread_apart, time_ticks
from streams.times import from_rfc3339


@pytest.mark.parametrize(
    ("values", "places"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([40.0], [40.0], id="one"),
        pytest.param([20.0, 25.0, 80.0], [20.0, 25.0, 80.0], id="far enough apart already"),
        pytest.param([20.0, 21.0, 22.0], [20.0, 25.0, 30.0], id="close together: upwards"),
        pytest.param([60.0, 98.0, 99.0], [60.0, 95.0, 100.0], id="at the top: downwards, and no farther than needed"),
        pytest.param([89.0, 98.0, 99.0], [89.0, 95.0, 100.0], id="the lowest has room"),
        pytest.param([92.0, 98.0, 99.0], [90.0, 95.0, 100.0], id="all of them move"),
        pytest.param([101.0], [100.0], id="above the limit"),
    ],
)
def test_names_beside_lines(values: list[float], places: list[float]) -> None:
    """Names that would cover one another are moved apart, upwards while there is room, and never above the plot."""
    assert spread_apart(values, 5.0, 0.0, 100.0) == places


@pytest.mark.parametrize(
    ("begin", "end", "labels", "once"),
    [
        (
            "2024-07-29T00:00:00Z",
            "2024-07-29T00:00:30Z",
            ["07-29", "00:00:10", "00:00:20", "00:00:30"],
            "2024-07-29",
        ),
        ("2024-07-28T23:10:00Z", "2024-07-29T01:00:00Z", ["23:30", "07-29", "00:30", "01:00"], "2024-07-28"),
        ("2024-07-29T00:01:00Z", "2024-07-29T17:59:00Z", ["06:00", "12:00"], "2024-07-29"),
        ("2024-07-28T12:00:00Z", "2024-08-01T11:00:00Z", ["07-29", "07-30", "07-31", "08-01"], "2024"),
    ],
)
def test_ticks_of_time(begin: str, end: str, labels: list[str], once: str) -> None:
    """At most so many round times between the ends, each as short as it can be; midnight stands as its day."""
    first, last = from_rfc3339(begin), from_rfc3339(end)
    places, shown, below = time_ticks(first, last, 4)
    assert (shown, below) == (labels, f"{once}, UTC")
    assert len(places) == len(labels)
    assert all(first <= place <= last for place in places)
