"""The command as a user meets it: what it prints where, and its exit codes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from brokers import ROOT, lacking
from builders import bulletin, election, report
from event_files import write_events
from nights import until
from typer.testing import CliRunner

from streams import __version__, entry
from streams.cli import COMMANDS, NOT_FROM_ENVIRONMENT, app
from streams.config import election_writer
from streams.core.events.codec import encode
from streams.kafka.embedded_broker import EmbeddedBroker, free_port
from streams.nights.eventlog import generated_night
from streams.support.scrape import scrape

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def cotejo(*arguments: object, stdin: bytes = b"", directory: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "streams", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env=ENVIRONMENT,
        cwd=directory,
        timeout=120,
        check=False,
    )


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """An election file, and an event file with a bad line in it."""
    path = election_writer.write(election(), tmp_path)
    events = tmp_path / "night.jsonl"
    write_events(events, [report("S1-1"), report("S1-2"), bulletin()])
    with events.open("ab") as file:
        file.write(b'{"type":"tally-report"}\n')
    return path, events


def test_version() -> None:
    """It says which version it is."""
    done = cotejo("--version")
    assert (done.returncode, done.stdout.decode()) == (0, f"cotejo {__version__}\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_each_command_says(name: str) -> None:
    """A command's line in `cotejo --help`, which imports no command, is how its own help begins; -h is --help."""
    done = CliRunner().invoke(app(), [name, "-h"])
    assert done.exit_code == 0, done.output
    own = " ".join(done.output.split("Options:")[0].split("\n\n", 1)[1].split())
    assert own.startswith(COMMANDS[name].help.rstrip(".")), own
    assert done.output == CliRunner().invoke(app(), [name, "--help"]).output
    assert CliRunner().invoke(app(), [name, "--nonsense"]).exit_code == 2


def test_help_imports_no_command() -> None:
    """`cotejo --help` reads neither a client of Kafka nor numpy nor any command, and names every command."""
    script = (
        "import sys\nfrom streams.cli import app\n"
        "try: app()(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in sys.modules if m in ('kafka', 'aiokafka', 'numpy', 'faust', 'duckdb', 'streams.core')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=ENVIRONMENT, check=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert {line.split()[0] for line in done.stdout.split("Commands:")[1].splitlines() if line[2:3].strip()} >= {
        *COMMANDS
    }


