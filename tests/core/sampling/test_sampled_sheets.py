"""What a night keeps of its sample: whatever comes in whatever order, and what is said of which area."""

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from builders import T0, bulletin, clustered_sample, drawn_sample, election, lines, present, report
from hypothesis import given, settings
from hypothesis import strategies as st
from monitor import Monitor
from msgspec import UNSET, structs
from replays import of_events

from streams.core.election.model import Election
from streams.core.election.settings import AlertPolicy
from streams.core.engine.comparer import Comparer
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.sampling.draw import random_order
from streams.core.sampling.sampled_sheets import SampledSheets


def sampled(known: Election, per_stratum: int = 4, level: str = "state") -> Election:
    """The election with a sample of the first tables of each area of a level."""
    strata = {
        area.id: tuple(known.layout.tables[slice(*known.layout.inside(known.layout.area[area.id]))][:per_stratum])
        for area in known.areas.values()
        if area.level == level
    }
    return replace(known, sample=drawn_sample(strata, unseen=15.0))


KNOWN = sampled(election(3, 8, 200, alerts=AlertPolicy(tick=10, hold=0, cooldown=30)))


def shown(found: SampledSheets) -> list[Any]:
    return [found.record(number) for number in range(len(KNOWN.areas))]


@settings(max_examples=30)
@given(st.randoms(use_true_random=False))
def test_in_any_order(random: Random) -> None:
    """Sheets in any order, repeated and with older ones among them, come to what the newest of each comes to."""
    assert KNOWN.sample is not None
    reconciler, rows = Reconciler(KNOWN), []
    for i in range(40):
        table, votes = random.choice(list(KNOWN.tables)), (random.randint(0, 99), random.randint(0, 99), 1)
        reconciler.apply(report(table, votes, id=str(i), at=T0 + i))
        rows.append(reconciler.take_sheets().read)
    newest = SampledSheets(KNOWN, KNOWN.sample)
    for part in rows:
        newest.add(part)
    anyhow = SampledSheets(KNOWN, KNOWN.sample)
    for part in random.sample(rows * 2, 2 * len(rows)):
        anyhow.record(0)  # what was worked out before does not stay
        anyhow.add(part)
    assert shown(anyhow) == shown(newest)
    fresh = SampledSheets(KNOWN, KNOWN.sample)
    fresh.add((np.concatenate([tables for tables, _ in rows]), np.concatenate([each for _, each in rows])))
    assert shown(fresh) == shown(newest)


def test_it_says_whether_anything_changed() -> None:
    """Only an accepted figure of a sampled table is news: not a second reading, not another table, not a repetition."""
    assert KNOWN.sample is not None
    found, reconciler = SampledSheets(KNOWN, KNOWN.sample), Reconciler(KNOWN)
    told = []
    for table, reporter, votes in (("S1-8", "ana", 5), ("S1-1", "ana", 5), ("S1-1", "bea", 5), ("S1-1", "ana", 6)):
        reconciler.apply(report(table, (votes, 3, 1), reporter=reporter, id=f"{table}{reporter}{votes}"))
        told.append(found.add(rows := reconciler.take_sheets().read))
        assert not found.add(rows)
    assert told == [False, True, False, True]


@pytest.mark.parametrize(
    ("level", "per_stratum", "spoken_of"),
    [
        ("nation", 40, {"N"}),
        ("state", 29, {"N"}),
        ("state", 30, {"N", "S1", "S2"}),
        ("district", 10, {"N", "S1", "S2"}),
        ("district", 30, {"N", "S1", "S2", *(f"S{s}.{d}" for s in (1, 2) for d in (1, 2, 3))}),
    ],
)
def test_areas(level: str, per_stratum: int, spoken_of: set[str]) -> None:
    """The sample speaks of the whole, and of areas that are whole strata with 30 sampled tables."""
    known = sampled(election(2, 90, districts=3), per_stratum, level)
    comparer = Comparer(known)
    states = comparer.states(list(known.areas))
    assert {state.area for state in states if state.sample is not UNSET} == spoken_of
    assert present(comparer.state("N").sample).drawn == sum(
        map(len, known.sample.strata.values()) if known.sample else ()
    )


