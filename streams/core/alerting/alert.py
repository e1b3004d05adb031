"""The life of an alert: pending, firing, resolved (design, section 6).

`step` is the whole decision. It is given the time, returns the next state, whether to tell
anybody, and the reason; it is written to be read as a table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Literal, TypeVar

import msgspec

from streams.core.comparison.findings import Finding, Severity
from streams.core.comparison.sentences import LANGUAGES
from streams.core.election.settings import AlertPolicy

_T = TypeVar("_T")

Status = Literal["pending", "firing", "resolved"]

_RANK: Mapping[Severity | None, int] = {None: -1, "info": 0, "warning": 1, "critical": 2}


class Reason(Enum):
    """Why an alert did what it did."""

    IDLE = "nothing to call"
    WAITING = "the finding has not lasted long enough"
    CALMED = "the finding went away before it fired"
    FIRED = "the finding lasted long enough"
    ESCALATED = "the severity rose"
    NEW_BULLETIN = "a newer bulletin shows it too"
    UNMUTED = "the alert above it that spoke for it is over"
    UPDATED = "the figures changed, and the last word is long enough ago"
    COOLDOWN = "the figures changed, but the last word is too recent"
    UNCHANGED = "nothing changed"
    HOLDING = "below the limit that raises, above the limit that clears"
    RESOLVED = "the finding is gone"
    SUPERSEDED = "a newer bulletin does not show it"
    REMARKED = "its rule calls nobody any more"


@dataclass(frozen=True, slots=True)
class Moment:
    """An alert at one tick: what is shown together is taken from one of these. `at` is event time in Unix ms."""

    at: int
    severity: Severity
    finding: Finding

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"at": self.at, "severity": self.severity, "finding": self.finding.plain()}

    @property
    def weight(self) -> tuple[int, float]:
        """How bad it is: severity first, then the headline figure."""
        return _RANK[self.severity], self.finding.value


@dataclass(frozen=True, slots=True)
class Alert:
    """One fingerprint's state. Times are event time in Unix ms.

    `finding` and `severity` are those of the last tick that looked at it; one that holds between the two limits keeps
    the severity it had. `gravest` is the gravest severity that was told in this episode: only what goes beyond it
    calls at once. A newer bulletin sets it anew. `called_at` is when it first fired in the night, `worst` its worst
    tick since then, in whatever episode.

    `episode` counts the times it fired, `words` the notices of this episode; together they
    name a notice the same way whoever computes it, and after whatever crash. `muted_by` is the
    alert above that the last notice was left to, `heard` whether any notice of this episode was
    not muted.
    """

    fingerprint: str
    status: Status
    since: int
    finding: Finding
    severity: Severity
    episode: int = 0
    words: int = 0
    told_at: int = 0
    told_value: float = 0.0
    told_severity: Severity | None = None
    muted_by: str | None = None
    heard: bool = False
    gravest: Severity | None = None
    called_at: int = 0
    worst: Moment | None = None

    @property
    def news(self) -> bool:
        """Whether its figures are others than were last told."""
        return (self.finding.value, self.severity) != (self.told_value, self.told_severity)

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "fingerprint": self.fingerprint,
            "status": self.status,
            "since": self.since,
            "finding": self.finding.plain(),
            "severity": self.severity,
            "episode": self.episode,
            "words": self.words,
            "told_at": self.told_at,
            "told_value": self.told_value,
            "told_severity": self.told_severity,
            "muted_by": self.muted_by,
            "heard": self.heard,
            "gravest": self.gravest,
            "called_at": self.called_at,
            "worst": None if self.worst is None else self.worst.plain(),
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Alert":
        """The alert that `plain` wrote. Raises ValueError for anything else."""
        return _convert(data, cls, "alert")

    def set_back(self, at: int) -> "Alert":
        """The same where time had run ahead and is `at` now: none of its times lies ahead."""
        worst = self.worst and replace(self.worst, at=min(self.worst.at, at))
        since, told, called = min(self.since, at), min(self.told_at, at), min(self.called_at, at)
        return replace(self, since=since, told_at=told, called_at=called, worst=worst)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell the receivers. `id` is the same however often it is sent."""

    id: str
    fingerprint: str
    status: Literal["firing", "resolved"]
    reason: str
    at: int
    since: int
    severity: Severity
    finding: Finding
    muted_by: str | None = None

    @property
    def order(self) -> tuple[int, int]:
        """Its place among the notices of its fingerprint: a later one has a larger. Raises ValueError for a strange
        id."""
        episode, words = self.id.rsplit(":", 2)[1:]
        return int(episode), int(words)

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "id": self.id,
            "fingerprint": self.fingerprint,
            "status": self.status,
            "reason": self.reason,
            "at": self.at,
            "since": self.since,
            "severity": self.severity,
            "finding": self.finding.plain(),
            "muted_by": self.muted_by,
        }

    @classmethod
    def from_plain(cls, data: Any) -> "Notice":
        """The notice that `plain` wrote. Raises ValueError for anything else."""
        found = _convert(data, cls, "notice")
        if not found.finding.sentence.keys() >= set(LANGUAGES):
            raise ValueError("no notice: it lacks a sentence in one of the languages")
        return found


def _convert(data: Any, kind: type[_T], name: str) -> _T:
    try:
        found = _with_findings(data)
        if worst := data.get("worst"):
            found["worst"] = _with_findings(worst)
        return msgspec.convert(found, kind)
    except (AttributeError, KeyError, TypeError, msgspec.ValidationError) as error:
        raise ValueError(f"no {name}: {error}") from None


def _with_findings(data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "finding": {**data["finding"], "rule_class": data["finding"]["class"]}}


