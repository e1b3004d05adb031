"""Simulated nights: the same from the same seed, true to their own truth, and what Cotejo says of them."""

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import lines
from monitor import Monitor

from streams.core.alerting.alert import Notice
from streams.core.events.model import Bulletin, TallyReport
from streams.nights.scenarios.settings import Night, SimulationError
from streams.nights.scenarios.simulated import Simulation

SMALL = Night(tables=400, states=4, municipalities=5, bulletins=4)


def lived(night: Night) -> tuple[Monitor, list[Notice]]:
    simulation = Simulation(night)
    monitor = Monitor(simulation.election)
    notices = [n for event in simulation.events() for n in monitor.handle(event).notices]
    return monitor, notices + monitor.finish()


def digest(night: Night) -> str:
    return hashlib.sha256(b"\n".join(lines(Simulation(night).events()))).hexdigest()


def test_seeded() -> None:
    """The same seed makes the same bytes; another one others."""
    assert digest(SMALL) == digest(SMALL) != digest(replace(SMALL, seed=2))


def test_the_same_on_every_machine() -> None:
    """The truth of one seed, as it was when this test was written."""
    electorate = Simulation(replace(SMALL, seed=7)).electorate
    assert electorate.votes.sum(axis=0).tolist() == [84979, 60641, 6747]
    assert hashlib.sha256(electorate.votes.astype("<i8").tobytes()).hexdigest()[:16] == "b27b2c0ccfc5a1ec"


@pytest.mark.parametrize("seed", range(1, 6))
def test_areas(seed: int) -> None:
    """Parishes have 3 to 20 tables, fewer only alone in their municipality; areas say what exists, and how many
    voters there are where that is known."""
    simulation = Simulation(Night(seed=seed, tables=900, states=5, municipalities=8))
    election = simulation.election
    alone = {area.parent for area in election.areas.values() if len(election.children.get(area.parent or "", ())) == 1}
    parishes = [area for area in election.areas.values() if area.level == "parish"]
    assert all(3 <= (p.tables or 0) <= 20 or p.parent in alone for p in parishes)
    register = election.tables.values()
    for parish in parishes:
        known = [table.registered for table in register if table.area == parish.id]
        assert len(known) == parish.tables
        assert parish.registered == (None if None in known else sum(k or 0 for k in known))
    assert election.areas["N"].registered == simulation.truth()["registered"]
    assert sum(p.tables or 0 for p in parishes) == election.areas["N"].tables == 900


def test_as_hard_as_real_nights() -> None:
    """On most nights turnout goes with the vote, states turn out differently, sheets and counts come in different
    orders that both depend on the vote, and some registers are unread."""
    turnouts, spreads, orders, unread = [], [], [], []
    for seed in range(1, 21):
        e = Simulation(Night(seed=seed, tables=1200, states=8, municipalities=6)).electorate
        valid = e.votes.sum(axis=1)
        share, turnout = e.votes[:, 0] / valid, (valid + e.null) / e.registered
        state = e.levels[1].home
        turnouts.append(np.corrcoef(share, turnout)[0, 1])
        by_state = [turnout[state == s].mean() for s in range(8)]
        spreads.append(max(by_state) - min(by_state))
        orders.append([abs(np.corrcoef(share, order)[0, 1]) for order in (e.arrival, e.counted)])
        unread.append(np.mean([table.registered is None for table in e.election.tables.values()]))
        assert abs(np.corrcoef(e.arrival, e.counted)[0, 1]) < 0.999
    assert min(turnouts) > 0
    assert np.median(turnouts) > 0.4
    assert np.median(spreads) > 0.1
    assert np.median(orders) > 0.5
    assert 0.02 < np.mean(unread) < 0.08


def test_the_unseen_vote_otherwise() -> None:
    """Only tables that nobody reads are moved, by no more than was asked for, and on some nights by nearly as much."""
    means = []
    for seed in range(1, 11):
        night = Night(seed=seed, tables=1200, states=8, municipalities=6)
        usual, moved = (Simulation(replace(night, unseen_otherwise=points)).electorate for points in (0, 12))
        assert (usual.unseen == moved.unseen).all()
        assert (usual.votes[~usual.unseen] == moved.votes[~usual.unseen]).all()
        shares = [e.votes[e.unseen, 0] / e.votes[e.unseen].sum(axis=1) for e in (usual, moved)]
        points = 100 * (shares[1] - shares[0])
        assert abs(points).max() < 13  # votes are whole numbers
        means.append(abs(points.mean()))
    assert max(means) > 8


def test_truth() -> None:
    """The final bulletin is the truth, the sheets add up to it, and the order is that of time."""
    simulation = Simulation(replace(SMALL, witnessed=1, mis_keyed=0, official="municipality"))
    events = list(simulation.events())
    reports = [e for e in events if isinstance(e, TallyReport)]
    finals = {e.area: e for e in events if isinstance(e, Bulletin) and e.status == "final"}
    truth = simulation.truth()
    assert finals["N"].votes == truth["votes"] == truth["official"]
    assert {o: sum(r.votes[o] for r in reports) for o in "ABC"} == truth["votes"]
    for areas in ([f"S{s}" for s in range(1, 5)], [f"S{s}-M{m}" for s in range(1, 5) for m in range(1, 6)]):
        assert {o: sum(finals[area].votes[o] for area in areas) for o in "ABC"} == truth["votes"]
    assert [e.at for e in events] == sorted(e.at for e in events)
    assert (len(reports), truth["readings"]) == (400, 400)
    bulletins = [e for e in events if isinstance(e, Bulletin) and e.ballots is not None]
    assert finals["N"] in bulletins
    assert all(e.ballots == sum(e.votes.values()) + (e.null or 0) for e in bulletins)


