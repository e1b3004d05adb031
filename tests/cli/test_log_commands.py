"""`cotejo log`, and what else reads logs: what is printed where, exit codes, and how much memory it takes."""

import shutil
import subprocess
import sys
import tracemalloc
from base64 import b64encode
from pathlib import Path
from typing import Any

import orjson
import pytest
from brokers import ROOT
from builders import T0, bulletin, election, lines, report
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline import Logs, Pipeline, feed
from typer.testing import CliRunner

from streams import cli
from streams.core.election.settings import AlertPolicy
from streams.core.events.codec import encode, plain
from streams.core.events.input_topics import BULLETINS, REPORTS
from streams.core.events.model import Event
from streams.kafka.topology import Topology
from streams.nights.arrival import of_lines, of_record
from streams.nights.errors import NightError
from streams.nights.eventlog import generated_night
from streams.nights.eventlog.errors import LogError
from streams.nights.eventlog.reader import EventLog
from streams.nights.eventlog.record import Record
from streams.nights.eventlog.writer import LogWriter
from streams.nights.feeder import Feeder, Pace
from streams.nights.paths import Arrivals, NightFiles

KNOWN = election(states=2, tables=6, alerts=AlertPolicy(tick=10, hold=20))
TOPOLOGY = Topology("x.", 3)
ODD = [
    Record(
        REPORTS, 0, 3, T0, b"S1-1", b'{\n "a": 12345678901234567890123 }', (("h", b"v"), ("b", b"\xff"), ("n", None))
    ),
    Record(REPORTS, 1, 0, T0 + 1000, None, None),
    Record(BULLETINS, 0, 0, T0 + 2000, b"\xff", b"\xffno JSON"),
    Record(BULLETINS, 0, 1, 2**60, b"", b""),
]


