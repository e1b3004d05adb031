"""`cotejo webhook` as an operator meets it."""

import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from brokers import ROOT, Broker, lacking
from builders import election
from msgspec import structs
from nights import until
from receivers import Say, Scripted
from standardwebhooks.webhooks import Webhook
from test_posting import KNOWN, NEW, NOTICE, OLD

from streams.config import election_writer, signing_keys
from streams.core.alerting.delivery_hours import SETTLE
from streams.core.alerting.delivery_policy import Chain, Delivery
from streams.core.election.model import Receiver
from streams.core.events.codec import encode
from streams.delivery import admin, http_post
from streams.kafka.embedded_broker import free_port, is_free
from streams.kafka.producer import KafkaSink
from streams.kafka.topic_admin import ensure
from streams.kafka.topology import Topology
from streams.times import from_rfc3339


def webhook(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streams", "webhook", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **environment},
        timeout=60,
        check=False,
    )


def written(directory: Path, *receivers: Receiver) -> Path:
    return election_writer.write(replace(election(), receivers=receivers), directory)


def desk(url: str, **fields: Any) -> Receiver:
    return Receiver("desk", url, "DESK", **{"allow_loopback": True, **fields})


def test_a_test_alert(tmp_path: Path) -> None:
    """It is signed with both secrets, says that it is a test, and the answers are shown; exit code 1 if one refuses."""
    good, bad = Scripted(), Scripted(Say(401, body=b"bad signature"))
    with good.listening() as url, bad.listening() as other:
        path = written(tmp_path, desk(url), replace(desk(other), name="pager"))
        done = webhook("test", path, DESK=f"{NEW} {OLD}")
        alone = webhook("test", path, "--receiver", "desk", "--json", DESK=NEW, COTEJO_LOG_FORMAT="json")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "desk: took the alert: 204 No Content",
        "pager: did not take the alert: 401 Unauthorized: bad signature",
    ]
    assert (alone.returncode, orjson.loads(alone.stdout)["took"]) == (0, True)
    first, second = good.seen
    sent = Webhook(OLD).verify(first.body, first.headers)
    assert (sent["type"], sent["data"]["rule"]) == ("alert.firing", "test")
    assert sent["data"]["sentence"]["en"] == "This is a test of the alerts about Test. Nothing has happened."
    assert first.id != second.id
    assert NEW not in done.stdout + done.stderr + alone.stdout + alone.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["test"], {}, "receiver desk: put its secret into the environment as DESK"),
        (["test"], {"DESK": "hunter2"}, "receiver desk, DESK: a webhook secret is whsec_"),
        (["test", "--receiver", "des"], {"DESK": NEW}, "des is no receiver: use desk"),
        (["redeliver", "--receiver", "desk"], {}, "say which: --notice, --fingerprint, --since or --until"),
        (["redeliver", "--receiver", "desk", "--since", "noon"], {}, "noon is no time"),
        (["list", "--broker", "127.0.0.1:1"], {}, "no Kafka broker answers at 127.0.0.1:1"),
        (["enable", "--receiver", "desk", "--broker", "127.0.0.1:1"], {}, "no Kafka broker answers at 127.0.0.1:1"),
    ],
)
def test_mistakes(arguments: list[str], environment: dict[str, str], said: str, tmp_path: Path) -> None:
    """Each is one line on stderr with its cure, and exit code 1."""
    path = written(tmp_path, desk(f"http://127.0.0.1:{free_port()}/"))
    command, *options = arguments
    done = webhook(command, path, *options, **environment)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"cotejo: {said}")
    assert "hunter2" not in line


