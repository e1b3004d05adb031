"""The draw: which polling tables, or clusters of them, a seed chooses. Anybody can repeat it with a program for
SHA-256."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.core.election.drawn_sample import DrawnSample
from streams.core.election.model import Election
from streams.errors import CotejoError


class DrawError(CotejoError):
    """A sample cannot be drawn so; the text says what to change."""


class Drawn(NamedTuple):
    """One unit of a sample: a polling table or a cluster."""

    place: int
    """Place in the draw, from 1: the strata one after the other, by ticket within each."""
    stratum: str
    unit: str


def ticket(seed: str, unit: str) -> str:
    """The ticket of a polling table or cluster: the SHA-256 of the seed, a comma and its id, in hexadecimal. The units
    with the smallest tickets are drawn, so that each set of that size is as likely as any other."""
    return hashlib.sha256(f"{seed},{unit}".encode()).hexdigest()


def strata_of(election: Election, level: str | None, clusters: str | None = None) -> dict[str, list[str]]:
    """The units to draw from, by stratum: the polling tables, or with a level of `clusters` the areas of it that have
    tables. A stratum is an area of `level`; without a level it is the whole, called by the root's id. Raises
    `DrawError` for a level that some table has no area of, and where clusters are no parts of strata."""
    strata: dict[str, dict[str, None]] = {}
    for id, table in election.tables.items():
        stratum = _above(election, id, table.area, level)
        unit = _above(election, id, table.area, clusters) if clusters else id
        if clusters and stratum not in election.lineage[unit]:
            raise DrawError(f"clusters of level {clusters} are no parts of strata of level {level}: choose lower areas")
        strata.setdefault(stratum, {})[unit] = None
    return {stratum: list(strata[stratum]) for stratum in sorted(strata)}


def _above(election: Election, table: str, area: str, level: str | None) -> str:
    """The area of a level above a polling table, which lies in `area`; the root without a level."""
    line = election.lineage[area]
    areas = [above for above in line if election.areas[above].level == level] if level else line[:1]
    if not areas:
        levels = ", ".join(dict.fromkeys(area.level for area in election.areas.values()))
        raise DrawError(f"no area of level {level} is above polling table {table}: choose one of {levels}")
    return areas[0]


def allocation(sizes: Mapping[str, int], size: int) -> dict[str, int]:
    """How many units to draw in each stratum: in proportion to its units by largest remainders, but two where there
    are two, since one tells nothing of the spread. Raises `DrawError` where there are not enough."""
    least = {stratum: min(2, count) for stratum, count in sizes.items()}
    if not sum(least.values()) <= size <= sum(sizes.values()):
        limits = f"from {sum(least.values()):,} to {sum(sizes.values()):,}"
        raise DrawError(f"a sample of {size:,} cannot be drawn from these strata: choose a size {limits}")
    whole = sum(sizes.values())
    exact = {stratum: size * count / whole for stratum, count in sizes.items()}
    given = {stratum: max(least[stratum], int(share)) for stratum, share in exact.items()}
    # One at a time, to the stratum that is furthest below its share or from the one that is furthest above it.
    while (left := size - sum(given.values())) != 0:
        step = 1 if left > 0 else -1
        free = [s for s in sizes if least[s] <= given[s] + step <= sizes[s]]
        given[max(free, key=lambda s: (step * (exact[s] - given[s]), s))] += step
    return given


def check_allocation(sizes: Mapping[str, int], given: Mapping[str, int]) -> None:
    """Raise `DrawError` where the units to draw in each stratum are not as many as can be drawn there."""
    for stratum, count in given.items():
        if stratum not in sizes:
            raise DrawError(f"{stratum} is no stratum: use {', '.join(list(sizes)[:20])}")
        if not 1 <= count <= sizes[stratum]:
            raise DrawError(f"stratum {stratum} has {sizes[stratum]:,} to draw from: draw from 1 to so many there")
    if left := sizes.keys() - given.keys():
        raise DrawError(f"nothing is to be drawn in stratum {min(left)}: the sample says nothing of the whole then")


def draw(strata: Mapping[str, Sequence[str]], given: Mapping[str, int], seed: str) -> Iterator[Drawn]:
    """A stratified simple random sample without replacement: so many units of each stratum."""
    place = 0
    for stratum, units in strata.items():
        for unit in smallest(units, given[stratum], seed):
            place += 1
            yield Drawn(place, stratum, unit)


def smallest(units: Iterable[str], count: int, seed: str) -> list[str]:
    """So many units with the smallest tickets, in the order of these."""
    return sorted(units, key=lambda unit: (ticket(seed, unit), unit))[:count]


def random_order(sample: DrawnSample, units: Sequence[str]) -> list[str]:
    """Sampled units of one stratum in the order in which the guaranteed interval bets on them: by tickets whose seed is
    the hash of the sample's file. So it is random and fixed before the night, also where the file of a mission lists
    its tables by their ids."""
    return smallest(units, len(units), sample.sha256)


def tables_in(election: Election, area: str) -> Sequence[str]:
    """The polling tables in an area, by id."""
    layout = election.layout
    return layout.tables[slice(*layout.inside(layout.area[area]))]


def drawn_from(election: Election, sample: DrawnSample, stratum: str) -> Sequence[str]:
    """The units of a stratum that a sample's were drawn from, sampled or not: its polling tables, or its areas of the
    clusters' level that have any."""
    if not sample.clusters:
        return tables_in(election, stratum)
    layout = election.layout
    number = layout.area[stratum]
    level = election.areas[sample.clusters[stratum][0]].level
    clusters = range(number, layout.behind(number))
    return [
        layout.areas[area]
        for area in clusters
        if election.areas[layout.areas[area]].level == level and len(range(*layout.inside(area)))
    ]


def check_draw(election: Election, sample: DrawnSample, seed: str) -> None:
    """Repeat a draw from its seed: in each stratum as many polling tables or clusters as the sample has there. Raises
    `DrawError` where the seed draws others."""
    for stratum, units in sample.units.items():
        drawn = smallest(drawn_from(election, sample, stratum), len(units), seed)
        if strange := sorted(set(units) - set(drawn)):
            other = min(set(drawn) - set(units))
            raise DrawError(
                f"it draws {other} in stratum {stratum}, not {strange[0]}: it is the seed of another sample, or the "
                "register has changed since"
            )
