"""`cotejo check`: what is wrong with an election file, and with a night's events."""

from dataclasses import replace

import typer

from streams.cli.common import Json, Language, NightPaths, group, plainly
from streams.config.csv_file import ElectionFileError
from streams.config.election_file import check_seed, load
from streams.nights.check import EventCheck, Problem
from streams.nights.eventlog.errors import LogDamage
from streams.nights.paths import Arrivals, NightFiles
from streams.report.spanish_cures import cure
from streams.report.terminal_phrases import CHECK
from streams.report.words import Words
from streams.support.progress import Progress
from streams.support.terminal import show, show_json

commands = group("")


@commands.command()
def check(night: NightPaths, as_json: Json = False, lang: Language = "en") -> None:
    """Check an election file, and events against it: each problem with its place and its cure."""
    wrong, say = 0, Words(lang, CHECK)

    def tell(problem: Problem) -> None:
        nonlocal wrong
        wrong += 1
        problem = replace(problem, cure=cure(problem.cure, lang))
        show_json(problem) if as_json else show(problem)

    def damaged(damage: LogDamage) -> None:
        tell(Problem(str(damage.file), damage.record, f"byte {damage.position}", "damaged", damage.what))

    with plainly():
        given = NightFiles.of(night)
        try:
            election = load(given.election)
            check_seed(given.election, election)
        except ElectionFileError as error:
            if as_json:
                show_json(Problem(error.file, error.line or 0, error.place, "election-file", error.cure))
            raise
        judge = EventCheck(election)
        for path in given.events:
            arrivals = Arrivals([path], keep_going=True, tell=damaged)
            with Progress(f"checking {path}", arrivals.size) as progress:
                for problem in judge.problems(progress.over(arrivals)):
                    tell(problem)
        for remark in judge.remarks.found():
            remark = replace(remark, text=cure(remark.text, lang))
            show_json(remark) if as_json else show(
                say("remark", code=remark.code, text=remark.text, where=remark.where)
            )
        if not as_json:
            counted = {"areas": len(election.areas), "tables": len(election.tables)}
            show(say("election", election=election.localized(lang).name, **counted))
        if given.events and not as_json:
            counts = [say(kind, count=count) for kind, count in sorted(judge.counts.items())]
            show(say("events", counts=", ".join(counts) or say("no events"), problems=say("problem", count=wrong)))
        raise typer.Exit(1 if wrong else 0)