def cotejo(*arguments: object, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """The command, in this process: that is quick."""
    done = CliRunner().invoke(cli.app(), list(map(str, arguments)), input=stdin)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return subprocess.CompletedProcess("", done.exit_code, done.stdout_bytes, done.stderr_bytes)


def begin(directory: Path, **sizes: int) -> LogWriter:
    return LogWriter.create(
        directory, KNOWN, prefix="x.", partitions=3, writer="cotejo record", created=1_700_000_000_000, **sizes
    )


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A log of messages of every kind."""
    with begin(tmp_path / "odd") as writer:
        for record in ODD:
            writer.append(record)
    return tmp_path / "odd"


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A made log: a report each second, then a bulletin."""
    events: list[Event] = [*(report(t, at=T0 + 1000 * i) for i, t in enumerate(KNOWN.tables)), bulletin(at=T0 + 60_000)]
    generated_night.write(tmp_path / "night", KNOWN, events, "cotejo simulate")
    return tmp_path / "night"


def test_cat(odd: Path) -> None:
    """Each record is one JSON line: JSON as JSON, digit for digit, text as text, else base64; no value apart from
    null and empty."""
    done = cotejo("log", "cat", odd)
    assert done.returncode == 0
    printed = done.stdout.splitlines()
    assert b'"value":{  "a": 12345678901234567890123 }' in printed[0]
    first, second, third, fourth = map(orjson.loads, printed)
    assert first["headers"] == [
        {"name": "h", "value": "v"}, {"name": "b", "value_base64": "/w=="}, {"name": "n", "value": None},
    ]  # fmt: skip
    assert (first["topic"], first["partition"], first["offset"], first["timestamp"]) == (REPORTS, 0, 3, T0)
    assert (second["key"], second["value"], second["tombstone"]) == (None, None, True)
    assert (third["key_base64"], third["value_base64"]) == ("/w==", b64encode(b"\xffno JSON").decode())
    assert (fourth["key"], fourth["value_base64"]) == ("", "")


def test_cat_events(night: Path) -> None:
    """With --events the lines are an event file's, which every command reads again."""
    done = cotejo("log", "cat", night, "--events")
    assert b"12 tally-reports fine" in cotejo("check", night / "election.toml", "-", stdin=done.stdout).stdout
    assert done.stdout == b"".join((arrival.raw or b"") + b"\n" for arrival in Arrivals([night]))


def test_a_broken_pipe(tmp_path: Path) -> None:
    """Who stops reading gets no complaint."""
    with begin(tmp_path) as writer:
        for i in range(20_000):
            writer.append(Record(REPORTS, 0, i, T0, None, b'"%0100d"' % i))
    command = f"{sys.executable} -m streams log cat {tmp_path} | head -n 2 | wc -l; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, cwd=ROOT, check=True)
    assert (done.stdout.split(), done.stderr) == ([b"2", b"0"], b"")


def test_info(odd: Path, tmp_path: Path) -> None:
    """Info counts by partition, with offsets and times, absurd ones too; the content's hash does not depend on how the
    log was cut into blocks; a changed election file is named on stderr."""
    found = orjson.loads(cotejo("log", "info", odd, "--json").stdout)
    fields = ("topic", "partition", "records", "first_offset", "last_offset")
    assert [tuple(part[field] for field in fields) for part in found["partitions"]] == [
        (BULLETINS, 0, 2, 0, 1), (REPORTS, 0, 1, 3, 3), (REPORTS, 1, 1, 0, 0),
    ]  # fmt: skip
    assert (found["records"], found["closed"], found["gaps"], found["changed"]) == (4, True, [], [])
    with begin(tmp_path / "again", block=1, segment=100) as writer:
        for record in ODD:
            writer.append(record)
    again = orjson.loads(cotejo("log", "info", tmp_path / "again", "--json").stdout)
    assert again["content"] == found["content"]
    assert again["segments"] > found["segments"] == 1
    (odd / "election.toml").write_text((odd / "election.toml").read_text() + "# a remark\n")
    shown = cotejo("log", "info", odd)
    assert f"{odd}/election.toml: was changed since the log was begun" in shown.stderr.decode()
    assert str(2**60) in shown.stdout.decode()
    assert found["content"] in shown.stdout.decode()


def test_verify(odd: Path) -> None:
    """A whole log is exit code 0; each damage is one line with its place, and exit code 1."""
    assert cotejo("log", "verify", odd).returncode == 0
    path = odd / "segment-000001.log"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    done = cotejo("log", "verify", odd)
    assert done.returncode == 1
    damage, summary = done.stdout.decode().splitlines()
    assert damage.startswith(f"{path}: byte 36, after record 0: the block's content is damaged")
    assert "1 damages" in summary
    (line,) = cotejo("log", "verify", odd, "--json").stdout.splitlines()
    assert orjson.loads(line)["byte"] == 36


@pytest.mark.parametrize("command", ["feed", "check", "explain", "cat", "info", "cut"])
def test_a_damaged_log(command: str, night: Path, tmp_path: Path) -> None:
    """Every command that reads a log says its damage in one line and ends with 1, without a traceback."""
    path = night / "segment-000001.log"
    path.write_bytes(path.read_bytes()[:-3])
    arguments: dict[str, list[object]] = {
        "feed": ["feed", night, "--broker", "127.0.0.1:1"],
        "check": ["check", night],
        "explain": ["explain", "area", "N", night],
        "cat": ["log", "cat", night],
        "info": ["log", "info", night],
        "cut": ["log", "cut", night, "-o", tmp_path / "cut"],
    }
    done = cotejo(*arguments[command])
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    if command != "feed":  # nobody is there to be fed
        assert (done.stdout + done.stderr).count(b"cut off") == 1
    if command in ("explain", "cat", "info", "cut"):
        done = cotejo(*arguments[command], "--keep-going")
        assert done.returncode == 0
        assert done.stderr.count(b"cut off") == 1


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        pytest.param([], 13, id="all"),
        pytest.param(["--from", str(T0 + 5000)], 8, id="from, which is kept"),
        pytest.param(["--to", str(T0 + 5000)], 5, id="to, which is not"),
        pytest.param(["--from", str(T0 + 2000), "--to", str(T0 + 5000)], 3, id="both"),
        pytest.param(["--from", "2024-07-28T00:00:00Z", "--by", "event"], 13, id="RFC 3339"),
    ],
)
def test_cut(arguments: list[str], kept: int, night: Path, tmp_path: Path) -> None:
    """A cut has the records of its time with the offsets they had, and is a log like any other."""
    done = cotejo("log", "cut", night, "-o", tmp_path / "cut", *arguments)
    assert done.returncode == 0, done.stderr.decode()
    found = list(EventLog.open(tmp_path / "cut").records())
    assert len(found) == kept
    assert set(found) <= set(EventLog.open(night).records())
    assert cotejo("check", tmp_path / "cut").returncode == 0


