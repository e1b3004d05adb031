"""Whether the tests notice a fault. Faults are put into a scratch copy of the project, one at a time.

    scripts/mutate planted [WORD...]          the faults of tests/faults; with words those whose aim, file or sentence
                                              has one of them
    scripts/mutate random SEED COUNT [GLOB]   so many mutations at random places of the files that
                                              tests/faults/modules.toml names, or of those that match

Each line says what became of one fault, the last how many were noticed; a fault that was not makes the exit code 1.
"""

import random
import sys
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

from mutation.operators import Mutation, mutations
from mutation.table import ROOT, aims, judges_of
from mutation.trial import Outcome, Trial, scratch


def planted(words: Iterable[str]) -> int:
    """Judge the kept faults. Returns how many were not noticed."""
    wanted = [word.lower() for word in words]
    chosen = [
        (aim.name, fault)
        for aim in aims()
        for fault in aim.faults
        if not wanted or any(word in f"{aim.name} {fault.file} {fault.what}".lower() for word in wanted)
    ]
    missed = 0
    with scratch() as trial:
        for number, (aim, fault) in enumerate(chosen, 1):
            outcome = trial.judge(fault.file, fault.applied(trial.text(fault.file)), fault.judges)
            missed += not outcome.noticed
            _tell(number, len(chosen), f"{aim}: {fault.what}", fault.file, outcome)
    print(f"{len(chosen) - missed} of {len(chosen)} noticed")
    return missed


def at_random(seed: int, count: int, pattern: str = "*") -> int:
    """Judge mutations at random places, files by the number of their places. Returns how many were not noticed."""
    missed = 0
    with scratch() as trial:
        places = [place for place in _places(trial) if fnmatch(place[0], pattern)]
        chosen = random.Random(seed).sample(places, min(count, len(places)))
        for number, (file, source, mutation) in enumerate(chosen, 1):
            outcome = trial.judge(file, mutation.applied(source), judges_of(file))
            missed += not outcome.noticed
            what = f"{mutation.kind}: {mutation.shown(source)}"
            _tell(number, len(chosen), what, f"{file}:{mutation.line}", outcome)
    print(f"{len(chosen) - missed} of {len(chosen)} noticed")
    return missed


def _places(trial: Trial) -> Iterator[tuple[str, str, Mutation]]:
    """Every mutation of every file that some tests judge, with the file's text."""
    for path in sorted((ROOT / "streams").rglob("*.py")):
        file = str(path.relative_to(ROOT))
        try:
            judges_of(file)
        except LookupError:
            continue
        source = trial.text(file)
        for mutation in mutations(source):
            yield file, source, mutation


def _tell(number: int, count: int, what: str, where: str, outcome: Outcome) -> None:
    became = f"noticed by {outcome.by}" if outcome.noticed else "NOT NOTICED"
    print(f"{number}/{count} {where}\n    {what}\n    {became} ({outcome.seconds:.0f} s)", flush=True)


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["planted", *words]:
            missed = planted(words)
        case ["random", seed, count, *pattern] if seed.isdecimal() and count.isdecimal() and len(pattern) <= 1:
            missed = at_random(int(seed), int(count), *pattern)
        case _:
            raise SystemExit(__doc__)
    raise SystemExit(missed > 0)


if __name__ == "__main__":
    main()
