"""`cotejo board`: the board without a worker."""

from typing import Annotated

import typer

from streams.cli.common import BROKER, Broker, ElectionFile, EmbedBy, Host, Names, Prefix, group, plainly, topology_of
from streams.config.election_file import load
from streams.kafka.topology import PARTITIONS

commands = group("")


@commands.command()
def board(
    file: ElectionFile,
    broker: Broker = BROKER,
    prefix: Prefix = "",
    port: Annotated[int, typer.Option(help="Port of the page.", min=1, max=65535)] = 6070,
    host: Host = "127.0.0.1",
    name: Names = None,
    embed_by: EmbedBy = None,
) -> None:
    """Show the night as a web page, until Ctrl-C: reads the topics, writes nothing, needs no worker beside it."""
    from streams.board import process

    with plainly():
        election = load(file)
        process.run(broker, election, topology_of(election, prefix, PARTITIONS), host, port, name or (), embed_by or ())
