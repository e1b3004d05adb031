"""The web server of a worker and of `cotejo board`: who may ask, and how many connections it takes.

Nobody who reaches the port can do more than read: not from a page elsewhere, and not by holding connections, whose
descriptors the worker needs for its broker and its webhooks.
"""

import asyncio
import errno
import logging
import os
import re
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from streams.errors import CotejoError

CONNECTIONS: Final = 256
"""Connections at a time. Beyond it the one that has been idle for longest is closed for the newest."""
DESCRIPTORS: Final = 1 / 4
"""Part of the descriptors that a process may have (`ulimit -n`) which connections may take."""
IDLE: Final = 30.0
"""Seconds in which a request must have come, or its answer must have been taken; a stream has limits of its own."""
LOOK: Final = 1.0
"""Seconds between two looks at who has been idle."""

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class EmbedError(CotejoError):
    """What was given as an origin is none; the text says how one is written."""


def embed_origin(text: str) -> str:
    """An origin whose pages may show ours in a frame, such as https://news.example.org. Raises `EmbedError`: whatever
    else stood in the header would be read as another rule."""
    with suppress(ValueError):
        parts = urlsplit(text)
        origin = f"{parts.scheme}://{parts.netloc}"
        if (
            parts.scheme in ("https", "http")
            and re.fullmatch(r"[\w.:\[\]-]+", parts.netloc)
            and text in (origin, origin + "/")
        ):
            return origin
    raise EmbedError(f"{text}: is no origin: write it as https://news.example.org, without a path")


def allow_frames(response: web.StreamResponse, origins: Sequence[str]) -> None:
    """Let pages of these origins show this answer in a frame."""
    policy = _HEADERS["Content-Security-Policy"]
    response.headers["Content-Security-Policy"] = policy.replace(
        "frame-ancestors 'none'", f"frame-ancestors {' '.join(origins)}"
    )


class ListenError(CotejoError):
    """The address or port cannot be listened at; the text says what to change."""


