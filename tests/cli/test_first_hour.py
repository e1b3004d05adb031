"""The first hour: an election to begin with, a broker, a report from the shell, what was turned away."""

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from brokers import ROOT
from builders import election
from nights import LiveNight, until
from test_cli import ENVIRONMENT, cotejo

from streams.cli import send
from streams.config import election_writer
from streams.config.election_file import load
from streams.kafka.embedded_broker import EmbeddedBroker, free_port
from streams.kafka.producer import KafkaSink
from streams.kafka.topic_admin import ensure
from streams.kafka.topology import Topology

SMALL = ROOT / "docs" / "examples" / "small"


def test_init(tmp_path: Path) -> None:
    """The small election is docs/examples/small, fine by `check` without a remark, and its replay calls people; a
    second time nothing is written over."""
    assert cotejo("init", tmp_path / "mine").returncode == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "mine").iterdir()}
    assert written == {path.name: path.read_bytes() for path in SMALL.iterdir()}
    check = cotejo("check", tmp_path / "mine")
    assert (check.returncode, check.stdout.decode().splitlines()[1:]) == (
        0,
        ["2 bulletins, 4 tally-reports fine, 0 problems"],
    )
    replay = cotejo("replay", tmp_path / "mine", "--json")
    assert [a["severity"] for a in orjson.loads(replay.stdout)["alerts"].values()].count("critical") == 2
    again = cotejo("init", tmp_path / "mine")
    assert again.returncode == 1
    assert "has election.toml, areas.csv" in again.stderr.decode()


def test_a_night_is_a_directory(tmp_path: Path) -> None:
    """A directory with an election file and event files is a night wherever a log's directory is."""
    cotejo("init", tmp_path)
    files = [tmp_path / "election.toml", tmp_path / "events.jsonl"]
    for command in (["replay"], ["check"], ["explain", "area", "N"], ["explain", "table", "T1"]):
        assert cotejo(*command, tmp_path).stdout == cotejo(*command, *files).stdout != b""


def test_a_night_that_is_not_there(tmp_path: Path) -> None:
    """A mistyped path is said to be missing, not to be a night without events."""
    done = cotejo("replay", tmp_path / "mien")
    assert (done.returncode, done.stderr.decode()) == (
        1,
        f"cotejo: {tmp_path / 'mien'}: is not there: name a night's directory, or an election file\n",
    )


def test_the_small_night_can_be_fed() -> None:
    """The small election's night is over, so that a worker takes its ticks and reports: none lies ahead of a clock."""
    events = [orjson.loads(line) for line in (SMALL / "events.jsonl").read_bytes().splitlines()]
    times = [datetime.fromisoformat(event.get("observed_at") or event["issued_at"]) for event in events]
    assert max(times) < datetime.now(UTC)


def test_broker(tmp_path: Path) -> None:
    """`cotejo broker` serves Kafka until Ctrl-C, and with a directory has its topics again the next time."""
    port, topology = free_port(), Topology("first-hour.")
    command = [sys.executable, "-m", "streams", "broker", "--port", str(port), "--directory", str(tmp_path / "data")]
    for existing in (False, True):
        with (tmp_path / "err").open("wb") as err:
            broker = subprocess.Popen(command, stderr=err, env=ENVIRONMENT, cwd=tmp_path)
        until(lambda: "Ctrl-C ends it" in (tmp_path / "err").read_text(), (tmp_path / "err").read_text)
        made = ensure(f"127.0.0.1:{port}", topology.inputs())
        assert all(change.change == ("kept" if existing else "created") for change in made)
        broker.send_signal(signal.SIGINT)
        assert broker.wait(40) == 0
    assert f"broker at 127.0.0.1:{port}, data in " in (tmp_path / "err").read_text()


@pytest.mark.parametrize(
    ("text", "moment"),
    [("1722225600000", 1_722_225_600_000), ("2024-07-29T00:00:00-04:00", "2024-07-29T00:00:00-04:00"), ("٣", "٣")],
)
def test_when_it_was_seen(text: str, moment: int | str) -> None:
    """A time that is given is sent as it is, milliseconds as a number; without one it is now."""
    assert send._moment(text) == moment
    now = send._moment("")
    assert isinstance(now, int)
    assert abs(now - 1000 * time.time()) < 60_000


def test_send_and_rejected(embedded: EmbeddedBroker, names: str, tmp_path: Path) -> None:
    """Reports and bulletins sent from the shell count; what would be turned away is not sent; what a worker turned away
    is listed with its place, reason and cure."""
    file = election_writer.write(election(), tmp_path)
    with LiveNight(load(file), embedded, tmp_path, names) as live:
        live.start(clock="wall")
        live.ready()
        topics = ["--broker", embedded.address, "--prefix", names, "--partitions", "3"]
        sent = cotejo("send", "report", file, "S1-1", "A=50", "B=20", "C=5", "--reporter", "ana", "--id", "r1", *topics)
        assert (sent.returncode, sent.stdout.decode()) == (0, f"sent to {names}tally-reports: r1\n")
        official = ["N", "A=40", "B=20", "C=5", "--authority", "council", "--sequence", "1", "--tables-counted", "2"]
        assert cotejo("send", "bulletin", file, *official, *topics).returncode == 0
        sink = KafkaSink(embedded.address)
        sink.send(live.topology.tally_reports, b"nonsense", partition=0)
        sink.close()

        def counted() -> bool:
            state = live.outcome().states.get("N")
            both = state and state["official"] and (state["witnessed"]["votes"]["A"], state["official"]["votes"]["A"])
            return both == (50, 40) and bool(live.read(live.topology.rejected))

        until(counted, live.told)
        options = ["--broker", embedded.address, "--prefix", names]
        listed = cotejo("rejected", file, *options)
        (line,) = listed.stdout.decode().splitlines()
        assert line.startswith(f"{names}tally-reports/")
        assert ": line 1 column 1: not-json: send JSON in UTF-8" in line
        assert listed.stderr.decode() == "1 message turned away: not-json 1\n"
        (record,) = cotejo("rejected", file, *options, "--json").stdout.splitlines()
        assert orjson.loads(record)["reasons"][0]["code"] == "not-json"


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (["report", "{file}", "S9-9", "A=1", "--reporter", "ana"], "unknown-table at table: add S9-9"),
        (["report", "{file}", "S1-1", "A", "--reporter", "ana"], "A: give each option once, as OPTION=VOTES"),
        (["report", "{file}", "S1-1", "A=1", "A=2", "--reporter", "ana"], "A=2: give each option once"),
        (["report", "{file}", "S1-1", "X=1", "--reporter", "ana"], "unknown-option at votes.X"),
        (["report", "{file}", "S1-1", "A=999", "--reporter", "ana"], "too-many-ballots"),
        (["report", "{file}", "S1-1", "A=1", "--reporter", "ana", "--at", "noon"], "observed_at"),
        (["bulletin", "{file}", "Z", "A=1", "--authority", "c", "--sequence", "1"], "unknown-area at area: add Z"),
        (["report", "{file}", "S1-1", "A=1", "--reporter", "ana", "--prefix", "nowhere."], "missing"),
    ],
)
def test_what_is_not_sent(arguments: list[str], cure: str, embedded: EmbeddedBroker, tmp_path: Path) -> None:
    """What a worker would turn away, or what has no topic, is not sent, and said in one line."""
    file = election_writer.write(election(), tmp_path)
    done = cotejo("send", *(a.format(file=file) for a in arguments), "--broker", embedded.address)
    assert done.returncode == 1
    assert cure in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1