def test_forged() -> None:
    """Who forges a reading moves a third of A's votes to B, and leaves the rest as it is."""
    night = replace(SMALL, witnessed=1, readers=1.0, mis_keyed=0, liars=0.5, forged=1.0)
    simulation = Simulation(night)
    sheets = dict(zip(simulation.election.tables, simulation.electorate.votes.tolist(), strict=True))
    reports = [e for e in simulation.events() if isinstance(e, TallyReport)]
    assert len(reports) == simulation.truth()["forged"] == 400
    for each in reports:
        a, b, c = sheets[each.table]
        assert tuple(each.votes.values()) == (a - a // 3, b + a // 3, c)


@pytest.mark.parametrize(
    ("fields", "figure", "low", "high"),
    [
        pytest.param({"mis_keyed": 0.1}, "mis_keyed", 20, 50, id="slips"),
        pytest.param({"liars": 0.05, "forged": 0.2, "readers": 3.0}, "forged", 150, 260, id="forged readings"),
        pytest.param({"readers": 2.5}, "readings", 800, 900, id="readers"),
        pytest.param({"witnessed": 0.5}, "witnessed", 200, 200, id="witnessed tables"),
    ],
)
def test_shares(fields: dict[str, Any], figure: str, low: int, high: int) -> None:
    """What is asked for comes out, near enough."""
    simulation = Simulation(replace(SMALL, **fields))
    list(simulation.events())
    assert low <= simulation.truth()[figure] <= high


def test_late_and_corrected() -> None:
    """A late bulletin arrives after its successor; a slip is followed by its correction, which supersedes it."""
    events = Simulation(replace(SMALL, late=1, corrected=2, mis_keyed=0)).events()
    found = [e for e in events if isinstance(e, Bulletin)]
    assert [b.id for b in found] == ["N-2-slip", "N-1-slip", "N-2", "N-1", "N-3", "N-4"]
    assert [b.status for b in found[2:4]] == ["correction", "correction"]
    assert found[2].supersedes == "N-2-slip"


@pytest.mark.parametrize("official", ["nation", "state", "municipality", "table"])
@pytest.mark.parametrize("seed", range(1, 9))
def test_honest_nights_are_quiet(seed: int, official: Any) -> None:
    """An honest night, judged every ten seconds: no arithmetic alert, and no critical one of any class at any level.
    (A sample; docs/evidence.md has a thousand.)"""
    _, notices = lived(replace(SMALL, seed=seed, official=official, late=1))
    assert not [n for n in notices if n.finding.rule_class == "arithmetic" or n.severity == "critical"]


@pytest.mark.parametrize("official", ["nation", "state", "table"])
@pytest.mark.parametrize(("shift", "witnessed"), [(10, 0.95), (20, 0.85)])
def test_shifted_counts_are_called(shift: float, witnessed: float, official: Any) -> None:
    """An official count that moves 10 points is called critical for the nation where 95 % are witnessed, one that moves
    20 points where 85 % are, though whole parishes are among the unseen."""
    _, notices = lived(replace(SMALL, shift=shift, witnessed=witnessed, official=official))
    assert any(n.severity == "critical" and n.finding.area == "N" for n in notices)


def test_liars_are_outvoted() -> None:
    """Five readers a sheet, of whom more than two thirds must agree: a tenth of forged readings, all alike, moves the
    nation by less than 0.1 point."""
    night = replace(SMALL, readers=5.0, quorum=3, majority=0.66, liars=0.05, forged=0.1, mis_keyed=0)
    simulation = Simulation(night)
    monitor = Monitor(simulation.election)
    for event in simulation.events():
        monitor.handle(event)
    accepted = {t: v.votes for t, v in monitor.verdicts.items() if v.accepted and v.votes}
    true = [sum(column) for column in zip(*(simulation.sheet(t) for t in accepted), strict=True)]
    seen = [sum(column) for column in zip(*accepted.values(), strict=True)]
    assert len(accepted) > 250
    assert simulation.truth()["forged"] > 100
    assert all(abs(100 * a / sum(true) - 100 * b / sum(seen)) < 0.1 for a, b in zip(true, seen, strict=True))


@pytest.mark.parametrize(
    "fields",
    [
        {"witnessed": 2},
        {"tables": 5},
        {"readers": 0.5},
        {"hours": 0},
        {"turnout_by_vote": 9},
        {"unread_registers": 2},
        {"unseen_otherwise": -1},
        {"forged": 0.5},
        {"shift": 200},
        {"bulletins": 0},
    ],
)
def test_what_cannot_be(fields: dict[str, Any]) -> None:
    """A night that cannot be is refused with the figure's name."""
    with pytest.raises(SimulationError, match=next(iter(fields))):
        Simulation(replace(SMALL, **fields))
