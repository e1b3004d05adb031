"""One POST over a real socket: what receivers do, what may not be connected to, what is signed."""

import asyncio
import errno
import gzip
import socket
import ssl
import threading
import time
from asyncio.selector_events import BaseSelectorEventLoop as SelectorLoop
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import h11
import msgspec
import pytest
import virtual_time
from builders import T0, bulletin, election, lines, report
from certificates import certificate_for
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from nights import direct
from receivers import Say, Scripted
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from virtual_time import VirtualLoop

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Answer
from streams.core.election.model import Receiver
from streams.core.election.settings import AlertPolicy
from streams.delivery import http_exchange, http_post
from streams.delivery.http_post import Poster, retry_after_time, status_answer
from streams.delivery.secrets import SecretError, Secrets, of_receiver
from streams.kafka.embedded_broker import free_port

OLD, NEW = ("whsec_" + b64encode(bytes([n]) * 32).decode() for n in (1, 2))
KNOWN = election(states=2, tables=20, registered=300, alerts=AlertPolicy(tick=10, hold=0, cooldown=60))


def notices() -> list[Notice]:
    """What the receivers of a short night are told."""
    events = [report(table, (150, 60, 10), at=T0 + 1000 * i) for i, table in enumerate(KNOWN.tables)]
    found = direct(KNOWN, lines([*events, bulletin((1500, 4000, 400), at=T0 + 60_000)])).notices
    return [msgspec.convert(data, Notice) for data in found if not data["muted_by"]]


NOTICE = notices()[0]


def post(url: str, notice: Notice = NOTICE, secrets: tuple[str, ...] = (NEW,), **fields: Any) -> Answer:
    """POST once, as a courier does."""

    async def once() -> Answer:
        given = {"allow_loopback": True, **fields}
        return await Poster(KNOWN, Receiver("desk", url, "SECRET", **given), Secrets(secrets)).post(notice)

    return asyncio.run(once())


@contextmanager
def raw(answer: Callable[[socket.socket], None], wait: bool = True) -> Iterator[tuple[str, list[object]]]:
    """A server below HTTP: `answer` gets each connection, after the request's first bytes if it is to `wait` for them.
    Gives its address, and who connected."""
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
                        if wait:
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
        pytest.param(
            Say(400, body=b"x" * 10**6), False, "400 Bad Request: " + "x" * http_post.EXCERPT, id="much to say"
        ),
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


def flood(head: bytes) -> Callable[[socket.socket], None]:
    """Answers with this, and then with as much more as the other side takes."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b"x" * 65536)

    return behave


def drip(head: bytes) -> Callable[[socket.socket], None]:
    """Answers with this, and then with a byte at a time."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    return behave


ENDLESS = flood(b"HTTP/1.1 503 Busy\r\ncontent-length: 1000000000\r\n\r\n")


def says(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize(
    ("headers", "readable"),
    [
        pytest.param("x: " + "y" * 8_200, True, id="a header above 8,190 bytes"),
        pytest.param("x: " + "y" * 100_000, True, id="a header of 100,000 bytes"),
        pytest.param("content-length: 2\r\ntransfer-encoding: chunked", True, id="both kinds of length"),
        pytest.param("\r\n".join(f"x-{n}: y" for n in range(129)), True, id="129 headers"),
        pytest.param("content-length: 2\r\ncontent-length: 3", False, id="two lengths"),
        pytest.param("content-length: -1", False, id="a negative length"),
        pytest.param("x y: z", False, id="a name with a space"),
        pytest.param("no colon", False, id="no colon"),
        pytest.param("x: \0", False, id="a zero byte"),
        pytest.param("transfer-encoding: gzip", False, id="an encoding that nobody asked for"),
    ],
)
def test_a_status_is_what_counts(headers: str, readable: bool, status: int) -> None:
    """Whatever stands in the headers, what the status line says is the answer; headers that cannot be read are called
    that, and no status is made up for them."""
    with raw(says(f"HTTP/1.1 {status} Told\r\n{headers}\r\n\r\n2\r\nok\r\n0\r\n\r\n".encode())) as (place, _):
        answer = post(f"http://{place}/")
    assert (answer.status, answer.good) == (status, status == 200)
    assert ("headers that cannot be read" in answer.words) is not readable


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\nbody", 204),
        (b"HTTP/1.1 204 No Content\r\n\r\nbody without a length", 204),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Fine\r\nbad header\r\n\r\n", 202),
        (b"HTTP/1.1 100 Continue\r\n\r\n", None),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000 + b"HTTP/1.1 200 OK\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nx: and then nothing", 200),
        (b"HTTP/1.1 200 OK\r\n", 200),
        (b"HTTP/1.1 200", None),
        (b"HTTP/1.0 200 OK\n\n", 200),
        (b"HTTP/2 200\r\n\r\n", 200),
        (b"HTTP/1.1 410 Gone\r\nno colon\r\n\r\n", 410),
        (b"HTTP/1.1 000 Nothing\r\n\r\n", None),
        (b"HTTP/1.1 2000 OK\r\n\r\n", None),
        (b"", None),
    ],
)
def test_status_lines(answer: bytes, status: int | None) -> None:
    """What is the final answer's status line, and what is none."""
    with raw(says(answer)) as (place, _):
        assert post(f"http://{place}/").status == status


