"""Asymmetric signatures: anybody can check them, with our command, OpenSSL or a few lines of Python."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from brokers import ROOT, lacking
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from receivers import Scripted
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from test_posting import NEW, post

from streams.config import signing_keys
from streams.core.alerting import webhook_signatures
from streams.core.election.model import Receiver
from streams.delivery.secrets import SecretError, of_receiver
from streams.delivery.standard_webhook import check_secret, headers, signed_content
from streams.delivery.verification import VerificationError, signed_at

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PRIVATE, PUBLIC = webhook_signatures.private_text(KEY), webhook_signatures.public_text(KEY.public_key())
OTHER = webhook_signatures.private_text(Ed25519PrivateKey.from_private_bytes(bytes(32)))
BODY = '{"type":"alert.firing","data":"Ñ"}'.encode()
AT = datetime(2024, 7, 29, 4, 6, tzinfo=UTC)


def test_keys_of_the_specification() -> None:
    """A key pair as other implementations write it: 64 bytes, of which the second half is the public key."""
    pair = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
    key = webhook_signatures.read_private(pair)
    assert webhook_signatures.public_text(key.public_key()) == "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
    assert webhook_signatures.private_text(key) == pair


def test_both_signatures() -> None:
    """A secret and a private key give one header with both: who has the secret verifies as ever, whoever has the public
    key can too, and who has another key cannot."""
    scripted = Scripted()
    with scripted.listening() as url:
        assert post(url, secrets=(NEW, PRIVATE)).good
    (got,) = scripted.seen
    symmetric, asymmetric = got.headers["webhook-signature"].split(" ")
    assert (symmetric.partition(",")[0], asymmetric.partition(",")[0]) == ("v1", "v1a")
    assert Webhook(NEW).verify(got.body, got.headers)["type"] == "alert.firing"
    signed = signed_content(got.id, got.headers["webhook-timestamp"], got.body)
    key = webhook_signatures.read_public(PUBLIC)
    assert webhook_signatures.is_signed(key, signed, got.headers["webhook-signature"])
    assert not webhook_signatures.is_signed(key, signed + b" ", got.headers["webhook-signature"])
    assert not webhook_signatures.is_signed(
        webhook_signatures.read_private(OTHER).public_key(), signed, f"{symmetric} {asymmetric}"
    )
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(got.body, {**got.headers, "webhook-signature": asymmetric})


@pytest.mark.parametrize(
    "text",
    [
        PRIVATE[:-8],
        PRIVATE.replace("whsk_", ""),
        PUBLIC.replace("whpk_", "whsk_")[:-4],
        "whsk_ñ",
        "whsk_",
        PRIVATE[:48] + OTHER[48:],
        PRIVATE + "AAAA",
    ],
)
def test_bad_private_keys(text: str, tmp_path: Path) -> None:
    """What is no private key is refused, with a cure and without a word of it; where a secret is looked for too."""
    with pytest.raises(ValueError, match="private key") as raised:
        webhook_signatures.read_private(text)
    assert text[5:12] not in str(raised.value) or len(text) < 12
    if text.startswith("whsk_"):
        with pytest.raises(ValueError, match="private key"):
            check_secret(text)
        if text.isascii():
            with pytest.raises(SecretError, match="receiver desk, DESK: "):
                of_receiver(Receiver("desk", "https://x.example", "DESK"), {"DESK": f"{NEW} {text}"})


def test_how_many() -> None:
    """Two secrets and two keys at once, while each takes the other's place; no more."""
    desk = Receiver("desk", "https://x.example", "DESK")
    texts = (NEW, PRIVATE, NEW, OTHER)
    assert of_receiver(desk, {"DESK": " ".join(texts)}).values == texts
    with pytest.raises(SecretError, match="two secrets at most"):
        of_receiver(desk, {"DESK": " ".join((PRIVATE, PRIVATE, OTHER))})


def kept(directory: Path, secrets: tuple[str, ...] = (NEW, PRIVATE)) -> dict[str, Any]:
    """A webhook as somebody has kept it: its body in a file, and its headers."""
    path = directory / "body.json"
    path.write_bytes(BODY)
    sent = headers(secrets, "a:N:A:1:1", BODY, AT)
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return {"body": path, **dict(zip(("id", "timestamp", "signatures"), (sent[name] for name in names), strict=True))}


def test_an_old_alert(tmp_path: Path) -> None:
    """It can be checked years later."""
    assert signed_at(PUBLIC, **kept(tmp_path)) == AT.timestamp() * 1000


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": "a:N:A:1:2"}, "not signed with this key"),
        ({"timestamp": "1722226000"}, "not signed with this key"),
        ({"timestamp": "soon"}, "no number of seconds"),
        ({"signatures": "v1,abc"}, "no signature of version v1a"),
        ({"signatures": "v1a,abc v1a"}, "not signed with this key"),
        ({"body": Path("/nowhere")}, "/nowhere cannot be read"),
    ],
)
def test_not_signed(change: dict[str, Any], why: str, tmp_path: Path) -> None:
    """Whatever differs is said."""
    with pytest.raises(VerificationError, match=why):
        signed_at(PUBLIC, **{**kept(tmp_path), **change})
    with pytest.raises(VerificationError, match="a public key is whpk_"):
        signed_at(PRIVATE, **kept(tmp_path))


DOCS = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8").split("### Signatures that anybody can check")[1]


def run(command: list[str], directory: Path, webhook: dict[str, Any], public: str) -> int:
    names = {"ID": "id", "TIMESTAMP": "timestamp", "SIGNATURE": "signatures"}
    variables = {name: webhook[key] for name, key in names.items()}
    environment = {**os.environ, **variables, "PUBLIC_KEY": public}
    return subprocess.run(command, cwd=directory, env=environment, timeout=60, capture_output=True).returncode


@pytest.mark.parametrize("language", ["bash", "python"])
def test_the_documented_checks(language: str, tmp_path: Path) -> None:
    """The examples in docs/webhooks.md run: they take what the key has signed, and nothing else."""
    example = DOCS.split(f"```{language}\n")[1].split("```")[0]
    if language == "bash" and shutil.which("openssl") is None:
        lacking("no openssl: install Debian's package openssl")
    command = {"bash": ["bash", "-e", "-c", example], "python": [sys.executable, "-c", example]}[language]
    webhook = kept(tmp_path)
    assert run(command, tmp_path, webhook, PUBLIC) == 0
    assert run(command, tmp_path, {**webhook, "timestamp": "1722226000"}, PUBLIC) != 0
    assert (
        run(
            command,
            tmp_path,
            webhook,
            webhook_signatures.public_text(webhook_signatures.read_private(OTHER).public_key()),
        )
        != 0
    )


def test_a_new_key(tmp_path: Path) -> None:
    """`cotejo keys webhook` makes a pair that signs and verifies, in a file for its owner alone; never over one that
    is there."""
    path = tmp_path / "desk.key"
    public = signing_keys.new_webhook_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    private = path.read_text().strip()
    assert signed_at(public, **kept(tmp_path, (private,)))
    with pytest.raises(signing_keys.KeyFileError, match="is there already"):
        signing_keys.new_webhook_key(path)
    assert path.read_text().strip() == private
