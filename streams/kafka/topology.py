"""Which topics an election has: their names, their settings, and the number of their partitions."""

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
    """The topics of one election. All have one partition, except `tally_reports` and its ledgers: what meets in a topic
    must meet in one place. Raises `TopologyError` for a prefix that Kafka refuses."""

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
        """Faust's app id, which is also the name of the consumer group."""
        return f"{self.prefix}cotejo"

    @property
    def tally_reports(self) -> str:
        """Input: tally reports, bulletins for polling tables, and ticks."""
        return f"{self.prefix}{REPORTS}"

    @property
    def bulletins(self) -> str:
        """Input: bulletins for areas, and ticks."""
        return f"{self.prefix}{BULLETINS}"

    @property
    def table_sheets(self) -> str:
        """The polling tables that changed, from the reconcile stage to the compare stage."""
        return f"{self.prefix}table-sheets"

    @property
    def area_state(self) -> str:
        """The newest state of each area."""
        return f"{self.prefix}area-state"

    @property
    def alerts(self) -> str:
        """Notices of alerts, from the compare stage to the notify stage."""
        return f"{self.prefix}alerts"

    @property
    def rejected(self) -> str:
        """Messages that were turned away, with the reasons."""
        return f"{self.prefix}rejected"

    @property
    def webhook_commands(self) -> str:
        """What operators ask of the notify stage."""
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
        """The settings of the topics by which events come in."""
        return [spec for spec in self.specs() if spec.name in (self.tally_reports, self.bulletins)]

    def partition_of(self, table: str) -> int:
        """The partition of a polling table's reports."""
        return polling_table_partitioner.partition_of(table, self.partitions)

    def refuse_ledger(self, partition: int, table: str) -> NoReturn:
        """Raise `PartitionsChangedError`: the ledger of this polling table is in a partition where the table does not
        belong."""
        home = self.partition_of(table)
        why = f"partition {partition} holds the ledger of polling table {table}, which would belong to {home}"
        raise PartitionsChangedError(self.partitions, why)

    def homes(self, tables: Sequence[str]) -> NDArray[np.int64]:
        """By polling table, the partition of its reports."""
        return polling_table_partitioner.partitions_of(tables, self.partitions)
