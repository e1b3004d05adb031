"""The thresholds of an election: their places in its file, their limits, and where two elections differ."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final, get_args

from streams.core.election.model import Election
from streams.core.election.settings import (
    AlertPolicy,
    BoundsRule,
    ContradictionRule,
    DivergenceRule,
    FingerprintRule,
    HealthRule,
    LeadRule,
    MetricsPolicy,
    MismatchRule,
    Policy,
    Rules,
    SampleRule,
    Switch,
    Switches,
    Unsigned,
    Zero,
)

SECTIONS: Final[Mapping[str, Any]] = {
    "reconcile": Policy,
    "rules.switch": Switches,
    "rules.contradiction": ContradictionRule,
    "rules.divergence": DivergenceRule,
    "rules.mismatch": MismatchRule,
    "rules.bounds": BoundsRule,
    "rules.sample": SampleRule,
    "rules.lead": LeadRule,
    "rules.health": HealthRule,
    "rules.fingerprint": FingerprintRule,
    "alerts": AlertPolicy,
    "metrics": MetricsPolicy,
}
"""The tables of thresholds, each with the dataclass that holds its defaults."""

NAMES: Final = {"hold": "for", **{field.name: field.name.replace("_", "-") for field in fields(Switches)}}
"""Fields that are called otherwise in the file."""

LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "reconcile.quorum": (1, 1000),
    "reconcile.majority": (0.5, 0.99),
    "reconcile.max_turnout": (0.5, 10),
    "reconcile.max_ballots": (1, 10**6),
    "reconcile.group_rate": (0, 10**9),
    "reconcile.max_lead": (0, 86_400),
    "rules.contradiction.min_sheets": (1, 10**7),
    "rules.contradiction.min_ratio": (0, 1),
    "rules.contradiction.clear": (0, 1),
    "rules.mismatch.min_tables": (1, 10**7),
    "rules.mismatch.ratio": (0, 1),
    "rules.mismatch.shift": (0, 100),
    "rules.mismatch.clear": (0, 1),
    "rules.bounds.min_tables": (1, 10**7),
    "rules.bounds.critical_tables": (1, 10**7),
    "rules.bounds.ratio": (0, 1),
    "rules.bounds.clear": (0, 1),
    "rules.lead.min_sheets": (1, 10**7),
    "rules.lead.levels": (1, 20),
    "rules.health.bulletin_every": (0, 10**7),
    "rules.health.reports_every": (0, 10**7),
    "rules.health.flood_ratio": (0, 1),
    "rules.health.flood_min": (1, 10**9),
    "rules.health.disputed_ratio": (0, 1),
    "rules.health.disputed_min": (1, 10**7),
    "rules.divergence.unseen": (0, 100),
    "rules.divergence.warning": (0, 100),
    "rules.divergence.critical": (0, 100),
    "rules.divergence.clear": (0, 1),
    "rules.divergence.coverage": (0, 1),
    "rules.divergence.min_sheets": (5, 10**7),
    "rules.sample.error": (1e-9, 0.5),
    "rules.sample.coverage": (0, 1),
    "rules.fingerprint.max_chance": (0, 1),
    "rules.fingerprint.max_decimals": (0, 4),
    "alerts.tick": (0.1, 3600),
    "alerts.for": (0, 86_400),
    "alerts.cooldown": (0, 604_800),
    "metrics.levels": (1, 20),
}
"""Least and most of every number."""

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "reconcile.registered_zero": get_args(Zero),
    "reconcile.unread": get_args(Zero),
    "reconcile.unsigned": get_args(Unsigned),
    **{f"rules.switch.{NAMES[field.name]}": get_args(Switch) for field in fields(Switches)},
}
"""The words that may stand where no number does."""


def thresholds(election: Election) -> dict[str, Any]:
    """Every threshold of an election by its place in the file, such as "rules.divergence.warning". Sets are given as
    sorted lists."""
    rules = {f"rules.{field.name}": getattr(election.rules, field.name) for field in fields(Rules)}
    return _flat({"reconcile": election.policy, **rules, "alerts": election.alerts})


def defaults() -> dict[str, Any]:
    """The default of every threshold, by its place in the file."""
    return _flat({section: shape() for section, shape in SECTIONS.items()})


def changed(a: Election, b: Election) -> dict[str, tuple[Any, Any]]:
    """By place, the thresholds that differ between two elections, with both values."""
    here, there = thresholds(a), thresholds(b)
    return {place: (value, there[place]) for place, value in here.items() if value != there[place]}


def _flat(sections: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{section}.{NAMES.get(name, name)}": sorted(value) if isinstance(value, frozenset) else value
        for section, thresholds in sections.items()
        for name, value in asdict(thresholds).items()
    }
