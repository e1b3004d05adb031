"""Warns of a worker that takes its time from a feeder while nobody feeds. What `cotejo send` sends is then never
judged."""

from collections.abc import Callable
from typing import Final, Protocol

EVERY: Final = 5.0
"""Seconds between two looks."""
PATIENCE: Final = 30.0
"""Seconds that events may wait for a tick before an operator hears of it. A feeder sends several ticks a second."""


class Progress(Protocol):
    """How much has come in, and how far time has come. `received` counts reports and bulletins, `at` is the latest tick
    (Unix ms), None before the first."""

    @property
    def received(self) -> int: ...
    @property
    def at(self) -> int | None: ...


class FeederWatch:
    """Warns once when events have waited for a tick for `PATIENCE` seconds, and again only after time has moved."""

    def __init__(self, progress: Progress, warn: Callable[[str], None], monotonic: Callable[[], float]) -> None:
        self._progress, self._warn, self._monotonic = progress, warn, monotonic
        self._at, self._received = progress.at, progress.received
        self._since: float | None = None
        self._warned = False

    async def look(self) -> None:
        """Compare with the last look, and warn if it is time."""
        if self._progress.at != self._at:
            self._at, self._received = self._progress.at, self._progress.received
            self._since, self._warned = None, False
            return
        if not (waiting := self._progress.received - self._received) or self._warned:
            return
        self._since = self._monotonic() if self._since is None else self._since
        if self._monotonic() - self._since >= PATIENCE:
            self._warned = True
            self._warn(
                f"{waiting:,} events wait to be judged: with --clock feed time goes on at the ticks of `cotejo feed` "
                "alone. On a live night, and for `cotejo send`, start the worker without --clock feed"
            )
