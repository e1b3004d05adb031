"""`cotejo demo` from its start to its end, and its early end: nothing is left running."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from brokers import ROOT, Broker
from nights import until

from streams.cli import demo_night as demo
from streams.kafka.topic_admin import admin
from streams.nights.scenarios import venezuela2024_facts


def start(directory: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """The demo, in a process group of its own, with all its files below `directory`."""
    return subprocess.Popen(
        [sys.executable, "-m", "streams", "demo", "--headless", "--directory", str(directory / "night"), *arguments],
        stdout=subprocess.PIPE,
        stderr=(directory / "demo.err").open("wb"),
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(directory)},
        start_new_session=True,
    )


def running(directory: Path) -> list[str]:
    """Processes whose command line names the directory: the broker, the worker, the demo itself."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(directory) in command:
            found.append(command)
    return found


def test_to_its_end(tmp_path: Path) -> None:
    """Stdout is one JSON object with the published sums; every alert of the night was delivered and verified; the
    sentences are on stderr. With --keep the board is still there then; Ctrl-C ends it all, as a good end."""
    demo, log = start(tmp_path, "--seconds", "4", "--keep"), tmp_path / "demo.err"
    until(lambda: "look around" in log.read_text() or demo.poll() is not None, log.read_text, 120)
    with urllib.request.urlopen(log.read_text().split()[-1], timeout=10) as page:
        assert b"<title>Cotejo</title>" in page.read()
    demo.send_signal(signal.SIGINT)
    out, _ = demo.communicate(timeout=40)
    told = log.read_text()
    assert demo.returncode == 0, told
    found = orjson.loads(out)
    states = venezuela2024_facts.states()
    witnessed = found["state"]["witnessed"]
    assert witnessed["tables"] == sum(state.sheets for state in states) == 25_073
    assert witnessed["votes"]["EG"] == sum(state.votes[0] for state in states)
    assert found["verified"] == len(found["alerts"]) >= 6
    assert found["refused"] == 0
    assert {alert["rule"] for alert in found["alerts"]} >= {"contradiction", "divergence", "rounded-shares"}
    assert all(alert["sentence"]["en"] in told for alert in found["alerts"])
    assert found["notice"] in told
    assert "/board/?lang=en" in told
    assert "\x1b" not in told
    assert not running(tmp_path)


def test_any_night(tmp_path: Path) -> None:
    """A night from disk is shown in Spanish with its own figures; none of its files is changed, and its receivers are
    not called."""
    night = tmp_path / "mine"
    shutil.copytree(ROOT / "docs" / "examples" / "small", night)
    election = night / "election.toml"
    election.write_text(
        election.read_text() + '\n[[receiver]]\nname = "duty"\nurl = "https://duty.example.org/"\nsecret_env = "NONE"\n'
    )
    before = {path.name: path.read_bytes() for path in night.iterdir()}
    demo = start(tmp_path, str(night), "--seconds", "1", "--lang", "es")
    out, _ = demo.communicate(timeout=120)
    told = (tmp_path / "demo.err").read_text()
    assert demo.returncode == 0, told
    found = orjson.loads(out)
    assert (found["state"]["official"]["bulletin"], found["state"]["witnessed"]["tables"]) == ("B-2", 4)
    assert found["verified"] == len(found["alerts"]) > 0
    assert "6 eventos de 0,1 días en 1 s" in told
    assert "al menos 1 de las 4 actas tendría que estar equivocada" in told
    assert {path.name: path.read_bytes() for path in night.iterdir()} == before
    assert not running(tmp_path)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("words", ["events over", "/metrics"], ids=["while starting", "in the night"])
def test_ended_early(how: signal.Signals, words: str, tmp_path: Path) -> None:
    """Ended by a signal it says so, exits with 130, and leaves no process and no broker's data behind."""
    demo = start(tmp_path, "--seconds", "60")
    told = tmp_path / "demo.err"
    until(lambda: words in told.read_text(), told.read_text)
    assert running(tmp_path)
    demo.send_signal(how)
    assert demo.wait(40) == 130
    assert "stopped; nothing is left running" in (tmp_path / "demo.err").read_text()
    assert not running(tmp_path)
    assert not list(tmp_path.glob("cotejo-broker-*"))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_that_was_dropped(how: signal.Signals, tmp_path: Path) -> None:
    """Python drops what a signal's handler raises while it starts a process: then the demo ends at its next look."""
    here = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with demo._interruptible(), here:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(how)
        with pytest.raises(KeyboardInterrupt):
            demo.Worker(here, tmp_path, "http://127.0.0.1:1/", "").until("start", lambda found: True)
    demo._heed()


def test_on_another_broker(apache: Broker, tmp_path: Path) -> None:
    """With --broker the night runs on Apache Kafka, and its topics are gone afterwards."""
    demo = start(tmp_path, "--seconds", "4", "--broker", apache.address)
    out, _ = demo.communicate(timeout=180)
    assert demo.returncode == 0, (tmp_path / "demo.err").read_text()
    assert orjson.loads(out)["state"]["witnessed"]["tables"] == 25_073
    with admin(apache.address) as client:
        assert not [name for name in client.list_topics() if name.startswith("cotejo-demo-")]
