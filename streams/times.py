"""Points in time. Cotejo counts in Unix milliseconds; this is how people write them and read them, always in UTC."""

from datetime import UTC, datetime
from typing import Final, Literal

EXAMPLE: Final = "2024-07-29T00:06:00-04:00"


def utc(at: int) -> datetime:
    """Unix milliseconds as an aware datetime. Raises `ValueError` or `OverflowError` outside the years 1 to 9999."""
    return datetime.fromtimestamp(at / 1000, UTC)


def rfc3339(at: int, timespec: Literal["milliseconds", "seconds"] = "milliseconds") -> str:
    """Unix milliseconds as "2024-07-29T04:06:00.000Z" or "2024-07-29T04:06:00Z". Raises what `utc` raises."""
    return utc(at).isoformat(timespec=timespec).replace("+00:00", "Z")


def to_minute(at: int) -> str:
    """Unix milliseconds as "2024-07-29 04:06 UTC": seconds are cut off, not rounded."""
    return f"{utc(at):%Y-%m-%d %H:%M} UTC"


def to_second(at: int) -> str:
    """Unix milliseconds as "2024-07-29 04:06:00 UTC": milliseconds are cut off, not rounded."""
    return f"{utc(at):%Y-%m-%d %H:%M:%S} UTC"


def from_rfc3339(text: str) -> int:
    """Unix milliseconds of a time with its time zone. Raises `ValueError`; its text is the cure."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"give RFC 3339 such as {EXAMPLE}") from None
    if moment.tzinfo is None:
        raise ValueError("give the time zone too, such as -04:00 or Z")
    return round(moment.timestamp() * 1000)


def from_text(text: str) -> int:
    """Unix milliseconds, given as such or as RFC 3339. Raises `ValueError`; its text is the cure."""
    if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS:
        return int(text)
    return from_rfc3339(text)


def latest(*times: int | None) -> int | None:
    """The latest of the times that are known; None where none is."""
    return max((at for at in times if at is not None), default=None)


def at_most(time: int | None, at: int) -> int | None:
    """A time, or `at` if it lies behind that; None where it is not known."""
    return None if time is None else min(time, at)


_MAX_DIGITS: Final = 18
"""Of a number that fits 64 bits."""
