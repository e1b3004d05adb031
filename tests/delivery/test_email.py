"""E-mail, to a real mail server on loopback: what a mailbox gets, what is refused, and what is never told."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from brokers import ROOT
from certificates import certificate_for
from msgspec import structs
from test_posting import KNOWN, NOTICE

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Answer
from streams.core.alerting.next_delivery import Digest
from streams.core.election.model import Election, Receiver
from streams.delivery import email_sender, mail_server
from streams.delivery.email_sender import EmailSender
from streams.delivery.mail_server import MailServerError
from streams.delivery.secrets import SecretError, Secrets
from streams.delivery.senders import sender
from streams.kafka.embedded_broker import free_port

MAIL = Receiver("mail", secret_env="MAIL", format="email", allow_loopback=True)
PASSWORD = "hunter2-and-more"
BOXES = "from=night@desk.example&to=desk@news.example"


@dataclass
class Mailboxes:
    """What a mail server does with what it is handed: it takes all, unless it is told to answer something else."""

    answers: dict[str, str] = field(default_factory=dict)
    """By command, what it answers instead."""
    taken: list[Envelope] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if said := self.answers.get("RCPT"):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if said := self.answers.get("MAIL"):
            return said
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Envelope
    ) -> str:
        if said := self.answers.get("DATA"):
            return said
        self.taken.append(envelope)
        return "250 OK"

    @contextmanager
    def listening(self, **options: Any) -> Iterator[int]:
        """Serve on a free port of loopback."""
        server = Controller(self, hostname="127.0.0.1", port=free_port(), server_hostname="localhost", **options)
        server.start()
        try:
            yield server.port
        finally:
            server.stop()

    @property
    def messages(self) -> list[EmailMessage]:
        contents = [envelope.original_content or b"" for envelope in self.taken]
        return [message_from_bytes(content, policy=default) for content in contents]


def logs_in(*_: Any) -> AuthResult:
    login: LoginPassword = _[-1]
    return AuthResult(
        success=(login.login, login.password) == (b"night@desk.example", PASSWORD.encode()), handled=False
    )


def send(url: str, *notices: Notice | Digest, known: Election = KNOWN, receiver: Receiver = MAIL) -> list[Answer]:
    """Send these, one after the other, as a courier does."""

    async def all_of_them() -> list[Answer]:
        mailer = sender(known, receiver, Secrets((url,)))
        return [
            await (mailer.post_digest(each) if isinstance(each, Digest) else mailer.post(each))
            for each in notices or (NOTICE,)
        ]

    return asyncio.run(all_of_them())


def test_what_a_mailbox_gets() -> None:
    """Title, text, sender, date; an id that is the same at each attempt, and one that all about an alert refer to."""
    resolved = structs.replace(NOTICE, status="resolved", id=NOTICE.id + "~")
    boxes = Mailboxes()
    with boxes.listening() as port:
        answers = send(f"smtp://127.0.0.1:{port}/?{BOXES}", NOTICE, NOTICE, resolved)
    assert answers == [Answer(250, "the mail server took it")] * 3
    first, again, over = boxes.messages
    assert (boxes.taken[0].mail_from, boxes.taken[0].rcpt_tos) == ("night@desk.example", ["desk@news.example"])
    assert (first["from"], first["to"]) == ("Test <night@desk.example>", "desk@news.example")
    assert (first["subject"], over["subject"]) == ("Critical: Area N", "Over: Area N")
    assert first.get_content().startswith(NOTICE.finding.sentence["en"])
    assert first["auto-submitted"] == "auto-generated"
    assert first["date"]
    assert first["message-id"] == again["message-id"] != over["message-id"]
    assert first["references"] == over["references"] not in (first["message-id"], None)


def test_a_digest_in_spanish() -> None:
    """A digest is one message, in the receiver's language, with letters beyond ASCII."""
    boxes, digest = Mailboxes(), Digest("mail~1", 1_722_222_000_000, (NOTICE,))
    with boxes.listening() as port:
        (answer,) = send(f"smtp://127.0.0.1:{port}/?{BOXES}", digest, receiver=replace(MAIL, language="es"))
    (message,) = boxes.messages
    assert answer.good
    assert message["subject"].startswith("1 alerta hasta ")
    assert f"- Crítica: {NOTICE.finding.sentence['es']}" in message.get_content()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
