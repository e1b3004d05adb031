"""Whole nights of the product's own stages under one seed each; `scripts/simulate` runs as many as you like."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from brokers import ROOT
from planted import PLANTED
from sim_faults import KINDS
from simulation import run

from streams.worker.fault_points import Point

SEEDS = 1000
PIECES = 10


@pytest.fixture(scope="module")
def seen() -> Counter[str]:
    """What happened in all seeds so far."""
    return Counter()


@pytest.mark.parametrize("piece", range(PIECES))
def test_no_night_misses(piece: int, seen: Counter[str]) -> None:
    """Whatever goes wrong on the way: topics, memory and receivers have what an offline replay makes of the input, and
    nothing is committed past an event that is not finished."""
    for seed in range(piece * SEEDS // PIECES, (piece + 1) * SEEDS // PIECES):
        found = run(seed)
        assert not found.wrong, found.told
        seen += found.seen


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(1866, id="a flush takes longer than the group waits"),
        pytest.param(3261, id="a worker is told to end while partitions change hands"),
    ],
)
def test_what_has_missed_misses_no_more(seed: int) -> None:
    """Nights beyond those that always run, each of which has shown a fault."""
    found = run(seed)
    assert not found.wrong, found.told


def test_rare_paths_are_taken(seen: Counter[str]) -> None:
    """Each kind of fault and each fault point is reached in these seeds, and at each a worker is killed or frozen."""
    if not seen:  # by itself, without the tests before
        for seed in range(SEEDS):
            seen += run(seed).seen
    points = [point.name for point in Point]
    struck = [point.name for point in Point if not point.value.startswith("rare path")]
    wanted = [*KINDS, *points, "a send failed", "a worker ended by itself", "sends were left", "a stray record"]
    assert [name for name in wanted if not seen[name]] == []
    assert [name for name in struck if not seen[f"killed at {name}"] + seen[f"frozen at {name}"]] == []


@pytest.mark.parametrize("place", range(len(PLANTED)), ids=lambda place: PLANTED[place].name)
def test_planted_faults_are_found(place: int) -> None:
    """A fault that is put back is found. Each has a process of its own: what one leaves behind may hide another."""
    code = f"from planted import PLANTED, seeds_until_found; print(seeds_until_found(PLANTED[{place}], 400))"
    assert in_a_process(code, "0") != "None\n"


def test_a_seed_says_it_all() -> None:
    """A seed gives the same night, step by step: whatever ran before it in the process, wherever its objects lie in
    memory, and however texts are hashed. Killed workers leave nothing behind that Python warns of."""
    code = "from simulation import run; print(sorted((seed, run(seed).trace) for seed in {}))"
    ways = {"1": "range(20)", "2": "range(19, -1, -1)"}
    assert len({in_a_process(code.format(seeds), hashes) for hashes, seeds in ways.items()}) == 1


def in_a_process(code: str, hashes: str) -> str:
    """What this code prints in a process of its own, with this seed for the hashes of texts; nothing may warn."""
    path = ":".join(str(ROOT / name) for name in ("tests/simulation", "tests/helpers", "."))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True,
        env={"PYTHONPATH": path, "PYTHONHASHSEED": hashes},
    )  # fmt: skip
    assert not done.stderr
    return done.stdout
