"""`cotejo replay`: a night lived again offline, under its own configuration or beside another."""

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from streams.cli.common import KeepGoing, Language, NightPaths, group, plainly, warn_of_edits
from streams.config.election_file import load
from streams.core.election.model import Election
from streams.core.election.thresholds import changed
from streams.core.engine.comparer import Comparer
from streams.core.engine.tick_judge import Watcher
from streams.core.replay.alert_history import contrast
from streams.core.replay.outcome import Outcome
from streams.nights import source as relive
from streams.report import summary
from streams.support import gc_tuning
from streams.support.atomic_file import whole
from streams.support.progress import Progress
from streams.support.terminal import aside, console, pass_on, show_json

commands = group("")

Other = Annotated[Path | None, typer.Option("--compare", help="Another election file: what would it have called?")]
Follow = Callable[[Election], Watcher]


@commands.command()
def replay(
    night: NightPaths,
    compare: Other = None,
    out: Annotated[Path | None, typer.Option(help="Write the outcome there, as canonical JSON.")] = None,
    keep_going: KeepGoing = False,
    lang: Language = "en",
    as_json: Annotated[bool, typer.Option("--json", help="The outcome as canonical JSON on stdout.")] = False,
) -> None:
    """Live a night again, offline: every state, verdict and alert, the same bytes each time."""
    with plainly():
        source, elections, outcomes, _ = lived(night, compare, keep_going)
        if out is not None:
            with whole(out) as file:
                file.writelines(outcomes[0].json())
        if compare is not None:
            _compare(source.election, compare, elections, outcomes, lang, as_json)
        elif as_json:
            digest = hashlib.sha256()
            pass_on(_hashed(outcomes[0].json(), digest))
            aside(summary.say("hash", lang, hash=digest.hexdigest()))
        else:
            summary.tell(console(), elections[0], outcomes[0], lang)


def _hashed(pieces: Iterable[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    """Pass on the pieces and hash them meanwhile: to make them twice takes half as long as the replay."""
    for piece in pieces:
        digest.update(piece)
        yield piece


class Relived(NamedTuple):
    """A night that was read once, under its own election and perhaps under another one. Elections and outcomes stand
    in this order."""

    source: relive.Night
    elections: list[Election]
    outcomes: list[Outcome]
    comparer: Comparer
    """The comparer of the night's own election, as it was in the end."""


def lived(paths: Sequence[Path], compare: Path | None, keep_going: bool, follow: Follow | None = None) -> Relived:
    """Live a night again. `follow` makes a watcher from its election, which sees the replay."""
    source = relive.open_night(paths, keep_going)
    warn_of_edits(source.edited())
    elections, replays = [], []
    gc.disable()  # a register is millions of objects, all of which stay: looking through them is a fifth of reading it
    try:
        elections.append(load(source.election))
        replays.append(source.replay(elections[0], None if follow is None else follow(elections[0])))
        if compare is not None:
            elections.append(load(compare, like=source.election))
            replays.append(source.replay(elections[1]))
        gc_tuning.look_seldom()
    finally:
        gc.enable()
    with Progress("replaying", source.size) as progress:
        for done in relive.relive(source, replays):
            progress.show(done)
    outcomes = [replay.finish() for replay in replays]
    return Relived(source, elections, outcomes, replays[0].comparer)


def _compare(
    mine: Path, other: Path, elections: Sequence[Election], outcomes: Sequence[Outcome], language: str, as_json: bool
) -> None:
    contrasted, differing = contrast(*outcomes), changed(*elections)
    if as_json:
        sides = {
            side: {"file": str(path), "sha256": outcome.sha256}
            for side, path, outcome in zip("ab", (mine, other), outcomes, strict=True)
        }
        show_json({**sides, "changed": differing, **contrasted.plain()})
    else:
        summary.compare(console(), contrasted, (str(mine), str(other)), differing, language)
