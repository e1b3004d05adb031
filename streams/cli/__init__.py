"""The command `cotejo`: one module for each command, or for a few that belong together."""

from streams.cli import checking, dashboards, explaining, importing, live, simulating
from streams.cli.common import group

app = group("Official bulletins beside witnessed tally sheets, live.")
for module in (live, checking, simulating):
    app.add_typer(module.commands)
app.add_typer(importing.commands, name="import")
app.add_typer(explaining.commands, name="explain")
app.add_typer(dashboards.commands, name="dashboards")


def main() -> None:
    """Entry point."""
    app()
