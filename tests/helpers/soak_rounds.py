"""A night on which everything goes wrong that can: workers, the broker and receivers die, freeze and come back.

Round after round events flow, `soak_plan` says what happens to whom, and then everything that the topics and the
receivers have must equal what the core makes of the same input (`soak_sides`).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import nursery
import orjson
import soak_plan
from brokers import Broker
from kafka.errors import KafkaError
from nights import LiveNight, Outcome
from nursery import Process
from soak_plan import BROKER, RECEIVER, WORKER, Fault
from soak_sides import Oracle, Receiver, Tail

from streams.core.election.model import Election
from streams.core.election.model import Receiver as Known
from streams.core.election.settings import AlertPolicy
from streams.core.events.codec import encode, plain
from streams.core.events.model import Tick
from streams.kafka.producer import KafkaSink
from streams.nights.arrival import of_lines
from streams.nights.feeder import Feeder, Pace
from streams.nights.scenarios.settings import Night
from streams.nights.scenarios.simulated import Simulation

PATIENCE = 240.0
"""Seconds after the last fault of a round by which all must be right."""
BAD_LINES = (b"no JSON", b'{"type":"tally-report","id":1}', b'{"type":"bulletin","votes":{}}')


class Given:
    """A broker that somebody else runs: nothing is done to it."""

    kind = "given"
    pid = None

    def __init__(self, address: str) -> None:
        self.address = address

    def start(self) -> Self:
        return self

    def stop(self) -> None: ...
    def kill(self) -> None: ...


def kinds_for(broker: Broker, workers: int) -> tuple[str, ...]:
    """What may happen on this broker. The embedded one serves one worker at a time, and forgets on a kill."""
    kinds = WORKER + RECEIVER + (BROKER if broker.kind == "apache" else ())
    if broker.kind == "embedded":
        kinds += ("broker-stop",)
    lone = {"add", "remove"} if workers == 1 else set()
    return tuple(kind for kind in kinds if kind not in lone and (broker.kind != "embedded" or kind != "freeze"))


@dataclass
class Slot:
    """One worker's place: a name or none, a directory of its own, and a process or none."""

    number: int
    member: str
    place: Path
    process: Process | None = None
    fault: str = ""
    wanted: bool = True
    """Whether somebody is to start it again when it ends."""
    left: set[str] = field(default_factory=set)
    """Files it has left in its directory."""


@dataclass
class Round:
    """What one round was, for the report."""

    number: int
    faults: list[str]
    missed: str = ""
    seconds: float = 0.0
    waited: float = 0.0
    lines: int = 0
    notices: int = 0
    webhooks: int = 0
    repeated: int = 0
    ended: list[str] = field(default_factory=list)
    """Workers that ended without being told to."""


