"""The log: text for people, JSON lines for machines, with levels."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.support.logs import set_format
from streams.support.terminal import aside, note


@pytest.fixture
def as_json() -> Iterator[None]:
    set_format("json")
    yield
    set_format("text")


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines for people: what the program says has its name before it, what stands beside stdout has none."""
    note("a file\x1b is missing", logging.ERROR)
    aside("replaying 10 %")
    assert capsys.readouterr().err == "cotejo: a file\\x1b is missing\nreplaying 10 %\n"


@pytest.mark.usefixtures("as_json")
def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line, with time, level and message, in printable characters."""
    note("a file\x1b\nis missing", logging.ERROR)
    aside("replaying 10 %")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["level"], first["message"]) == ("error", "a file\\x1b\\nis missing")
    assert (second["level"], second["message"], second["logger"]) == ("info", "replaying 10 %", "cotejo.notes")
    assert first["at"].endswith("Z")


def test_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A line is written once, also where a library has the root logger write to stderr, as Faust does in a worker."""
    root, handler = logging.getLogger(), logging.StreamHandler(sys.stderr)
    root.addHandler(handler)
    try:
        note("a file is missing", logging.ERROR)
    finally:
        root.removeHandler(handler)
    assert capsys.readouterr().err == "cotejo: a file is missing\n"


LIBRARY = """
import logging
from streams.support import logs
logs.set_format("json")
try:
    raise ValueError("no")
except ValueError:
    logging.getLogger("a library").warning("beware of %s", "it", exc_info=True)
logging.getLogger("a library").info("all is well")
"""


def test_libraries() -> None:
    """What a library warns of is one such line, its traceback within it."""
    done = subprocess.run([sys.executable, "-c", LIBRARY], capture_output=True, text=True, check=True, timeout=60)
    line = json.loads(done.stderr)
    assert (line["level"], line["message"], line["logger"]) == ("warning", "beware of it", "a library")
    assert "ValueError: no" in line["error"]


@pytest.mark.parametrize("by_option", [True, False])
def test_a_command(by_option: bool, tmp_path: Path) -> None:
    """The option and the environment variable both make a command's error a JSON line; stdout stays as it is."""
    option = ["--log-format", "json"] if by_option else []
    environment = os.environ | ({} if by_option else {"COTEJO_LOG_FORMAT": "json"})
    command = [sys.executable, "-m", "streams", *option, "check", str(tmp_path / "nowhere.toml")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    line = json.loads(done.stderr)
    assert line["level"] == "error"
    assert "nowhere.toml" in line["message"]
