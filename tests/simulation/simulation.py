"""One night under one seed: everything that happens in it follows from the seed, and happens in one thread.

found = run(seed)
assert not found.wrong, found.told
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final
from unittest.mock import patch

from faust.types import TP
from sim_broker import Broker
from sim_faults import Fault, Plan, focused, plan
from sim_group import Group
from sim_loop import Loop, StuckError
from sim_night import Night, night
from sim_oracle import differences
from sim_receivers import SimReceiver
from sim_sealed import SealedStates
from sim_strays import STRAY, strays
from sim_workers import Slot, Workers

from streams.core.alerting import delivery_hours, delivery_policy
from streams.core.events.codec import encode, plain
from streams.core.events.model import Tick
from streams.worker import fault_points, reconcile_stage
from streams.worker.faust_patches import app as faust_app

PATIENCE: Final = 90.0
"""Virtual seconds after the last fault within which all must be done."""
MINUTE: Final = 2000
"""Virtual milliseconds of a minute between two digests: nights last for seconds, sessions for less than one."""
WRONG: Final = 3_000_000
"""Milliseconds by which a clock jumps, half of it forwards or back, at most."""
LONGEST_RETRY_AFTER: Final = 10_000
"""Milliseconds that a receiver may ask for: so long something waits, at most, when a clock was set back."""
LOOK: Final = 0.2
"""Virtual seconds between two looks at whether all is done."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a seed came to."""

    seed: int
    plan: Plan
    wrong: list[str]
    seen: Counter[str]
    """What happened, and how often."""
    trace: str
    """A hash of all topics and of each step: equal for two runs of a seed."""

    @property
    def told(self) -> str:
        """For people: what is wrong, what happened, and how to run it again."""
        faults = "\n  ".join(map(str, self.plan.faults)) or "no fault but those at fault points"
        at_points = ", ".join(name for name in self.seen if " at " in name)
        return (
            f"seed {self.seed} misses; run it again with `scripts/simulate --seeds 1 --from {self.seed}`\n  "
            + "\n  ".join(self.wrong) + f"\n{self.plan}\n  {faults}\n  {at_points}"
        )  # fmt: skip


def run(seed: int, focus: str = "") -> Result:
    """Simulate one night. With a `focus`, the name of a fault point or a kind of fault, more of that happens."""
    enabled = gc.isenabled()
    _freeze()
    gc.disable()  # nearly all of a night stays to its end
    try:
        return _simulate(seed, focus)
    finally:
        gc.collect()
        if enabled:
            gc.enable()


def run_many(seeds: Iterable[int]) -> tuple[str, Counter[str]]:
    """Simulate these nights as far as the first that misses: what that one tells, and what happened in all."""
    seen = Counter[str]()
    for seed in seeds:
        found = run(seed)
        seen += found.seen
        if found.wrong:
            return found.told, seen
    return "", seen


@cache
def _freeze() -> None:
    """Leave out of each collection what was there before the first night."""
    gc.collect()
    gc.freeze()


def _simulate(seed: int, focus: str) -> Result:
    world = World(seed, focus)
    with (
        SealedStates(world.workers.violations.append).watching(),
        patch.object(fault_points, "reached", world.workers.reached),
        patch.object(reconcile_stage, "MAX_HELD_BYTES", world.plan.most_held),
        patch.object(faust_app, "RELEASE_SECONDS", world.plan.release),
        patch.object(delivery_hours, "MINUTE", MINUTE),
        patch.object(delivery_policy, "LONGEST_RETRY_AFTER", LONGEST_RETRY_AFTER),
    ):
        try:
            wrong = world.loop.run(world.live())
        except StuckError as stuck:
            wrong = [f"stuck: {stuck}"]
    wrong = [*world.workers.violations, *world.loop.raised, *wrong]
    result = Result(seed, world.plan, wrong, world.workers.seen.copy(), world.trace())
    world.loop.close()
    return result


