"""`cotejo sample`: draw a random sample of polling tables, repeat a draw, and say what a sample shows."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import ElectionFile, KeepGoing, Language, NightPaths, group, plainly, warn_of_edits
from streams.config import sample_csv
from streams.config.election_file import load
from streams.core.sampling.draw import DrawError, draw, strata_of
from streams.core.sampling.estimates import estimates
from streams.core.sampling.sample import Sample, SampleError
from streams.support.atomic_file import whole
from streams.support.terminal import show

commands = group("Draw a random sample of polling tables, and estimate from it.")

Strata = Annotated[
    str | None, typer.Option(help="Level of areas to draw from each, such as state.", show_default=False)
]
Seed = Annotated[str, typer.Option(help="What decides the draw, such as publicly thrown dice.", show_default=False)]
SampleFile = Annotated[Path, typer.Option("--sample", help="The sample's file.", show_default=False)]


@commands.command("draw")
def draw_sample(
    election: ElectionFile,
    size: Annotated[int, typer.Option(help="Polling tables to draw.", min=1, show_default=False)],
    seed: Seed,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write (CSV).")],
    strata: Strata = None,
) -> None:
    """Draw polling tables, and print the file's SHA-256: publish it before the night."""
    with plainly():
        text = sample_csv.text(draw(strata_of(load(election), strata), size, seed))
        with whole(out) as file:
            file.write(text.encode())
        show(f"{out}: {text.count(chr(10)) - 1:,} polling tables, sha256 {hashlib.sha256(text.encode()).hexdigest()}")


@commands.command("verify")
def verify_sample(election: ElectionFile, sample: SampleFile, seed: Seed, strata: Strata = None) -> None:
    """Repeat a draw from its seed, and say whether it gives the sample."""
    with plainly():
        known = load(election)
        given = [table for tables in sample_csv.load(sample, known).values() for table in tables]
        drawn = [each.table for each in draw(strata_of(known, strata), len(given), seed)]
        for line, (found, table) in enumerate(zip(given, drawn, strict=True), 2):
            if found != table:
                raise DrawError(f"{sample}:{line}: the seed draws {table}, not {found}: it is another sample")
        digest = hashlib.sha256(sample.read_bytes()).hexdigest()
        show(f"{sample}: the seed draws these {len(given):,} polling tables; sha256 {digest}")


@commands.command("estimate")
def estimate_from(night: NightPaths, sample: SampleFile, keep_going: KeepGoing = False, lang: Language = "en") -> None:
    """Show the three counts of a night: announced, witnessed, and sampled with its intervals."""
    from rich.table import Table

    from streams.nights.source import open_night, relive
    from streams.report import sample_table
    from streams.support.progress import Progress
    from streams.support.terminal import console
    from streams.text import shown

    with plainly():
        source = open_night(night, keep_going)
        warn_of_edits(source.edited())
        election = load(source.election)
        drawn = sample_csv.load(sample, election)
        replay = source.replay(election)
        with Progress("replaying", source.size) as progress:
            for done in relive(source, [replay]):
                progress.show(done)
        outcome, layout = replay.finish(), election.layout
        inside = {area: layout.tables[slice(*layout.inside(layout.area[area]))] for area in drawn}
        if sum(map(len, inside.values())) != len(layout.tables):
            raise SampleError(
                f"{sample}: its strata are not the whole register, each table once: name all of one level"
            )
        found = Sample.of(election, inside, drawn, replay.comparer.read)
        show(*sample_table.lines(election, found, lang))
        table = Table(*sample_table.heads(lang), box=None)
        shares = estimates(election, found, election.rules.divergence.unseen)
        for row in sample_table.rows(election, shares, outcome.states[election.root.id], lang):
            table.add_row(*map(shown, row))
        console().print(table)