HEADERS = st.tuples(
    st.sampled_from([b"retry-after", b"content-length", b"transfer-encoding", b"connection", b"set-cookie", b"date"])
    | st.binary(max_size=12),
    st.sampled_from([b"chunked", b"0", b"-1", b"9" * 30, b"Mon, 01 Jan 99999999999999999999 00:00:00 GMT", b"close"])
    | st.binary(max_size=40),
)


@given(
    status=st.integers(200, 599),
    headers=st.lists(HEADERS, max_size=6),
    body=st.binary(max_size=60),
    end=st.sampled_from([b"\r\n", b"\n", b"\r\n\r\n"]),
)
@settings(max_examples=150, deadline=None)
def test_answers_of_any_kind(status: int, headers: list[tuple[bytes, bytes]], body: bytes, end: bytes) -> None:
    """Fuzzed headers, dates, lengths and bodies over a real socket: the status counts, the words can be shown, and a
    wish is a time."""
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    with raw(says(f"HTTP/1.1 {status} X\r\n".encode() + lines + end + body)) as (place, _):
        answer = post(f"http://{place}/")
    assert answer.status == status
    assert answer.words.isprintable()
    assert answer.retry_after is None or isinstance(answer.retry_after, int)


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        pytest.param(says(b"\x00\xff" * 100 + b"\r\n\r\n"), None, id="no HTTP"),
        pytest.param(lambda c: None, None, id="hangs up"),
        pytest.param(lambda c: c.recv(65536), None, id="silent"),
        pytest.param(ENDLESS, 503, id="endless body"),
        pytest.param(flood(b"HTTP/1.1 200 OK\r\nx: "), 200, id="endless header"),
        pytest.param(flood(b""), None, id="endless status line"),
        pytest.param(flood(b"HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n"), 500, id="endless chunk"),
        pytest.param(drip(b"HTTP/1.1 503 Busy\r\ncontent-length: 1000000000\r\n\r\n"), 503, id="dripping body"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nx: "), 200, id="dripping header"),
        pytest.param(drip(b"HTTP/1.1 2"), None, id="dripping status line"),
    ],
)
def test_nonsense(
    behaviour: Callable[[socket.socket], None], status: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes, there is an answer in words, and no exception; who is silent, drips or floods is waited for and
    read for so long only."""
    monkeypatch.setattr(http_post, "TIMEOUT", 0.5)
    with raw(behaviour) as (place, _):
        answer = post(f"http://{place}/")
    assert answer.status == status
    assert answer.words
    assert answer.words.isprintable()


def test_a_fault_of_ours_ends_one_attempt() -> None:
    """What cannot be signed is an attempt that failed, not the end of the worker; and it says nothing of the secret."""
    answer = post("http://127.0.0.1:9/", secrets=("no base64 at all",))
    assert (answer.status, answer.words) == (None, "it could not be sent (Error)")


TOKEN = "T0ken-0f-the-d3sk"


@contextmanager
def secure(directory: Path, name: str = "localhost") -> Iterator[tuple[int, Path]]:
    """A receiver over TLS whose certificate, signed by itself, is for this name; gives its port and certificate."""
    file = certificate_for(name, directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wire:
            wire.recv(65536)
            wire.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    with raw(answer, wait=False) as (place, _):
        yield int(place.split(":")[1]), file


@pytest.mark.parametrize(
    ("name", "trusted", "words"),
    [
        ("localhost", True, "200 OK"),
        ("localhost", False, "its certificate is not trusted: it is signed by itself"),
        ("desk.example", True, "its certificate is not trusted: it is for another name"),
    ],
)
def test_certificates(name: str, trusted: bool, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over https only who has a certificate of an authority that is trusted, for this name, is sent anything."""
    with secure(tmp_path, name) as (port, file):
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert post(f"https://localhost:{port}/").words == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ECONNREFUSED, "the connection is refused: nothing listens there"),
        (errno.ECONNRESET, "the connection was broken off before an answer came"),
        (errno.EPIPE, "the connection was broken off before an answer came"),
        (errno.ENETUNREACH, "no network leads there"),
        (errno.EHOSTUNREACH, "no network leads there"),
        (errno.EMFILE, "this process has too many files open: raise `ulimit -n`"),
        (errno.ENFILE, "this machine has too many files open"),
        (errno.EIO, "the network failed (EIO)"),
        (0, "it could not be sent (OSError)"),
    ],
)
def test_words_of_a_broken_network(number: int, words: str) -> None:
    """The system's number of what is wrong with the network, in words."""
    assert http_post.failure_words(OSError(number, "")) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (10, "it has expired"),
        (18, "it is signed by itself"),
        (19, "its authority is unknown"),
        (20, "its authority is unknown"),
        (62, "it is for another name"),
        (64, "it is for another address"),
        (65, "it does not verify"),
    ],
)
def test_words_of_a_certificate(number: int, words: str) -> None:
    """OpenSSL's number of what is wrong with a certificate, in words."""
    error = ssl.SSLCertVerificationError()
    error.verify_code = number
    assert http_post.failure_words(error) == f"its certificate is not trusted: {words}"


