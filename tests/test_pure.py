"""The core decides, the shell carries: no clock, no network, no disk, no chance in the core."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

CORE = [
    "streams",
    "streams.election",
    "streams.eventlog",
    "streams.eventlog.record",
    "streams.errors",
    "streams.event_time",
    "streams.events",
    "streams.shown",
    "streams.fields",
    "streams.codec",
    "streams.withheld",
    "streams.signing",
    "streams.admission",
    "streams.agreement",
    "streams.asking",
    "streams.bulk",
    "streams.busiest",
    "streams.names",
    "streams.journal",
    "streams.ledger",
    "streams.limits",
    "streams.index",
    "streams.register",
    "streams.layout",
    "streams.sheets",
    "streams.shelf",
    "streams.spread",
    "streams.sums",
    "streams.rollup",
    "streams.rows",
    "streams.states",
    "streams.reconcile",
    "streams.bounds",
    "streams.bound_sums",
    "streams.table_bounds",
    "streams.bulletins",
    "streams.claims",
    "streams.course",
    "streams.projection",
    "streams.projector",
    "streams.unseen",
    "streams.turns",
    "streams.usual",
    "streams.findings",
    "streams.heard",
    "streams.wording",
    "streams.alert_book",
    "streams.alerts",
    "streams.alignment",
    "streams.delivery",
    "streams.delivery_state",
    "streams.compare",
    "streams.monitor",
    "streams.chronicle",
    "streams.history",
    "streams.outcome",
    "streams.verdicts",
    "streams.replay",
    "streams.rules",
    "streams.rules.contradiction",
    "streams.rules.divergence",
    "streams.rules.falling",
    "streams.rules.feed_health",
    "streams.rules.mismatch",
    "streams.rules.outside_bounds",
    "streams.rules.own_sums",
    "streams.rules.parts",
    "streams.rules.rounded_shares",
    "streams.board.history",
    "streams.board.night",
]

ALLOWED = {
    *(
        "array",
        "bisect",
        "collections",
        "dataclasses",
        "decimal",
        "enum",
        "functools",
        "itertools",
        "math",
        "operator",
        "typing",
        "zlib",
    ),
    "datetime",  # to read a time that was given; `FORBIDDEN` keeps the clock out
    "hashlib",
    "orjson",
    "msgspec",
    "numpy",
    "cryptography",  # verifying a signature is arithmetic; `FORBIDDEN` keeps the making of keys, which is chance, out
    "base64",
}
"""Everything else is I/O, the clock, chance or the shell until proven otherwise: a list of what may be imported
cannot forget anything."""

FORBIDDEN = {
    *("now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "sleep"),
    *("random", "urandom", "generate"),
}
"""Names that read the clock or chance, called on any module or class."""

BUILTINS = {"open", "print", "input", "eval", "exec", "__import__", "hash", "id"}
"""Built-ins that do I/O, or differ from one process to the next."""


def path_of(module: str) -> Path | None:
    place = ROOT.joinpath(*module.split("."))
    return next((p for p in (place / "__init__.py", place.with_suffix(".py")) if p.exists()), None)


def tree_of(module: str) -> ast.Module:
    path = path_of(module)
    assert path is not None, f"{module} is gone: mend the list in this test"
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(module: str) -> set[str]:
    found = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} line {node.lineno}: import absolutely"
            assert node.module is not None
            below = {f"{node.module}.{name.name}" for name in node.names}
            found |= {name for name in below if name.startswith("streams.") and path_of(name)} | {node.module}
    return found


@pytest.mark.parametrize("module", CORE)
def test_imports(module: str) -> None:
    """A core module imports the core and a few harmless modules, nothing of the shell and no I/O package."""
    for name in imports_of(module):
        assert name in CORE or name.split(".")[0] in ALLOWED, f"{module} imports {name}"


def test_closed() -> None:
    """What the core imports, through any number of steps, is the core: no way leads out of the list."""
    reached, waiting = set(), ["streams.replay", "streams.chronicle", "streams.history"]
    waiting += ["streams.delivery_state", "streams.board.night"]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += [name for name in imports_of(module) if name.split(".")[0] == "streams"]
    assert reached | {"streams", "streams.eventlog"} == set(CORE)


@pytest.mark.parametrize("module", CORE)
def test_no_clock_no_chance(module: str) -> None:
    """A core module reads no clock, rolls no dice, and calls no built-in that does I/O or varies by process."""
    for node in ast.walk(tree_of(module)):
        # self.time, fields.time and the like are the core's own; a capital or a module name is not.
        if isinstance(node, ast.Attribute) and node.attr in FORBIDDEN and isinstance(node.value, ast.Name):
            assert node.value.id in {"self", "f", "fields"}, f"{module} line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in BUILTINS, f"{module} line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize(
    "source",
    ["datetime.now()", "time.time()", "datetime.datetime.now(UTC)", "random.random()", "Ed25519PrivateKey.generate()"],
)
def test_the_test_sees(source: str) -> None:
    """The names that the search above looks for are the ones that such code would use."""
    call = ast.parse(source).body[0].value.func  # type: ignore[attr-defined]
    assert call.attr in FORBIDDEN
