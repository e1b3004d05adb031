"""`cotejo board`: the board without a worker."""

from typing import Annotated

import typer

from streams.broker import is_free
from streams.cli.common import BROKER, Broker, ElectionFile, Prefix, group, plainly, topology_of
from streams.election_file import load
from streams.errors import CotejoError
from streams.terminal import note
from streams.topology import PARTITIONS

commands = group("")


@commands.command()
def board(
    election: ElectionFile,
    broker: Broker = BROKER,
    prefix: Prefix = "",
    port: Annotated[int, typer.Option(help="Port of the page.", min=1, max=65535)] = 6070,
    bind: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 lets others look on.")] = "127.0.0.1",
    host: Annotated[list[str] | None, typer.Option(help="A name or address it may be asked by; repeat it.")] = None,
) -> None:
    """Show the night as a web page, until Ctrl-C: reads the topics, writes nothing, needs no worker beside it."""
    from aiohttp import web  # only here: it would slow down every other command

    from streams.board import PATH
    from streams.board.server import Board

    with plainly():
        known = load(election)
        if bind in ("127.0.0.1", "0.0.0.0") and not is_free(port):
            raise CotejoError(f"port {port} is in use: choose another with --port")
        app = web.Application()
        Board(broker, known, topology_of(known, prefix, PARTITIONS), host or ()).serve(app)
        name = bind if bind != "0.0.0.0" else (host or ["127.0.0.1"])[0]
        note(f"{known.name}: http://{name}:{port}{PATH}")
        try:
            web.run_app(app, host=bind, port=port, print=None, access_log=None, shutdown_timeout=5)
        except OSError as error:
            raise CotejoError(f"cannot listen at {bind}, port {port} ({error.strerror}): see --bind") from None
