"""`cotejo check`: what is wrong with an election file, and with a night's events."""

import typer

from streams.cli.common import Json, NightPaths, group, plainly
from streams.config.csv_file import ElectionFileError
from streams.config.election_file import check_seed, load
from streams.nights.check import EventCheck, Problem
from streams.nights.eventlog.errors import LogDamage
from streams.nights.paths import Arrivals, NightFiles
from streams.support.progress import Progress
from streams.support.terminal import show, show_json

commands = group("")


@commands.command()
def check(night: NightPaths, as_json: Json = False) -> None:
    """Check an election file, and events against it: each problem with its place and its cure."""
    wrong = 0

    def tell(problem: Problem) -> None:
        nonlocal wrong
        wrong += 1
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
            show_json(remark) if as_json else show(remark)
        if not as_json:
            show(f"{election.name}: {len(election.areas):,} areas, {len(election.tables):,} polling tables")
        if given.events and not as_json:
            counts = ", ".join(_counted(count, kind) for kind, count in sorted(judge.counts.items())) or "no events"
            show(f"{counts} fine, {_counted(wrong, 'problem')}")
        raise typer.Exit(1 if wrong else 0)


def _counted(count: int, thing: str) -> str:
    """Such as "1 problem" or "2,000 problems"."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