def test_a_cut_that_finds_nothing(night: Path, tmp_path: Path) -> None:
    """The former output stays as it was until there is a record to put in its place."""
    out = tmp_path / "cut"
    assert cotejo("log", "cut", night, "-o", out).returncode == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    done = cotejo("log", "cut", night, "-o", out, "--to", "5")
    assert (done.returncode, b"has no record in that time" in done.stderr) == (1, True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert cotejo("log", "cut", night, "-o", tmp_path / "new", "--to", "5").returncode == 1
    assert not (tmp_path / "new").exists()


def test_a_recording_that_cannot_begin(night: Path, tmp_path: Path) -> None:
    """Without a broker nothing is left behind that the next recording would refuse."""
    out = tmp_path / "recorded"
    done = cotejo("record", out, "--election", night / "election.toml", "--broker", "127.0.0.1:9")
    assert done.returncode == 1, done.stderr
    assert not out.exists()


def test_cut_by_event(tmp_path: Path) -> None:
    """By event time a pack counts by its newest event, and what is unreadable goes with the record before it."""
    pack = [encode(plain(report(id=str(i), at=T0 + 1000 * i))) for i in range(6)]
    with begin(tmp_path / "log") as writer:
        writer.append(Record(REPORTS, 0, 0, 7, None, b"[" + b",".join(pack[:3]) + b"]"))
        writer.append(Record(REPORTS, 0, 1, 7, None, b"rubbish"))
        writer.append(Record(REPORTS, 0, 2, 7, None, b"[" + b",".join(pack[3:]) + b"]"))
    for end, offsets in ((T0 + 2001, [0, 1]), (T0 + 9000, [0, 1, 2])):
        done = cotejo("log", "cut", tmp_path / "log", "-o", tmp_path / "cut", "--by", "event", "--to", end)
        assert done.returncode == 0, done.stderr.decode()
        assert [record.offset for record in EventLog.open(tmp_path / "cut").records()] == offsets


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["-o", "{night}"], "is the log itself", id="into itself"),
        pytest.param(["-o", "{new}", "--from", "noon"], "--from 'noon': give RFC 3339", id="no time"),
        pytest.param(["-o", "{new}", "--to", "2024-07-28T00:00:00"], "give the time zone too", id="no time zone"),
        pytest.param(["-o", "{new}", "--to", "5"], "has no record in that time", id="nothing left"),
        pytest.param(["-o", "{recording}"], "holds a recording", id="over a recording"),
    ],
)
def test_cut_not(arguments: list[str], says: str, night: Path, odd: Path, tmp_path: Path) -> None:
    """What cannot be cut is one line, and neither log is touched."""
    before = [path.read_bytes() for path in (night / "segment-000001.log", odd / "segment-000001.log")]
    given_ = [argument.format(night=night, recording=odd, new=tmp_path / "new") for argument in arguments]
    done = cotejo("log", "cut", night, *given_)
    assert done.returncode == 1
    assert says in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert before == [path.read_bytes() for path in (night / "segment-000001.log", odd / "segment-000001.log")]


def test_nights(night: Path, tmp_path: Path) -> None:
    """A night is a log, an election file with event files or with a log, or a directory of them; all give the same
    events. What is none of these is an error that says so."""
    events = tmp_path / "events.jsonl"
    events.write_bytes(cotejo("log", "cat", night, "--events").stdout)
    expected = [arrival.event for arrival in NightFiles.of([night]).arrivals()]
    for paths in ([night / "election.toml", events], [night / "election.toml", night]):
        assert [arrival.event for arrival in NightFiles.of(paths).arrivals()] == expected
    shutil.copy(night / "election.toml", tmp_path / "election.toml")
    assert [arrival.event for arrival in NightFiles.of([tmp_path]).arrivals()] == expected
    (tmp_path / "election.toml").unlink()
    with pytest.raises(LogError, match="is no event log"):
        NightFiles.of([tmp_path])
    with pytest.raises(NightError, match="no events"):
        NightFiles.of([night / "election.toml"]).arrivals()


