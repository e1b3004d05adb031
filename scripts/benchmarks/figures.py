"""What a benchmark finds: each figure beside the one that was measured with it, in turn, in the same run."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Spread:
    """Of several runs."""

    least: float
    median: float
    most: float
    runs: int
    values: tuple[float, ...]
    """Of each run, in the order of the runs; so `ours` and `theirs` of one figure belong together one by one."""

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """At least one value."""
        return cls(min(values), statistics.median(values), max(values), len(values), tuple(values))


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `ratio` is `ours` over `theirs`, run by run; what stands alone (memory, a latency) has
    neither."""

    name: str
    unit: str
    ours: Spread
    beside: str = ""
    """What was measured with it."""
    theirs: Spread | None = None
    ratio: Spread | None = None
    note: str = ""

    @classmethod
    def alone(cls, name: str, unit: str, values: Sequence[float], note: str = "") -> "Figure":
        """A figure that nothing stands beside."""
        return cls(name, unit, Spread.of(values), note=note)

    @classmethod
    def paired(
        cls, name: str, unit: str, ours: Sequence[float], beside: str, theirs: Sequence[float], note: str = ""
    ) -> "Figure":
        """Of runs that took turns: as many of either."""
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        return cls(name, unit, Spread.of(ours), beside, Spread.of(theirs), Spread.of(ratios), note)


def table(figures: Sequence[Figure]) -> str:
    """The figures as Markdown: medians, with the least and the most in brackets."""
    return "\n".join([HEAD, *map(line, figures)])


HEAD: Final = "| | Cotejo | beside it | its figure | ratio | runs |\n|---|---|---|---|---|---|"


def line(figure: Figure) -> str:
    """A line of the table."""
    name = f"{figure.name} ({figure.note})" if figure.note else figure.name
    theirs = _shown(figure.theirs, figure.unit) if figure.theirs else ""
    ratio = _shown(figure.ratio, "") if figure.ratio else ""
    cells = (name, _shown(figure.ours, figure.unit), figure.beside, theirs, ratio, str(figure.ours.runs))
    return f"| {' | '.join(cells)} |"


def _shown(spread: Spread, unit: str) -> str:
    least, median, most = map(_digits, (spread.least, spread.median, spread.most))
    middle = f"{median} {unit}".rstrip()
    return middle if spread.runs == 1 else f"{middle} [{least}–{most}]"


def _digits(value: float) -> str:
    """Three figures that count."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3g}"
