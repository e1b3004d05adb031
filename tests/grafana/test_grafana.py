"""`cotejo dashboards provision` against an imitation of Grafana (helpers/grafana.py): twice is once, clear errors."""

import socket
import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from brokers import ROOT
from builders import T0, alike, bulletin, election, report
from certificates import certificate_for
from grafana import ADMIN, VIEWER, ImitatedGrafana
from monitor import Monitor
from msgspec import structs
from nights import until

from streams.config import election_writer
from streams.core.alerting.alert import Notice
from streams.core.events.codec import encode
from streams.core.events.model import Event
from streams.grafana.provisioning import FOLDER, SOURCE_UID, Grafana, GrafanaError, Told, boards
from streams.kafka.embedded_broker import EmbeddedBroker, free_port
from streams.kafka.producer import KafkaSink
from streams.kafka.topic_admin import ensure
from streams.kafka.topology import Topology

WALL = 1_900_000_000_000
PROMETHEUS = "http://prometheus:9090"
KNOWN = election(states=2, tables=20, registered=300)
NIGHT: list[Event] = [report(table, votes, at=T0 + 1000) for table, votes in alike(KNOWN, (150, 60, 10)).items()]
NIGHT += [bulletin((900, 2400, 240), at=T0 + 60_000)]


@pytest.fixture
def grafana() -> Iterator[ImitatedGrafana]:
    with ImitatedGrafana().running() as running:
        yield running


def provision(
    grafana: ImitatedGrafana, language: str = "en", token: str = ADMIN, prometheus: str = PROMETHEUS
) -> list[str]:
    """What was done, as `outcome what`."""
    known = Grafana(grafana.url, token)
    known.check()
    return [f"{change.outcome} {change.what}" for change in known.provision(prometheus, language)]


@pytest.mark.parametrize("language", ["en", "es"])
def test_twice_is_once(language: str, grafana: ImitatedGrafana) -> None:
    """The first run creates everything in its place; the second finds nothing to do, and writes nothing."""
    assert provision(grafana, language) == ["created data source", "created folder"] + ["created board"] * 3
    assert grafana.sources[SOURCE_UID]["url"] == PROMETHEUS
    assert len(grafana.boards) == 3
    for board in boards(language):
        kept = grafana.boards[board["uid"]]
        assert kept["meta"]["folderUid"] == FOLDER[language][0]
        assert kept["dashboard"].items() >= {k: v for k, v in board.items() if k not in ("id", "version")}.items()
    grafana.asked.clear()
    assert provision(grafana, language) == ["unchanged data source", "unchanged folder"] + ["unchanged board"] * 3
    assert not grafana.writes


def test_both_languages_beside_each_other(grafana: ImitatedGrafana) -> None:
    """English and Spanish boards share the data source and nothing else."""
    provision(grafana, "en")
    assert provision(grafana, "es")[0] == "unchanged data source"
    assert len(grafana.boards) == 6
    assert len(grafana.folders) == 2


def test_only_what_differs_is_written(grafana: ImitatedGrafana) -> None:
    """A moved Prometheus, a renamed folder and a changed board are brought back; what fits is left alone."""
    provision(grafana)
    grafana.folders["cotejo"]["title"] = "Mine"
    grafana.boards["cotejo-area"]["dashboard"]["title"] = "Mine"
    grafana.boards["cotejo-pipeline"]["meta"]["folderUid"] = ""
    assert provision(grafana, prometheus="http://elsewhere:9090") == [
        "updated data source",
        "updated folder",
        "updated board",
        "unchanged board",
        "updated board",
    ]
    assert grafana.boards["cotejo-area"]["dashboard"]["version"] == 2
    assert provision(grafana, prometheus="http://elsewhere:9090")[0] == "unchanged data source"


def test_below_a_path() -> None:
    """Grafana may be served below a path."""
    with ImitatedGrafana(path="/grafana").running() as grafana:
        assert provision(grafana)[0] == "created data source"
        with pytest.raises(GrafanaError, match="may lack a path"):
            Grafana(grafana.url.removesuffix("/grafana"), ADMIN).check()


