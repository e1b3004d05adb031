"""A small receiver of webhooks on loopback, as the demo and the tests need one: it believes only what is signed."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from streams.delivery.standard_webhook import WebhookVerificationError, verify

MAX_BODY = 2**20


class AlertReceiver:
    """Listens while the context is open. `got` is called with the JSON of each verified webhook, once for each id."""

    def __init__(self, secret: str, got: Callable[[dict[str, Any]], None]) -> None:
        self._secret, self._got = secret, got
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self.verified = self.repeated = self.refused = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The address to POST to."""
        return f"http://127.0.0.1:{self._server.server_port}/alerts"

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Check one webhook; return the HTTP status for it."""
        try:
            data = verify(self._secret, body, headers)
        except WebhookVerificationError:
            with self._lock:
                self.refused += 1
            return 401
        with self._lock:
            message = headers["webhook-id"]
            if message in self._seen:
                self.repeated += 1
                return 204
            self._seen.add(message)
            self.verified += 1
            self._got(data)
        return 204

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = self.headers.get("content-length", "")
                if not (length.isascii() and length.isdigit()):
                    self.send_error(411)
                    return
                if (size := int(length[:20])) > MAX_BODY:
                    self.send_error(413)
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(receiver.take(self.rfile.read(size), headers))
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass  # the terminal belongs to the alerts

        return Handler

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
