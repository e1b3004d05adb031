"""Messages to one service that Apprise knows. Nothing here is tried twice.

Apprise builds the requests, in a thread; `http_exchange` sends them, as it sends webhooks. What goes into an `Answer`
is in words of our own: Apprise's and the service's may hold the address and the token in it.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Final

from apprise import NotifyType
from apprise.common import NotifyFormat

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Answer
from streams.core.alerting.next_delivery import Digest
from streams.core.alerting.receiver_addresses import why_not_address, why_not_url
from streams.core.election.model import Election, Receiver
from streams.delivery import apprise_services, http_exchange, message_text
from streams.delivery.checked_requests import Exchange, carried
from streams.delivery.http_post import TIMEOUT, failure_words, status_answer
from streams.delivery.message_text import Message
from streams.delivery.secrets import Secrets, unusable

PACE: Final = 1.0
"""Seconds between two messages to one service, at least: most allow one a second."""
_TYPES: Final = {
    "critical": NotifyType.FAILURE,
    "warning": NotifyType.WARNING,
    "info": NotifyType.INFO,
    "test": NotifyType.INFO,
    "resolved": NotifyType.SUCCESS,
}


class AppriseSender:
    """Sends to one service, one message at a time, each within so many `seconds` and `pace` seconds after the one
    before. Raises `SecretError` for an address
    that cannot be used."""

    def __init__(
        self,
        election: Election,
        receiver: Receiver,
        secrets: Secrets,
        seconds: float = TIMEOUT,
        pace: float = PACE,
    ) -> None:
        self._election, self._receiver = election, receiver
        self._seconds, self._pace = seconds, pace
        try:
            self._apprise, self._plugin = apprise_services.service(secrets.values[0])
        except apprise_services.ServiceError as error:
            raise unusable(receiver, str(error)) from None
        self._context = http_exchange.tls()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="apprise")
        self._turn = asyncio.Lock()
        self._last = -pace

    async def post(self, notice: Notice) -> Answer:
        """Send a notice. Whatever goes wrong with it is an answer in words: it ends this attempt, nothing else."""
        return await self._send(message_text.of_notice(self._election, self._receiver.language, notice))

    async def post_digest(self, digest: Digest) -> Answer:
        """Send a digest, likewise."""
        most = max(0, self._plugin.body_maxlen - self._plugin.title_maxlen - 500)
        return await self._send(message_text.of_digest(self._election, self._receiver.language, digest, most))

    async def _send(self, message: Message) -> Answer:
        async with self._turn:
            await asyncio.sleep(self._last + self._pace - monotonic())
            loop = asyncio.get_running_loop()
            exchange = Exchange(loop, self._request, monotonic() + self._seconds)
            try:
                with carried(exchange):
                    run = partial(copy_context().run, self._notify, message)
                taken = await asyncio.wait_for(loop.run_in_executor(self._threads, run), self._seconds + 1)
                return _answer(taken, exchange)
            except Exception as error:
                return Answer(None, failure_words(error))
            finally:
                exchange.close()
                self._last = monotonic()

    def _notify(self, message: Message) -> bool:
        """In a thread: whether the service took the message."""
        kind = _TYPES[message.kind]
        return bool(self._apprise.notify(message.text, message.title, kind, body_format=NotifyFormat.TEXT))

    async def _request(
        self, method: str, url: str, headers: dict[str, str], content: bytes, seconds: float
    ) -> http_exchange.Response:
        receiver = replace(self._receiver, url=url)
        if why := why_not_url(receiver):
            raise http_exchange.NoAnswerError(f"the service's address may not be used: {why}")
        return await http_exchange.request(
            url, headers, content, method=method, whole=True, seconds=seconds, context=self._context,
            why_not=partial(why_not_address, receiver=receiver),
        )  # fmt: skip


def _answer(taken: bool, exchange: Exchange) -> Answer:
    match exchange.last:
        case http_exchange.Response() as response if taken:
            return Answer(response.status if 200 <= response.status < 300 else 200, "the service took it")
        case http_exchange.Response() as response if 200 <= response.status < 300:
            return Answer(
                0, f"the service answered {response.status} and did not take it: see its token and its target"
            )
        case http_exchange.Response() as response:
            return status_answer(response)
        case Exception() as error:
            return Answer(None, failure_words(error))
    return Answer(None, "the message could not be made: see the service's address")
