"""One POST to a receiver, and what came of it. Nothing here is tried twice.

What goes into an `Answer` is kept, logged and shown: it is in words of our own, by kind of error, since a library's
message may hold the receiver's address and the token in it.
"""

import errno
import hashlib
import html
import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from time import time
from typing import Final
from urllib.parse import unquote, urlsplit

import h11

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Answer
from streams.core.alerting.next_delivery import Digest
from streams.core.alerting.receiver_addresses import why_not_address
from streams.core.election.model import Election, Receiver
from streams.delivery import alertmanager, checked_connection, http_exchange, message_text, standard_webhook
from streams.delivery.secrets import Secrets

TIMEOUT: Final = 15.0
"""Seconds a receiver has to answer, connecting included."""
EXCERPT: Final = 200
"""Characters of an answer's body that are shown, so that one sees what a receiver complains of."""
TOKEN: Final = 6
"""Characters from which a part of an address may be a token, and is not repeated."""

_NETWORK: Final = {
    errno.ECONNREFUSED: "the connection is refused: nothing listens there",
    errno.ECONNRESET: "the connection was broken off before an answer came",
    errno.EPIPE: "the connection was broken off before an answer came",
    errno.ENETUNREACH: "no network leads there",
    errno.EHOSTUNREACH: "no network leads there",
    errno.EMFILE: "this process has too many files open: raise `ulimit -n`",
    errno.ENFILE: "this machine has too many files open",
}
_CERTIFICATES: Final = {10: "it has expired", 18: "it is signed by itself", 19: "its authority is unknown",
    20: "its authority is unknown", 62: "it is for another name", 64: "it is for another address"}  # fmt: skip
"""What is wrong with a certificate, by OpenSSL's X509_V_ERR number."""


class Poster:
    """POSTs to one receiver: checked addresses, no redirects, no cookies, no proxies, a connection for each."""

    def __init__(self, election: Election, receiver: Receiver, secrets: Secrets) -> None:
        self._election, self._receiver, self._secrets = election, receiver, secrets
        self._context = http_exchange.tls()

    async def post(self, notice: Notice) -> Answer:
        """Send a notice. Whatever goes wrong with it is an answer in words: it ends this attempt, nothing else."""
        return await self._post(notice.id, partial(body, self._election, self._receiver, notice))

    async def post_digest(self, digest: Digest) -> Answer:
        """Send a digest, likewise."""
        return await self._post(digest.id, partial(digest_body, self._election, self._receiver, digest))

    async def _post(self, id: str, content_of: Callable[[], bytes]) -> Answer:
        try:
            content = content_of()
            now = datetime.fromtimestamp(time(), UTC)
            response = await http_exchange.request(
                self._receiver.url,
                standard_webhook.headers(self._secrets.values, standard_webhook.message_id(id), content, now),
                content,
                why_not=partial(why_not_address, receiver=self._receiver),
                context=self._context,
                seconds=TIMEOUT,
            )
            return status_answer(response, self._receiver.url)
        except Exception as error:
            return Answer(None, failure_words(error))


def body(election: Election, receiver: Receiver, notice: Notice) -> bytes:
    """What a receiver is sent of one notice, in the format it has chosen."""
    match receiver.format:
        case "standard":
            return standard_webhook.body(election, notice)
        case "alertmanager":
            return alertmanager.webhook_body(election, receiver, notice)
        case "alertmanager-api":
            return alertmanager.api_body(election, receiver, notice)
        case "apprise" | "email":
            return message_text.of_notice(election, receiver.language, notice).text.encode()


def digest_body(election: Election, receiver: Receiver, digest: Digest) -> bytes:
    """What a receiver is sent of an interval, in the format it has chosen."""
    match receiver.format:
        case "standard":
            return standard_webhook.digest_body(election, digest)
        case "alertmanager":
            return alertmanager.webhook_digest(election, receiver, digest)
        case "alertmanager-api":
            return alertmanager.api_digest(election, receiver, digest)
        case "apprise" | "email":
            return message_text.of_digest(election, receiver.language, digest, EXCERPT).text.encode()


