"""One message of an input topic, as the broker had it."""

from typing import NamedTuple

REPORTS = "tally-reports"
BULLETINS = "bulletins"


class Record(NamedTuple):
    """`topic` is `REPORTS` or `BULLETINS`, without the prefix that the broker knew it by. `timestamp` is Unix ms.
    `key` and `value` None as Kafka has it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
