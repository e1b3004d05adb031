"""Messages to one mailbox, handed to a mail server by SMTP. Nothing here is tried twice.

The server is connected to as webhooks are: at an address that was checked. Passwords go over TLS alone, and what the
server says is not repeated: it may hold names and addresses.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from functools import partial
from hashlib import sha256
from ipaddress import ip_address
from time import time
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Answer
from streams.core.alerting.next_delivery import Digest
from streams.core.alerting.receiver_addresses import why_not_address
from streams.core.election.model import Election, Receiver
from streams.delivery import mail_server, message_text
from streams.delivery.checked_connection import connected, tls
from streams.delivery.http_post import TIMEOUT, failure_words
from streams.delivery.message_text import Message
from streams.delivery.secrets import Secrets, unusable
from streams.text import shown

DIGEST: Final = 20_000
"""Characters of a digest."""


class EmailSender:
    """Sends to one mailbox, a connection for each message. Raises `SecretError` for an address that cannot be used."""

    def __init__(self, election: Election, receiver: Receiver, secrets: Secrets) -> None:
        self._election, self._receiver = election, receiver
        try:
            self._server = mail_server.parse(secrets.values[0])
        except mail_server.MailServerError as error:
            raise unusable(receiver, str(error)) from None
        self._context = tls()

    async def post(self, notice: Notice) -> Answer:
        """Send a notice. Whatever goes wrong with it is an answer in words: it ends this attempt, nothing else."""
        make = partial(message_text.of_notice, self._election, self._receiver.language, notice)
        return await self._send(make, notice.id, about=notice.fingerprint)

    async def post_digest(self, digest: Digest) -> Answer:
        """Send a digest, likewise."""
        make = partial(message_text.of_digest, self._election, self._receiver.language, digest, DIGEST)
        return await self._send(make, digest.id)

    async def _send(self, make: Callable[[], Message], id: str, about: str = "") -> Answer:
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._hand_in(self._email(make(), id, about))
        except Exception as error:
            return _answer(error)
        return Answer(250, "the mail server took it")

    def _email(self, message: Message, id: str, about: str) -> EmailMessage:
        """A message with an id that is the same at each attempt, so that mailboxes can tell a repetition. All about one
        alert refers to one id, so that they show it as one conversation."""
        server, email = self._server, EmailMessage(SMTP_POLICY)
        election = self._election.localized(self._receiver.language)
        email["From"] = Address(shown(election.name), addr_spec=server.sender)
        email["To"] = server.recipient
        email["Subject"] = message.title
        email["Date"] = datetime.fromtimestamp(time(), UTC)
        email["Message-ID"] = self._id(id)
        if about:
            email["References"] = self._id(about)
        email["Auto-Submitted"] = "auto-generated"
        email.set_content(message.text)
        return email

    def _id(self, text: str) -> str:
        return f"<{sha256(text.encode()).hexdigest()[:32]}@{self._server.sender.partition('@')[2]}>"

    async def _hand_in(self, email: EmailMessage) -> None:
        server = self._server
        sock = await connected(server.host, server.port, partial(why_not_address, receiver=self._receiver))
        local = ip_address(sock.getpeername()[0]).is_loopback
        client = SMTP(
            hostname=server.host,
            sock=sock,
            local_hostname=server.sender.partition("@")[2],
            timeout=TIMEOUT,
            tls_context=self._context,
            use_tls=server.encrypted,
            start_tls=False,  # below, so that a server without it can be told
        )
        async with client:
            if not server.encrypted:
                await client.ehlo()
                if client.supports_extension("starttls"):
                    await client.starttls()
                elif not local:
                    raise NoEncryptionError
            if server.user:
                await client.login(server.user, server.password)
            await client.send_message(email, sender=server.sender, recipients=[server.recipient])


class NoEncryptionError(Exception):
    """A mail server on another machine offers no STARTTLS."""


def _answer(error: Exception) -> Answer:
    """What kept the server from taking a message, in words of our own, with the server's code if it gave one."""
    match error:
        case SMTPAuthenticationError():
            return Answer(error.code, f"the mail server refuses user and password ({error.code})")
        case SMTPRecipientsRefused(recipients=[first, *_]):
            return Answer(first.code, f"the mail server refuses the mailbox that to= names ({first.code})")
        case SMTPSenderRefused():
            return Answer(error.code, f"the mail server refuses the sender that from= names ({error.code})")
        case SMTPResponseException(code=code) if 400 <= code < 600:
            return Answer(code, f"the mail server answered {code}")
        case SMTPResponseException():
            return Answer(None, "what came is no answer of a mail server")
        case SMTPConnectError(__cause__=Exception() as cause):
            return _answer(cause)
        case SMTPServerDisconnected():
            return Answer(None, "the connection was broken off before an answer came")
        case NoEncryptionError():
            return Answer(None, "the mail server offers no STARTTLS: use smtps://")
    return Answer(None, failure_words(error))
