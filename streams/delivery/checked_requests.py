"""What Apprise's plugins have in place of the package `requests`: the same calls, carried by `http_exchange`.

So what they send goes where webhooks may go and nowhere else: each address is checked when it is connected to,
certificates are verified, no redirect is followed, nothing is taken from the environment (proxies, netrc), and time and
size have limits. Outside of `carried` nothing is sent at all.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from time import monotonic
from typing import Any, Final

import requests

from streams.delivery.http_exchange import Response

LARGEST: Final = 2**20
"""Bytes of a request's body."""

Send = Callable[[str, str, dict[str, str], bytes, float], Coroutine[Any, Any, Response]]
"""Sends method, URL, headers and body within so many seconds."""


@dataclass(slots=True)
class Exchange:
    """The requests of one message. `deadline` is on the monotonic clock. `last` is what came of the newest request: an
    answer, or the error that kept one from coming."""

    loop: asyncio.AbstractEventLoop
    send: Send
    deadline: float
    last: Response | Exception | None = None
    _under_way: "Future[Response] | None" = None
    _closed: bool = False
    _lock: Lock = field(default_factory=Lock)

    def carry(self, request: requests.PreparedRequest) -> Response:
        """Send a request from a thread of its own. Raises what kept an answer from coming."""
        content = request.body or b""
        content = content.encode() if isinstance(content, str) else content
        if not isinstance(content, bytes) or len(content) > LARGEST:
            raise ValueError("a message is too large")
        skipped = {"host", "connection", "content-length", "accept-encoding", "user-agent", "transfer-encoding"}
        headers = {name: _text(value) for name, value in request.headers.items() if name.lower() not in skipped}
        seconds = self.deadline - monotonic()
        if seconds <= 0:
            raise TimeoutError
        with self._lock:
            if self._closed:
                raise TimeoutError
            sent = self.send(request.method or "GET", request.url or "", headers, content, seconds)
            self._under_way = asyncio.run_coroutine_threadsafe(sent, self.loop)
        return self._under_way.result(seconds + 1)

    def close(self) -> None:
        """Nobody waits for the message any longer: end what is under way, and refuse what follows."""
        with self._lock:
            self._closed = True
            if self._under_way is not None:
                self._under_way.cancel()


_current: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


@contextmanager
def carried(exchange: Exchange) -> Iterator[None]:
    """Have this exchange carry what is requested meanwhile, in this context."""
    token = _current.set(exchange)
    try:
        yield
    finally:
        _current.reset(token)


class CheckedRequests:
    """Stands for the package `requests` in a plugin. What sends is ours; the rest, such as exceptions, is its own."""

    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            return partial(self.request, name)
        if name in ("Session", "session", "sessions", "adapters", "api"):
            raise AttributeError(f"{name} is not to be had: it would connect by itself")
        return getattr(requests, name)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """As `requests.request`, but for options that say how to connect, which count for nothing."""
        kept = {name: options[name] for name in _MESSAGE if options.get(name) is not None}
        prepared = requests.Request(method.upper(), url, **kept).prepare()
        exchange = _current.get()
        if exchange is None:
            raise requests.ConnectionError("nothing is sent outside of a delivery")
        try:
            response = exchange.carry(prepared)
        except Exception as error:
            exchange.last = error
            raise requests.ConnectionError("no answer") from None
        exchange.last = response
        return _as_theirs(response, prepared)


_METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options")
_MESSAGE: Final = ("params", "data", "json", "headers", "auth", "files", "cookies")
"""The options of a request that belong to its message."""
CHECKED: Final = CheckedRequests()


def put_into_apprise() -> None:
    """Have every module of Apprise use the checked requests, those that fetch attachments too."""
    for name, module in list(sys.modules.items()):
        if name.startswith("apprise.") and getattr(module, "requests", None) is requests:
            setattr(module, "requests", CHECKED)  # noqa: B010 - a module has no declared attributes


def _as_theirs(response: Response, request: requests.PreparedRequest) -> requests.Response:
    theirs = requests.Response()
    theirs.status_code, theirs.url, theirs.encoding, theirs.request = (
        response.status,
        request.url or "",
        "utf-8",
        request,
    )
    theirs._content, theirs._content_consumed = response.excerpt, True  # type: ignore[attr-defined]
    if response.retry_after:
        theirs.headers["retry-after"] = response.retry_after
    return theirs


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