@pytest.mark.parametrize(("password", "good"), [(PASSWORD, True), ("another", False)])
def test_encrypted_and_logged_in(
    scheme: str, password: str, good: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """User and password go over TLS, from the first byte or by STARTTLS, to who has a certificate for its name."""
    file = certificate_for("localhost", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    tls = {"ssl_context": context} if scheme == "smtps" else {"tls_context": context, "require_starttls": True}
    boxes = Mailboxes()
    with boxes.listening(auth_required=True, auth_require_tls=scheme == "smtp", authenticator=logs_in, **tls) as port:
        (answer,) = send(f"{scheme}://night%40desk.example:{password}@localhost:{port}/?{BOXES}")
    assert (answer.good, len(boxes.taken)) == (good, good)
    assert good or (answer.status, answer.words) == (535, "the mail server refuses user and password (535)")


@pytest.mark.parametrize(
    ("scheme", "name", "trusted"),
    [("smtps", "desk.example", True), ("smtp", "desk.example", True), ("smtps", "localhost", False)],
)
def test_certificates(scheme: str, name: str, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has no certificate that is trusted, for this name, is told neither password nor alert."""
    file = certificate_for(name, tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    boxes = Mailboxes()
    with boxes.listening(**({"ssl_context": context} if scheme == "smtps" else {"tls_context": context})) as port:
        (answer,) = send(f"{scheme}://u:{PASSWORD}@localhost:{port}/?{BOXES}")
    assert not boxes.taken
    assert answer.status is None
    assert answer.words.startswith("its certificate is not trusted: it is ")


def test_no_password_without_encryption() -> None:
    """A server that offers no STARTTLS is handed nothing, neither password nor alert, unless it is this machine."""
    boxes = Mailboxes()
    with boxes.listening() as port, pytest.MonkeyPatch.context() as patch:
        patch.setattr(email_sender, "ip_address", lambda _: IPv4Address("203.0.113.9"))
        (answer,) = send(f"smtp://u:{PASSWORD}@127.0.0.1:{port}/?{BOXES}")
    assert not boxes.taken
    assert answer == Answer(None, "the mail server offers no STARTTLS: use smtps://")


@pytest.mark.parametrize(
    ("command", "said", "status", "words"),
    [
        ("RCPT", "550 no such user desk@news.example", 550, "refuses the mailbox that to= names (550)"),
        ("RCPT", "450 try later", 450, "refuses the mailbox that to= names (450)"),
        ("MAIL", "553 not yours: night@desk.example", 553, "refuses the sender that from= names (553)"),
        ("DATA", "554 this is spam", 554, "the mail server answered 554"),
        ("DATA", "451 greylisted", 451, "the mail server answered 451"),
        ("DATA", "gibberish", None, "what came is no answer of a mail server"),
        ("DATA", "999 what", None, "what came is no answer of a mail server"),
    ],
)
def test_what_a_server_refuses(command: str, said: str, status: int | None, words: str) -> None:
    """Each refusal is an answer in words of our own, with the server's code: that of a failure, to be tried again."""
    boxes = Mailboxes({command: said})
    with boxes.listening() as port:
        (answer,) = send(f"smtp://127.0.0.1:{port}/?{BOXES}")
    assert not boxes.taken
    assert (answer.good, answer.status) == (False, status)
    assert words in answer.words
    assert "@" not in answer.words


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        (b"", "the connection was broken off before an answer came"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what came is no answer of a mail server"),
        (b"220-" + b"x" * 70_000_000, "what came is no answer of a mail server"),
        (b"421 too busy\r\n", "the mail server answered 421"),
        (b"\xff\xfe\r\n", "what came is no answer of a mail server"),
    ],
)
def test_who_is_no_mail_server(greeting: bytes, words: str) -> None:
    """Whatever comes instead of a greeting, however much of it, ends the attempt."""
    listener = socket.create_server(("127.0.0.1", 0))

    async def answers() -> list[Answer]:
        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    connection.sendall(greeting)
                except OSError:
                    return

        mailer = EmailSender(KNOWN, MAIL, Secrets((f"smtp://127.0.0.1:{listener.getsockname()[1]}/?{BOXES}",)))
        _, answer = await asyncio.gather(asyncio.to_thread(greet), mailer.post(NOTICE))
        return [answer]

    with listener:
        (answer,) = asyncio.run(answers())
    assert not answer.good
    assert answer.words == words


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"smtps://127.0.0.1/?{BOXES}", "is this machine itself: say allow_loopback = true"),
        (f"smtps://10.0.0.9/?{BOXES}", "is a private address: say allow_private = true"),
        (f"smtps://[fe80::1]/?{BOXES}", "is no address of one machine in the public network"),
        (f"smtp://169.254.169.254:8025/?{BOXES}", "is no address of one machine in the public network"),
    ],
)
def test_where_it_may_not_go(url: str, words: str) -> None:
    """Mail servers may be where webhooks may go, and nowhere else."""
    (answer,) = send(url, receiver=replace(MAIL, allow_loopback=False))
    assert answer.status is None
    assert words in answer.words


