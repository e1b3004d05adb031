"""The examples of a reverse proxy in `deploy/proxy/`, run as they are before a real board, but for ports and files."""

import base64
import http.client
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from boards import Served, records, served, tell
from brokers import ROOT, lacking
from builders import bulletin, election, report
from certificates import certificate_for
from nights import until

from streams.kafka.embedded_broker import EmbeddedBroker, free_port, is_free
from streams.kafka.topology import Topology

KNOWN = election(states=3, tables=4)
NAME, PARENT = "board.example.org", "https://news.example.org"
USER, PASSWORD = "newsroom", "two counts"
HASHES = {
    "nginx": "{SHA}iPQ8J7sMgQVAg9wFhne3gf2/y70=",
    "caddy": "$2a$14$4YQYJ1fTbkskPuwTl8aqkeOsemFeh37ct2SiVIIKBRqvkBiW9aCp6",
}
"""Of the password, as each keeps it."""


def adapted(file: str, changes: dict[str, str]) -> str:
    """The example with other ports and files. Each that is to be changed is there."""
    text = (ROOT / "deploy" / "proxy" / file).read_text()
    for old, new in changes.items():
        assert old in text, f"{file} has no {old!r}"
        text = text.replace(old, new)
    return text


def nginx(place: Path, board: int, port: int, certificate: Path) -> list[str]:
    """nginx's command, with its configuration written."""
    (place / "htpasswd").write_text(f"{USER}:{HASHES['nginx']}\n")
    site = adapted(
        "nginx.conf",
        {
            "127.0.0.1:6070": f"127.0.0.1:{board}",
            "listen 443": f"listen 127.0.0.1:{port}",
            "    listen [::]:443 ssl http2;\n": "",
            "listen 80;": f"listen 127.0.0.1:{port + 1};",
            "    listen [::]:80;\n": "",
            "/etc/ssl/board/fullchain.pem": str(certificate),
            "/etc/ssl/board/privkey.pem": str(certificate),
            "/etc/nginx/board.htpasswd": str(place / "htpasswd"),
        },
    )
    temporary = "".join(f"{kind}_temp_path {place}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    http = f"http {{ access_log off; client_body_temp_path {place}/body; {temporary}\n{site}}}"
    (place / "nginx.conf").write_text(f"user root; daemon off; pid {place}/pid; events {{ }}\n{http}\n")
    return ["nginx", "-e", "stderr", "-c", str(place / "nginx.conf")]


def caddy(place: Path, board: int, port: int, certificate: Path) -> list[str]:
    """Caddy's command, with its configuration written. Debian's is older than the login's name."""
    site = adapted(
        "Caddyfile",
        {
            "127.0.0.1:6070": f"127.0.0.1:{board}",
            f"\n{NAME} {{": f"\nhttps://{NAME}:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {certificate}",
            "\tbasic_auth {": "\tbasicauth {",
        },
    )
    options = ("admin off", "grace_period 1s", "auto_https disable_redirects", f"storage file_system {place}/storage")
    (place / "Caddyfile").write_text("{\n" + "\n".join(options) + "\n}\n" + site)
    return ["caddy", "run", "--config", str(place / "Caddyfile"), "--adapter", "caddyfile"]


PROXIES = {"nginx": nginx, "caddy": caddy}


class Proxied:
    """A board behind a proxy, and how to ask for its pages."""

    def __init__(self, port: int, certificate: Path) -> None:
        self._port, self._trust = port, ssl.create_default_context(cafile=str(certificate))
        self.origin = f"https://{NAME}:{port}"

    def ask(self, path: str, login: bool = True, **headers: str) -> http.client.HTTPResponse:
        """The answer to a GET over TLS, its headers read."""
        wire = http.client.HTTPSConnection(NAME, self._port, timeout=30)
        plain = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        wire.sock = self._trust.wrap_socket(plain, server_hostname=NAME)
        if login:
            token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            headers["Authorization"] = f"Basic {token}"
        wire.request("GET", path, headers=headers)
        return wire.getresponse()


@contextmanager
def behind(name: str, board: Served, place: Path) -> Iterator[Proxied]:
    """The board behind the proxy of this name."""
    if shutil.which(name) is None:
        lacking(f"no {name}: install Debian's package {name}")
    port, certificate = free_port(2), certificate_for(NAME, place)
    command = PROXIES[name](place, board.port, port, certificate)
    environment = {**os.environ, "HOME": str(place), "BOARD_PASSWORD_HASH": HASHES["caddy"]}
    log = place / "proxy.log"
    with log.open("w") as told, subprocess.Popen(command, stderr=told, stdout=told, env=environment) as process:
        try:
            until(lambda: process.poll() is not None or not is_free(port), log.read_text)
            assert process.poll() is None, log.read_text()
            yield Proxied(port, certificate)
        finally:
            process.terminate()


def come_to(stream: http.client.HTTPResponse, event: str) -> None:
    """Read the stream up to an event of this name."""
    while (line := stream.readline()) != f"event: {event}\n".encode():
        assert line, "the stream has ended"


@pytest.fixture
def board(topology: Topology, embedded: EmbeddedBroker) -> Iterator[Served]:
    with served(embedded, KNOWN, topology, [NAME], [PARENT]) as running:
        yield running


@pytest.mark.parametrize("name", PROXIES)
def test_the_examples_work(
    name: str, board: Served, topology: Topology, embedded: EmbeddedBroker, tmp_path: Path
) -> None:
    """Behind each proxy pages, scripts and embeds come over TLS, after a login; pages from elsewhere may not read them;
    nothing but the board is there; and what is new comes while the stream stays open."""
    tell(embedded, topology, records(KNOWN, [report("T0")]))
    with behind(name, board, tmp_path) as proxied:
        assert proxied.ask("/board/", login=False).status == 401
        for path, status in (("/board/", 200), ("/metrics", 404), ("/readyz", 404), ("/", 302)):
            assert proxied.ask(path).status == status, path
        assert proxied.ask("/").headers["Location"].removeprefix(proxied.origin) == "/board/"
        assert proxied.ask("/board/main.js", Origin=proxied.origin).status == 200  # so a browser asks for a module
        assert proxied.ask("/board/main.js", Origin=PARENT).status == 403
        embed = proxied.ask("/board/embed/area/N")
        assert embed.status == 200
        assert f"frame-ancestors {PARENT};" in embed.headers["Content-Security-Policy"]
        stream = proxied.ask("/board/stream", Origin=proxied.origin)
        come_to(stream, "whole")
        tell(embedded, topology, records(KNOWN, [report("T0"), bulletin((400, 0, 0))]))
        come_to(stream, "change")
