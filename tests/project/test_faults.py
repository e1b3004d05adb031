"""The planted faults: each still applies, and tests judge it. `scripts/mutate planted` shows that they notice it."""

import ast

import pytest
from brokers import ROOT
from mutation.operators import mutations
from mutation.table import Fault, aims, judges_of
from mutation.trial import scratch

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


def test_a_trial() -> None:
    """A fault is noticed by a test that fails on it, not by one that has nothing to do with it; and none is left."""
    file, test = "streams/text.py", "tests/test_times.py"
    text = (ROOT / "streams/times.py").read_text(encoding="utf-8")
    broken = text.replace("1000", "1001")
    assert broken != text
    with scratch() as trial:
        noticed = trial.judge("streams/times.py", broken, (test,))
        unmoved = trial.judge(file, (ROOT / file).read_text(encoding="utf-8") + "\n", (test,))
    assert noticed.noticed
    assert noticed.by.startswith(f"{test}::")
    assert not unmoved.noticed