@pytest.mark.parametrize(
    ("url", "cure"),
    [
        ("", "give an address such as smtps://USER:PASSWORD@"),
        (PASSWORD, "give an address such as smtps://USER:PASSWORD@"),
        (f"https://u:{PASSWORD}@desk.example/?{BOXES}", "give an address such as smtps://"),
        (f"smtps://u:{PASSWORD}@desk.example/inbox?{BOXES}", "give an address such as smtps://"),
        (f"smtps://u:{PASSWORD}@desk.example:99999/?{BOXES}", "give an address such as smtps://"),
        (f"smtps://[::1:{PASSWORD}@desk.example/?{BOXES}", "give an address such as smtps://"),
        (f"smtps://u:{PASSWORD}@desk.example", "give from= once"),
        (f"smtps://u:{PASSWORD}@desk.example/?{BOXES}&to=b@news.example", "give to= once"),
        (f"smtps://u:{PASSWORD}@desk.example/?{BOXES}&bcc=b@news.example", "bcc= is not known"),
        (f"smtps://u:{PASSWORD}@desk.example/?from=night&to=b@news.example", "from= is no address of a mailbox"),
        (f"smtps://u:{PASSWORD}@desk.example/?from=a@b.example&to=b%0d%0aDATA@c.example", "to= is no address"),
        (f"smtps://u:{PASSWORD}@desk.example:22/?{BOXES}", "port 22 is another service's"),
        (f"smtps://:{PASSWORD}@desk.example/?{BOXES}", "give both, user and password"),
        (f"smtps://u:pass word{PASSWORD}@desk.example/?{BOXES}", "without spaces"),
        (f"smtps://u:é{PASSWORD}@desk.example/?{BOXES}", "beyond ASCII"),
    ],
)
def test_bad_addresses(url: str, cure: str) -> None:
    """Each is one error that names the place and the cure, and nothing of the address."""
    with pytest.raises(SecretError, match=f"receiver mail, MAIL: .*{cure}") as raised:
        EmailSender(KNOWN, MAIL, Secrets((url,)))
    assert PASSWORD not in str(raised.value)


def test_names_are_no_headers(caplog: pytest.LogCaptureFixture) -> None:
    """Names with line ends stay in their line, and neither log nor representation tells user or password."""
    caplog.set_level(logging.DEBUG)
    evil, boxes = "x\r\nBcc: all@news.example\r\n\r\nhello", Mailboxes()
    known = replace(KNOWN, name=evil, notice=evil)
    with boxes.listening() as port:
        url = f"smtp://127.0.0.1:{port}/?{BOXES}"
        (answer,) = send(url, known=known)
    (message,) = boxes.messages
    assert answer.good
    assert message["bcc"] is None
    assert boxes.taken[0].rcpt_tos == ["desk@news.example"]
    assert PASSWORD not in repr(mail_server.parse(f"smtps://u:{PASSWORD}@desk.example/?{BOXES}")) + caplog.text


def test_the_example_is_one() -> None:
    """The address that errors and docs/webhooks.md give as an example can be used, once its capitals are replaced."""
    server = mail_server.parse(mail_server.EXAMPLE)
    assert (server.port, server.encrypted, server.recipient) == (465, True, "desk@desk.example")
    assert mail_server.EXAMPLE in (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    with pytest.raises(MailServerError):
        mail_server.parse("smtps://")
