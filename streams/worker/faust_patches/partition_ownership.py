"""What a worker knows of its claim on its partitions, and who is called when they change hands.

`App` owns the one `Ownership` of a worker and hands it to the consumer, its thread, the recovery and `Sends`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final, NamedTuple

from faust.types import TP

POLL: Final = 0.02
"""Seconds between two looks at whether the coordinator has confirmed this worker again."""

AfterRecovery = Callable[[frozenset[TP]], Awaitable[None]]
BeforeRelease = Callable[[], Awaitable[None]]


class Lost(NamedTuple):
    """Messages of a source partition were deleted before they were read. Reading was to go on at offset `wanted`; the
    broker has the offsets from `first` up to, but not including, `end`. If `end` is below `wanted`, the topic was
    deleted and created again."""

    source: TP
    wanted: int
    first: int
    end: int


class PartitionsGivenUp(Exception):  # noqa: N818 - says what happened
    """The partitions are given up before a send was confirmed. Its events are not acked, and come again."""


class Ownership:
    """The claim of one worker on its partitions: whether they are settled, when the group's coordinator last confirmed
    the worker, which sends are open, whether commits have stopped, and the hooks for each change."""

    def __init__(self, session_seconds: float, now: Callable[[], float] = monotonic) -> None:
        self._session_seconds, self._now = session_seconds, now
        self._settled = asyncio.Event()
        self._open_sends: dict[asyncio.Timeout, asyncio.Event] = {}
        self._release_ends: float | None = None
        """When open sends are left, in the event loop's time; None where no release is under way."""
        self._after_recovery: list[AfterRecovery] = []
        self._before_release: list[BeforeRelease] = []
        self._when_lost: list[Callable[[Lost], None]] = []
        self.last_heartbeat = 0.0
        """When the coordinator last confirmed this worker (monotonic seconds, rounded down to the request's start)."""
        self._doubted_at = -math.inf
        self.commits_stopped = False
        """Whether the worker is failing: no offset may be committed any more."""
        self.is_revoked = False
        """Whether the newest assignment has been revoked, and no other has begun."""

    @property
    def is_settled(self) -> bool:
        """Whether the partitions are this worker's and complete: False while they change hands."""
        return self._settled.is_set()

    @property
    def is_confirmed(self) -> bool:
        """Whether the coordinator has confirmed this worker within the last session, and since `doubt`."""
        last = self.last_heartbeat
        return last > self._doubted_at and self._now() - last <= self._session_seconds

    def note_heartbeat(self, at: float) -> None:
        """Note that the coordinator confirmed this worker in a request that began at `at` (monotonic seconds)."""
        self.last_heartbeat = at

    def doubt(self) -> None:
        """Let no send begin until the coordinator has confirmed this worker in a request that begins after now."""
        self._doubted_at = self._now()

    def stop_commits(self) -> None:
        """Commit no offset from now on."""
        self.commits_stopped = True

    def assign(self) -> None:
        """Note that an assignment begins."""
        self.is_revoked = False

    def revoke(self) -> None:
        """Note that the assignment ends: its recovery, if it is still under way, must not settle it."""
        self.is_revoked = True

    def settle(self) -> None:
        """Declare the partitions this worker's: sends may begin."""
        self._settled.set()

    async def release(self, seconds: float, *, flush: bool) -> None:
        """Run the hooks of `before_release`, in order, if `flush`. Then let no send begin, and wait for those that are
        open. Sends that are not confirmed `seconds` from now raise `PartitionsGivenUp`, also those of the hooks: what
        they still write is harmless (docs/adr/0007)."""
        self._release_ends = asyncio.get_running_loop().time() + seconds
        for limit in self._open_sends:
            limit.reschedule(self._release_ends)
        try:
            for hook in self._before_release if flush else ():
                await hook()
            self._settled.clear()
            for closed in list(self._open_sends.values()):
                await closed.wait()
        finally:
            self._release_ends = None

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Hold a send open. Wait first until the partitions are settled and the coordinator has confirmed this worker:
        one that was stopped for longer than a session may have lost them. A send that left before may still arrive.
        Raises `PartitionsGivenUp`."""
        await self._settled.wait()
        while not self.is_confirmed:
            if self._release_ends is not None:
                raise PartitionsGivenUp  # the group would not wait until it is confirmed
            await asyncio.sleep(POLL)
            await self._settled.wait()
        closed = asyncio.Event()
        limit = asyncio.timeout_at(self._release_ends)
        try:
            async with limit:
                self._open_sends[limit] = closed
                yield
        except TimeoutError as error:
            if limit.expired():
                raise PartitionsGivenUp from error
            raise
        finally:
            self._open_sends.pop(limit, None)
            closed.set()

    def after_recovery(self, hook: AfterRecovery) -> None:
        """Call `hook` with the source partitions after each recovery."""
        self._after_recovery.append(hook)

    def before_release(self, hook: BeforeRelease) -> None:
        """Call `hook` before partitions are given up."""
        self._before_release.append(hook)

    def when_lost(self, hook: Callable[[Lost], None]) -> None:
        """Call `hook` when messages were deleted before they were read."""
        self._when_lost.append(hook)

    async def recovered(self, sources: frozenset[TP]) -> None:
        """Run the hooks of `after_recovery`, in order."""
        for hook in self._after_recovery:
            await hook(sources)

    def report_lost(self, lost: Lost) -> None:
        """Run the hooks of `when_lost`, in order."""
        for hook in self._when_lost:
            hook(lost)