@pytest.mark.parametrize(
    "echo",
    [
        pytest.param("Cannot POST {path}", id="Express"),
        pytest.param("<p>No such page: {path}</p>", id="page"),
        pytest.param('{{"path": "\\/hooks\\/{token}"}}', id="JSON"),
        pytest.param("{quoted}", id="percent"),
        pytest.param("T0KEN-0F-THE-D3SK is no channel", id="upper case"),
        pytest.param(" " * 4085 + "{token}", id="cut in two"),
        pytest.param("x" * 180 + "{token}", id="at the end of what is shown"),
    ],
)
def test_an_answer_that_repeats_the_address(echo: str) -> None:
    """What a receiver complains of is shown without its address: many servers repeat the path in an error."""
    path = f"/hooks/{TOKEN}?key=s3cr3t%2Fk3y"
    quoted = "".join(f"%{ord(c):02x}" for c in path)
    told = echo.format(path=path, token=TOKEN, quoted=quoted).encode()
    with raw(says(b"HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n" + told)) as (place, _):
        words = post(f"http://{place}{path}").words
    assert words.startswith("404 Not Found")
    if echo.startswith("Cannot"):
        assert words == "404 Not Found: Cannot POST ..."
    for piece in (TOKEN, TOKEN.upper(), TOKEN[:7], "s3cr3t", place):
        assert piece not in unquote(words)


@pytest.mark.parametrize(
    ("url", "behaviour"),
    [
        pytest.param("http://127.0.0.1:9/{token}", None, id="refused"),
        pytest.param("https://{token}.invalid/{token}", None, id="no such name"),
        pytest.param("https://{place}/{token}", says(b"HTTP/1.1 400 no TLS\r\n\r\n"), id="no TLS"),
        pytest.param("http://{place}/{token}", says(b"HTTP/9 {token}"), id="no HTTP"),
        pytest.param("http://{place}/{token}", says(b"HTTP/1.1 200 OK\r\nx y\r\n\r\n"), id="bad header"),
        pytest.param("http://{place}/{token}\x01", None, id="no address"),
        pytest.param("http://{place}:99999/{token}", None, id="no port"),
        pytest.param("http://[{place}/{token}", None, id="no host"),
        pytest.param("http://desk.example:{token}/", None, id="token for a port"),
    ],
)
def test_an_address_is_not_told(url: str, behaviour: Callable[[socket.socket], None] | None, capfd: Any) -> None:
    """What failed is said by its kind, on no path with the receiver's address or the token in it."""
    with raw(behaviour or (lambda _: None)) as (place, _):
        words = post(url.format(token=TOKEN, place=place)).words
    told = capfd.readouterr()
    for text in (words, told.out, told.err):
        assert all(piece.lower() not in text.lower() for piece in (TOKEN, place, "127.0.0.1", "http:", "https:"))


def test_nobody_there() -> None:
    """A closed port is an answer in words too."""
    answer = post(f"http://127.0.0.1:{free_port()}/")
    assert answer.status is None
    assert answer.words == "the connection is refused: nothing listens there"


