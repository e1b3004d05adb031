"""Watches an election's topics while a worker runs: they may be deleted, truncated, or given more partitions.

Faust and aiokafka do not report such a change, or report it a thousand times a second.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from faust.types import TP

from streams.kafka import topic_admin
from streams.kafka.clients import BrokerUnreachable
from streams.kafka.topology import Topology
from streams.worker.faust_patches import App, Lost, NothingToSaveError

EVERY: Final = 10.0
"""Seconds between two looks."""
AGAIN: Final = 1.0
"""Seconds to the next look after a topic was missing: a broker may not know it during a leader election."""
MISSED: Final = 3
"""Successive looks that must miss a topic before it counts as deleted."""


class TopicsGoneError(NothingToSaveError):
    """These topics of the night were deleted while the worker ran."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"{len(names)} of the night's topics were deleted ({names[0]}): start the worker again to create them, "
            "and feed the night again, from a recording if there is one"
        )


class TopicAdmin(Protocol):
    """Asks a broker about its topics. Both methods may raise `BrokerUnreachable` and `topic_admin.TopicError`."""

    def partitions(self, names: Sequence[str]) -> Mapping[str, int]:
        """How many partitions each of these topics has; 0 for one that is not there."""

    def grow(self, name: str, partitions: int) -> None:
        """Give a topic so many partitions, if it has fewer."""


class BrokerTopics:
    """The topics of the broker at this address (HOST:PORT)."""

    def __init__(self, broker: str) -> None:
        self._broker = broker

    def partitions(self, names: Sequence[str]) -> Mapping[str, int]:
        """`topic_admin.partitions`."""
        return topic_admin.partitions(self._broker, names)

    def grow(self, name: str, partitions: int) -> None:
        """`topic_admin.grow`."""
        topic_admin.grow(self._broker, name, partitions)


class TopicWatch:
    """Asks the broker about its topics every `EVERY` seconds. `warn` is called with text for an operator."""

    def __init__(self, app: App, admin: TopicAdmin, topology: Topology, warn: Callable[[str], None]) -> None:
        self._app, self._admin, self._topology, self._warn = app, admin, topology, warn
        self._names = [spec.name for spec in topology.specs()]
        self._missed = 0
        self.partitions = topology.partitions
        """How many partitions `tally-reports` has."""
        sources = [(topology.tally_reports, p) for p in range(topology.partitions)] + [(topology.bulletins, 0)]
        self.lost: Counter[tuple[str, int]] = Counter(
            {(topic.removeprefix(topology.prefix), p): 0 for topic, p in sources}
        )
        """Messages deleted before they were read, by topic (without the election's prefix) and partition."""
        self._reported: Counter[TP] = Counter()
        """By partition, the offset up to which losses were reported."""
        self._made_anew: set[Lost] = set()
        """What was reported of partitions that end before what was read: each assignment finds it again."""
        app.when_lost(self._note_lost)

    async def look(self) -> None:
        """Wait until it is time, then look once. Raises `TopicsGoneError`."""
        await asyncio.sleep(AGAIN if self._missed else EVERY)
        try:
            partitions = await asyncio.to_thread(self._admin.partitions, self._names)
        except (BrokerUnreachable, topic_admin.TopicError):
            return  # whoever reads and writes says so
        gone = missing(partitions)
        self._missed = self._missed + 1 if gone else 0
        if self._missed >= MISSED:
            raise TopicsGoneError(gone)
        reports = self._topology.tally_reports
        if partitions[reports] > self.partitions:
            self.partitions = partitions[reports]
            self._warn(grown(self._topology, self.partitions))
            await asyncio.to_thread(self._admin.grow, self._topology.changelog("ledgers"), self.partitions)
            await self._app.refresh_topics()

    def _note_lost(self, lost: Lost) -> None:
        topic, partition = lost.source
        where = f"{topic}, partition {partition}"
        if lost.end < lost.wanted:
            if lost not in self._made_anew:
                self._made_anew.add(lost)
                self._warn(
                    f"{where}: ends at offset {lost.end}, and was read up to {lost.wanted}: it was deleted and made "
                    "anew, and is read from its beginning"
                )
            return
        wanted, self._reported[lost.source] = max(lost.wanted, self._reported[lost.source]), lost.first
        if lost.first <= wanted:
            return  # nothing was acked since, and the partition was given to us anew
        self.lost[topic.removeprefix(self._topology.prefix), partition] += lost.first - wanted
        self._warn(
            f"{where}: the broker no longer has {lost.first - wanted:,} messages, offsets {wanted} to "
            f"{lost.first - 1}: its retention or somebody has deleted them, and they were not read. Send them "
            "again, and set retention.ms=-1 (docs/runbooks.md#cotejomessageslost)"
        )


def missing(partitions: Mapping[str, int]) -> list[str]:
    """Those of the topics that have no partition, which means that they do not exist."""
    return [name for name, count in partitions.items() if not count]


def ended_without_topics(admin: TopicAdmin, topology: Topology) -> TopicsGoneError | None:
    """The reason why a worker failed, if its topics were deleted; else None. The group, a recovery or a send may notice
    it before the watch does, and each would give another reason."""
    names = [spec.name for spec in topology.specs()]
    for look in range(MISSED):
        if look:
            time.sleep(AGAIN)
        try:
            gone = missing(admin.partitions(names))
        except (BrokerUnreachable, topic_admin.TopicError):
            return None
        if not gone:
            return None
    return TopicsGoneError(gone)


def grown(topology: Topology, partitions: int) -> str:
    """Text for an operator: the topic of reports has more partitions than the night began with."""
    began = topology.partitions
    return (
        f"{topology.tally_reports} has {partitions} partitions, and the night began with {began}: all are read, and "
        f"what comes by the others goes on to where its polling table belongs. Keep --partitions {began} for this night"
    )
