"""Webhooks: what is signed can be checked, and a receiver gets each alert, however it behaves."""

import http.client
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import pytest
from builders import T0, bulletin, election, lines, report
from nights import LiveNight, direct

from streams.broker import EmbeddedBroker
from streams.election import AlertPolicy, Receiver
from streams.receiver import MAX_BODY, AlertReceiver
from streams.webhooks import WebhookVerificationError, check_secret, headers, verify

SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + b64encode(bytes(32)).decode()
BODY = b'{"type":"alert.firing"}'


def signed(secret: str = SECRET, body: bytes = BODY, ago: float = 0, id: str = "m1") -> dict[str, str]:
    return headers([secret], id, body, datetime.now(UTC) - timedelta(seconds=ago))


def test_a_good_signature() -> None:
    """Who has the secret reads the body back."""
    assert verify(SECRET, BODY, signed()) == {"type": "alert.firing"}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param(BODY + b" ", signed(), id="body changed"),
        pytest.param(BODY, signed(OTHER), id="another secret"),
        pytest.param(BODY, signed(ago=3600), id="an hour old"),
        pytest.param(BODY, signed(ago=-86400), id="from the future"),
        pytest.param(BODY, {**signed(), "webhook-id": "m2"}, id="another id"),
        pytest.param(BODY, {**signed(), "webhook-signature": "v1,###"}, id="no base64"),
        pytest.param(BODY, {**signed(), "webhook-signature": ""}, id="empty signature"),
        pytest.param(BODY, {**signed(), "webhook-timestamp": "soon"}, id="no time"),
        pytest.param(BODY, {}, id="no headers"),
    ],
)
def test_a_bad_signature(body: bytes, found: dict[str, str]) -> None:
    """Whatever was changed, the webhook is refused."""
    with pytest.raises(WebhookVerificationError):
        verify(SECRET, body, found)


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_"), SECRET.rstrip("=")])
def test_good_secrets(secret: str) -> None:
    """With or without prefix and padding."""
    assert check_secret(secret) == secret


@pytest.mark.parametrize("secret", ["", "whsec_", "password", "whsec_" + b64encode(b"short").decode(), "whsec_ä"])
def test_bad_secrets(secret: str) -> None:
    """What is no base64 of 24 to 64 bytes is refused with the cure."""
    with pytest.raises(ValueError, match="openssl rand -base64 32"):
        check_secret(secret)


def test_the_small_receiver() -> None:
    """Over HTTP: good ones once for each id, others 401, and nonsense gets an answer, not an exception."""
    got: list[object] = []
    with AlertReceiver(SECRET, got.append) as receiver:
        host = receiver.url.split("/")[2]

        def post(body: bytes, sent: dict[str, str]) -> int:
            connection = http.client.HTTPConnection(host, timeout=5)
            connection.request("POST", "/alerts", body, sent)
            return connection.getresponse().status

        assert [post(BODY, signed()), post(BODY, signed()), post(BODY, signed(id="m2"))] == [204, 204, 204]
        assert post(BODY, signed(OTHER)) == 401
        assert post(BODY, {"content-length": "many"}) == 411
        assert post(b"", {"content-length": str(MAX_BODY + 1)}) == 413
        assert (receiver.verified, receiver.repeated, receiver.refused, len(got)) == (2, 1, 1, 2)


class Scripted:
    """A receiver that answers these statuses in turn, and the last one ever after."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.seen: list[tuple[dict[str, str], bytes]] = []

    @contextmanager
    def listening(self) -> Iterator[str]:
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                scripted.seen.append(({k.lower(): v for k, v in self.headers.items()}, body))
                status = scripted.statuses.pop(0) if len(scripted.statuses) > 1 else scripted.statuses[0]
                self.send_response(status)
                self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            server.server_close()


def test_receivers_of_every_temper(tmp_path: Path, names: str) -> None:
    """Through a worker: one that is down at first gets every alert once it is up, one that says 410 is left alone,
    and after a restart nobody gets anything twice."""
    steady, shaky, gone = Scripted(204), Scripted(500, 503, 302, 200), Scripted(410)
    with EmbeddedBroker() as broker, steady.listening() as a, shaky.listening() as b, gone.listening() as c:
        receivers = tuple(
            Receiver(name, url, f"S_{name}", allow_loopback=True)
            for name, url in (("steady", a), ("shaky", b), ("gone", c))
        )
        calm = AlertPolicy(tick=10, hold=0, cooldown=60)
        known = replace(election(states=2, tables=12, registered=300, alerts=calm), receivers=receivers)
        events = [report(table, (150, 60, 10), at=T0 + 1000 * i) for i, table in enumerate(known.tables)]
        night = lines([*events, bulletin((900, 2400, 240), at=T0 + 60_000)])
        with LiveNight(known, broker, tmp_path, names) as live:
            live.environment = dict.fromkeys((r.secret_env for r in receivers), SECRET)
            live.start()
            live.feed(night)
            live.wait(delivered=True)
            found = live.metrics()
            live.stop()
            live.start()
            live.wait(delivered=True)
            live.stop()
    expected = [n["id"] for n in direct(known, night).notices if not n["muted_by"]]
    assert len(expected) >= 2
    assert [verify(SECRET, body, sent)["data"]["id"] for sent, body in steady.seen] == expected
    assert [sent["webhook-id"] for sent, _ in shaky.seen] == [expected[0]] * 3 + expected
    assert len({body for _, body in shaky.seen[:4]}) == 1
    assert len(gone.seen) == 1
    assert found["cotejo_deliveries_total[failed][shaky]"] == 3
    assert found["cotejo_deliveries_total[given-up][gone]"] == len(expected)
    assert orjson.loads(steady.seen[0][1])["data"]["sentence"].keys() == {"en", "es"}
