"""Real electorates, each taken as the whole truth: Venezuela 2024 by its published sheets, Indonesia 2019 by station.

Where Indonesia's authority gives no figure of a station, the volunteers' reading of its sheet is taken. Tables without
any valid vote, and those that nobody has read, are not part of the electorate.
"""

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from streams.core.election.model import Area, Election, Option
from streams.core.election.numbering import Flags, Numbers, numbered
from streams.core.election.register import Register
from streams.nights.scenarios import venezuela2024_facts
from streams.nights.scenarios.draws import Draws, Floats

STATIONS: Final = "indonesia2019/tps_crowd_vs_kpu.csv.gz"
SHEETS: Final = "venezuela2024/venezuela2024_tables.csv"
LEAST: Final = 1_000
"""Polling tables of a nation or province that is looked at."""


class Row(NamedTuple):
    """One polling table of the truth."""

    areas: tuple[str, ...]
    """Names from the state down to the lowest area; each is told apart by those above it."""
    centre: str
    """Where it votes, together with others."""
    registered: int
    """-1 where unknown."""
    votes: tuple[int, ...]
    seen_at: float
    """When its sheet became public: only the order matters."""


@dataclass(frozen=True, eq=False)
class Electorate:
    """A nation or a province. Arrays have an entry for each polling table, in the order of the register."""

    name: str
    is_nation: bool
    election: Election
    registered: Numbers
    votes: Numbers
    """By table and option."""
    lines: Numbers
    """By level and table: the area above it, from the root down."""
    centre: Numbers
    seen_at: Floats

    @property
    def valid(self) -> Numbers:
        """Valid votes by table."""
        return np.asarray(self.votes.sum(axis=1))


def indonesia(data: Path) -> Iterator[Row]:
    """Every polling station with a figure."""
    with gzip.open(data / STATIONS, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            votes = _figures(row["kpu_pas1"], row["kpu_pas2"]) or _figures(row["crowd_pas1"], row["crowd_pas2"])
            if row["tps"] == "0" or votes is None:
                continue
            registered = _figures(row["registered_m"], row["registered_f"])
            areas = row["prov"], row["kab"], row["kec"], row["kel_id"]
            voters = -1 if registered is None else sum(registered)
            yield Row(areas, row["kel_id"], voters, votes, float(row["first_ts_ms"] or "inf"))


def venezuela(data: Path) -> Iterator[Row]:
    """Every polling table with a published sheet. What is known of the time is the release in which it first came."""
    releases: dict[str, int] = {}
    with (data / SHEETS).open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["first_seen"])
    for row in rows:
        votes = _figures(*(row[option.id.lower()] for option in venezuela2024_facts.OPTIONS))
        if votes is None:
            continue
        release = releases.setdefault(row["first_seen"], len(releases))
        areas = row["edo"], row["mun"], row["par"]
        yield Row(areas, row["centre"], int(float(row["registered"] or -1)), votes, release)


def _figures(*cells: str) -> tuple[int, ...] | None:
    """Whole numbers of cells; None where one is unknown or where they come to nothing."""
    found = tuple(int(float(cell)) if cell else -1 for cell in cells)
    return found if min(found) >= 0 and sum(found) > 0 else None


def electorates(nation: str, options: Sequence[Option], rows: Sequence[Row]) -> Iterator[Electorate]:
    """The nation as one electorate, then each of its states with `LEAST` tables and more."""
    yield _electorate(nation, options, rows, is_nation=True)
    by_state: dict[str, list[Row]] = {}
    for row in rows:
        by_state.setdefault(row.areas[0], []).append(row)
    for state, inside in sorted(by_state.items()):
        if len(inside) >= LEAST:
            name = f"{nation}, {state}"
            yield _electorate(name, options, [row._replace(areas=row.areas[1:]) for row in inside], is_nation=False)


def _electorate(name: str, options: Sequence[Option], rows: Sequence[Row], is_nation: bool) -> Electorate:
    homes = dict.fromkeys(row.areas for row in rows)
    parents: dict[str, tuple[str | None, str, int]] = {"0": (None, name, 0)}
    for areas in homes:
        for depth in range(1, len(areas) + 1):
            parents.setdefault(_id(areas[:depth]), (_id(areas[: depth - 1]), areas[depth - 1], depth))
    order = numbered({id: Area(id, name, str(depth), parent) for id, (parent, name, depth) in parents.items()})
    place = {id: i for i, id in enumerate(order)}
    lowest = {areas: place[_id(areas)] for areas in homes}
    home = np.array([lowest[row.areas] for row in rows])
    rising = np.argsort(home, kind="stable")
    home, rows = home[rising], [rows[i] for i in rising.tolist()]
    registered = np.array([row.registered for row in rows])
    ids = [f"T{t}" for t in range(len(rows))]
    bare = {id: Area(id, name, str(depth), parent) for id, (parent, name, depth) in parents.items()}
    register = Register(order, ids, home, registered)
    layout = Election(name, name, tuple(options), bare, register).layout
    lines = layout.lines(np.arange(len(rows)))
    told = _told(bare, order, lines, registered)
    centres = {centre: i for i, centre in enumerate(dict.fromkeys((row.areas, row.centre) for row in rows))}
    return Electorate(
        name,
        is_nation,
        Election(name, name, tuple(options), told, register),
        registered,
        np.array([row.votes for row in rows]),
        lines,
        np.array([centres[row.areas, row.centre] for row in rows]),
        np.array([row.seen_at for row in rows]),
    )


