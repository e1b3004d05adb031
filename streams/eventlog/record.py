"""One message of an input topic, as the broker had it; and many of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Records:
    """Records one after another, field by field. `headers` are by place, of those that have any."""

    topics: Sequence[str]
    partitions: Sequence[int]
    offsets: Sequence[int]
    timestamps: Sequence[int]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    headers: Mapping[int, tuple[tuple[str, bytes | None], ...]]

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Record]:
        fields = (self.topics, self.partitions, self.offsets, self.timestamps, self.keys, self.values)
        if not self.headers:
            return map(Record, *fields)
        return map(Record, *fields, (self.headers.get(place, ()) for place in range(len(self))))

    def part(self, first: int, end: int) -> "Records":
        """The records from one place to before another."""
        columns = (self.topics, self.partitions, self.offsets, self.timestamps, self.keys, self.values)
        headers = {place - first: held for place, held in self.headers.items() if first <= place < end}
        return Records(*(column[first:end] for column in columns), headers)  # type: ignore[call-arg,arg-type]


class Gap(NamedTuple):
    """Messages `first` to before `end` of a partition: the broker had them no more when they were asked for."""

    topic: str
    partition: int
    first: int
    end: int
