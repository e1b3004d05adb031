"""`cotejo feed`: a night on disk into Kafka."""

from typing import Annotated

import typer

from streams.cli.common import (
    BROKER,
    Broker,
    Json,
    KeepGoing,
    NightPaths,
    Partitions,
    Prefix,
    group,
    plainly,
    topology_of,
)
from streams.config.election_file import load
from streams.kafka import topic_admin
from streams.kafka.producer import KafkaSink
from streams.kafka.topology import PARTITIONS
from streams.nights import feeder as feeding
from streams.nights.paths import NightFiles
from streams.support.progress import Progress
from streams.support.terminal import show, show_json

commands = group("")
EveryTick = Annotated[
    bool, typer.Option("--every-tick", help="Send every tick, so that alerts fire at the times a replay has; slower.")
]


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
        election = load(given.election)
        arrivals = given.arrivals(keep_going)
        topology = topology_of(election, prefix, partitions)
        topic_admin.ensure(broker, topology.specs())  # else many a broker makes them, with one partition
        feeder = feeding.Feeder(KafkaSink(broker), election, topology, feeding.Pace(speed or None, pack, every_tick))
        with Progress("feeding", arrivals.size) as progress:
            fed = feeder.feed(progress.over(arrivals))
        if as_json:
            show_json(fed)
        else:
            sent = f"{fed.reports:,} reports, {fed.bulletins:,} bulletins, {fed.unreadable:,} unreadable ones"
            show(f"{sent} in {fed.messages:,} messages")