class Elsewhere(BaseHTTPRequestHandler):
    """Answers one page with a text, and every other one with 404."""

    page, text = "", ""

    def do_GET(self) -> None:
        content = self.text.encode() if self.path == self.page else b"404 page not found\n"
        self.send_response(200 if self.path == self.page else 404)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.mark.parametrize(
    ("page", "text", "url", "cure"),
    [
        pytest.param(
            "/api/v1/status/buildinfo", '{"goVersion":"go1"}', "http://{}", "that is Prometheus", id="prometheus"
        ),
        pytest.param("/metrics", "cotejo_build_info 1", "http://{}", "that is a worker", id="worker"),
        pytest.param("/api/health", '{"database": "ok"}', "http://{}/dashboards", "leave out /dashboards", id="a path"),
        pytest.param("/", "", "https://{}", "speaks http: write http://127", id="https to an http port"),
        pytest.param(
            "/",
            "400 The plain HTTP request was sent to HTTPS port",
            "http://{}/a",
            "write https://127",
            id="http to https",
        ),
    ],
)
def test_other_servers(page: str, text: str, url: str, cure: str) -> None:
    """Where something else answers than Grafana, the error says what it is."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Elsewhere,), {"page": page, "text": text}))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        with pytest.raises(GrafanaError, match=cure):
            Grafana(url.format(f"127.0.0.1:{server.server_port}"), ADMIN).check()
    finally:
        server.shutdown()
        server.server_close()


class OverTls(ThreadingHTTPServer):
    """Speaks TLS, with a certificate that nobody trusts; to who speaks http it says so as servers written in Go do."""

    context: ssl.SSLContext

    def get_request(self) -> tuple[socket.socket, Any]:
        wire, address = super().get_request()
        if wire.recv(1, socket.MSG_PEEK) == b"\x16":  # a handshake begins
            return self.context.wrap_socket(wire, server_side=True), address
        return wire, address


@pytest.mark.parametrize(
    ("scheme", "cure"), [("https", "its certificate is not trusted"), ("http", "speaks https: write https://localhost")]
)
def test_https_that_nobody_trusts(scheme: str, cure: str, tmp_path: Path) -> None:
    """A certificate that is not trusted is called that, although the port answers http too, to say that it is none."""
    text = "Client sent an HTTP request to an HTTPS server.\n"
    server = OverTls(("127.0.0.1", 0), type("Handler", (Elsewhere,), {"page": "/", "text": text}))
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(certificate_for("localhost", tmp_path))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        with pytest.raises(GrafanaError, match=cure):
            Grafana(f"{scheme}://localhost:{server.server_port}", ADMIN).check()
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda board: board["panels"][0].update(transparent=True), id="a key of a panel"),
        pytest.param(lambda board: board["panels"].append(board["panels"][0]), id="a panel more"),
        pytest.param(lambda board: board["templating"]["list"][1].update(current={"value": "x"}), id="another choice"),
        pytest.param(lambda board: board.update(editable=True), id="a setting"),
        pytest.param(lambda board: board["panels"][0]["fieldConfig"]["defaults"].update(min=0), id="a key deep within"),
    ],
)
def test_what_was_added_by_hand_goes(change: Any, grafana: ImitatedGrafana) -> None:
    """A board with anything more than ours is brought back, so that a key that we have removed leaves it too."""
    provision(grafana)
    change(grafana.boards["cotejo-night"]["dashboard"])
    assert provision(grafana)[2:] == ["unchanged board", "updated board", "unchanged board"]
    assert provision(grafana)[2:] == ["unchanged board"] * 3


def newer(grafana: ImitatedGrafana) -> None:
    """Somebody saves a board between our reading and our writing."""

    def save() -> None:
        for board in grafana.boards.values():
            board["dashboard"]["version"] += 1

    provision(grafana)
    for board in grafana.boards.values():
        board["dashboard"]["title"] = "Mine"
    grafana.before_save = save


def from_file(grafana: ImitatedGrafana) -> None:
    provision(grafana)
    grafana.boards["cotejo-area"]["dashboard"]["title"] = "Mine"
    grafana.boards["cotejo-area"]["meta"]["provisioned"] = True


def source_from_file(grafana: ImitatedGrafana) -> None:
    provision(grafana)
    grafana.sources[SOURCE_UID].update(readOnly=True, url="http://other:9090")


def same_name(grafana: ImitatedGrafana) -> None:
    provision(grafana)
    grafana.sources = {"other": {**grafana.sources[SOURCE_UID], "uid": "other"}}


@pytest.mark.parametrize(
    ("before", "token", "cure"),
    [
        pytest.param(None, "wrong", "does not know this token: make another", id="wrong token"),
        pytest.param(None, VIEWER, "needs the role Admin", id="token without rights"),
        pytest.param(None, "", "the token is empty", id="no token"),
        pytest.param(None, "two words", "copy it again", id="no token at all"),
        pytest.param(newer, ADMIN, "changed it just now", id="saved at the same moment"),
        pytest.param(from_file, ADMIN, "comes from a provisioning file", id="board of a file"),
        pytest.param(source_from_file, ADMIN, "change its url there", id="data source of a file"),
        pytest.param(same_name, ADMIN, "something else has this name", id="name taken"),
    ],
)
def test_refusals(before: Any, token: str, cure: str, grafana: ImitatedGrafana) -> None:
    """What Grafana refuses is one error with its cure."""
    if before is not None:
        before(grafana)
    with pytest.raises(GrafanaError, match=cure):
        provision(grafana, token=token)


@pytest.mark.parametrize(
    ("version", "fine"),
    [("9.5.21", False), ("10.0.0", True), ("11.6.0-pre", True), ("12.1.1+security-01", True), ("", True)],
)
def test_versions(version: str, fine: bool, grafana: ImitatedGrafana) -> None:
    """An older Grafana is refused by its version; one that hides it is not."""
    grafana.version = version
    if fine:
        assert Grafana(grafana.url, ADMIN).check()
    else:
        with pytest.raises(GrafanaError, match=f"is Grafana {version}: 10.0 or newer is needed"):
            Grafana(grafana.url, ADMIN).check()


@pytest.mark.parametrize(
    "url", ["", "grafana:3000", "ftp://grafana", "http://", "http://me:secret@grafana", "http://g/?a", "http://g:a"]
)
def test_no_address(url: str) -> None:
    """What is no address is refused before anything is sent."""
    with pytest.raises(GrafanaError, match="address"):
        Grafana(url, ADMIN)


@pytest.mark.parametrize(
    ("status", "body", "cure"),
    [
        (200, b"<html>", "is there a path missing, or a login page"),
        (200, b"", "is there a path missing, or a login page"),
        (200, b"[]", "is no Grafana"),
        (200, b'{"status": "ok"}', "is no Grafana"),
        (302, b"", "leads elsewhere"),
        (502, b"<html>bad gateway", "has failed itself"),
    ],
)
def test_something_else(status: int, body: bytes, cure: str, grafana: ImitatedGrafana, monkeypatch: Any) -> None:
    """Whatever answers instead of Grafana is told from it."""
    monkeypatch.setattr(grafana, "handle", lambda *_: (status, body))
    with pytest.raises(GrafanaError, match=cure):
        Grafana(grafana.url, ADMIN).check()


@pytest.mark.parametrize("environment", ["NETRC", "http_proxy"])
def test_the_environment_is_not_asked(
    environment: str, grafana: ImitatedGrafana, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .netrc entry for the host does not take the token's place, and no proxy is gone through."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv(environment, str(tmp_path / "netrc") if environment == "NETRC" else "http://127.0.0.1:9/")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert Grafana(grafana.url, ADMIN).check() == grafana.version


def test_a_redirect_is_not_followed(grafana: ImitatedGrafana, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a POST would become a GET somewhere else, nothing is done, also if that would answer well."""
    monkeypatch.setattr(
        grafana,
        "handle",
        lambda *request: (200, {"database": "ok", "version": "12.0.0"}) if request[1] == "/login" else (302, b""),
    )
    with pytest.raises(GrafanaError, match="leads elsewhere"):
        Grafana(grafana.url, ADMIN).check()


