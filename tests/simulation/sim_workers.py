"""The workers of a simulated night: started, killed, frozen, and started again, as a supervisor would."""

from __future__ import annotations

import asyncio
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, Final

from aiokafka.errors import ConsumerStoppedError  # type: ignore[import-untyped]
from sim_app import SimApp
from sim_broker import Broker, SendError
from sim_faults import Plan
from sim_group import Group
from sim_loop import PROCESS, Process
from sim_night import Night
from sim_receivers import SimReceiver

from streams.worker import app as stages_of
from streams.worker.fault_points import Point
from streams.worker.faust_patches import SendFailed
from streams.worker.faust_patches.process_exit import STOP_SECONDS

EXPECTED: Final = (SendFailed, SendError, ConsumerStoppedError)
"""Why a worker may end by itself. Any other reason is a fault of ours."""


@dataclass
class Slot:
    """One worker's place. `wanted`: whether it is started again when it ends."""

    number: int
    wanted: bool = True
    starts: int = 0
    app: SimApp | None = None
    stages: Any = None
    newest: Any = None
    """The newest batch of each partition."""

    @property
    def running(self) -> bool:
        """Whether its worker runs now."""
        return self.app is not None and self.app.process.running and not self.app.crashed

    @property
    def alive(self) -> bool:
        """Whether it has a worker, running or frozen."""
        return self.app is not None and self.app.process.alive


