"""Messages through Apprise, to a real receiver on loopback: what it gets, what is refused, and what is never told."""

import ast
import asyncio
import inspect
import json
import logging
import re
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from brokers import ROOT
from msgspec import structs
from receivers import Say, Scripted
from test_posting import KNOWN, NOTICE, raw

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Answer
from streams.core.alerting.next_delivery import Digest
from streams.core.election.model import Area, Election, Receiver
from streams.delivery import apprise_services, checked_requests, message_text
from streams.delivery.admin import trial
from streams.delivery.apprise_sender import AppriseSender
from streams.delivery.apprise_services import ServiceError, service
from streams.delivery.secrets import SecretError, Secrets
from streams.kafka.embedded_broker import free_port

CHAT = Receiver("chat", secret_env="CHAT", format="apprise", allow_loopback=True)
TOKEN = "tk_very5ecretToken"


def send(
    url: str, *notices: Notice, known: Election = KNOWN, receiver: Receiver = CHAT, seconds: float = 15
) -> list[Answer]:
    """Send these notices, one after the other, as a courier does."""

    async def all_of_them() -> list[Answer]:
        sender = AppriseSender(known, receiver, Secrets((url,)), seconds, pace=0)
        return [await sender.post(notice) for notice in notices or (NOTICE,)]

    return asyncio.run(all_of_them())


def said(scripted: Scripted) -> list[Any]:
    return [json.loads(got.body) for got in scripted.seen]


@pytest.mark.parametrize(
    ("receiver", "notice", "title", "type", "text"),
    [
        (CHAT, structs.replace(NOTICE, severity="critical"), "Critical: Area N", "failure",
         NOTICE.finding.sentence["en"]),
        (replace(CHAT, language="es"), structs.replace(NOTICE, severity="warning"), "Aviso: Area N", "warning",
         NOTICE.finding.sentence["es"]),
        (CHAT, structs.replace(NOTICE, status="resolved"), "Over: Area N", "success",
         f"This alert is over. It said: {NOTICE.finding.sentence['en']}"),
        (CHAT, trial(KNOWN, NOTICE.at), "Test: Area N", "info",
         "This is a test of the alerts about Test. Nothing has happened."),
        (replace(CHAT, language="es"), trial(KNOWN, NOTICE.at), "Prueba: Area N", "info",
         "Esto es una prueba de las alertas sobre Test. No ha pasado nada."),
    ],
)  # fmt: skip
def test_what_is_sent(receiver: Receiver, notice: Notice, title: str, type: str, text: str) -> None:
    """A title, the sentence in the receiver's language, the election and the time; a test says that it is one."""
    scripted = Scripted(200)
    with scripted.listening() as url:
        (answer,) = send(url.replace("http://", "json://"), notice, receiver=receiver)
    (body,) = said(scripted)
    assert answer == Answer(200, "the service took it")
    assert (body["title"], body["type"]) == (title, type)
    first, end = body["message"].splitlines()
    assert first == text
    assert end.startswith("Test. ")
    assert scripted.seen[0].headers["user-agent"] == "cotejo"


@pytest.mark.parametrize("schema", ["ntfy", "gotify", "mmost", "form"])
def test_services(schema: str) -> None:
    """What services of several kinds get is what their own clients would send: the sentence is in it, and the token
    where it belongs."""
    scripted = Scripted(Say(200, body=b'{"id": 1}'))
    with scripted.listening() as url:
        target = {
            "ntfy": f"{TOKEN}@%s/topic",
            "gotify": "%s/Abcdefghijklmno",
            "mmost": f"%s/{TOKEN}12345",
            "form": "%s/",
        }
        address = target[schema] % url.removeprefix("http://").strip("/")
        assert send(f"{schema}://{address}") == [Answer(200, "the service took it")], scripted.seen
    (got,) = scripted.seen
    assert b"tables" in got.body or b"points" in got.body


