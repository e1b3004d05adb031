"""A notice in Alertmanager's words: the body that its webhooks have (version 4), and what its own API takes."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from streams.core.alerting.alert import Notice
from streams.core.alerting.next_delivery import Digest
from streams.core.comparison.findings import SEVERITIES
from streams.core.election.model import Election, Receiver
from streams.core.events.codec import encode
from streams.core.events.model import LATEST
from streams.delivery.standard_webhook import TEST, area_of, column_name
from streams.times import rfc3339

_NO_END: Final = "0001-01-01T00:00:00Z"
"""Go's zero time: how Alertmanager says that an alert has not ended."""
_TEST_LASTS: Final = 300_000
"""Milliseconds."""


def webhook_body(election: Election, receiver: Receiver, notice: Notice) -> bytes:
    """What Alertmanager would POST for this alert alone: version 4 of its webhook. Same notice, same bytes."""
    return _version_4(election, receiver, [notice], _group(notice), notice.status)


def webhook_digest(election: Election, receiver: Receiver, digest: Digest) -> bytes:
    """What Alertmanager would POST for all alerts of an election as one group. Same digest, same bytes."""
    group = {"election": election.id}
    newest = {notice.fingerprint: notice for notice in digest.notices}
    fires = any(notice.status == "firing" for notice in newest.values())
    return _version_4(election, receiver, list(newest.values()), group, "firing" if fires else "resolved")


def _version_4(
    election: Election, receiver: Receiver, notices: Sequence[Notice], group: Mapping[str, str], status: str
) -> bytes:
    alerts = [_webhook_alert(election, receiver, notice) for notice in notices]
    matchers = ", ".join(f"{name}={encode(value).decode()}" for name, value in group.items())
    return encode(
        {
            "version": "4",
            "groupKey": f"{{}}:{{{matchers}}}",
            "truncatedAlerts": 0,
            "status": status,
            "receiver": receiver.name,
            "groupLabels": group,
            "commonLabels": _common([alert["labels"] for alert in alerts]),
            "commonAnnotations": _common([alert["annotations"] for alert in alerts]),
            "externalURL": "",
            "alerts": alerts,
        }
    )


def _webhook_alert(election: Election, receiver: Receiver, notice: Notice) -> dict[str, Any]:
    return {
        "status": notice.status,
        "labels": _labels(election, notice),
        "annotations": _annotations(election, receiver, notice),
        "startsAt": rfc3339(notice.since),
        "endsAt": rfc3339(notice.at) if notice.status == "resolved" else _NO_END,
        "generatorURL": "",
        "fingerprint": hashlib.sha256(notice.fingerprint.encode()).hexdigest()[:16],
    }


def _common(each: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The names that have the same value in all of these."""
    return {name: value for name, value in each[0].items() if all(other.get(name) == value for other in each)}


def api_body(election: Election, receiver: Receiver, notice: Notice) -> bytes:
    """What Alertmanager takes at /api/v2/alerts. Same notice, same bytes.

    It would let an alert rest that is not repeated every few minutes, so this one ends in the year 2100 until it is
    resolved; a test ends by itself. To Alertmanager another severity is another alert: with each, those of the
    other severities end.
    """
    return encode(_api_alerts(election, receiver, notice))


def api_digest(election: Election, receiver: Receiver, digest: Digest) -> bytes:
    """The newest notice of each alert in the digest, as `api_body` has it. Same digest, same bytes."""
    newest = {notice.fingerprint: notice for notice in digest.notices}
    return encode([alert for notice in newest.values() for alert in _api_alerts(election, receiver, notice)])


def _api_alerts(election: Election, receiver: Receiver, notice: Notice) -> list[dict[str, Any]]:
    end = rfc3339(notice.at)
    if notice.status == "firing":
        end = rfc3339(notice.at + _TEST_LASTS if notice.finding.rule == TEST else LATEST)
    labels, annotations = _labels(election, notice), _annotations(election, receiver, notice)
    return [
        {
            "labels": {**labels, "severity": severity},
            "annotations": annotations,
            "startsAt": rfc3339(notice.since),
            "endsAt": end if severity == notice.severity else rfc3339(notice.at),
        }
        for severity in reversed(SEVERITIES)
    ]


def _group(notice: Notice) -> dict[str, str]:
    """The labels that never change in an alert's life: its fingerprint."""
    finding = notice.finding
    return {"alertname": finding.rule, "area": finding.area, "option": finding.column}


def _labels(election: Election, notice: Notice) -> dict[str, str]:
    return {
        **_group(notice),
        "class": notice.finding.rule_class,
        "election": election.id,
        "level": area_of(election, notice).level,
        "severity": notice.severity,
    }


def _annotations(election: Election, receiver: Receiver, notice: Notice) -> dict[str, str]:
    finding, said = notice.finding, notice.finding.sentence
    texts: dict[str, Any] = {
        "summary": said[receiver.language],
        "summary_es": said["es"],
        "area_name": area_of(election, notice).name,
        "option_name": column_name(election, notice),
        "bulletin": finding.bulletin,
        "value": f"{finding.value:g} {finding.unit}",
        "reason": notice.reason,
        "notice": election.notice,
    }
    return {name: text for name, text in texts.items() if text}