def address_mark(receiver: Receiver) -> str:
    """A receiver's address as a hash: it may hold a token that belongs in no topic. Where the address is the secret,
    that of the place where it lies."""
    address = receiver.url or receiver.secret_file or receiver.secret_env
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def retry_after_time(retry_after: str, now: float) -> int | None:
    """The time, in Unix ms, that a Retry-After header names: seconds from `now` (Unix seconds), or an HTTP date. None
    for anything else."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return round(1000 * (now + int(text[:9])))
    try:
        moment = parsedate_to_datetime(text)
        return round(1000 * (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):  # a year of twenty digits, a zone of a thousand hours
        return None


def status_answer(response: http_exchange.Response, url: str | None = None) -> Answer:
    """What an answer says of the delivery. The beginning of a failure's body is told if `url` is given, without what of
    it is repeated there."""
    status = response.status
    words = str(status)
    with suppress(ValueError):  # a status that nobody has named
        words += f" {HTTPStatus(status).phrase}"
    good = 200 <= status < 300
    if not response.readable:
        words += ", with headers that cannot be read"
    if 300 <= status < 400:
        words += ": redirects are not followed, change the address"
    elif not good and url is not None and (said := excerpt(response.excerpt, url)):
        words += f": {said}"
    return Answer(status, words, None if good else retry_after_time(response.retry_after, time()))


def failure_words(error: Exception) -> str:
    """What kept an answer from coming."""
    match error:
        case checked_connection.ConnectionTimeoutError():
            return f"no connection in {checked_connection.CONNECT:g} s"
        case TimeoutError():
            return f"no answer in {TIMEOUT:g} s"
        case checked_connection.RefusedError():
            return f"the address that its name has {error}"
        case http_exchange.NoAnswerError():
            return str(error)
        case h11.RemoteProtocolError():
            return "what came is no HTTP answer"
        case socket.gaierror():
            return "no address is known for its name"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {_CERTIFICATES.get(error.verify_code, 'it does not verify')}"
        case ssl.SSLError():
            return "no TLS connection comes about: see whether https is spoken there"
        case OSError(errno=int(number)) if number in _NETWORK:
            return _NETWORK[number]
        case OSError(errno=int(number)) if number in errno.errorcode:
            return f"the network failed ({errno.errorcode[number]})"
    return f"it could not be sent ({type(error).__name__})"


def excerpt(content: bytes, url: str) -> str:
    """The beginning of an answer's body as one line that a terminal and a log can take, without the receiver's
    address: many servers repeat the path, and with it the token, in what they say of an error."""
    text = content.decode("utf-8", "replace")
    pieces = sorted(_pieces(url), key=len, reverse=True)
    for piece in pieces:
        text = re.sub(re.escape(piece), "...", text, flags=re.IGNORECASE)
        for length in range(len(piece) - 1, TOKEN - 1, -1):  # what was read may end within it
            if text.lower().endswith(piece[:length].lower()):
                text = text[:-length] + "..."
    as_meant = unquote(html.unescape(text)).replace("\\", "").lower()
    if any(piece.lower() in as_meant for piece in pieces):  # in a spelling of its own
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:EXCERPT]


def _pieces(url: str) -> set[str]:
    """The address and each of its parts that may be a token, in every spelling in which an answer may repeat it."""
    parts = urlsplit(url)
    whole = f"{parts.path}?{parts.query}"
    candidates = {url, parts.netloc, parts.hostname or "", whole, parts.path, *re.split(r"[/?&=;,:.]", whole)}
    spellings: list[Callable[[str], str]] = [str, unquote, html.escape, lambda piece: json.dumps(piece)[1:-1]]

    def spelt() -> Iterator[str]:
        for piece in candidates:
            for spell in spellings:
                yield spell(piece)
                yield spell(unquote(piece))

    return {piece for piece in spelt() if len(piece) >= TOKEN}