def test_a_digest_just_fits() -> None:
    """What is allowed is used to the last character, the ends of lines among them; with one less an alert is left
    out."""
    others = tuple(structs.replace(NOTICE, fingerprint=f"f{i}", id=f"f{i}:1:1") for i in range(3))
    digest = Digest("digest:1:a", NOTICE.at, others)
    whole = message_text.of_digest(KNOWN, "en", digest, 10_000).text.splitlines()
    assert len(whole) == 4
    most = sum(len(line) + 1 for line in whole[:3])
    assert message_text.of_digest(KNOWN, "en", digest, most).text.splitlines() == whole
    short = message_text.of_digest(KNOWN, "en", digest, most - 1).text.splitlines()
    assert short == [*whole[:2], "and 1 more", whole[3]]


def test_digest() -> None:
    """A digest has the newest notice of each alert in a line; what does not fit is counted."""
    scripted = Scripted(200)
    others = [structs.replace(NOTICE, fingerprint=f"f{i}", id=f"f{i}:1:1") for i in range(200)]
    with scripted.listening() as url:
        sender_url = url.replace("http://", "json://")

        async def both() -> list[Answer]:
            sender = AppriseSender(KNOWN, CHAT, Secrets((sender_url,)), pace=0)
            short = Digest(
                "digest:1:a",
                NOTICE.at,
                (NOTICE, structs.replace(NOTICE, id=NOTICE.id[:-1] + "2", status="resolved")),
            )
            return [await sender.post_digest(d) for d in (short, Digest("digest:1:b", NOTICE.at, tuple(others)))]

        assert all(answer.good for answer in asyncio.run(both()))
    short, long = said(scripted)
    assert short["title"].startswith("1 alert until 2024-07-29 ")
    assert short["message"].splitlines()[0].startswith("- Over: This alert is over. It said: ")
    assert long["title"].startswith("200 alerts until ")
    lines = long["message"].splitlines()
    assert len(lines) + int(lines[-2].split()[1]) == 202
    assert len(long["message"]) <= 32768


@pytest.mark.parametrize(
    ("say", "status", "words"),
    [
        (Say(401, body=TOKEN.encode()), 401, "401 Unauthorized"),
        (Say(500, body=b"out of paper"), 500, "500 Internal Server Error"),
        (
            Say(302, {"location": "http://127.0.0.1:1/"}),
            302,
            "302 Found: redirects are not followed, change the address",
        ),
        (Say(410), 410, "410 Gone"),
        (Say(429, {"retry-after": "60"}), 429, "429 Too Many Requests"),
    ],
)
def test_failures(say: Say, status: int, words: str) -> None:
    """A failure is told by its status, in words of our own; when to come again is heeded, and nothing is followed."""
    scripted = Scripted(say)
    with scripted.listening() as url:
        (answer,) = send(url.replace("http://", f"json://{TOKEN}:x@"))
    assert (answer.status, answer.words, len(scripted.seen)) == (status, words, 1)
    assert (answer.retry_after is None) == (status != 429)


def test_what_an_address_may_not_change() -> None:
    """Neither that a failure counts as one, nor how often and how long a thread tries, whatever the address says."""
    scripted = Scripted(500)
    with scripted.listening() as url:
        (answer,) = send(
            url.replace("http://", "json://") + "?optional=yes&retry=5&wait=10&overflow=split&redirect=yes"
        )
    assert (answer.status, len(scripted.seen)) == (500, 1)


