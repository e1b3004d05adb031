"""The commands of a live night: `demo`, `worker`, `topics`, `feed`."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from streams.cli import demo_night as demonstration
from streams.cli.common import (
    BROKER,
    Broker,
    ElectionFile,
    Host,
    Json,
    KeepGoing,
    Language,
    Names,
    NightPaths,
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
from streams.kafka import topics as kafka_topics
from streams.kafka.producer import KafkaSink
from streams.kafka.topology import PARTITIONS, Topology
from streams.nights import feeder as feeding
from streams.nights.paths import NightFiles
from streams.support.progress import Progress
from streams.support.terminal import note, show, show_json

commands = group("")
EveryTick = Annotated[
    bool, typer.Option("--every-tick", help="Send every tick, so that alerts fire at the times a replay has; slower.")
]


@commands.command()
def demo(
    broker: Annotated[str, typer.Option(help="Any Kafka broker instead of the embedded one.")] = "",
    seconds: Annotated[float, typer.Option(help="How long the night should take.", min=1)] = 40.0,
    directory: Annotated[Path, typer.Option(help="Where the night's files are written.")] = Path("cotejo-demo"),
    headless: Annotated[bool, typer.Option(help="No colour, no progress bar; the summary as JSON on stdout.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Serve the board until Ctrl-C when the night is over.")] = False,
    lang: Language = "en",
) -> None:
    """Show an election night: Venezuela 2024, reconstructed from state totals, from Kafka to an alert."""
    with plainly():
        code = demonstration.run(broker, seconds, directory, headless=headless, language=lang, keep=keep)
        raise typer.Exit(code)


@commands.command()
def worker(
    election: ElectionFile,
    broker: Broker = BROKER,
    prefix: Prefix = "",
    partitions: Partitions = PARTITIONS,
    port: Annotated[int, typer.Option(help="Port of the board and /metrics.", min=1, max=65535)] = 6066,
    host: Host = "127.0.0.1",
    name: Names = None,
    clock: Annotated[
        Literal["wall", "feed"], typer.Option(help="Whose ticks: this worker's by the wall clock, or the feeder's.")
    ] = "wall",
    member: Annotated[str, typer.Option(help="This worker's name, the same after a restart, no other's.")] = "",
    lang: Language = "en",
    log: Annotated[Literal["ERROR", "WARNING", "INFO", "DEBUG"], typer.Option(help="Faust's log on stderr.")] = "ERROR",
) -> None:
    """Keep the aggregates, judge them, raise alerts and deliver them, until SIGTERM or Ctrl-C."""
    from streams.worker import run as working

    with plainly():
        known = load(election)
        topology = topology_of(known, prefix, partitions)
        working.run(
            broker,
            known,
            topology,
            port=port,
            host=host,
            names=name or (),
            wall_clock=clock == "wall",
            language=lang,
            member=member,
            loglevel=log,
        )


@commands.command()
def topics(
    election: ElectionFile,
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
        known = load(election)
        topology = topology_of(known, prefix, partitions)
        if acls:
            for acl in kafka_acls.acls(topology):
                show_json(acl) if as_json else show(f"kafka-acls.sh --bootstrap-server {broker} {acl.command()}")
            return
        if delete:
            _may_delete(broker, known, topology, sure=yes)
            kafka_topics.delete(broker, [spec.name for spec in topology.specs()])
        if create:
            kafka_topics.ensure(broker, topology.specs())
        wrong = False
        for state in kafka_topics.describe(broker, topology.specs()):
            wrong |= state.state != "ok"
            if as_json:
                show_json(state)
            else:
                counts = f"{state.partitions:>3} partitions {state.messages:>10,} messages"
                show(f"{state.name:<50} {state.state:<8} {counts}  {'; '.join(state.differences)}".rstrip())
        raise typer.Exit(1 if wrong and not delete else 0)


def _may_delete(broker: str, known: Election, topology: Topology, *, sure: bool) -> None:
    """Raise `CotejoError` unless nobody works on the night, and somebody has said by its id which one is meant."""
    if working := kafka_topics.members(broker, topology.app):
        raise CotejoError(f"{topology.app} has {working:,} members: stop its workers first, nothing was deleted")
    if sure:
        return
    note(f"this deletes all that is in {topology.prefix}* at {broker}. Type the election's id to go on: {known.id}")
    if sys.stdin.readline().strip() != known.id:
        raise CotejoError("nothing was deleted: type the election's id, or say --yes")


@commands.command()
def feed(
    night: NightPaths,
    broker: Broker = BROKER,
    prefix: Prefix = "",
    partitions: Partitions = PARTITIONS,
    speed: Annotated[float, typer.Option(help="Event seconds per second; 0 is as fast as it goes.", min=0)] = 0,
    pack: Annotated[int, typer.Option(help="Reports per Kafka message, at most.", min=1)] = 100,
    every_tick: EveryTick = False,
    keep_going: KeepGoing = False,
    as_json: Json = False,
) -> None:
    """Send a night into Kafka, and the ticks of their time. For a worker with --clock feed."""
    with plainly():
        given = NightFiles.of(night)
        known = load(given.election)
        arrivals = given.arrivals(keep_going)
        topology = topology_of(known, prefix, partitions)
        kafka_topics.ensure(broker, topology.specs())  # else many a broker makes them, with one partition
        feeder = feeding.Feeder(KafkaSink(broker), known, topology, feeding.Pace(speed or None, pack, every_tick))
        with Progress("feeding", arrivals.size) as progress:
            fed = feeder.feed(progress.over(arrivals))
        if as_json:
            show_json(fed)
        else:
            sent = f"{fed.reports:,} reports, {fed.bulletins:,} bulletins, {fed.unreadable:,} unreadable ones"
            show(f"{sent} in {fed.messages:,} messages")
