"""The clock of a worker. The simulation has one of its own, which it can set and stop."""

from time import monotonic, time
from typing import Final, Protocol

AHEAD: Final = 5_000
"""Milliseconds that judged time may lie ahead of a worker's own clock. So far the clocks of two workers differ, and one
is waited for; beyond that a clock was wrong."""


class Clock(Protocol):
    """What a worker knows of time."""

    def monotonic(self) -> float:
        """Seconds since some moment; never set back."""

    def now(self) -> int:
        """The wall clock, in Unix ms: a tick that this worker has just sent is not ahead of it."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """`time.monotonic`."""
        return monotonic()

    def now(self) -> int:
        """`time.time`, rounded down."""
        return int(time() * 1000)


SYSTEM: Final = SystemClock()
