"""One message of an input topic, as the broker had it."""

from typing import NamedTuple

REPORTS = "tally-reports"
BULLETINS = "bulletins"


class Record(NamedTuple):
    """`topic` is `REPORTS` or `BULLETINS`, without the prefix that the broker knew it by. `timestamp` is Unix ms.
    `key`, `value` and a header's value are None where Kafka has none, which is not the same as empty."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class Gap(NamedTuple):
    """Messages `first` to before `end` of a partition: the broker had them no more when they were asked for."""

    topic: str
    partition: int
    first: int
    end: int
