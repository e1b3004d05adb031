"""A tick when all is contested: 823,366 polling tables in 95,000 areas, 38 of which are announced ten points off.

Each tick brings one sheet from each of ten provinces; the nation and these change. Measured is what the comparison does
with it: the sums, what can honestly be announced, the required deviation, the findings, the alerts.
"""

from collections.abc import Iterator
from time import perf_counter
from typing import Final

import numpy as np

from benchmarks.figures import Figure
from benchmarks.kept import say
from streams.core.election.model import Area, Election, Option
from streams.core.election.numbering import Numbers, numbered
from streams.core.election.register import Register
from streams.core.election.settings import AlertPolicy, Policy
from streams.core.engine.comparer import Comparer
from streams.core.events.model import Bulletin
from streams.core.reconciliation.consensus import Level
from streams.core.reconciliation.sheet_rows import ANNOUNCED, CODES, READ, Rows, Sheets

TABLES: Final = 823_366
PROVINCES: Final = 37
"""With the nation 38 areas that are announced."""
REGENCIES, DISTRICTS, VILLAGES = 14, 14, 12
"""Of each province, of each regency, of each district: 512, 7,250 and 87,000 in all, nearly."""
AT_ONCE: Final = 10
TICKS: Final = 60
BEGIN: Final = 1_700_000_000_000


def run() -> list[Figure]:
    """Milliseconds of each tick: of complete bulletins, and of those of 96 % of the tables."""
    found = []
    for name, fraction in (("complete bulletins", 1.0), ("bulletins of 96 % of the tables", 0.96)):
        say(f"contested, {name}")
        note = f"{TABLES:,} tables, {PROVINCES + 1} contested areas, {AT_ONCE + 1} change"
        found.append(Figure.alone(f"a tick, {name}", "ms", list(ticks(TABLES, PROVINCES, fraction)), note))
    return found


def ticks(tables: int, provinces: int, fraction: float, seed: int = 0, count: int = TICKS) -> Iterator[float]:
    """Milliseconds of each of so many ticks."""
    random = np.random.default_rng(seed)
    election = country(tables, provinces)
    rows = sheets(election, random)
    seen = np.flatnonzero(random.random(tables) < 0.8)
    comparer = Comparer(election)
    comparer.add_sheets(_of(election, seen, rows[seen]))
    places = ["N", *(f"P{p}" for p in range(provinces))]
    for area in places:
        assert comparer.add_bulletin(announced(election, rows, area, fraction)) is None
    comparer.advance(BEGIN)
    comparer.advance(at := BEGIN + 10_000)
    assert all("divergence" in {finding.rule for finding in comparer.findings(area)} for area in places)
    missing = np.setdiff1d(np.arange(tables), seen)
    inside = [election.layout.inside(election.layout.area[area]) for area in places[1:]]
    unseen = [missing[slice(*np.searchsorted(missing, ends))] for ends in inside]
    for tick in range(count):
        chosen = random.choice(provinces, min(AT_ONCE, provinces), replace=False)
        some = np.sort([unseen[province][tick] for province in chosen.tolist()])
        update = _of(election, some, rows[some])
        at += 10_000
        began = perf_counter()
        comparer.add_sheets(update)
        comparer.advance(at)
        yield 1000 * (perf_counter() - began)


def country(tables: int, provinces: int) -> Election:
    """A nation of provinces, regencies, districts and villages, with tables dealt out in turn."""
    areas = {"N": Area("N", "N", "nation", None, tables)}

    def below(parent: str, prefix: str, level: str, number: int) -> Iterator[str]:
        for i in range(number):
            id = f"{prefix}{i}"
            areas[id] = Area(id, id, level, parent)
            yield id

    villages = [
        village
        for province in below("N", "P", "province", provinces)
        for regency in below(province, f"{province}-", "regency", REGENCIES)
        for district in below(regency, f"{regency}-", "district", DISTRICTS)
        for village in below(district, f"{district}-", "village", VILLAGES)
    ]
    order = numbered(areas)
    number = {id: i for i, id in enumerate(order)}
    home = np.sort(np.array([number[village] for village in villages])[np.arange(tables) % len(villages)])
    register = Register(order, [f"T{i}" for i in range(tables)], home, np.full(tables, 260, np.int64))
    for id in list(areas):
        if id[0] == "P" and "-" not in id:
            first, end = np.searchsorted(home, [number[id], number[id] + (len(order) - 1) // provinces])
            areas[id] = Area(id, id, "province", "N", int(end - first))
    options = tuple(Option(o, o) for o in "ABC")
    levels = ("nation", "province", "regency", "district", "village")
    policy, alerts = Policy(quorum=1), AlertPolicy(tick=10)
    return Election("contested", "Contested", options, areas, register, levels=levels, policy=policy, alerts=alerts)


def sheets(election: Election, random: np.random.Generator) -> Numbers:
    """What every polling table holds, as rows of sheets: shares that go by village, turnout by table."""
    home = election.layout.home
    share = np.clip(random.normal(0.5, 0.12, len(election.areas))[home] + random.normal(0, 0.05, len(home)), 0.02, 0.9)
    valid = random.integers(150, 230, len(home))
    first = (valid * share).astype(np.int64)
    third = np.minimum(valid // 12, valid - first)
    rows = np.zeros((len(home), READ + 3), np.int64)
    rows[:, 0], rows[:, 1], rows[:, 2] = 1, CODES[Level.REPORTED], 1
    rows[:, READ:] = np.stack([first, valid - first - third, third], axis=1)
    return rows


def announced(election: Election, rows: Numbers, area: str, fraction: float) -> Bulletin:
    """A bulletin that moves ten points from A to B."""
    first, end = election.layout.inside(election.layout.area[area])
    a, b, c = (rows[first:end, READ:].sum(axis=0) * fraction).astype(np.int64).tolist()
    moved = (a + b + c) // 10
    exist = end - first
    counted = exist if fraction == 1 else int(exist * fraction)
    votes = {"A": a - moved, "B": b + moved, "C": c}
    return Bulletin(
        id=f"{area}-1", authority="office", area=area, at=BEGIN, sequence=1, votes=votes, tables_counted=counted
    )


def _of(election: Election, tables: Numbers, rows: Numbers) -> Sheets:
    none: Rows = np.zeros(0, np.int64), np.zeros((0, ANNOUNCED + len(election.columns)), np.int64)
    return Sheets(0, len(tables), (tables, rows), none)
