"""A board for tests: records as a worker writes them, and the server in a thread."""

import asyncio
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from brokers import Broker
from builders import present
from kafka import KafkaProducer
from monitor import Monitor
from msgspec import UNSET

from streams.board import PATH
from streams.board.server import Board
from streams.core.election.model import Election
from streams.core.events.area_states import DatedState
from streams.core.events.codec import encode
from streams.core.events.model import Event
from streams.kafka.embedded_broker import free_port
from streams.kafka.topology import Topology
from streams.support import health
from streams.support.web_server import WebServer
from streams.worker.rejected_records import rejected

Records = tuple[list[bytes], list[bytes]]
"""What `area-state` and `alerts` hold."""


def records(known: Election, events: Iterable[Event]) -> Records:
    """What the night comes to: a record of every area after each event, and every notice."""
    monitor = Monitor(known)
    states, notices = [], []
    for event in events:
        notices += monitor.handle(event).notices
        states += [encode(DatedState.of(state, event.at, UNSET)) for state in monitor.states().values()]
    if states:
        notices += monitor.finish()
        at = present(monitor.comparer.clock)
        states += [encode(DatedState.of(state, at, UNSET)) for state in monitor.states().values()]
    return states, [encode(notice) for notice in notices]


def tell(broker: Broker, topology: Topology, told: Records) -> None:
    """Write the records to their topics, as a worker does."""
    producer = KafkaProducer(bootstrap_servers=broker.address)
    for topic, contents in zip((topology.area_state, topology.alerts), told, strict=True):
        for content in contents:
            producer.send(topic, content, key=b"any", partition=0)
    producer.flush()
    producer.close()


def turn_away(broker: Broker, topology: Topology, sources: Iterable[Any]) -> None:
    """Write messages to the topic of those that were turned away, as a worker does: each a source with its reasons."""
    producer = KafkaProducer(bootstrap_servers=broker.address)
    for source, reasons in sources:
        record = rejected(topology.rejected, source, reasons)
        headers = list((record.headers or {}).items())
        producer.send(topology.rejected, record.value, key=record.key, headers=headers, partition=0)
    producer.flush()
    producer.close()


class Served:
    """A board's address, and the board."""

    def __init__(self, board: Board, port: int) -> None:
        self.board, self.port = board, port
        self.root = f"http://127.0.0.1:{port}"
        self.url = self.root + PATH


@contextmanager
def served(
    broker: Broker | str, known: Election, topology: Topology, names: Sequence[str] = (), embedders: Sequence[str] = ()
) -> Iterator[Served]:
    """The board as `cotejo board` serves it, in a thread of its own."""
    address = broker if isinstance(broker, str) else broker.address
    loop, ready, port = asyncio.new_event_loop(), threading.Event(), free_port()
    found: dict[str, Any] = {}

    async def begin() -> None:
        found["server"] = WebServer("127.0.0.1", port, names)
        found["board"] = Board(address, known, topology, embedders)
        found["board"].serve(found["server"].app)
        health.serve(found["server"].app, found["board"].readiness)
        await found["server"].start()
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.create_task(begin())
        loop.run_forever()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(10)
        yield Served(found["board"], port)
    finally:
        asyncio.run_coroutine_threadsafe(found["server"].stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
