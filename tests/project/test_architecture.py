"""The architecture: who may import whom, what docs/architecture.md draws, how long a file and a function may be."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from brokers import ROOT

from streams.kafka.topology import Topology

FILE_LINES, FUNCTION_LINES = 300, 50

LONGER: dict[str, int] = {}
"""Files and functions above the limits, with their lines. No entry may be added, and no figure may rise."""


def files() -> list[Path]:
    """Every file of the product: the package and the dashboards."""
    return sorted(path for place in ("streams", "dashboards") for path in (ROOT / place).rglob("*.py"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The qualified name of each function in a file, and its number of lines, decorators and docstring included."""

    def below(node: ast.AST, outer: str) -> Iterator[tuple[str, int]]:
        for child in ast.iter_child_nodes(node):
            name = outer
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{outer}.{child.name}".lstrip(".")
                if not isinstance(child, ast.ClassDef):
                    first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
                    yield name, (child.end_lineno or first) - first + 1
            yield from below(child, name)

    yield from below(ast.parse(path.read_text(encoding="utf-8")), "")


@pytest.mark.parametrize("path", [str(path.relative_to(ROOT)) for path in files()])
def test_length(path: str) -> None:
    """A file has at most 300 lines, a function at most 50."""
    lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
    assert lines <= LONGER.get(path, FILE_LINES), f"{path} has {lines} lines: split it"
    for name, length in functions(ROOT / path):
        limit = LONGER.get(f"{path}::{name}", FUNCTION_LINES)
        assert length <= limit, f"{path}::{name} has {length} lines: split it"


def test_functions_are_measured(tmp_path: Path) -> None:
    """Methods, inner functions and decorators are counted, and named by where they stand."""
    source = "@cache\ndef one():\n    def two():\n        pass\n\nclass A:\n    async def three(self):\n        pass\n"
    (tmp_path / "module.py").write_text(source)
    assert list(functions(tmp_path / "module.py")) == [("one", 4), ("one.two", 2), ("A.three", 2)]


def lint_imports(*options: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_imports() -> None:
    """Rooms import one another only as the contracts in pyproject.toml say."""
    done = lint_imports()
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_forbidden_import_is_seen(tmp_path: Path) -> None:
    """The contracts would notice: told that the core must not import the core's events, they fail."""
    (tmp_path / "contracts.toml").write_text(
        '[tool.importlinter]\nroot_package = "streams"\n[[tool.importlinter.contracts]]\nname = "none"\n'
        'type = "forbidden"\nsource_modules = ["streams.core.engine"]\nforbidden_modules = ["streams.core.events"]\n'
    )
    done = lint_imports("--config", str(tmp_path / "contracts.toml"))
    assert done.returncode == 1
    assert "streams.core.engine is not allowed to import streams.core.events" in done.stdout


PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def drawn_layers() -> list[list[list[str]]]:
    """The two drawings of layers: of each its lines, and of each line its packages."""
    return [
        [re.findall(r"\w+", line) for line in block.splitlines()]
        for block in re.findall(r"```text\n(.*?)```", PAGE, re.S)
    ]


def test_layers_are_drawn() -> None:
    """The page draws the layers of the contracts, in their order; entry points are left out."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    contracts = tools["importlinter"]["contracts"]
    layers = [
        [re.findall(r"\w+", layer) for layer in contract["layers"] if layer not in ("__main__", "entry")]
        for contract in contracts
        if contract["type"] == "layers"
    ]
    assert drawn_layers() == layers


def packages() -> set[str]:
    """Every package below streams/, and instead of the core each package in it."""
    found = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("streams/*/__init__.py")}
    inside = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("streams/core/*/__init__.py")}
    return found - {"streams/core"} | inside


def test_packages_are_listed() -> None:
    """The page's table has a line for each package, and no other."""
    assert set(re.findall(r"^\| `(streams/[\w/]+)` \|", PAGE, re.M)) == packages()


def test_topics_are_drawn() -> None:
    """The diagram has each topic of an election but the changelogs, and no other."""
    topology = Topology("x.")
    topics = {spec.name.removeprefix("x.") for spec in topology.specs() if not spec.name.endswith("-changelog")}
    assert set(re.findall(r"([\w-]+)\[\(\1\)\]", PAGE)) == topics


def test_stages_are_drawn() -> None:
    """Each stage of the diagram has a module in the worker, and each such module is in the diagram."""
    modules = {path.stem.removesuffix("_stage") for path in ROOT.glob("streams/worker/*_stage.py")}
    assert set(re.findall(r"(\w+)\[\[\1\]\]", PAGE)) == modules
