"""An event loop whose time is not the machine's: whoever sleeps a day wakes up at once."""

import asyncio
from collections.abc import Coroutine
from selectors import BaseSelector, DefaultSelector, SelectorKey
from typing import Any, TypeVar

_T = TypeVar("_T")


class _Waiting:
    """The loop's selector. Where the loop would wait, its time goes on by as much."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._real: BaseSelector = DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        if ready := self._real.select(0):
            return ready
        if timeout is None:
            raise RuntimeError("nothing is left to wait for, and the test has not ended")
        self.seconds += max(0.0, timeout)
        return []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in one thread that waits for nothing but its own timers. `set_back` is by how many milliseconds
    the wall clock was set back."""

    def __init__(self) -> None:
        self._waiting = _Waiting()
        selector: Any = self._waiting
        super().__init__(selector)
        self.set_back = 0

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._waiting.seconds

    def now(self) -> int:
        """The wall clock, in Unix ms."""
        return 1_722_225_600_000 + round(1000 * self.time()) - self.set_back


def run(main: Coroutine[Any, Any, _T], loop: VirtualLoop) -> _T:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main)
