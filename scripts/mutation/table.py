"""The faults that are kept in the repository, and which tests judge which file."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

_T = TypeVar("_T")

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "tests/faults"
"""One TOML file for each aim (alerts.toml, figures.toml, ...), and modules.toml."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change that makes the product wrong: `old` stands exactly once in `file` and becomes `new`.

    `what` says in one sentence what a user would see. Paths are relative to the root of the project. `tests` are the
    test modules that must notice it, and no others are run; without any, those that modules.toml names.
    """

    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = ()

    def applied(self, source: str) -> str:
        """The file's text with the fault in it. Raises ValueError where `old` does not stand exactly once."""
        if (count := source.count(self.old)) != 1:
            raise ValueError(f"{self.file}: {count} places, not one, read {self.old!r}")
        return source.replace(self.old, self.new)

    @property
    def judges(self) -> tuple[str, ...]:
        """The test modules that must notice it."""
        return self.tests or judges_of(self.file)


class _Faults(msgspec.Struct, forbid_unknown_fields=True):
    fault: list[Fault]


class _Module(msgspec.Struct, forbid_unknown_fields=True):
    files: list[str]
    tests: list[str]


class _Modules(msgspec.Struct, forbid_unknown_fields=True):
    module: list[_Module]
    package: list[_Module]


@dataclass(frozen=True, slots=True)
class Aim:
    """The planted faults of one kind: what they are aimed at."""

    name: str
    faults: tuple[Fault, ...]


def aims() -> list[Aim]:
    """All planted faults by their aim. Raises msgspec.ValidationError for a file that says something else."""
    paths = sorted(path for path in PLACE.glob("*.toml") if path.name != "modules.toml")
    return [Aim(path.stem, tuple(_read(path, _Faults).fault)) for path in paths]


def judges_of(file: str) -> tuple[str, ...]:
    """The test modules that judge a file of the product: those of the first entry of modules.toml that matches it.
    Raises LookupError where there is none."""
    for tests in _tests_of(file, _modules().module):
        return tests
    raise LookupError(f"{PLACE.name}/modules.toml names no tests for {file}")


def wide_judges_of(file: str) -> tuple[str, ...]:
    """The tests that judge a mutation of the file once those that run its line have not noticed it."""
    return next(_tests_of(file, _modules().package), ())


def _tests_of(file: str, entries: list[_Module]) -> Iterator[tuple[str, ...]]:
    return (tuple(entry.tests) for entry in entries if any(fnmatch(file, pattern) for pattern in entry.files))


@cache
def _modules() -> _Modules:
    return _read(PLACE / "modules.toml", _Modules)


def _read(path: Path, kind: type[_T]) -> _T:
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), kind)
