"""How long a worker takes to be there again after a crash, beside a loop that only reads its changelog."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from nights import LiveNight, until

from benchmarks.figures import Figure
from benchmarks.kept import say
from benchmarks.nights import Stream
from benchmarks.runs import BenchError, Peer, Run, apache, cpu_seconds, judged, log_bytes, memory, night, of_loop
from streams.kafka import topic_admin
from streams.worker.run import SETTLED

TABLES: Final = 1_000_000
"""Unless as many as the reports of the night that is asked for, if that is smaller."""
START: Final = "start"
BARE: Final = "memory: a worker's code"
ELECTION: Final = "memory: the election"
LEDGERS: Final = "memory: ledgers and sums"
SAVED: Final = "disk: saved ledgers"
SHEETS: Final = "disk: sheets on their way to the comparison"
LOOK: Final = 0.2
"""Seconds between two looks at whether a worker is there. Each costs it some milliseconds."""
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
        until(
            lambda: not topic_admin.lag(broker.address, live.topology.app, live.topology.tally_reports), live.told, 120
        )
        changelog = live.topology.changelog("ledgers")
        disk = [
            Figure.alone(name, "bytes/table", [log_bytes(broker, topic) / tables])
            for name, topic in ((SAVED, changelog), (SHEETS, live.topology.table_sheets))
        ]
        (state,) = topic_admin.describe(broker.address, [s for s in live.topology.specs() if s.name == changelog])
        for number in range(repeats):
            live.kill()
            read.append(of_loop(CHANGELOG, live, changelog, state.messages, place))
            parts.append(_again(live, tables))
            say(f"run {number + 1}: {parts[-1]}; the changelog alone {read[-1].seconds:.2f} s")
        live.kill()
    note = f"{tables:,} ledgers after kill -9"
    whole, cpu, full, election = (
        [part[name] for part in parts] for name in ("all", "cpu", "memory", "election memory")
    )
    bare = _bare()
    return [
        Figure.paired(START, "s", whole, CHANGELOG.name, [run.seconds for run in read], note),
        Figure.paired(f"{START}, processor time", "CPU s", cpu, CHANGELOG.name, [run.cpu for run in read], note),
        Figure.alone(f"{START}: reading the election", "s", [part["election"] for part in parts], note),
        Figure.alone(f"{START}: joining, changelog, ledgers, sums", "s", [part["rest"] for part in parts], note),
        Figure.alone("memory with every ledger", "MiB", [held / 2**20 for held in full], note),
        Figure.alone(BARE, "MiB", [bare / 2**20]),
        Figure.alone(ELECTION, "bytes/table", [(held - bare) / tables for held in election]),
        Figure.alone(LEDGERS, "bytes/table", [(a - b) / tables for a, b in zip(full, election, strict=True)]),
        *disk,
    ]


def _again(live: LiveNight, tables: int) -> dict[str, float]:
    """Start the worker, and wait until it shows every ledger."""
    said = live.log.stat().st_size
    began = time.monotonic()
    worker = live.start()
    election = _when(lambda: live.log.stat().st_size > said, live, began)  # it has said where it is
    held = memory(worker.pid)
    ready = _when(lambda: live.metrics().get("cotejo_owned_partitions"), live, began)
    found = {"election": election, "rest": ready - election, "all": ready, "cpu": cpu_seconds(worker.pid)}
    if (shown := live.metrics().get("cotejo_witnessed_tables[N][N][nation]")) != tables:
        raise BenchError(f"{shown} polling tables are there after the start, not {tables}")
    until(lambda: not live.metrics().get("cotejo_states_waiting", 1), live.told, 600, LOOK)
    time.sleep(SETTLED + 1)  # until it has given back what it needed for that
    return {**found, "memory": memory(worker.pid), "election memory": held}


def _bare() -> int:
    """Bytes of a process that has loaded what a worker is made of, and nothing else."""
    told = "import streams.worker.run; print(open('/proc/self/statm').read().split()[1])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, check=True)
    return int(done.stdout) * os.sysconf("SC_PAGESIZE")


def _when(done: Callable[[], object], live: LiveNight, began: float) -> float:
    until(done, live.told, 600, LOOK)
    return time.monotonic() - began
