"""The address of a receiver of the format `email`: a mail server, who sends by it, and to whom.

It holds a password, so it is the receiver's secret: `smtps://USER:PASSWORD@HOST/?from=ADDRESS&to=ADDRESS`.
"""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from streams.errors import CotejoError

EXAMPLE: Final = "smtps://USER:PASSWORD@smtp.desk.example/?from=night@desk.example&to=desk@desk.example"
PORTS: Final = {"smtps": 465, "smtp": 587}
"""By scheme: `smtps` is encrypted from the first byte, `smtp` by STARTTLS."""
_MAIL_PORTS: Final = {25, 465, 587}
_MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


class MailServerError(CotejoError):
    """An address of a mail server cannot be used; the text says why, and nothing of the address."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where and how mail is handed in. `user` is empty where the server asks for none."""

    host: str
    port: int
    encrypted: bool
    """From the first byte; otherwise by STARTTLS."""
    sender: str
    recipient: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def parse(url: str) -> MailServer:
    """Read an address. Raises `MailServerError`."""
    if not url.isascii() or not url.isprintable() or " " in url:
        raise MailServerError("write it without spaces and letters beyond ASCII, such as %40 for @ in a user's name")
    try:
        parts = urlsplit(url)
        port = parts.port
        given = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise MailServerError(f"give an address such as {EXAMPLE}") from None
    if parts.scheme not in PORTS or not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        raise MailServerError(f"give an address such as {EXAMPLE}")
    if unknown := sorted(given.keys() - {"from", "to"}):
        raise MailServerError(f"{unknown[0][:20]}= is not known: from= and to= are")
    port = PORTS[parts.scheme] if port is None else port
    if port not in _MAIL_PORTS and port < 1024:
        raise MailServerError(f"port {port} is another service's: use 465 or 587, or one from 1024")
    if bool(parts.username) != bool(parts.password):
        raise MailServerError("give both, user and password, or neither")
    sender, recipient = (_mailbox(given.get(name, []), name) for name in ("from", "to"))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname, port, parts.scheme == "smtps", sender, recipient, user, password)


def _mailbox(values: list[str], name: str) -> str:
    if len(values) != 1:
        raise MailServerError(f"give {name}= once: one mailbox for each receiver, so that each is tried again")
    if not _MAILBOX.fullmatch(values[0]):
        raise MailServerError(f"{name}= is no address of a mailbox such as desk@desk.example")
    return values[0]
