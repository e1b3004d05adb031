"""When a worker says that it does its work; tests/project/test_compose.py asks a real one."""

from types import SimpleNamespace
from typing import Any

import pytest

from streams.worker.readiness import STALE, readiness

NOW = 10**12


@pytest.mark.parametrize(
    ("settled", "owned", "confirmed", "wall_clock", "ready"),
    [
        pytest.param(False, False, None, True, False, id="partitions are changing hands"),
        pytest.param(True, False, None, True, True, id="it owns no comparison"),
        pytest.param(True, True, None, True, True, id="no tick yet"),
        pytest.param(True, True, NOW - STALE, True, True, id="a tick not long ago"),
        pytest.param(True, True, NOW - STALE - 1, True, False, id="time stands still"),
        pytest.param(True, True, 1000, False, True, id="a fed night has a time of its own"),
    ],
)
def test_readiness(settled: bool, owned: bool, confirmed: int | None, wall_clock: bool, ready: bool) -> None:
    """Ready by partitions and the last tick; the figures are told either way."""
    clock = SimpleNamespace(now=lambda: NOW)
    app: Any = SimpleNamespace(is_settled=settled, clock=clock, lag=lambda: {1: 3, 2: 4})
    compare = SimpleNamespace(owned=owned, outbox=SimpleNamespace(confirmed=confirmed))
    stages: Any = SimpleNamespace(
        compare=compare, reconcile=SimpleNamespace(reconcilers={0: None, 1: None}), wall_clock=wall_clock
    )
    found = readiness(app, stages)
    assert found.is_ready is ready
    assert found.facts["lag"] == 7
    assert found.facts["partitions"] == (2 if settled else 0)
    assert (found.facts["last_tick"] is not None) == (settled and owned and confirmed is not None)