class Soak:
    """Rounds on one broker. Leaving the context ends every worker and receiver."""

    def __init__(
        self, broker: Broker, place: Path, *, seed: int, rounds: int, workers: int, seconds: float = 8.0,
        only: int = 0, say: Callable[[str], None] = lambda text: None,
    ) -> None:  # fmt: skip
        self.broker, self.place, self.seed, self.seconds = broker, place, seed, seconds
        self.rounds, self._only, self._say = rounds, only, say
        secret = "whsec_" + b64encode(os.urandom(32)).decode()
        self.receivers = [Receiver(name, secret) for name in ("desk", "bot")]
        simulation = Simulation(night(seed, rounds))
        self.election: Election = replace(
            simulation.election,
            alerts=AlertPolicy(tick=10, hold=20, cooldown=60),
            receivers=tuple(Known(r.name, r.url, "SOAK_SECRET", allow_loopback=True) for r in self.receivers),
        )
        self._slices = slices(simulation, rounds)
        name = f"soak-{seed}-{os.urandom(3).hex()}."
        self.live = LiveNight(self.election, broker, place, name, partitions=4, starts=nursery.spawn)
        self.live.environment = {"SOAK_SECRET": secret, "COTEJO_SESSION_SECONDS": str(soak_plan.SESSION)}
        one = broker.kind == "embedded"
        names = [f"w{n}" if one or n % 2 else "" for n in range(1, workers + 1)]
        self.slots = [Slot(n, name, place / f"worker-{n}") for n, name in enumerate(names, 1)]
        self._extra: list[Slot] = []
        self.oracle = Oracle(self.election)
        self._tail = Tail(broker.address, self.election, self.live.topology)
        self.done: list[Round] = []
        self._lines: list[bytes] = []
        self._pace, self._go, self._fed = 0.0, threading.Semaphore(0), threading.Semaphore(0)
        self._over = False
        self._feeding = threading.Thread(target=self._feed, daemon=True)
        self._feed_error: BaseException | None = None

    def run(self) -> Iterator[Round]:
        """The rounds one after another, until one has missed."""
        for receiver in self.receivers:
            receiver.set("up")
        for slot in self.slots:
            self._start(slot)
        self._feeding.start()
        kinds = kinds_for(self.broker, len(self.slots))
        for number in range(1, self.rounds + 1):
            quick = number < self._only
            faults = [] if quick else soak_plan.plan(
                self.seed, number, workers=len(self.slots), receivers=len(self.receivers),
                seconds=self.seconds, kinds=kinds,
            )  # fmt: skip
            yield (this := self._round(number, faults, quick))
            if this.missed or number == self._only:
                return
        yield self._last()

    def _round(self, number: int, faults: list[Fault], quick: bool) -> Round:
        lines, tick = self._slices[number - 1]
        this = Round(number, [str(fault) for fault in faults], lines=len(lines))
        self._this, began = this, time.monotonic()
        self.oracle.feed(lines, tick)
        self._lines, self._pace = [*lines, encode(plain(Tick(tick)))], 0.0 if quick else self.seconds / len(lines)
        self._go.release()
        self._let_happen(faults)
        self._settle(this)
        this.seconds = round(time.monotonic() - began, 1)
        return this

    def _last(self) -> Round:
        """No fault any more; time runs on until every alert that waits has fired."""
        self._this = this = Round(self.rounds + 1, [])
        self.oracle.finish()
        self._lines, self._over = [], True
        self._go.release()
        self._settle(this)
        return this

    # Feeding ---------------------------------------------------------------------------------------------------------

    def _feed(self) -> None:
        try:
            sink = KafkaSink(self.broker.address)
            Feeder(sink, self.election, self.live.topology, Pace(pack=5, every_tick=True)).feed(of_lines(self._flow()))
        except BaseException as error:
            self._feed_error = error
        self._fed.release()

    def _flow(self) -> Iterator[bytes]:
        while True:
            self._go.acquire()
            if self._over:
                return
            for line in self._lines:
                yield line
                time.sleep(self._pace)
            self._fed.release()

    # What happens ----------------------------------------------------------------------------------------------------

    def _let_happen(self, faults: list[Fault]) -> None:
        """Do every fault and mend it, each at its time, until the last is mended."""
        began = time.monotonic()
        due: list[tuple[float, Callable[[], object]]] = []

        def begin(fault: Fault) -> None:
            mend = self._begin(fault)
            due.append((time.monotonic() - began + fault.lasts, mend))

        due += [(fault.at, partial(begin, fault)) for fault in faults]
        while due:
            due.sort(key=lambda item: item[0])
            if time.monotonic() - began >= due[0][0]:
                due.pop(0)[1]()
            else:
                time.sleep(0.05)
            self._supervise()

    def _begin(self, fault: Fault) -> Callable[[], object]:
        """Let it happen; return what mends it."""
        if fault.kind in BROKER:
            (self.broker.stop if fault.kind == "broker-stop" else self.broker.kill)()
            return self.broker.start
        if fault.kind in RECEIVER:
            receiver = self.receivers[fault.target]
            receiver.set(fault.kind.removeprefix("receiver-"))
            return lambda: receiver.set("up")
        if fault.kind == "add":
            extra = Slot(len(self.slots) + len(self._extra) + 1, "", self.place / f"extra-{len(self._extra)}")
            self._extra.append(extra)
            self._start(extra)
            return lambda: self._end(extra, signal.SIGTERM)
        free = [slot for slot in self.slots[fault.target :] + self.slots[: fault.target] if not slot.fault]
        if not free or (fault.kind != "blink" and len(free) == 1 < len(self.slots)):
            return lambda: None  # somebody must go on
        slot = free[0]
        slot.fault = fault.kind
        if slot.process is None or slot.process.poll() is not None:
            self._start(slot)
        if fault.kind in ("freeze", "blink"):
            process = slot.process
            assert process is not None
            process.send_signal(signal.SIGSTOP)
            return lambda: self._thaw(slot, process)
        self._end(slot, signal.SIGTERM if fault.kind in ("term", "remove") else signal.SIGKILL)
        if fault.kind == "emptied":
            shutil.rmtree(slot.place)
        return lambda: self._start(slot)

    def _thaw(self, slot: Slot, process: Process) -> None:
        process.send_signal(signal.SIGCONT)
        slot.fault = ""

    def _start(self, slot: Slot) -> None:
        slot.place.mkdir(exist_ok=True)
        slot.process = self.live.start(member=slot.member, place=slot.place)
        slot.wanted, slot.fault = True, ""

    def _end(self, slot: Slot, how: signal.Signals) -> None:
        """End a worker; one that does not go within a minute is killed, and said to hang."""
        slot.wanted, process = False, slot.process
        if process is None:
            return
        process.send_signal(how)
        try:
            code = process.wait(60)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGUSR1)  # it writes down where each of its tasks is
            time.sleep(2)
            process.kill()
            process.wait()
            code = -9
            self._this.ended.append(f"worker {slot.number} did not end within a minute of its {how.name}")
        if how is signal.SIGTERM and code > 0:
            self._this.ended.append(f"worker {slot.number} ended with {code} after its {how.name}")
        slot.left |= {str(p.relative_to(slot.place)) for p in slot.place.rglob("*") if p.name != "worker.log"}

    def _supervise(self) -> None:
        """Start again what has ended by itself, as whoever runs a worker would."""
        for slot in self.slots + self._extra:
            if slot.wanted and slot.process is not None and (code := slot.process.poll()) is not None:
                last = (slot.place / "worker.log").read_text(errors="replace").strip().splitlines()[-1:]
                self._this.ended.append(f"worker {slot.number} ended with {code}: {''.join(last)[:300]}")
                self._start(slot)

    # Looking ---------------------------------------------------------------------------------------------------------

    def _settle(self, this: Round) -> None:
        """Wait until everything is right, or for as long as our patience lasts."""
        began = time.monotonic()
        expected, deadline, fed = self.oracle.outcome(), began + PATIENCE, False
        this.missed = "nothing was looked at"
        while this.missed and time.monotonic() < deadline:
            self._supervise()
            fed = fed or self._fed.acquire(timeout=0.3)
            if self._feed_error is not None:
                this.missed = f"the feeder has failed: {self._feed_error!r}"
                break
            this.missed = self._wrong(expected) if fed else "the feeder has not finished"
        this.waited = round(time.monotonic() - began, 1)
        this.notices = len(expected.notices)
        this.webhooks = sum(len(receiver.taken) for receiver in self.receivers)
        this.repeated = this.webhooks - sum(len({m for m, _ in receiver.taken}) for receiver in self.receivers)

    def _wrong(self, expected: Outcome) -> str:
        try:
            found, wanted = asdict(self._tail.read()), asdict(expected)
        except KafkaError as error:
            return f"the topics cannot be read: {error!r}"
        for what in ("rejected", "verdicts", "states", "alerts"):
            if found[what] != wanted[what]:
                return f"{what} differ: {_difference(found[what], wanted[what])}"
        if found["notices"] != wanted["notices"]:
            have, want = ({n["id"]: n for n in side["notices"]} for side in (found, wanted))
            return f"notices differ: {_difference(have, want)}" if have != want else "notices come in another order"
        return next(filter(None, (r.wrong(self.election, expected.notices) for r in self.receivers)), "")

    def keep(self, this: Round) -> Path:
        """Write down everything about a round that has missed; return where."""
        kept = self.place / "miss"
        kept.mkdir(exist_ok=True)
        for spec in self.live.topology.specs():
            with (kept / f"{spec.name}.jsonl").open("wb") as file:
                for record in self.live.read(spec.name, spec.partitions):
                    place = {"p": record.partition, "o": record.offset, "t": record.timestamp, "k": str(record.key)}
                    file.write(encode({**place, "v": (record.value or b"").decode(errors="replace")}) + b"\n")
        expected = self.oracle.outcome()
        (kept / "expected.json").write_bytes(orjson.dumps(asdict(expected), option=orjson.OPT_INDENT_2))
        (kept / "round.json").write_bytes(orjson.dumps(asdict(this), option=orjson.OPT_INDENT_2))
        for receiver in self.receivers:
            (kept / f"receiver-{receiver.name}.json").write_bytes(orjson.dumps(receiver.taken))
        return kept

    @property
    def local_files(self) -> list[str]:
        """Files that workers have left in their directories, beside their logs."""
        return sorted(set().union(*(slot.left for slot in self.slots + self._extra)))

    def __enter__(self) -> Soak:
        return self

    def __exit__(self, *_: object) -> None:
        self._tail.close()
        for slot in self.slots + self._extra:
            if slot.process is not None and slot.process.poll() is None:
                slot.process.kill()  # a frozen one too
                slot.process.wait()
        for receiver in self.receivers:
            receiver.set("down")


