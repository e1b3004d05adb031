"""What reaches the terminal: text from outside, and nothing in it that a terminal would obey."""

from __future__ import annotations

import ast
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from pathlib import Path

import orjson
import pytest
from brokers import ROOT, Broker
from builders import T0, election, report
from event_files import write_events
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console
from test_posting import NOTICE
from typer import Exit
from typer.testing import CliRunner, Result

from streams import cli
from streams.cli.common import plainly
from streams.config import election_writer
from streams.core.events.codec import encode, to_json
from streams.errors import CotejoError
from streams.kafka.producer import KafkaSink
from streams.kafka.topic_admin import ensure
from streams.kafka.topology import Topology
from streams.nights.eventlog import generated_night, manifest
from streams.report import summary
from streams.support.progress import Progress
from streams.support.terminal import escaped
from streams.text import shown

HOSTILE = "\x1b[2J\x9b1m\u202e\u2066\x07\x7f\r"
"""Clear the screen, bold, turn the writing round, ring, rub out, go back and write over."""
PLAIN = shown(HOSTILE)
KNOWN = election(states=2, tables=4)


def cotejo(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app(), [str(argument) for argument in arguments])


def harmless(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


@given(st.text() | st.dictionaries(st.text(), st.text()))
@example(HOSTILE)
@example("\U000e0001\U0001f600")
def test_json_stays_the_same(value: object) -> None:
    """JSON that is shown is the same value, in printable characters."""
    told = escaped(orjson.dumps(value).decode())
    assert orjson.loads(told) == value
    assert told.isprintable()


@given(st.text(st.characters()))
@example("\udcff\x1b")
def test_a_line_stays_one(text: str) -> None:
    """Whatever is shown is one line, printable, and writable: half a character of a file's name too."""
    assert shown(text).isprintable()
    shown(text).encode()
    assert (shown(text) == text) == text.isprintable()


EDITS: list[tuple[str, Callable[[str], str]]] = [
    ("election.name", lambda text: text.replace('name = "', 'name = "\\u001b[2J', 1)),
    ("election.notice", lambda text: text.replace('notice = ""', 'notice = "a\\u202eb"')),
    ("option[0].name", lambda text: text.replace('id = "A"\nname = "', 'id = "A"\nname = "\\u009b')),
    ("option[1].id", lambda text: text.replace('id = "B"', 'id = "B\\u007f"')),
    ("receiver[0].secret_file", lambda text: text + RECEIVER.format(name="desk", file="/run/\\u0007")),
    ("receiver[0].name", lambda text: text + RECEIVER.format(name="de\\u2066sk", file="/run/x")),
    ("authority[0].id", lambda text: text + '\n[[authority]]\nid = "board\\r"\n'),
    (
        "reconcile.trusted_sources[0]",
        lambda text: text.replace("trusted_sources = []", 'trusted_sources = ["\\u2028"]'),
    ),
    (r"election.na\x1bme", lambda text: text.replace("[election]", '[election]\n"na\\u001bme" = 1')),
]
RECEIVER = '\n[[receiver]]\nname = "{name}"\nurl = "https://x.example/"\nsecret_file = "{file}"\n'


@pytest.mark.parametrize(("place", "edit"), EDITS, ids=[place for place, _ in EDITS])
def test_texts_of_an_election_file(place: str, edit: Callable[[str], str], tmp_path: Path) -> None:
    """A text that a terminal would obey is refused where it comes in, with its file, its line and the character."""
    path = election_writer.write(KNOWN, tmp_path)
    before = path.read_text(encoding="utf-8")
    path.write_text(edit(before), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != before
    done = cotejo("check", path)
    assert done.exit_code == 1
    assert f": {place}: write printable characters only: there is U+" in done.stderr
    assert harmless(done.output)


@pytest.mark.parametrize("file", ["areas.csv", "register.csv", "reporters.csv"])
def test_cells_beside_it(file: str, tmp_path: Path) -> None:
    """So is a cell of its areas, its register and its reporters."""
    path = election_writer.write(KNOWN, tmp_path)
    key = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
    (tmp_path / "reporters.csv").write_text(f"reporter,public_key,group\nana,{key},house\n")
    path.write_text(path.read_text().replace("[election]", '[election]\nreporters = "reporters.csv"'))
    assert cotejo("check", path).exit_code == 0
    lines = (tmp_path / file).read_text(encoding="utf-8").splitlines()
    cells = lines[-1].split(",")
    cells[0] += "\x1b[2J"
    (tmp_path / file).write_text("\n".join([*lines[:-1], ",".join(cells)]), encoding="utf-8")
    done = cotejo("check", path)
    column = lines[0].split(",")[0]
    assert done.exit_code == 1
    assert f"{file}:{len(lines)}: {column}: write printable characters only: there is U+001B in it" in done.stderr
    assert harmless(done.output)


def night(directory: Path) -> Path:
    """An event file of a hostile name, with rubbish in it."""
    election_writer.write(KNOWN, directory)
    path = directory / f"{HOSTILE}.jsonl"
    write_events(path, [report("S1-1", at=T0)])
    deep = b"[" * 60 + b"]" * 60
    with path.open("ab") as file:
        file.write(encode({"type": HOSTILE}) + b"\n" + HOSTILE.encode().replace(b"\r", b"") + b"\n")
        file.write(encode({"type": "tick", "at": 1})[:-1] + b"," + encode(HOSTILE) + b":" + deep + b"}\n")
        file.write(encode({"type": "tick", "at": HOSTILE}) + b"\n")
    return path


def log(directory: Path) -> Path:
    """A log whose manifest says hostile things, and fits."""
    generated_night.write(directory, KNOWN, [report("S1-1", at=T0)], HOSTILE)
    (directory / HOSTILE).write_bytes(b"x")
    segment = next(directory.glob("segment-*"))
    segment.unlink()
    fields = {"prefix": HOSTILE, "partitions": 4, "writer": HOSTILE, "created": None}
    manifest.begin(directory, election=HOSTILE, files=[HOSTILE], **fields)  # type: ignore[arg-type]
    (directory / HOSTILE).write_bytes(b"y")
    return directory


CASES: list[tuple[str, Callable[[Path], list[object]]]] = [
    ("events that are checked", lambda d: ["check", d / "election.toml", night(d)]),
    ("the same as JSON", lambda d: ["check", d / "election.toml", night(d), "--json"]),
    ("a file that is missing", lambda d: [night(d) and "check", d / "election.toml", d / f"no{HOSTILE}"]),
    ("an explanation", lambda d: ["explain", "table", "S1-1", d / "election.toml", night(d)]),
    ("a table that nobody knows", lambda d: ["explain", "table", HOSTILE, d / "election.toml", night(d)]),
    ("a replay", lambda d: ["replay", d / "election.toml", night(d)]),
    ("a report of it", lambda d: ["report", d / "election.toml", night(d), "-o", d / f"{HOSTILE}.html"]),
    ("a log's manifest", lambda d: ["log", "info", log(d), "--keep-going"]),
    ("the same as JSON", lambda d: ["log", "info", log(d), "--keep-going", "--json"]),
    ("a log that is verified", lambda d: ["log", "verify", log(d)]),
    ("a map that is missing", lambda d: ["import", "run", d / HOSTILE, "--out", d]),
    ("a topic's prefix", lambda d: [night(d) and "topics", d / "election.toml", "--prefix", HOSTILE]),
    ("a broker's address", lambda d: [night(d) and "topics", d / "election.toml", "--broker", f"{HOSTILE}:1"]),
    ("a simulation's directory", lambda d: ["simulate", "--out", d / HOSTILE, "--tables", 240, "--jsonl"]),
]


@pytest.mark.parametrize(("what", "command"), CASES, ids=[what for what, _ in CASES])
def test_what_commands_say(what: str, command: Callable[[Path], list[object]], tmp_path: Path) -> None:
    """What a command repeats of its input, it repeats in printable characters."""
    done = cotejo(*command(tmp_path))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert harmless(done.output)
    assert PLAIN in done.output or "\\u001b[2J" in done.output or what == "a replay"


def test_alerts_from_a_topic(embedded: Broker, names: str, tmp_path: Path) -> None:
    """What `cotejo webhook redeliver` shows of the topic `alerts` is printable, whoever has written it."""
    topology = Topology(names, 1)
    ensure(embedded.address, topology.specs())
    plain = to_json(NOTICE)
    forged = {**plain, "finding": {**plain["finding"], "sentence": {"en": HOSTILE, "es": HOSTILE}}}
    sink = KafkaSink(embedded.address)
    sink.send(topology.alerts, encode(forged), None, 0)
    sink.close()
    path = election_writer.write(KNOWN, tmp_path)
    path.write_text(path.read_text() + RECEIVER.format(name="desk", file="/run/x"))
    given = ["--receiver", "desk", "--since", "2000-01-01T00:00:00Z", "--dry-run"]
    done = cotejo("webhook", "redeliver", path, *given, "--broker", embedded.address, "--prefix", names)
    assert done.exit_code == 0, done.output
    assert PLAIN in done.output
    assert harmless(done.output)


@pytest.mark.parametrize("command", ["cat", "events", "replay", "sign"])
def test_json_lines_at_a_terminal(command: str, tmp_path: Path) -> None:
    """Bytes that are passed on as they came are harmless at a terminal, and are themselves where there is none."""
    events = [report("S1-1", at=T0, url="https://x.example/", extra={"note": HOSTILE, HOSTILE: 1})]
    generated_night.write(tmp_path, KNOWN, events, "test")
    cotejo("keys", "new", tmp_path / "key.pem")
    given: list[object] = {
        "cat": ["log", "cat", tmp_path],
        "events": ["log", "cat", tmp_path, "--events"],
        "replay": ["replay", tmp_path, "--json"],
        "sign": ["keys", "sign", tmp_path, tmp_path / "key.pem", tmp_path],
    }[command]
    at_terminal, through_pipe = at_a_terminal(given), cotejo(*given).stdout_bytes
    assert harmless(at_terminal.replace("\r\n", "\n"))
    assert [orjson.loads(line) for line in at_terminal.splitlines()] == [
        orjson.loads(line) for line in through_pipe.splitlines()
    ]
    if command != "replay":
        assert "\x9b".encode() in through_pipe


def at_a_terminal(arguments: list[object]) -> str:
    """What a command writes on stdout, where that is a terminal."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "streams", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=its, stderr=subprocess.DEVNULL, env=environment):
        os.close(its)
        found = b""
        with suppress(OSError):  # so ends a terminal whose other side is gone
            while read := os.read(ours, 65536):
                found += read
    os.close(ours)
    return found.decode()


def test_an_error_with_a_log_behind_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The last lines of somebody's log stay lines, each without its control characters."""
    with pytest.raises(Exit), plainly():
        raise CotejoError(f"it has ended; its log ends:\n{HOSTILE}\nthe end")
    assert capsys.readouterr().err == f"cotejo: it has ended; its log ends:\n{PLAIN}\nthe end\n"


def test_progress(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A label is text, on a terminal too: neither control characters nor what looks like markup."""
    console = Console(force_terminal=True, highlight=False, width=400)
    with console.capture() as drawn, Progress(f"checking [/x]{HOSTILE}", 10, console) as progress:
        progress.show(5, HOSTILE)
    assert f"checking [/x]{PLAIN}" in drawn.get()
    assert "\u202e" not in drawn.get()
    monkeypatch.setattr("streams.support.progress.LINE_SECONDS", 0)
    with Progress(f"checking {HOSTILE}", 10) as progress:
        progress.show(5, HOSTILE)
    assert capsys.readouterr().err.startswith(f"checking {PLAIN} 50 % {PLAIN[:-2]}")


def test_nobody_else_prints() -> None:
    """Every line goes out by support/terminal.py and the log behind it, or by a console that is given `shown` text."""
    consoles = {
        "report/summary.py",
        "support/progress.py",
        "cli/demo_night.py",
        "cli/demo_text.py",
        "support/terminal.py",
    }
    found = set()
    for path in sorted((ROOT / "streams").rglob("*.py")):
        name = path.relative_to(ROOT / "streams").as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
            if text in ("print", "typer.echo", "sys.stdout", "sys.stderr") and name != "support/terminal.py":
                found.add((name, text))
            if text == "Console":
                assert name in consoles, f"{name} has a console of its own"
    enders = "support/logs.py", "entry.py"
    last_words = {(name, text) for name in enders for text in ("print", "sys.stderr")}
    pipe = {("cli/common.py", "sys.stdout"), ("entry.py", "sys.stdout")}
    child = {("nights/importers/reading/workbook_child.py", "sys.stdout")}  # its stdout is its parent's pipe
    assert found == last_words | pipe | child


@pytest.mark.parametrize(
    ("terminal", "lines"),
    [(True, ["  one two three", "  four five"]), (False, ["  one two three four five"])],
    ids=["terminal", "pipe"],
)
def test_a_sentence_below_its_line(terminal: bool, lines: list[str]) -> None:
    """A sentence stands two columns in, in all its lines, and right below what it belongs to; in a pipe it is one."""
    out = StringIO()
    console = Console(file=out, width=17, force_terminal=terminal, color_system=None, soft_wrap=not terminal)
    summary._indented(console, "one two three four five")
    assert [line.rstrip() for line in out.getvalue().splitlines()] == lines
