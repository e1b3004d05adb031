"""One night, two ways to run it: the core directly, and the Faust agents on a broker.

Both take an event file's lines and give an `Outcome`; for the same lines the outcomes must be equal.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import nursery
import orjson
from brokers import ROOT, Broker
from monitor import Effects, Monitor
from nursery import Process, Starts
from published import SCHEMAS, faults

from streams.config import election_writer
from streams.core.election.model import Election
from streams.core.engine.event_time import Dated, EventTime
from streams.core.events.codec import decode_any, encode
from streams.core.events.model import Event, Rejection
from streams.core.reconciliation import ledger_journal
from streams.core.reconciliation.ledger import Ledger
from streams.core.reconciliation.ledger_store import unpack_announced, unpack_reading
from streams.kafka import topic_reader as records
from streams.kafka.embedded_broker import free_port
from streams.kafka.producer import KafkaSink
from streams.kafka.topic_admin import ensure, lag
from streams.kafka.topology import Topology
from streams.nights.arrival import of_lines
from streams.nights.feeder import Fed, Feeder, Pace
from streams.support.scrape import scrape


@dataclass
class Outcome:
    """What a night came to: all of it plain JSON, so that two nights can be compared."""

    states: dict[str, Any] = field(default_factory=dict)
    """By area, of those that were heard of."""
    verdicts: dict[str, Any] = field(default_factory=dict)
    alerts: dict[str, str] = field(default_factory=dict)
    """Fingerprint to status, of all that fired."""
    notices: list[Any] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    """Reason codes, sorted."""


def direct(election: Election, lines: Iterable[bytes]) -> Outcome:
    """The night through the core."""
    monitor, outcome, time = Monitor(election), Outcome(), EventTime[Event](election, lambda event: event)

    def take(dated: Iterable[Dated[Event]]) -> None:
        for event, reason in dated:
            effects = Effects(rejection=reason) if reason else monitor.handle(event)
            if reason:
                monitor.reconciler.turn_away(event)
            outcome.notices += [plainly(notice) for notice in effects.notices]
            if effects.rejection is not None:
                outcome.rejected.append(effects.rejection.code)

    for line in lines:
        event = decode_any(line)
        if isinstance(event, Rejection):
            outcome.rejected.append(event.code)
            monitor.reconciler.turn_away(event)
        else:
            take(time.take([event]))
    take(time.finish())
    outcome.notices += [plainly(notice) for notice in monitor.finish()]
    outcome.states = {area: plainly(state) for area, state in monitor.states().items()}
    outcome.verdicts = {table: plainly(shown(verdict)) for table, verdict in monitor.verdicts.items()}
    return finished(outcome)


def finished(outcome: Outcome) -> Outcome:
    """Fill in what follows from the rest, and leave out the areas nobody has heard of."""
    outcome.alerts = {notice["fingerprint"]: notice["status"] for notice in outcome.notices}
    outcome.rejected.sort()
    outcome.states = {area: state for area, state in outcome.states.items() if _was_heard_of(state)}
    return outcome


def _was_heard_of(state: dict[str, Any]) -> bool:
    return bool(state["official"] or state["witnessed"]["levels"] or state["tables_announced"] or state["bounds"])


def verdicts(election: Election, records: Iterable[Any]) -> dict[str, Any]:
    """The verdicts that these records of the ledgers' changelog make together."""
    ledgers: dict[str, Ledger] = {}
    contents = [record.value for record in records if not record.key.endswith(b"/sent")]
    for found in (saved for saved in map(ledger_journal.decode, contents) if not saved.turned_away):
        unpack = unpack_announced if found.official else unpack_reading
        for table, packed in zip(found.ids(), found.entries(), strict=True):
            ledgers.setdefault(table, Ledger()).add(unpack(packed))
    return {table: plainly(shown(ledger.verdict(election.policy))) for table, ledger in ledgers.items()}


def plainly(value: Any) -> Any:
    return orjson.loads(encode(value))


def shown(verdict: Any) -> dict[str, Any]:
    return {"level": verdict.level.value, "accepted": verdict.accepted, "votes": verdict.votes, "null": verdict.null}


