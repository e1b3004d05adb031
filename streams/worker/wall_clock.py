"""The wall clock, as a worker's stages read it."""

from time import time
from typing import Final

AHEAD: Final = 5_000
"""Milliseconds that judged time may lie ahead of a worker's own clock. So far the clocks of two workers differ, and one
is waited for; beyond that a clock was wrong."""


def now() -> int:
    """Unix ms; a tick that this worker has just sent is not ahead of it."""
    return int(time() * 1000)
