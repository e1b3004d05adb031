"""`cotejo keys`: key pairs, and signing reports and bulletins."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import ElectionFile, group, plainly
from streams.config import signing_keys
from streams.config.election_file import load
from streams.core.events.codec import encode, plain
from streams.core.events.model import Bulletin, TallyReport
from streams.nights.paths import NightFiles
from streams.support.terminal import note, pass_on, show

commands = group("Make key pairs, and sign with them.")

Events = Annotated[
    list[Path], typer.Argument(help="Event files or logs, merged by time; - is stdin.", show_default=False)
]
KeyFile = Annotated[Path, typer.Argument(help="The private key's file.", show_default=False)]


@commands.command("new")
def new_key(key: KeyFile) -> None:
    """Write a new private key for nobody else's eyes, and print its public key for the election's files."""
    with plainly():
        show(signing_keys.new(key))


@commands.command("webhook")
def new_webhook_key(key: KeyFile) -> None:
    """Write a new private key for webhooks, for a receiver's secret, and print its public key for everybody."""
    with plainly():
        show(signing_keys.new_webhook_key(key))


@commands.command("sign")
def sign_events(file: ElectionFile, key: KeyFile, events: Events) -> None:
    """Print the events, those of the key's owner signed. The election says whose key it is."""
    with plainly():
        election, private = load(file), signing_keys.load(key)
        public, signed, others = signing_keys.public_key(private), 0, 0

        def lines() -> Iterator[bytes]:
            nonlocal signed, others
            for arrival in NightFiles(file, tuple(events)).arrivals():
                event, line = arrival.event, arrival.raw or b""
                if isinstance(event, TallyReport | Bulletin) and signing_keys.is_owner(election, event, public):
                    line, signed = encode(plain(signing_keys.sign(private, election.id, event))), signed + 1
                else:
                    others += 1
                yield line + b"\n"

        pass_on(lines())
        note(f"{signed:,} signed, {others:,} left as they were")
        raise typer.Exit(0 if signed else 1)
