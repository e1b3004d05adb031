"""A sample as the estimates see it: what is known of each of its polling tables at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streams.core.election.numbering import Flags, Numbers

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """The sampled polling tables, and the strata that they were drawn from. The units of the draw are the tables, or
    clusters of them; those of each stratum stand in a random order."""

    names: Sequence[str]
    """Ids of the strata."""
    sizes: Numbers
    """Units in each stratum."""
    stratum: Numbers
    """The stratum of each sampled table, by its place in `names`."""
    came: Flags
    """Whether its sheet is accepted."""
    votes: Numbers
    """Votes by option (options, tables); 0 where no sheet is accepted."""
    limits: Numbers
    """The most ballots with which its sheet would be admitted."""
    largest: int
    """The most ballots that any unit can have, sampled or not: the greatest such limit, of a cluster the greatest sum
    of them."""
    cluster: Numbers | None = None
    """The cluster of each sampled table, from 0 in the order of the units; None where the tables are the units."""

    @cached_property
    def valid(self) -> Numbers:
        """Valid votes by table."""
        totals: Numbers = self.votes.sum(axis=0)
        return totals

    @cached_property
    def unit_stratum(self) -> Numbers:
        """The stratum of each sampled unit."""
        return self.stratum if self.cluster is None else self.stratum[np.unique(self.cluster, return_index=True)[1]]

    @cached_property
    def drawn(self) -> Numbers:
        """Sampled units in each stratum."""
        return np.bincount(self.unit_stratum, minlength=len(self.names))

    @cached_property
    def weight(self) -> Floats:
        """How many units each sampled one stands for."""
        weights: Floats = (self.sizes / np.maximum(1, self.drawn))[self.unit_stratum]
        return weights

    def by_unit(self, values: Floats) -> Floats:
        """Figures of the sampled tables, added up by unit."""
        return values if self.cluster is None else np.bincount(self.cluster, values).astype(np.float64)

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
        return cls.shares([option], options)

    @classmethod
    def shares(cls, some: Sequence[int], options: int) -> "Contrast":
        """The share of some options together."""
        return cls(np.eye(options)[list(some)].sum(axis=0), 0.0)

    @classmethod
    def lead(cls, first: int, second: int, options: int) -> "Contrast":
        """The share of one option less that of another."""
        unit = np.eye(options)
        return cls(unit[first] - unit[second], -1.0)

    @property
    def span(self) -> float:
        """From the least to the most that it can be."""
        return self.high - self.low

    def mirrored(self) -> "Contrast":
        """The same with its sign turned: its lower end is the upper end of this one."""
        return Contrast(-self.coefficients, -self.high, -self.low)
