"""What Cotejo says of nights whose truth is known, as the lines of a table (docs/evidence.md).

    scripts/evidence honest [NIGHTS]          honest simulated nights: what is called all the same
    scripts/evidence detection [NIGHTS]       an official count that was shifted: how often it is called
    scripts/evidence liars [NIGHTS]           forged readings: how far they move an area
    scripts/evidence sample [NIGHTS]          a random sample, sheets missing: what excludes the truth, what is seen
    scripts/evidence unseen [SHARE]           real electorates, tables left unseen in every way: what is called
    scripts/evidence villages [SHARE]         the same, the strongholds village by village: where the rule ends
    scripts/evidence moved [SHARE]            real electorates, an official count that was shifted
    scripts/evidence indonesia DIRECTORY      the election that `cotejo import` made of Indonesia 2019
    scripts/evidence venezuela DIRECTORY      the campaign's releases in the order of their dates

Rows go to stdout, progress to stderr. Simulated nights are seeded 1, 2, 3... `unseen`, `villages` and `moved` read the
real electorates below the directory COTEJO_DATA; SHARE (0-1, default 1) of the nights is judged.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from evidence_tables import detection, honest, indonesia, liars, sample, unseen, venezuela


def main() -> None:
    """Print the table that the command line names."""
    what, *given = sys.argv[1:] or ["help"]
    simulated: dict[str, Callable[..., None]] = {
        "honest": honest.show,
        "detection": detection.show,
        "liars": liars.show,
        "sample": sample.show,
    }
    real: dict[str, Callable[..., None]] = {
        "unseen": unseen.show,
        "villages": unseen.show_villages,
        "moved": unseen.show_moved,
    }
    if what in simulated and len(given) <= 1:
        simulated[what](*map(int, given))
    elif what in real and len(given) <= 1:
        if "COTEJO_DATA" not in os.environ:
            raise SystemExit("COTEJO_DATA is not set: name the directory of the real electorates")
        real[what](Path(os.environ["COTEJO_DATA"]), *map(float, given))
    elif what == "indonesia" and len(given) == 1:
        indonesia.show(Path(given[0]))
    elif what == "venezuela" and len(given) == 1:
        venezuela.show(Path(given[0]))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