def test_before_the_first_night(embedded: Broker, tmp_path: Path, names: str) -> None:
    """Where there are no topics yet, that is said, and none are made."""
    path = written(tmp_path, desk("http://127.0.0.1:9999/"))
    done = webhook("list", path, "--broker", embedded.address, "--prefix", names)
    assert (done.returncode, done.stdout) == (1, "")
    assert "start a worker, or give its --prefix" in done.stderr


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, [1, 2, 3]),
        ({"notice": "f:1:2"}, [2]),
        ({"fingerprint": "f"}, [1, 2]),
        ({"fingerprint": "f", "since": 2}, [2]),
        ({"since": 2}, [2, 3]),
        ({"until": 2}, [1, 2]),
        ({"since": 2, "until": 2}, [2]),
        ({"notice": "f:1:9"}, []),
    ],
)
def test_which_are_delivered_again(chosen: dict[str, Any], found: list[int], alerts: tuple[str, Topology]) -> None:
    """Those that meet all that is asked for, each once; none that was muted, and nothing that is no notice."""
    matching = admin.matching(*alerts, **chosen)
    assert [orjson.loads(record.value)["at"] for record in matching] == found


@pytest.fixture(scope="module")
def alerts(embedded: Broker) -> tuple[str, Topology]:
    """A topic `alerts` with notices at the times 1 to 4, one of them twice, the last muted; and rubbish."""
    topology = Topology("which-again.", 1)
    ensure(embedded.address, topology.specs())
    told = [
        structs.replace(NOTICE, fingerprint=fingerprint, id=f"{fingerprint}:1:{at}", at=at, muted_by=muted)
        for fingerprint, at, muted in (("f", 1, None), ("f", 2, None), ("g", 3, None), ("f", 4, "other"))
    ]
    sink = KafkaSink(embedded.address)
    for content in (b"rubbish", *(encode(notice) for notice in (*told, told[0]))):
        sink.send(topology.alerts, content, None, 0)
    sink.close()
    return embedded.address, topology


def test_nobody_to_tell(tmp_path: Path) -> None:
    """An election file without receivers is told so."""
    done = webhook("test", written(tmp_path))
    assert done.returncode == 1
    assert "the election file names no receiver" in done.stderr


