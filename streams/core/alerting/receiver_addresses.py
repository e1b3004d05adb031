"""Where a webhook may go: over https into the public network, elsewhere only if the receiver's configuration says so.

`why_not_url` judges what is written, `why_not_address` the very address that is about to be connected to:
whatever a name resolves to, and however a number is written, that is what counts.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from streams.core.election.model import Format, Receiver

ADDRESS_IS_SECRET: Final[frozenset[Format]] = frozenset(("apprise", "email"))
"""The formats whose receivers have no `url`: the address holds a token or a password."""
_WEB_PORTS: Final = {80, 443}
_PRIVATE: Final[list[IPv4Network | IPv6Network]] = [
    *map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")),
    IPv6Network("fc00::/7"),
]
_ASSIGNMENTS: Final = IPv4Network("192.0.0.0/24")
"""For protocols, not for machines; Python's versions differ about it."""
_WELL_KNOWN_NAT64: Final = IPv6Network("64:ff9b::/96")


def why_not_url(receiver: Receiver) -> str | None:
    """What to change in a receiver's address; None if it is fine."""
    url = receiver.url
    if not url.isascii() or re.search(r"[\s\\]", url) or not url.isprintable():
        return "write it without spaces, backslashes and letters beyond ASCII"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "give an address such as https://desk.example/alerts"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "give an address such as https://desk.example/alerts"
    if parts.username is not None or parts.password is not None:
        return "leave user and password out of it: the signature says who sends"
    if "#" in url:
        return "leave out what follows #: it is not sent"
    if port is not None and port not in _WEB_PORTS and port < 1024:
        return f"port {port} is another service's: use 443, or one from 1024"
    if parts.scheme == "http" and not receiver.allow_loopback:
        return "use https://; http:// is for this machine only, with allow_loopback = true"
    try:
        address = ip_address(parts.hostname)
    except ValueError:
        return None  # a name: what it resolves to is judged when it is connected to
    why = why_not_address(str(address), receiver)
    return why and f"{parts.hostname} {why}"


def why_not_address(text: str, receiver: Receiver) -> str | None:
    """Why a receiver may not be at this IP address, as what follows "it"; None if it may. Whatever is not known to be
    harmless is not. The address itself is not in the text: that is for whoever may see it to add."""
    address = _inner(ip_address(text))
    if address.is_loopback:
        return None if receiver.allow_loopback else "is this machine itself: say allow_loopback = true"
    if receiver.url.startswith("http://"):
        return "is not this machine: use https://"
    if any(address in network for network in _PRIVATE):
        return None if receiver.allow_private else "is a private address: say allow_private = true"
    strange = address.is_multicast or address.is_unspecified or address.is_reserved or address in _ASSIGNMENTS
    if strange or not address.is_global:
        return "is no address of one machine in the public network"
    if isinstance(address, IPv6Address) and (address.is_site_local or address.sixtofour or address.teredo):
        return "leads to another network"
    return None


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, where a gateway or the system itself would send to it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _WELL_KNOWN_NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
