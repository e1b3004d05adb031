"""What became of the mutations at random: tests/faults/random.jsonl, and the table in docs/testing.md."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from mutation.table import PLACE, ROOT

FILE = PLACE / "random.jsonl"
DOCS = ROOT / "docs/testing.md"
BEGIN, END = "<!-- made by scripts/mutate table -->\n", "<!-- end -->\n"
HEAD = (
    "| Package | Tried | Noticed | Harmless | Holes closed | Holes left | Noticed at first | Now |\n"
    + "|---" * 8
    + "|\n"
)


class Result(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """One mutation at random: its seed and place, the change, and the test that noticed it.

    One that nothing noticed is `judged` by somebody, who says `why`: `harmless` (nobody can see it), `closed` (a hole
    that has its test now, named in `why`) or `left` (a hole still).
    """

    seed: int
    file: str
    line: int
    change: str
    by: str = ""
    judged: Literal["", "harmless", "closed", "left"] = ""
    why: str = ""

    @property
    def package(self) -> str:
        """The package right below `streams`, or the module."""
        return Path(self.file).parts[1].removesuffix(".py")


def results() -> list[Result]:
    """All that were tried."""
    return [msgspec.json.decode(line, type=Result) for line in FILE.read_text(encoding="utf-8").splitlines()]


def add(result: Result) -> None:
    """Keep one more."""
    with FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(msgspec.to_builtins(result), ensure_ascii=False) + "\n")


def table(tried: Iterable[Result]) -> str:
    """What became of them, a row for each package and for each sample, in Markdown."""
    packages, samples, every = dict[str, Counter[str]](), dict[str, Counter[str]](), Counter[str]()
    for result in tried:
        became = result.judged or ("noticed" if result.by else "open")
        packages.setdefault(result.package, Counter())[became] += 1
        samples.setdefault(f"seed {result.seed}", Counter())[became] += 1
        every[became] += 1
    rows = sorted(packages.items(), key=lambda package: -package[1].total())
    return HEAD + "".join(_row(*row) for row in [*rows, *samples.items(), ("**all**", every)])


def _row(name: str, became: Counter[str]) -> str:
    holes = became["left"] + became["open"]
    seen = became["noticed"] + became["closed"]
    shares = (f"{100 * part / (seen + holes):.0f} %" if seen + holes else "–" for part in (became["noticed"], seen))
    figures = (became.total(), became["noticed"], became["harmless"], became["closed"], holes)
    return f"| {name} | {' | '.join(map(str, figures))} | {' | '.join(shares)} |\n"


def written(text: str) -> str:
    """A document with the table of today in its place."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + table(results()) + END + rest.split(END)[1]