def test_a_name_that_leads_inside_is_not_connected_to() -> None:
    """`localhost` is a name like any other: without allow_loopback there is no connection, not one packet."""
    with raw(ENDLESS) as (place, came):
        answer = post(f"https://localhost:{place.split(':')[1]}/", allow_loopback=False)
    assert answer.status is None
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
    assert answer.status is None
    assert said in answer.words
    assert not opened


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://desk.example/", 443),
        ("https://desk.example:8443/", 8443),
        ("http://desk.example/", 80),
        ("http://desk.example:8080/", 8080),
    ],
)
def test_the_port_of_an_address(url: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address without a port means that of its scheme."""
    asked = []

    def looked_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append((host, port))
        return []

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    assert "no address is known" in post(url, allow_private=True).words
    assert asked == [("desk.example", port)]


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("", "/"),
        ("/hook", "/hook"),
        ("/hook?token=a%20b&desk=2", "/hook?token=a%20b&desk=2"),
        ("?token=1", "/?token=1"),
    ],
)
def test_what_an_address_asks_for(address: str, target: str) -> None:
    """The path and the query of an address are asked for as they stand; many receivers know a sender by them."""
    scripted = Scripted()
    with scripted.listening() as url:
        assert post(url.rstrip("/") + address).status == 204
    assert [got.target for got in scripted.seen] == [target]


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
    finding = structs.replace(NOTICE.finding, area=area)
    strange = structs.replace(NOTICE, finding=finding, fingerprint=finding.fingerprint, id=f"{finding.fingerprint}:1:1")
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
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 12 Jan 1970 13:47:40 +99999999999999", None),
    ],
)
def test_retry_after(header: str, wish: int | None) -> None:
    """Seconds or one of HTTP's dates; anything else is no wish."""
    assert retry_after_time(header, 1_000_000) == wish


@pytest.mark.parametrize(
    ("status", "good", "wish", "words"),
    [
        (199, False, True, "199: later"),
        (200, True, False, "200 OK"),
        (299, True, False, "299"),
        (300, False, True, "300 Multiple Choices: redirects are not followed, change the address"),
        (399, False, True, "399: redirects are not followed, change the address"),
        (400, False, True, "400 Bad Request: later"),
        (503, False, True, "503 Service Unavailable: later"),
    ],
)
def test_what_a_status_means(status: int, good: bool, wish: bool, words: str) -> None:
    """From 200 to 299 a delivery has been taken; of any other answer the wish to wait counts, a redirect's too."""
    answer = status_answer(http_exchange.Response(status, True, "60", b"later"), "https://desk.example/")
    assert (answer.good, answer.retry_after is not None, answer.words) == (good, wish, words)


DATES = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Mon", "X", ""]),
    *[st.integers(-1, 10**25) | st.integers(0, 60)] * 1,
    st.sampled_from(["Jan", "Dec", "X"]),
    *[st.integers(-1, 10**25) | st.integers(0, 60)] * 4,
    st.sampled_from(["GMT", "+0000", "-9999", "+99999999999999999999", ""]),
)


@given(st.text(max_size=40) | DATES)
def test_any_retry_after(header: str) -> None:
    """Whatever it says, it is a time or no wish."""
    wish = retry_after_time(header, 1_000_000)
    assert wish is None or isinstance(wish, int)


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


def test_a_body_that_drips() -> None:
    """What a receiver says of an error is waited for one second; what has come by then is shown."""

    async def read() -> tuple[bytes, float]:
        reader, connection = asyncio.StreamReader(), h11.Connection(h11.CLIENT)
        connection.send(h11.Request(method="POST", target="/", headers=[("host", "x"), ("content-length", "0")]))
        connection.send(h11.EndOfMessage())
        connection.receive_data(b"HTTP/1.1 500 Sorry\r\ncontent-length: 1000\r\n\r\n")
        assert isinstance(connection.next_event(), h11.Response)

        async def drip() -> None:
            while True:
                reader.feed_data(b"x")
                await asyncio.sleep(0.3)

        dripping = asyncio.ensure_future(drip())
        began = loop.time()
        found = await http_exchange._excerpt(reader, connection)
        dripping.cancel()
        return found, loop.time() - began

    loop = VirtualLoop()
    found, seconds = virtual_time.run(read(), loop)
    assert (found, round(seconds, 2)) == (b"xxxx", 1.0)
