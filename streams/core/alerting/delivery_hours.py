"""When a receiver is sent what it is due: quiet hours and digests.

Both follow from the clock and the configuration alone, so they need no state and survive every restart. Times are
Unix milliseconds of the wall clock.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final, Self

from streams.core.election.model import Receiver

MINUTE: Final = 60_000
"""Milliseconds."""
SETTLE: Final = 5_000
"""Milliseconds from the end of a digest's interval until it is sent: what belongs to it is written by then, so that a
worker that takes over sends the same notices under the same id."""
LONGEST_DIGEST: Final = 720
"""Minutes."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Quiet hours by the local clock, `begin` included and `end` not. They may span midnight."""

    begin: time
    end: time
    zone: tzinfo

    def end_after(self, at: int) -> int:
        """The moment when the quiet hours end that `at` lies in; `at` itself outside of them."""
        local = datetime.fromtimestamp(at / 1000, self.zone)
        clock = time(local.hour, local.minute)
        spans_midnight = self.end <= self.begin
        inside = clock >= self.begin or clock < self.end if spans_midnight else self.begin <= clock < self.end
        if not inside:
            return at
        day = local.date() + timedelta(days=int(spans_midnight and clock >= self.begin))
        ends = datetime.combine(day, self.end, self.zone)
        # Where clocks are set back the hour of the end comes twice; the first may have gone by.
        moments = (round(ends.replace(fold=fold).astimezone(UTC).timestamp() * 1000) for fold in (0, 1))
        return next((moment for moment in moments if moment > at), at)


@dataclass(frozen=True, slots=True)
class Timetable:
    """When one receiver is sent what it is due. `digest` is the interval of its digests in ms; 0 without."""

    hours: Hours | None = None
    critical_passes: bool = False
    digest: int = 0

    @classmethod
    def of(cls, receiver: Receiver, zone: tzinfo) -> Self:
        """That of a receiver whose `time_zone` is `zone`. Raises ValueError for quiet hours that are none."""
        hours = quiet_hours(receiver.quiet_hours, zone) if receiver.quiet_hours else None
        return cls(hours, receiver.critical_passes, receiver.digest * MINUTE)

    @property
    def asks_severity(self) -> bool:
        """Whether it matters how grave a notice is."""
        return self.hours is not None and self.critical_passes

    def release(self, since: int, critical: bool) -> int:
        """When a notice that is due since `since` may be sent: at the end of its digest's interval, and not in quiet
        hours."""
        at = (since // self.digest + 1) * self.digest if self.digest else since
        return self.opens(at, critical)

    def opens(self, at: int, critical: bool) -> int:
        """The first moment from `at` on that is outside of quiet hours."""
        return at if self.hours is None or (critical and self.critical_passes) else self.hours.end_after(at)


def quiet_hours(text: str, zone: tzinfo) -> Hours:
    """Read quiet hours such as "22:00-07:00". Raises ValueError; its text is the cure."""
    match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", text)
    if match is None:
        raise ValueError('give two times of day, such as "22:00-07:00"')
    begin, end = (time(int(match[i]), int(match[i + 1])) for i in (1, 3))
    if begin == end:
        raise ValueError("give two different times: a receiver that is never sent anything needs no entry")
    return Hours(begin, end, zone)
