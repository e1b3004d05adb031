"""`cotejo sample`: draw a random sample of polling tables, repeat a draw, and say what a sample shows."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from msgspec import UNSET

from streams.cli.common import ElectionFile, KeepGoing, Language, NightPaths, group, plainly, warn_of_edits
from streams.config import sample_csv
from streams.config.election_file import load
from streams.core.election.drawn_sample import DrawnSample
from streams.core.election.model import Election
from streams.core.sampling.draw import DrawError, allocation, check_allocation, check_draw, draw, strata_of, tables_in
from streams.errors import CotejoError
from streams.support.atomic_file import whole
from streams.support.terminal import show

commands = group("Draw a random sample of polling tables, and estimate from it.")

Strata = Annotated[
    str | None, typer.Option(help="Level of areas to draw from each, such as state.", show_default=False)
]
Clusters = Annotated[
    str | None,
    typer.Option(help="Level of areas to draw whole, with all their polling tables.", show_default=False),
]
Seed = Annotated[str, typer.Option(help="What decides the draw, such as publicly thrown dice.", show_default=False)]
GivenSeed = Annotated[str, typer.Option("--seed", help="The seed, if not the election file's.", show_default=False)]
SampleFile = Annotated[
    Path | None, typer.Option("--sample", help="A sample's file, if not the election's own.", show_default=False)
]


@commands.command("draw")
def draw_sample(
    election: ElectionFile,
    size: Annotated[
        str,
        typer.Option(
            help="Polling tables (or clusters) to draw: of all strata in proportion, or of each, such as N1=40,N2=60.",
            show_default=False,
            metavar="NUMBER",
        ),
    ],
    seed: Seed,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write (CSV).")],
    strata: Strata = None,
    clusters: Clusters = None,
) -> None:
    """Draw polling tables, and print the file's SHA-256: publish it before the night."""
    with plainly():
        loaded = load(election)
        units = strata_of(loaded, strata, clusters)
        given = _allocation({stratum: len(some) for stratum, some in units.items()}, size)
        text = sample_csv.text(draw(units, given, seed), partial(tables_in, loaded) if clusters else None)
        with whole(out) as file:
            file.write(text.encode())
        counts = _counts(text.count("\n") - 1, sum(given.values()) if clusters else 0)
        show(f"{out}: {counts}, sha256 {hashlib.sha256(text.encode()).hexdigest()}")


def _counts(tables: int, clusters: int) -> str:
    return f"{tables:,} polling tables" + (f" in {clusters:,} clusters" if clusters else "")


def _allocation(sizes: Mapping[str, int], size: str) -> Mapping[str, int]:
    """How many units to draw of each stratum. Raises `DrawError`."""
    named = dict(part.rpartition("=")[::2] for part in size.split(","))
    if not all(count.strip().isdecimal() for count in named.values()):
        raise DrawError(f"--size {size}: give a number, or one for each stratum, such as N1=40,N2=60")
    given = {stratum.strip(): int(count) for stratum, count in named.items()}
    if given.keys() == {""}:
        return allocation(sizes, given[""])
    check_allocation(sizes, given)
    return given


@commands.command("verify")
def verify_sample(election: ElectionFile, sample: SampleFile = None, seed: GivenSeed = "") -> None:
    """Repeat a draw from its seed, and say whether it gives the sample."""
    with plainly():
        loaded = load(election)
        drawn, name = _sample(loaded, sample), sample or "the election's sample"
        if not (seed := seed or (drawn.seed if sample is None else "")):
            raise DrawError(f"{name}: nobody says which seed drew it: give --seed")
        try:
            check_draw(loaded, drawn, seed)
        except DrawError as error:
            raise DrawError(f"{name}: not drawn by the seed {seed!r}: {error}") from None
        counts = _counts(drawn.size, sum(map(len, drawn.clusters.values())))
        show(f"{name}: the seed draws these {counts}; sha256 {drawn.sha256}")


def _sample(election: Election, file: Path | None) -> DrawnSample:
    """The sample in a file, else the election's own. Raises `ElectionFileError`, and `CotejoError` without either."""
    if file is not None:
        return sample_csv.load(file, election.areas, election.tables)
    if election.sample is None:
        raise CotejoError("the election file names no sample: give --sample, or name its file in [sample]")
    return election.sample


@commands.command("estimate")
def estimate_from(
    night: NightPaths, sample: SampleFile = None, keep_going: KeepGoing = False, lang: Language = "en"
) -> None:
    """Show the three counts of a night: announced, witnessed, and sampled with its intervals."""
    from streams.nights.source import open_night, relive
    from streams.report import sample_table
    from streams.support.progress import Progress
    from streams.support.terminal import console

    with plainly():
        source = open_night(night, keep_going)
        warn_of_edits(source.edited())
        election = load(source.election)
        election = replace(election, sample=_sample(election, sample)).localized(lang)
        replay = source.replay(election)
        with Progress("replaying", source.size) as progress:
            for done in relive(source, [replay]):
                progress.show(done)
        state = replay.finish().states[election.root.id]
        assert state.sample is not UNSET  # there is one
        show(*sample_table.lines(state.sample, election.labels, lang))
        console().print(sample_table.table(election, state, lang))
