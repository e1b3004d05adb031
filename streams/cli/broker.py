"""`cotejo broker`: the embedded broker, for trials of one's own."""

import signal
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from streams.cli.common import group, plainly
from streams.support.terminal import note

commands = group("")


@commands.command()
def broker(
    port: Annotated[int, typer.Option(help="Port on loopback.", min=1, max=65535)] = 9092,
    directory: Annotated[
        Path | None, typer.Option(help="Where it keeps its data; nothing is kept unless told.")
    ] = None,
) -> None:
    """Run the embedded Kafka broker until Ctrl-C, for trials on this machine. A real night needs a real Kafka."""
    from streams.kafka.embedded_broker import EmbeddedBroker

    with plainly():
        ended = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        with EmbeddedBroker(directory, port) as running:
            kept = f"data in {directory}" if directory else "nothing is kept when it ends"
            note(f"broker at {running.address}, {kept}; Ctrl-C ends it")
            ended.wait()
