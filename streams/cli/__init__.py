"""The command `cotejo`: one module for each command, or for a few that belong together."""

from streams.cli import (
    board,
    checking,
    dashboards,
    explaining,
    importing,
    keys,
    live,
    logs,
    recording,
    replaying,
    reporting,
    simulating,
    webhook,
)
from streams.cli.common import group

app = group("Official bulletins beside witnessed tally sheets, live.")
for module in (live, board, recording, checking, simulating, replaying, reporting):
    app.add_typer(module.commands)
app.add_typer(importing.commands, name="import")
app.add_typer(keys.commands, name="keys")
app.add_typer(explaining.commands, name="explain")
app.add_typer(logs.commands, name="log")
app.add_typer(webhook.commands, name="webhook")
app.add_typer(dashboards.commands, name="dashboards")


def main() -> None:
    """Entry point."""
    app()
