"""`cotejo demo`: a whole night on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import Language, group, plainly

commands = group("")


@commands.command()
def demo(
    night: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[NIGHT]", help="Any night instead: a directory, or an election file and event files."),
    ] = None,
    broker: Annotated[str, typer.Option(help="Any Kafka broker instead of the embedded one.")] = "",
    seconds: Annotated[float, typer.Option(help="How long the night should take.", min=1)] = 40.0,
    directory: Annotated[Path, typer.Option(help="Where the bundled night's files are written.")] = Path("cotejo-demo"),
    headless: Annotated[bool, typer.Option(help="No colour, no progress bar; the summary as JSON on stdout.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Serve the board until Ctrl-C when the night is over.")] = False,
    lang: Language = "en",
) -> None:
    """Show an election night: Venezuela 2024, reconstructed from state totals, or any other. It runs from Kafka to a
    verified webhook, and calls none of the night's own receivers."""
    from streams.cli import demo_night

    with plainly():
        code = demo_night.run(broker, seconds, directory, night or (), headless=headless, language=lang, keep=keep)
        raise typer.Exit(code)