def test_jsonl(tmp_path: Path) -> None:
    """With --jsonl a simulated night is JSON lines, and the same events as in the log."""
    small = ("--tables", 300, "--states", 2, "--municipalities", 3)
    for name, options in (("log", ()), ("lines", ("--jsonl",))):
        assert cotejo("simulate", "--out", tmp_path / name, *small, *options).returncode == 0
    assert not list((tmp_path / "lines").glob("segment-*"))
    read = NightFiles.of([tmp_path / "lines" / "election.toml", tmp_path / "lines" / "events.jsonl"]).arrivals()
    assert [a.raw for a in read] == [a.raw for a in NightFiles.of([tmp_path / "log"]).arrivals()]


class Recording:
    """A sink whose messages come into a log, as a recorder would write them."""

    def __init__(self, log: LogWriter) -> None:
        self._log, self._ends = log, dict[tuple[str, int], int]()
        self._names = {TOPOLOGY.tally_reports: REPORTS, TOPOLOGY.bulletins: BULLETINS}

    def send(self, topic: str, content: bytes | None, key: bytes | None = None, partition: int | None = None) -> None:
        place = self._names[topic], partition or 0
        offset = self._ends[place] = self._ends.get(place, -1) + 1
        self._log.append(Record(*place, offset, T0 + self._log.records, key, content))

    def close(self) -> None:
        pass


moments = st.lists(st.tuples(st.sampled_from(list(KNOWN.tables)), st.integers(0, 90)), min_size=1, max_size=30)


@given(moments, st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_fed_recorded_fed(tmp_path_factory: pytest.TempPathFactory, given_: list[tuple[str, int]], pack: int) -> None:
    """A night that was fed, recorded and fed again from its log comes to the same, notices and their times included."""
    events: list[Any] = [report(t, (300, 1, 1), id=str(i), at=T0 + 1000 * s) for i, (t, s) in enumerate(given_)]
    events += [bulletin((1, 300, 1), at=T0 + 45_000, tables_counted=12)]
    events.sort(key=lambda event: event.at)
    night, pace, directory = (
        [*lines(events), b"rubbish"],
        Pace(pack=pack, every_tick=True),
        tmp_path_factory.mktemp("log"),
    )
    first, again = feed(KNOWN, night, TOPOLOGY, pace), Logs(TOPOLOGY)
    with begin(directory) as log:
        Feeder(Recording(log), KNOWN, TOPOLOGY, pace).feed(of_lines(night))
    Feeder(again, KNOWN, TOPOLOGY, pace).feed(Arrivals([directory]))
    assert Pipeline(KNOWN, again).run(lambda n: 0) == Pipeline(KNOWN, first).run(lambda n: 0)


@pytest.mark.parametrize(
    ("topic", "value", "raws"),
    [
        pytest.param(REPORTS, b" [1, 2]", [b"1", b"2"], id="an array, each by itself"),
        pytest.param(REPORTS, b"[1", [b"[1"], id="no JSON, as a whole"),
        pytest.param(REPORTS, b"[]", [], id="an empty array is nothing"),
        pytest.param(REPORTS, None, [None], id="no value"),
        pytest.param(REPORTS, b"", [b""], id="an empty value"),
        pytest.param(BULLETINS, b"[1]", [b"[1]"], id="an array of bulletins, as a whole"),
        pytest.param(BULLETINS, b'{ "area": 5 }', [b'{ "area": 5 }'], id="a bulletin, byte for byte"),
    ],
)
def test_messages(topic: str, value: bytes | None, raws: list[bytes | None]) -> None:
    """A message comes apart into what a worker would make of it, each with its own bytes."""
    assert [arrival.raw for arrival in of_record(Record(topic, 1, 7, 0, None, value), "log")] == raws
    assert {arrival.place for arrival in of_record(Record(topic, 1, 7, 0, None, value), "log")} <= {f"log/{topic}/1:7"}


def test_memory(tmp_path: Path) -> None:
    """Writing and reading 100 MB takes the memory of a few blocks, not of the log."""
    tracemalloc.start()
    try:
        with begin(tmp_path) as writer:
            for i in range(3200):
                writer.append(Record(REPORTS, 0, i, 0, None, b"%032768d" % i))
        assert sum(1 for _ in EventLog.open(tmp_path).records()) == 3200
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()
