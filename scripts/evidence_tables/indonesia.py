"""Indonesia 2019, as `cotejo import` makes it: two counts that agree."""

import sys
from collections import Counter
from pathlib import Path

from streams.config.election_file import load
from streams.core.replay.explainer import Explainer, RejectedEvents
from streams.nights.source import open_night, relive
from streams.support.progress import Progress


def show(directory: Path) -> None:
    """Print what was compared and what was called, and write every differing station to a file."""
    night, rejected = open_night([directory]), RejectedEvents()
    election = load(night.election)
    replay = night.replay(election, watch_rejections=rejected)
    with Progress("events", night.size) as progress:
        for done in relive(night, [replay]):
            progress.show(done)
    outcome = replay.finish()
    turned_away = {code: refusals.count for code, refusals in outcome.rejected.items()}
    notices, matching = outcome.notices, outcome.states["ID"].tables_announced
    assert matching is not None
    fired = Counter((n.finding.rule, n.severity) for n in notices if n.status == "firing" and n.finding.area == "ID")
    below = Counter((n.finding.rule, n.severity) for n in notices if n.status == "firing" and n.finding.area != "ID")
    agree = 1 - matching.differing / matching.compared
    print("| Indonesia 2019 | |")
    print("|---|---|")
    print(f"| stations read, by level of evidence | {dict(outcome.states['ID'].witnessed.levels)} |")
    print(f"| readings turned away | {turned_away} |")
    print(f"| stations with an official figure, with both | {matching.announced:,}, {matching.compared:,} |")
    print(f"| of them agree | {agree:.3%} |")
    print(f"| differ, net shift (official less sheet) | {matching.differing:,}, {matching.shift} |")
    print(f"| alerts, nation | {dict(fired) or 'none'} |")
    print(f"| alerts, below | {dict(below) or 'none'} |")
    listed = directory / "differing.csv"
    differing = Explainer(election, replay, outcome, rejected).differing(election.root.id)
    listed.write_text("".join(f"{line}\n" for line in differing.csv()), encoding="utf-8")
    print(f"differing stations: {listed}", file=sys.stderr)
