"""Forged readings: how far they move an area."""

from dataclasses import replace
from statistics import median

from evidence_tables.common import each, header, outcome_of, row
from streams.core.replay.outcome import Outcome
from streams.nights.scenarios.settings import Night
from streams.nights.scenarios.simulated import Simulation


def moved(night: Night) -> tuple[float, float, float, float]:
    """Most points that forged readings move the witnessed share of an area: nation, states; tables accepted forged;
    coverage. Held against the truth over the same sheets."""
    lying = Simulation(night)
    outcome = outcome_of(lying.election, lying.events())
    worst = {"nation": 0.0, "state": 0.0}
    for area, state in outcome.states.items():
        if state.level in worst:
            mine, true = state.witnessed, _true(lying, area, outcome)
            gaps = [abs(100 * (mine.votes[option] or 0) / max(1, mine.valid) - true[option]) for option in true]
            worst[state.level] = max(worst[state.level], *gaps)
    forged = sum(v.accepted and v.votes != lying.sheet(t) for t, v in outcome.verdicts.items())
    accepted = sum(v.accepted for v in outcome.verdicts.values())
    return worst["nation"], worst["state"], forged / max(1, accepted), accepted / len(lying.election.tables)


def _true(simulation: Simulation, area: str, outcome: Outcome) -> dict[str, float]:
    """True shares over the very sheets that were accepted there."""
    sheets = [
        simulation.sheet(t)
        for t, v in outcome.verdicts.items()
        if v.accepted and area in simulation.election.lineage[simulation.election.tables[t].area]
    ]
    sums = [sum(column) for column in zip(*sheets, strict=True)] or [0, 0, 0]
    return {o.id: 100 * n / max(1, sum(sums)) for o, n in zip(simulation.election.options, sums, strict=True)}


def show(count: int = 10) -> None:
    """Print a line for each number of readings and policy."""
    header("Readings a sheet", "quorum, majority", "accepted", "of them forged", "nation moved, most", "a state, most")
    for readers, quorum, majority in ((1, 1, 0.5), (2, 2, 0.5), (3, 2, 0.5), (4, 3, 0.66), (5, 3, 0.66), (6, 4, 0.66)):
        base = Night(
            tables=12_000, states=12, municipalities=10, readers=readers, quorum=quorum, majority=majority,
            liars=0.05, forged=0.1, mis_keyed=0, bulletins=1,
        )  # fmt: skip
        nights = [replace(base, seed=seed) for seed in range(1, count + 1)]
        found = [moved(night) for night in each(nights, f"{readers} readers")]
        nation, state = (max(f[i] for f in found) for i in (0, 1))
        forged, accepted = (median(f[i] for f in found) for i in (2, 3))
        row(readers, f"{quorum}, {majority}", f"{accepted:.0%}", f"{forged:.2%}", f"{nation:.3f}", f"{state:.3f}")
