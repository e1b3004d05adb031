"""Receivers of webhooks that behave as a test says, on loopback."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass(frozen=True)
class Say:
    """One answer."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Got:
    """One webhook that came."""

    headers: dict[str, str]
    body: bytes
    at: float
    target: str
    """The path with the query, as it was asked for."""

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> Any:
        return orjson.loads(self.body)["data"]


class Scripted:
    """Gives these answers in turn, and the last one ever after."""

    def __init__(self, *answers: Say | int) -> None:
        self.answers = [Say(answer) if isinstance(answer, int) else answer for answer in answers or (204,)]
        self.seen: list[Got] = []
        self.taken: list[Got] = []
        """What was answered with 2xx."""
        self.gate = threading.Event()
        """Nobody is answered while it is not set."""
        self.gate.set()
        self.busy = self.busiest = 0
        """Requests that are being answered at a time."""
        self._lock = threading.Lock()

    def answer(self, got: Got) -> Say:
        """What to answer; override it for more than a script."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @contextmanager
    def listening(self, port: int = 0) -> Iterator[str]:
        """Listen while the context is open; gives the URL."""
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                got = Got({k.lower(): v for k, v in self.headers.items()}, body, time.time(), self.path)
                with scripted._lock:
                    scripted.seen.append(got)
                    scripted.busy += 1
                    scripted.busiest = max(scripted.busiest, scripted.busy)
                    say = scripted.answer(got)
                scripted.gate.wait(60)
                with scripted._lock:
                    scripted.busy -= 1
                    if 200 <= say.status < 300:
                        scripted.taken.append(got)
                with suppress(OSError):  # who asked may have been killed meanwhile
                    self.send_response(say.status)
                    for name, value in say.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(say.body)

            def log_message(self, format: str, *args: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            server.server_close()


def by_fingerprint(ids: Sequence[str]) -> dict[str, list[str]]:
    """Notice ids by fingerprint, in the order they came."""
    found: dict[str, list[str]] = defaultdict(list)
    for id in ids:
        found[id.rsplit(":", 2)[0]].append(id)
    return dict(found)
