"""The core decides, the shell carries: no clock, no network, no disk, no chance in the core."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

OUTSIDE = [
    "streams",
    "streams.errors",
    "streams.text",
    "streams.times",
    "streams.board.thinned_history",
    "streams.board.night",
    "streams.board.rejected_messages",
    "streams.board.series",
]
"""Modules that are pure without standing below `streams/core`: the ground, and what the board knows of a night."""


def core() -> list[str]:
    """Every module below `streams/core`, and those outside it that are pure too."""
    below = sorted((ROOT / "streams" / "core").rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in below]
    return [*OUTSIDE, *names]


CORE = core()

ALLOWED = {
    *(
        "abc",
        "array",
        "bisect",
        "collections",
        "dataclasses",
        "decimal",
        "enum",
        "functools",
        "heapq",
        "itertools",
        "math",
        "csv",
        "io",  # text in memory; `open` is in `BUILTINS`
        "ipaddress",
        "operator",
        "re",
        "typing",
        "urllib.parse",
        "zlib",
    ),
    "datetime",  # to read a time that was given; `FORBIDDEN` keeps the clock out
    "hashlib",
    "orjson",
    "msgspec",
    "numpy",
    "shapely",  # geometry is arithmetic
    "difflib",
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
        pure = name in CORE or {name, name.split(".")[0]} & ALLOWED
        assert pure, f"{module} imports {name}"


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