class World:
    """The broker, the group, the workers and the receivers of one seed."""

    def __init__(self, seed: int, focus: str) -> None:
        self.seed = seed
        self.night: Night = night(Random(f"{seed}/night"))
        self.plan = plan(Random(f"{seed}/plan"))
        if focus:
            self.plan = focused(self.plan, focus, Random(f"{seed}/focus"))
        self.loop = Loop(Random(f"{seed}/steps"), fair=self.plan.fair, pace=self.plan.pace)  # type: ignore[abstract]
        self.chance = Random(f"{seed}/broker")
        topology = self.night.topology
        names = Random(f"{seed}/names")
        self.broker = Broker(self.loop, self.chance, names, topology, self.plan.delay, self.plan.slow)
        ones = [topology.bulletins, topology.table_sheets, topology.alerts, topology.webhook_commands]
        shares = [[TP(topic, 0) for topic in ones]]
        shares += [[TP(topology.tally_reports, partition)] for partition in range(topology.partitions)]
        self.sources = [tp for share in shares for tp in share]
        self.group = Group(self.broker, self.plan.session, shares)
        known = self.night.election
        self.receivers = {r.name: SimReceiver(r, self.broker, known.lineage) for r in known.receivers}
        self._last_tick = self.night.last_tick
        self.workers = Workers(
            self.night, self.plan, Random(f"{seed}/workers"), self.broker, self.group, self.receivers
        )

    async def live(self) -> list[str]:
        """The whole night; what is wrong with it."""
        self._watching = asyncio.ensure_future(self.group.watch())
        for slot in self.workers.slots:
            self.workers.start(slot)
        for fault in self.plan.faults:
            self.loop.call_later(fault.at, self._begin, fault)
        await self._feed()
        await asyncio.sleep(max((f.at + f.lasts for f in self.plan.faults), default=0.0) - self.loop.time() + 0.1)
        self._mend()
        if stuck := await self._settle():
            return [stuck]
        self._last_tick = self.night.closing[-1]
        for at in self.night.closing:
            tick = encode(plain(Tick(at)))
            for partition in range(self.night.topology.partitions):
                self.broker.append(TP(self.night.topology.tally_reports, partition), None, tick)
            self.broker.append(TP(self.night.topology.bulletins, 0), None, tick)
        if stuck := await self._settle():
            return [stuck]
        return differences(self.night, self.broker, self.workers.slots, self.receivers)

    def trace(self) -> str:
        """A hash of each step, and of what all topics hold, in order."""
        digest = hashlib.sha256(self.loop.course.encode())
        for tp, log in self.broker.logs.items():
            for record in log:
                place = b"%s %d %d " % (tp.topic.encode(), tp.partition, record.timestamp)
                digest.update(place + b"%s %s\n" % (record.key or b"", record.value or b""))
        return digest.hexdigest()

    # What comes in ---------------------------------------------------------------------------------------------------

    async def _feed(self) -> None:
        topology, chance = self.night.topology, Random(f"{self.seed}/feed")
        channels = [(TP(topology.tally_reports, p), messages) for p, messages in enumerate(self.night.reports)]
        channels.append((TP(topology.bulletins, 0), self.night.bulletins))
        due = list[tuple[float, TP, bytes]]()
        for tp, messages in channels:
            late, span = chance.choice((0.0, 0.0, 0.5)), self.plan.feeding * chance.uniform(0.5, 1.0)
            times = sorted(late + chance.uniform(0.0, span) for _ in messages)
            due += [(at, tp, message) for at, message in zip(times, messages, strict=True)]
        due.sort(key=lambda one: one[0])
        for stray in strays(topology, self.plan.feeding, Random(f"{self.seed}/strays")):
            self.workers.seen["a stray record"] += 1
            self.loop.call_later(stray.at, self.broker.append, stray.tp, stray.key, stray.value, STRAY)
        for at, tp, message in due:
            await asyncio.sleep(at - self.loop.time())
            self.broker.append(tp, None, message)

    async def _settle(self) -> str:
        """Wait until all that came is done with; what there is instead, if it takes too long."""
        until = self.loop.time() + PATIENCE
        while not self._is_settled():
            if self.workers.violations:
                return "and so it was left off"
            if self.loop.time() > until:
                return f"not done {PATIENCE:.0f} s after the last fault: {self._left()}"
            await asyncio.sleep(LOOK)
        return ""

    def _is_settled(self) -> bool:
        slots = [slot for slot in self.workers.slots if slot.running]
        owners = [slot for slot in slots if slot.stages.compare.owned]
        shared_out = self.group.deadline is None and all(slot.app.is_settled for slot in slots if slot.app)
        if not shared_out or len(owners) != 1 or any(self._lag().values()):
            return False
        compare, notify = owners[0].stages.compare, owners[0].stages.notify
        if compare.at != self._last_tick or compare.untold or compare._channels.waiting is not None or notify.pending:
            return False
        return not any(o._events or o._records or o._writes or o._lock.locked() or o._sending.locked()
                       for slot in slots for o in slot.stages.outboxes)  # fmt: skip

    def _lag(self) -> dict[TP, int]:
        """Messages that are not done with. What follows the last tick may wait for the next, once read."""
        topology, lag = self.night.topology, dict[TP, int]()
        for tp in self.sources:
            end = len(self.broker.logs[tp])
            lag[tp] = end - self.broker.committed.get(tp, 0)
            if tp.topic in (topology.bulletins, topology.table_sheets):
                owners = [s.app for s in self.workers.slots if s.running and s.app is not None and tp in s.app.assigned]
                lag[tp] = end - min((app.consumer.positions.get(tp, 0) for app in owners), default=0)
                lag[tp] += sum(app.channels[tp.topic].queue.qsize() for app in owners)
        return lag

    def _left(self) -> str:
        lag = {f"{tp.topic}/{tp.partition}": n for tp, n in self._lag().items() if n}
        told = [f"lag {lag}", f"members {list(self.group.members)}"]
        for slot in self.workers.slots:
            if slot.app is None or not slot.running:
                told.append(f"worker {slot.number} does not run (wanted: {slot.wanted})")
                continue
            compare, notify = slot.stages.compare, slot.stages.notify
            told.append(
                f"{slot.app.name}: settled {slot.app.is_settled}, compares {compare.owned}, judged to "
                f"{compare.at} of {self._last_tick}, untold {compare.untold}, pending {notify.pending}, held "
                f"{[(len(o._events), len(o._records), len(o._writes)) for o in slot.stages.outboxes]}"
            )
        return "; ".join(told)

    # What goes wrong -------------------------------------------------------------------------------------------------

    def _begin(self, fault: Fault) -> None:
        workers = self.workers
        workers.seen[fault.kind] += 1
        slot: Slot = workers.slots[fault.target % len(workers.slots)]
        match fault.kind:
            case "kill":
                workers.kill(slot, fault.lasts)
            case "freeze" | "blink":
                workers.freeze(slot, fault.lasts)
            case "suspend":
                workers.freeze(slot, fault.lasts, machine=True)
            case "term":
                workers.end(slot, fault.lasts)
            case "add":
                workers.slots.append(added := Slot(len(workers.slots) + 1))
                workers.start(added)
                self.loop.call_later(fault.lasts, workers.end, added, None)
            case "broker" | "forget" | "rewind":
                self.broker.up.clear()
                self.loop.call_later(fault.lasts, self._broker_returns, fault.kind)
            case "clock":
                if slot.app is not None:
                    slot.app.clock.wrong += round(WRONG * (fault.lasts - 0.5))
            case "failing":
                workers.failing += 1
            case "receiver":
                receivers = list(self.receivers.values())
                receiver = receivers[fault.target % len(receivers)]
                receiver.mode = fault.mode
                self.loop.call_later(2 * fault.lasts, setattr, receiver, "mode", "up")

    def _broker_returns(self, kind: str) -> None:
        if kind in ("forget", "rewind"):
            self.group.forget()
        if kind == "rewind":
            self.broker.committed.clear()
        self.broker.up.set()
        self.group.restarted()

    def _mend(self) -> None:
        self.workers.mended = True
        self.workers.failing = 0
        for receiver in self.receivers.values():
            receiver.mode = "up"