def test_a_replay_imports_no_client() -> None:
    """`cotejo replay` and `report` start without a client of Kafka: it would take a third of a small night's time."""
    script = (
        "import sys, streams.cli.report; print([m for m in sys.modules if m in ('kafka', 'aiokafka', 'matplotlib')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=ENVIRONMENT, check=True, text=True)
    assert done.stdout.strip() == "[]"


COMPLETIONS: dict[str, str] = {
    "bash": """
        source <(cotejo completion bash)
        read -ra COMP_WORDS <<< "$LINE"
        [[ $LINE == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _cotejo_completion cotejo
        echo "<${COMPREPLY[*]}>"
    """,
    "zsh": """
        zmodload zsh/zpty
        zpty shell zsh -f -i
        tell() { zpty -w shell "$1" }
        hear() { until [[ $said == *"$1"* ]]; do zpty -r shell line; said+=$line; done }
        tell 'autoload -U compinit; compinit -u -D; source <(cotejo completion zsh)'
        tell 'choices() { builtin compadd -A found "$@"; print "\\n<$found>" }'
        tell 'compadd() { [[ "$*" == *-[OAD]* ]] || choices "$@"; builtin compadd "$@" }'
        tell 'finish() { print "<""end>" }; comppostfuncs=(finish); print "<""ready>"'
        hear '<ready>'
        zpty -w -n shell "$LINE"$'\\t'
        hear '<end>'
        print -r -- "${said#*<ready>}"
    """,
    "fish": """
        cotejo completion fish | source
        echo "<"(complete -C "$LINE" | string split --fields 1 \\t | string join ' ')">"
    """,
}
"""What completes the line LINE in each shell, and prints the choices between angle brackets. zsh does it in an
interactive shell of its own, at a terminal."""


@pytest.mark.parametrize("shell", COMPLETIONS)
@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("cotejo re", {"rejected", "record", "reconstruct", "replay", "report"}),
        ("cotejo send ", {"report", "bulletin"}),
        ("cotejo worker --cl", {"--clock"}),
        ("cotejo worker --clock ", {"wall", "feed"}),
    ],
)
def test_completion(line: str, wanted: set[str], shell: str) -> None:
    """In each shell, Tab completes commands, options and their values, once the script is sourced."""
    if shutil.which(shell) is None:
        lacking(f"no {shell}: install Debian's package {shell}")
    environment = {**ENVIRONMENT, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LINE": line}
    command = [shell, "-c", COMPLETIONS[shell]]
    done = subprocess.run(command, capture_output=True, env=environment, check=True, text=True, timeout=60)
    found = re.search(r"<(.*)>", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert set(found[1].split()) == wanted


def options() -> dict[str, str]:
    """Every option with a value of every command, by its command and name, and its variable."""
    found = {}

    def look(path: str, command: Any) -> None:
        for name, inner in getattr(command, "commands", {}).items():
            look(f"{path} {name}", inner)
        for option in command.params:
            if option.param_type_name == "option" and not option.is_flag:
                found[f"{path} {option.opts[0]}"] = option.envvar

    for name in COMMANDS:
        look(name, typer.main.get_command(app()).get_command(None, name))  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(("option", "variable"), options().items(), ids=options())
def test_options_from_the_environment(option: str, variable: str | None) -> None:
    """Every option with a value has its variable, by its name alone, but for those that would write over something."""
    name = option.rpartition("--")[2]
    assert variable == (None if name in NOT_FROM_ENVIRONMENT else f"COTEJO_{name.replace('-', '_').upper()}")


def test_the_environment_counts(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """COTEJO_LANG is the language of a replay; an option on the command line goes before it."""
    path, events = files
    spanish, english = (cotejo("replay", path, events, "--lang", lang).stdout for lang in ("es", "en"))
    assert spanish != english
    monkeypatch.setitem(ENVIRONMENT, "COTEJO_LANG", "es")
    assert cotejo("replay", path, events).stdout == spanish
    assert cotejo("replay", path, events, "--lang", "en").stdout == english


def test_check(files: tuple[Path, Path]) -> None:
    """Problems go to stdout with file and line, exit code 1; without any it is 0; `-` is stdin."""
    path, events = files
    done = cotejo("check", path, events)
    assert done.returncode == 1
    assert f"{events}:4: id: missing: give id, a string" in done.stdout.decode()
    assert "1 bulletin, 2 tally-reports fine, 1 problem\n" in done.stdout.decode()
    assert cotejo("check", path).returncode == 0
    assert cotejo("check", path, "-", stdin=encode({"type": "tick", "at": 1})).returncode == 0


def test_check_in_spanish(files: tuple[Path, Path]) -> None:
    """`--lang es`: problems, remarks and counts, none of them in English."""
    path, events = files
    shown = cotejo("check", path, events, "--lang", "es").stdout.decode()
    assert f"{events}:4: id: missing: indique id, un texto\n" in shown
    assert "observación: limit-out-of-reach: límites por encima de las 6 mesas que hay" in shown
    assert "Test: 3 zonas, 6 mesas\n1 boletín, 2 reportes de actas sin problemas, 1 problema\n" in shown


def test_check_json(files: tuple[Path, Path]) -> None:
    """With --json every line of stdout is an object, for the election file's own mistakes too."""
    path, events = files
    line, *remarks = cotejo("check", path, events, "--json").stdout.splitlines()
    assert all("text" in orjson.loads(remark) for remark in remarks)
    assert orjson.loads(line) == {
        "file": str(events), "line": 4, "place": "id", "code": "missing", "cure": "give id, a string"
    }  # fmt: skip
    path.write_text(path.read_text().replace("[reconcile]", "[reconcil]"))
    done = cotejo("check", path, "--json")
    assert orjson.loads(done.stdout)["code"] == "election-file"
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["check", "nowhere.toml"], "cotejo: nowhere.toml: cannot be read", id="no election"),
        pytest.param(["check", "{election}", "nowhere"], "cotejo: nowhere: cannot be read", id="no events"),
        pytest.param(["topics", "{election}", "--broker", "127.0.0.1:1"], "127.0.0.1:1", id="no broker"),
        pytest.param(["topics", "{election}", "--broker", "localhost"], "'localhost' is not HOST:PORT", id="no port"),
        pytest.param(["feed", "{election}", "{events}", "--broker", "127.0.0.1:1"], "127.0.0.1:1", id="feed nobody"),
        pytest.param(["worker", "{election}", "--broker", "127.0.0.1:1"], "127.0.0.1:1", id="work for nobody"),
        pytest.param(["topics", "{election}", "--prefix", "a b"], "topic prefix 'a b': use letters", id="prefix"),
        pytest.param(["import", "run", "{events}", "--out", "x"], "write TOML", id="no map"),
    ],
)
def test_what_a_user_can_mend(arguments: list[str], says: str, files: tuple[Path, Path], tmp_path: Path) -> None:
    """One line on stderr, no traceback, nothing on stdout, exit code 1."""
    path, events = files
    done = cotejo(*(a.format(election=path, events=events) for a in arguments), directory=tmp_path)
    assert done.returncode == 1
    assert says in done.stderr.decode()
    assert [line[:7] for line in done.stderr.decode().splitlines() if line.startswith("cotejo:")] == ["cotejo:"]
    assert b"Traceback" not in done.stderr
    assert not done.stdout


