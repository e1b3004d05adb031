"""An alert as a webhook: the body, and its signature (Standard Webhooks, https://www.standardwebhooks.com)."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from streams.alerts import Notice
from streams.codec import encode
from streams.election import Election

__all__ = ["WebhookVerificationError", "body", "check_secret", "headers", "verify"]


def body(election: Election, notice: Notice) -> bytes:
    """What is POSTed: `type` and `timestamp` as Standard Webhooks has them, the alert in `data`. Same notice,
    same bytes."""
    finding, area = notice.finding, election.areas[notice.finding.area]
    names = {column.id: column.name for column in election.columns}
    data = {
        "id": notice.id,
        "fingerprint": notice.fingerprint,
        "status": notice.status,
        "reason": notice.reason,
        "severity": notice.severity,
        "since": rfc3339(notice.since),
        "at": rfc3339(notice.at),
        "election": {"id": election.id, "name": election.name, "notice": election.notice},
        "rule": finding.rule,
        "class": finding.rule_class,
        "area": {"id": area.id, "name": area.name, "level": area.level},
        "column": {"id": finding.column, "name": names.get(finding.column, finding.column)},
        "bulletin": finding.bulletin,
        "value": finding.value,
        "unit": finding.unit,
        "inputs": dict(finding.inputs),
        "sentence": dict(finding.sentence),
    }
    return encode({"type": f"alert.{notice.status}", "timestamp": rfc3339(notice.at), "data": data})


def headers(secret: str, message_id: str, content: bytes, now: datetime) -> dict[str, str]:
    """The three headers that let a receiver check who sent this and when. `now` is an aware UTC time."""
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, content.decode()),
    }


def verify(secret: str, content: bytes, received: Mapping[str, str]) -> Any:
    """The JSON of a webhook whose signature is right and at most five minutes old.

    Raises `WebhookVerificationError`, for whatever may be wrong with it.
    """
    try:
        return Webhook(secret).verify(content, dict(received))
    except (ValueError, binascii.Error) as error:
        raise WebhookVerificationError(f"not a signature: {error}") from error


def check_secret(secret: str) -> str:
    """Return the secret, or raise ValueError: it must be base64 of 24 to 64 bytes, after `whsec_` or without it."""
    try:
        digits = secret.removeprefix("whsec_").rstrip("=")
        length = len(base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True))
    except ValueError:  # no base64, or not ASCII
        length = 0
    if not 24 <= length <= 64:
        raise ValueError("a webhook secret is whsec_ and base64 of 24 to 64 bytes, as `openssl rand -base64 32` makes")
    return secret


def rfc3339(at: int) -> str:
    """Unix milliseconds as text, in UTC."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
