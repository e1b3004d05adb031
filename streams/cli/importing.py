"""`cotejo import`: published files to an election and its events."""

import tempfile
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import JsonLines, group, plainly, written
from streams.nights.importers import importer
from streams.nights.importers.inspecting import inspection, proposal
from streams.nights.importers.reading.files import SourceError
from streams.support import gc_tuning
from streams.support.progress import Progress
from streams.support.terminal import show

commands = group("Turn published files into an election and its events.")

MapFile = Annotated[
    Path, typer.Argument(metavar="MAP", help="What is what in the files (docs/import.md).", show_default=False)
]
_FIRST = 5
"""Events that `--dry-run` shows of each kind."""


@commands.command("run")
def import_run(
    map: MapFile,
    out: Annotated[Path | None, typer.Option(help="Directory of the night.")] = None,
    data: Annotated[Path | None, typer.Option(help="Where the files are; beside the map unless told.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; show the first events.")] = False,
    jsonl: JsonLines = False,
) -> None:
    """Published files as a night, by a map. Where anything is wrong with them, nothing is written."""
    gc_tuning.look_seldom()
    with plainly():
        place = data or map.parent
        if dry_run:
            _show_first(map, place)
            return
        if out is None:
            raise typer.BadParameter("say where the night goes", param_hint="--out")
        outcome = importer.run(map, place, out, jsonl=jsonl)
        show(*outcome.lines())
        show(written(out, jsonl))


@commands.command("inspect")
def import_inspect(
    files: Annotated[list[Path], typer.Argument(help="Published files.", show_default=False)],
    map: Annotated[Path | None, typer.Option("--map", help="Write a map of the files, to begin with.")] = None,
) -> None:
    """What is in published files: how they are written, their columns, what these could be."""
    with plainly():
        try:
            samples = inspection.inspect(files)
        except SourceError as error:
            raise importer.ImportFailed(str(error)) from None
        for inspected in samples:
            show(*inspected.lines())
        if map is not None:
            with map.open("x", encoding="utf-8") as out:
                out.write(proposal.first_map(samples))
            show(f"written: {map}")


def _show_first(map: Path, data: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as scratch,
        Progress("importing", 0) as progress,
        importer.prepared(map, data, Path(scratch), progress) as ready,
    ):
        ready.check()
        for kind in ready.outcome.events:
            mark = f'"type":"{kind}"'.encode()
            show(*islice((line.decode() for many in ready.events() for line in many.contents if mark in line), _FIRST))
        show(*ready.outcome.lines())
        show("nothing was written (--dry-run)")
