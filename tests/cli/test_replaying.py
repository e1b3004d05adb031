"""`cotejo replay` as a user meets it: what it prints where, its files, its exit codes."""

import hashlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import orjson
import pytest
from builders import T0, alike, bulletin, election, lines, report
from pipeline import Logs, feed
from test_cli import cotejo
from typer.testing import CliRunner

from streams import cli
from streams.cli.replay import lived
from streams.config import election_writer
from streams.core.election.settings import AlertPolicy
from streams.core.events.input_topics import BULLETINS, REPORTS
from streams.core.events.model import Event
from streams.kafka.topology import Topology
from streams.nights.eventlog import generated_night
from streams.nights.eventlog.record import Record
from streams.nights.eventlog.writer import LogWriter
from streams.nights.feeder import Pace
from streams.nights.inputs import Input

KNOWN = election(states=2, tables=30, registered=300, alerts=AlertPolicy(tick=10, hold=0, cooldown=600))
EVENTS: list[Event] = [
    *(report(table, (150, 60, 10), at=T0 + 1000 * i) for i, table in enumerate(alike(KNOWN, (1, 1, 1)))),
    bulletin((100, 9000, 600), at=T0 + 90_000, tables_counted=60),
]


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A night as an event log."""
    generated_night.write(tmp_path / "night", KNOWN, EVENTS, "a test")
    return tmp_path / "night"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """The same as an election file and an event file, with a bad line at the end."""
    path, events = election_writer.write(KNOWN, tmp_path / "files"), tmp_path / "files" / "night.jsonl"
    events.write_bytes(b"\n".join([*lines(EVENTS), b"\x1b[31mred"]))
    return path, events


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda text: text, id="no line feed at the end"),
        pytest.param(lambda text: text + b"\n", id="one"),
        pytest.param(lambda text: b"\n \n" + text.replace(b"\n", b" \r\n\n"), id="blank lines, spaces, CR LF"),
        pytest.param(lambda text: text + b"\n" + b"x" * (2**20 + 9000) + b"\n", id="a line that is too long"),
    ],
)
def test_stdin_as_it_came(
    content: Callable[[bytes], bytes], files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a report says of stdin is what `wc -c` and `sha256sum` say of it, and the rest is as with a file."""
    path, events = files
    events.write_bytes(given := content(events.read_bytes()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    piped, of_file = (lived([path, name], None, keep_going=False) for name in (Path("-"), events))
    digest = hashlib.sha256(given).hexdigest()
    assert piped.source.inputs()[-1] == Input("stdin", len(given), digest)
    assert of_file.source.inputs()[-1] == Input(events.name, len(given), digest)
    assert piped.outcomes[0].sha256 == of_file.outcomes[0].sha256


@pytest.mark.parametrize("command", ["replay", "check", "explain area N"])
def test_no_event_file(command: str, files: tuple[Path, Path], tmp_path: Path) -> None:
    """A FIFO as an event file is not waited for, a device not read for ever: one line says so, and what works."""
    path, _ = files
    os.mkfifo(fifo := tmp_path / "fifo")
    for odd in (fifo, Path("/dev/zero")):
        done = cotejo(*command.split(), path, odd)
        assert done.returncode == 1
        assert f"{odd}: cannot be read: it is no regular file; pipe into the command and name - for stdin" in (
            done.stderr.decode()
        )


def test_stdin_twice(files: tuple[Path, Path]) -> None:
    """stdin is one of the inputs, not two."""
    done = cotejo("replay", files[0], "-", "-")
    assert (done.returncode, b"stdin can be read once: name it once" in done.stderr) == (1, True)


def test_summary(night: Path) -> None:
    """People read what came, what fired and when, and where the counts are furthest apart; in Spanish too."""
    told = cotejo("replay", night).stdout.decode()
    assert "60 tally reports, 1 bulletin, 0 unreadable" in told
    first = "first called 2024-07-29 00:01 UTC (critical); worst 2024-07-29 00:01 UTC (critical); still open (critical)"
    assert f"critical, contradiction: {first}" in told
    assert "sheets would have to be wrong" in told
    assert "Area N" in told
    assert "change who leads" not in told, "every sheet counts"
    spanish = cotejo("replay", night, "--lang", "es").stdout.decode()
    assert "tendrían que estar equivocadas" in spanish
    assert told.split()[-1] == spanish.split()[-1]


def test_json_is_what_the_hash_says(night: Path, files: tuple[Path, Path], tmp_path: Path) -> None:
    """stdout and --out hold the same bytes, and their SHA-256 is the hash that is shown."""
    out = tmp_path / "outcome.json"
    done = cotejo("replay", night, "--json", "--out", out)
    assert out.read_bytes() == done.stdout
    assert hashlib.sha256(done.stdout).hexdigest() in done.stderr.decode()
    found = orjson.loads(done.stdout)
    assert found["states"]["N"]["witnessed"]["tables"] == 60
    from_files = orjson.loads(cotejo("replay", *files, "--json").stdout)
    for alert in found["alerts"].values():
        assert alert["worst"]["finding"]["sentence"]["en"]
        assert alert["called_at"] <= alert["worst"]["at"] <= found["at"]
        assert alert["status"] == "firing"
    assert from_files["rejected"]["not-json"]["samples"][0]["excerpt"] == "\x1b[31mred"
    for part in ("states", "verdicts", "alerts", "notices"):
        assert from_files[part] == found[part]


def test_rubbish_is_shown_without_its_control_characters(files: tuple[Path, Path]) -> None:
    """No escape sequence from the input reaches the terminal."""
    assert b"\x1b" not in cotejo("replay", *files).stdout


def test_compare(night: Path, tmp_path: Path) -> None:
    """Another configuration's file needs no CSVs of its own; what differs, and what would have been called, is told
    to people and as JSON."""
    other = tmp_path / "elsewhere" / "other.toml"
    other.parent.mkdir()
    text = (night / election_writer.ELECTION).read_text()
    other.write_text(text.replace("min_sheets = 10\n", "min_sheets = 1000\n"))
    told = cotejo("replay", night, "--compare", other).stdout.decode()
    assert "rules.contradiction.min_sheets: 10 -> 1000" in told
    assert "Only under A (3)" in told
    assert "Only under B (0)" in told
    found = orjson.loads(cotejo("replay", night, "--compare", other, "--json").stdout)
    assert found["changed"] == {"rules.contradiction.min_sheets": [10, 1000]}
    assert {known["fingerprint"] for known in found["only_a"]} == {f"contradiction:N:{option}" for option in "ABC"}
    same = orjson.loads(cotejo("replay", night, "--compare", night / "election.toml", "--json").stdout)
    assert (same["only_a"], same["only_b"], same["changed"]) == ([], [], {})
    assert same["a"]["sha256"] == same["b"]["sha256"]


def test_a_damaged_log(night: Path) -> None:
    """A torn log is one clear error that names the place; with --keep-going what is readable is replayed."""
    segment = next(night.glob("segment*"))
    segment.write_bytes(segment.read_bytes()[:-20])
    done = cotejo("replay", night, "--json")
    assert (done.returncode, done.stdout) == (1, b"")
    assert str(segment) in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    going = cotejo("replay", night, "--json", "--keep-going")
    assert going.returncode == 0
    assert orjson.loads(going.stdout)["states"]["N"]["witnessed"]["tables"] == 60


def recording(directory: Path) -> Logs:
    """The night as a recorder writes it."""
    logs = feed(KNOWN, lines(EVENTS), Topology("x.", 3), Pace(pack=7, every_tick=False))
    with LogWriter.create(directory, KNOWN, prefix="x.", partitions=3, writer="cotejo record", created=T0) as log:
        for partition, messages in enumerate(logs.reports):
            for offset, content in enumerate(messages):
                log.append(Record(REPORTS, partition, offset, T0, None, content))
        for offset, content in enumerate(logs.bulletins):
            log.append(Record(BULLETINS, 0, offset, T0, None, content))
    return logs


def test_a_message_may_hold_nothing(tmp_path: Path) -> None:
    """A partition in which there are only empty arrays changes nothing of a recorded night."""
    outcomes = []
    for name, contents in (("with", [b"[]", b" [] "]), ("without", [])):
        with LogWriter.create(
            tmp_path / name, KNOWN, prefix="x.", partitions=2, writer="cotejo record", created=T0
        ) as log:
            for partition, messages in enumerate((contents, lines(EVENTS))):
                for offset, content in enumerate(messages):
                    log.append(Record(REPORTS, partition, offset, T0, None, content))
        done = cotejo("replay", tmp_path / name, "--json")
        assert done.returncode == 0, done.stderr
        outcomes.append(done.stdout)
    assert outcomes[0] == outcomes[1]


def test_a_cut_keeps_its_clock(tmp_path: Path) -> None:
    """What was cut from a recording is judged by the ticks in it, as the recording is; what was cut from a night that
    a program made, by its events' times."""
    recorded, whole = tmp_path / "recorded", tmp_path / "made"
    generated_night.write(whole, KNOWN, EVENTS, "a test")
    logs = recording(recorded)
    for night in (recorded, whole):
        part = tmp_path / f"{night.name}-part"
        assert cotejo("log", "cut", night, "--from", "2020-01-01T00:00:00Z", "-o", part).returncode == 0
        done, all_of_it = (cotejo("replay", place, "--json") for place in (part, night))
        assert done.stdout == all_of_it.stdout
        assert orjson.loads(done.stdout)["counts"].get("ticks", 0) == (
            4 * len(of_ticks(logs)) if night is recorded else 0
        )


def of_ticks(logs: Logs) -> list[bytes]:
    return [content for content in logs.bulletins if b'"tick"' in content]


def test_an_election_that_was_edited(night: Path, tmp_path: Path) -> None:
    """Once a log's election is no more what it was, replay, report, explain, verify and info say so of each file, and
    go on: by what it says now. The page says it in its reader's language."""
    asked: list[tuple[object, ...]] = [
        ("replay", night), ("explain", "area", "N", night), ("log", "verify", night), ("log", "info", night),
        ("report", night, "-o", tmp_path / "en.html"), ("report", night, "--lang", "es", "-o", tmp_path / "es.html"),
    ]  # fmt: skip
    here = CliRunner()
    for arguments in asked:
        assert "was changed" not in here.invoke(cli.app(), [str(argument) for argument in arguments]).stderr
    assert "Not as they were" not in (tmp_path / "en.html").read_text()
    edits = {"election.toml": ("cooldown = 600", "cooldown = 60"), "areas.csv": ("9000", "9001")}
    for name, (old, new) in edits.items():
        (night / name).write_text((night / name).read_text().replace(old, new))
    (night / "register.csv").unlink()
    (night / "register.csv").write_text("table,area\n" + "".join(f"{t},{p.area}\n" for t, p in KNOWN.tables.items()))
    for arguments in asked:
        done = here.invoke(cli.app(), [str(argument) for argument in arguments])
        assert done.exit_code == 0
        told = [line for line in done.stderr.splitlines() if "was changed since the log was begun" in line]
        assert [line.split(": ")[1] for line in told] == [f"{night}/{name}" for name in (*edits, "register.csv")]
    done = here.invoke(cli.app(), ["explain", "area", "nowhere", str(night)])
    assert (done.exit_code, done.stderr.count("\n"), "nowhere" in done.stderr) == (1, 1, True)  # the error alone
    files = "election.toml, areas.csv, register.csv"
    assert f"Not as they were when the log was begun: {files}." in (tmp_path / "en.html").read_text()
    assert f"Ya no son como cuando empezó el registro: {files}." in (tmp_path / "es.html").read_text()


def test_another_election_for_a_log(tmp_path: Path) -> None:
    """An election file that is named before a log's directory is the one that counts, for a recording too; it was not
    edited, it is another one."""
    recording(tmp_path / "night")
    other = election_writer.write(replace(KNOWN, alerts=AlertPolicy(tick=10, hold=10**4)), tmp_path / "other")
    own, others = (cotejo("replay", *night, "--json") for night in ([tmp_path / "night"], [other, tmp_path / "night"]))
    assert orjson.loads(own.stdout)["notices"]
    assert not orjson.loads(others.stdout)["notices"]
    assert b"was changed" not in own.stderr + others.stderr


@pytest.mark.parametrize("command", ["replay", "report"])
def test_ctrl_c(command: str, files: tuple[Path, Path], tmp_path: Path) -> None:
    """Interrupted in mid-night it says so in one line, exits with 130 and leaves no half file."""
    out = tmp_path / "out"
    out.mkdir()
    arguments = [sys.executable, "-m", "streams", command, str(files[0]), "-", "--out", str(out / "file")]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # which it is not behind a shell's &
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heard) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(b"".join(line + b"\n" for line in lines(EVENTS) * 100))  # more than a pipe holds
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        told = process.stderr.read()
    assert process.returncode == 130, told
    assert told.decode().splitlines()[-1] == "cotejo: stopped"
    assert b"Traceback" not in told
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere",), "nowhere"),
        (("files/election.toml",), "event files"),
        (("files/election.toml", "files/none.jsonl"), "none.jsonl: cannot be read"),
        (("files/election.toml", "files/night.jsonl", "--out", "no/such/place"), "no/such/place: cannot be written"),
        (("files/election.toml", "files/night.jsonl", "--compare", "none.toml"), "none.toml"),
    ],
    ids=["no night", "no events", "a missing event file", "no place to write", "no other election"],
)
def test_mistakes(arguments: tuple[str, ...], told: str, files: tuple[Path, Path], tmp_path: Path) -> None:
    """One line on stderr says what to mend; exit code 1."""
    done = cotejo("replay", *arguments, directory=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert told in done.stderr.decode()
    assert b"Traceback" not in done.stderr
