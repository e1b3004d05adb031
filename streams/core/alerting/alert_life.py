"""The life of an alert: pending, firing, resolved (design, section 6).

`step` is the whole decision. It is given the time, returns the next state, whether to tell
anybody, and the reason; it is written to be read as a table.
"""

from dataclasses import dataclass, replace
from enum import Enum

from streams.core.alerting.alert import Alert, Moment, Notice, Told
from streams.core.comparison.findings import RANK, Finding
from streams.core.election.settings import AlertPolicy


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
    if alert.told is None:
        return None
    if _waits_to_remark(alert):
        return alert.told.at
    if alert.status == "firing" and alert.finding.severity is not None and alert.news:
        return alert.told.at + round(policy.cooldown * 1000)
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
    alert = replace(
        alert, status="firing", gravest=alert.severity, called_at=at if alert.called_at is None else alert.called_at
    )
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
    rises = RANK[severity] > RANK[gravest]
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
    if alert.told is not None and at - alert.told.at < policy.cooldown * 1000:
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
        told=Told(at, alert.finding.value, alert.severity),
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
