"""When the ticks of the wall clock are sent, and the states of areas."""

import asyncio
from collections import Counter
from itertools import pairwise
from time import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streams.worker.app import (
    STATES_EVERY,
    STATES_PAUSE,
    TICK_EVERY,
    TICK_HEAVY,
    TICK_LOOK,
    TICK_PAUSE,
    TICK_REST,
    next_tick,
    pausing,
    sending_states,
)
from streams.worker.clock import SYSTEM


def test_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each multiple comes once, and not before its time, however early the loop wakes up."""
    sleep = asyncio.sleep

    async def too_short(seconds: float) -> None:
        await sleep(seconds * 0.9)

    async def ticks() -> list[tuple[int, float]]:
        return [(await next_tick(SYSTEM, 5), time() * 1000) for _ in range(40)]

    monkeypatch.setattr(asyncio, "sleep", too_short)
    found = asyncio.run(ticks())
    assert all(at % 5 == 0 and at - 0.001 <= now for at, now in found)
    assert all(later - earlier >= 5 for (earlier, _), (later, _) in pairwise(found))


@pytest.mark.parametrize(
    ("took", "arrives", "pause"),
    [
        (0.0, False, 0.0),
        (0.024, False, TICK_PAUSE * 0.024),
        (TICK_HEAVY, False, TICK_REST * TICK_HEAVY),
        (TICK_HEAVY, True, TICK_PAUSE * TICK_HEAVY),
        (0.2, False, TICK_EVERY / 1000),
        (0.7, False, TICK_PAUSE * 0.7),
        (0.7, True, TICK_PAUSE * 0.7),
    ],
)
def test_judging_leaves_time_for_reports(
    took: float, arrives: bool, pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause between two ticks grows with what judging takes, and a bulletin makes it short, once."""
    now, counts = [100.0], Counter[str]()

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    async def pauses() -> list[float]:
        compare = SimpleNamespace(judging_took=took, counts=counts)
        wait, found = pausing(cast(Any, SimpleNamespace(monotonic=lambda: now[0])), cast(Any, compare)), []
        for bulletins in (int(arrives), 0):
            counts["arrived"] += bulletins
            began = now[0]
            await wait()
            found.append(now[0] - began)
        return found

    monkeypatch.setattr(asyncio, "sleep", sleep)
    first, second = asyncio.run(pauses())
    assert first == pytest.approx(pause, abs=2 * TICK_LOOK)
    rest = min(TICK_REST * took, TICK_EVERY / 1000) if took >= TICK_HEAVY else 0
    assert second == pytest.approx(max(TICK_PAUSE * took, rest), abs=2 * TICK_LOOK)


@pytest.mark.parametrize(("took", "pause"), [(0.0, STATES_EVERY), (0.01, STATES_EVERY), (0.1, STATES_PAUSE * 0.1)])
def test_states_leave_time_for_reports(took: float, pause: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """While reports come, the pause between two sends of states grows with what the last one took."""
    now, slept, reports = [100.0], list[float](), Counter[str]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    def tell_more() -> None:
        now[0] += took

    async def sends() -> None:
        app = SimpleNamespace(clock=SimpleNamespace(monotonic=lambda: now[0]))
        compare = SimpleNamespace(untold=1, tell_more=tell_more)
        send = sending_states(cast(Any, app), cast(Any, SimpleNamespace(counts=reports)), cast(Any, compare))
        for _ in range(3):
            reports["reports"] += 1
            await send()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    asyncio.run(sends())
    assert slept[1:] == [pytest.approx(pause)] * 2
