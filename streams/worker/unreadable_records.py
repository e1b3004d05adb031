"""Sets aside stored records that this version cannot read: they are kept in `rejected`, counted and reported, and
nothing stops.

A worker's own topics may hold records of older or newer versions, and of anybody else with the right to write there.
One bad record must not end every start.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

from streams.core.events.model import Rejection
from streams.core.events.unreadable_message import Withheld
from streams.kafka.topology import Topology
from streams.worker import raw_topics
from streams.worker.faust_patches import App
from streams.worker.outbox import Outbox
from streams.worker.rejected_records import rejected

TOLD: Final = 5
"""Records of a topic that are told one by one; the rest is counted."""


class Stored(NamedTuple):
    """A record of a table's changelog. Its offset is not known to the table."""

    topic: str
    partition: int | None
    key: bytes | None
    value: bytes | None
    offset: None = None


class Found(Protocol):
    """A record from any client."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int | None: ...
    @property
    def offset(self) -> int | None: ...


class SetAside:
    """What one worker has set aside. `warn` is called with text for an operator."""

    def __init__(self, app: App, topology: Topology, warn: Callable[[str], None]) -> None:
        self._topic, self._prefix, self._warn = raw_topics.topic(app, topology.rejected), topology.prefix, warn
        self._rejected = topology.rejected
        ours = [topology.table_sheets, topology.alerts, topology.webhook_commands]
        ours += map(topology.changelog, ("ledgers", "comparison", "deliveries"))
        self.counts: Counter[str] = Counter({topic.removeprefix(topology.prefix): 0 for topic in ours})
        """By topic, without the election's prefix."""

    def put(self, outbox: Outbox, record: Any, why: object) -> None:
        """Keep the record in `rejected`, count it, and warn of it."""
        if isinstance(record.value, Withheld):
            why = record.value.cure
        place = "" if record.offset is not None else f"key {record.key!r}"
        outbox.send(
            rejected(self._topic, record, [Rejection("unreadable", place, f"this version cannot read it: {why}")])
        )
        self.tell(record, why)

    def tell(self, record: Found, why: object) -> None:
        """Count a record that was kept before, and warn of it."""
        topic = record.topic.removeprefix(self._prefix)
        self.counts[topic] += 1
        if self.counts[topic] < TOLD:
            key = f"key {record.key!r}" if isinstance(record, Stored) else f"offset {record.offset}"
            self._warn(
                f"{record.topic}, partition {record.partition}, {key}: cannot be read ({why}); set aside in "
                f"{self._rejected}, all else goes on"
            )
        elif self.counts[topic] == TOLD:
            self._warn(f"{record.topic}: more that cannot be read; they are counted (cotejo_unreadable_total)")
