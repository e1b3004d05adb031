"""An event loop in virtual time, and processes in it that can be killed or frozen between any two steps.

Nothing here waits: when no step is ready, time jumps to the next timer. The steps that are ready at one moment run in
an order drawn from the seed, so every run of a seed is the same, and every interleaving that a real loop may choose is
some seed's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from heapq import heappop, heappush
from random import Random
from typing import Any, Final, TypeVar
from unittest.mock import patch
from zlib import crc32

Result = TypeVar("Result")

MOST_ROUNDS: Final = 2_000_000
"""Rounds after which a night counts as endless."""
MOST_FINALLY: Final = 20
"""`finally` blocks that await something, in one coroutine, at most."""


class StuckError(Exception):
    """The night does not end: nothing is left to happen, or too much has."""


class Process:
    """One operating-system process: its steps run only while it is alive and not frozen."""

    def __init__(self, name: str) -> None:
        self.name, self.number = name, crc32(name.encode())
        self.alive, self.frozen, self.times_frozen = True, False, 0
        self.parked: list[Step] = []
        """Steps that became ready while it was frozen."""

    @property
    def running(self) -> bool:
        """Whether its steps run now."""
        return self.alive and not self.frozen


class Step:
    """A callback that is to run, as asyncio's `Handle`, without what nobody asks for here."""

    __slots__ = ("args", "callback", "context", "process")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None) -> None:
        self.callback: Callable[..., object] | None = callback
        self.args = args
        self.context = copy_context() if context is None else context
        self.process = self.context.get(PROCESS)

    def cancel(self) -> None:
        self.callback = None

    def cancelled(self) -> bool:
        return self.callback is None


class Nap:
    """What a task awaits in `asyncio.sleep`. A worker mostly looks whether there is something to do and sleeps again:
    its timer wakes the task itself, without a future between them, in half as many steps."""

    __slots__ = ("_asyncio_future_blocking", "_cancelled", "_loop", "_seconds", "_step", "_wake")

    def __init__(self, loop: Loop, seconds: float) -> None:
        self._loop, self._seconds, self._cancelled = loop, seconds, False

    def __await__(self) -> Generator[Nap, None, None]:
        self._asyncio_future_blocking = True
        yield self

    def get_loop(self) -> Loop:
        return self._loop

    def add_done_callback(self, wake: Callable[..., object], *, context: Context) -> None:
        self._wake = wake
        self._step = self._loop.call_later(self._seconds, wake, self, context=context)

    def cancel(self, msg: object = None) -> bool:
        if self._cancelled:
            return False
        self._step.cancel()
        self._cancelled = True
        self._loop.call_soon(self._wake, self, context=self._step.context)
        return True

    def result(self) -> None:
        if self._cancelled:
            raise asyncio.CancelledError


PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)
"""The process that a step belongs to; None for what no fault can hit: the broker, the receivers, the plan."""


class Loop(asyncio.AbstractEventLoop):
    """Runs one night. `chance` decides the order of what is ready, unless `fair`, which is asyncio's own order. A round
    of ready steps takes `pace` virtual seconds, so that a loop that never waits does not stop time."""

    def __init__(self, chance: Random, *, fair: bool, pace: float) -> None:
        self._chance, self._fair, self._pace = chance, fair, pace
        self._ready: list[Step] = []
        self._timers: list[tuple[float, int, Step]] = []
        self._time, self._count, self._rounds = 0.0, 0, 0
        self._kept: list[asyncio.Task[Any]] = []
        """Every task: those of a killed process must not be collected, which would run their `finally` blocks."""
        self.raised: list[str] = []
        """What no task has taken: faults of the simulation's own."""
        self._steps = 0

    def time(self) -> float:
        """Virtual seconds since the night began."""
        return self._time

    def run(self, main: Coroutine[Any, Any, Result]) -> Result:
        """Run until `main` is done. Raises `StuckError`, and what `main` raises."""
        with self._running():
            task = self.create_task(main)
            while not task.done():
                self._round()
            result: Result = task.result()
            return result

    @property
    def course(self) -> str:
        """How the night went, step by step: equal for two runs that did the same at the same times."""
        return f"{self._rounds} {self._time!r} {self._steps}"

    def close(self) -> None:
        """End what killed processes have left half-way, in the order in which it began: else it would end somewhere in
        another night."""
        with self._running():
            for task in self._kept:  # what ends may begin another
                if not task.done():
                    _close(task.get_coro())
        for left in (self._ready, self._timers, self._kept):
            left.clear()

    def thaw(self, process: Process) -> None:
        """Let a frozen process go on."""
        process.frozen = False
        self._ready += process.parked
        process.parked = []

    @contextmanager
    def _running(self) -> Generator[None, None, None]:
        """Be the loop of this thread, in which tasks sleep by `Nap`."""
        sleep = asyncio.sleep

        async def nap(seconds: float, result: object = None) -> object:
            await (Nap(self, seconds) if seconds > 0 else sleep(0))
            return result

        asyncio._set_running_loop(self)
        try:
            with patch.object(asyncio, "sleep", nap):
                yield
        finally:
            asyncio._set_running_loop(None)

    def _round(self) -> None:
        self._rounds += 1
        if self._rounds > MOST_ROUNDS:
            raise StuckError(f"no end after {self._rounds:,} rounds, {self._time:.1f} virtual seconds")
        timers = self._timers
        if not self._ready:
            if not timers:
                raise StuckError("nothing is left to happen")
            self._time = max(self._time, timers[0][0])
        self._time += self._pace
        while timers and timers[0][0] <= self._time:
            self._ready.append(heappop(timers)[2])
        steps, self._ready = self._ready, []
        if len(steps) > 1 and not self._fair:
            self._chance.shuffle(steps)
        for step in steps:
            process, callback = step.process, step.callback
            if process is None:
                self._steps = hash((self._steps, self._time))
            elif not process.alive or callback is None:
                continue
            elif process.frozen:
                process.parked.append(step)
                continue
            else:
                self._steps = hash((self._steps, self._time, process.number))
            try:
                if callback is not None:
                    step.context.run(callback, *step.args)
            except Exception as error:
                self.raised.append(f"a step raised {error!r}")

    # What asyncio asks of a loop ---------------------------------------------------------------------------------

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        step = Step(callback, args, context)
        self._ready.append(step)
        return step

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        return self.call_at(self._time + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        step = Step(callback, args, context)
        self._count += 1
        heappush(self._timers, (when, self._count, step))
        return step

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        self._kept.append(task)
        return task

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """A thread: what it does takes effect at one moment, some milliseconds from now."""
        future = self.create_future()

        def run() -> None:
            if future.cancelled():
                return
            try:
                future.set_result(func(*args))
            except Exception as error:
                future.set_exception(error)

        self.call_later(self._chance.uniform(0.0, 0.05), run)
        return future

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.raised.append(f"{context.get('message')}: {context.get('exception')!r}")

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False


def _close(coroutine: Any) -> None:
    """Let a coroutine end. What it awaits in its `finally` blocks ends at once too."""
    for _ in range(MOST_FINALLY):
        try:
            coroutine.close()
        except Exception:
            continue
        return