@settings(max_examples=15)
@given(st.randoms(use_true_random=False))
def test_the_same_by_every_way(random: Random) -> None:
    """Replay, which takes in many ticks at once, shows of the sample what event after event does, and what saved state
    does; an election without a sample shows the same of all else."""
    events: list[Any] = []
    for i, table in enumerate(random.sample(list(KNOWN.tables), 20)):
        events.append(report(table, (random.randint(0, 90), random.randint(0, 90), 5), at=T0 + 3_000 * i))
    events.insert(10, bulletin((900, 900, 90), at=T0 + 30_000, tables_counted=24))
    replayed = of_events(KNOWN, lines(events)).states
    monitor = Monitor(KNOWN)
    for event in events:
        monitor.handle(event)
    monitor.finish()
    assert replayed["N"].sample == monitor.comparer.state("N").sample
    reconciler, saved = Reconciler(KNOWN), Comparer(KNOWN)
    for event in events[:10] + events[11:]:
        reconciler.apply(event)
    saved.load([reconciler.take_sheets()], [], [], T0)
    assert saved.state("N").sample == replayed["N"].sample
    plain = of_events(replace(KNOWN, sample=None), lines(events)).states
    assert plain == {id: structs.replace(state, sample=UNSET) for id, state in replayed.items()}


def test_the_order_is_random() -> None:
    """In each stratum the tables stand in the order of the bets, not in that of the file."""
    known = sampled(election(2, 40), 30)
    assert known.sample is not None
    found, reconciler = SampledSheets(known, known.sample), Reconciler(known)
    for i, table in enumerate(known.tables):
        reconciler.apply(report(table, (i, 0, 0)))
    found.add(reconciler.take_sheets().read)
    whole = found.sample(0)
    assert whole is not None
    tables = [list(known.tables)[i] for i in whole.votes[0].tolist()]
    assert tables == [t for stratum in known.sample.strata.values() for t in random_order(known.sample, stratum)]


def test_clusters() -> None:
    """The units are whole areas: how many a stratum has, what the fullest can hold, which tables lie in each, and that
    a part of the whole needs 30 of them. Missing are tables."""
    known = election(2, 122, [100, 200], districts=61)
    clusters = {"S1": [f"S1.{d}" for d in range(1, 31)], "S2": ["S2.3", "S2.1", "S2.2"]}
    known = replace(known, sample=clustered_sample(known, clusters))
    assert known.sample is not None
    found, reconciler = SampledSheets(known, known.sample), Reconciler(known)
    for i, table in enumerate(known.tables):
        if table != "S2-1":
            reconciler.apply(report(table, (i % 60, 1, 1)))
    found.add(reconciler.take_sheets().read)
    whole, parts = found.sample(0), {id for id in known.areas if found.record(known.layout.area[id])}
    assert whole is not None
    assert whole.cluster is not None
    assert parts == {"N", "S1"}
    assert (whole.sizes.tolist(), whole.drawn.tolist()) == ([61, 61], [30, 3])
    assert whole.cluster.tolist() == [i for i in range(33) for _ in range(2)]
    assert whole.largest == int(100 * 1.02) + int(200 * 1.02)
    assert whole.missing == {"S2": 1}
    shown_ = found.record(0)
    assert shown_ is not None
    assert (shown_.drawn, shown_.came, shown_.clusters) == (66, 65, 33)
    order = [area for stratum, some in clusters.items() for area in random_order(known.sample, some)]
    tables = [t for area in order for t, each in known.tables.items() if each.area == area]
    number = {t: i % 60 for i, t in enumerate(known.tables)}
    assert whole.votes[0].tolist() == [0 if t == "S2-1" else number[t] for t in tables]


def test_parts_follow_their_sheets() -> None:
    """What is said of a part of the whole follows the sheets of that part, also once it was asked for."""
    known = sampled(election(2, 40), 30)
    assert known.sample is not None
    found, reconciler = SampledSheets(known, known.sample), Reconciler(known)
    for table, came in (("S1-1", {"N": 1, "S1": 1, "S2": 0}), ("S2-3", {"N": 2, "S1": 1, "S2": 1})):
        reconciler.apply(report(table, (5, 3, 1)))
        found.add(reconciler.take_sheets().read)
        shown_ = {area: found.record(known.layout.area[area]) for area in came}
        assert {area: said and said.came for area, said in shown_.items()} == came


def test_a_disputed_sheet_is_missing() -> None:
    """Where readers disagree the sheet is among those that have not come, and comes again when they agree."""
    assert KNOWN.sample is not None
    found, reconciler, came = SampledSheets(KNOWN, KNOWN.sample), Reconciler(KNOWN), []
    for reporter, votes in (("ana", 5), ("bea", 9), ("eva", 9)):
        reconciler.apply(report("S1-1", (votes, 3, 1), reporter=reporter, id=reporter))
        found.add(reconciler.take_sheets().read)
        whole = found.record(0)
        assert whole is not None
        came.append((whole.came, whole.missing["S1"]))
    assert came == [(1, 3), (0, 4), (1, 3)]
