"""One POST over a real socket: what receivers do, what may not be connected to, what is signed."""

import asyncio
import gzip
import socket
import threading
from asyncio.selector_events import BaseSelectorEventLoop as SelectorLoop
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from builders import T0, bulletin, election, lines, report
from nights import direct
from receivers import Say, Scripted
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from streams import posting
from streams.alerts import Notice
from streams.broker import free_port
from streams.delivery import Answer
from streams.election import AlertPolicy, Receiver
from streams.posting import Poster, wish_of
from streams.receiver_secrets import SecretError, Secrets, of_receiver

OLD, NEW = ("whsec_" + b64encode(bytes([n]) * 32).decode() for n in (1, 2))
KNOWN = election(states=2, tables=12, registered=300, alerts=AlertPolicy(tick=10, hold=0, cooldown=60))


def notices() -> list[Notice]:
    """What the receivers of a short night are told."""
    events = [report(table, (150, 60, 10), at=T0 + 1000 * i) for i, table in enumerate(KNOWN.tables)]
    found = direct(KNOWN, lines([*events, bulletin((900, 2400, 240), at=T0 + 60_000)])).notices
    return [Notice.from_plain(data) for data in found if not data["muted_by"]]


NOTICE = notices()[0]


def post(url: str, notice: Notice = NOTICE, secrets: tuple[str, ...] = (NEW,), **fields: Any) -> Answer:
    """POST once, as a courier does."""

    async def once() -> Answer:
        given = {"allow_loopback": True, **fields}
        async with Poster(KNOWN, Receiver("desk", url, "SECRET", **given), Secrets(secrets)) as poster:
            return await poster.post(notice)

    return asyncio.run(once())


@contextmanager
def raw(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[object]]]:
    """A server below HTTP: `answer` gets each connection, after the request's first bytes. Gives its address, and
    who connected."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, peer = server.accept()
                except OSError:
                    return
                came.append(peer)
                with connection:
                    try:
                        connection.recv(65536)
                        answer(connection)
                    except OSError:
                        pass  # the other side has had enough

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}", came
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("say", "good", "words"),
    [
        pytest.param(Say(200), True, "200 OK", id="200"),
        pytest.param(Say(204), True, "204 No Content", id="204"),
        pytest.param(
            Say(500, body=b"out of\x1b[31m\n paper"), False, "500 Internal Server Error: out of [31m paper", id="500"
        ),
        pytest.param(
            Say(302, {"location": "http://127.0.0.1:1/"}), False, "302 Found: redirects are not", id="redirect"
        ),
        pytest.param(Say(599), False, "599", id="a status without a name"),
        pytest.param(Say(400, body=b"x" * 10**6), False, "400 Bad Request: " + "x" * posting.EXCERPT, id="much to say"),
        pytest.param(
            Say(400, {"content-encoding": "gzip"}, gzip.compress(bytes(10**7))), False, "400 Bad Request", id="zip"
        ),
        pytest.param(Say(400, {"content-length": "9"}, b"short"), False, "400 Bad Request", id="body cut short"),
    ],
)
def test_answers(say: Say, good: bool, words: str) -> None:
    """What a receiver answers, in words that a terminal can take; no more than a little of its body is read."""
    scripted = Scripted(say)
    with scripted.listening() as url:
        answer = post(url)
    assert (answer.status, answer.good) == (say.status, good)
    assert answer.words.startswith(words)
    assert len(answer.words) < 300
    assert answer.words.isprintable()
    assert len(scripted.seen) == 1


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 503 Busy\r\ncontent-length: 1000000000\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        pytest.param(lambda c: c.sendall(b"\x00\xff" * 100 + b"\r\n\r\n"), 0, id="no HTTP"),
        pytest.param(lambda c: None, 0, id="hangs up"),
        pytest.param(
            lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 10**6 + b"\r\n\r\n"), 0, id="endless header"
        ),
        pytest.param(
            lambda c: c.sendall(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 10**5 + b"\r\n"), 0, id="endless headers"
        ),
        pytest.param(lambda c: c.recv(65536), 0, id="silent"),
        pytest.param(drip, 503, id="endless body"),
    ],
)
def test_nonsense(behaviour: Callable[[socket.socket], None], status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes, there is an answer in words, and no exception; who is silent is waited for so long only."""
    monkeypatch.setattr(posting, "TIMEOUT", 0.5)
    with raw(behaviour) as (place, _):
        answer = post(f"http://{place}/")
    assert answer.status == status
    assert answer.words
    assert answer.words.isprintable()


def test_nobody_there() -> None:
    """A closed port is an answer in words too."""
    answer = post(f"http://127.0.0.1:{free_port()}/")
    assert answer.status == 0
    assert "refused" in answer.words.lower() or "connect call failed" in answer.words.lower()


