"""`cotejo explain`: why a polling table or an area stands as it does."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from streams import event_file
from streams.cli.common import ElectionFile, Events, Json, Language, group, plainly, print_json
from streams.codec import decode_any
from streams.election import Election
from streams.election_file import load
from streams.events import Event, Rejection
from streams.explain import Explainer, UnknownPlaceError, area_lines, table_lines
from streams.progress import Progress

commands = group("Print why something stands as it does.")


@commands.command("table")
def explain_table(
    election: ElectionFile,
    table: Annotated[str, typer.Argument(help="The polling table's id.", show_default=False)],
    events: Events,
    lang: Language = "en",
    as_json: Json = False,
) -> None:
    """Why a polling table's figures count or not: each reading, and what became of it."""
    with plainly():
        known = load(election)
        if table not in known.tables:
            raise UnknownPlaceError(f"{table} is no polling table of the register: mend the id, or add it")
        found = night_of(known, events).table(table)
        print_json(found) if as_json else print("\n".join(table_lines(found, lang)))


@commands.command("area")
def explain_area(
    election: ElectionFile,
    area: Annotated[str, typer.Argument(help="The area's id.", show_default=False)],
    events: Events,
    lang: Language = "en",
    as_json: Json = False,
) -> None:
    """What both counts say of an area, which rule speaks, and from which figures."""
    with plainly():
        known = load(election)
        if area not in known.areas:
            raise UnknownPlaceError(f"{area} is no area of the election: mend the id, or add it")
        found = night_of(known, events).area(area)
        print_json(found) if as_json else print("\n".join(area_lines(found, lang)))


def night_of(election: Election, paths: list[Path]) -> Explainer:
    """The night of these files, taken in; what cannot be read is told on stderr."""
    lines, size = event_file.read(paths)
    night = Explainer(election)

    def events(progress: Progress) -> Iterator[Event]:
        for number, line in enumerate(progress.through(lines), 1):
            event = decode_any(line.strip()) if line.strip() else None
            if isinstance(event, Rejection):
                print(f"cotejo: line {number}: {event}", file=sys.stderr)
            elif event is not None:
                yield event

    with Progress("reading", size) as progress:
        night.take(events(progress))
    return night
