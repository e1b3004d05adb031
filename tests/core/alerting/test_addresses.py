"""Where a webhook may go."""

import pytest

from streams.core.alerting.receiver_addresses import why_not_address, why_not_url
from streams.core.election.model import Receiver


def receiver(url: str = "https://desk.example/alerts", loopback: bool = False, private: bool = False) -> Receiver:
    return Receiver("desk", url, "SECRET", allow_loopback=loopback, allow_private=private)


@pytest.mark.parametrize(
    ("url", "loopback", "private"),
    [
        ("https://desk.example/alerts", False, False),
        ("https://desk.example:8443/alerts?key=1", False, False),
        ("https://8.8.8.8/", False, False),
        ("https://[2606:4700::1111]/", False, False),
        ("http://127.0.0.1:8080/alerts", True, False),
        ("http://localhost:8080/alerts", True, False),
        ("http://[::1]:8080/", True, False),
        ("https://10.1.2.3/", False, True),
        ("https://[fd00::1]/", False, True),
        ("https://desk.internal/", False, True),
    ],
)
def test_good_urls(url: str, loopback: bool, private: bool) -> None:
    """https anywhere public; http on this machine, and private networks, where the receiver says so."""
    assert why_not_url(receiver(url, loopback, private)) is None


@pytest.mark.parametrize(
    ("url", "loopback", "private", "cure"),
    [
        ("http://desk.example/alerts", False, False, "use https://"),
        ("http://10.1.2.3/", False, True, "use https://"),
        ("http://10.1.2.3/", True, True, "use https://"),
        ("ftp://desk.example/", True, True, "such as https://desk.example"),
        ("file:///etc/passwd", True, True, "such as https://desk.example"),
        ("https://", True, True, "such as https://desk.example"),
        ("https:desk.example", True, True, "such as https://desk.example"),
        ("desk.example", True, True, "such as https://desk.example"),
        ("https://[::1", True, True, "such as https://desk.example"),
        ("https://desk.example:99999/", True, True, "such as https://desk.example"),
        ("https://desk.example:x/", True, True, "such as https://desk.example"),
        ("https://ana:pass@desk.example/", True, True, "user and password"),
        ("https://ana@desk.example/", True, True, "user and password"),
        ("https://@desk.example/", True, True, "user and password"),
        ("https://desk.example/a#b", True, True, "what follows #"),
        ("https://desk.example/#", True, True, "what follows #"),
        ("https://desk.example/a b", True, True, "without spaces"),
        ("https://desk.example\\@evil.example/", True, True, "backslashes"),
        ("https://desk.example/\r\nX: y", True, True, "without spaces"),
        ("https://desk.example/\x00", True, True, "without spaces"),
        ("https://déšk.example/", True, True, "beyond ASCII"),
        ("https://desk.example:22/", True, True, "port 22"),
        ("https://desk.example:0/", True, True, "port 0"),
        ("http://127.0.0.1:25/", True, True, "port 25"),
        ("https://127.0.0.1/", False, True, "allow_loopback"),
        ("https://[::1]/", False, True, "allow_loopback"),
        ("https://[::ffff:127.0.0.1]/", False, True, "allow_loopback"),
        ("https://10.1.2.3/", True, False, "allow_private"),
        ("https://169.254.169.254/latest/meta-data", True, True, "no address of one machine"),
        ("https://[fe80::1]/", True, True, "no address of one machine"),
    ],
)
def test_bad_urls(url: str, loopback: bool, private: bool, cure: str) -> None:
    """What is refused already where it is written, with the cure."""
    assert cure in (why_not_url(receiver(url, loopback, private)) or "")


PUBLIC, LOOPBACK, PRIVATE, NEVER = "public", "loopback", "private", "never"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("8.8.8.8", PUBLIC),
        ("2606:4700::1111", PUBLIC),
        ("::ffff:8.8.8.8", PUBLIC),
        ("64:ff9b::808:808", PUBLIC),
        ("127.0.0.1", LOOPBACK),
        ("127.9.9.9", LOOPBACK),
        ("::1", LOOPBACK),
        ("::ffff:127.0.0.1", LOOPBACK),
        ("64:ff9b::7f00:1", LOOPBACK),
        ("10.0.0.1", PRIVATE),
        ("172.16.0.1", PRIVATE),
        ("172.31.255.255", PRIVATE),
        ("192.168.1.1", PRIVATE),
        ("100.64.0.1", PRIVATE),
        ("fd12:3456::1", PRIVATE),
        ("::ffff:10.0.0.1", PRIVATE),
        ("64:ff9b::a00:1", PRIVATE),
        ("0.0.0.0", NEVER),
        ("0.1.2.3", NEVER),
        ("::", NEVER),
        ("::ffff:0.0.0.0", NEVER),
        ("169.254.169.254", NEVER),
        ("::ffff:169.254.169.254", NEVER),
        ("64:ff9b::a9fe:a9fe", NEVER),
        ("fe80::1", NEVER),
        ("fe80::1%2", NEVER),
        ("fec0::1", NEVER),
        ("224.0.0.1", NEVER),
        ("239.255.255.250", NEVER),
        ("ff02::1", NEVER),
        ("255.255.255.255", NEVER),
        ("240.0.0.1", NEVER),
        ("192.0.0.8", NEVER),
        ("192.0.2.1", NEVER),
        ("198.18.0.1", NEVER),
        ("2001:db8::1", NEVER),
        ("2002:7f00:1::", NEVER),
        ("2001:0:7f00:1::", NEVER),
        ("64:ff9b:1::1", NEVER),
        ("::7f00:1", NEVER),
    ],
)
def test_addresses(address: str, kind: str) -> None:
    """Each kind of address, and which permission it needs; none helps with what is never one machine's."""
    for loopback in (False, True):
        for private in (False, True):
            may = {PUBLIC: True, LOOPBACK: loopback, PRIVATE: private, NEVER: False}[kind]
            why = why_not_address(address, receiver(loopback=loopback, private=private))
            assert (why is None) is may, why


@pytest.mark.parametrize(
    ("address", "may"), [("127.0.0.1", True), ("::1", True), ("10.0.0.1", False), ("8.8.8.8", False)]
)
def test_http_stays_on_this_machine(address: str, may: bool) -> None:
    """Without TLS nothing is connected to but loopback, whatever a name resolves to."""
    plain = receiver("http://desk.example:8080/", loopback=True, private=True)
    assert (why_not_address(address, plain) is None) is may
