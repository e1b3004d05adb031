"""Where things stand on a plot: the ticks of the axis of time, and names beside lines that lie close together."""

from collections.abc import Sequence
from typing import Final

from streams.times import utc

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
_STEPS: Final = (
    *(n * 1000 for n in (1, 2, 5, 10, 20)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 20, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 4, 7, 14, 28, 91, 182, 364)),
)
"""Milliseconds between two ticks of the axis of time."""


def time_ticks(begin: int, end: int, most: int) -> tuple[list[int], list[str], str]:
    """Where the axis of time has ticks (Unix ms), what stands there, and what stands once for all of them."""
    step = next((step for step in _STEPS if (end - begin) / step < most), _STEPS[-1])
    places = list(range(-(-begin // step) * step, end + 1, step))
    if step >= _DAY:
        return places, [f"{utc(at):%m-%d}" for at in places], f"{utc(begin):%Y}, UTC"
    clock = "%H:%M:%S" if step < _MINUTE else "%H:%M"
    labels = [f"{utc(at):{clock if at % _DAY else '%m-%d'}}" for at in places]
    return places, labels, f"{utc(begin):%Y-%m-%d}, UTC"


def spread_apart(values: Sequence[float], space: float, low: float, high: float) -> list[float]:
    """Rising places at least `space` apart, near the rising values, within the limits if there is room."""
    places = list(values)
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + space)
    over = places[-1] - high if places else 0.0
    if over > 0:
        places[-1] -= over
        for i in range(len(places) - 2, -1, -1):
            places[i] = min(places[i], places[i + 1] - space)
    return places
