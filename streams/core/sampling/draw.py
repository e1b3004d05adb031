"""The draw: which polling tables a seed chooses. Anybody can repeat it with a program for SHA-256."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.core.election.drawn_sample import DrawnSample
from streams.core.election.model import Election
from streams.errors import CotejoError


class DrawError(CotejoError):
    """A sample cannot be drawn so; the text says what to change."""


class Drawn(NamedTuple):
    """One polling table of a sample."""

    place: int
    """Place in the draw, from 1: the strata one after the other, by ticket within each."""
    stratum: str
    table: str


def ticket(seed: str, table: str) -> str:
    """A polling table's ticket: the SHA-256 of the seed, a comma and its id, in hexadecimal. The tables with the
    smallest tickets are drawn, so that each set of that size is as likely as any other."""
    return hashlib.sha256(f"{seed},{table}".encode()).hexdigest()


def strata_of(election: Election, level: str | None) -> dict[str, list[str]]:
    """The polling tables by stratum: by the area of a level above each; all in one, called by the root's id, without a
    level. Raises `DrawError` for a level that some table has no area of."""
    strata: dict[str, list[str]] = {}
    for id, table in election.tables.items():
        line = election.lineage[table.area]
        areas = [area for area in line if election.areas[area].level == level] if level else line[:1]
        if not areas:
            levels = ", ".join(dict.fromkeys(area.level for area in election.areas.values()))
            raise DrawError(f"no area of level {level} is above polling table {id}: choose one of {levels}")
        strata.setdefault(areas[0], []).append(id)
    return {stratum: strata[stratum] for stratum in sorted(strata)}


def allocation(sizes: Mapping[str, int], size: int) -> dict[str, int]:
    """How many tables to draw in each stratum: in proportion to its tables by largest remainders, but two where there
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
    """Raise `DrawError` where the tables to draw in each stratum are not as many as can be drawn there."""
    for stratum, count in given.items():
        if stratum not in sizes:
            raise DrawError(f"{stratum} is no stratum: use {', '.join(list(sizes)[:20])}")
        if not 1 <= count <= sizes[stratum]:
            raise DrawError(f"stratum {stratum} has {sizes[stratum]:,} polling tables: draw from 1 to so many there")
    if left := sizes.keys() - given.keys():
        raise DrawError(f"nothing is to be drawn in stratum {min(left)}: the sample says nothing of the whole then")


def draw(strata: Mapping[str, Sequence[str]], given: Mapping[str, int], seed: str) -> Iterator[Drawn]:
    """A stratified simple random sample without replacement: so many tables of each stratum."""
    place = 0
    for stratum, tables in strata.items():
        for table in smallest(tables, given[stratum], seed):
            place += 1
            yield Drawn(place, stratum, table)


def smallest(tables: Iterable[str], count: int, seed: str) -> list[str]:
    """So many polling tables with the smallest tickets, in the order of these."""
    return sorted(tables, key=lambda table: (ticket(seed, table), table))[:count]


def random_order(sample: DrawnSample, tables: Sequence[str]) -> list[str]:
    """Sampled polling tables of one stratum in the order in which the guaranteed interval bets on them: by tickets
    whose seed is the hash of the sample's file. So it is random and fixed before the night, also where the file of a
    mission lists its tables by their ids."""
    return smallest(tables, len(tables), sample.sha256)


def check_draw(election: Election, sample: DrawnSample, seed: str) -> None:
    """Repeat a draw from its seed: in each stratum as many polling tables as the sample has there. Raises `DrawError`
    where the seed draws others."""
    layout = election.layout
    for stratum, tables in sample.strata.items():
        first, behind = layout.inside(layout.area[stratum])
        drawn = smallest(layout.tables[first:behind], len(tables), seed)
        if strange := sorted(set(tables) - set(drawn)):
            other = min(set(drawn) - set(tables))
            raise DrawError(
                f"it draws {other} in stratum {stratum}, not {strange[0]}: it is the seed of another sample, or the "
                "register has changed since"
            )
