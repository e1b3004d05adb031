"""`cotejo import`: published files to an election and its events."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import JsonLines, group, plainly, written
from streams.nights.check import Problem
from streams.nights.importers import convzla
from streams.nights.importers.csv_map import CsvMap
from streams.support.progress import Progress
from streams.support.terminal import aside, note, show

commands = group("Turn published files into an election and its events.")


def _tell(problem: Problem) -> None:
    aside(problem)


@commands.command("csv")
def import_csv(
    map: Annotated[Path, typer.Option("--map", help="Which column is what (docs/import-csv.md).")],
    out: Annotated[Path, typer.Option(help="Directory of the night.")],
    data: Annotated[Path | None, typer.Option(help="Where the CSV files are; beside the map unless told.")] = None,
    jsonl: JsonLines = False,
) -> None:
    """Any published CSV files, plain or gzipped, as an election, its tally reports and its bulletins."""
    with plainly():
        done = CsvMap(map).write(data or map.parent, out, _tell, jsonl=jsonl)
        found = f"{done.tables:,} polling tables in {done.areas:,} areas, {done.reports:,} tally reports"
        show(f"{found}, {done.bulletins:,} bulletins; {done.skipped:,} rows skipped, {done.problems:,} left out")
        if done.unordered:
            note(f"{done.unordered:,} events are older than the one before: sort the files")
        show(written(out, jsonl))
        raise typer.Exit(1 if done.problems else 0)


@commands.command("convzla")
def import_convzla(
    file: Annotated[Path, typer.Argument(help="RESULTADOS_2024_CSV, either release.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Directory of the night.")],
    at: Annotated[datetime | None, typer.Option(help="Time of every report (UTC); the file has none.")] = None,
    jsonl: JsonLines = False,
) -> None:
    """The campaign's published CSV of Venezuela 2024, as an election and its tally reports."""
    with plainly():
        bad = 0

        def sheets() -> Iterator[convzla.Sheet]:
            nonlocal bad
            moment = convzla.AT if at is None else int(at.replace(tzinfo=UTC).timestamp() * 1000)
            with Progress("reading", 0) as progress:
                for number, row in enumerate(convzla.read(file, moment), 1):
                    progress.show(number)
                    if isinstance(row, Problem):
                        bad += 1
                        _tell(row)
                    else:
                        yield row

        done = convzla.write(sheets(), out, jsonl=jsonl)
        votes = ", ".join(f"{option} {count:,}" for option, count in done.votes.items())
        show(f"{done.tables:,} tally sheets: {votes}; null {done.null:,}")
        show(f"{bad:,} rows left out; {written(out, jsonl)}")
        raise typer.Exit(1 if bad else 0)
