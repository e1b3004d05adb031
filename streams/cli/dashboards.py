"""`cotejo dashboards`: the boards in a running Grafana."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from logging import WARNING
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli.common import BROKER, Broker, ElectionFile, Json, Language, Prefix, group, plainly, topology_of
from streams.config.election_file import load
from streams.core.alerting.alert import Notice
from streams.errors import CotejoError
from streams.kafka import topic_reader
from streams.kafka.topology import PARTITIONS
from streams.support.terminal import note, show, show_json

if TYPE_CHECKING:
    from streams.grafana.provisioning import Change, Grafana, Told

commands = group("Put the boards, and what alerts say, into Grafana.")
Url = Annotated[str, typer.Option(help="Grafana's address.")]
TokenEnv = Annotated[str, typer.Option(help="Environment variable with a service account's token.")]
TokenFile = Annotated[Path | None, typer.Option(help="File with the token, instead.")]

URL: Final = "http://127.0.0.1:3000"
TOKEN: Final = "GRAFANA_TOKEN"
FOLLOW_EVERY: Final = 5.0
"""Seconds between two looks at the alerts."""


class TokenError(CotejoError):
    """There is no token where it should be."""


@commands.command()
def provision(
    url: Url = URL,
    prometheus: Annotated[
        str, typer.Option(help="Prometheus' address, as Grafana reaches it.")
    ] = "http://127.0.0.1:9090",
    token_env: TokenEnv = TOKEN,
    token_file: TokenFile = None,
    lang: Language = "en",
    as_json: Json = False,
) -> None:
    """Create the data source, the folder and the boards, or bring them up to date. Twice is once."""
    with plainly():
        grafana = _enter(url, token_env, token_file)
        _tell(grafana.provision(prometheus, lang), as_json)


@commands.command()
def annotate(
    file: ElectionFile,
    broker: Broker = BROKER,
    prefix: Prefix = "",
    url: Url = URL,
    token_env: TokenEnv = TOKEN,
    token_file: TokenFile = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with each new one, until Ctrl-C.")] = False,
    lang: Language = "en",
    as_json: Json = False,
) -> None:
    """Mark in Grafana what each alert says, at its time. Twice is once."""
    with plainly():
        election = load(file)
        topic = topology_of(election, prefix, PARTITIONS).alerts
        grafana, away = _enter(url, token_env, token_file), ""
        while True:
            try:
                done = grafana.annotate(election.id, _notices(broker, topic), lang)
                _tell((change for change in done if change.outcome == "created"), as_json)
                away = ""
            except CotejoError as error:
                if not follow:
                    raise
                if str(error) != away:  # it may be restarting; what is missing is written once it is back
                    away = str(error)
                    note(f"{away}; trying again", WARNING)
            if not follow:
                return
            sleep(FOLLOW_EVERY)


def _notices(broker: str, topic: str) -> Iterator[Told]:
    """The notices in the topic, with the time at which each was written. A record that is no notice is left out, and
    said."""
    from streams.grafana.provisioning import Told

    for record in topic_reader.read(broker, topic):
        try:
            yield Told(Notice.decode(record.value or b""), record.timestamp)
        except ValueError:
            note(f"{topic}, offset {record.offset}: no alert, left out")


def _enter(url: str, token_env: str, token_file: Path | None) -> Grafana:
    from streams.grafana.provisioning import Grafana

    grafana = Grafana(url, _token(token_env, token_file))
    grafana.check()
    return grafana


def _tell(changes: Iterable[Change], as_json: bool) -> None:
    for change in changes:
        show_json(change) if as_json else show(f"{change.outcome:<10} {change.what} {change.name}")


def _token(variable: str, file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TokenError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from None
    if not os.environ.get(variable):
        raise TokenError(f"put a token of Grafana into the environment as {variable}, or name a --token-file")
    return os.environ[variable].strip()
