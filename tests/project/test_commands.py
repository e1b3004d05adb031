"""Every command that the documentation shows is run, and its output is the one that is shown.

A page's commands run one after the other in one directory, which has the README's simulated night in `night`. Those
that need a broker get an embedded one. With COTEJO_WRITE_DOCS=1 outputs that differ are
written into the pages.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import pytest
from brokers import ROOT
from console import BLOCK, Shown, agrees, commands
from nights import until

from streams.kafka.embedded_broker import EmbeddedBroker, free_port

WRITE = bool(os.environ.get("COTEJO_WRITE_DOCS"))
NIGHT = "cotejo simulate --out night --tables 600 --states 3 --municipalities 4 --shift 10"

NOT_RUN = {
    r"git clone|source \.venv|\./scripts/setup": "this is how the tests themselves were set up",
    r"(\./)?scripts/test|\./\.ci/run|(COTEJO_\w+=\S+ )?pytest": "would run the tests within the tests",
    r"(\./)?scripts/(bench|evidence|soak|fuzz|simulate)": "takes minutes; the tests run a sample of each",
    r"(\./)?scripts/(lock|kafka)|cd ": "needs the network, Java or a checkout",
    r"(\w+=\S+ )*docker compose": "needs Docker; tests/project/test_compose.py runs the services' commands",
    r"(\w+=\S+ )?cotejo dashboards": "needs Grafana; tests/grafana runs it on an imitation",
    r"cotejo import run (docs/examples/\w+|streams/\S+)\.toml": "needs published data; tests/nights runs it",
    r"cotejo webhook (test|redeliver)": "needs a receiver; tests/cli/test_webhook_cli.py runs it",
    r"kafka-configs\.sh|kafka-acls\.sh": "Apache Kafka's own tool",
    r"COTEJO_KAFKA_CONFIG=": "needs a secured broker; tests/kafka_layer runs one",
    r"docker build|kubectl|systemctl|useradd|install -|cp deploy|python3 -m venv|/opt/cotejo": "sets up a machine",
    r"curl|python -m dashboards|timedatectl|pip ": "is not Cotejo's, or tests/project/test_dashboards.py runs it",
}
"""Commands that are not run here, with the reason."""

SERVERS = re.compile(r"cotejo (worker|board|record)\b(?!.*--until-end)")
"""Commands that run until Ctrl-C. The page goes on once they have said what the page shows."""
PORTS = {"worker": 6066, "board": 6070}
"""Ports that the pages show; the tests take free ones."""

PAGES = [
    path for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]) if BLOCK.search(path.read_text("utf-8"))
]


def reason_not_to_run(command: str) -> str | None:
    return next((reason for start, reason in NOT_RUN.items() if re.match(start, command)), None)


class Terminal:
    """A shell in a directory, with the commands of the virtual environment."""

    def __init__(self, directory: Path, broker: str) -> None:
        self._directory, self._broker = directory, broker
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("COTEJO_")},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COLUMNS": "120",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }
        self._servers: list[subprocess.Popen[bytes]] = []

    def run(self, shown: Shown) -> str:
        """What the command writes to stdout; for a server, what it has written once it agrees with the page."""
        command = shown.command.replace("HOST:PORT", self._broker)
        command = re.sub(r"^\./scripts/demo$", "cotejo demo --seconds 4", command)  # which it runs, and slower
        if server := SERVERS.match(command):
            return self._serve(command, server[1], shown.output)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self._directory,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.stdout or done.returncode == 0, f"{command}\n{done.stderr}"
        return self._plain(done.stdout)

    def _serve(self, command: str, name: str, output: str) -> str:
        port, log = free_port(), self._directory / f".server-{len(self._servers)}"
        if name in PORTS:
            command += f" --port {port}"
        with log.open("wb") as file:
            server = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=self._directory, env=self._environment, stdout=file, stderr=file
            )
        self._servers.append(server)

        def written() -> str:
            return self._plain(log.read_text("utf-8").replace(str(port), str(PORTS.get(name, ""))))

        with suppress(AssertionError) if WRITE else nullcontext():
            until(lambda: agrees(output or "...\n", written()), written, seconds=15 if WRITE else 60)
        return written()

    def _plain(self, text: str) -> str:
        text = text.replace(f"{self._directory}/", "")
        return text.replace(self._broker, "HOST:PORT") if self._broker else text

    def close(self) -> None:
        for server in reversed(self._servers):
            server.send_signal(signal.SIGINT)
            server.wait(30)


@contextmanager
def terminal(directory: Path, page: str) -> Iterator[Terminal]:
    """A terminal, with a broker where the page needs one."""
    broker = EmbeddedBroker().start() if "HOST:PORT" in page else None
    running = Terminal(directory, broker.address if broker else "")
    try:
        yield running
    finally:
        running.close()
        if broker:
            broker.close()


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that each page begins with."""
    directory = tmp_path_factory.mktemp("pages")
    Terminal(directory, "").run(Shown(NIGHT, "", 0, 0))
    return directory


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_page(path: Path, night: Path, tmp_path: Path) -> None:
    """The page's commands work in the order in which they stand, and print what it shows."""
    page = path.read_text(encoding="utf-8")
    directory = shutil.copytree(night, tmp_path / "page")
    shutil.copytree(ROOT / "docs" / "examples", directory / "docs" / "examples")
    differing: list[tuple[Shown, str]] = []
    with terminal(directory, page) as shell:
        for shown in commands(page):
            if reason_not_to_run(shown.command) is None:
                real = shell.run(shown)
                if not agrees(shown.output, real):
                    differing.append((shown, real))
    if WRITE:
        for shown, real in reversed(differing):
            text = "\n".join(line.rstrip() for line in re.sub(r"\b[0-9a-f]{64}\b", "<sha256>", real).splitlines())
            page = f"{page[: shown.start]}{text}\n{page[shown.end :]}"
        path.write_text(page, encoding="utf-8")
    else:
        assert not [f"$ {shown.command}\n{real}" for shown, real in differing]


def test_the_readme_shows_how_the_night_is_made() -> None:
    """So that a reader has the same one."""
    assert NIGHT in [shown.command for shown in commands((ROOT / "README.md").read_text("utf-8"))]


@pytest.mark.parametrize("path", [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], ids=lambda path: path.name)
def test_no_command_stands_elsewhere(path: Path) -> None:
    """Commands stand in `console` blocks, so that none escapes the test above."""
    page = BLOCK.sub("", path.read_text(encoding="utf-8"))
    escaped = re.findall(r"^(?:    |\$ )(?:\w+=\S+ )*(?:cotejo|\./scripts|scripts|docker) .*", page, re.M)
    assert not escaped


@pytest.mark.parametrize(
    ("shown", "real", "same"),
    [
        pytest.param("a <n> c\n", "a 17 c\n", True, id="a placeholder"),
        pytest.param("a <n> c\n", "a 17 d\n", False, id="the rest of the line counts"),
        pytest.param("a\n...\nz\n", "a\nb\nc\nz\n", True, id="any lines"),
        pytest.param("a\n", "a\nb\n", False, id="more than is shown"),
        pytest.param("", "whatever\n", True, id="no output is shown"),
    ],
)
def test_agrees(shown: str, real: str, same: bool) -> None:
    """What is shown stands for what is printed, placeholders apart."""
    assert agrees(shown, real) is same