def test_topics_and_feed(files: tuple[Path, Path]) -> None:
    """Topics are missing (exit 1), made, fed, counted and deleted."""
    path, events = files
    with EmbeddedBroker() as broker:
        at = ("--broker", broker.address)
        assert cotejo("topics", path, *at).returncode == 1
        generated_night = cotejo("topics", path, *at, "--create", "--json")
        assert {orjson.loads(line)["state"] for line in generated_night.stdout.splitlines()} == {"ok"}
        fed = orjson.loads(cotejo("feed", path, events, *at, "--json").stdout)
        assert (fed["reports"], fed["bulletins"], fed["unreadable"]) == (2, 1, 1)
        shown = [orjson.loads(line) for line in cotejo("topics", path, *at, "--json").stdout.splitlines()]
        assert sum(topic["messages"] for topic in shown) == fed["messages"]
        asked = cotejo("topics", path, *at, "--delete")
        assert (asked.returncode, b"nothing was deleted: type the election's id" in asked.stderr) == (1, True)
        assert b"missing" not in cotejo("topics", path, *at).stdout
        assert cotejo("topics", path, *at, "--delete", "--yes").returncode == 0
        assert b"missing" in cotejo("topics", path, *at).stdout


def test_a_worker_of_another_election(files: tuple[Path, Path]) -> None:
    """Options that changed under saved sums end the worker: one line that says so, exit code 1."""
    path, events = files
    with EmbeddedBroker() as broker:
        arguments = ["worker", str(path), "--broker", broker.address, "--clock", "feed", "--member", "a", "--port"]
        first = start([*arguments, str(port := free_port())])
        try:
            cotejo("feed", path, events, "--broker", broker.address)
            judged = "cotejo_clock_seconds"
            until(lambda: scrape(f"http://127.0.0.1:{port}/metrics").get(judged), lambda: "nothing is judged")
            first.send_signal(signal.SIGTERM)
            assert first.wait(30) == 0
        finally:
            first.kill()
        path.write_text(path.read_text().replace('id = "C"', 'id = "D"'))
        again = cotejo(*arguments, free_port())
    assert again.returncode == 1
    assert "the options and groups were A, B, C and are A, B, D now" in again.stderr.decode()
    assert b"Traceback" not in again.stderr
    assert b"\x1b" not in again.stderr + again.stdout


