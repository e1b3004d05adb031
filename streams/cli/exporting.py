"""`cotejo export` and `cotejo query`: a night as tables."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from rich.table import Table
from rich.text import Text

from streams.cli.common import KeepGoing, NightPaths, group, plainly, warn_of_edits
from streams.config.election_file import load
from streams.core.election.model import Election
from streams.nights.errors import NightError
from streams.nights.source import Night, open_night
from streams.support.progress import Progress
from streams.support.terminal import aside, console, pass_on, show
from streams.text import shown

commands = group("")

Every = Annotated[float, typer.Option(help="Seconds of event time of which an area's state is kept once.", min=0.001)]
SHOWN: Final = 1_000
"""Rows of an answer that are shown as a table; --json and --csv have no such limit."""


@contextmanager
def _opened(paths: list[Path], keep_going: bool) -> Iterator[tuple[Night, Election, Callable[[int], None]]]:
    night = open_night(paths, keep_going)
    warn_of_edits(night.edited())
    election = load(night.election)
    with Progress("replaying", night.size) as progress:
        yield night, election, progress.show


@commands.command()
def export(
    night: NightPaths,
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory to write.")],
    format: Annotated[Literal["parquet", "csv", "jsonl", "nist"], typer.Option(help="What to write.")] = "parquet",
    every: Every = 600,
    keep_going: KeepGoing = False,
    lang: Annotated[Literal["en", "es"], typer.Option(help="Language of the data dictionary.")] = "en",
) -> None:
    """Write a night's tables as files, with a data dictionary; or its results as NIST SP 1500-100 XML."""
    from streams.nights.exports import export as tables
    from streams.nights.exports import nist_export

    with plainly():
        with _opened(night, keep_going) as (source, election, progress):
            if format == "nist":
                written = [f"{out}/{name}" for name in nist_export.export(source, election, out, progress)]
            else:
                rows, _ = tables.export(source, election, out, format, round(every * 1000), progress, lang)
                written = [f"{out}/{name}.{format}: {count:,} rows" for name, count in rows.items()]
        show(*written)


@commands.command()
def query(
    night: NightPaths,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One statement of DuckDB's SQL.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a row on stdout.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on stdout.")] = False,
    every: Every = 600,
    keep_going: KeepGoing = False,
) -> None:
    """Ask a night's tables in SQL. `cotejo export` writes the same tables; docs/export.md describes them."""
    from streams.nights.exports.query import Answer, answered

    def tell(answer: Answer) -> None:
        if as_json:
            if twice := [name for name, count in Counter(answer.columns).items() if count > 1]:
                raise NightError(f"the query: several columns are called {twice[0]}: tell them apart with AS")
            pass_on(map(partial(_json_line, answer.columns), answer.rows))
        elif as_csv:
            pass_on(map(_csv_line, chain([answer.columns], answer.rows)))
        else:
            _show(answer.columns, answer.rows)

    with plainly():
        if as_json and as_csv:
            raise typer.BadParameter("give one of --json and --csv")
        with (
            _opened(night, keep_going) as (source, election, progress),
            answered(source, election, sql, round(every * 1000), progress) as answer,
        ):
            tell(answer)


def _plain(value: Any) -> Any:
    """What JSON has no type for: a time in RFC 3339, anything else as its text."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value)


def _json_line(columns: Sequence[str], row: Sequence[Any]) -> bytes:
    # The standard library's: sums may be larger than the 64 bits that orjson takes.
    text = json.dumps(dict(zip(columns, row, strict=True)), default=_plain, ensure_ascii=False)
    return f"{text}\n".encode()


def _csv_line(row: Sequence[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(map(_cell, row))
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    return json.dumps(value, default=_plain, ensure_ascii=False) if isinstance(value, list | dict) else _plain(value)


def _show(columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    table, left = Table(*map(shown, columns), box=None), 0
    for number, row in enumerate(rows):
        if number < SHOWN:
            table.add_row(*(Text("" if value is None else shown(str(_cell(value)))) for value in row))
        else:
            left += 1
    console().print(table)
    if left:
        aside(f"{left:,} more rows: use --json or --csv")
