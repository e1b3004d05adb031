"""Whether the tests notice a fault. Faults are put into a scratch copy of the project, one at a time.

    scripts/mutate planted [WORD...]          the faults of tests/faults; with words those whose aim, file or sentence
                                              has one of them
    scripts/mutate cover [TEST...]            notes which tests run which lines, which takes a while; later only for
                                              those tests that have changed
    scripts/mutate random SEED COUNT [GLOB]   so many mutations at random places of the product, or of the files that
                                              match; they are added to tests/faults/random.jsonl. What stands there
                                              of the same seed is not tried again: a run that was stopped goes on
    scripts/mutate again [WORD...]            those of tests/faults/random.jsonl that nothing noticed when they were
                                              tried; with words those whose file, change or reason has one of them
    scripts/mutate table                      writes what became of them into docs/testing.md

Each line says what became of one fault, the last how many were noticed; a fault that was not makes the exit code 1.
"""

import random
import sys
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

from mutation.covering import QUICK, Covering, cover
from mutation.operators import Mutation, mutations
from mutation.results import DOCS, Result, add, results, written
from mutation.table import ROOT, aims, wide_judges_of
from mutation.trial import Outcome, Stage, Trial, scratch


def planted(words: Iterable[str]) -> int:
    """Judge the kept faults. Returns how many were not noticed."""
    chosen = [(aim.name, fault) for aim in aims() for fault in aim.faults]
    chosen = [(aim, fault) for aim, fault in chosen if _named(words, aim, fault.file, fault.what)]
    missed = 0
    with scratch() as trial:
        for number, (aim, fault) in enumerate(chosen, 1):
            stages = [Stage((test,)) for test in fault.judges]
            outcome = trial.judge(fault.file, fault.applied(trial.text(fault.file)), stages)
            missed += not outcome.noticed
            _tell(number, len(chosen), f"{aim}: {fault.what}", fault.file, outcome)
    print(f"{len(chosen) - missed} of {len(chosen)} noticed")
    return missed


def at_random(seed: int, count: int, pattern: str = "*") -> int:
    """Judge mutations at random places, files by the number of their places. Returns how many were not noticed."""
    missed = 0
    covering = Covering()
    before = {(one.seed, one.file, one.line, one.change): one for one in results()}
    with scratch(QUICKLY) as trial:
        places = [place for place in _places(trial) if fnmatch(place[0], pattern)]
        chosen = random.Random(seed).sample(places, min(count, len(places)))
        for number, (file, source, mutation) in enumerate(chosen, 1):
            what = f"{mutation.kind}: {mutation.shown(source)}"
            if tried := before.get((seed, file, mutation.line, what)):
                missed += not tried.by
                continue
            outcome = trial.judge(file, mutation.applied(source), _stages(covering, file, source, mutation))
            missed += not outcome.noticed
            add(Result(seed, file, mutation.line, what, outcome.by))
            _tell(number, len(chosen), what, f"{file}:{mutation.line}", outcome)
    print(f"{len(chosen) - missed} of {len(chosen)} noticed")
    return missed


def again(words: Iterable[str]) -> int:
    """Judge once more what was not noticed. Returns how many still are not."""
    chosen = [one for one in results() if not one.by and _named(words, one.file, one.change, one.why)]
    missed = 0
    covering = Covering()
    with scratch(QUICKLY) as trial:
        for number, one in enumerate(chosen, 1):
            source = trial.text(one.file)
            mutation = next(_same(source, one), None)
            if mutation is None:
                print(f"{number}/{len(chosen)} {one.file}\n    {one.change}\n    the code has changed", flush=True)
                continue
            outcome = trial.judge(one.file, mutation.applied(source), _stages(covering, one.file, source, mutation))
            missed += not outcome.noticed
            _tell(number, len(chosen), one.change, f"{one.file}:{mutation.line}", outcome)
    print(f"{len(chosen) - missed} of {len(chosen)} noticed")
    return missed


QUICKLY = ("-m", "not apache")
"""What pytest leaves out when mutations at random are judged."""


def _stages(covering: Covering, file: str, source: str, mutation: Mutation) -> Iterator[Stage]:
    """The tests that run the place, then those of the whole package."""
    yield from covering.stages(file, source, mutation)
    yield from (Stage((test,)) for test in wide_judges_of(file))


def _places(trial: Trial) -> Iterator[tuple[str, str, Mutation]]:
    """Every mutation of every file of the product, with the file's text."""
    for path in sorted((ROOT / "streams").rglob("*.py")):
        file = str(path.relative_to(ROOT))
        source = trial.text(file)
        for mutation in mutations(source):
            yield file, source, mutation


def _same(source: str, one: Result) -> Iterator[Mutation]:
    """A mutation that was tried, in the code of today: the same change, as near to its line as can be."""
    same = (mutation for mutation in mutations(source) if f"{mutation.kind}: {mutation.shown(source)}" == one.change)
    yield from sorted(same, key=lambda mutation: abs(mutation.line - one.line))


def _named(words: Iterable[str], *texts: str) -> bool:
    """Whether one of the texts has one of the words, or there are no words."""
    wanted = [word.lower() for word in words]
    return not wanted or any(word in " ".join(texts).lower() for word in wanted)


def _tell(number: int, count: int, what: str, where: str, outcome: Outcome) -> None:
    became = f"noticed by {outcome.by}" if outcome.noticed else "NOT NOTICED"
    print(f"{number}/{count} {where}\n    {what}\n    {became} ({outcome.seconds:.0f} s)", flush=True)


def main() -> None:
    """Do what the command line says."""
    missed = 0
    match sys.argv[1:]:
        case ["planted", *words]:
            missed = planted(words)
        case ["cover", *tests]:
            cover(tests or QUICK)
        case ["random", seed, count, *pattern] if seed.isdecimal() and count.isdecimal() and len(pattern) <= 1:
            missed = at_random(int(seed), int(count), *pattern)
        case ["again", *words]:
            missed = again(words)
        case ["table"]:
            DOCS.write_text(written(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
        case _:
            raise SystemExit(__doc__)
    raise SystemExit(missed > 0)


if __name__ == "__main__":
    main()