def start(arguments: list[str]) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-m", "streams", *arguments], env=environment)


@pytest.mark.parametrize("command", ["check", "report"])
def test_a_full_disk(command: str, files: tuple[Path, Path], tmp_path: Path) -> None:
    """Where stdout or the output cannot take any more, one line says so, and the exit code is 1."""
    path, events = files
    more = ["-o", "/dev/full"] if command == "report" else []
    with open("/dev/full", "wb") as full:
        line = [sys.executable, "-m", "streams", command, str(path), str(events), *more]
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, env=ENVIRONMENT, check=False)
    assert done.returncode == 1
    said = [text for text in done.stderr.decode().splitlines() if "No space left" in text]
    assert len(said) == 1
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


OUTPUTS = {
    "replay": "replay {log} --out {place}",
    "report": "report {log} -o {place}",
    "log cut": "log cut {log} -o {place}",
    "simulate": "simulate --states 2 --municipalities 2 --tables 20 --out {place}",
    "simulate --jsonl": "simulate --states 2 --municipalities 2 --tables 20 --jsonl --out {place}",
    "keys new": "keys new {place}",
}


@pytest.mark.parametrize("command", OUTPUTS)
def test_an_output_that_cannot_be_made(command: str, tmp_path: Path) -> None:
    """Where not even root may write one line names the place, the exit code is 1, and nothing is left there."""
    generated_night.write(log := tmp_path / "log", election(), [report("S1-1"), bulletin()], "a test")
    (file := tmp_path / "file").write_text("mine")
    for place in (file / "out", Path("/proc/out")):
        done = cotejo(*OUTPUTS[command].format(log=log, place=place).split())
        assert (done.returncode, b"Traceback" in done.stderr) == (1, False), done.stderr
        said = [line for line in done.stderr.decode().splitlines() if line.startswith("cotejo: ")]
        assert len(said) == 1
        assert said[0].startswith(f"cotejo: {place}: cannot be written: ")
    assert file.read_text() == "mine"
    assert sorted(tmp_path.iterdir()) == [file, log]


@pytest.mark.parametrize(
    ("code", "expected", "said"),
    [(None, 0, ""), (0, 0, ""), (3, 3, ""), ("no such thing", 1, "cotejo: no such thing\n")],
)
def test_however_a_command_ends(
    code: int | str | None,
    expected: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The exit code is that of the command; a text in its place is said, and is a failure; what was printed is out."""

    def command(standalone_mode: bool) -> None:
        print("printed", end="")
        raise SystemExit(code)

    monkeypatch.setattr("streams.cli.app", lambda: command)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == expected
    assert capsys.readouterr() == ("printed", said)


def test_a_command_that_ends_on_a_full_disk(tmp_path: Path) -> None:
    """Where what a command has printed finds no room at its end, it has failed, whatever its own exit code was."""
    with open("/dev/full", "wb") as full:
        line = [sys.executable, "-m", "streams", "--version"]
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stderr.decode()) == (1, "cotejo: stdout: No space left on device\n")


def test_a_terminal_that_knows_ascii_only(files: tuple[Path, Path], tmp_path: Path) -> None:
    """What it cannot show is shown as an escape."""
    path, events = files
    line = [sys.executable, "-m", "streams", "replay", str(path), str(events), "--lang", "es"]
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(line, capture_output=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).isascii()


@pytest.mark.parametrize("wait", [0.02, 0.1, 0.25, 0.5])
def test_stopped_at_once(wait: float, files: tuple[Path, Path], tmp_path: Path) -> None:
    """Ctrl-C while a command is still being read ends it without a traceback of its own modules."""
    path, _ = files
    line = [sys.executable, "-m", "streams", "worker", str(path), "--broker", "127.0.0.1:9"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, cwd=tmp_path, env=ENVIRONMENT) as process:
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        said = process.stderr.read().decode()
        process.wait(30)
    assert "streams/" not in said