def told() -> list[Notice]:
    """The notices of a small night, one of them muted."""
    monitor, notices = Monitor(KNOWN), []
    for event in NIGHT:
        notices += monitor.handle(event).notices
    notices += monitor.finish()
    return [*notices, structs.replace(notices[0], id="muted", muted_by=notices[1].fingerprint)]


def test_what_alerts_say(grafana: ImitatedGrafana) -> None:
    """Each notice that was not muted becomes two annotations in the language asked for, at its event time and at the
    time of its record. Each layer of a board shows each notice once, the board Area its own area's; a second time
    writes nothing."""
    notices = [Told(notice, WALL + i) for i, notice in enumerate(told())]
    heard = [each for each in notices if each.notice.muted_by is None]
    assert len(heard) >= 2
    known = Grafana(grafana.url, ADMIN)
    done = list(known.annotate("test", [*notices, *notices], "es"))
    assert [change.name for change in done if change.outcome == "created"] == [each.notice.id for each in heard]
    texts = [each.notice.finding.sentence["es"] for each in heard]
    for uid, area in (("cotejo-night-es", ""), ("cotejo-area-es", "N"), ("cotejo-area-es", "S1")):
        board = next(board for board in boards("es") if board["uid"] == uid)
        for time in ("wall", "event"):
            layers = [a["target"].get("tags", []) for a in board["annotations"]["list"]]
            (wanted,) = (tags for tags in layers if f"time:{time}" in tags)
            tags = {tag.replace("$election_id", "test").replace("$area", area) for tag in wanted}
            shown = [kept for kept in grafana.annotations if tags <= set(kept["tags"])]
            assert [kept["text"] for kept in shown] == (texts if area != "S1" else [])
            if shown:
                times = [each.wall_time if time == "wall" else each.notice.at for each in heard]
                assert [kept["time"] for kept in shown] == times
    assert {each.notice.finding.area for each in heard} == {"N"}
    grafana.asked.clear()
    assert {change.outcome for change in known.annotate("test", notices, "es")} == {"unchanged"}
    assert not grafana.writes
    assert {change.outcome for change in known.annotate("other", notices, "es")} == {"created"}


