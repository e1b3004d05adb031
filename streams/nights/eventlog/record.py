"""One message of an input topic, as the broker had it; and many of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.core.events.input_topics import TOPICS

HEAD: Final = np.dtype(
    [
        ("topic", "<u1"),
        ("partition", "<u4"),
        ("offset", "<i8"),
        ("timestamp", "<i8"),
        ("key", "<i4"),
        ("value", "<i4"),
        ("headers", "<u2"),
    ]
)
"""What stands before a record's key in a log. `topic` is the place in `TOPICS`; `key` and `value` are lengths in bytes,
-1 for None; `headers` is how many there are."""


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


@dataclass(frozen=True)
class Records:
    """Records one after another, field by field; what their heads (`HEAD`) say becomes a list when it is asked for.
    `headers` are by place, of those that have any."""

    heads: NDArray[np.void]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    headers: Mapping[int, tuple[tuple[str, bytes | None], ...]]

    @cached_property
    def topics(self) -> Sequence[str]:
        return [TOPICS[code] for code in self._column("topic")]

    @cached_property
    def partitions(self) -> Sequence[int]:
        return self._column("partition")

    @cached_property
    def offsets(self) -> Sequence[int]:
        return self._column("offset")

    @cached_property
    def timestamps(self) -> Sequence[int]:
        return self._column("timestamp")

    @property
    def bulletins(self) -> Sequence[int]:
        """The places of those of the topic of bulletins."""
        places: list[int] = np.flatnonzero(self.heads["topic"]).tolist()
        return places

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Record]:
        fields = (self.topics, self.partitions, self.offsets, self.timestamps, self.keys, self.values)
        if not self.headers:
            return map(Record, *fields)
        return map(Record, *fields, (self.headers.get(place, ()) for place in range(len(self))))

    def part(self, first: int, end: int) -> "Records":
        """The records from one place to before another."""
        places = range(first, end) if self.headers else ()
        headers = {place - first: self.headers[place] for place in places if place in self.headers}
        return Records(self.heads[first:end], self.keys[first:end], self.values[first:end], headers)

    def _column(self, name: str) -> list[Any]:
        column: list[Any] = self.heads[name].tolist()
        return column


class Gap(NamedTuple):
    """Messages `first` to before `end` of a partition that are not in the log. `reason` says why, in words; empty where
    the broker had them no more when they were asked for."""

    topic: str
    partition: int
    first: int
    end: int
    reason: str = ""
