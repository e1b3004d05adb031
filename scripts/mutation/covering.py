"""Which tests run which line: made once by `scripts/mutate cover`, so that few tests judge a mutation."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence

from coverage import CoverageData

from mutation.operators import Mutation
from mutation.table import ROOT
from mutation.trial import Stage

PLACE = ROOT / ".cache/mutation"
DATA = PLACE / "coverage"
SECONDS = PLACE / "seconds.json"

QUICK = (
    *("tests/core", "tests/config", "tests/report", "tests/delivery", "tests/support", "tests/nights"),
    *("tests/worker", "tests/kafka_layer", "tests/board/test_board.py", "tests/snapshots", "tests/test_times.py"),
    "tests/simulation/test_simulation.py::test_no_night_misses[0]",
)
"""What runs in the process of pytest, mostly, and so is known by line."""

BUDGETS = (10.0, 40.0, 150.0)
"""Seconds of the tests that judge one mutation: first the nearest, then more, then all that fit."""

SHORTENED = {"tests/simulation/test_simulation.py::test_no_night_misses": "[0]"}
"""Tests of which one case is enough."""

CONFIGURATION = """\
[run]
source = streams
relative_files = true
disable_warnings = no-data-collected
"""


def cover(tests: Sequence[str] = QUICK) -> None:
    """Run tests and note which lines each runs; what is known of others stays."""
    PLACE.mkdir(parents=True, exist_ok=True)
    configuration = PLACE / "coverage.ini"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    before = json.loads(SECONDS.read_text(encoding="utf-8")) if SECONDS.exists() else {}
    environment = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'scripts'}", "COTEJO_SECONDS": str(SECONDS)}
    coverage = ("-m", "coverage", "run", "--append", f"--rcfile={configuration}", f"--data-file={DATA}", "-m", "pytest")
    options = ("-q", "--tb=line", "-m", "not apache", "-p", "mutation.recording", "--hypothesis-seed=0")
    subprocess.run([sys.executable, *coverage, *options, *tests], cwd=ROOT, env=os.environ | environment, check=False)
    SECONDS.write_text(json.dumps(before | json.loads(SECONDS.read_text(encoding="utf-8"))), encoding="utf-8")


class Covering:
    """What `cover` has noted. Raises FileNotFoundError where nothing is."""

    def __init__(self) -> None:
        if not DATA.exists() or not SECONDS.exists():
            raise FileNotFoundError(f"no {DATA.relative_to(ROOT)}: run scripts/mutate cover first")
        self._data = CoverageData(str(DATA))
        self._data.read()
        self._seconds: dict[str, float] = json.loads(SECONDS.read_text(encoding="utf-8"))

    def stages(self, file: str, source: str, mutation: Mutation) -> Iterator[Stage]:
        """The tests that run the mutated statement, the nearest and quickest first. Those that run another line of
        the file judge what only runs while it is imported."""
        tests = self._tests(file, _lines(source, mutation.line))
        near = f"tests/{file.split('/', 1)[1].rpartition('/')[0]}".replace("tests/kafka", "tests/kafka_layer")
        ordered = sorted(tests, key=lambda test: (not test.startswith(near), self._seconds[test]))
        spent, taken = 0.0, 0
        for budget in BUDGETS:
            end = taken
            while end < len(ordered) and (end == taken == 0 or spent + self._seconds[ordered[end]] <= budget):
                spent += self._seconds[ordered[end]]
                end += 1
            if end > taken:
                chosen = tuple(test + SHORTENED.get(test, "") for test in ordered[taken:end])
                yield Stage(chosen, sum(self._seconds[test] for test in ordered[taken:end]))
            taken = end
            ordered[taken:] = sorted(ordered[taken:], key=self._seconds.__getitem__)

    def _tests(self, file: str, lines: range) -> set[str]:
        by_line = self._data.contexts_by_lineno(file)
        found = {test for line in lines for test in by_line.get(line, ())}
        if not found - {""}:
            found = {test for tests in by_line.values() for test in tests}
        return {test for test in found if test in self._seconds}


def _lines(source: str, line: int) -> range:
    """From the first line of the innermost statement that holds a line, to that line."""
    begins = [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return range(max(begins, default=line), line + 1)
