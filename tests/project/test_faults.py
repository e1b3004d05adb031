"""The planted faults: each still applies, and tests judge it. `scripts/mutate planted` shows that they notice it."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from brokers import ROOT
from coverage import CoverageData
from mutation import covering
from mutation.covering import Covering
from mutation.operators import Mutation, mutations
from mutation.results import DOCS, Result, results, table, written
from mutation.table import Fault, aims, judges_of

FAULTS = [pytest.param(fault, id=f"{aim.name}: {fault.what[:60]}") for aim in aims() for fault in aim.faults]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_can_be_put_in(fault: Fault) -> None:
    """What it replaces stands once in its file, the file remains Python, and there are tests to notice it.

    Where the code has changed: write the fault anew, or delete it if nobody can make it any more.
    """
    before = (ROOT / fault.file).read_text(encoding="utf-8")
    assert ast.dump(ast.parse(fault.applied(before))) != ast.dump(ast.parse(before))
    assert fault.judges
    assert all((ROOT / test.partition("::")[0]).is_file() for test in fault.judges)


def test_faults_are_told_apart() -> None:
    """No two are the same, and each says in a sentence what it is."""
    faults = [fault for aim in aims() for fault in aim.faults]
    assert len({(fault.file, fault.old, fault.new) for fault in faults}) == len(faults) >= 100
    assert all(fault.what.endswith(".") for fault in faults)


def test_a_fault_that_does_not_apply() -> None:
    """Two places, or none, are an error that names the file and the text."""
    fault = Fault("It says so.", "a.py", "x", "y")
    assert fault.applied("a x b") == "a y b"
    for source in ("a b", "x x"):
        with pytest.raises(ValueError, match=r"a\.py: [02] places, not one, read 'x'"):
            fault.applied(source)
    with pytest.raises(LookupError, match=r"names no tests for streams/nowhere\.py"):
        judges_of("streams/nowhere.py")


SOURCE = '''"""A module."""
LIMIT = 3


def step(items: list[int], self: object, ñ: int = 1) -> int:
    """A docstring."""
    if not items and ñ <= LIMIT:
        self.count += 1
        self.note("ñ")
    for item in items:
        if item > 0: continue
    return max(items) + (ñ - 1)
'''

MUTATED = {
    "comparison: <= -> <": "ñ < LIMIT",
    "comparison: > -> >=": "item >= 0",
    "and, or": "not items or ñ",
    "negation": "if bool(items) and",
    "constant": "LIMIT = (3 + 1)",
    "condition": "if not (not items and ñ <= LIMIT):",
    "dropped": '        pass\n        self.note("ñ")',
    "order": '        self.note("ñ")\n        self.count += 1',
    "jump": "if item > 0: break",
    "function": "return min(items)",
    "arithmetic": "max(items) - (ñ - 1)",
}


@pytest.mark.parametrize("kind", MUTATED)
def test_mutations(kind: str) -> None:
    """Each kind of slip is found, and changes what it should and nothing else."""
    results = [one.applied(SOURCE) for one in mutations(SOURCE) if one.kind == kind.partition(":")[0]]
    (changed,) = (text for text in results if MUTATED[kind] in text)
    assert len(set(changed.splitlines()) ^ set(SOURCE.splitlines())) <= 2 or kind in ("dropped", "order")


def test_every_mutation_is_python() -> None:
    """Of a module of the product, as of the small one."""
    for source in (SOURCE, (ROOT / "streams/core/alerting/delivery_policy.py").read_text(encoding="utf-8")):
        texts = [mutation.applied(source) for mutation in mutations(source)]
        assert all(ast.dump(ast.parse(text)) != ast.dump(ast.parse(source)) for text in texts)
        assert len(set(texts)) == len(texts) > 10


TRIAL = """
from mutation.trial import Stage, scratch

