"""What others write into the topics that workers have for themselves: nobody can read it."""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

from faust.types import TP

from streams.delivery.commands import Command
from streams.kafka.topology import Topology

STRAY: Final = (("stray", b""),)
"""The headers by which what is looked at in the end is told from the workers' own records."""
VALUES: Final = (b"no JSON", b"", b"{}", b"[1]", b"\xff", Command("nobody").write(), None)
TABLES: Final = ("ledgers", "comparison", "deliveries")


class Stray(NamedTuple):
    """At `at` (virtual seconds) this record comes into this partition."""

    at: float
    tp: TP
    key: bytes | None
    value: bytes | None


def strays(topology: Topology, feeding: float, chance: Random) -> list[Stray]:
    """What comes in one night: nothing in three of four."""
    found = []
    for _ in range(chance.choice((0, 0, 0, 4))):
        at, value = chance.uniform(0.0, 1.2 * feeding), chance.choice(VALUES)
        if chance.random() < 0.3:
            table, partition = chance.choice(TABLES), chance.randrange(topology.partitions)
            tp = TP(topology.changelog(table), partition if table == "ledgers" else 0)
            found.append(Stray(at, tp, b"stray", value or b"no JSON"))
        else:
            topic = chance.choice((topology.table_sheets, topology.alerts, topology.webhook_commands))
            found.append(Stray(at, TP(topic, 0), None, value))
    return found
