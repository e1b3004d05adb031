"""One POST to a receiver, and what came of it. Nothing here is tried twice."""

import asyncio
import hashlib
import socket
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import time
from typing import Any, Final, Self

import aiohttp

from streams import alertmanager, webhooks
from streams.addresses import why_not_address
from streams.alerts import Notice
from streams.delivery import Answer
from streams.election import Election, Receiver
from streams.receiver_secrets import Secrets

TIMEOUT: Final = 15.0
"""Seconds a receiver has to answer, connecting included."""
CONNECT: Final = 5.0
"""Seconds in which each connection must stand."""
EXCERPT: Final = 200
"""Bytes that are read of an answer's body, to show what a receiver complains of."""
EXCERPT_SECONDS: Final = 1.0
"""Seconds that its body is waited for."""


class Poster:
    """POSTs to one receiver while the context is open: checked addresses, no redirects, no cookies, no proxies."""

    def __init__(self, election: Election, receiver: Receiver, secrets: Secrets) -> None:
        self._election, self._receiver, self._secrets = election, receiver, secrets

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(socket_factory=self._socket),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT, sock_connect=CONNECT),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"user-agent": "cotejo"},
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def post(self, notice: Notice) -> Answer:
        """Send a notice; never raises for what the network or the receiver does."""
        content = body(self._election, self._receiver, notice)
        signed = webhooks.headers(
            self._secrets.values, webhooks.message_id(notice.id), content, datetime.fromtimestamp(time(), UTC)
        )
        try:
            async with self._session.post(
                self._receiver.url, data=content, headers=signed, allow_redirects=False
            ) as answer:
                return await _answer(answer)
        except TimeoutError as error:
            connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
            return Answer(0, f"no connection in {CONNECT:g} s" if connecting else f"no answer in {TIMEOUT:g} s")
        except aiohttp.ClientConnectorDNSError:
            return Answer(0, "no address is known for its name")
        except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: whatever is no HTTP
            return Answer(0, _plain(str(getattr(error, "os_error", error))) or type(error).__name__)

    def _socket(self, info: Any) -> socket.socket:
        """A socket for the very address that is connected to next: nothing can change between check and use."""
        family, kind, protocol, _, address = info
        if why := why_not_address(address[0], self._receiver):
            raise OSError(why)
        return socket.socket(family, kind, protocol)


def body(election: Election, receiver: Receiver, notice: Notice) -> bytes:
    """What a receiver is sent, in the format it has chosen."""
    match receiver.format:
        case "standard":
            return webhooks.body(election, notice)
        case "alertmanager":
            return alertmanager.webhook_body(election, receiver, notice)
        case "alertmanager-api":
            return alertmanager.api_body(election, notice)


def address_mark(receiver: Receiver) -> str:
    """A receiver's address as a hash: it may hold a token that belongs in no topic."""
    return hashlib.sha256(receiver.url.encode()).hexdigest()[:16]


def wish_of(retry_after: str, now: float) -> int | None:
    """The time, in Unix ms, that a Retry-After header names: seconds from `now` (Unix seconds), or an HTTP date."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return round(1000 * (now + int(text[:9])))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return round(1000 * (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


async def _answer(answer: aiohttp.ClientResponse) -> Answer:
    words = str(answer.status)
    with suppress(ValueError):  # a status that nobody has named
        words += f" {HTTPStatus(answer.status).phrase}"
    good = 200 <= answer.status < 300
    if 300 <= answer.status < 400:
        words += ": redirects are not followed, change the address"
    elif not good and (said := await _excerpt(answer)):
        words += f": {said}"
    wish = None if good else wish_of(answer.headers.get("retry-after", ""), time())
    return Answer(answer.status, words, wish)


async def _excerpt(answer: aiohttp.ClientResponse) -> str:
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(EXCERPT_SECONDS):
            return _plain((await answer.content.read(EXCERPT)).decode("utf-8", "replace"))
    return ""


def _plain(text: str) -> str:
    """One line that a terminal and a log can take."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:EXCERPT]).split())
