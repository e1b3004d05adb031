"""The clock of a worker. The simulation replaces it by one that it can set and stop."""

from time import monotonic, time
from typing import Final, Protocol

AHEAD: Final = 5_000
"""Milliseconds that judged time may lie ahead of a worker's own clock. So far the clocks of two workers differ, and one
is waited for; beyond that a clock was wrong."""


class Clock(Protocol):
    """The two times that a worker needs."""

    def monotonic(self) -> float:
        """Seconds since some moment. They never go back."""

    def now(self) -> int:
        """The wall clock in Unix ms. A tick that this worker has just sent is never ahead of it."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """`time.monotonic`."""
        return monotonic()

    def now(self) -> int:
        """`time.time`, rounded down."""
        return int(time() * 1000)


SYSTEM: Final = SystemClock()
