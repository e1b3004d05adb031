"""`cotejo worker`: the live process of a night."""

from typing import Annotated, Literal

import typer

from streams.cli.common import (
    BROKER,
    Broker,
    ElectionFile,
    Host,
    Language,
    Names,
    Partitions,
    Prefix,
    group,
    plainly,
    topology_of,
)
from streams.config.election_file import load
from streams.kafka.topology import PARTITIONS

commands = group("")


@commands.command()
def worker(
    file: ElectionFile,
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
        election = load(file)
        topology = topology_of(election, prefix, partitions)
        working.run(
            broker,
            election,
            topology,
            port=port,
            host=host,
            names=name or (),
            wall_clock=clock == "wall",
            language=lang,
            member=member,
            loglevel=log,
        )