def _id(areas: tuple[str, ...]) -> str:
    return "/".join(("0", *areas))


def _told(areas: dict[str, Area], order: list[str], lines: Numbers, registered: Numbers) -> dict[str, Area]:
    """The areas with what exists in each: registered voters only where each of its tables has them."""
    tables, voters, unknown = (np.zeros(len(order), np.int64) for _ in range(3))
    for line in lines:
        there = line >= 0
        tables += np.bincount(line[there], minlength=len(order))
        voters += np.bincount(line[there], np.maximum(registered, 0)[there], len(order)).astype(np.int64)
        unknown += np.bincount(line[there], registered[there] < 0, len(order)).astype(np.int64)
    found = dict(areas)
    for i, id in enumerate(order):
        area = areas[id]
        known = None if unknown[i] else int(voters[i])
        found[id] = Area(id, area.name, area.level, area.parent, int(tables[i]), known)
    return found


@lru_cache(maxsize=32)
def order(electorate: Electorate, way: str, seed: int) -> Floats:
    """An order in which the tables of an electorate may come (`WAYS`, `VILLAGES`): a number by table, the lowest come
    first. Ties are broken by chance, which the seed gives."""
    return _Ways(electorate, seed).order(way)


class _Ways:
    """The orders of one electorate."""

    def __init__(self, electorate: Electorate, seed: int) -> None:
        self._e, self._draws = electorate, Draws(seed, electorate.name)
        self._lowest = electorate.lines.max(axis=0)
        """Areas below have higher numbers than those above: the highest is the lowest area of the table."""

    def order(self, way: str) -> Floats:
        """The order of that name."""
        e, chance = self._e, self._draws.uniform(len(self._e.votes))
        if way == "at random":
            return chance
        if way == "cities first":
            size = np.bincount(self._lowest, e.valid)[self._lowest]
            return _then(-size, chance)
        if way in STRONGHOLDS:
            return _then(STRONGHOLDS[way] * self._share(e.lines[-2]), chance)
        if way in VILLAGES:
            return _then(VILLAGES[way] * self._share(self._lowest), chance)
        if way == "whole provinces":
            return self._together(e.lines[1], chance)
        if way == "whole municipalities":
            return self._together(e.lines[2 if e.is_nation else 1], chance)
        if way == "whole centres":
            return self._together(e.centre, chance)
        if way == "by time":
            return _then(e.seen_at, chance)
        raise ValueError(way)

    def _share(self, areas: Numbers) -> Floats:
        """By table: the first option's share (0-1) in its area."""
        first = np.bincount(areas, self._e.votes[:, 0]) / np.maximum(1, np.bincount(areas, self._e.valid))
        return np.asarray(first[areas])

    def _together(self, groups: Numbers, chance: Floats) -> Floats:
        """Group after group, in an order by chance."""
        return _then(self._draws.uniform(int(groups.max()) + 1)[groups], chance)


STRONGHOLDS: Final = {"strongholds of the first": 1, "strongholds of the second": -1}
"""Districts (the areas above villages and parishes) by the first option's share: these are the last."""
VILLAGES: Final = {"villages of the first": 1, "villages of the second": -1}
"""The same of the lowest areas, one by one."""
WAYS: Final = (
    "at random",
    "cities first",
    *STRONGHOLDS,
    "whole provinces",
    "whole municipalities",
    "whole centres",
    "by time",
)
"""All ways; whole provinces only of a nation."""


def _then(scores: Floats, chance: Floats) -> Floats:
    """Places by score, equal scores by chance."""
    places = np.empty(len(scores))
    places[np.lexsort((chance, scores))] = np.arange(len(scores))
    return places


def first(order: Floats, share: float) -> Flags:
    """The tables that come first, so many of all (0-1)."""
    count = round(share * len(order))
    found = np.zeros(len(order), bool)
    found[np.argsort(order, kind="stable")[:count]] = True
    return found
