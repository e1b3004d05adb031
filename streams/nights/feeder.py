"""A night into Kafka, in its order, at a chosen speed.

The feeder carries and judges nothing: what cannot be read goes out as it is, for the worker to turn away with a
reason. It is also the clock of what it feeds: ticks go out between the events. Ticks that were recorded only move
that clock on, so that a pause of the night stays one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Final, Protocol

from streams.core.election.model import Election
from streams.core.engine.event_time import Dated, EventTime
from streams.core.events.codec import MAX_PACK, encode, plain
from streams.core.events.input_topics import BULLETINS
from streams.core.events.model import Bulletin, Rejection, TallyReport, Tick
from streams.kafka.topology import Topology
from streams.nights.arrival import Arrival, event_of

PACK_BYTES: Final = 256 * 2**10
"""A pack of several reports has so many bytes at most: far fewer than a message may have."""
TICK_SECONDS: Final = 0.25
"""Seconds of wall time between two ticks, unless every tick is asked for."""


@dataclass(slots=True)
class Fed:
    """What went out so far. `at` is the event time reached, `until` the last tick (Unix ms)."""

    events: int = 0
    reports: int = 0
    bulletins: int = 0
    unreadable: int = 0
    ticks: int = 0
    messages: int = 0
    at: int = 0
    until: int = 0


@dataclass(slots=True)
class Pace:
    """How fast: event seconds per second (None: as fast as it goes), reports per message, and whether each tick of
    the election is sent, or only one now and then."""

    speed: float | None = None
    pack: int = 1
    every_tick: bool = False


class Sink(Protocol):
    """Where messages go, in order."""

    def send(
        self, topic: str, content: bytes | None, key: bytes | None = None, partition: int | None = None
    ) -> None: ...
    def close(self) -> None: ...


class _Pack:
    """Reports on their way into one message; a single one may have more than `PACK_BYTES`."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self._bytes = 0

    def has_room(self, line: bytes) -> bool:
        return self._bytes + len(line) <= PACK_BYTES

    def add(self, line: bytes) -> None:
        self.lines.append(line)
        self._bytes += len(line) + 1

    @property
    def content(self) -> bytes:
        return self.lines[0] if len(self.lines) == 1 else b"[" + b",".join(self.lines) + b"]"


class Feeder:
    """What goes out, when, and the clock of it."""

    def __init__(self, sink: Sink, election: Election, topology: Topology, pace: Pace) -> None:
        self._sink = sink
        self._topology, self._pace, self._tables = topology, pace, election.tables
        self._tick = round(election.alerts.tick * 1000)
        self._settling = election.alerts.settling
        self._most = min(pace.pack, MAX_PACK)
        self._packs: dict[int, _Pack] = {}
        self._ticked, self._ticked_at, self._announced = 0, 0.0, False
        self._began: tuple[int, float] | None = None
        self._time = EventTime[Arrival](election, event_of)
        self.fed = Fed()

    def feed(self, arrivals: Iterable[Arrival], watch: Callable[[Fed], None] = lambda fed: None) -> Fed:
        """Send every event; `watch` is told after each. Ends with a tick that lets every waiting alert fire."""
        for arrival in arrivals:
            if isinstance(arrival.event, Rejection):
                self._go_out(arrival, watch)
            else:
                self._go_out_dated(self._time.take([arrival]), watch)
        self._go_out_dated(self._time.finish(), watch)
        self._finish()
        self._sink.close()
        return self.fed

    def _go_out_dated(self, dated: Iterable[Dated[Arrival]], watch: Callable[[Fed], None]) -> None:
        """Send events once it is known whether their dates move the clock. One that is dated beyond the night does not,
        and a tick comes soon behind it, by which the worker turns it away."""
        for arrival, reason in dated:
            event = event_of(arrival)
            if reason is None:
                self._wait(event.at, watch)
                self._advance(event.at, isinstance(event, Bulletin) and event.area not in self._tables)
            self._go_out(arrival, watch)
            self._announced = self._announced or reason is not None

    def _go_out(self, arrival: Arrival, watch: Callable[[Fed], None]) -> None:
        self._send(arrival)
        self.fed.events += 1
        watch(self.fed)

    def _finish(self) -> None:
        """What came last is judged at the next tick, and waits from there: so one tick is not enough."""
        reached = self.fed.at - self.fed.at % self._tick
        following, last = reached + self._tick, reached + self._settling
        for at in range(following, last, self._tick) if self._pace.every_tick else (following,):
            self._send_tick(at)
        self._send_tick(last)

    def _wait(self, at: int, watch: Callable[[Fed], None]) -> None:
        """Let wall time pass until it is `at` at the chosen speed; meanwhile the clock runs on."""
        if self._pace.speed is None:
            return
        if self._began is None:
            self._began = at, monotonic()
        first, began = self._began
        while (now := first + round((monotonic() - began) * self._pace.speed * 1000)) < at:
            self._advance(now, False)
            watch(self.fed)
            sleep(min((at - now) / self._pace.speed / 1000, TICK_SECONDS))

    def _advance(self, at: int, bulletin: bool) -> None:
        """Send the ticks that are due when time has come to `at`, so that what is next is judged after them."""
        self.fed.at = max(self.fed.at, at)
        to = self.fed.at - self.fed.at % self._tick
        if to <= self._ticked:
            return
        now = monotonic()
        if self._pace.every_tick or bulletin or self._announced or now - self._ticked_at >= TICK_SECONDS:
            if self._ticked and self._ticked + self._tick < to:
                self._send_tick(self._ticked + self._tick)
            self._send_tick(to)
            self._ticked_at, self._announced = now, bulletin

    def _send_tick(self, at: int) -> None:
        self._flush_packs()
        content = encode(plain(Tick(at)))
        for partition in range(self._topology.partitions):
            self._out(self._topology.tally_reports, content, partition=partition)
        self._out(self._topology.bulletins, content, partition=0)
        self._ticked = self.fed.until = at
        self.fed.ticks += 1

    def _send(self, arrival: Arrival) -> None:
        event, raw = arrival.event, arrival.raw
        match event:
            case TallyReport():
                self.fed.reports += 1
                self._pack(raw or b"", event.table)
            case Bulletin() if event.area in self._tables and arrival.topic != BULLETINS:
                self.fed.bulletins += 1
                self._pack(raw or b"", event.area)
            case Bulletin():
                self.fed.bulletins += 1
                self._out(self._topology.bulletins, raw, key=event.area.encode())
            case Tick():
                pass  # `_advance` has sent what it asks for
            case Rejection():
                self.fed.unreadable += 1
                official = not event.table and b'"bulletin"' in (raw or b"")[:4096]
                if arrival.topic:
                    official = arrival.topic == BULLETINS
                self._out(self._topology.bulletins if official else self._topology.tally_reports, raw)

    def _pack(self, line: bytes, table: str) -> None:
        partition = self._topology.partition_of(table)
        if partition in self._packs and not self._packs[partition].has_room(line):
            self._flush_pack(partition)
        pack = self._packs.setdefault(partition, _Pack())
        pack.add(line)
        if len(pack.lines) >= self._most:
            self._flush_pack(partition)

    def _flush_packs(self) -> None:
        for partition in list(self._packs):
            self._flush_pack(partition)

    def _flush_pack(self, partition: int) -> None:
        if pack := self._packs.pop(partition, None):
            self._out(self._topology.tally_reports, pack.content, partition=partition)

    def _out(self, topic: str, content: bytes | None, key: bytes | None = None, partition: int | None = None) -> None:
        self._sink.send(topic, content, key, partition)
        self.fed.messages += 1
