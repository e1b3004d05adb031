"""`cotejo board` as a process: the board alone, until a signal ends it."""

import asyncio
import signal
from collections.abc import Sequence

from streams.board import PATH
from streams.board.server import Board
from streams.core.election.model import Election
from streams.kafka.topology import Topology
from streams.support import health
from streams.support.terminal import note
from streams.support.web_server import WebServer, address, embed_origin


def run(
    broker: str,
    election: Election,
    topology: Topology,
    host: str,
    port: int,
    names: Sequence[str],
    embedders: Sequence[str],
) -> None:
    """Serve an election's board until SIGTERM or SIGINT, under these host names, and in frames on pages of these
    origins. Raises `ListenError`, `EmbedError`."""
    board = Board(broker, election, topology, [embed_origin(each) for each in embedders])
    asyncio.run(_serve(board, WebServer(host, port, names), f"http://{address(host, port, names)}{PATH}"))


async def _serve(board: Board, server: WebServer, place: str) -> None:
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    board.serve(server.app)
    health.serve(server.app, board.readiness)
    await server.start()
    note(f"{board.election.name}: {place}")
    await ended.wait()
    await server.stop()
