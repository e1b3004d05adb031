"""What sends to a receiver, by its format."""

from typing import TYPE_CHECKING

from streams.core.election.model import Election, Receiver
from streams.delivery.http_post import Poster
from streams.delivery.secrets import Secrets

if TYPE_CHECKING:
    from streams.delivery.apprise_sender import AppriseSender
    from streams.delivery.email_sender import EmailSender


def sender(election: Election, receiver: Receiver, secrets: Secrets) -> "Poster | AppriseSender | EmailSender":
    """What sends to this receiver. Raises `SecretError` for a service's or a mail server's address that cannot be
    used."""
    if receiver.format == "apprise":
        from streams.delivery.apprise_sender import AppriseSender  # half a second and 30 MB that few need

        return AppriseSender(election, receiver, secrets)
    if receiver.format == "email":
        from streams.delivery.email_sender import EmailSender  # few need it

        return EmailSender(election, receiver, secrets)
    return Poster(election, receiver, secrets)
