"""Who votes for whom on a simulated night: areas, polling tables and their votes, and in which order they are counted.

Vectorised: a million polling tables take a few seconds.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from streams.core.election.model import Area, Election, Option
from streams.core.election.numbering import Flags, Numbers, numbered
from streams.core.election.register import Register
from streams.core.election.settings import Policy
from streams.nights.scenarios.draws import Draws, Floats
from streams.nights.scenarios.settings import Night

OPTIONS: Final = (Option("A", "Option A"), Option("B", "Option B"), Option("C", "Option C"))
LEVELS: Final = ("nation", "state", "municipality", "parish")
FEWEST, MOST = 3, 20
"""Polling tables of a parish; fewer only where its municipality has fewer."""
MOST_VOTERS: Final = 950
"""Registered voters of a polling table, at most."""


class Level(NamedTuple):
    """The areas of one level."""

    ids: list[str]
    home: Numbers
    """By table: the place of its area in `ids`."""


@dataclass(frozen=True)
class Electorate:
    """One drawn electorate. Every array has an entry for each polling table, T0 first."""

    election: Election
    votes: Numbers
    """What was really voted, by table and option."""
    null: Numbers
    registered: Numbers
    """Registered voters, also where the register does not tell them."""
    levels: list[Level]
    """The areas above the tables, from the nation down to the parishes."""
    arrival: Floats
    """When a sheet would be published, as a share (0-1) of the night."""
    counted: Floats
    """When a table enters the official count, likewise."""
    unseen: Flags
    """Tables whose sheet nobody reads."""


@dataclass(frozen=True)
class Places:
    """The tree of areas: of every municipality its state, of every parish its municipality, of every table its parish
    (numbers from 0 at each level)."""

    state: Numbers
    municipality: Numbers
    parish: Numbers


def draw(night: Night) -> Electorate:
    """The electorate of a night; the same for the same parameters."""
    draws = Draws(night.seed, "electorate")
    places = _places(night, draws)
    urban, lean = _leanings(places, draws)
    arrival, counted = _orders(night, places, urban, lean, draws)
    city = np.clip(urban[places.parish] + 0.08 * draws.normal(night.tables), 0, 1)
    share = lean[places.parish] + 0.3 * (city - urban[places.parish]) + 0.03 * draws.normal(night.tables)
    unseen = np.ones(night.tables, bool)
    unseen[np.argsort(arrival, kind="stable")[: round(night.witnessed * night.tables)]] = False
    share[unseen] += _deviations(night, places, draws)[unseen]
    registered, votes, null = _vote(night, places, city, np.clip(share, 0.03, 0.97), draws)
    listed = np.where(_unread(night, places, draws), -1, registered)
    levels = _levels(places)
    election = _election(night, levels, registered, listed)
    return Electorate(election, votes, null, registered, levels, arrival, counted, unseen)


def _places(night: Night, draws: Draws) -> Places:
    """Municipalities of very different size, in states of different size, cut into parishes."""
    state = np.repeat(np.arange(night.states), night.municipalities)
    weight = (0.3 + 1.4 * draws.uniform(night.states))[state] * (0.2 + 1.8 * draws.uniform(len(state)))
    sizes = _apportioned(_whole(1000 * weight), night.tables)
    cuts = draws.uniform(night.tables // FEWEST + len(sizes) + 1)
    parishes, municipality, cut = list[int](), list[int](), 0
    for place, left in enumerate(sizes.tolist()):
        while left:
            size = FEWEST + int((MOST - FEWEST + 1) * cuts[cut])
            if left <= MOST:
                size = min(size, left) if left - size >= FEWEST else left
            parishes.append(min(size, left - FEWEST) if left > MOST else size)
            municipality.append(place)
            left -= parishes[-1]
            cut += 1
    return Places(state, np.array(municipality), np.repeat(np.arange(len(parishes)), parishes))


def _apportioned(weight: Numbers, tables: int) -> Numbers:
    """So many tables by weight: at least one for each, the rest in proportion, by largest remainder."""
    sizes, remainders = np.divmod((tables - len(weight)) * weight, weight.sum())
    rest = tables - len(weight) - int(sizes.sum())
    sizes[np.argsort(-remainders, kind="stable")[:rest]] += 1
    return np.asarray(1 + sizes)


def _leanings(places: Places, draws: Draws) -> tuple[Floats, Floats]:
    """By parish: how urban it is (0-1), and A's share. Cities vote for A, and each area has a lean of its own."""
    municipality = places.municipality
    parishes, municipalities = len(municipality), len(places.state)
    urban = draws.uniform(municipalities)[municipality] + 0.15 * draws.normal(parishes)
    city = np.clip(urban, 0, 1)
    share = 0.5 + 0.3 * (city - 0.5) + 0.03 * draws.normal(parishes)
    share += 0.06 * draws.normal(int(places.state[-1]) + 1)[places.state[municipality]]
    share += 0.04 * draws.normal(municipalities)[municipality]
    return city, share


