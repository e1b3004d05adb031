"""Checking who signed a webhook, with a public key alone."""

from pathlib import Path
from typing import Final

from streams.core.alerting import webhook_signatures
from streams.delivery.standard_webhook import signed_content
from streams.errors import CotejoError
from streams.regular_file import read_regular

LARGEST_BODY: Final = 2**24
"""Bytes."""


class VerificationError(CotejoError):
    """A webhook is not signed with this key, or cannot be checked; the text says why."""


def signed_at(public_key: str, body: Path, id: str, timestamp: str, signatures: str) -> int:
    """When a webhook was signed, in Unix ms, by its own headers. Its age is not judged: an alert may be checked years
    later. Raises `VerificationError` unless the owner of the public key signed it."""
    try:
        key = webhook_signatures.read_public(public_key)
    except ValueError as error:
        raise VerificationError(str(error)) from None
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        raise VerificationError("--timestamp is no number of seconds: give the header webhook-timestamp")
    try:
        content = read_regular(body, LARGEST_BODY)
    except OSError as error:
        raise VerificationError(f"{body} cannot be read: {error.strerror}") from None
    if webhook_signatures.VERSION not in {signature.partition(",")[0] for signature in signatures.split()}:
        raise VerificationError(
            f"--signature has no signature of version {webhook_signatures.VERSION}: it needs a private key"
        )
    if not webhook_signatures.is_signed(key, signed_content(id, timestamp, content), signatures):
        raise VerificationError("not signed with this key: the key, the body or one of the headers is another one")
    return int(timestamp) * 1000
