"""What a receiver is sent next: one notice, or the digest of an interval.

Without digests each alert has a queue of its own, and the first notice of its chain is next. With digests a receiver
has one queue, and next is everything whose interval ended first. What is in a digest follows from the chains alone,
so a worker that takes over sends the same one under the same id.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import accumulate
from typing import Final

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_hours import SETTLE, Timetable
from streams.core.alerting.delivery_policy import Chain, Delivery

LARGEST_DIGEST: Final = 200
"""Notices in one message; what is beyond them follows at once in the next."""
DIGEST: Final = "digest"
"""The queue of a receiver with digests, and what the ids of its messages begin with."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent in one request. `due` is when it may leave, in Unix ms.

    `contents` are fingerprints and deliveries, each fingerprint's in their order and from the first of its chain on.
    `passes` says that quiet hours do not hold it. `as_one` stands for all its contents where it is decided how the
    request goes on.
    """

    contents: tuple[tuple[str, Delivery], ...]
    due: int
    passes: bool
    as_one: Delivery


@dataclass(frozen=True, slots=True)
class Digest:
    """The notices of an interval as one message, in the order they came. `id` is the same whenever it is sent; `at` is
    the end of the interval, in Unix ms of the wall clock."""

    id: str
    at: int
    notices: tuple[Notice, ...]


def first(fingerprint: str, chain: Chain, timetable: Timetable, is_critical: Callable[[str], bool]) -> Parcel | None:
    """The first notice that is due of an alert; None if none is. `is_critical` tells by id how grave a notice is."""
    if not chain.due:
        return None
    head = chain.due[0]
    # Order is kept, so a critical notice that passes quiet hours takes those before it along.
    passes = timetable.asks_severity and any(is_critical(delivery.notice) for delivery in chain.due)
    return Parcel(((fingerprint, head),), timetable.opens(head.due, passes), passes, head)


def digest(chains: Mapping[str, Chain], timetable: Timetable, is_critical: Callable[[str], bool]) -> Parcel | None:
    """The next digest of a receiver; None if nothing is due."""
    released: list[tuple[int, int, str, Delivery]] = []
    for fingerprint, chain in chains.items():
        since = accumulate((delivery.since for delivery in chain.due), max)  # clocks may be set back
        releases = _releases(chain, timetable, is_critical)
        released += zip(releases, since, [fingerprint] * len(chain.due), chain.due, strict=True)
    if not released:
        return None
    interval = min(release for release, *_ in released)
    members = sorted((item for item in released if item[0] == interval), key=lambda item: item[1:3])[:LARGEST_DIGEST]
    contents = tuple((fingerprint, delivery) for _, _, fingerprint, delivery in members)
    ids = "\n".join(delivery.notice for _, delivery in contents)
    head = max((delivery for _, delivery in contents), key=lambda delivery: delivery.attempts)
    id = f"{DIGEST}:{interval}:{sha256(ids.encode()).hexdigest()[:16]}"
    passes = timetable.asks_severity and any(is_critical(delivery.notice) for _, delivery in contents)
    due = timetable.opens(max(interval + SETTLE, head.due), passes)
    return Parcel(contents, due, passes, replace(head, notice=id, since=interval, due=due))


def _releases(chain: Chain, timetable: Timetable, is_critical: Callable[[str], bool]) -> Iterator[int]:
    """When each notice of a chain may be sent. None waits longer than one behind it, since their order is kept: a
    critical one that passes takes those before it along."""
    asks = timetable.asks_severity
    alone = [timetable.release(d.since, asks and is_critical(d.notice)) for d in chain.due]
    return iter(list(accumulate(reversed(alone), min))[::-1])