class Topics:
    """The topics, asked by `TopicWatch`: they are as they were."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def partitions(self, names: Sequence[str]) -> Mapping[str, int]:
        return {name: self._broker.counts[name] for name in names}

    def grow(self, name: str, partitions: int) -> None:
        raise AssertionError("nobody lets a topic grow here")


class Workers:
    """All of them. `violations` collects what must never be; `seen` counts what happened."""

    def __init__(
        self, night: Night, plan: Plan, chance: Random, broker: Broker, group: Group, receivers: dict[str, SimReceiver]
    ) -> None:
        self._night, self._plan, self._chance = night, plan, chance
        self._broker, self._group, self._receivers = broker, group, receivers
        self.slots = [Slot(number) for number in range(1, plan.workers + 1)]
        self.violations: list[str] = []
        self.seen: Counter[str] = Counter()
        self.failing = 0
        """Records that are to fail."""
        self._points_left = plan.at_points
        self.mended = False
        """Whether nothing goes wrong any more."""

    def start(self, slot: Slot) -> None:
        """Start a worker in a place that has none."""
        if slot.alive or not slot.wanted:
            return
        slot.starts += 1
        process = Process(f"w{slot.number}-{slot.starts}")
        app = SimApp(
            process, self._broker, self._group,
            commit_every=self._plan.commit_every, fails=self._fails,
            failed=partial(self._ended, slot), violate=self.violations.append, left=self._sends_left,
        )  # fmt: skip
        context = copy_context()
        context.run(PROCESS.set, process)
        slot.app, slot.stages = app, context.run(self._build, app)
        self._broker.loop.create_task(app.run(), context=context)

    def kill(self, slot: Slot, restart: float) -> None:
        """End a worker at once, and start it again so many seconds later."""
        if slot.app is not None and slot.alive:
            slot.app.process.alive = False
            slot.app.producer.stop()
            self._later(restart, partial(self.start, slot))

    def freeze(self, slot: Slot, seconds: float, *, machine: bool = False) -> None:
        """Stop a worker, and let it go on so many seconds later. With `machine` its clock stands still too, as in a
        virtual machine that is suspended."""
        app = slot.app
        if app is None or not app.process.running:
            return
        app.process.frozen = True
        app.process.times_frozen += 1
        app.producer.stop()
        self._later(seconds, partial(self._thaw, app, seconds if machine else 0.0))

    def end(self, slot: Slot, restart: float | None) -> None:
        """Tell a worker to end cleanly; start it again so many seconds after it has."""
        if not slot.running or slot.app is None:
            return
        app, context = slot.app, copy_context()
        context.run(PROCESS.set, app.process)
        times_frozen = app.process.times_frozen
        slot.wanted = restart is not None

        async def stop() -> None:
            try:
                await asyncio.wait_for(app.stop(), STOP_SECONDS)
            except TimeoutError:
                self.seen["a worker ended after its time"] += 1
                if app.is_member and app.process.times_frozen == times_frozen:  # else it has nothing to give up
                    self.violations.append(f"{app.name} does not end within {STOP_SECONDS:g} s")
            app.process.alive = False
            if restart is not None:
                self._later(restart, partial(self.start, slot))

        self._broker.loop.create_task(stop(), context=context)

    def reached(self, point: Point) -> bool:
        """In the place of `fault_points.reached`."""
        self.seen[point.name] += 1
        if point is Point.PIECE_FULL:
            self._check_held()
        if point.value.startswith("rare path"):
            return self._chance.random() < self._plan.rare_chance
        process, plan = PROCESS.get(), self._plan
        here = self._broker.loop.time() >= plan.points_from and plan.point in ("", point.name)
        if here and self._points_left and not self.mended and self._chance.random() < self._plan.point_chance:
            self._points_left -= 1
            slot = next((s for s in self.slots if s.app is not None and s.app.process is process), None)
            if slot is not None and self._chance.random() < 0.6:
                self.seen[f"killed at {point.name}"] += 1
                self.kill(slot, self._chance.uniform(0.05, 1.0))
            elif slot is not None:
                self.seen[f"frozen at {point.name}"] += 1
                seconds = self._plan.session * self._chance.uniform(0.2, 3.0)
                self.freeze(slot, seconds, machine=self._chance.random() < 0.5)
        return False

    def _check_held(self) -> None:
        """A batch is only begun while fewer bytes are held than may be."""
        process = PROCESS.get()
        for slot in self.slots:
            if slot.app is not None and slot.app.process is process:
                stage = slot.stages.reconcile
                newest, bytes_held = dict(stage._newest), stage._bytes
                if newest != slot.newest and bytes_held >= self._plan.most_held:
                    self.violations.append(f"{bytes_held} bytes are held, and another batch is begun")
                slot.newest = newest

    def _build(self, app: SimApp) -> Any:
        night, topology = self._night, self._night.topology
        return stages_of.build(
            app,  # type: ignore[arg-type]
            night.election,
            topology,
            poster=lambda receiver: self._receivers[receiver.name].poster(app.clock),
            announce=lambda notice: None,
            warn=lambda text: None,
            wall_clock=False,
            sent=partial(self._broker.read, topology.table_sheets),
            admin=Topics(self._broker),
        )

    def _sends_left(self) -> None:
        self.seen["sends were left"] += 1

    def _fails(self) -> bool | None:
        if self.failing and not self.mended and self._chance.random() < 0.2:
            self.failing -= 1
            self.seen["a send failed"] += 1
            return self._chance.random() < 0.5
        return None

    def _ended(self, slot: Slot, reason: BaseException) -> None:
        """A worker ends by itself; within half a second it is gone, and is started again."""
        if not isinstance(reason, EXPECTED):
            self.violations.append("a worker ended: " + "".join(traceback.format_exception(reason)[-3:]))
        self.seen["a worker ended by itself"] += 1
        app = slot.app

        def die() -> None:
            if app is slot.app:
                self.kill(slot, self._chance.uniform(0.05, 0.5))

        self._later(self._chance.uniform(0.0, 0.5), die)

    def _thaw(self, app: SimApp, lost: float) -> None:
        if app.process.alive:
            app.clock.lost += lost
            self._broker.loop.thaw(app.process)
            app.producer.go_on()

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        self._broker.loop.call_later(seconds, do, context=_NOBODY)


_NOBODY = copy_context()
_NOBODY.run(PROCESS.set, None)
