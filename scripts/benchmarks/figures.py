"""What a benchmark finds: each figure beside the one that was measured with it, in turn, in the same run."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Of several runs."""

    least: float
    median: float
    most: float
    runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """At least one value."""
        return cls(min(values), statistics.median(values), max(values), len(values))


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
