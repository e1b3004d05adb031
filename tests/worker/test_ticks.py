"""When the ticks of the wall clock are sent."""

import asyncio
from itertools import pairwise
from time import time

import pytest

from streams.worker.app import next_tick
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
