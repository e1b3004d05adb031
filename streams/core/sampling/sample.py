"""A sample as the estimates see it: what is known of each of its polling tables at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streams.core.aggregation.open_sheets import sheet_limits
from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers
from streams.core.reconciliation.sheet_rows import READ
from streams.errors import CotejoError

Floats = NDArray[np.float64]


class SampleError(CotejoError):
    """A sample does not fit its election; the text says what to change."""


@dataclass(frozen=True)
class Sample:
    """The sampled polling tables in the order of the draw, and the strata that they were drawn from."""

    names: Sequence[str]
    """Ids of the strata."""
    sizes: Numbers
    """Polling tables in each stratum."""
    stratum: Numbers
    """The stratum of each sampled table, by its place in `names`."""
    came: Flags
    """Whether its sheet is accepted."""
    votes: Numbers
    """Votes by option (options, tables); 0 where no sheet is accepted."""
    limits: Numbers
    """The most ballots with which its sheet would be admitted."""
    largest: int
    """The greatest such limit of any polling table, sampled or not."""

    @classmethod
    def of(
        cls, election: Election, strata: Mapping[str, Sequence[str]], drawn: Mapping[str, Sequence[str]], read: Numbers
    ) -> "Sample":
        """The polling tables `drawn` from each of the `strata`, as they stand in the rows of all sheets, `read`. Raises
        `SampleError` for a stratum from which none was drawn, and for a drawn table that is not of its stratum."""
        names, limits = list(strata), sheet_limits(election)
        for stratum in names:
            if not drawn.get(stratum):
                raise SampleError(f"no polling table of stratum {stratum} is in the sample: draw it anew")
        for stratum, tables in drawn.items():
            if strange := next(iter(set(tables) - set(strata.get(stratum, ()))), None):
                raise SampleError(f"{strange} is no polling table of stratum {stratum}: mend the sample")
        numbers = election.layout.numbers([table for stratum in names for table in drawn[stratum]])
        rows = read.take(numbers, axis=0)
        came = rows[:, 2] > 0
        return cls(
            names=names,
            sizes=np.array([len(strata[stratum]) for stratum in names], np.int64),
            stratum=np.repeat(np.arange(len(names)), [len(drawn[stratum]) for stratum in names]),
            came=came,
            votes=(rows[:, READ:] * came[:, None]).T.copy(),
            limits=limits[numbers],
            largest=int(max(1, limits.max(initial=1))),
        )

    @cached_property
    def valid(self) -> Numbers:
        """Valid votes by table."""
        found: Numbers = self.votes.sum(axis=0)
        return found

    @cached_property
    def drawn(self) -> Numbers:
        """Sampled tables in each stratum."""
        return np.bincount(self.stratum, minlength=len(self.names))

    @cached_property
    def weight(self) -> Floats:
        """How many polling tables each sampled one stands for."""
        weights: Floats = (self.sizes / np.maximum(1, self.drawn))[self.stratum]
        return weights

    @property
    def missing(self) -> Mapping[str, int]:
        """By stratum, how many of the sample have not come; strata without any are left out."""
        counts = np.bincount(self.stratum[~self.came], minlength=len(self.names)).tolist()
        return {name: count for name, count in zip(self.names, counts, strict=True) if count}


@dataclass(frozen=True, slots=True)
class Contrast:
    """What is estimated: the sum of `coefficients` x votes over the valid votes. An option's share has 1 for it and 0
    for the others; the lead of A over B has 1 for A and -1 for B."""

    coefficients: Floats
    low: float
    """The least that it can be, 0 or -1."""
    high: float = 1.0

    @classmethod
    def share(cls, option: int, options: int) -> "Contrast":
        """The share of one option."""
        return cls(np.eye(options)[option], 0.0)

    @classmethod
    def lead(cls, first: int, second: int, options: int) -> "Contrast":
        """The share of one option less that of another."""
        unit = np.eye(options)
        return cls(unit[first] - unit[second], -1.0)

    def mirrored(self) -> "Contrast":
        """The same with its sign turned: its lower end is the upper end of this one."""
        return Contrast(-self.coefficients, -self.high, -self.low)
