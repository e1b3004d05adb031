"""An alert as a webhook: the body, and its signature (Standard Webhooks, https://www.standardwebhooks.com)."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

import msgspec
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from streams.core.alerting import webhook_signatures
from streams.core.alerting.alert import Notice
from streams.core.alerting.next_delivery import Digest
from streams.core.election.model import Election
from streams.core.events.codec import encode
from streams.delivery.webhook_body import (
    DigestWebhook,
    WebhookAlert,
    WebhookArea,
    WebhookColumn,
    WebhookDigest,
    WebhookElection,
)
from streams.delivery.webhook_body import Webhook as Body
from streams.times import rfc3339

__all__ = [
    "TEST",
    "WebhookVerificationError",
    "area_of",
    "body",
    "check_secret",
    "column_name",
    "digest_body",
    "headers",
    "message_id",
    "signed_content",
    "verify",
]

TEST = "test"
"""The rule of an alert that only tries whether alerts arrive."""


def body(election: Election, notice: Notice) -> bytes:
    """What is POSTed: `type` and `timestamp` as Standard Webhooks has them, the alert in `data`. Same notice,
    same bytes."""
    kind: Literal["alert.firing", "alert.resolved"] = "alert.firing" if notice.status == "firing" else "alert.resolved"
    return encode(msgspec.to_builtins(Body(kind, rfc3339(notice.at), _alert(election.localized(""), notice))))


def digest_body(election: Election, digest: Digest) -> bytes:
    """What is POSTed for the notices of an interval. Same digest, same bytes."""
    election = election.localized("")
    alerts = [_alert(election, notice) for notice in digest.notices]
    data = WebhookDigest(digest.id, _election(election), alerts)
    return encode(msgspec.to_builtins(DigestWebhook("alert.digest", rfc3339(digest.at), data)))


def _alert(election: Election, notice: Notice) -> WebhookAlert:
    finding = notice.finding
    return WebhookAlert(
        id=notice.id,
        fingerprint=notice.fingerprint,
        status=notice.status,
        reason=notice.reason,
        severity=notice.severity,
        since=rfc3339(notice.since),
        at=rfc3339(notice.at),
        election=_election(election),
        rule=finding.rule,
        rule_class=finding.rule_class,
        area=area_of(election, notice),
        column=WebhookColumn(finding.column, column_name(election, notice)),
        bulletin=finding.bulletin,
        value=finding.value,
        unit=finding.unit,
        inputs=finding.inputs,
        sentence=dict(finding.sentence),
    )


def _election(election: Election) -> WebhookElection:
    return WebhookElection(election.id, election.name, election.notice)


def area_of(election: Election, notice: Notice) -> WebhookArea:
    """The notice's area. One that the election file no longer has is called by its id."""
    id = notice.finding.area
    area = election.areas.get(id)
    return WebhookArea(id, election.labels.get(id, id), area.level if area else "")


def column_name(election: Election, notice: Notice) -> str:
    """The name of the option or group that the notice is about; its id where the election file has no name."""
    names = {column.id: column.name for column in election.columns}
    return names.get(notice.finding.column, notice.finding.column)


def message_id(notice: str) -> str:
    """A notice's id as a `webhook-id`: ASCII, and without the dots that part what is signed."""
    return quote(notice, safe=":~").replace(".", "%2E")


def headers(secrets: Sequence[str], message: str, content: bytes, now: datetime) -> dict[str, str]:
    """The three headers that let a receiver check who sent this and when: one signature for each secret (`v1`) and each
    private key (`v1a`), none without. `now` is an aware UTC time."""
    signatures = " ".join(_signature(secret, message, content, now) for secret in secrets)
    return {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        **({"webhook-signature": signatures} if signatures else {}),
    }


def _signature(secret: str, message: str, content: bytes, now: datetime) -> str:
    if secret.startswith(webhook_signatures.PRIVATE):
        signed = signed_content(message, str(int(now.timestamp())), content)
        return webhook_signatures.sign(webhook_signatures.read_private(secret), signed)
    return str(Webhook(secret).sign(message, now, content.decode()))


def signed_content(message: str, timestamp: str, content: bytes) -> bytes:
    """What is signed: id, Unix seconds and body."""
    return f"{message}.{timestamp}.".encode() + content


def verify(secret: str, content: bytes, received: Mapping[str, str]) -> Any:
    """The JSON of a webhook whose signature is right and at most five minutes old.

    Raises `WebhookVerificationError`, for whatever may be wrong with it.
    """
    try:
        return Webhook(secret).verify(content, dict(received))
    except (ValueError, binascii.Error) as error:
        raise WebhookVerificationError(f"not a signature: {error}") from error


def check_secret(secret: str) -> str:
    """Return the secret, or raise ValueError: it must be base64 of 24 to 64 bytes, after `whsec_` or without it, or a
    private key after `whsk_`."""
    if secret.startswith(webhook_signatures.PRIVATE):
        webhook_signatures.read_private(secret)
        return secret
    try:
        digits = secret.removeprefix("whsec_").rstrip("=")
        length = len(base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True))
    except ValueError:  # no base64, or not ASCII
        length = 0
    if not 24 <= length <= 64:
        raise ValueError("a webhook secret is whsec_ and base64 of 24 to 64 bytes, as `openssl rand -base64 32` makes")
    return secret
