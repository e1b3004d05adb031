"""Connections to receivers: each address is checked when it is connected to, however it was written."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

from aiohappyeyeballs import start_connection

CONNECT: Final = 5.0
"""Seconds in which a connection must stand."""
HAPPY_EYEBALLS: Final = 0.25
"""Seconds before the next address of a name is tried beside the one before it (RFC 8305)."""


class RefusedError(Exception):
    """An address may not be connected to; the text says why."""


class ConnectionTimeoutError(TimeoutError):
    """No connection in `CONNECT` seconds."""


def tls() -> ssl.SSLContext:
    """Certificates are checked against the system's authorities."""
    return ssl.create_default_context()


async def connected(host: str, port: int, why_not: Callable[[str], str | None]) -> socket.socket:
    """A socket that is connected to one of the addresses of a host, by its name or its number.

    `why_not` judges each address; only one that it has let pass is connected to. Raises `RefusedError`,
    `ConnectionTimeoutError`, `OSError` (`socket.gaierror` included).
    """
    addresses = await _addresses(host, port, why_not)
    try:
        async with asyncio.timeout(CONNECT):
            return await start_connection(addresses, happy_eyeballs_delay=HAPPY_EYEBALLS)
    except TimeoutError:
        raise ConnectionTimeoutError from None


async def _addresses(host: str, port: int, why_not: Callable[[str], str | None]) -> Sequence[Any]:
    """The addresses that the name has now and that may be connected to: these, not the name, are connected to."""
    resolved = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    reasons = {info: why_not(str(info[4][0])) for info in resolved}
    if allowed := [info for info in resolved if reasons[info] is None]:
        return allowed
    raise RefusedError(next((why for why in reasons.values() if why), "no address is known for its name"))