def test_a_service_that_says_wait_for_ever() -> None:
    """A thread does not sleep because a service says so: the attempt fails, and comes again as any other does."""
    scripted = Scripted(Say(429, body=b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 99999999999}'))
    with scripted.listening() as url:
        (answer,) = send(url.replace("http://", "matrix://user:pass@") + "#room")
    assert answer.status == 429
    assert scripted.seen


def test_a_long_answer() -> None:
    """A message that was taken is not sent again because the answer is long, or ends never."""
    scripted = Scripted(Say(200, body=b"x" * 2**20))
    with scripted.listening() as url:
        assert send(url.replace("http://", "json://"))[0].good
    assert len(scripted.seen) == 1


def test_answers_that_are_none() -> None:
    """Answers without end, of another kind than JSON, or nested without end are failures, not the end of a worker."""
    for body in (b"x" * 2**20, b"[" * 10**5, b"\xff\xfe", b"null", b"{}", b'{"access_token": []}'):
        scripted = Scripted(Say(200, body=body))
        with scripted.listening() as url:
            (answer,) = send(url.replace("http://", "matrix://user:pass@") + "#room")
        assert not answer.good


def test_a_service_that_does_not_answer() -> None:
    """It is waited for as long as for any receiver, also where it sends a byte now and then; then the attempt is over,
    and the next message is sent."""

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b"x")
            connection.recv(1)

    scripted = Scripted(200)
    scripted.gate.clear()
    with scripted.listening() as url:
        (answer,) = send(url.replace("http://", "json://"), seconds=0.3)
        assert answer == Answer(None, "no answer in 15 s")
        scripted.gate.set()
        assert send(url.replace("http://", "json://"))[0].good
    with raw(trickle) as (address, _):
        send(f"json://{address}/", seconds=0.3)
    assert send(f"json://127.0.0.1:{free_port()}/") == [
        Answer(None, "the connection is refused: nothing listens there")
    ]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("json://127.0.0.1:8080/", "use https://; http:// is for this machine only"),
        ("jsons://127.0.0.1:8080/", "is this machine itself: say allow_loopback = true"),
        ("jsons://localhost:8080/", "is this machine itself: say allow_loopback = true"),
        ("jsons://2130706433:8080/", "is this machine itself: say allow_loopback = true"),
        ("jsons://10.0.0.9/", "is a private address: say allow_private = true"),
        ("jsons://169.254.169.254/", "is no address of one machine in the public network"),
        ("jsons://desk.example:22/", "port 22 is another service's"),
        ("ntfy://10.0.0.9/topic", "use https://; http:// is for this machine only"),
        ("signal://10.0.0.9:8080/+15551234567/+15557654321", "use https://"),
    ],
)
def test_where_it_may_not_go(url: str, words: str) -> None:
    """Services may be where webhooks may be, and nowhere else, whatever Apprise makes of the address."""
    (answer,) = send(url, receiver=replace(CHAT, allow_loopback=False))
    assert answer.status is None
    assert words in answer.words


@pytest.mark.parametrize(
    "url",
    [
        "mailto://user:pass@gmail.com", "syslog://localhost", "windows://", "macosx://", "dbus://", "glib://",
        "xmpp://user:pass@host", "mqtt://localhost", "irc://host/channel", "rsyslog://169.254.169.254", "growl://host",
        "apprise://host/token", "file:///etc/passwd", "exec://reboot", "http://169.254.169.254/", "javascript://x",
        "sns://key/secret/us-east-1/1", "smpp://user:pass@host", "nostr://key", "aprs://user:pass@call",
    ],
)  # fmt: skip
def test_what_is_no_service(url: str) -> None:
    """What connects otherwise than by HTTP, or does something on this machine, is refused before Apprise sees it."""
    with pytest.raises(ServiceError, match="is no service that alerts can go to"):
        service(url)


