"""Simulates small nights, one under each seed (docs/simulation.md). Progress and misses go to stderr.

Exit code 1 if a night has missed. `--planted` puts faults into the code, one after another, and says after how many
seeds each is found; exit code 1 if one is not.
"""

import argparse
import logging
import sys
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests" / name) for name in ("simulation", "helpers")]
from planted import PLANTED, seeds_until_found  # noqa: E402
from simulation import run  # noqa: E402

EVERY = 10.0
"""Seconds between two lines of progress."""


def say(*words: object) -> None:
    print("simulate:", *words, file=sys.stderr, flush=True)


def simulate(first: int, seeds: int, most_missed: int) -> int:
    """Run these seeds, until so many have missed."""
    seen, missed, told, began = Counter[str](), 0, time.monotonic(), time.monotonic()
    for seed in range(first, first + seeds):
        found = run(seed)
        seen += found.seen
        if found.wrong:
            missed += 1
            say(found.told)
            if missed == most_missed:
                break
        if time.monotonic() - told >= EVERY:
            told = time.monotonic()
            say(f"{seed - first + 1:,} of {seeds:,} seeds, {missed} missed")
    done = seed - first + 1
    for name, count in sorted(seen.items()):
        print(f"{count:10,}  {name}")
    used, passed = time.process_time(), time.monotonic() - began
    say(f"{done:,} seeds from {first}, {missed} missed; {used:.0f} s of processor time, {passed:.0f} s in all")
    return 1 if missed else 0


def plant(most: int) -> int:
    """Print after how many seeds each planted fault is found, as rows of the table in docs/simulation.md."""
    lost = 0
    for planted in PLANTED:
        count = seeds_until_found(planted, most)
        lost += count is None
        found = count or f"not in {most}"
        print(f"| {planted.name} | {planted.origin} | {planted.focus or '-'} | {found} |", flush=True)
    return 1 if lost else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seeds", type=int, default=1000, help="how many nights; with --planted the most for each fault"
    )
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--misses", type=int, default=10, help="end after so many")
    parser.add_argument("--planted", action="store_true", help="put faults in, and find them")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)  # a killed worker leaves tasks that were never done
    return plant(given.seeds) if given.planted else simulate(given.first, given.seeds, given.misses)


sys.exit(main())