def night(seed: int, rounds: int) -> Night:
    """A night with something to say in each round: some 50 reports, bulletins that differ, are late, are corrected."""
    return Night(
        seed=seed, tables=max(120, 25 * rounds), states=4, municipalities=3, hours=rounds / 12, readers=2.2,
        groups=300, mis_keyed=0.03, liars=0.02, forged=0.03, bulletins=rounds + 1, late=rounds // 3,
        corrected=rounds // 2, shift=6, quorum=2, official="state" if seed % 2 else "table",
    )  # fmt: skip


def slices(simulation: Simulation, rounds: int) -> list[tuple[list[bytes], int]]:
    """The night in so many parts: each its lines, in their order, and the tick that comes after its last event."""
    events = list(simulation.events())
    tick, found, begin = 10_000, list[tuple[list[bytes], int]](), 0
    for number in range(1, rounds + 1):
        end = max(begin + 1, len(events) * number // rounds)
        last = max(event.at for event in events[begin:end])
        until = last - last % tick + tick
        while end < len(events) and events[end].at < until:
            end += 1
        lines = [encode(plain(event)) for event in events[begin:end]]
        for i in range(7, len(lines), 40):
            lines.insert(i, BAD_LINES[i % len(BAD_LINES)])
        found.append((lines, until))
        begin = end
    return found


def _difference(found: Any, wanted: Any) -> str:
    if not isinstance(found, dict):
        return f"{len(found)} instead of {len(wanted)}"
    missing, strange = wanted.keys() - found.keys(), found.keys() - wanted.keys()
    differ = [key for key in wanted.keys() & found.keys() if wanted[key] != found[key]]
    text = f"{len(missing)} missing {sorted(missing)[:4]}, {len(strange)} too many {sorted(strange)[:4]}"
    for key in sorted(differ)[:2]:
        fields = (
            [f for f in wanted[key] if found[key].get(f) != wanted[key][f]] if isinstance(wanted[key], dict) else []
        )
        told = {f: (found[key].get(f), wanted[key][f]) for f in fields} or (found[key], wanted[key])
        text += f"; {key}: {str(told)[:600]}"
    return f"{text}; {len(differ)} differ"
