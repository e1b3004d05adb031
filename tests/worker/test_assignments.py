"""Assignments of one worker are told apart, whatever the group's coordinator calls them; how long one holds."""

import asyncio
import math
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.protocol.group import JoinGroupRequest, SyncGroupRequest  # type: ignore[import-untyped]

from streams.worker.faust_patches import App, PartitionsGivenUp, fetch_thread
from streams.worker.faust_patches.partition_ownership import Ownership
from streams.worker.faust_patches.recovery import Recovery


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
        release = asyncio.ensure_future(ownership.release(60, flush=False))
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


@pytest.mark.parametrize("opened", ["before the release", "by its last flush"])
def test_a_release_leaves_what_is_not_confirmed_in_time(opened: str) -> None:
    """A send that nobody confirms does not hold partitions back for longer than it may, and is told so: what it was for
    is not acked."""
    told = list[str]()

    async def run() -> None:
        ownership, begun = Ownership(math.inf), asyncio.Event()
        ownership.settle()

        async def send() -> None:
            try:
                async with ownership.sending():
                    begun.set()
                    await asyncio.Event().wait()
            except PartitionsGivenUp:
                told.append("given up")

        sends = [asyncio.ensure_future(send())] if opened == "before the release" else []
        if sends:
            await begun.wait()
        else:
            ownership.before_release(send)
        await ownership.release(0.01, flush=True)
        assert not ownership.is_settled
        await asyncio.gather(*sends)
        ownership.settle()
        async with ownership.sending():  # the next assignment's have no limit
            await asyncio.sleep(0.02)

    asyncio.run(asyncio.wait_for(run(), 60))
    assert told == ["given up"]


def test_who_is_no_member_gives_up_without_a_last_flush() -> None:
    """Whoever hears in the middle of giving up that it is no member is not confirmed before it has joined again, and it
    joins again once it has given up: it does not wait for the one or the other."""
    flushed = list[str]()

    async def run() -> None:
        ownership = Ownership(math.inf)
        ownership.settle()

        async def flush() -> None:
            ownership.doubt()
            with pytest.raises(PartitionsGivenUp):
                async with ownership.sending():
                    flushed.append("wrong")

        ownership.before_release(flush)
        await ownership.release(math.inf, flush=True)

    asyncio.run(asyncio.wait_for(run(), 60))
    assert flushed == []


def test_partitions_are_released_once() -> None:
    """A worker that is told to end in the middle of a rebalance ends behind the release that is under way: a flush of
    its own would wait for partitions that do not come any more."""
    done = list[str]()

    async def run() -> None:
        ownership, going, flushing = Ownership(math.inf), asyncio.Event(), asyncio.Event()
        ownership.settle()

        @ownership.before_release
        async def flush() -> None:
            async with ownership.sending():
                done.append("flush")
                flushing.set()
                await going.wait()

        async def commit() -> None:
            done.append("commit")

        flow = SimpleNamespace(suspend=lambda: None, clear=lambda: None)
        consumer = SimpleNamespace(stop_flow=lambda: None, commit=commit, group_generation=1)
        app: Any = SimpleNamespace(
            ownership=ownership, consumer=consumer, flow_control=flow, group_generation=1, crashed=False,
            _releasing=asyncio.Lock(),
        )  # fmt: skip
        releases = [asyncio.ensure_future(App._release(app)) for _ in range(2)]
        await flushing.wait()
        going.set()
        await asyncio.gather(*releases)

    asyncio.run(asyncio.wait_for(run(), 60))
    assert done == ["flush", "commit"]


@pytest.mark.parametrize("revoked", ["before the tables are complete", "while the stages begin", "not at all"])
def test_a_recovery_of_a_revoked_assignment_opens_nothing(revoked: str) -> None:
    """A recovery may end behind the revocation of its partitions, before the next assignment begins: then no send is
    opened, and nothing flows."""
    opened = list[str]()

    async def run() -> bool:
        ownership = Ownership(math.inf)
        ownership.assign()

        async def nothing() -> None: ...

        async def begin(_: Any) -> None:
            if revoked == "while the stages begin":
                ownership.revoke()

        ownership.after_recovery(begin)
        consumer = SimpleNamespace(
            assignment=lambda: set(), resume_partitions=lambda tps: opened.append("partitions"),
            resume_flow=lambda: opened.append("flow"),
        )  # fmt: skip
        app = SimpleNamespace(
            consumer=consumer, consumer_generation_id=1, on_rebalance_complete=SimpleNamespace(send=nothing),
            maybe_start_producer=nothing, flow_control=SimpleNamespace(is_active=lambda: True),
            on_rebalance_end=lambda: None, _fetcher=SimpleNamespace(maybe_start=nothing),
            assignor=SimpleNamespace(assigned_standbys=lambda: True),
        )  # fmt: skip
        recovery: Any = SimpleNamespace(
            app=app, _ownership=ownership, completed=asyncio.Event(), _is_changelog_tp=lambda tp: False,
            tables=SimpleNamespace(on_actives_ready=lambda: None),
        )  # fmt: skip
        if revoked == "before the tables are complete":
            ownership.revoke()
        await Recovery._resume_streams(recovery, 1)
        return ownership.is_settled

    assert asyncio.run(asyncio.wait_for(run(), 60)) is (revoked == "not at all")
    assert opened == (["partitions", "flow"] if revoked == "not at all" else [])