def _orders(night: Night, places: Places, city: Floats, share: Floats, draws: Draws) -> tuple[Floats, Floats]:
    """When each sheet would be published, and when each table is counted: in two different orders, both by parish."""
    shuffled = np.argsort(draws.uniform(night.states), kind="stable")[places.state[places.municipality]]
    orders = (-city, city, -share, share, shuffled.astype(np.float64))
    first = draws.among(len(orders))
    second = (first + 1 + draws.among(len(orders) - 1)) % len(orders)
    ranks = []
    for order in (first, second):
        chance = (draws.uniform(night.tables) + draws.uniform(len(city))[places.parish]) / 2
        tied = _ranked(orders[order][places.parish])
        ranks.append(night.cities_first * tied + (1 - night.cities_first) * _ranked(chance))
    return ranks[0], ranks[1]


def _ranked(scores: Floats) -> Floats:
    """The place of each among all, from 0 up to 1."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(len(scores)) / len(scores)
    return ranks


def _deviations(night: Night, places: Places, draws: Draws) -> Floats:
    """By table, how much more (0-1) A has there if nobody reads its sheet."""
    most = night.unseen_otherwise / 100
    everywhere = (2 * draws.uniform(1)[0] - 1) * most
    by_parish = (draws.uniform(len(places.municipality)) - 0.5) * most
    return np.asarray(np.clip(everywhere + by_parish, -most, most)[places.parish])


def _vote(night: Night, places: Places, city: Floats, share: Floats, draws: Draws) -> tuple[Numbers, Numbers, Numbers]:
    """Registered voters, votes by option, and null votes: turnout differs by area and goes with the vote."""
    municipality = places.municipality[places.parish]
    registered = 250 + _whole(500 * draws.uniform(night.tables) + 200 * city)
    turnout = 0.6 + night.turnout_by_vote * (share - 0.5) + 0.03 * draws.normal(night.tables)
    turnout += 0.06 * draws.normal(night.states)[places.state[municipality]]
    turnout += 0.04 * draws.normal(len(places.state))[municipality]
    ballots = _whole(registered * np.clip(turnout, 0.1, 0.97))
    null = _whole(ballots * 0.01)
    first = _whole((ballots - null) * share)
    third = _whole((ballots - null - first) * 0.1)
    return registered, np.stack([first, ballots - null - first - third, third], axis=1), null


def _whole(figures: ArrayLike) -> Numbers:
    return np.asarray(np.rint(figures), np.int64)


def _unread(night: Night, places: Places, draws: Draws) -> Flags:
    """Tables whose registered voters the register does not tell: half by parish, half one by one."""
    half = night.unread_registers / 2
    parishes = draws.uniform(len(places.municipality)) < half
    return np.asarray(parishes[places.parish] | (draws.uniform(night.tables) < half))


def _levels(places: Places) -> list[Level]:
    """The areas of each level, from the nation down."""
    municipality = places.municipality[places.parish]
    state = [f"S{s + 1}" for s in range(int(places.state[-1]) + 1)]
    below = _numbered("M", state, places.state)
    parishes = _numbered("P", below, places.municipality)
    return [
        Level(["N"], np.zeros_like(municipality)),
        Level(state, places.state[municipality]),
        Level(below, municipality),
        Level(parishes, places.parish),
    ]


def _numbered(letter: str, above: list[str], parents: Numbers) -> list[str]:
    """Ids of areas whose parents are in rising order: the parent's id, and a number within it."""
    within = np.arange(len(parents)) - np.searchsorted(parents, parents) + 1
    return [f"{above[parent]}-{letter}{i}" for parent, i in zip(parents.tolist(), within.tolist(), strict=True)]


def _election(night: Night, levels: list[Level], registered: Numbers, listed: Numbers) -> Election:
    """The election file of such a night. Of nation and states the authority tells all registered voters; of the areas
    below they are known where the register has each of their tables."""
    areas: dict[str, Area] = {}
    for name, (ids, home) in zip(LEVELS, levels, strict=True):
        tables, unread = np.bincount(home).tolist(), np.bincount(home, listed < 0).tolist()
        voters = np.bincount(home, registered).astype(np.int64).tolist()
        for i, id in enumerate(ids):
            parent = None if name == "nation" else id.rpartition("-")[0] or "N"
            told = voters[i] if name in LEVELS[:2] or not unread[i] else None
            areas[id] = Area(id, id, name, parent, tables[i], told)
    order = numbered(areas)
    place = {id: i for i, id in enumerate(order)}
    parishes, home = levels[-1]
    lowest = np.array([place[id] for id in parishes])[home]
    return Election(
        id=f"simulated-{night.seed}",
        name=f"Simulated night {night.seed}",
        notice="Simulated: no real election.",
        options=OPTIONS,
        areas=areas,
        tables=Register(order, [f"T{t}" for t in range(night.tables)], lowest, listed),
        levels=LEVELS,
        policy=Policy(quorum=night.quorum, majority=night.majority, max_ballots=MOST_VOTERS),
    )
