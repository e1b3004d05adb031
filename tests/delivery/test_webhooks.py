"""Webhooks: what is signed can be checked."""

import http.client
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Literal

import orjson
import pytest
from builders import T0
from msgspec import structs
from published import faults
from test_posting import KNOWN, NOTICE

from streams.core.alerting.next_delivery import Digest
from streams.delivery.loopback_receiver import MAX_BODY, AlertReceiver
from streams.delivery.standard_webhook import (
    WebhookVerificationError,
    body,
    check_secret,
    digest_body,
    headers,
    verify,
)

SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + b64encode(bytes(32)).decode()
BODY = b'{"type":"alert.firing"}'


def signed(secret: str = SECRET, body: bytes = BODY, ago: float = 0, id: str = "m1") -> dict[str, str]:
    return headers([secret], id, body, datetime.now(UTC) - timedelta(seconds=ago))


def test_a_good_signature() -> None:
    """Who has the secret reads the body back."""
    assert verify(SECRET, BODY, signed()) == {"type": "alert.firing"}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param(BODY + b" ", signed(), id="body changed"),
        pytest.param(BODY, signed(OTHER), id="another secret"),
        pytest.param(BODY, signed(ago=3600), id="an hour old"),
        pytest.param(BODY, signed(ago=-86400), id="from the future"),
        pytest.param(BODY, {**signed(), "webhook-id": "m2"}, id="another id"),
        pytest.param(BODY, {**signed(), "webhook-signature": "v1,###"}, id="no base64"),
        pytest.param(BODY, {**signed(), "webhook-signature": ""}, id="empty signature"),
        pytest.param(BODY, {**signed(), "webhook-timestamp": "soon"}, id="no time"),
        pytest.param(BODY, {}, id="no headers"),
    ],
)
def test_a_bad_signature(body: bytes, found: dict[str, str]) -> None:
    """Whatever was changed, the webhook is refused."""
    with pytest.raises(WebhookVerificationError):
        verify(SECRET, body, found)


def test_what_a_body_says() -> None:
    """The whole body of a notice: what fires and what is over, times in UTC, names beside ids."""
    area, option = KNOWN.areas["N"], KNOWN.options[0]
    finding = structs.replace(NOTICE.finding, rule="divergence", area="N", column=option.id, value=5.5, unit="points")
    kinds: dict[Literal["firing", "resolved"], str] = {"firing": "alert.firing", "resolved": "alert.resolved"}
    for status, kind in kinds.items():
        notice = structs.replace(NOTICE, status=status, finding=finding, since=T0, at=T0 + 61_500)
        said = orjson.loads(body(KNOWN, notice))
        assert (said["type"], said["timestamp"]) == (kind, "2024-07-29T00:01:01.500Z")
        data = said["data"]
        assert (data["status"], data["since"]) == (status, "2024-07-29T00:00:00.000Z")
        assert data["at"] == said["timestamp"]
        assert (data["id"], data["fingerprint"]) == (notice.id, notice.fingerprint)
        assert data["area"] == {"id": "N", "name": area.name, "level": "nation"}
        assert data["column"] == {"id": option.id, "name": option.name}
        assert (data["rule"], data["severity"], data["value"], data["unit"]) == (
            "divergence",
            notice.severity,
            5.5,
            "points",
        )
        assert data["sentence"] == dict(finding.sentence)


def test_a_digest() -> None:
    """A digest has every notice as it would have been sent, under an id of its own; its published form agrees."""
    second = structs.replace(NOTICE, id=f"{NOTICE.fingerprint}:1:2", status="resolved")
    said = orjson.loads(digest_body(KNOWN, Digest("digest:5:ab", T0, (NOTICE, second))))
    assert (said["type"], said["timestamp"]) == ("alert.digest", "2024-07-29T00:00:00.000Z")
    assert (said["data"]["id"], said["data"]["election"]["id"]) == ("digest:5:ab", KNOWN.id)
    assert said["data"]["alerts"] == [orjson.loads(body(KNOWN, notice))["data"] for notice in (NOTICE, second)]
    assert not faults("webhook", said)


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_"), SECRET.rstrip("=")])
def test_good_secrets(secret: str) -> None:
    """With or without prefix and padding."""
    assert check_secret(secret) == secret


@pytest.mark.parametrize("secret", ["", "whsec_", "password", "whsec_" + b64encode(b"short").decode(), "whsec_ä"])
def test_bad_secrets(secret: str) -> None:
    """What is no base64 of 24 to 64 bytes is refused with the cure."""
    with pytest.raises(ValueError, match="openssl rand -base64 32"):
        check_secret(secret)


def test_the_small_receiver() -> None:
    """Over HTTP: good ones once for each id, others 401, and nonsense gets an answer, not an exception."""
    got: list[object] = []
    with AlertReceiver(SECRET, got.append) as receiver:
        host = receiver.url.split("/")[2]

        def post(body: bytes, sent: dict[str, str]) -> int:
            connection = http.client.HTTPConnection(host, timeout=5)
            connection.request("POST", "/alerts", body, sent)
            return connection.getresponse().status

        assert [post(BODY, signed()), post(BODY, signed()), post(BODY, signed(id="m2"))] == [204, 204, 204]
        assert post(BODY, signed(OTHER)) == 401
        assert post(BODY, {"content-length": "many"}) == 411
        assert post(b"", {"content-length": str(MAX_BODY + 1)}) == 413
        assert (receiver.verified, receiver.repeated, receiver.refused, len(got)) == (2, 1, 1, 2)
