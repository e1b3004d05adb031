"""What the notices of each alert come to: when it fired, how grave it became, when it was over. And the same of two
configurations side by side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from streams.alerts import Alert, Notice
from streams.findings import Finding, Severity
from streams.outcome import Outcome

GRAVEST: Mapping[Severity, int] = {"critical": 0, "warning": 1, "info": 2}
"""Severities, the gravest first."""


@dataclass(slots=True)
class History:
    """One fingerprint's night. Times are event time in Unix ms."""

    fingerprint: str
    finding: Finding
    """Its last one."""
    severity: Severity
    """The gravest it had."""
    spans: list[tuple[int, int | None]]
    """From when to when it fired; None: it still did at the end."""
    notices: int = 0
    heard: bool = False
    """Whether any notice went out; else an alert above spoke for it."""

    @property
    def first(self) -> int:
        """When it first fired."""
        return self.spans[0][0]

    @property
    def ended(self) -> int | None:
        """When it was over; None if it was not."""
        return self.spans[-1][1]

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "fingerprint": self.fingerprint,
            "severity": self.severity,
            "first": self.first,
            "ended": self.ended,
            "spans": self.spans,
            "notices": self.notices,
            "heard": self.heard,
            "value": self.finding.value,
            "unit": self.finding.unit,
            "bulletin": self.finding.bulletin,
            "sentence": dict(self.finding.sentence),
        }


def histories(notices: Iterable[Notice], alerts: Mapping[str, Alert]) -> dict[str, History]:
    """Each alert that ever fired, by fingerprint, in the order in which they first did. `alerts` as they are in the
    end: what still fires is told by its newest figures, which may be younger than its last notice."""
    found: dict[str, History] = {}
    for notice in notices:
        known = found.get(notice.fingerprint)
        if known is None:
            known = History(notice.fingerprint, notice.finding, notice.severity, [(notice.at, None)])
            found[notice.fingerprint] = known
        elif notice.status == "firing" and known.ended is not None:
            known.spans.append((notice.at, None))
        if notice.status == "resolved":
            known.spans[-1] = (known.spans[-1][0], notice.at)
        known.finding = notice.finding
        known.severity = min(known.severity, notice.severity, key=GRAVEST.__getitem__)
        known.notices += 1
        known.heard |= notice.muted_by is None
    for known in found.values():
        if known.ended is None:
            known.finding = alerts[known.fingerprint].finding
    return found


@dataclass(frozen=True, slots=True)
class Contrast:
    """What fires under one configuration and under another."""

    only_a: list[History]
    only_b: list[History]
    both: list[tuple[History, History]]

    @property
    def differing(self) -> list[tuple[History, History]]:
        """Those of `both` that fired at other times, or with another severity."""
        return [(a, b) for a, b in self.both if (a.spans, a.severity) != (b.spans, b.severity)]

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "only_a": [a.plain() for a in self.only_a],
            "only_b": [b.plain() for b in self.only_b],
            "both": [{"a": a.plain(), "b": b.plain()} for a, b in self.both],
        }


def contrast(a: Outcome, b: Outcome) -> Contrast:
    """Hold what fired in two nights against each other, in the order in which it first did."""
    here, there = (histories(night.notices, night.alerts) for night in (a, b))
    return Contrast(
        only_a=[known for key, known in here.items() if key not in there],
        only_b=[known for key, known in there.items() if key not in here],
        both=[(known, there[key]) for key, known in here.items() if key in there],
    )
