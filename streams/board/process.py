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
from streams.support.web_server import WebServer, address


def run(broker: str, election: Election, topology: Topology, host: str, port: int, names: Sequence[str]) -> None:
    """Serve an election's board until SIGTERM or SIGINT. Raises `ListenError`."""
    asyncio.run(_serve(broker, election, topology, host, port, names))


async def _serve(
    broker: str, election: Election, topology: Topology, host: str, port: int, names: Sequence[str]
) -> None:
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = WebServer(host, port, names)
    board = Board(broker, election, topology)
    board.serve(server.app)
    health.serve(server.app, board.readiness)
    await server.start()
    note(f"{election.name}: http://{address(host, port, names)}{PATH}")
    await ended.wait()
    await server.stop()
