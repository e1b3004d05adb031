"""A worker that waits for a feeder's ticks says so once events have waited for long."""

import asyncio
from types import SimpleNamespace

import pytest

from streams.worker.feeder_watch import PATIENCE, FeederWatch


@pytest.mark.parametrize(
    ("steps", "warnings"),
    [
        pytest.param([(0, 0, 0), (0, 0, PATIENCE)], 0, id="nothing has come"),
        pytest.param([(0, 0, 2), (1, 0, 2), (PATIENCE - 1, 0, 2)], 0, id="not long yet"),
        pytest.param([(0, 0, 2), (PATIENCE, 0, 2), (2 * PATIENCE, 0, 3)], 1, id="said once"),
        pytest.param([(0, 0, 2), (PATIENCE, 5, 2), (2 * PATIENCE, 5, 2)], 0, id="a tick came"),
        pytest.param(
            [(0, 0, 2), (PATIENCE, 0, 2), (PATIENCE, 5, 2), (PATIENCE, 5, 3), (2 * PATIENCE, 5, 3)],
            2,
            id="again after time has moved",
        ),
    ],
)
def test_events_that_wait(steps: list[tuple[float, int, int]], warnings: int) -> None:
    """Steps: the clock, the latest tick, how much has come."""
    progress, told, clock = SimpleNamespace(at=0, received=0), list[str](), SimpleNamespace(now=0.0)
    feed = FeederWatch(progress, told.append, lambda: 1000 + clock.now)
    for clock.now, progress.at, progress.received in steps:
        asyncio.run(feed.look())
    assert len(told) == warnings
    assert all("--clock feed" in text for text in told)
