"""The embedded broker: a stand-in for Kafka, for the demo and the quick tests only.

It runs the `noida-db` binary from its wheel as a child process and speaks Kafka's protocol on loopback.
Any `--broker HOST:PORT` replaces it, and for a real night something must: nothing here is promised by it.

Known flaws of noida-db 0.2.3:

- It holds all data in memory and saves it about once a second and at a clean stop: `kill` loses what it
  acknowledged in the last second, topics included. It saves all of it each time: from some 100,000 records on
  that is slow, and fills a core.
- It answers an empty fetch at once, so an idle consumer spins: wait 20 ms after an empty fetch.
- It does not evict a dead dynamic group member; two dynamic aiokafka members livelock. One worker only,
  or static member ids.
- A consumer that asks for an unknown topic creates it, with one partition.
- Its memory grows with use.
"""

import ctypes
import os
import random
import signal
import socket
import sys
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen, TimeoutExpired
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Final, Self

from streams.errors import CotejoError
from streams.kafka.clients import BrokerUnreachable
from streams.kafka.topic_admin import TopicError, admin

START_SECONDS: Final = 30.0
"""Seconds that the broker has to answer. It takes 30 ms when empty, and 4 s with 600,000 records."""
STOP_SECONDS: Final = 30.0
"""Seconds that a broker has to end by itself before it is killed. It takes 10 s to save 600,000 records."""

_HOST, _PORTS, _PDEATHSIG = "127.0.0.1", range(20_000, 32_000), 1


class BrokerError(CotejoError):
    """A broker did not start; the text ends with the tail of its log."""


class EmbeddedBroker:
    """One noida-db process. Start, stop and kill it as often as you like: port and data stay the same.

    `data_dir` None is a temporary directory, removed by `close` or at exit; `port` None is a free one.
    Leaving the context closes it. Start it from a thread that lives on: Linux ends the broker with it.
    """

    kind = "embedded"

    def __init__(self, data_dir: Path | None = None, port: int | None = None) -> None:
        self._temporary = TemporaryDirectory(prefix="cotejo-broker-") if data_dir is None else None
        self._dir = Path(self._temporary.name if self._temporary else data_dir or ".").absolute()
        self._port = free_port() if port is None else port
        self._process: Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """HOST:PORT, for any Kafka client."""
        return f"{_HOST}:{self._port}"

    @property
    def pid(self) -> int | None:
        """The process id, while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> Self:
        """Start the broker and wait until it answers; nothing if it runs. Raises `BrokerError`."""
        if self.pid is None:
            if not is_free(self._port):
                raise BrokerError(f"port {self._port} is in use: stop its owner, or choose another port")
            self._dir.mkdir(parents=True, exist_ok=True)
            log = self._dir / "broker.log"
            options = f"--only kafka --host {_HOST} --kafka-port {self._port} --data-dir".split()
            self._process = spawn([str(_binary()), "start", *options, str(self._dir / "data")], log)
            weakref.finalize(self, end, self._process)
            wait_ready(self.address, self._process, log, START_SECONDS)
        return self

    def stop(self) -> None:
        """End it cleanly; its data is saved."""
        if self._process is not None:
            end(self._process)

    def kill(self) -> None:
        """Kill it with SIGKILL, as a crash would."""
        if self._process is not None:
            end(self._process, seconds=0)

    def close(self) -> None:
        """Stop it, and remove the data directory if it is a temporary one."""
        self.stop()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


def free_port(count: int = 1) -> int:
    """Return the first of `count` free neighbouring ports on loopback.

    They lie below the ports the system lends to outgoing connections: those could be taken between a kill
    and a restart, even by a client that tries to reconnect to the broker.
    """
    for _ in range(1000):
        port = random.choice(_PORTS)
        if all(is_free(port + i) for i in range(count)):
            return port
    raise BrokerError(f"no free port from {_PORTS.start} to {_PORTS.stop}")


def is_free(port: int) -> bool:
    """Say whether a server could listen on the loopback port now."""
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((_HOST, port))
        return True
    return False


def spawn(command: Sequence[str], log: Path) -> Popen[bytes]:
    """Run a server with its output appended to `log`, in its own process group.

    Ctrl-C at the terminal does not reach it: its owner decides when it ends. On Linux it is told to end
    (SIGTERM) when its owner dies without a word.
    """
    hook = _die_with_parent()
    with log.open("ab") as output:
        return Popen(command, stdin=DEVNULL, stdout=output, stderr=STDOUT, start_new_session=True, preexec_fn=hook)


def end(process: Popen[bytes], seconds: float = STOP_SECONDS) -> None:
    """End a spawned server: SIGTERM, then SIGKILL to its group after `seconds` (0: at once)."""
    if seconds and process.poll() is None:
        process.terminate()
        with suppress(TimeoutExpired):
            process.wait(seconds)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_ready(address: str, process: Popen[bytes], log: Path, seconds: float) -> None:
    """Wait until the process answers a Kafka metadata request; else end it and raise `BrokerError`."""
    deadline = monotonic() + seconds
    reason = f"did not answer within {seconds:g} s"
    while monotonic() < deadline:
        answered = _answers(address)
        if process.poll() is not None:  # then another server on that port has answered
            reason = f"ended with code {process.returncode}"
            break
        if answered:
            return
        sleep(0.01)
    end(process, seconds=0)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    raise BrokerError(f"the broker at {address} {reason}; its log ends:\n{tail}")


def _answers(address: str) -> bool:
    with suppress(BrokerUnreachable, TopicError), admin(address, seconds=2) as client:
        client.list_topics()
        return True
    return False


def _binary() -> Path:
    spec = find_spec("noida_db")
    if spec is None or spec.origin is None:
        raise BrokerError("the embedded broker is not installed: pip install noida-db, or name a --broker")
    binary = Path(spec.origin).with_name("noida-db.exe" if os.name == "nt" else "noida-db")
    if not os.access(binary, os.X_OK):
        binary.chmod(0o755)
    return binary


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl, parent = (
        ctypes.CDLL(None).prctl,
        os.getpid(),
    )  # looked up before the fork: after it, little is safe

    def ask_the_kernel() -> None:
        prctl(_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel
