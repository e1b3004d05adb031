"""Key pairs for reporters and authorities, and signing with them (streams.core.events.signatures has the rule)."""

import os
from base64 import b64encode
from pathlib import Path
from typing import TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from streams.core.alerting import webhook_signatures
from streams.core.election.model import Election
from streams.core.events.model import Bulletin, TallyReport
from streams.core.events.signatures import signed_bytes
from streams.errors import CotejoError

_E = TypeVar("_E", bound=TallyReport | Bulletin)


class KeyFileError(CotejoError):
    """A private key cannot be written or read; the text says why."""


def new(path: Path) -> str:
    """Make a key pair: the private key goes into a new file that only its owner can read (PEM, PKCS 8). Returns the
    public key, in base64. Raises `KeyFileError`, also where the file exists."""
    key = Ed25519PrivateKey.generate()
    kind, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    _write(path, key.private_bytes(kind, serialization.PrivateFormat.PKCS8, plain))
    return b64encode(public_key(key)).decode()


def new_webhook_key(path: Path) -> str:
    """Make a key pair for webhooks, likewise: the file has `whsk_` and the private key. Returns the public key as
    `whpk_` and base64. Raises `KeyFileError`, also where the file exists."""
    key = Ed25519PrivateKey.generate()
    _write(path, webhook_signatures.private_text(key).encode() + b"\n")
    return webhook_signatures.public_text(key.public_key())


def _write(path: Path, content: bytes) -> None:
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError:
        raise KeyFileError(f"{path}: is there already: name another file, lest a key be lost") from None
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be written: {error.strerror}") from None


def load(path: Path) -> Ed25519PrivateKey:
    """Read a private key. Raises `KeyFileError`, also where others could read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyFileError(f"{path}: others can read it: chmod 600 {path}")
        key: object = serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: is no private key of Ed25519 without a password: make one with `cotejo keys new`")
    return key


def public_key(key: Ed25519PrivateKey) -> bytes:
    """Its public key, 32 bytes."""
    return key.public_key().public_bytes_raw()


def is_owner(election: Election, event: TallyReport | Bulletin, public: bytes) -> bool:
    """Whether the election says that this key is the event's reporter's or authority's."""
    if isinstance(event, TallyReport):
        reporter = election.reporters.get(event.reporter)
        return reporter is not None and reporter.public_key == public
    authority = election.authorities.get(event.authority)
    return authority is not None and authority.public_key == public


def sign(key: Ed25519PrivateKey, election: str, event: _E) -> _E:
    """The event with this key's signature for the election of this id."""
    return structs.replace(event, signature=b64encode(key.sign(signed_bytes(election, event))).decode())
