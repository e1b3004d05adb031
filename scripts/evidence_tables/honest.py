"""Honest simulated nights: what is called all the same."""

from collections import Counter
from dataclasses import replace
from typing import Final, get_args

import numpy as np

from evidence_tables.common import LOUD, each, header, interval, lived, row
from streams.core.alerting.alert import Notice
from streams.nights.scenarios.electorate import LEVELS
from streams.nights.scenarios.settings import Night, Official

Call = tuple[str, str, str]
"""Rule class, severity and level of an alert that fired."""

_BASE: Final = Night(states=8, municipalities=4, late=1)
_TABLES: Final = (600, 1200, 2400)
_WITNESSED: Final = (0.5, 0.7, 0.85, 0.95, 1.0)


def nights(count: int) -> list[Night]:
    """So many honest nights: every combination of what is announced, the tables there are, and the sheets that are read
    comes in turn."""
    officials, found = get_args(Official), []
    for seed in range(1, count + 1):
        turn, i = divmod(seed, len(officials))
        again, j = divmod(turn, len(_TABLES))
        witnessed = _WITNESSED[again % len(_WITNESSED)]
        found.append(replace(_BASE, seed=seed, official=officials[i], tables=_TABLES[j], witnessed=witnessed))
    return found


def calls(night: Night) -> tuple[set[Call], Counter[str], list[Notice]]:
    """What fired; how many areas of each level had a bulletin and, in the end, 30 sheets; the notices that called."""
    simulation, outcome = lived(night)
    areas, electorate = simulation.election.areas, simulation.electorate
    loud = [n for n in outcome.notices if n.status == "firing" and n.severity in LOUD]
    judged = Counter[str]()
    for name, (ids, home) in zip(LEVELS, electorate.levels, strict=True):
        sheets = np.bincount(home[~electorate.unseen], minlength=len(ids)) >= 30
        judged[name] = sum(bool(sheets[i]) and outcome.states[id].official is not None for i, id in enumerate(ids))
    found: set[Call] = {(n.finding.rule_class, n.severity, areas[n.finding.area].level) for n in loud}
    return found, judged, loud


def show(count: int = 1000) -> None:
    """Print how many nights had an alert, by severity and level, and which rules spoke."""
    seen, judged, rules = list[set[Call]](), Counter[str](), Counter[str]()
    for night in each(nights(count), "honest nights"):
        found, areas, loud = calls(night)
        seen.append(found)
        judged += areas
        rules.update({f"{n.finding.rule}, {n.severity}" for n in loud})
    announced = LEVELS[:3]
    header(f"Of {count:,} honest nights, with", *announced, "any level", "with 95 % interval")
    for name, word in (
        ("an arithmetic alert", "arithmetic"),
        ("a critical alert", "critical"),
        ("a warning", "warning"),
    ):
        such = [[level for *kind, level in found if word in kind] for found in seen]
        hits = sum(map(bool, such))
        row(
            f"{name} of any {'severity' if word == 'arithmetic' else 'class'}",
            *(sum(level in levels for levels in such) for level in announced),
            hits,
            interval(hits, count),
        )
    row(
        "areas judged, with 30 sheets and more",
        *(f"{judged[level]:,}" for level in announced),
        f"{judged.total():,}",
        "",
    )
    row("nights by rule and severity", *[""] * 3, ", ".join(f"{rule}: {n}" for rule, n in rules.items()) or "none", "")
