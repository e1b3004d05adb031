"""The life of each alert, from its notices: when it fired, how grave it became, when it ended; and the lives of alerts
under two configurations side by side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from streams.core.alerting.alert import Alert, Moment, Notice
from streams.core.events.codec import to_json
from streams.core.replay.outcome import Outcome


@dataclass(slots=True)
class History:
    """One fingerprint's night. Times are event time in Unix ms."""

    fingerprint: str
    first: Moment
    """When it was first called."""
    worst: Moment
    """When it was worst, told or not."""
    last: Moment
    """How it stands in the end; of one that is over, when it ended, and as it was last found."""
    spans: list[tuple[int, int | None]]
    """From when to when it fired; None: it still did at the end."""
    notices: int = 0
    heard: bool = False
    """Whether any notice went out; else an alert above spoke for it."""

    @property
    def ended(self) -> int | None:
        """When it was over; None if it was not."""
        return self.spans[-1][1]

    @property
    def shown(self) -> Moment:
        """What is shown of it where there is room for one moment: how it stands, or of one that is over its worst."""
        return self.last if self.ended is None else self.worst

    @property
    def was_worse(self) -> bool:
        """Whether it was graver, or its figure larger, than in the moment that is shown."""
        return self.worst.weight > self.shown.weight

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "fingerprint": self.fingerprint,
            "first": to_json(self.first),
            "worst": to_json(self.worst),
            "last": to_json(self.last),
            "ended": self.ended,
            "spans": self.spans,
            "notices": self.notices,
            "heard": self.heard,
        }


def histories(notices: Iterable[Notice], alerts: Mapping[str, Alert], at: int) -> dict[str, History]:
    """Each alert that ever fired, by fingerprint, in the order in which they first did. `alerts` as they are in the
    end, at event time `at`: their figures may be younger than their last notice, and may have been worse than any."""
    by_fingerprint: dict[str, History] = {}
    for notice in notices:
        now = Moment(notice.at, notice.severity, notice.finding)
        history = by_fingerprint.get(notice.fingerprint)
        if history is None:
            history = by_fingerprint[notice.fingerprint] = History(
                notice.fingerprint, now, now, now, [(notice.at, None)]
            )
        elif notice.status == "firing" and history.ended is not None:
            history.spans.append((notice.at, None))
        if notice.status == "resolved":
            history.spans[-1] = (history.spans[-1][0], notice.at)
        history.last = now
        history.notices += 1
        history.heard |= notice.muted_by is None
    for history in by_fingerprint.values():
        alert = alerts[history.fingerprint]
        history.worst = alert.worst or history.worst
        if history.ended is None:
            history.last = Moment(at, alert.severity, alert.finding)
    return by_fingerprint


@dataclass(frozen=True, slots=True)
class Contrast:
    """What fires under one configuration and under another."""

    only_a: list[History]
    only_b: list[History]
    both: list[tuple[History, History]]

    @property
    def differing(self) -> list[tuple[History, History]]:
        """Those of `both` that fired at other times, or with another severity."""
        return [(a, b) for a, b in self.both if (a.spans, a.worst.severity) != (b.spans, b.worst.severity)]

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "only_a": [a.plain() for a in self.only_a],
            "only_b": [b.plain() for b in self.only_b],
            "both": [{"a": a.plain(), "b": b.plain()} for a, b in self.both],
        }


def contrast(a: Outcome, b: Outcome) -> Contrast:
    """Hold what fired in two nights against each other, in the order in which it first did."""
    here, there = (histories(night.notices, night.alerts, night.at) for night in (a, b))
    return Contrast(
        only_a=[history for key, history in here.items() if key not in there],
        only_b=[history for key, history in there.items() if key not in here],
        both=[(history, there[key]) for key, history in here.items() if key in there],
    )