def test_tls(tmp_path: Path) -> None:
    """https is verified: a certificate that nobody vouches for is refused, one that SSL_CERT_FILE names is not."""
    openssl = shutil.which("openssl")
    if openssl is None:
        lacking("no openssl: install Debian's package openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    make += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*make, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True, timeout=60)
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            came.append(self.headers["webhook-id"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

        def handle_error(self) -> None: ...

    class Server(HTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None: ...

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        path = written(tmp_path, desk(f"https://localhost:{server.server_port}/"))
        refused = webhook("test", path, DESK=NEW)
        taken = webhook("test", path, DESK=NEW, SSL_CERT_FILE=str(certificate))
    finally:
        server.shutdown()
        server.server_close()
    assert refused.returncode == 1
    assert "certificate" in refused.stdout.lower()
    assert taken.stdout == "desk: took the alert: 204 No Content\n"
    assert len(came) == 1


def test_a_digest_is_tried_as_one(tmp_path: Path) -> None:
    """A receiver with digests is sent a test as it will be sent alerts."""
    scripted = Scripted()
    with scripted.listening() as url:
        assert webhook("test", written(tmp_path, desk(url, digest=60)), DESK=NEW).returncode == 0
    sent = Webhook(NEW).verify(scripted.seen[0].body, scripted.seen[0].headers)
    assert (sent["type"], [alert["rule"] for alert in sent["data"]["alerts"]]) == ("alert.digest", ["test"])


def test_what_receivers_have_chosen() -> None:
    """`webhook list` tells it in the words of the election file, and nothing of a receiver without wishes."""
    chosen = desk(
        "", areas=("S1", "S2"), severity="critical", quiet_hours="22:00-07:00", critical_passes=True, digest=60
    )
    assert admin.wishes(desk("")) == ""
    assert admin.wishes(chosen) == (
        "areas S1, S2; severity critical; quiet_hours 22:00-07:00; critical_passes true; digest 60"
    )


def test_when_the_next_attempt_is_due() -> None:
    """`webhook list` knows quiet hours and digests."""
    evening, morning = (from_rfc3339(f"2024-07-2{at}:00:00-04:00") for at in ("8T23", "9T07"))
    chains = {"f": Chain(due=(Delivery("n", evening, evening),)), "g": Chain()}
    quiet = desk("", quiet_hours="22:00-07:00", time_zone="America/Caracas")
    assert admin.next_attempt(desk(""), chains, {}) == evening
    assert admin.next_attempt(quiet, chains, {}) == morning
    assert admin.next_attempt(desk("", digest=60), chains, {}) == evening + 3_600_000 + SETTLE
    grave = {"n": encode(structs.replace(NOTICE, severity="critical"))}
    assert admin.next_attempt(replace(quiet, critical_passes=True), chains, grave) == evening
    assert admin.next_attempt(quiet, {"g": Chain()}, {}) is None


def test_a_service(tmp_path: Path) -> None:
    """A message by Apprise says that it is a test, in the receiver's language; the service's address is told nowhere,
    and a mistake in it is one line."""
    scripted = Scripted(200)
    chat = Receiver("chat", secret_env="CHAT", format="apprise", allow_loopback=True, language="es")
    with scripted.listening() as url:
        path = written(tmp_path, chat)
        done = webhook("test", path, CHAT=url.replace("http://", "json://user:hunter2@"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "chat: took the alert: the service took it\n", "")
    body = orjson.loads(scripted.seen[0].body)
    assert body["title"].startswith("Prueba: ")
    assert body["message"].startswith("Esto es una prueba de las alertas sobre Test. No ha pasado nada.")
    for text, said in (
        ("mailto://user:hunter2@gmail.com", "mailto:// is no service that alerts can go to"),
        ("", "put the service's address into the environment as CHAT"),
    ):
        done = webhook("test", path, CHAT=text)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
        assert said in done.stderr
        assert "hunter2" not in done.stderr


def test_verify(tmp_path: Path) -> None:
    """A test alert that was kept is checked with the public key alone; a changed one is not taken."""
    public, scripted, kept = signing_keys.new_webhook_key(tmp_path / "desk.key"), Scripted(), tmp_path / "body.json"
    with scripted.listening() as url:
        path = written(tmp_path, replace(desk(url), secret_env="", secret_file=str(tmp_path / "desk.key")))
        assert webhook("test", path).returncode == 0
    (got,) = scripted.seen
    kept.write_bytes(got.body)
    options = [f"--{name}={got.headers[f'webhook-{name}']}" for name in ("id", "timestamp", "signature")]
    done = webhook("verify", public, kept, *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"signed with the key of {public} at 20")
    kept.write_bytes(got.body.replace(b"Nothing", b"Something"))
    done = webhook("verify", public, kept, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cotejo: not signed with this key")


DOCS = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")


def test_the_documented_receiver(tmp_path: Path) -> None:
    """The example in docs/webhooks.md runs: it takes a signed alert, and no other."""
    example, port = tmp_path / "receiver.py", free_port()
    example.write_text(DOCS.split("```python\n")[1].split("```")[0])
    process = subprocess.Popen(
        [sys.executable, "-u", str(example)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "DESK_SECRET": NEW, "PORT": str(port)},
    )
    try:
        until(lambda: not is_free(port), lambda: "it does not listen")
        path = written(tmp_path, desk(f"http://127.0.0.1:{port}/"))
        assert webhook("test", path, DESK=NEW).stdout == "desk: took the alert: 204 No Content\n"
        assert webhook("test", path, DESK=OLD).stdout == "desk: did not take the alert: 401 Unauthorized\n"
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=30)
    assert said == "firing info This is a test of the alerts about Test. Nothing has happened.\n"


def test_every_field_is_documented() -> None:
    """docs/webhooks.md names each field of the body and none that is not there."""
    body = orjson.loads(http_post.body(KNOWN, desk("https://desk.example/"), NOTICE))
    rows = [line.split("|")[1] for line in DOCS.split("| Field of the body |")[1].split("\n\n")[0].splitlines()[2:]]
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert named == {name for name in body if name != "data"} | {f"data.{name}" for name in body["data"]}
