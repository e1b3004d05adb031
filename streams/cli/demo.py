"""`cotejo demo`: a whole night on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import Language, group, plainly

commands = group("")


@commands.command()
def demo(
    broker: Annotated[str, typer.Option(help="Any Kafka broker instead of the embedded one.")] = "",
    seconds: Annotated[float, typer.Option(help="How long the night should take.", min=1)] = 40.0,
    directory: Annotated[Path, typer.Option(help="Where the night's files are written.")] = Path("cotejo-demo"),
    headless: Annotated[bool, typer.Option(help="No colour, no progress bar; the summary as JSON on stdout.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Serve the board until Ctrl-C when the night is over.")] = False,
    lang: Language = "en",
) -> None:
    """Show an election night: Venezuela 2024, reconstructed from state totals, from Kafka to an alert."""
    from streams.cli import demo_night

    with plainly():
        code = demo_night.run(broker, seconds, directory, headless=headless, language=lang, keep=keep)
        raise typer.Exit(code)
