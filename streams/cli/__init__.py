"""The command `cotejo`: one module for each command, or for a few that belong together."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated, Final

import typer

from streams import __version__
from streams.cli.common import group
from streams.support.logs import LOG_FORMAT, LogFormat, set_format
from streams.support.terminal import show

COMMANDS: Final[Mapping[str, Sequence[str]]] = {
    "demo": ("demo",),
    "worker": ("worker",),
    "topics": ("topics",),
    "feed": ("feed",),
    "board": ("board",),
    "record": ("record",),
    "check": ("check",),
    "simulate": ("simulate", "reconstruct"),
    "replay": ("replay",),
    "report": ("report",),
    "exporting": ("export", "query"),
}
"""By module, its commands."""
GROUPS: Final[Mapping[str, str]] = {
    "importing": "import",
    "keys": "keys",
    "explain": "explain",
    "log": "log",
    "webhook": "webhook",
    "dashboards": "dashboards",
}
"""By module, the name of the group that its commands stand behind."""


def app(arguments: Sequence[str] = ()) -> typer.Typer:
    """All commands; where the first argument names one, only those of its module, since importing all of them takes
    as long as most commands."""
    found = group("Official bulletins beside witnessed tally sheets, live.")
    found.callback()(_cotejo)
    asked = arguments[0] if arguments else ""
    home = {name: module for module, names in COMMANDS.items() for name in names}
    home |= {name: module for module, name in GROUPS.items()}
    for module in [home[asked]] if asked in home else [*COMMANDS, *GROUPS]:
        found.add_typer(import_module(f"streams.cli.{module}").commands, name=GROUPS.get(module))
    return found


def _tell_version(asked: bool) -> None:
    if asked:
        show(f"cotejo {__version__}")
        raise typer.Exit


def _cotejo(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_tell_version, is_eager=True)
    ] = False,
    log_format: Annotated[
        LogFormat, typer.Option(help="What goes to stderr: lines for people, or JSON lines.", envvar=LOG_FORMAT)
    ] = "text",
) -> None:
    set_format(log_format)