@dataclass(frozen=True, slots=True)
class Decision:
    """The next state (None: nothing to remember), what to tell, and why."""

    alert: Alert | None
    notice: Notice | None
    reason: Reason


def step(
    alert: Alert | None,
    finding: Finding | None,
    at: int,
    bulletin: str | None,
    policy: AlertPolicy,
    parent: str | None = None,
) -> Decision:
    """Decide what becomes of an alert, given what its rule finds at event time `at`.

    `bulletin` is the id of the area's current bulletin, `parent` the fingerprint of a firing alert of the same
    rule and column further up: notices are left to that one. Units of `policy` are seconds.
    """
    if alert is None or alert.status == "resolved":
        if finding is None or finding.severity is None:
            if alert is not None and _waits_to_remark(alert):
                alert = replace(alert, severity="info")  # there is nothing left to remark
            return Decision(alert, None, Reason.IDLE)
        begun = Alert(finding.fingerprint, "pending", at, finding, finding.severity, 1)
        if alert is not None:
            begun = replace(begun, episode=alert.episode + 1, called_at=alert.called_at, worst=alert.worst)
        alert = begun
        return _pending(alert, finding, at, policy, parent)
    if alert.status == "pending":
        return _pending(alert, finding, at, policy, parent)
    return _firing(alert, finding, at, bulletin, policy, parent)


def deadline(alert: Alert, policy: AlertPolicy) -> int | None:
    """When, in Unix ms, the alert may change without any news; None if it cannot."""
    if alert.status == "pending":
        return alert.since + round(policy.hold * 1000)
    if _waits_to_remark(alert):
        return alert.told_at
    if alert.status == "firing" and alert.finding.severity is not None and alert.news:
        return alert.told_at + round(policy.cooldown * 1000)
    return None


def _waits_to_remark(alert: Alert) -> bool:
    """Whether it has just ended because its rule calls nobody any more: at the next tick it begins as a remark."""
    return alert.status == "resolved" and alert.finding.severity == "info" != alert.severity


def _pending(alert: Alert, finding: Finding | None, at: int, policy: AlertPolicy, parent: str | None) -> Decision:
    if finding is None or finding.severity is None:
        # A pending alert never spoke, so its episode number is free again.
        earlier = replace(alert, status="resolved", episode=alert.episode - 1) if alert.episode > 1 else None
        return Decision(earlier, None, Reason.CALMED)
    alert = replace(alert, finding=finding, severity=finding.severity)
    if at - alert.since < policy.hold * 1000:
        return Decision(alert, None, Reason.WAITING)
    alert = replace(alert, status="firing", gravest=alert.severity, called_at=alert.called_at or at)
    return _tell(_worsened(alert, at), at, Reason.FIRED, parent)


def _firing(
    alert: Alert, finding: Finding | None, at: int, bulletin: str | None, policy: AlertPolicy, parent: str | None
) -> Decision:
    before = alert.finding
    if finding is None:
        reason = Reason.RESOLVED if before.bulletin in (bulletin, "") else Reason.SUPERSEDED
        return _tell(replace(alert, status="resolved"), at, reason, parent)
    if finding.severity == "info" != alert.severity:
        # Its rule was made a remark meanwhile. Who was called hears that it is over; the remark is an alert of its own.
        return _tell(replace(alert, status="resolved", finding=finding), at, Reason.REMARKED, parent)
    newer = finding.bulletin != before.bulletin
    if newer and finding.severity is None:
        # What clears is a matter of one bulletin's figures: a newer one must raise its own alert.
        return _tell(replace(alert, status="resolved"), at, Reason.SUPERSEDED, parent)
    severity = finding.severity or alert.severity
    gravest = alert.gravest or alert.severity
    rises = _RANK[severity] > _RANK[gravest]
    alert = replace(alert, finding=finding, severity=severity, gravest=severity if rises or newer else gravest)
    if finding.severity is not None:
        alert = _worsened(alert, at)
    if rises:
        return _tell(alert, at, Reason.ESCALATED, parent)
    if newer:
        return _tell(alert, at, Reason.NEW_BULLETIN, parent)
    if alert.muted_by is not None and parent is None and not alert.heard:
        return _tell(alert, at, Reason.UNMUTED, parent)
    if finding.severity is None:
        return Decision(alert, None, Reason.HOLDING)
    if not alert.news:
        return Decision(alert, None, Reason.UNCHANGED)
    if at - alert.told_at < policy.cooldown * 1000:
        return Decision(alert, None, Reason.COOLDOWN)
    return _tell(alert, at, Reason.UPDATED, parent)


def _worsened(alert: Alert, at: int) -> Alert:
    """The same, with this tick as its worst if none was as bad."""
    now = Moment(at, alert.severity, alert.finding)
    return replace(alert, worst=now) if alert.worst is None or now.weight > alert.worst.weight else alert


def _tell(alert: Alert, at: int, reason: Reason, parent: str | None) -> Decision:
    resolved = alert.status == "resolved"
    muted_by = parent
    if resolved:  # who heard of it must hear that it is over, and nobody else
        muted_by = None if alert.heard else parent or alert.muted_by
    alert = replace(
        alert,
        words=alert.words + 1,
        told_at=at,
        told_value=alert.finding.value,
        told_severity=alert.severity,
        muted_by=muted_by,
        heard=alert.heard or muted_by is None,
    )
    notice = Notice(
        id=f"{alert.fingerprint}:{alert.episode}:{alert.words}",
        fingerprint=alert.fingerprint,
        status="resolved" if resolved else "firing",
        reason=reason.value,
        at=at,
        since=alert.since,
        severity=alert.severity,
        finding=alert.finding,
        muted_by=muted_by,
    )
    return Decision(alert, notice, reason)
