"""`cotejo init`: a small election to begin with."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import typer

from streams.cli.common import group, plainly
from streams.errors import CotejoError
from streams.support.terminal import show

commands = group("")

FILES: Final = ("election.toml", "areas.csv", "areas.geojson", "register.csv", "events.jsonl")


@commands.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it; made if missing.")],
) -> None:
    """Write a small election to begin with: five polling tables, with comments, and the events of its night."""
    with plainly():
        if there := [name for name in FILES if (directory / name).exists()]:
            raise CotejoError(f"{directory} has {', '.join(there)} already: choose another directory")
        directory.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (directory / name).write_bytes(_example(name))
        show(f"written: {directory}/{', '.join(FILES)}", f"next: cotejo check {directory}; cotejo replay {directory}")


def _example(name: str) -> bytes:
    """A file of docs/examples/small, which a wheel has within the package."""
    installed = files("streams") / "examples" / "small" / name
    source = Path(__file__).resolve().parents[2] / "docs" / "examples" / "small" / name
    return installed.read_bytes() if installed.is_file() else source.read_bytes()
