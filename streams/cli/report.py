"""`cotejo report`: the post-mortem of a night as one page."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import KeepGoing, Language, NightPaths, group, plainly
from streams.cli.replay import Other, lived
from streams.core.election.model import Election
from streams.core.replay.alert_history import contrast
from streams.core.replay.timeline import Chronicle
from streams.report import summary
from streams.support.atomic_file import whole
from streams.support.terminal import show

commands = group("")


@commands.command()
def report(
    night: NightPaths,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write (HTML).")],
    compare: Other = None,
    keep_going: KeepGoing = False,
    lang: Language = "en",
) -> None:
    """Write a night's post-mortem: one page that needs no network, the same bytes each time."""
    from streams.report import page

    with plainly():
        chronicles: list[Chronicle] = []

        def follow(election: Election) -> Chronicle:
            chronicles.append(Chronicle(election))
            return chronicles[-1]

        source, elections, outcomes, comparer = lived(night, compare, keep_going, follow)
        (chronicle,) = chronicles
        chronicle.finish(comparer)
        own = page.Night(
            elections[0],
            outcomes[0],
            chronicle.series,
            comparer.bulletins,
            source.inputs(),
            source.made_by(),
            source.edited(),
        )
        other = None
        if compare is not None:
            other = page.Other(compare.name, elections[1], outcomes[1], contrast(*outcomes))
        with whole(out) as file:
            file.write(page.render(own, lang, other).encode())
        show(f"{out}: {summary.say('hash', lang, hash=outcomes[0].sha256)}")
