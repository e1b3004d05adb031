"""The secrets and private keys that webhooks are signed with: from the environment or a file, two of a kind while one
takes the other's place. They show in no log, error or representation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from streams.core.alerting import webhook_signatures
from streams.core.alerting.receiver_addresses import ADDRESS_IS_SECRET
from streams.core.election.model import Election, Receiver
from streams.delivery.standard_webhook import check_secret
from streams.errors import CotejoError
from streams.regular_file import SECRET_BYTES, read_regular

AT_ONCE: Final = 2
"""The new one and the old one, of secrets and of private keys each."""

_ADDRESSES: Final = {"apprise": "the service's address", "email": "the mail server's address"}


class SecretError(CotejoError):
    """A receiver's secret is missing or is none; the text says where to put it, never what it is."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """One receiver's secrets and private keys, the newest first; none where nothing is signed."""

    values: tuple[str, ...] = field(default=(), repr=False)


def of_receiver(receiver: Receiver, environment: Mapping[str, str]) -> Secrets:
    """Read a receiver's secrets. Raises `SecretError`."""
    if receiver.secret_file:
        place, text = receiver.secret_file, _read(receiver)
    elif receiver.secret_env:
        place, text = receiver.secret_env, environment.get(receiver.secret_env, "")
    else:
        return Secrets()
    if not text.split():
        what = _ADDRESSES.get(receiver.format, "its secret")
        cure = f"put {what} into {'the file' if receiver.secret_file else 'the environment as'} {place}"
        raise SecretError(f"receiver {receiver.name}: {cure}")
    if receiver.format in ADDRESS_IS_SECRET:
        return Secrets((text.strip(),))
    keys = sum(secret.startswith(webhook_signatures.PRIVATE) for secret in text.split())
    if max(keys, len(text.split()) - keys) > AT_ONCE:
        raise unusable(receiver, "give two secrets at most, the new one first; keys likewise")
    try:
        return Secrets(tuple(check_secret(secret) for secret in text.split()))
    except ValueError as error:
        raise unusable(receiver, str(error)) from None


def unusable(receiver: Receiver, why: str) -> SecretError:
    """What lies where a receiver's secret is kept cannot be used: the error names the place, not what lies there."""
    return SecretError(f"receiver {receiver.name}, {receiver.secret_file or receiver.secret_env}: {why}")


def of_election(election: Election, environment: Mapping[str, str]) -> dict[str, Secrets]:
    """The secrets of each receiver, by its name. Raises `SecretError`."""
    return {receiver.name: of_receiver(receiver, environment) for receiver in election.receivers}


def _read(receiver: Receiver) -> str:
    try:
        return read_regular(Path(receiver.secret_file), SECRET_BYTES).decode("ascii")
    except OSError as error:
        reason = error.strerror
    except UnicodeDecodeError:
        reason = "it is no text of ASCII letters"
    raise SecretError(f"receiver {receiver.name}: {receiver.secret_file} cannot be read: {reason}")
