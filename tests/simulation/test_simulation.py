"""Whole nights of the product's own stages under one seed each; `scripts/simulate` runs as many as you like."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

import pytest
from brokers import ROOT
from planted import PLANTED
from sim_faults import KINDS
from simulation import run

from streams.worker.fault_points import Point

SEEDS = 1000
PIECES = 8


@pytest.fixture(scope="module")
def beside() -> Iterator[ThreadPoolExecutor]:
    """Runs as many processes at a time as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield pool
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def pieces(beside: ThreadPoolExecutor) -> Sequence[Future[str]]:
    """By piece of the seeds, what its first night that misses tells, and what happened, as JSON."""
    code = "import json; from simulation import run_many; print(json.dumps(run_many(range({}, {}))))"
    bounds = [piece * SEEDS // PIECES for piece in range(PIECES + 1)]
    return [beside.submit(in_a_process, code.format(*pair)) for pair in pairwise(bounds)]


@pytest.fixture(scope="module")
def planted(beside: ThreadPoolExecutor) -> Sequence[Future[str]]:
    """By planted fault, after how many seeds it is found. Each has a process of its own: what one leaves behind may
    hide another."""
    code = "from planted import PLANTED, seeds_until_found; print(seeds_until_found(PLANTED[{}], 400))"
    return [beside.submit(in_a_process, code.format(place)) for place in range(len(PLANTED))]


@pytest.mark.parametrize("piece", range(PIECES))
def test_no_night_misses(piece: int, pieces: Sequence[Future[str]]) -> None:
    """Whatever goes wrong on the way: topics, memory and receivers have what an offline replay makes of the input, and
    nothing is committed past an event that is not finished."""
    told, _ = json.loads(pieces[piece].result())
    assert not told, told


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


def test_rare_paths_are_taken(pieces: Sequence[Future[str]]) -> None:
    """Each kind of fault and each fault point is reached in these seeds, and at each a worker is killed or frozen."""
    seen = Counter[str]()
    for piece in pieces:
        seen.update(json.loads(piece.result())[1])
    points = [point.name for point in Point]
    struck = [point.name for point in Point if not point.value.startswith("rare path")]
    wanted = [*KINDS, *points, "a send failed", "a worker ended by itself", "sends were left", "a stray record"]
    assert [name for name in wanted if not seen[name]] == []
    assert [name for name in struck if not seen[f"killed at {name}"] + seen[f"frozen at {name}"]] == []


@pytest.mark.parametrize("place", range(len(PLANTED)), ids=lambda place: PLANTED[place].name)
def test_planted_faults_are_found(place: int, planted: Sequence[Future[str]]) -> None:
    """A fault that is put back is found."""
    assert planted[place].result() != "None\n"


def test_a_seed_says_it_all() -> None:
    """A seed gives the same night, step by step: whatever ran before it in the process, wherever its objects lie in
    memory, and however texts are hashed. Killed workers leave nothing behind that Python warns of."""
    code = "from simulation import run; print(sorted((seed, run(seed).trace) for seed in {}))"
    ways = {"1": "range(20)", "2": "range(19, -1, -1)"}
    assert len({in_a_process(code.format(seeds), hashes) for hashes, seeds in ways.items()}) == 1


def in_a_process(code: str, hashes: str = "0") -> str:
    """What this code prints in a process of its own, with this seed for the hashes of texts; nothing may warn."""
    path = ":".join(str(ROOT / name) for name in ("tests/simulation", "tests/helpers", "."))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True,
        env={"PYTHONPATH": path, "PYTHONHASHSEED": hashes},
    )  # fmt: skip
    assert not done.stderr
    return done.stdout
