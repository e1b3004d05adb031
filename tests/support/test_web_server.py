"""Who may ask a worker's and a board's web server, and how many connections it takes: over real sockets."""

import asyncio
import os
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from brokers import Broker
from nights import until
from receivers import Scripted
from test_deliveries import FIRST, live, with_receivers

from streams.kafka.embedded_broker import free_port
from streams.support import web_server
from streams.support.web_server import ListenError, WebServer, address


@contextmanager
def serving(host: str = "127.0.0.1", names: tuple[str, ...] = ()) -> Iterator[int]:
    """A server with a page, /page, a large one, /large, and one that never ends, /endless; gives its port."""
    loop, port, ready, stop = asyncio.new_event_loop(), free_port(), threading.Event(), asyncio.Event()

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="seen")

    async def large(_: web.Request) -> web.Response:
        return web.Response(body=bytes(5 * 10**7))

    async def endless(_: web.Request) -> web.Response:
        await stop.wait()
        return web.Response()

    async def serve() -> None:
        server = WebServer(host, port, names)
        server.app.router.add_get("/page", page)
        server.app.router.add_get("/endless", endless)
        server.app.router.add_get("/large", large)
        await server.start()
        ready.set()
        await stop.wait()
        await server.stop()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        yield port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


def established(port: int) -> int:
    """Connections that the server's side has open, as Linux tells it."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[3] == "01" and int(row[1].partition(":")[2], 16) == port for row in rows)


def ask(port: int, path: str = "/page", at: str = "127.0.0.1", **headers: str) -> int:
    """The status of one answer; 0 where the connection was closed without one."""
    given = {"Host": at, "Connection": "close"} | {name.replace("_", "-"): value for name, value in headers.items()}
    with socket.create_connection((at, port), timeout=20) as wire:
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items() if value)]
        wire.sendall("\r\n".join([*lines, "", ""]).encode())
        return status(wire)


def status(wire: socket.socket) -> int:
    found = b""
    try:
        while b"\r\n" not in found and (more := wire.recv(65536)):
            found += more
    except ConnectionError:
        pass
    return int(found.split()[1]) if found else 0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 200),
        ({"Host": "localhost:80"}, 200),
        ({"Host": "LOCALHOST."}, 200),
        ({"Host": "[::1]:80"}, 200),
        ({"Host": "192.0.2.7:6066"}, 200),
        ({"Host": "desk.example.org"}, 200),
        ({"Host": "Desk.Example.org:8443"}, 200),
        ({"Host": ""}, 400),
        ({"X Y": "no header"}, 400),
        ({"Host": "]["}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "localhost.evil.example"}, 403),
        ({"Host": "127.0.0.1@evil.example"}, 403),
        ({"Host": "evil.example", "path": "/nothing"}, 403),
        ({"path": "/nothing"}, 404),
        ({"Origin": "http://127.0.0.1"}, 200),
        ({"Host": "desk.example.org", "Origin": "https://desk.example.org"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:8080"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"}, 200),
        ({"Sec_Fetch_Site": "none", "Sec_Fetch_Mode": "navigate"}, 200),
        ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}, 200),
        ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}, 403),
        ({"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"}, 403),
    ],
)
def test_who_may_ask(guarded: int, headers: dict[str, str], expected: int, caplog: pytest.LogCaptureFixture) -> None:
    """By an IP address, by localhost or by a name that was given, and never from a page of another origin; a link may
    lead here from anywhere. Nothing that a visitor gets wrong fills the log."""
    assert ask(guarded, **headers) == expected
    assert not caplog.records


@pytest.fixture(scope="module")
def guarded() -> Iterator[int]:
    with serving(names=("desk.example.org",)) as port:
        yield port


def test_who_is_idle_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all places taken by connections that say nothing, or that never finish a request, whoever asks is still
    answered; where every place has a request under way, one more is told to come later."""
    monkeypatch.setattr(web_server, "CONNECTIONS", 8)
    with serving() as port, ExitStack() as stack:
        for number in range(20):
            wire = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            wire.sendall(b"GET /page HTTP/1.1\r\nX: " * (number % 2))
        assert ask(port) == 200

        def full() -> bool:
            wire = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            wire.sendall(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return ask(port) == 503

        until(full, lambda: "still answered", 20)


def test_who_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection without a whole request is closed after a while, however slowly it goes on; so is one that does not
    ask again, and one that does not take its answer."""
    monkeypatch.setattr(web_server, "IDLE", 1.0)
    monkeypatch.setattr(web_server, "LOOK", 0.05)
    with serving() as port, ExitStack() as stack:
        deaf = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        deaf.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        silent, slow, again = (stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(3))
        again.sendall(b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert status(again) == 200

        def dripped() -> bool:
            try:
                slow.sendall(b"G")
            except ConnectionError:
                return True
            return False

        until(dripped, lambda: "still open", 20)
        for wire in (silent, again):
            wire.settimeout(20)
            assert status(wire) == 0
        until(lambda: not established(port), lambda: f"{established(port)} connections are open", 20)


def test_few_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that may have few descriptors keeps most of them for itself."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 256))
    assert web_server._most() == 64


@pytest.mark.parametrize(
    ("host", "names", "shown"),
    [
        ("127.0.0.1", (), "127.0.0.1:80"),
        ("::1", (), "[::1]:80"),
        ("[::1]", (), "[::1]:80"),
        ("fe80::1%eth0", (), "[fe80::1%eth0]:80"),
        ("desk.example", (), "desk.example:80"),
        ("0.0.0.0", (), "127.0.0.1:80"),
        ("::", (), "[::1]:80"),
        ("0.0.0.0", ("desk.example", "other.example"), "desk.example:80"),
        ("192.0.2.7", ("desk.example",), "192.0.2.7:80"),
    ],
)
def test_addresses(host: str, names: tuple[str, ...], shown: str) -> None:
    """What is printed can be asked: an IPv6 address stands in brackets, "all addresses" is none."""
    assert address(host, 80, names) == shown


def test_ipv6() -> None:
    """It listens at an IPv6 address, in brackets or without, and is asked by it."""
    for host in ("::1", "[::1]"):
        with serving(host) as port:
            assert ask(port, at="::1", Host=f"[::1]:{port}") == 200


@pytest.mark.parametrize(
    ("host", "said"),
    [("203.0.113.5", "cannot listen at 203.0.113.5, port"), ("no.such.name.invalid", "no address of this machine")],
)
def test_where_it_cannot_listen(host: str, said: str) -> None:
    """One sentence, with the option to change."""
    with pytest.raises(ListenError, match=said):
        asyncio.run(WebServer(host, free_port()).start())
    with pytest.raises(ListenError, match=said):
        WebServer(host, free_port()).check()


def test_idle_connections_silence_no_webhook(embedded: Broker, tmp_path: Any, names: str) -> None:
    """1,100 idle connections at a worker's port that may have 1,024 descriptors: every alert leaves, and whoever asks
    for /metrics gets it. Faust's own pages are not there, and no page answers under a foreign name."""
    desk = Scripted()
    own = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(own[0], min(4096, own[1])), own[1]))
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, own)
        url = stack.enter_context(desk.listening())
        night = stack.enter_context(live(with_receivers(desk=url), embedded, tmp_path, names))
        night.start()
        night.ready()
        resource.prlimit(night.workers[-1].pid, resource.RLIMIT_NOFILE, (1024, own[1]))
        port = night.ports[-1]
        for _ in range(1100):
            wire = stack.enter_context(socket.socket())
            wire.setblocking(False)
            wire.connect_ex(("127.0.0.1", port))
        until(lambda: established(port) >= 200, lambda: f"{established(port)} connections", 20)
        night.feed(FIRST)
        night.wait(delivered=True)
        assert night.metrics()["cotejo_deliveries_total[failed][desk]"] == 0
        assert len(os.listdir(f"/proc/{night.workers[-1].pid}/fd")) < 512
        for path, expected in {"/metrics": 200, "/router/": 404, "/table/": 404, "/board/": 200}.items():
            assert ask(port, path) == expected
            assert ask(port, path, Host="evil.example") == 403
        night.stop()
    assert desk.taken
