"""`cotejo explain`: why a polling table or an area stands as it does."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import Json, KeepGoing, Language, NightPaths, group, plainly, warn_of_edits
from streams.config.election_file import load
from streams.core.election.model import Election
from streams.core.replay.differing_tables import Differing
from streams.core.replay.explainer import Explainer, RejectedEvents, check_area, check_table
from streams.errors import CotejoError
from streams.nights.source import open_night, relive
from streams.report.differing_table import differing_line, differing_table
from streams.report.explain_text import area_lines, table_lines
from streams.support.progress import Progress
from streams.support.terminal import aside, console, note, show, show_json

commands = group("Print why something stands as it does.")


@commands.command("table")
def explain_table(
    table: Annotated[str, typer.Argument(help="The polling table's id.", show_default=False)],
    night: NightPaths,
    keep_going: KeepGoing = False,
    lang: Language = "en",
    as_json: Json = False,
) -> None:
    """Why a polling table's figures count or not: each reading, and what became of it."""
    with plainly():
        explanation = explained(night, keep_going, table, check_table, "" if as_json else lang).table(table)
        show_json(explanation) if as_json else show(*table_lines(explanation, lang))


@commands.command("area")
def explain_area(
    area: Annotated[str, typer.Argument(help="The area's id.", show_default=False)],
    night: NightPaths,
    keep_going: KeepGoing = False,
    lang: Language = "en",
    as_json: Json = False,
    differing: Annotated[
        bool, typer.Option("--differing", help="All polling tables whose official figures are not their sheets'.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="With --differing: as CSV on stdout.")] = False,
) -> None:
    """What both counts say of an area, which rule speaks, and from which figures."""
    with plainly():
        if as_csv and (as_json or not differing):
            raise UsageError("--csv: give it with --differing, and without --json")
        explainer = explained(night, keep_going, area, check_area, "" if as_json else lang)
        if differing:
            _show_differing(explainer.differing(area), lang, as_json, as_csv)
        else:
            explanation = explainer.area(area)
            show_json(explanation) if as_json else show(*area_lines(explanation, lang))


def _show_differing(differing: Differing, language: str, as_json: bool, as_csv: bool) -> None:
    if as_json:
        show_json(differing.plain())
    elif as_csv:
        show(*differing.csv())
        # Beside the rows, so that a program that adds them up counts nothing twice.
        aside(differing_line(differing, language))
    else:
        show(differing_line(differing, language))
        if differing.rows:
            console().print(differing_table(differing, language))


class UsageError(CotejoError):
    """Options that do not go together."""


def explained(
    paths: Sequence[Path], keep_going: bool, place: str, check: Callable[[Election, str], None], language: str
) -> Explainer:
    """Replay a night to ask about one place of it, with names in a language ("": the election's own). `check` raises
    for an unknown place before the night is read. What cannot be read is told on stderr."""
    night = open_night(paths, keep_going)
    election = load(night.election)
    check(election, place)
    warn_of_edits(night.edited())
    rejected = RejectedEvents(place, lambda item: note(f"{item.place}: {item.rejection}"))
    replay = night.replay(election, watch_rejections=rejected)
    with Progress("reading", night.size) as progress:
        for done in relive(night, [replay]):
            progress.show(done)
    return Explainer(election.localized(language), replay, replay.finish(), rejected)