@pytest.mark.parametrize(
    ("url", "cure"),
    [
        ("", "give an address as Apprise has it"),
        (TOKEN, "give an address as Apprise has it"),
        ("json://127.0.0.1 /x", "without spaces"),
        ("json://127.0.0.1/\n", "give an address as Apprise has it"),
        ("json://127.0.0.1/\x7f", "give an address as Apprise has it"),
        ("json://127.0.0.1/ñ", "give an address as Apprise has it"),
        (f"slack://{TOKEN}", "no complete address of slack://"),
        (f"tgram://{TOKEN}", "no complete address of tgram://"),
        (f"ntfys://ntfy.example/{TOKEN}/{TOKEN}2", "more than one target"),
        (f"jsons://{TOKEN}.example/?verify=no", "leave verify=no out"),
        (f"tgram://123456789:{TOKEN}abcdefghij/12315544/?template=/etc/passwd", "leave template= out"),
        (f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN[3:]}aaaaaaaa/?template=http://127.0.0.1:8080/", "leave template= out"),
    ],
)
def test_bad_addresses(
    url: str, cure: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each is one error that names the place and the cure, and nothing of the address is told anywhere."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SecretError, match=f"receiver chat, CHAT: .*{cure}") as raised:
        AppriseSender(KNOWN, CHAT, Secrets((url,)))
    told = str(raised.value) + caplog.text + "".join(capfd.readouterr())
    assert TOKEN not in told


def test_nothing_is_told(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither what succeeds nor what fails leaves a word of the address in log or output."""
    caplog.set_level(0)
    scripted = Scripted(200, 500)
    with scripted.listening() as url:
        answers = send(url.replace("http://", f"json://{TOKEN}:{TOKEN}@") + TOKEN, NOTICE, NOTICE)
    assert [answer.good for answer in answers] == [True, False]
    told = f"{answers}" + caplog.text + "".join(capfd.readouterr())
    assert TOKEN not in told
    assert "127.0.0.1" not in told


def test_nothing_is_taken_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither proxies nor a netrc count, as for webhooks."""
    scripted, proxy = Scripted(200), Scripted(200)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    with scripted.listening() as url, proxy.listening() as other:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, other)
        monkeypatch.setenv("NETRC", str(netrc))
        assert send(url.replace("http://", "json://"))[0].good
    assert not proxy.seen
    assert "authorization" not in scripted.seen[0].headers


def test_names_are_no_headers() -> None:
    """Names and sentences with line ends, from a forged alert say, stay in their line."""
    evil = "x\r\nX-Evil: 1\r\n\r\nGET / HTTP/1.1"
    area = Area("evil", evil, "nation", None)
    known = replace(KNOWN, areas={"evil": area}, name=evil, notice=evil)
    finding = structs.replace(NOTICE.finding, area="evil", sentence={"en": evil, "es": evil})
    for schema in ("json", "form", "ntfy"):
        scripted = Scripted(Say(200, body=b"{}"))
        with scripted.listening() as url:
            (answer,) = send(
                url.replace("http://", f"{schema}://") + "topic",
                structs.replace(NOTICE, finding=finding),
                known=known,
            )
        assert answer.good, answer
        (got,) = scripted.seen
        assert "x-evil" not in got.headers
        assert b"\r\nX-Evil" not in got.body
        if schema == "json":
            message = json.loads(got.body)
            assert (len(message["title"].splitlines()), len(message["message"].splitlines())) == (1, 2)


CONNECTING = {
    *(
        "socket",
        "ssl",
        "smtplib",
        "subprocess",
        "http",
        "urllib3",
        "asyncio",
        "httpx",
        "aiohttp",
        "ftplib",
        "telnetlib",
    ),
    *("requests_oauthlib", "paramiko", "slixmpp", "paho", "pika", "gntp", "smpplib", "ctypes", "dbus", "gi"),
}
"""Packages by which a plugin could connect or act by itself."""


def imported(module: Any) -> set[str]:
    names = set[str]()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Import):
            names |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names |= {node.module.partition(".")[0], *([f"{node.module}.*"] if node.module == "requests" else [])}
    return names


@pytest.mark.parametrize("schema", sorted(apprise_services.SERVICES))
def test_each_service_connects_by_requests_alone(schema: str) -> None:
    """No plugin that may be used has another way to connect than the one that is checked."""
    kind = apprise_services.classes()[schema]
    modules = {base.__module__ for base in kind.__mro__ if base.__module__.startswith("apprise.plugins.")}
    own = modules - {"apprise.plugins.base"}
    names = {name for module in own for name in imported(sys.modules[module])}
    assert "requests" in names
    assert not names & {*CONNECTING, "requests.*"}
    sources = "".join(inspect.getsource(sys.modules[module]) for module in own)
    assert "requests.Session" not in sources
    assert "requests.api" not in sources


def test_services_are_documented() -> None:
    """docs/webhooks.md names each service, and no other."""
    table = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8").split("| Services (")[1].split("\n\n")[0]
    assert set(re.findall(r"`([a-z0-9]+)`", table)) == apprise_services.SERVICES


def test_outside_of_a_delivery_nothing_is_sent() -> None:
    """The checked requests send nothing by themselves, and give no way to."""
    with pytest.raises(requests.ConnectionError):
        checked_requests.CHECKED.post("http://127.0.0.1:9/")
    for name in ("Session", "session", "sessions", "adapters", "api"):
        with pytest.raises(AttributeError):
            getattr(checked_requests.CHECKED, name)


def test_other_users_of_requests_are_left_alone() -> None:
    """Only Apprise's plugins have the checked requests."""
    _, plugin = service("json://127.0.0.1:9/")
    assert sys.modules[type(plugin).__module__].requests is checked_requests.CHECKED
    assert all(getattr(requests, name).__module__.startswith("requests.") for name in ("get", "post", "Session"))
