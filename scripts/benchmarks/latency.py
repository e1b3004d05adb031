"""How long things take to arrive, while reports come at half of the rate that a worker can take.

A report is there when /metrics counts its polling table, which is looked at five times a second; a bulletin when its
state, and its first alert, stand in their topics. Whoever looks runs on the same cores as what is looked at: it reads
one line of `/metrics` and leaves the rest, and waits for records instead of asking for them again and again.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import numpy as np
import orjson
from kafka import TopicPartition
from nights import LiveNight, until

from benchmarks.figures import Figure
from benchmarks.kept import say
from benchmarks.nights import Stream
from benchmarks.runs import PARTITIONS, apache, counted, empty, feeding, night, of_worker
from streams.core.election.model import Election
from streams.core.events.codec import decode_any, encode, plain
from streams.core.events.model import Bulletin, TallyReport
from streams.kafka import clients

HERE: Final = "S1"
"""The reports of this state are the probes; what flows beside them is of the others."""
METRIC: Final = re.compile(rf'^cotejo_witnessed_tables{{area="{HERE}",.*}} (.*)$'.encode(), re.MULTILINE)
PROBES: Final = 200
BULLETINS: Final = 40
LOOK: Final = 0.2
"""Seconds between two looks at /metrics."""
QUANTILES: Final = (50, 95, 99)


CONTESTED: Final = 38
"""Areas whose bulletins contradict their sheets, where any do."""
LEFT: Final = 100
"""One in so many votes of the first option is left to it by their bulletins; the second has the rest. Half of a night's
sheets contradict that wherever many have come."""


def run(repeats: int, reports: int, place: Path) -> list[Figure]:
    """The worker ticks by the wall clock, ten times a second."""
    return _run(repeats, reports, place, 0)


def run_contested(repeats: int, reports: int, place: Path) -> list[Figure]:
    """The same in the second half of a night in which the whole, every state and some municipalities are contested."""
    return _run(repeats, reports, place, CONTESTED)


def _run(repeats: int, reports: int, place: Path, contested: int) -> list[Figure]:
    stream = Stream.of(reports, place)
    found: dict[str, list[list[float]]] = {}
    rates = []
    with apache() as broker:
        for number in range(repeats):
            with night(stream, broker, place) as (live, fed):
                rates.append(of_worker(live, fed, None).rate / 2)
            with empty(stream, broker, election=ticking(stream.election)) as live:
                for name, seconds in _Flow(live, stream, place, rates[-1], contested).run().items():
                    found.setdefault(name, []).append(np.percentile(seconds, QUANTILES).tolist())
                    say(f"run {number + 1}: at {rates[-1]:,.0f} reports/s, {name}: p50, p95, p99 {found[name][-1]}")
    note = f"at {np.median(rates):,.0f} reports/s, half of the rate"
    note += f"; {contested} areas contested" if contested else ""
    return [
        Figure.alone(f"{name}, p{quantile}", "s", [run[i] for run in runs], note)
        for name, runs in found.items()
        for i, quantile in enumerate(QUANTILES)
    ]


def ticking(election: Election) -> Election:
    """The election with its rules asked ten times a second, as often as they can be; the wall clock ticks as often."""
    return replace(election, alerts=replace(election.alerts, tick=0.1))


class _Flow:
    """One worker under a steady flow, and the probes."""

    def __init__(self, live: LiveNight, stream: Stream, place: Path, rate: float, contested: int) -> None:
        self._live, self._stream, self._place, self._rate = live, stream, place, rate
        self._contested = contested
        self._tables = live.election.tables
        self._producer = clients.producer(live.broker.address, linger_ms=0)
        self._over = threading.Event()

    def run(self) -> dict[str, list[float]]:
        live = self._live
        others, probes = self._messages()
        live.start(clock="wall")
        live.ready()
        if self._contested:
            others = self._contest(others)
        before = counted(live)
        feeder = feeding(live, others, self._place, self._rate)
        try:
            until(lambda: counted(live) > before + self._rate, live.told, 120, LOOK)
            reports, states, alerts = _Times(len(probes)), _Times(BULLETINS), _Times(BULLETINS)
            bulletins = self._bulletins()
            watching = [self._thread(self._look, reports), self._thread(self._listen, bulletins, states, alerts)]
            sending = [self._thread(self._send_reports, probes, reports)]
            sending += [self._thread(self._send_bulletins, bulletins, states, alerts)]
            for thread in sending:
                thread.join()
            flowing = feeder.poll() is None
            for times in (reports, states, alerts):
                until(times.are_all_seen, lambda: f"{len(times.seen)} of {times.count} seen", 60)  # noqa: B023
        finally:
            self._over.set()
            feeder.kill()
            feeder.wait()
        for thread in watching:
            thread.join()
        if not flowing:
            say("the flow has ended before the probes: take more --reports")
        live.stop()
        return {
            "report to metric": reports.seconds(),
            "bulletin to area state": states.seconds(),
            "bulletin to alert": alerts.seconds(),
        }

    def _messages(self) -> tuple[Path, list[TallyReport]]:
        """The flow as a file, and the probes: the first reading of some polling tables here."""
        path, _ = self._stream.messages(PARTITIONS)
        others = self._live.directory / "flow"
        probes: dict[str, TallyReport] = {}
        with path.open("rb") as all_of_them, others.open("wb") as file:
            for line in all_of_them:
                content = line.rstrip(b"\n").split(b"\t", 3)[3]
                if not content.startswith(b'{"id"'):
                    continue  # a tick, or a bulletin
                report = decode_any(content)
                assert isinstance(report, TallyReport)
                table = report.table
                if HERE not in self._live.election.lineage[self._tables[table].area]:
                    file.write(line)
                elif len(probes) < PROBES and table not in probes:
                    probes[table] = report
        return others, list(probes.values())

    def _contest(self, flow: Path) -> Path:
        """Feed half of the flow, and bulletins that contradict it; return the other half once they have fired."""
        lines = flow.read_bytes().splitlines(keepends=True)
        halves = [flow.with_suffix(f".{half}") for half in (1, 2)]
        for path, part in zip(halves, (lines[: len(lines) // 2], lines[len(lines) // 2 :]), strict=True):
            path.write_bytes(b"".join(part))
        feeding(self._live, halves[0], self._place).wait()
        until(lambda: counted(self._live) >= len(lines) // 2, self._live.told, 300, LOOK)
        for bulletin in self._contradictions():
            content = encode({**plain(bulletin), "issued_at": int(time.time() * 1000)})
            self._producer.send(self._live.topology.bulletins, content, key=bulletin.area.encode())
        # at least of the option that loses its votes, and of the one that is given them
        until(lambda: self._firing() >= 2 * self._contested, lambda: f"{self._firing()} alerts fire", 120, 1)
        return halves[1]

    def _firing(self) -> float:
        """Alerts that fire now, muted ones too."""
        return sum(value for name, value in self._live.metrics().items() if re.match(r"cotejo_alerts\[.*firing", name))

    def _contradictions(self) -> list[Bulletin]:
        """Of the areas from the root down, but for those of the probes. Each says that all is counted."""
        election = self._live.election
        areas = sorted(election.areas.values(), key=lambda area: len(election.lineage[area.id]))
        probed = {bulletin.area for bulletin in self._bulletins()}
        areas = [area for area in areas if area.id not in probed and HERE not in election.lineage[area.id]]
        bulletins = []
        for area in areas[: self._contested]:
            _, first, second, *others = self._stream.expected[area.id]
            moved = first - first // LEFT
            votes = dict(zip(election.option_index, (first - moved, second + moved, *others), strict=True))
            told: dict[str, Any] = {"status": "final", "tables_counted": area.tables, "votes": votes}
            told["valid"] = sum(votes.values())
            bulletins.append(
                Bulletin(id=f"{area.id}-contested", authority="board", area=area.id, at=0, sequence=1, **told)
            )
        return bulletins

    def _bulletins(self) -> list[Bulletin]:
        """For municipalities elsewhere; each says something of its own sum that is not so, and calls people."""
        areas = [area.id for area in self._live.election.areas.values() if area.level == "municipality"]
        areas = [area for area in areas if HERE not in self._live.election.lineage[area]][:BULLETINS]
        votes = {"A": 900, "B": 800, "C": 50}
        return [
            Bulletin(id=f"{area}-probe", authority="board", area=area, at=0, sequence=1, votes=votes, valid=5_000)
            for area in areas
        ]

    def _send_reports(self, probes: list[TallyReport], times: "_Times") -> None:
        for probe in probes:
            time.sleep(0.053)  # never in step with the ticks
            times.send()
            partition = self._live.topology.partition_of(probe.table)
            self._producer.send(self._live.topology.tally_reports, encode(plain(probe)), partition=partition)

    def _send_bulletins(self, bulletins: list[Bulletin], *both: "_Times") -> None:
        for bulletin in bulletins:
            time.sleep(0.27)
            content = encode({**plain(bulletin), "issued_at": int(time.time() * 1000)})
            for times in both:
                times.send()
            self._producer.send(self._live.topology.bulletins, content, key=bulletin.area.encode())

    def _look(self, times: "_Times") -> None:
        while not self._over.wait(LOOK):
            with urlopen(f"http://127.0.0.1:{self._live.ports[-1]}/metrics", timeout=5) as answer:
                if found := METRIC.search(answer.read()):
                    times.see_first(int(float(found[1])))

    def _listen(self, bulletins: list[Bulletin], states: "_Times", alerts: "_Times") -> None:
        numbers = {bulletin.area: i for i, bulletin in enumerate(bulletins)}
        for topic, content in self._arriving():
            if topic == self._live.topology.alerts:
                if (number := numbers.get(content["finding"]["area"])) is not None:
                    alerts.see(number)
            elif (number := numbers.get(content["area"])) is not None and content["official"]:
                states.see(number)

    def _arriving(self) -> Iterator[tuple[str, dict[str, Any]]]:
        topology = self._live.topology
        consumer = clients.consumer(self._live.broker.address, enable_auto_commit=False)
        places = [TopicPartition(topic, 0) for topic in (topology.alerts, topology.area_state)]
        consumer.assign(places)
        consumer.seek_to_end(*places)
        while not self._over.is_set():
            for place, found in consumer.poll(100).items():
                yield from ((place.topic, orjson.loads(record.value)) for record in found)
        consumer.close()

    @staticmethod
    def _thread(run: Callable[..., None], *given: Any) -> threading.Thread:
        thread = threading.Thread(target=run, args=given, daemon=True)
        thread.start()
        return thread


class _Times:
    """When each of so many was sent, and when it was first seen (monotonic seconds)."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.sent: list[float] = []
        self.seen: dict[int, float] = {}

    def send(self) -> None:
        self.sent.append(time.monotonic())

    def see(self, number: int) -> None:
        self.seen.setdefault(number, time.monotonic())

    def see_first(self, count: int) -> None:
        """The first so many are there."""
        for number in range(len(self.seen), count):
            self.see(number)

    def are_all_seen(self) -> bool:
        return len(self.seen) == self.count

    def seconds(self) -> list[float]:
        return [self.seen[number] - sent for number, sent in enumerate(self.sent)]
