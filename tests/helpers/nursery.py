"""Python programs that start in a tenth of the time: forked from a process that has imported what they import.

Most of the processor time of a worker that lives for a few seconds goes into its imports. What is run, with which
arguments, environment, directory and output, is the same; the soak, the README and `tests/cli` start `cotejo` itself.
"""

from __future__ import annotations

import atexit
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import orjson

PRELOADED = ("streams.cli", "streams.cli.worker", "streams.worker.run")
POLL = 0.01
"""Seconds between two looks at a process that is waited for."""


class Process(Protocol):
    """What tests use of `subprocess.Popen`."""

    pid: int
    returncode: int | Any

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class Starts(Protocol):
    """`start` or `spawn`."""

    def __call__(
        self, arguments: Sequence[str], output: Path, environment: Mapping[str, str], directory: Path
    ) -> Process: ...


class Forked:
    """A program that was forked; used like `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, negative after a signal; None while it runs."""
        if self.returncode is None:
            self.returncode = _nursery().ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises `subprocess.TimeoutExpired`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(POLL)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    arguments: Sequence[str], output: Path, environment: Mapping[str, str], directory: Path, errors: Path | None = None
) -> Process:
    """Start Python with these arguments (`-m MODULE …` or `FILE …`); stdout is added to the file `output`, and stderr
    to `errors`, or to the same one."""
    places = {"directory": str(directory), "output": str(output), "errors": str(errors or output)}
    return Forked(_nursery().ask({"arguments": arguments, "environment": environment, **places}))


def spawn(
    arguments: Sequence[str], output: Path, environment: Mapping[str, str], directory: Path, errors: Path | None = None
) -> Process:
    """Start Python as `start` does, but as a program of its own, as a user would."""
    with output.open("ab") as out, (errors or output).open("ab") as err:
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, stdout=out, stderr=err, env=environment, cwd=directory)


class Nursery:
    """The process that has imported what the programs need, and forks them."""

    def __init__(self) -> None:
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # a process with threads is not safe to fork
        command = [sys.executable, __file__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def ask(self, request: Any) -> Any:
        """Its answer to a request, in JSON."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(orjson.dumps(request) + b"\n")
        self._process.stdin.flush()
        return orjson.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it; what it has forked lives on."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@cache
def _nursery() -> Nursery:
    nursery = Nursery()
    atexit.register(nursery.close)
    return nursery


def _serve() -> None:
    """Answer requests on stdin until it ends. In a forked process this does not return."""
    for module in PRELOADED:
        import_module(module)
    assert len(os.listdir("/proc/self/task")) == 1
    for line in sys.stdin.buffer:
        request = orjson.loads(line)
        if "poll" in request:
            answer = _exit_code(request["poll"])
        elif (answer := os.fork()) == 0:
            _become(**request)
        os.write(1, orjson.dumps(answer) + b"\n")


def _exit_code(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _become(arguments: list[str], environment: dict[str, str], directory: str, output: str, errors: str) -> None:
    """Be the program, and exit as it does."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    for number, place in ((0, os.devnull), (1, output), (2, errors)):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_APPEND | os.O_CREAT
        opened = os.open(place, flags, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    if arguments[0] == "-m":
        sys.argv = [arguments[1], *arguments[2:]]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    _serve()
