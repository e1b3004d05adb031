"""Assignments of one worker are told apart, whatever the group's coordinator calls them; how long one holds."""

import asyncio
import math
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.protocol.group import JoinGroupRequest, SyncGroupRequest  # type: ignore[import-untyped]

from streams.worker.faust_patches import App, fetch_thread
from streams.worker.faust_patches.partition_ownership import Ownership


def test_numbers_only_grow() -> None:
    """An assignment has the group's generation as its number while that grows, and the next number where it does not:
    a broker that has lost its groups counts them anew."""
    app, numbers = App("assignments", broker="kafka://localhost:9"), list[int]()
    for generation in (1, 2, 5, 1, 1, 2, 9):
        app.consumer_generation_id = generation
        numbers.append(app.consumer_generation_id)
        assert app.group_generation == generation
    assert numbers == [1, 2, 5, 6, 7, 8, 9]


SYNC = SyncGroupRequest("group", 4, "member", None, [])
JOIN = JoinGroupRequest("group", 10_000, 10_000, "member", None, "consumer", [])


@pytest.mark.parametrize(
    ("request_", "error", "heard"),
    [
        pytest.param(SYNC, 0, 100.0, id="an assignment confirms as of its request"),
        pytest.param(SYNC, 25, 0.0, id="one that is refused confirms nothing"),
        pytest.param(JOIN, 0, 0.0, id="joining alone confirms nothing"),
    ],
)
def test_confirmed_when_asked(monkeypatch: pytest.MonkeyPatch, request_: Any, error: int, heard: float) -> None:
    """A worker that was stopped behind the coordinator's answer is not taken for one that was just confirmed."""
    clock = [100.0]

    async def answer(request: Any) -> Any:
        clock[0] += 60.0
        return SimpleNamespace(error_code=error)

    coordinator = SimpleNamespace(_do_heartbeat=None, _send_req=answer)
    ownership = Ownership(10.0, lambda: clock[0])
    listener = SimpleNamespace(_ownership=ownership, _ensure_consumer=lambda: SimpleNamespace(_coordinator=coordinator))
    monkeypatch.setattr(fetch_thread, "monotonic", lambda: clock[0])
    fetch_thread.Thread._listen(cast(Any, listener))
    asyncio.run(cast(Any, coordinator)._send_req(request_))
    assert ownership.last_heartbeat == heard
    assert not ownership.is_confirmed


@pytest.mark.parametrize(("generation", "confirmed"), [(4, True), (-1, False)])
def test_who_is_no_member_is_not_confirmed(monkeypatch: pytest.MonkeyPatch, generation: int, confirmed: bool) -> None:
    """A heartbeat that fails leaves a worker the rest of its session, unless the answer was that it is no member."""

    async def beat() -> bool:
        coordinator.generation = generation
        return False

    coordinator = SimpleNamespace(_do_heartbeat=beat, _send_req=None, generation=4)
    ownership = Ownership(10.0, lambda: 101.0)
    ownership.note_heartbeat(100.0)
    listener = SimpleNamespace(_ownership=ownership, _ensure_consumer=lambda: SimpleNamespace(_coordinator=coordinator))
    monkeypatch.setattr(fetch_thread, "monotonic", lambda: 101.0)
    fetch_thread.Thread._listen(cast(Any, listener))
    asyncio.run(cast(Any, coordinator)._do_heartbeat())
    assert ownership.is_confirmed is confirmed


@pytest.mark.parametrize(("asked_at", "confirmed"), [(99.0, False), (100.0, False), (101.0, True)])
def test_a_doubt_ends_with_the_next_question(asked_at: float, confirmed: bool) -> None:
    """What the coordinator was asked before a worker came to doubt its claim says nothing of it."""
    clock = [100.0]
    ownership = Ownership(10.0, lambda: clock[0])
    ownership.note_heartbeat(99.0)
    assert ownership.is_confirmed
    ownership.doubt()
    assert not ownership.is_confirmed
    clock[0] = 102.0
    ownership.note_heartbeat(asked_at)
    assert ownership.is_confirmed is confirmed


def test_partitions_are_released_behind_open_sends() -> None:
    """Whoever gives partitions up waits for the sends that are open, and lets none begin."""
    begun = list[str]()

    async def run() -> None:
        ownership, end = Ownership(math.inf), asyncio.Event()
        ownership.settle()

        async def send(name: str) -> None:
            async with ownership.sending():
                begun.append(name)
                await end.wait()

        sends = [asyncio.ensure_future(send(name)) for name in ("one", "two")]
        await asyncio.sleep(0)
        release = asyncio.ensure_future(ownership.release())
        await asyncio.sleep(0)
        sends.append(asyncio.ensure_future(send("late")))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not release.done()
        end.set()
        await release
        assert begun == ["one", "two"]
        ownership.settle()
        await asyncio.gather(*sends)

    asyncio.run(asyncio.wait_for(run(), 60))
    assert begun == ["one", "two", "late"]
