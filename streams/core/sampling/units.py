"""The units of a draw as numbers: what was sampled of each stratum, in the order of the bets, and out of how much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from streams.core.election.drawn_sample import DrawnSample
from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.sampling.draw import drawn_from, random_order


@dataclass(frozen=True)
class Units:
    """A sample's polling tables, unit by unit and stratum by stratum. Strata stand in the order of their areas'
    numbers, so that those of any area are one stretch."""

    names: Sequence[str]
    """Ids of the strata."""
    areas: Numbers
    """Their numbers."""
    sizes: Numbers
    """Units in each stratum."""
    largest: Numbers
    """The most ballots that one of these can have, by stratum."""
    tables: Numbers
    """Numbers of the sampled tables."""
    stratum: Numbers
    """The stratum of each sampled table."""
    unit: Numbers
    """The unit of each sampled table, from 0."""
    clustered: bool
    """Whether units are clusters. Else each is one table."""

    @classmethod
    def of(cls, election: Election, drawn: DrawnSample) -> "Units":
        """Those of a sample."""
        layout = election.layout
        names = sorted(drawn.units, key=layout.area.__getitem__)
        below = np.concatenate([[0], np.cumsum(election.ballot_limits)])
        sizes, largest, stretches, strata = list[int](), list[int](), list[Numbers](), list[int]()
        for stratum, name in enumerate(names):
            first, behind = _population(election, drawn, name)
            sizes.append(len(first))
            largest.append(int((below[behind] - below[first]).max()))
            units = _stretches(election, drawn, random_order(drawn, drawn.units[name]))
            stretches += [np.arange(*ends) for ends in zip(*(part.tolist() for part in units), strict=True)]
            strata += [stratum] * len(units[0])
        counts = list(map(len, stretches))
        return cls(
            names=names,
            areas=np.array([layout.area[name] for name in names], np.int64),
            sizes=np.array(sizes, np.int64),
            largest=np.array(largest, np.int64),
            tables=np.concatenate(stretches),
            stratum=np.repeat(strata, counts),
            unit=np.repeat(np.arange(len(stretches)), counts),
            clustered=bool(drawn.clusters),
        )


def _population(election: Election, drawn: DrawnSample, stratum: str) -> tuple[Numbers, Numbers]:
    """The same as `_stretches`, of all units that a stratum's were drawn from."""
    if drawn.clusters:
        return _stretches(election, drawn, drawn_from(election, drawn, stratum))
    first = np.arange(*election.layout.inside(election.layout.area[stratum]))
    return first, first + 1


def _stretches(election: Election, drawn: DrawnSample, units: Sequence[str]) -> tuple[Numbers, Numbers]:
    """The first table of each unit, and the one behind its last."""
    layout = election.layout
    if not drawn.clusters:
        first = layout.numbers(units)
        return first, first + 1
    ends = np.array([layout.inside(layout.area[unit]) for unit in units], np.int64)
    return ends[:, 0], ends[:, 1]
