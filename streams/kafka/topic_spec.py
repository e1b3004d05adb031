"""The settings that a Kafka topic must have. Imports no client, so that a command that only names topics starts
quickly."""

from dataclasses import dataclass
from typing import Final

MESSAGE_BYTES: Final = 5 * 2**20
"""Bytes of a message's key, value and headers together, at most: what `codec` reads, with room for the envelope."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """The settings that a topic must have. If it is `compacted`, it keeps the newest record of each key; else it keeps
    every record."""

    name: str
    partitions: int
    compacted: bool = False
    max_message_bytes: int = MESSAGE_BYTES
    own_time: bool = False
    """Whether records carry the broker's time, whatever their producer says."""
    may_grow: bool = False
    """Whether the topic may have more partitions than these."""

    @property
    def configs(self) -> dict[str, str]:
        """Kafka's settings. A compacted topic carries no retention: it would break a table's recovery."""
        size = {"max.message.bytes": str(self.max_message_bytes)}
        if self.own_time:
            size["message.timestamp.type"] = "LogAppendTime"
        if self.compacted:
            return size | {"cleanup.policy": "compact"}
        return size | {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
