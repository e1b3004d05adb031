"""The brokers the tests run on: the embedded stand-in, and Apache Kafka from scripts/kafka."""

import os
import subprocess
from pathlib import Path
from typing import NoReturn, Protocol, Self

import pytest

from streams.kafka.embedded_broker import BrokerError, end, free_port, is_free, spawn, wait_ready

ROOT = Path(__file__).resolve().parents[2]
KAFKA = ROOT / "scripts" / "kafka"


class Broker(Protocol):
    """What a test may do with a broker. Its address and its data survive stop, kill and start."""

    @property
    def kind(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def pid(self) -> int | None: ...
    def start(self) -> Self: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...


class ApacheBroker:
    """One Apache Kafka, KRaft, in `data_dir`; with `secrets`, as `scripts/kafka secrets` makes them, it has TLS, users
    and ACLs. Raises `BrokerError` where it cannot start."""

    kind = "apache"

    def __init__(self, data_dir: Path, secrets: Path | None = None) -> None:
        self._dir, self._secrets = data_dir, secrets
        self._port = free_port(3 if secrets else 2)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{'localhost' if self._secrets else '127.0.0.1'}:{self._port}"

    @property
    def logs(self) -> Path:
        """Where it keeps a directory for each partition."""
        return self._dir / "kafka" / "log"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> Self:
        """Start it and wait until it answers, nothing if it runs: 3 s the first time, 5 s after a kill."""
        if self.pid is None:
            if not (is_free(self._port) and is_free(self._port + 1)):
                raise BrokerError(f"port {self._port} or the next is in use")
            log = self._dir / "broker.log"
            command = [str(KAFKA), "start", "--port", str(self._port), "--dir", str(self._dir / "kafka")]
            if self._secrets:
                command += ["--secure", str(self._secrets)]
            self._process = spawn(command, log)
            wait_ready(self.address, self._process, log, seconds=180)
        return self

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)

    def kill(self) -> None:
        if self._process is not None:
            end(self._process, seconds=0)


def scripts_kafka(command: str) -> str:
    """Run `scripts/kafka COMMAND`; return why it failed, or nothing."""
    done = subprocess.run([KAFKA, command], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip() or f"scripts/kafka {command} failed"


def lacking(reason: str) -> NoReturn:
    """Skip the test for what this machine lacks; on CI nothing may be lacking, so there it fails."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"on CI nothing is skipped: {reason}", pytrace=False)
    pytest.skip(reason)
