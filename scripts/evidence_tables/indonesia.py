"""Indonesia 2019, as `cotejo import csv` makes it: two counts that agree."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from streams.config.election_file import load
from streams.core.alerting.alert import Notice
from streams.core.engine.monitor import Monitor
from streams.core.events.model import Event, Rejection
from streams.nights.paths import Arrivals
from streams.support.progress import Progress


def events(directory: Path) -> Iterator[Event]:
    """The events of a night on disk, in the order of their arrival."""
    arrivals = Arrivals([directory])
    with Progress("events", arrivals.size) as progress:
        for arrival in progress.over(arrivals):
            if isinstance(arrival.event, Rejection):
                raise SystemExit(f"{arrival.place}: {arrival.event}")
            yield arrival.event


def show(directory: Path) -> None:
    """Print what was compared and what was called, and write every differing station to a file."""
    election = load(directory / "election.toml")
    monitor, notices, turned_away = Monitor(election), list[Notice](), Counter[str]()
    for event in events(directory):
        effects = monitor.handle(event)
        notices += effects.notices
        if effects.rejection is not None:
            turned_away[effects.rejection.code] += 1
    notices += monitor.finish()
    matching = monitor.states()["ID"]["tables_announced"]
    fired = Counter((n.finding.rule, n.severity) for n in notices if n.status == "firing" and n.finding.area == "ID")
    below = Counter((n.finding.rule, n.severity) for n in notices if n.status == "firing" and n.finding.area != "ID")
    agree = 1 - matching["differing"] / matching["compared"]
    print("| Indonesia 2019 | |")
    print("|---|---|")
    print(f"| stations read, by level of evidence | {dict(monitor.states()['ID']['witnessed']['levels'])} |")
    print(f"| readings turned away | {dict(turned_away)} |")
    print(f"| stations with an official figure, with both | {matching['announced']:,}, {matching['compared']:,} |")
    print(f"| of them agree | {agree:.3%} |")
    print(f"| differ, net shift (official less sheet) | {matching['differing']:,}, {matching['shift']} |")
    print(f"| alerts, nation | {dict(fired) or 'none'} |")
    print(f"| alerts, below | {dict(below) or 'none'} |")
    listed = directory / "differing.csv"
    with listed.open("w", encoding="utf-8") as file:
        names = [option.id for option in election.options]
        print("table", *(f"sheet_{n}" for n in names), *(f"official_{n}" for n in names), sep=",", file=file)
        for table, official, verdict in monitor.differing():
            print(table, *(verdict.votes or ()), *official.votes[: len(names)], sep=",", file=file)
    print(f"differing stations: {listed}", file=sys.stderr)
