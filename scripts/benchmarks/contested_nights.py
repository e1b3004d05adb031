"""Nights whose official figures contradict the sheets, beside honest nights of the same size and as many bulletins.

Measured is the processor time of whole commands: `cotejo replay` of both nights side by side, one on each core; then
`cotejo report` and `cotejo log cat` of the contested one.
"""

import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from tempfile import TemporaryDirectory
from typing import Final

from brokers import ROOT
from msgspec import structs

from benchmarks.figures import Figure
from benchmarks.kept import kept, say, sources
from benchmarks.nights import SIMULATION
from streams.config.election_file import load
from streams.core.events.model import Bulletin, Event, TallyReport
from streams.nights.arrival import event_of
from streams.nights.eventlog import generated_night
from streams.nights.paths import NightFiles
from streams.nights.scenarios import venezuela2024_night

OPTIONS: Final = ("--seed", "5", "--witnessed", "0.9", "--municipalities", "30", "--official", "state")
SIMULATED: Final = {
    "simulated, 60 thousand reports, 25 areas": (*OPTIONS, "--tables", "30000", "--readers", "2", "--states", "24"),
    "simulated, a million tables, 38 areas": (*OPTIONS, "--tables", "1000000", "--states", "37"),
}
"""What `cotejo simulate` is told, by night; the contested one moves ten points from A to B everywhere."""
LARGE: Final = frozenset({"simulated, a million tables, 38 areas"})
"""Nights that are run once: a run takes a minute and a half."""
REAL: Final = ROOT / "../shared/data/venezuela2024"
"""Where the published sheets are, if somebody has put them there."""
MAP: Final = ROOT / "streams/nights/scenarios/venezuela2024.toml"
CODE: Final = ("nights/eventlog/*.py", "config/election_writer.py", "core/events/*.py", "nights/scenarios/*.py")


def run(repeats: int, place: pathlib.Path) -> list[Figure]:
    """Every pair of nights. `place` is a directory that keeps them."""
    figures = []
    for name, (contested, honest) in _pairs(place).items():
        runs = [_run(name, number, contested, honest) for number in range(1 if name in LARGE else repeats)]
        replay, quiet, report, cat = zip(*runs, strict=True)
        figures += [
            Figure.paired(f"{name}: replay", "CPU s", replay, "the honest night", quiet),
            Figure.paired(f"{name}: report", "CPU s", report, "its replay", replay),
            Figure.paired(f"{name}: replay beside log cat", "CPU s", replay, "log cat", cat),
        ]
    return figures


def _run(name: str, number: int, contested: pathlib.Path, honest: pathlib.Path) -> tuple[float, float, float, float]:
    say(f"contested, {name}, run {number + 1}")
    with TemporaryDirectory(prefix="cotejo-bench-") as place, ThreadPoolExecutor(2) as both:
        page = pathlib.Path(place) / "report.html"
        replay, quiet = both.map(cpu, (("replay", contested, "--json"), ("replay", honest, "--json")))
        report, cat = both.map(cpu, (("report", contested, "--out", page), ("log", "cat", contested)))
        return replay, quiet, report, cat


def _pairs(place: pathlib.Path) -> dict[str, tuple[pathlib.Path, pathlib.Path]]:
    """By name, a contested night and its honest counterpart."""
    nights, code = dict[str, tuple[pathlib.Path, pathlib.Path]](), sources(*CODE)
    kinds = [("Venezuela 2024, reconstructed", "Venezuela-2024", reconstruct)]
    if REAL.exists():
        kinds.append(("Venezuela 2024, the published sheets", "Venezuela-2024-sheets", publish))
    for name, slug, make in kinds:
        source = pathlib.Path(__file__), *code, *sorted(REAL.glob("*.csv"))
        nights[name] = (
            kept(place, slug, source, partial(make, list)),
            kept(place, f"{slug}-honest", source, partial(make, as_witnessed)),
        )
    for name, options in SIMULATED.items():
        slug = name.replace(", ", "-").replace(" ", "-")
        made_ = []
        for kind, shift in (("contested", "10"), ("honest", "0")):
            recipe = options, shift, *sources(*SIMULATION), *code
            made_.append(kept(place, f"{slug}-{kind}", recipe, partial(_simulate, (*options, "--shift", shift))))
        nights[name] = made_[0], made_[1]
    return nights


def publish(change: Callable[[list[Event]], list[Event]], out: pathlib.Path) -> None:
    """Write the night of the published sheets, with its events changed."""
    with TemporaryDirectory(prefix="cotejo-bench-") as place:
        night = pathlib.Path(place) / "night"
        _cotejo("import", "run", MAP, "--data", REAL, "--out", night)
        events = [event_of(arrival) for arrival in NightFiles.of([night]).arrivals()]
        generated_night.write(out, load(night), change(events), "scripts/bench")


def reconstruct(change: Callable[[list[Event]], list[Event]], out: pathlib.Path) -> None:
    """Write the bundled night, with its events changed."""
    election, events = venezuela2024_night.night()
    generated_night.write(out, election, change(events), "scripts/bench")


def as_witnessed(events: list[Event]) -> list[Event]:
    """The same night with bulletins of as many votes in the shares that the sheets have, all of them together."""
    sums: dict[str, int] = {}
    for event in events:
        for option, votes in event.votes.items() if isinstance(event, TallyReport) else ():
            sums[option] = sums.get(option, 0) + votes
    return [_honest(event, sums) if isinstance(event, Bulletin) else event for event in events]


def _honest(bulletin: Bulletin, sums: dict[str, int]) -> Bulletin:
    valid, whole = sum(bulletin.votes.values()), sum(sums.values())
    votes = {name: round(valid * sums[name] / whole) for name in bulletin.votes if name in sums}
    for group in bulletin.votes.keys() - sums.keys():  # there is one at most: all that is left
        votes[group] = valid - sum(votes.values())
    total = None if bulletin.valid is None else sum(votes.values())
    ballots = bulletin.ballots if total is None else total + (bulletin.null or 0)
    return structs.replace(bulletin, votes=votes, valid=total, ballots=ballots, announced_shares={})


def cpu(command: Sequence[object]) -> float:
    """Seconds of processor time that a command of ours takes. Raises CalledProcessError where it fails."""
    words = [sys.executable, "-m", "streams", *map(str, command)]
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, words)
    return used.ru_utime + used.ru_stime


def _simulate(options: tuple[str, ...], out: pathlib.Path) -> None:
    _cotejo("simulate", *options, "--out", out)


def _cotejo(*words: object) -> None:
    subprocess.run([sys.executable, "-m", "streams", *map(str, words)], stdout=subprocess.DEVNULL, check=True)
