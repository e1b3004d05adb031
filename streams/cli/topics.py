"""`cotejo topics`: an election's Kafka topics."""

import sys
from typing import Annotated

import typer

from streams.cli.common import (
    BROKER,
    Broker,
    ElectionFile,
    Json,
    Partitions,
    Prefix,
    group,
    plainly,
    topology_of,
)
from streams.config.election_file import load
from streams.core.election.model import Election
from streams.errors import CotejoError
from streams.kafka import acls as kafka_acls
from streams.kafka import topic_admin
from streams.kafka.topology import PARTITIONS, Topology
from streams.support.terminal import note, show, show_json

commands = group("")


@commands.command()
def topics(
    file: ElectionFile,
    broker: Broker = BROKER,
    prefix: Prefix = "",
    partitions: Partitions = PARTITIONS,
    create: Annotated[bool, typer.Option("--create", help="Create those that are missing.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete them all, with everything in them.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking for the election's id.")] = False,
    acls: Annotated[bool, typer.Option("--acls", help="Print who needs which rights on them, and do nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Show an election's topics, create them or delete them."""
    with plainly():
        election = load(file)
        topology = topology_of(election, prefix, partitions)
        if acls:
            for acl in kafka_acls.acls(topology):
                show_json(acl) if as_json else show(f"kafka-acls.sh --bootstrap-server {broker} {acl.command()}")
            return
        if delete:
            _may_delete(broker, election, topology, sure=yes)
            topic_admin.delete(broker, [spec.name for spec in topology.specs()])
        if create:
            topic_admin.ensure(broker, topology.specs())
        wrong = False
        for state in topic_admin.describe(broker, topology.specs()):
            wrong |= state.state != "ok"
            if as_json:
                show_json(state)
            else:
                counts = f"{state.partitions:>3} partitions {state.messages:>10,} messages"
                show(f"{state.name:<50} {state.state:<8} {counts}  {'; '.join(state.differences)}".rstrip())
        raise typer.Exit(1 if wrong and not delete else 0)


def _may_delete(broker: str, election: Election, topology: Topology, *, sure: bool) -> None:
    """Raise `CotejoError` unless nobody works on the night, and somebody has said by its id which one is meant."""
    if working := topic_admin.members(broker, topology.app):
        raise CotejoError(f"{topology.app} has {working:,} members: stop its workers first, nothing was deleted")
    if sure:
        return
    note(f"this deletes all that is in {topology.prefix}* at {broker}. Type the election's id to go on: {election.id}")
    if sys.stdin.readline().strip() != election.id:
        raise CotejoError("nothing was deleted: type the election's id, or say --yes")
