"""Keys of Standard Webhooks' asymmetric signatures (`v1a`, Ed25519) as text.

A private key is `whsk_` and base64 of 64 bytes, the seed (RFC 8032) and the public key; 32 bytes are taken for the seed
alone. A public key is `whpk_` and base64 of 32 bytes.
"""

from base64 import b64decode, b64encode
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PRIVATE, PUBLIC, VERSION = "whsk_", "whpk_", "v1a"
_LENGTH: Final = 32
"""Bytes of a seed, and of a public key."""


def private_text(key: Ed25519PrivateKey) -> str:
    """A private key as text."""
    return PRIVATE + b64encode(key.private_bytes_raw() + key.public_key().public_bytes_raw()).decode()


def public_text(key: Ed25519PublicKey) -> str:
    """A public key as text."""
    return PUBLIC + b64encode(key.public_bytes_raw()).decode()


def read_private(text: str) -> Ed25519PrivateKey:
    """A private key from its text. Raises ValueError, whose text says nothing of the key."""
    content = _decoded(text, PRIVATE)
    if len(content) not in (_LENGTH, 2 * _LENGTH):
        raise ValueError(f"a private key is {PRIVATE} and base64 of 64 bytes, as `cotejo keys webhook` makes")
    key = Ed25519PrivateKey.from_private_bytes(content[:_LENGTH])
    if content[_LENGTH:] not in (b"", key.public_key().public_bytes_raw()):
        raise ValueError("the two halves of the private key do not belong together: copy it again, or make a new one")
    return key


def read_public(text: str) -> Ed25519PublicKey:
    """A public key from its text. Raises ValueError."""
    content = _decoded(text, PUBLIC)
    if len(content) != _LENGTH:
        raise ValueError(f"a public key is {PUBLIC} and base64 of {_LENGTH} bytes")
    return Ed25519PublicKey.from_public_bytes(content)


def sign(key: Ed25519PrivateKey, signed: bytes) -> str:
    """The signature as it stands in `webhook-signature`."""
    return f"{VERSION},{b64encode(key.sign(signed)).decode()}"


def is_signed(key: Ed25519PublicKey, signed: bytes, signatures: str) -> bool:
    """Whether one of these signatures, separated by spaces, is this key's."""
    for signature in signatures.split():
        version, _, digits = signature.partition(",")
        if version == VERSION:
            try:
                key.verify(b64decode(digits, validate=True), signed)
            except (InvalidSignature, ValueError):
                continue
            return True
    return False


def _decoded(text: str, prefix: str) -> bytes:
    digits = text.removeprefix(prefix).rstrip("=")
    try:
        return b64decode(digits + "=" * (-len(digits) % 4), validate=True) if text.startswith(prefix) else b""
    except ValueError:  # no base64, or not ASCII
        return b""
