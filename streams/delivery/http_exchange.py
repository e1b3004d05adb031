"""One HTTP/1.1 request over a connection of its own, and the status that comes back.

A receiver has answered once its status line is there. Headers or a body that cannot be read change nothing about
that; an HTTP client library throws the status away with them, so this one stands on h11 and sockets.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import h11

from streams.delivery import checked_connection

HEAD: Final = 256 * 2**10
"""Bytes of status line and headers that are read, informational answers included."""
EXCERPT: Final = 4 * 2**10
"""Bytes that are read of an answer's body."""
WHOLE: Final = 256 * 2**10
"""Bytes that are read of an answer's body where it matters what it says."""
EXCERPT_SECONDS: Final = 1.0
"""Seconds that its body is waited for."""
CLOSE_SECONDS: Final = 0.5
"""Seconds in which the other side may close the connection in peace."""

_STATUS_LINE: Final = re.compile(rb"\s*HTTP/\d(?:\.\d)? +([1-9]\d\d)(?:[ \t][^\r\n]*)?\r?\n")


class NoAnswerError(Exception):
    """What came is no answer; the text says what it was instead."""


@dataclass(frozen=True, slots=True)
class Response:
    """`readable`: whether its headers could be read; without that `retry_after` and `excerpt` are empty. `excerpt`
    is the beginning of the body."""

    status: int
    readable: bool = False
    retry_after: str = ""
    excerpt: bytes = b""


def tls() -> ssl.SSLContext:
    """`checked_connection.tls`, for HTTP/1.1."""
    context = checked_connection.tls()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def request(
    url: str,
    headers: Mapping[str, str],
    content: bytes,
    *,
    why_not: Callable[[str], str | None],
    context: ssl.SSLContext,
    seconds: float,
    method: str = "POST",
    whole: bool = False,
) -> Response:
    """Send a request and return what came back within so many seconds. Of the body it is the beginning, and only of a
    failure; `whole` reads all of it, up to `WHOLE` bytes.

    `why_not` judges each IP address that the name has; only one that it has let pass is connected to. Nothing is
    followed, stored or taken from the environment: no redirect, cookie, proxy or netrc. Raises `RefusedError`,
    `NoAnswerError`, `ConnectionTimeoutError`, `TimeoutError`, `OSError` (`ssl.SSLError` included), and
    `h11.RemoteProtocolError` for what is no HTTP.
    """
    parts = urlsplit(url)
    reading = _Reading(whole)
    try:
        async with asyncio.timeout(seconds):
            async with _connection(parts, why_not, context) as (reader, writer):
                connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD)
                _write(writer, connection, parts, {**headers, "content-length": str(len(content))}, content, method)
                return await reading.response(reader, connection)
    except (h11.RemoteProtocolError, OSError):  # TimeoutError is one
        if (status := reading.status) is not None:
            return Response(status)
        raise


class _Reading:
    """Reads one answer. `status` is what came of it, for whatever reason the reading ended."""

    def __init__(self, whole: bool) -> None:
        self._whole = whole
        self._head = bytearray()
        """What has come since the last informational answer."""
        self._bytes = 0

    @property
    def status(self) -> int | None:
        """The final answer's status; None if its status line has not come."""
        line = _STATUS_LINE.match(self._head)
        return int(line[1]) if line else None

    async def response(self, reader: asyncio.StreamReader, connection: h11.Connection) -> Response:
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                await self._more(reader, connection)
            elif isinstance(event, h11.InformationalResponse):
                self._head = bytearray(connection.trailing_data[0])
            elif isinstance(event, h11.Response):
                waits = [value.decode("latin-1") for name, value in event.headers if name == b"retry-after"]
                if self._whole:
                    excerpt = await _body(reader, connection, WHOLE)
                else:
                    excerpt = b"" if event.status_code < 400 else await _excerpt(reader, connection)
                return Response(event.status_code, True, waits[0] if waits else "", excerpt)
            else:
                raise NoAnswerError("the connection was closed before an answer came")

    async def _more(self, reader: asyncio.StreamReader, connection: h11.Connection) -> None:
        data = await reader.read(65536)
        self._bytes += len(data)
        if not data and not self._head:
            raise NoAnswerError("the connection was closed before an answer came")
        if self._bytes > HEAD:
            raise h11.RemoteProtocolError("too many headers")
        self._head += data
        connection.receive_data(data)


def _write(
    writer: asyncio.StreamWriter,
    connection: h11.Connection,
    parts: SplitResult,
    headers: Mapping[str, str],
    content: bytes,
    method: str,
) -> None:
    """Send the request. The answer is read meanwhile, since a receiver may answer before all of it has left."""
    given = {"host": parts.netloc, "user-agent": "cotejo", "connection": "close", **headers}
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = h11.Request(method=method, target=target, headers=list(given.items()))
    writer.write(b"".join(connection.send(e) or b"" for e in (request, h11.Data(data=content), h11.EndOfMessage())))


async def _excerpt(reader: asyncio.StreamReader, connection: h11.Connection) -> bytes:
    """The beginning of the body, as far as it arrives soon."""
    body = bytearray()
    with suppress(TimeoutError, OSError, h11.RemoteProtocolError):
        async with asyncio.timeout(EXCERPT_SECONDS):
            async for data in _data(reader, connection):
                body += data
                if len(body) >= EXCERPT:
                    break
    return bytes(body[:EXCERPT])


async def _body(reader: asyncio.StreamReader, connection: h11.Connection, most: int) -> bytes:
    """The body, cut off after so many bytes: the status says whether the receiver took what it was sent."""
    body = bytearray()
    async for data in _data(reader, connection):
        body += data
        if len(body) >= most:
            break
    return bytes(body[:most])


async def _data(reader: asyncio.StreamReader, connection: h11.Connection) -> AsyncIterator[bytes]:
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(EXCERPT))
        elif isinstance(event, h11.Data):
            yield bytes(event.data)
        else:
            return


@asynccontextmanager
async def _connection(parts: SplitResult, why_not: Callable[[str], str | None], context: ssl.SSLContext) -> Any:
    secure = parts.scheme == "https"
    sock = await checked_connection.connected(parts.hostname or "", parts.port or (443 if secure else 80), why_not)
    options: dict[str, Any] = {}
    if secure:
        options = {"ssl": context, "server_hostname": parts.hostname, "ssl_shutdown_timeout": CLOSE_SECONDS}
    try:
        reader, writer = await asyncio.open_connection(sock=sock, **options)
    except BaseException:
        sock.close()
        raise
    try:
        yield reader, writer
        writer.close()
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await writer.wait_closed()
    finally:
        writer.transport.abort()