with scratch() as trial:
    (trial.place / "tests/test_wrong.py").write_text("def test_it(): assert False")
    source, stages = trial.text("streams/times.py"), [Stage((f"tests/test_{name}.py",)) for name in ("wrong", "times")]
    for text in (source.replace("1000", "1001"), source + "# the end"):
        print(trial.judge("streams/times.py", text, stages).by.partition("[")[0])
"""


def test_a_trial() -> None:
    """A fault is noticed by a test that fails on it, in a process of its own, and not by one that fails anyway; and
    none is left."""
    command = [sys.executable, "-c", TRIAL]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")}, capture_output=True, text=True
    )
    noticed, unmoved = done.stdout.split("\n")[:2]
    assert noticed.startswith("tests/test_times.py::"), done.stderr
    assert unmoved == ""
    assert done.stderr == "tests/test_wrong.py::test_it fails without any fault\n" * 2


def test_mutations_at_random() -> None:
    """Somebody has judged each that no test noticed, and docs/testing.md counts them all."""
    tried = results()
    assert [one for one in tried if not one.by and not (one.judged and one.why)] == []
    assert [one for one in tried if one.judged and one.by] == []
    text = DOCS.read_text(encoding="utf-8")
    assert written(text) == text


def test_a_table_of_mutations() -> None:
    """A row for each package, most tried first, one for each sample, then all; what is harmless counts neither way. A
    hole that was closed was not noticed at first."""
    noticed = Result(1, "streams/core/a.py", 1, "x  ->  y", by="tests/t.py::test")
    unnoticed = Result(1, "streams/cli/a.py", 1, "x  ->  y")
    harmless, closed, left = (
        msgspec.structs.replace(unnoticed, judged=judged, seed=2) for judged in ("harmless", "closed", "left")
    )
    assert table([noticed, noticed, noticed, harmless, left, closed, unnoticed]).splitlines()[2:] == [
        "| cli | 4 | 0 | 1 | 1 | 2 | 0 % | 33 % |",
        "| core | 3 | 3 | 0 | 0 | 0 | 100 % | 100 % |",
        "| seed 1 | 4 | 3 | 0 | 0 | 1 | 75 % | 75 % |",
        "| seed 2 | 3 | 0 | 1 | 1 | 1 | 0 % | 50 % |",
        "| **all** | 7 | 3 | 1 | 1 | 2 | 50 % | 67 % |",
    ]


COVERED = """
def step(count):
    if count > 1:
        return [
            count,
            2,
        ]
    return []
"""


def test_tests_that_run_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutation is judged by the tests that run its statement, the nearest first, and then the quickest; one in a line
    that only runs while the file is imported by those that run any line of it."""
    seconds = {"tests/core/test_b.py::test_slow": 6.0, "tests/core/test_b.py::test_quick": 1.0,
               "tests/cli/test_c.py::test_far": 0.5, "tests/core/test_b.py::test_slowest": 99.0}  # fmt: skip
    data = CoverageData(str(tmp_path / "coverage"))
    lines = {"": [2], **{test: [3, 4, 6] for test in seconds}, "tests/cli/test_c.py::test_other": [3, 8]}
    for test, run in lines.items():
        data.set_context(test)
        data.add_lines({"streams/core/a.py": run})
    data.write()
    (tmp_path / "seconds.json").write_text(json.dumps(seconds | {"tests/cli/test_c.py::test_other": 0.1}))
    monkeypatch.setattr(covering, "DATA", tmp_path / "coverage")
    monkeypatch.setattr(covering, "SECONDS", tmp_path / "seconds.json")
    stages = {
        line: [stage.tests for stage in Covering().stages("streams/core/a.py", COVERED, Mutation("", line, 0, 0, ""))]
        for line in (2, 6, 8)
    }
    slow, quick, far, slowest = seconds
    other = "tests/cli/test_c.py::test_other"
    assert stages == {
        2: [(quick, slow), (other, far), (slowest,)],
        6: [(quick, slow), (far,), (slowest,)],
        8: [(other,)],
    }
