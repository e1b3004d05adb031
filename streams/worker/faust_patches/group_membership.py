"""Notices when the consumer group refuses this worker. Then the worker ends, and says why.

aiokafka keeps such an error for the next poll and does not join again; Faust's thread waits for an assignment that
never comes. The worker would live on and do nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from aiokafka import errors  # type: ignore[import-untyped]

from streams.errors import CotejoError
from streams.worker.faust_patches.partition_ownership import Ownership
from streams.worker.faust_patches.settings import SESSION

TAKEN: Final = 2
"""Times that a name may be lost within a live session before another worker is known to have it too: once may be a
broker that has lost its groups."""
SESSIONS: Final = 10
"""Sessions within which these must lie."""


class GroupRefused(CotejoError):  # noqa: N818 - says what happened
    """The group's coordinator refuses this worker. The text says why, and what to change."""


def refused(error: BaseException, group: str, session: float) -> GroupRefused:
    """What an error of the coordinator means for a worker with a session of so many seconds."""
    if isinstance(error, errors.InvalidSessionTimeoutError):
        return GroupRefused(
            f"the broker takes no session of {session:g} s: set {SESSION} to a number of seconds between the broker's "
            "group.min.session.timeout.ms and group.max.session.timeout.ms (6 to 1800 s unless changed)"
        )
    if isinstance(error, errors.GroupAuthorizationFailedError):
        return GroupRefused(f"this user may not read in group {group}: an ACL is missing (docs/kafka-security.md)")
    if isinstance(error, errors.InconsistentGroupProtocolError):
        return GroupRefused(f"group {group} has members that are no workers of Cotejo: stop them, or change --prefix")
    return GroupRefused(f"the coordinator of group {group} refuses this worker ({error!r}): start it anew")


class Name:
    """Notices when another worker has taken this worker's name (`group.instance.id`).

    The broker gives a name to the member that joined last. The member that had it is unknown from then on, joins again,
    and so takes it back. Two such workers would push each other out for ever.
    """

    def __init__(self, name: str, session: float, now: Callable[[], float] = monotonic) -> None:
        self._name, self._session, self._now = name, session, now
        self._lost: list[float] = []

    def lose(self, last_heartbeat: float) -> GroupRefused | None:
        """Note that the coordinator, which last confirmed this worker at `last_heartbeat` (monotonic seconds), no
        longer knows it. Return the reason to end if another worker has caused that."""
        now = self._now()
        if now - last_heartbeat > self._session:
            return None  # the session is over: we were away for too long
        self._lost = [at for at in self._lost if now - at <= SESSIONS * self._session] + [now]
        if len(self._lost) < TAKEN:
            return None
        return GroupRefused(
            f"another worker has joined as --member {self._name}: give each worker a name of its own, or stop one"
        )


def watch(coordinator: Any, conf: Any, ownership: Ownership, fail: Callable[[BaseException], None]) -> None:
    """Call `fail` with every error after which aiokafka's coordinator does not go on by itself. `conf` is the app's
    configuration. `fail` is called in the coordinator's own thread."""
    session, group = conf.broker_session_timeout, conf.id
    name = conf.consumer_group_instance_id
    push, reset = coordinator._push_error_to_user, coordinator.reset_generation
    member = Name(name, session)

    def pushed(error: BaseException) -> Any:
        fail(refused(error, group, session))
        return push(error)

    def forgotten() -> None:
        was_member = coordinator.generation >= 0  # several requests of one member may be refused at once
        lost = name and was_member and not coordinator._closing.done()
        if lost and (reason := member.lose(ownership.last_heartbeat)) is not None:
            fail(reason)  # and does not join again, which would push the other out once more
        else:
            reset()

    def ended(task: Any) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            fail(refused(error, group, session))

    coordinator._push_error_to_user, coordinator.reset_generation = pushed, forgotten
    coordinator._coordination_task.add_done_callback(ended)
