"""`cotejo check`: what is wrong with an election file, and with event files."""

from pathlib import Path
from typing import Annotated

import typer

from streams import event_file
from streams.checking import EventCheck, Problem
from streams.cli.common import ElectionFile, Json, group, plainly, print_json
from streams.election_csv import ElectionFileError
from streams.election_file import load
from streams.progress import Progress

commands = group("")


@commands.command()
def check(
    election: ElectionFile,
    events: Annotated[list[Path] | None, typer.Argument(help="Event files to check against it.")] = None,
    as_json: Json = False,
) -> None:
    """Check an election file, and event files against it: each problem with its line and its cure."""
    with plainly():
        try:
            known = load(election)
        except ElectionFileError as error:
            if as_json:
                print_json(Problem(error.file, error.line or 0, error.place, "election-file", error.cure))
            raise
        judge, wrong = EventCheck(known), 0
        for path in events or ():
            lines, size = event_file.read([path])
            with Progress(f"checking {path}", size) as progress:
                for problem in judge.problems(progress.through(lines), str(path)):
                    wrong += 1
                    print_json(problem) if as_json else print(problem)
        if not as_json:
            print(f"{known.name}: {len(known.areas):,} areas, {len(known.tables):,} polling tables")
        if events and not as_json:
            counts = ", ".join(f"{count:,} {kind}s" for kind, count in sorted(judge.counts.items())) or "no events"
            print(f"{counts} fine, {wrong:,} problems")
        raise typer.Exit(1 if wrong else 0)