@pytest.mark.parametrize("area", ["S1:2", "S" * 101], ids=["colon", "long"])
def test_areas_that_are_no_tag(area: str, grafana: ImitatedGrafana) -> None:
    """An area whose id Grafana would cut is no tag: its sentences would stand among those of another area."""
    notice = told()[0]
    named = structs.replace(notice, finding=structs.replace(notice.finding, area=area))
    assert [c.outcome for c in Grafana(grafana.url, ADMIN).annotate("test", [Told(named, WALL)], "en")] == ["created"]
    assert not [tag for kept in grafana.annotations for tag in kept["tags"] if tag.startswith("area:")]


def command(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    run = [sys.executable, "-m", "streams", "dashboards", *arguments]
    return subprocess.run(run, cwd=ROOT, env={"PATH": "", **environment}, capture_output=True, text=True, check=False)


def test_the_command(grafana: ImitatedGrafana, tmp_path: Path) -> None:
    """From the command line, with the token in a file or in the environment; --json is a line for each thing."""
    (tmp_path / "token").write_text(ADMIN + "\n")
    first = command("provision", "--url", grafana.url, "--token-file", str(tmp_path / "token"))
    assert (first.returncode, first.stderr) == (0, "")
    assert "created    board cotejo-night" in first.stdout
    second = command("provision", "--url", grafana.url, "--token-env", "SECRET", "--json", SECRET=ADMIN)
    assert {orjson.loads(line)["outcome"] for line in second.stdout.splitlines()} == {"unchanged"}
    for arguments, cure in (
        (["--token-env", "NOTHING"], "into the environment as NOTHING"),
        (["--token-file", str(tmp_path / "none")], "cannot be read: No such file"),
        (["--token-file", str(tmp_path / "token"), "--url", f"http://127.0.0.1:{free_port()}"], "nobody answers"),
    ):
        done = command("provision", *arguments)
        assert done.returncode == 1
        assert cure in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_annotate_from_a_topic(embedded: EmbeddedBroker, grafana: ImitatedGrafana, tmp_path: Path, names: str) -> None:
    """`cotejo dashboards annotate` reads what alerts said from Kafka, and run again finds nothing new. What is no alert
    is left out, and said."""
    topology = Topology(names)
    ensure(embedded.address, topology.specs())
    sink = KafkaSink(embedded.address)
    for notice in told():
        sink.send(topology.alerts, encode(notice), partition=0)
    sink.send(topology.alerts, b"no alert", partition=0)
    sink.close()
    file = str(election_writer.write(KNOWN, tmp_path))
    options = [file, "--broker", embedded.address, "--prefix", names, "--url", grafana.url]
    first, second = (command("annotate", *options, GRAFANA_TOKEN=ADMIN) for _ in range(2))
    assert (first.returncode, first.stderr.count(f"cotejo: {topology.alerts}, offset ")) == (0, 1)
    assert 2 * len(first.stdout.splitlines()) == len(grafana.annotations) == 2 * (len(told()) - 1)
    assert (second.returncode, second.stdout) == (0, "")


def test_follow_outlives_grafana(
    embedded: EmbeddedBroker, grafana: ImitatedGrafana, tmp_path: Path, names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`annotate --follow` says once that Grafana has failed, and goes on when it is back."""
    topology = Topology(names)
    ensure(embedded.address, topology.specs())
    options = [str(election_writer.write(KNOWN, tmp_path)), "--broker", embedded.address, "--prefix", names, "--follow"]
    run = [sys.executable, "-m", "streams", "dashboards", "annotate", *options, "--url", grafana.url]
    answers, failed = grafana.handle, (502, b"bad gateway")
    with (tmp_path / "err").open("wb") as err, (tmp_path / "out").open("wb") as out:
        follower = subprocess.Popen(run, cwd=ROOT, env={"PATH": "", "GRAFANA_TOKEN": ADMIN}, stdout=out, stderr=err)
        try:
            told_so_far = (tmp_path / "err").read_text
            until(lambda: any(path.startswith("/annotations") for _, path in grafana.asked), told_so_far)
            monkeypatch.setattr(grafana, "handle", lambda *_: failed)
            until(lambda: "trying again" in told_so_far(), told_so_far)
            sink = KafkaSink(embedded.address)
            sink.send(topology.alerts, encode(told()[0]), partition=0)
            sink.close()
            monkeypatch.setattr(grafana, "handle", answers)
            until(lambda: len(grafana.annotations) == 2, told_so_far)
        finally:
            follower.terminate()
            follower.wait(30)
    assert told_so_far().count("trying again") == 1


def test_a_wheel_has_the_boards(tmp_path: Path) -> None:
    """An installed wheel has the boards, and provisions from them without the sources; it has what `cotejo init`
    writes."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "installed")
    small = ROOT / "docs" / "examples" / "small"
    packed = tmp_path / "installed" / "streams" / "examples" / "small"
    assert {f.name: f.read_bytes() for f in packed.iterdir()} == {f.name: f.read_bytes() for f in small.iterdir()}
    script = (
        "from streams.grafana.provisioning import boards; print([b['uid'] for l in ('en', 'es') for b in boards(l)])"
    )
    environment = {"PYTHONPATH": str(tmp_path / "installed"), "PATH": ""}
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    expected = [board["uid"] for language in ("en", "es") for board in boards(language)]
    assert found.stdout.strip() == str(expected)
    assert len(expected) == 6
