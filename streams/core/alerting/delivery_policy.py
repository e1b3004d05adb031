"""What becomes of a notice on its way to a receiver (design, section 6).

`judge` is the whole decision. It is given the time and the receiver's answer, returns the next state and the
reason; it is written to be read as a table. Chance has no part in it: the jitter is a hash.
Times are Unix milliseconds of the wall clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final
from zlib import crc32

import msgspec

from streams.core.alerting.alert import Notice

FIRST_PAUSE: Final = 1_000
"""Milliseconds before the second attempt; it doubles with each."""
LONGEST_PAUSE: Final = 600_000
"""Milliseconds between two attempts, at most."""
LONGEST_RETRY_AFTER: Final = 3_600_000
"""Milliseconds that a receiver's Retry-After is obeyed, at most."""
GIVE_UP: Final = 24 * 3_600_000
"""Milliseconds after which a notice that cannot be delivered is let go; it gets one attempt in any case."""
BACKLOG: Final = 10_000
"""Notices that may be due at one receiver. Beyond it the oldest of the fingerprint with the most of them is let go."""
LONGEST_CHAIN: Final = 1_000
"""Notices of one fingerprint that may be: they are one record."""


class Reason(Enum):
    """Why a delivery went on as it did."""

    DELIVERED = "delivered"
    RETRY = "it failed, and is tried again after a pause"
    ASKED = "it failed, and the receiver said when to come again"
    GIVEN_UP = "it failed for a day"
    GONE = "the receiver wants no more (410)"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request."""

    status: int | None
    """The HTTP status; None where no answer came."""
    words: str
    """What it was, for people."""
    retry_after: int | None = None
    """The receiver wants nothing before this time."""

    @property
    def good(self) -> bool:
        """Whether the receiver has taken what it was sent."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice that is due at one receiver since `since`; the next attempt is due at `due`.

    `status` and `words` are the last attempt's. `status` is None before the first one, and where no answer came.
    """

    notice: str
    since: int
    due: int
    attempts: int = 0
    status: int | None = None
    words: str = ""

    def plain(self) -> list[Any]:
        """As a JSON array."""
        return [self.notice, self.since, self.due, self.attempts, self.status, self.words]

    def set_back(self, at: int) -> "Delivery":
        """The same where the clock had run ahead and shows `at` now: it waits no longer than a receiver may ask."""
        longest = LONGEST_RETRY_AFTER if self.attempts else 0
        since, due = min(self.since, at), min(self.due, at + longest)
        return self if (since, due) == (self.since, self.due) else replace(self, since=since, due=due)


@dataclass(frozen=True, slots=True)
class Chain:
    """What one receiver is due of one fingerprint, in order.

    `last` is the newest notice that was decided on (`alert.Notice.order`): one that is not newer has come before.
    `told` is the episode in which the receiver was told that the alert fires, and not yet that it is over.
    """

    last: tuple[int, int] = (0, 0)
    due: tuple[Delivery, ...] = ()
    told: int | None = None

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"last": self.last, "due": [delivery.plain() for delivery in self.due], "told": self.told}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Chain":
        """The chain that `plain` wrote. Raises ValueError for anything else."""
        try:
            due = [_without_zeros(dict(zip(Delivery.__slots__, item, strict=True)), "status") for item in data["due"]]
            return msgspec.convert({**data, "due": due}, cls)
        except (KeyError, TypeError, msgspec.ValidationError) as error:
            raise ValueError(f"no chain of deliveries: {error}") from None

    def holds(self, notice: str) -> bool:
        """Whether the notice with this id is due."""
        return any(delivery.notice == notice for delivery in self.due)

    def take(self, notice: Notice, at: int) -> "Chain":
        """The chain with this notice at its end; the same chain for one that has come before."""
        if notice.order <= self.last:
            return self
        told = notice.order[0] if notice.status == "firing" else None
        return replace(self.again(notice.id, at), last=notice.order, told=told)

    def pass_over(self, notice: Notice) -> "Chain":
        """The chain that has decided not to send this notice; the same chain for one that has come before."""
        return self if notice.order <= self.last else replace(self, last=notice.order)

    def again(self, notice: str, at: int) -> "Chain":
        """The chain with this notice at its end once more, unless it is due anyway."""
        return self if self.holds(notice) else replace(self, due=(*self.due, Delivery(notice, at, at)))

    def without(self, notice: str) -> "Chain":
        """The chain without the delivery of this notice."""
        return replace(self, due=tuple(delivery for delivery in self.due if delivery.notice != notice))

    def with_update(self, state: Delivery) -> "Chain":
        """The chain with this state of the delivery of its notice."""
        return replace(self, due=tuple(state if each.notice == state.notice else each for each in self.due))


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """What is known of a receiver. Counts are of all workers there ever were; after a kill they may be a few off."""

    delivered: int = 0
    failed: int = 0
    """Attempts."""
    given_up: int = 0
    """Notices, also those that were let go because too many were due."""
    missed: int = 0
    """Notices that were not sent because the receiver is disabled."""
    hold: int = 0
    """It wants nothing before this time."""
    gone: str | None = None
    """The address that said 410. Another address, or `enable`, makes it a receiver again."""
    failing_since: int | None = None
    """The first of the attempts that have failed in a row; None if the last attempt went well."""
    error: str | None = None
    """The last failure in words."""
    error_at: int | None = None
    """When it was."""

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_plain(cls, data: Any) -> "ReceiverState":
        """The state that `plain` wrote. Raises ValueError for anything else."""
        try:
            return msgspec.convert(_without_zeros(data, "gone", "failing_since", "error", "error_at"), cls)
        except (AttributeError, msgspec.ValidationError) as error:
            raise ValueError(f"no state of a receiver: {error}") from None

    def enabled(self) -> "ReceiverState":
        """As it is once somebody has said that it may be sent to again."""
        return replace(self, gone=None, hold=0, failing_since=None)

    def set_back(self, at: int) -> "ReceiverState":
        """The same where the clock had run ahead and shows `at` now: it is left alone no longer than it may ask."""
        return replace(self, hold=at + LONGEST_RETRY_AFTER) if self.hold > at + LONGEST_RETRY_AFTER else self


def _without_zeros(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The same with None in these fields for 0 and "": records that were saved before they could be None."""
    return {name: None if name in names and not value else value for name, value in fields.items()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The delivery's next state (None: it is over), the receiver's, and why."""

    delivery: Delivery | None
    receiver: ReceiverState
    reason: Reason


def judge(
    delivery: Delivery, state: ReceiverState, answer: Answer, at: int, receiver: str, url: str, notices: int = 1
) -> Verdict:
    """Decide how a delivery of so many notices to `receiver` at `url` goes on after the answer that came at `at`."""
    if answer.good:
        well = replace(state, delivered=state.delivered + notices, failing_since=None)
        return Verdict(None, well, Reason.DELIVERED)
    ill = replace(
        state, failed=state.failed + 1, failing_since=state.failing_since or at, error=answer.words, error_at=at
    )
    if answer.status == 410:
        return Verdict(None, replace(ill, gone=url, missed=ill.missed + notices), Reason.GONE)
    limit, attempts = delivery.since + GIVE_UP, delivery.attempts + 1
    due, reason = at + pause(receiver, delivery.notice, attempts), Reason.RETRY
    if answer.retry_after is not None:
        due, reason = max(at + FIRST_PAUSE, min(answer.retry_after, at + LONGEST_RETRY_AFTER)), Reason.ASKED
        ill = replace(ill, hold=due)
    if at >= limit:
        return Verdict(None, replace(ill, given_up=ill.given_up + notices), Reason.GIVEN_UP)
    due = min(due, limit)  # so that the last attempt is at the limit, not a pause before it
    return Verdict(replace(delivery, due=due, attempts=attempts, status=answer.status, words=answer.words), ill, reason)


def pause(receiver: str, notice: str, attempts: int) -> int:
    """Milliseconds after so many attempts: exponential, from half of it to all of it, so that neither receivers nor
    notices are in step. The same each time it is asked."""
    longest = min(FIRST_PAUSE << min(attempts - 1, 30), LONGEST_PAUSE)
    chance = crc32(f"{receiver}\n{notice}\n{attempts}".encode()) / 2**32
    return round(longest * (1 + chance) / 2)


def resume(delivery: Delivery, at: int) -> Delivery:
    """The delivery once the receiver has answered another one: it is due now if it waits only for want of an answer."""
    unanswered = delivery.attempts > 0 and delivery.status is None
    return replace(delivery, due=at) if unanswered and delivery.due > at else delivery
