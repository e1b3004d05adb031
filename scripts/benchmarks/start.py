"""How long a worker takes to be there again after a crash, beside a loop that only reads its changelog."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from nights import LiveNight, until

from benchmarks.figures import Figure
from benchmarks.nights import Stream
from benchmarks.runs import BenchError, Peer, Run, apache, cpu_seconds, judged, memory, night, of_loop, say
from streams import topics

TABLES: Final = 1_000_000
"""Unless as many as the reports of the night that is asked for, if that is smaller."""
CHANGELOG: Final = Peer("aiokafka, reading and decoding the changelog only", "on_aiokafka.py", "", ("--saved",), False)


def run(repeats: int, reports: int, place: Path) -> list[Figure]:
    """Every polling table has one reading, when the worker is killed; it has the same name afterwards."""
    tables = TABLES if reports >= TABLES / 10 else reports
    stream = Stream.once(tables, place)
    parts: list[dict[str, float]] = []
    read: list[Run] = []
    with apache() as broker, night(stream, broker, place, pack=500) as (live, _):
        live.start()
        until(lambda: judged(live), live.told, 1800, 0.5)
        until(lambda: not topics.lag(broker.address, live.topology.app, live.topology.tally_reports), live.told, 120)
        changelog = live.topology.changelog("ledgers")
        (state,) = topics.describe(broker.address, [s for s in live.topology.specs() if s.name == changelog])
        for number in range(repeats):
            live.kill()
            read.append(of_loop(CHANGELOG, live, changelog, state.messages, place))
            parts.append(_again(live, tables))
            say(f"run {number + 1}: {parts[-1]}; the changelog alone {read[-1].seconds:.2f} s")
        live.kill()
    note = f"{tables:,} ledgers after kill -9"
    whole = [part["all"] for part in parts]
    figures = [Figure.paired("start", "s", whole, CHANGELOG.name, [run.seconds for run in read], note)]
    cpu = [part["cpu"] for part in parts]
    figures.append(Figure.paired("start, processor time", "CPU s", cpu, CHANGELOG.name, [r.cpu for r in read], note))
    for name, text in (("election", "reading the election"), ("rest", "joining, changelog, ledgers, sums")):
        figures.append(Figure.alone(f"start, {text}", "s", [part[name] for part in parts], note))
    figures.append(Figure.alone("memory after the start", "MiB", [part["memory"] for part in parts], note))
    return figures


def _again(live: LiveNight, tables: int) -> dict[str, float]:
    """Start the worker, and wait until it shows every ledger."""
    said = live.log.stat().st_size
    began = time.monotonic()
    worker = live.start()
    election = _when(lambda: live.log.stat().st_size > said, live, began)  # it has said where it is
    ready = _when(lambda: live.metrics().get("cotejo_owned_partitions"), live, began)
    found = {"election": election, "rest": ready - election, "all": ready, "cpu": cpu_seconds(worker.pid)}
    if (held := live.metrics().get("cotejo_witnessed_tables[N][N][nation]")) != tables:
        raise BenchError(f"{held} polling tables are there after the start, not {tables}")
    return {**found, "memory": memory(worker.pid) / 2**20}


def _when(done: Callable[[], object], live: LiveNight, began: float) -> float:
    until(done, live.told, 600)
    return time.monotonic() - began