class WebServer:
    """Serves `app` at an address and port, to those who ask by an IP address, by `localhost`, or by one of `names`.

    Only a name can be made to lead elsewhere (DNS rebinding), so IP addresses need no permission.
    """

    def __init__(self, host: str, port: int, names: Sequence[str] = ()) -> None:
        self._host, self._port = host.removeprefix("[").removesuffix("]"), port
        self._names = {"localhost", *(name.lower().rstrip(".") for name in names)}
        self.app = web.Application(middlewares=[self._guard])
        self.app.on_response_prepare.append(_headers)
        self._runner = web.AppRunner(
            self.app, access_log=None, logger=_logger(), shutdown_timeout=5, lingering_time=1.0
        )
        self._open: dict[Any, _Connection] = {}
        """Open connections by aiohttp's protocol. A connection is here from its acceptance on, before aiohttp hears of
        it."""
        self._most = _most()

    def check(self) -> None:
        """Raise `ListenError` if it could not listen now."""
        try:
            for family, kind, protocol, _, place in socket.getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            ):
                with socket.socket(family, kind, protocol) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(place)
        except OSError as error:
            raise ListenError(self._why(error)) from None

    async def start(self) -> None:
        """Listen. Raises `ListenError`."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._connection, self._host, self._port, reuse_address=True)
        except OSError as error:
            await self._runner.cleanup()
            raise ListenError(self._why(error)) from None
        self._looking = asyncio.ensure_future(self._look())

    async def stop(self) -> None:
        """Close the port, then every connection."""
        self._looking.cancel()
        with suppress(asyncio.CancelledError):
            await self._looking
        self._server.close()
        await self._runner.cleanup()

    def _why(self, error: OSError) -> str:
        if error.errno == errno.EADDRINUSE:
            return f"port {self._port} is in use: choose another with --port"
        unknown = isinstance(error, socket.gaierror) or error.errno is None
        why = "it is no address of this machine" if unknown else os.strerror(error.errno or 0)
        return f"cannot listen at {self._host}, port {self._port} ({why}): see --host"

    def _connection(self) -> asyncio.BaseProtocol:
        """The protocol of a connection that has just come."""
        if len(self._open) >= self._most:
            idle = [each for each in self._open.values() if not each.busy]
            if not idle:
                return _Full()
            self._drop(min(idle, key=lambda each: each.since))
        assert self._runner.server is not None
        inner = self._runner.server()
        self._open[inner] = _Connection(inner, asyncio.get_running_loop().time(), self._lost)
        return self._open[inner]

    async def _look(self) -> None:
        """Close connections that have been idle for too long, also those that do not take their answer."""
        while True:
            await asyncio.sleep(LOOK)
            late = asyncio.get_running_loop().time() - IDLE
            for each in list(self._open.values()):
                if not each.busy and each.since < late:
                    self._drop(each)

    def _drop(self, connection: "_Connection") -> None:
        connection.abort()
        self._lost(connection)

    def _lost(self, connection: "_Connection") -> None:
        self._open.pop(connection.inner, None)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._is_own(request):
            text = "Nothing is served under that name: start it with --name NAME, or ask by the IP address\n"
            raise web.HTTPForbidden(text=text)
        if _is_foreign(request):
            raise web.HTTPForbidden(text="Pages of other origins may not read this one\n")
        if (connection := self._open.get(request.protocol)) is None:
            raise web.HTTPServiceUnavailable(text="closed for others\n")
        connection.busy = True
        try:
            return await handler(request)
        finally:
            connection.busy, connection.since = False, asyncio.get_running_loop().time()

    def _is_own(self, request: web.Request) -> bool:
        """Whether the request names this server by its own name. A page elsewhere that lets its own name lead here
        must not read what is here (DNS rebinding)."""
        name = _name_of(request.headers.get("host", ""))
        try:
            ip_address(name)
        except ValueError:  # a name
            return name in self._names
        return True


class _Connection(asyncio.Protocol):
    """One connection: aiohttp's protocol `inner`, with what the server needs to know of it.

    `since` is the loop time at which it came, or at which its last request was answered. `busy` is whether a request
    is being answered."""

    def __init__(self, inner: Any, since: float, lost: Callable[["_Connection"], None]) -> None:
        self.inner, self.since, self.busy = inner, since, False
        self._lost, self._aborted = lost, False
        self._transport: Any = None

    def abort(self) -> None:
        self._aborted = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.inner.connection_made(transport)
        if self._aborted:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(self)
        self.inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.inner.data_received(data)

    def eof_received(self) -> None:
        self.inner.eof_received()

    def pause_writing(self) -> None:
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        self.inner.resume_writing()


class _Full(asyncio.Protocol):
    """One connection too many: every other one has a request under way."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\r\n")
        transport.close()


def _logger() -> logging.Logger:
    """Logs our own faults only: the mistakes of visitors would fill the log."""
    logger = logging.getLogger("cotejo.web")
    logger.filters = [lambda record: not isinstance((record.exc_info or (None, None))[1], HttpProcessingError)]
    return logger


def _most() -> int:
    """Connections at a time, so that descriptors are left for all else."""
    if sys.platform == "win32":
        return CONNECTIONS
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if soft == resource.RLIM_INFINITY else max(8, min(CONNECTIONS, int(soft * DESCRIPTORS)))


def address(host: str, port: int, names: Sequence[str] = ()) -> str:
    """HOST:PORT to ask by, for a URL: an IPv6 address stands in brackets. Whoever listens at all addresses is asked by
    the first of its names, or on loopback."""
    host = host.removeprefix("[").removesuffix("]")
    with suppress(ValueError):
        ip = ip_address(host)
        if ip.is_unspecified:
            return address(names[0] if names else "127.0.0.1" if ip.version == 4 else "::1", port)
        host = f"[{host}]" if ip.version == 6 else host
    return f"{host}:{port}"


def _name_of(host: str) -> str:
    """The name or address in a Host header, without its port; "" where there is none, such as in "][" ."""
    with suppress(ValueError):
        return (urlsplit(f"//{host}").hostname or "").lower().rstrip(".")
    return ""


def _is_foreign(request: web.Request) -> bool:
    """Whether a page of another origin asks. Only browsers send these headers. Following a link from elsewhere is not
    foreign."""
    with suppress(ValueError):
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
            return True
        site = request.headers.get("sec-fetch-site", "none")
        return site in ("cross-site", "same-site") and request.headers.get("sec-fetch-mode") != "navigate"
    return True


async def _headers(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
