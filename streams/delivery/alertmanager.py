"""A notice in Alertmanager's words: the body that its webhooks have (version 4), and what its own API takes."""

import hashlib
from typing import Any, Final

from streams.core.alerting.alert import Notice
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
    labels, group = _labels(election, notice), _group(notice)
    annotations = _annotations(election, notice)
    alert = {
        "status": notice.status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": rfc3339(notice.since),
        "endsAt": rfc3339(notice.at) if notice.status == "resolved" else _NO_END,
        "generatorURL": "",
        "fingerprint": hashlib.sha256(notice.fingerprint.encode()).hexdigest()[:16],
    }
    matchers = ", ".join(f"{name}={encode(value).decode()}" for name, value in group.items())
    return encode(
        {
            "version": "4",
            "groupKey": f"{{}}:{{{matchers}}}",
            "truncatedAlerts": 0,
            "status": notice.status,
            "receiver": receiver.name,
            "groupLabels": group,
            "commonLabels": labels,
            "commonAnnotations": annotations,
            "externalURL": "",
            "alerts": [alert],
        }
    )


def api_body(election: Election, notice: Notice) -> bytes:
    """What Alertmanager takes at /api/v2/alerts. Same notice, same bytes.

    It would let an alert rest that is not repeated every few minutes, so this one ends in the year 2100 until it is
    resolved; a test ends by itself. To Alertmanager another severity is another alert: with each, those of the
    other severities end.
    """
    end = rfc3339(notice.at)
    if notice.status == "firing":
        end = rfc3339(notice.at + _TEST_LASTS if notice.finding.rule == TEST else LATEST)
    labels, annotations = _labels(election, notice), _annotations(election, notice)
    alerts = [
        {
            "labels": {**labels, "severity": severity},
            "annotations": annotations,
            "startsAt": rfc3339(notice.since),
            "endsAt": end if severity == notice.severity else rfc3339(notice.at),
        }
        for severity in reversed(SEVERITIES)
    ]
    return encode(alerts)


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


def _annotations(election: Election, notice: Notice) -> dict[str, str]:
    finding, said = notice.finding, notice.finding.sentence
    texts: dict[str, Any] = {
        "summary": said["en"],
        "summary_es": said["es"],
        "area_name": area_of(election, notice).name,
        "option_name": column_name(election, notice),
        "bulletin": finding.bulletin,
        "value": f"{finding.value:g} {finding.unit}",
        "reason": notice.reason,
        "notice": election.notice,
    }
    return {name: text for name, text in texts.items() if text}
