"""`cotejo dashboards`: the boards in a running Grafana."""

import os
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import Json, Language, group, plainly, print_json
from streams.errors import CotejoError

commands = group("Put the boards into Grafana.")


class TokenError(CotejoError):
    """There is no token where it should be."""


@commands.callback()
def dashboards() -> None:
    """Put the boards into Grafana."""


@commands.command()
def provision(
    url: Annotated[str, typer.Option(help="Grafana's address.")] = "http://127.0.0.1:3000",
    prometheus: Annotated[
        str, typer.Option(help="Prometheus' address, as Grafana reaches it.")
    ] = "http://127.0.0.1:9090",
    token_env: Annotated[str, typer.Option(help="Environment variable with a service account's token.")] = "",
    token_file: Annotated[Path | None, typer.Option(help="File with the token.")] = None,
    lang: Language = "en",
    as_json: Json = False,
) -> None:
    """Create the data source, the folder and the boards, or bring them up to date. Twice is once."""
    from streams.grafana import Grafana

    with plainly():
        grafana = Grafana(url, _token(token_env, token_file))
        version = grafana.check()
        if not as_json:
            print(f"Grafana {version} at {url}")
        for change in grafana.provision(prometheus, lang):
            print_json(change) if as_json else print(f"{change.outcome:<10} {change.what} {change.name}")


def _token(variable: str, file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TokenError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from None
    variable = variable or "GRAFANA_TOKEN"
    if not os.environ.get(variable):
        raise TokenError(f"put a token of Grafana into the environment as {variable}, or name a --token-file")
    return os.environ[variable].strip()