def until(done: Callable[[], object], told: Callable[[], str], seconds: float = 60, pause: float = 0.05) -> None:
    """Wait for something that must come true in so many seconds; `told` says what there is instead."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not done in {seconds} s: {told()}"
        time.sleep(pause)


def listening(port: int) -> set[str]:
    """The addresses at which somebody listens on this port, as Linux tells it."""
    found = set()
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        address, _, number = row.split()[1].partition(":")
        if row.split()[3] == "0A" and int(number, 16) == port:
            found.add(".".join(str(byte) for byte in reversed(bytes.fromhex(address))))
    for row in Path("/proc/net/tcp6").read_text().splitlines()[1:]:
        if row.split()[3] == "0A" and int(row.split()[1].partition(":")[2], 16) == port:
            found.add(row.split()[1])
    return found


class LiveNight:
    """The night through workers on a broker: start and kill them as you like, feed, wait, look."""

    def __init__(
        self,
        election: Election,
        broker: Broker,
        directory: Path,
        prefix: str,
        partitions: int = 3,
        starts: Starts = nursery.start,
        program: Sequence[object] = ("-m", "streams"),
    ) -> None:
        """`starts` is how Python is started: `nursery.spawn` where its own start matters. `program` is what Python runs
        as `cotejo`."""
        self.election, self.broker, self.directory = election, broker, directory
        self.topology = Topology(prefix, partitions)
        self.file = election_writer.write(election, directory)
        self.log = directory / "worker.log"
        self.workers: list[Process] = []
        self.ports: list[int] = []
        self.environment: dict[str, str] = {}
        self._starts, self._program = starts, program
        self.until = 0
        ensure(broker.address, self.topology.specs())

    def start(
        self, *, clock: str = "feed", member: str = "one", port: int = 0, place: Path | None = None, log: str = "ERROR"
    ) -> Process:
        """Start one worker more, with the command's arguments, on a free port unless told; in a directory of its own,
        with a log of its own, if one is given."""
        port = port or free_port()
        command = [*map(str, self._program), "worker", str(self.file), "--broker", self.broker.address]
        command += ["--prefix", self.topology.prefix, "--partitions", str(self.topology.partitions)]
        command += ["--port", str(port), "--clock", clock, "--member", member, "--log", log]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **self.environment}
        log_file = place / "worker.log" if place else self.log
        worker = self._starts(command, log_file, environment, place or self.directory)
        self.workers.append(worker)
        self.ports.append(port)
        return worker

    def feed(self, lines: Iterable[bytes], pace: Pace | None = None) -> Fed:
        """Feed these lines; by default with every tick, so that alerts come at exact times."""
        sink = KafkaSink(self.broker.address)
        fed = Feeder(sink, self.election, self.topology, pace or Pace(every_tick=True)).feed(of_lines(lines))
        self.until = max(self.until, fed.until)
        return fed

    def metrics(self) -> dict[str, float]:
        """The newest worker's metrics, as `scrape` names them."""
        return scrape(f"http://127.0.0.1:{self.ports[-1]}/metrics")

    def all_metrics(self) -> list[dict[str, float]]:
        """Every worker's metrics, in the order they were started."""
        return [scrape(f"http://127.0.0.1:{port}/metrics") for port in self.ports]

    def wait(self, seconds: float = 60, *, delivered: bool = False) -> None:
        """Wait until all that was fed is judged and sent; with `delivered`, until the receivers have it too."""

        def done() -> bool:
            assert self.workers[-1].poll() is None, self.told()
            found = self.all_metrics()
            clock = max((m.get("cotejo_clock_seconds", 0) for m in found), default=0)
            if clock * 1000 < self.until or any(m.get("cotejo_states_waiting", 0) for m in found):
                return False
            return not delivered or self.delivered()

        until(done, self.told, seconds)

    def delivered(self) -> bool:
        """Whether every notice so far is taken on, and nothing is due any more at any receiver."""
        if lag(self.broker.address, self.topology.app, self.topology.alerts):
            return False
        return not any(found.get("cotejo_deliveries_pending", 0) for found in self.all_metrics())

    def ready(self, seconds: float = 60) -> None:
        """Wait until the newest worker has its partitions."""
        until(lambda: self.metrics().get("cotejo_owned_partitions"), self.told, seconds)

    def told(self) -> str:
        """Where the workers are, for the message of a test that fails."""
        return f"{self.all_metrics()}\n{self.log.read_text()[-3000:]}"

    def stop(self) -> None:
        """End every worker cleanly."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            if worker.returncode is None:
                assert worker.wait(30) == 0, self.log.read_text()[-3000:]

    def kill(self) -> None:
        """Kill every worker, as a power cut would."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()

    def read(self, topic: str, partitions: int = 1) -> list[Any]:
        """Every record of a topic."""
        return list(records.read(self.broker.address, topic, partitions))

    def check_schemas(self) -> dict[str, int]:
        """Hold every record of every topic against its published schema; how many there were, by topic. What was turned
        away stands in the input topics too, and is left out there."""
        counts: dict[str, int] = {}
        rejected = {record.key.decode() for record in self.read(self.topology.rejected)}
        for spec in self.topology.specs():
            name = spec.name.removeprefix(self.topology.prefix)
            if not (SCHEMAS / f"{name}.json").exists():
                assert name.endswith("-changelog"), name
                continue
            for record in self.read(spec.name, spec.partitions):
                place = f"{spec.name}/{record.partition}/{record.offset}"
                if place not in rejected:
                    value = dict(record.headers)["reasons"] if name == "rejected" else record.value
                    assert not faults(name, orjson.loads(value)), place
                    counts[name] = counts.get(name, 0) + 1
        return counts

    def outcome(self) -> Outcome:
        """What the topics say now."""
        outcome, topology = Outcome(), self.topology
        for record in self.read(topology.area_state):
            outcome.states[record.key.decode()] = orjson.loads(record.value)
        for state in outcome.states.values():
            del state["at"]
        saved = self.read(topology.changelog("ledgers"), topology.partitions)
        outcome.verdicts = verdicts(self.election, saved)
        told: dict[str, Any] = {}
        for record in self.read(topology.alerts):
            notice = orjson.loads(record.value)
            told.setdefault(notice["id"], notice)
        outcome.notices = list(told.values())
        seen = {record.key: record for record in self.read(topology.rejected)}
        for record in seen.values():
            outcome.rejected += [reason["code"] for reason in orjson.loads(dict(record.headers)["reasons"])]
        return finished(outcome)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