def test_a_name_that_leads_inside_is_not_connected_to() -> None:
    """`localhost` is a name like any other: without allow_loopback there is no connection, not one packet."""
    with raw(drip) as (place, came):
        answer = post(f"https://localhost:{place.split(':')[1]}/", allow_loopback=False)
    assert answer.status == 0
    assert "is this machine itself" in answer.words
    assert not came


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("10.0.0.7", "private address"),
        ("169.254.169.254", "no address of one machine"),
        ("::ffff:10.0.0.7", "private address"),
        ("64:ff9b::a9fe:a9fe", "no address of one machine"),
        ("fe80::1", "no address of one machine"),
        ("0.0.0.0", "no address of one machine"),
    ],
)
def test_what_a_name_resolves_to_is_what_counts(address: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that a name has at the moment of connecting is judged, and no socket is opened for it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    where = (address, 443, 0, 0) if ":" in address else (address, 443)
    looked_up = [(family, socket.SOCK_STREAM, 6, "", where)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: looked_up)
    opened = []
    connect = SelectorLoop.sock_connect

    async def sock_connect(self: SelectorLoop, sock: socket.socket, to: Any) -> None:
        opened.append(to)
        await connect(self, sock, to)

    monkeypatch.setattr(SelectorLoop, "sock_connect", sock_connect)
    answer = post("https://desk.example/")
    assert answer.status == 0
    assert said in answer.words
    assert not opened


def test_plain_http_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """An http address whose name leads to another machine is not connected to, whatever else is allowed."""
    there = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 8080))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: there)
    assert "use https" in post("http://desk.example:8080/", allow_private=True).words


def test_two_secrets_at_once() -> None:
    """While one secret takes the other's place, who has either can verify with the `standardwebhooks` package."""
    scripted = Scripted()
    with scripted.listening() as url:
        post(url, secrets=(NEW, OLD))
        post(url, secrets=(NEW,))
        post(url, secrets=())
    both, new, none = scripted.seen
    assert Webhook(NEW).verify(both.body, both.headers) == Webhook(OLD).verify(both.body, both.headers)
    assert Webhook(NEW).verify(new.body, new.headers)["data"]["id"] == NOTICE.id
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(new.body, new.headers)
    assert "webhook-signature" not in none.headers


@pytest.mark.parametrize("area", ["Ñuñoa/Centro 1.2", "a\r\nx-evil: 1", "平和", "a" * 400])
def test_any_id_can_be_sent(area: str) -> None:
    """Ids of areas may hold anything: the webhook's id is ASCII without dots, and the signature holds."""
    finding = replace(NOTICE.finding, area=area)
    strange = replace(NOTICE, finding=finding, fingerprint=finding.fingerprint, id=f"{finding.fingerprint}:1:1")
    scripted = Scripted()
    with scripted.listening() as url:
        assert post(url, strange).status == 204
    (got,) = scripted.seen
    assert got.id.isascii()
    assert "." not in got.id
    assert "x-evil" not in got.headers
    assert Webhook(NEW).verify(got.body, got.headers)["data"]["area"]["id"] == area


@pytest.mark.parametrize(
    ("header", "wish"),
    [
        ("30", 1_000_030_000),
        (" 0 ", 1_000_000_000),
        ("9" * 400, 1_000_000_000 + 999_999_999_000),
        ("Mon, 12 Jan 1970 13:47:40 GMT", 1_000_060_000),
        ("Monday, 12-Jan-70 13:47:40 GMT", 1_000_060_000),
        ("Mon Jan 12 13:47:40 1970", 1_000_060_000),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Mon, 99 Jan 1970 13:47:40 GMT", None),
    ],
)
def test_retry_after(header: str, wish: int | None) -> None:
    """Seconds or one of HTTP's dates; anything else is no wish."""
    assert wish_of(header, 1_000_000) == wish


def test_secrets_from_environment_and_file(tmp_path: Any) -> None:
    """One secret or two, from either place; the new one comes first."""
    file = tmp_path / "desk"
    file.write_text(f"{NEW}\n{OLD}\n")
    by_file = Receiver("desk", "https://desk.example", secret_file=str(file))
    by_environment = Receiver("desk", "https://desk.example", "DESK")
    assert of_receiver(by_file, {}).values == (NEW, OLD)
    assert of_receiver(by_environment, {"DESK": f"{NEW} {OLD}"}).values == (NEW, OLD)
    assert of_receiver(by_environment, {"DESK": NEW}).values == (NEW,)
    assert of_receiver(Receiver("am", "https://am.example", format="alertmanager-api"), {}).values == ()


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", "put its secret into"),
        ("  \n", "put its secret into"),
        ("hunter2-hunter2", "openssl rand -base64 32"),
        (f"{NEW} hunter2-hunter2", "openssl rand -base64 32"),
        (f"{NEW} {OLD} {NEW}", "two secrets at most"),
        ("sécret-hunter2", ""),
    ],
)
def test_bad_secrets_show_nowhere(text: str, cure: str, tmp_path: Any) -> None:
    """The error names the place and the cure, never the secret."""
    file = tmp_path / "desk"
    file.write_text(text)
    receivers = [
        Receiver("desk", "https://x.example", "DESK"),
        Receiver("desk", "https://x.example", secret_file=str(file)),
    ]
    for receiver in receivers:
        with pytest.raises(SecretError) as raised:
            of_receiver(receiver, {"DESK": text})
        assert "receiver desk" in str(raised.value)
        assert cure in str(raised.value)
        assert all(part not in repr(raised.value) for part in ("hunter2", *text.split()))


def test_a_file_that_is_not_there() -> None:
    """A missing file is one clear line."""
    with pytest.raises(SecretError, match="/nowhere/desk cannot be read: No such file"):
        of_receiver(Receiver("desk", "https://x.example", secret_file="/nowhere/desk"), {})


def test_secrets_have_no_representation() -> None:
    """What is logged of them says nothing."""
    assert NEW not in f"{Secrets((NEW,))!r} {Secrets((NEW,))}"
