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

FIRST_PAUSE: Final = 1_000
"""Milliseconds before the second attempt; it doubles with each."""
LONGEST_PAUSE: Final = 600_000
"""Milliseconds between two attempts, at most."""
LONGEST_WISH: Final = 3_600_000
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
    """What came of one POST. `status` 0: nothing came. `wish`: the receiver wants nothing before this time."""

    status: int
    words: str
    wish: int | None = None

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice that is due at one receiver since `since`; the next attempt is due at `due`.

    `status` and `words` are the last attempt's; `status` 0 before the first, and where no answer came.
    """

    notice: str
    since: int
    due: int
    attempts: int = 0
    status: int = 0
    words: str = ""

    def plain(self) -> list[Any]:
        """As a JSON array."""
        return [self.notice, self.since, self.due, self.attempts, self.status, self.words]


@dataclass(frozen=True, slots=True)
class Chain:
    """What one receiver is due of one fingerprint, in order: only the first is ever attempted.

    `last` is the newest notice taken on (`alerts.Notice.order`): what is not newer has come before.
    """

    last: tuple[int, int] = (0, 0)
    due: tuple[Delivery, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"last": self.last, "due": [delivery.plain() for delivery in self.due]}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Chain":
        """The chain that `plain` wrote. Raises ValueError for anything else."""
        try:
            due = [dict(zip(Delivery.__slots__, item, strict=True)) for item in data["due"]]
            return msgspec.convert({"last": data["last"], "due": due}, cls)
        except (KeyError, TypeError, msgspec.ValidationError) as error:
            raise ValueError(f"no chain of deliveries: {error}") from None

    def holds(self, notice: str) -> bool:
        return any(delivery.notice == notice for delivery in self.due)

    def take(self, notice: str, order: tuple[int, int], at: int) -> "Chain":
        """The chain with this notice at its end; the same chain for one that has come before."""
        return replace(self.again(notice, at), last=order) if order > self.last else self

    def again(self, notice: str, at: int) -> "Chain":
        """The chain with this notice at its end once more, unless it is due anyway."""
        return self if self.holds(notice) else replace(self, due=(*self.due, Delivery(notice, at, at)))

    def without(self, place: int) -> "Chain":
        """The chain without the delivery at this place."""
        return replace(self, due=self.due[:place] + self.due[place + 1 :])

    def with_first(self, delivery: Delivery) -> "Chain":
        """The chain with another state of its first delivery."""
        return replace(self, due=(delivery, *self.due[1:]))


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
    gone: str = ""
    """The address that said 410. Another address, or `enable`, makes it a receiver again."""
    failing_since: int = 0
    """0: the last attempt went well."""
    error: str = ""
    """The last failure in words, and when it was."""
    error_at: int = 0

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_plain(cls, data: Any) -> "ReceiverState":
        """The state that `plain` wrote. Raises ValueError for anything else."""
        try:
            return msgspec.convert(data, cls)
        except msgspec.ValidationError as error:
            raise ValueError(f"no state of a receiver: {error}") from None

    def enabled(self) -> "ReceiverState":
        """As it is once somebody has said that it may be sent to again."""
        return replace(self, gone="", hold=0, failing_since=0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The delivery's next state (None: it is over), the receiver's, and why."""

    delivery: Delivery | None
    receiver: ReceiverState
    reason: Reason


def judge(delivery: Delivery, state: ReceiverState, answer: Answer, at: int, receiver: str, url: str) -> Verdict:
    """Decide how a delivery to `receiver` at `url` goes on after the answer that came at `at`."""
    if answer.good:
        well = replace(state, delivered=state.delivered + 1, failing_since=0)
        return Verdict(None, well, Reason.DELIVERED)
    ill = replace(
        state, failed=state.failed + 1, failing_since=state.failing_since or at, error=answer.words, error_at=at
    )
    if answer.status == 410:
        return Verdict(None, replace(ill, gone=url, missed=ill.missed + 1), Reason.GONE)
    limit, attempts = delivery.since + GIVE_UP, delivery.attempts + 1
    due, reason = at + pause(receiver, delivery.notice, attempts), Reason.RETRY
    if answer.wish is not None:
        due, reason = max(at + FIRST_PAUSE, min(answer.wish, at + LONGEST_WISH)), Reason.ASKED
        ill = replace(ill, hold=due)
    if at >= limit:
        return Verdict(None, replace(ill, given_up=ill.given_up + 1), Reason.GIVEN_UP)
    due = min(due, limit)  # so that the last attempt is at the limit, not a pause before it
    return Verdict(replace(delivery, due=due, attempts=attempts, status=answer.status, words=answer.words), ill, reason)


def pause(receiver: str, notice: str, attempts: int) -> int:
    """Milliseconds after so many attempts: exponential, from half of it to all of it, so that neither receivers nor
    notices are in step. The same each time it is asked."""
    longest = min(FIRST_PAUSE << min(attempts - 1, 30), LONGEST_PAUSE)
    chance = crc32(f"{receiver}\n{notice}\n{attempts}".encode()) / 2**32
    return round(longest * (1 + chance) / 2)


def hasten(delivery: Delivery, at: int) -> Delivery:
    """What waits only because nobody answered need not wait once the receiver has answered to another."""
    unheard = delivery.attempts > 0 and delivery.status == 0
    return replace(delivery, due=at) if unheard and delivery.due > at else delivery
