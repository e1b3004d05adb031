"""Who may do what with an election's topics: the ACLs of each role, as `cotejo topics --acls` prints them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from streams.kafka.topology import Topology

EVERYTHING: Final = ("Read", "Write", "Describe", "DescribeConfigs")


@dataclass(frozen=True, slots=True)
class Acl:
    """One right: what a role may do with a topic or a consumer group, or with all whose names begin so (`prefixed`)."""

    role: str
    resource: str
    """"topic" or "group"."""
    name: str
    operations: tuple[str, ...]
    prefixed: bool = False

    def command(self) -> str:
        """The right as an option of Kafka's own command line tool."""
        operations = " ".join(f"--operation {operation}" for operation in self.operations)
        pattern = " --resource-pattern-type prefixed" if self.prefixed else ""
        return f"--add --allow-principal User:{self.role} {operations} --{self.resource} {self.name}{pattern}"


def acls(topology: Topology) -> Iterator[Acl]:
    """The rights that each role needs, and no more. Somebody who may create topics creates them beforehand (`cotejo
    topics --create`)."""
    reports, bulletins = topology.tally_reports, topology.bulletins
    yield Acl("worker", "topic", topology.prefix, EVERYTHING, prefixed=True)
    yield Acl("worker", "group", topology.app, ("Read",))
    yield Acl("reporter", "topic", reports, ("Write",))
    yield Acl("authority", "topic", bulletins, ("Write",))
    yield Acl("feeder", "topic", topology.prefix, ("Describe", "DescribeConfigs"), prefixed=True)
    for name in (reports, bulletins):
        yield Acl("feeder", "topic", name, ("Write",))
        yield Acl("recorder", "topic", name, ("Read",))
    for name in (topology.area_state, topology.alerts, topology.rejected):
        yield Acl("viewer", "topic", name, ("Read",))
