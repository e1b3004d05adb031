"""The topics of one election's night: their names, their settings, the number of partitions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from streams.core.election.model import Election
from streams.core.events.input_topics import BULLETINS, REPORTS
from streams.errors import CotejoError
from streams.kafka import polling_table_partitioner
from streams.kafka.topic_spec import MESSAGE_BYTES, TopicSpec

PARTITIONS: Final = 4
"""Default number of partitions of `tally-reports`. As many workers can share the reports."""
REJECTED_BYTES: Final = MESSAGE_BYTES + 2**20
"""Most bytes of a record of `rejected`: the message as it came, and its reasons."""

_LEGAL = re.compile(r"[A-Za-z0-9._-]{1,180}")


class TopologyError(CotejoError):
    """Topics cannot have this name, or be divided like this. The text says what to change."""


class PartitionsChangedError(TopologyError):
    """The night began with another number of partitions: its polling tables would have two ledgers."""

    def __init__(self, partitions: int, why: str) -> None:
        super().__init__(
            f"--partitions {partitions} is not what the night began with: {why}. "
            "Use the night's own number, or another --prefix for another night"
        )


@dataclass(frozen=True, slots=True)
class Topology:
    """The names of an election's topics. All but `tally_reports` and its ledgers have one partition:
    what meets there must meet in one place. Raises `TopologyError` for a prefix that Kafka cannot take."""

    prefix: str
    partitions: int = PARTITIONS

    def __post_init__(self) -> None:
        if not _LEGAL.fullmatch(self.prefix):
            raise TopologyError(
                f"topic prefix {self.prefix!r}: use letters, digits, dot, hyphen and underscore, 180 at most"
            )
        if self.partitions < 1:
            raise TopologyError(f"partitions {self.partitions}: at least 1 is needed")

    @classmethod
    def of(cls, election: Election, partitions: int = PARTITIONS) -> "Topology":
        """The topics under their usual names, which begin with the election's id."""
        return cls(f"{election.id}.", partitions)

    @property
    def app(self) -> str:
        """Faust's app id, which is the consumer group's name too."""
        return f"{self.prefix}cotejo"

    @property
    def tally_reports(self) -> str:
        return f"{self.prefix}{REPORTS}"

    @property
    def bulletins(self) -> str:
        return f"{self.prefix}{BULLETINS}"

    @property
    def table_sheets(self) -> str:
        return f"{self.prefix}table-sheets"

    @property
    def area_state(self) -> str:
        return f"{self.prefix}area-state"

    @property
    def alerts(self) -> str:
        return f"{self.prefix}alerts"

    @property
    def rejected(self) -> str:
        return f"{self.prefix}rejected"

    @property
    def webhook_commands(self) -> str:
        return f"{self.prefix}webhook-commands"

    def changelog(self, table: str) -> str:
        """The changelog topic of a Faust table."""
        return f"{self.app}-{table}-changelog"

    def specs(self) -> list[TopicSpec]:
        """The settings that each topic must have."""
        return [
            TopicSpec(self.tally_reports, self.partitions, own_time=True, may_grow=True),
            TopicSpec(self.bulletins, 1, own_time=True),
            TopicSpec(self.table_sheets, 1),
            TopicSpec(self.area_state, 1, compacted=True),
            TopicSpec(self.alerts, 1),
            TopicSpec(self.webhook_commands, 1),
            TopicSpec(self.rejected, 1, max_message_bytes=REJECTED_BYTES),
            TopicSpec(self.changelog("ledgers"), self.partitions, compacted=True, may_grow=True),
            TopicSpec(self.changelog("comparison"), 1, compacted=True),
            TopicSpec(self.changelog("deliveries"), 1, compacted=True),
        ]

    def inputs(self) -> list[TopicSpec]:
        """The topics by which the night comes in."""
        return [spec for spec in self.specs() if spec.name in (self.tally_reports, self.bulletins)]

    def partition_of(self, table: str) -> int:
        """The partition of a polling table's reports."""
        return polling_table_partitioner.partition_of(table, self.partitions)

    def refuse_ledger(self, partition: int, table: str) -> NoReturn:
        """Raise `PartitionsChangedError`: this polling table has its ledger in a partition where it does not belong."""
        home = self.partition_of(table)
        why = f"partition {partition} holds the ledger of polling table {table}, which would belong to {home}"
        raise PartitionsChangedError(self.partitions, why)

    def homes(self, tables: Sequence[str]) -> NDArray[np.int64]:
        """The partition of each of many polling tables' reports."""
        return polling_table_partitioner.partitions_of(tables, self.partitions)
