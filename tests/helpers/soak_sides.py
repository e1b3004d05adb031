"""The two sides a soak compares: what the core makes of the input so far, and what the topics and receivers have."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import orjson
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from monitor import Monitor
from nights import Outcome, finished, plainly, shown, verdicts

from streams.core.alerting.alert import Notice
from streams.core.election.model import Election
from streams.core.events.codec import decode_any
from streams.core.events.model import Rejection, Tick
from streams.delivery import standard_webhook
from streams.kafka.embedded_broker import free_port
from streams.kafka.topology import REJECTED_BYTES, Topology


class Oracle:
    """The core, fed with the same lines; it knows no broker and no fault."""

    def __init__(self, election: Election) -> None:
        self._election, self._monitor = election, Monitor(election)
        self._notices: list[Any] = []
        self._rejected: list[str] = []

    def feed(self, lines: Iterable[bytes], tick: int) -> None:
        """Take in these lines, then the tick (Unix ms) that ends the round."""
        for line in lines:
            event = decode_any(line)
            if isinstance(event, Rejection):
                self._rejected.append(event.code)
                continue
            effects = self._monitor.handle(event)
            self._tell(effects.notices)
            if effects.rejection is not None:
                self._rejected.append(effects.rejection.code)
        self._tell(self._monitor.handle(Tick(tick)).notices)

    def finish(self) -> None:
        """Let time run on until every waiting alert has fired."""
        self._tell(self._monitor.finish())

    def outcome(self) -> Outcome:
        monitor, outcome = self._monitor, Outcome(notices=list(self._notices), rejected=list(self._rejected))
        outcome.states = {area: plainly(monitor.comparer.state(area)) for area in self._election.areas}
        outcome.verdicts = {table: plainly(shown(verdict)) for table, verdict in monitor.verdicts.items()}
        return finished(outcome)

    def _tell(self, notices: list[Notice]) -> None:
        self._notices += [plainly(notice) for notice in notices]


class Tail:
    """What the topics have come to; each `read` goes on from the last."""

    def __init__(self, broker: str, election: Election, topology: Topology) -> None:
        self._broker, self._election, self._topology = broker, election, topology
        self._names = {
            topology.area_state: 1,
            topology.alerts: 1,
            topology.rejected: 1,
            topology.changelog("ledgers"): topology.partitions,
        }
        self._places = [TopicPartition(name, p) for name, count in self._names.items() for p in range(count)]
        self._consumer: Any = None
        self._states: dict[str, Any] = {}
        self._saved: list[Any] = []
        self._notices: dict[str, Any] = {}
        self._turned_away: dict[bytes, list[str]] = {}

    def read(self) -> Outcome:
        """Everything up to the present end. The newest state of an area is that of the highest `at`. Raises KafkaError
        after which the next `read` begins again."""
        try:
            self._read()
        except KafkaError:  # a consumer may not get over a broker's restart
            self.close()
            raise
        return self._outcome()

    def _read(self) -> None:
        if self._consumer is None:
            self._consumer = KafkaConsumer(
                bootstrap_servers=self._broker,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                max_partition_fetch_bytes=REJECTED_BYTES,
            )
            self._consumer.assign(self._places)
        ends = self._consumer.end_offsets(self._places)
        while any(self._consumer.position(place) < end for place, end in ends.items()):
            for batch in self._consumer.poll(500).values():
                for record in batch:
                    self._take(record)

    def _outcome(self) -> Outcome:
        outcome = Outcome(notices=list(self._notices.values()))
        outcome.states = {area: {k: v for k, v in s.items() if k != "at"} for area, s in self._states.items()}
        outcome.verdicts = verdicts(self._election, self._saved)
        outcome.rejected = [code for codes in self._turned_away.values() for code in codes]
        return finished(outcome)

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _take(self, record: Any) -> None:
        topology, data = self._topology, record.value
        if record.topic == topology.area_state:
            state, area = orjson.loads(data), record.key.decode()
            if state["at"] >= self._states.get(area, {"at": 0})["at"]:
                self._states[area] = state
        elif record.topic == topology.alerts:
            notice = orjson.loads(data)
            self._notices.setdefault(notice["id"], notice)
        elif record.topic == topology.rejected:
            reasons = orjson.loads(dict(record.headers)["reasons"])
            self._turned_away[record.key] = [reason["code"] for reason in reasons]
        else:
            self._saved.append(record)


class Receiver:
    """A webhook receiver that can be down, slow, answer 500, or take what comes and answer 500 all the same."""

    def __init__(self, name: str, secret: str) -> None:
        self.name, self._secret, self._port = name, secret, free_port()
        self.mode = "up"
        self.taken: list[tuple[str, Any]] = []
        """Each verified webhook that was taken: its id and its JSON, in the order of arrival."""
        self.refused = 0
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/alerts"

    def set(self, mode: str) -> None:
        """Be up, down, slow, 500 or forgets from now on."""
        self.mode = mode
        if mode == "down" and self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        if mode != "down" and self._server is None:
            self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
            self._server.daemon_threads = True
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def wrong(self, election: Election, notices: list[Any]) -> str:
        """What this receiver has not, has too much, or has in another order than these notices; empty if all is
        well. Of a webhook that came more than once, the first counts."""
        with self._lock:
            taken = list(self.taken)
        first: dict[str, Any] = {}
        for message, data in taken:
            if first.setdefault(message, data) != data:
                return f"{self.name}: two bodies under the id {message}"
        due = [notice for notice in notices if not notice["muted_by"]]
        bodies = [orjson.loads(standard_webhook.body(election, msgspec.convert(notice, Notice))) for notice in due]
        wanted = {standard_webhook.message_id(n["id"]): body for n, body in zip(due, bodies, strict=True)}
        if strange := first.keys() - wanted.keys():
            return f"{self.name}: webhooks that nobody should have sent: {sorted(strange)[:5]}"
        if differ := [message for message in first if first[message] != wanted[message]]:
            return f"{self.name}: another body than the notice's: {differ[:5]}"
        if missing := wanted.keys() - first.keys():
            return f"{self.name}: {len(missing)} webhooks did not come, e.g. {sorted(missing)[:5]}"
        for fingerprint in {notice["fingerprint"] for notice in due}:
            order = [standard_webhook.message_id(n["id"]) for n in due if n["fingerprint"] == fingerprint]
            came = [message for message in first if wanted[message]["data"]["fingerprint"] == fingerprint]
            if came != order:
                return f"{self.name}: {fingerprint} came as {came}, not as {order}"
        return ""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(receiver._take(body, headers))
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler

    def _take(self, body: bytes, headers: dict[str, str]) -> int:
        mode = self.mode
        if mode == "500":
            return 500
        if mode == "slow":
            time.sleep(1.5)
        try:
            data = standard_webhook.verify(self._secret, body, headers)
        except standard_webhook.WebhookVerificationError:
            self.refused += 1
            return 401
        with self._lock:
            self.taken.append((headers["webhook-id"], data))
        return 500 if mode == "forgets" else 204
