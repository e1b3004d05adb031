"""Simulated nights: the same from the same seed, true to their own truth, and what Cotejo says of them."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from builders import lines

from streams.alerts import Notice
from streams.events import Bulletin, TallyReport
from streams.monitor import Monitor
from streams.nights.simulated import Night, Simulation, SimulationError

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


def test_truth() -> None:
    """The final bulletin is the truth, the sheets add up to it, and the order is that of time."""
    simulation = Simulation(replace(SMALL, witnessed=1, mis_keyed=0, official="state"))
    events = list(simulation.events())
    reports = [e for e in events if isinstance(e, TallyReport)]
    finals = {e.area: e for e in events if isinstance(e, Bulletin) and e.status == "final"}
    truth = simulation.truth()
    assert finals["N"].votes == truth["votes"] == truth["official"]
    assert {o: sum(r.votes[o] for r in reports) for o in "ABC"} == truth["votes"]
    assert {o: sum(finals[f"S{s}"].votes[o] for s in range(1, 5)) for o in "ABC"} == truth["votes"]
    assert [e.at for e in events] == sorted(e.at for e in events)
    assert (len(reports), truth["readings"]) == (400, 400)


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


@pytest.mark.parametrize("official", ["nation", "state", "table"])
@pytest.mark.parametrize("seed", range(1, 9))
def test_honest_nights_are_quiet(seed: int, official: Any) -> None:
    """An honest night with 2 % mis-keyed sheets, cities first: no arithmetic alert, no critical remainder. (A sample;
    docs/evidence.md has a thousand.)"""
    _, notices = lived(replace(SMALL, seed=seed, official=official, late=1))
    loud = {(n.finding.rule, n.severity) for n in notices if n.finding.rule_class in ("arithmetic", "remainder")}
    assert not {call for call in loud if call[0] != "remainder" or call[1] == "critical"}


@pytest.mark.parametrize("official", ["nation", "state", "table"])
@pytest.mark.parametrize("shift", [10, 20])
def test_shifted_counts_are_called(shift: float, official: Any) -> None:
    """An official count that moves 10 points or more is called critical for the nation."""
    _, notices = lived(replace(SMALL, shift=shift, official=official))
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
        {"forged": 0.5},
        {"shift": 200},
        {"bulletins": 0},
    ],
)
def test_what_cannot_be(fields: dict[str, Any]) -> None:
    """A night that cannot be is refused with the figure's name."""
    with pytest.raises(SimulationError, match=next(iter(fields))):
        Simulation(replace(SMALL, **fields))
