"""Nights whose official figures contradict the sheets, beside honest nights of the same size and as many bulletins.

Measured is the processor time of whole commands, which take turns: `cotejo replay`, `cotejo report`, `cotejo log cat`.
"""

import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import structs

from benchmarks.figures import Figure
from benchmarks.kept import kept, say, sources
from benchmarks.nights import SIMULATION
from streams.core.events.model import Bulletin, Event, TallyReport
from streams.nights.eventlog import made
from streams.nights.scenarios import venezuela2024_night

OPTIONS: Final = ("--seed", "5", "--witnessed", "0.9", "--municipalities", "30", "--official", "state")
SIMULATED: Final = {
    "simulated, 60 thousand reports, 25 areas": (*OPTIONS, "--tables", "30000", "--readers", "2", "--states", "24"),
    "simulated, a million tables, 38 areas": (*OPTIONS, "--tables", "1000000", "--states", "37"),
}
"""What `cotejo simulate` is told, by night; the contested one moves ten points from A to B everywhere."""
CODE: Final = ("nights/eventlog/*.py", "config/election_writer.py", "core/events/*.py", "nights/scenarios/*.py")


def run(repeats: int, place: pathlib.Path) -> list[Figure]:
    """Every pair of nights. `place` is a directory that keeps them."""
    figures = []
    for name, (contested, honest) in _pairs(place).items():
        runs = [_turn(name, number, contested, honest) for number in range(repeats)]
        replay, quiet, report, cat = zip(*runs, strict=True)
        figures += [
            Figure.paired(f"{name}: replay", "CPU s", replay, "the honest night", quiet),
            Figure.paired(f"{name}: report", "CPU s", report, "its replay", replay),
            Figure.paired(f"{name}: replay beside log cat", "CPU s", replay, "log cat", cat),
        ]
    return figures


def _turn(name: str, number: int, contested: pathlib.Path, honest: pathlib.Path) -> tuple[float, float, float, float]:
    say(f"contested, {name}, run {number + 1}")
    with TemporaryDirectory(prefix="cotejo-bench-") as place:
        return (
            cpu("replay", contested, "--json"),
            cpu("replay", honest, "--json"),
            cpu("report", contested, "--out", pathlib.Path(place) / "report.html"),
            cpu("log", "cat", contested),
        )


def _pairs(place: pathlib.Path) -> dict[str, tuple[pathlib.Path, pathlib.Path]]:
    """By name, a contested night and its honest counterpart."""
    pairs = {}
    code = sources(*CODE)
    for name, change in (("Venezuela-2024", list), ("Venezuela-2024-honest", as_witnessed)):
        pairs[name] = kept(place, name, (pathlib.Path(__file__), *code), partial(reconstruct, change))
    nights = {"Venezuela 2024, reconstructed": (pairs["Venezuela-2024"], pairs["Venezuela-2024-honest"])}
    for name, options in SIMULATED.items():
        slug = name.replace(", ", "-").replace(" ", "-")
        made_ = []
        for kind, shift in (("contested", "10"), ("honest", "0")):
            recipe = options, shift, *sources(*SIMULATION), *code
            made_.append(kept(place, f"{slug}-{kind}", recipe, partial(_simulate, (*options, "--shift", shift))))
        nights[name] = made_[0], made_[1]
    return nights


def reconstruct(change: Callable[[list[Event]], list[Event]], out: pathlib.Path) -> None:
    """Write the bundled night, with its events changed."""
    election, events = venezuela2024_night.night()
    made.write(out, election, change(events), "scripts/bench")


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


def cpu(*command: object) -> float:
    """Seconds of processor time that a command of ours takes. Raises CalledProcessError where it fails."""
    words = [sys.executable, "-m", "streams", *map(str, command)]
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, words)
    return used.ru_utime + used.ru_stime


def _simulate(options: tuple[str, ...], out: pathlib.Path) -> None:
    command = [sys.executable, "-m", "streams", "simulate", *options, "--out", str(out)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
