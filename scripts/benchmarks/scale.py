"""What more partitions and more workers bring on this machine, and what they are held up by.

The workers join, and are halted while the night goes into the topics: so all of them begin at once, and nobody feeds
meanwhile.
"""

import signal
import time
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from brokers import Broker
from nights import LiveNight, until

from benchmarks.figures import Figure
from benchmarks.kept import say
from benchmarks.nights import Stream
from benchmarks.runs import apache, check, counted, cpu_seconds, empty, feed, judged, metrics

SHAPES: Final = ((1, 1), (2, 1), (2, 2), (4, 1), (4, 2), (4, 4))
"""Partitions and workers. More workers than partitions would share nothing."""


class _Run(NamedTuple):
    rate: float
    """Reports per second, of all workers together."""
    workers: float
    """Cores that they keep busy."""
    busiest: float
    """That of the one that keeps most busy: the comparing one, whatever is left to the others."""
    broker: float
    """The same of the broker."""


def run(repeats: int, reports: int, place: Path) -> list[Figure]:
    """Each shape beside one worker with as many partitions."""
    stream = Stream.of(reports, place)
    runs: dict[tuple[int, int], list[_Run]] = {shape: [] for shape in SHAPES}
    with apache() as broker:
        for number in range(repeats):
            for shape in SHAPES if number % 2 == 0 else reversed(SHAPES):
                runs[shape].append(_of_shape(stream, broker, place, *shape))
                rate, workers, busiest, its = runs[shape][-1]
                say(f"run {number + 1}: {shape[0]} partitions, {shape[1]} workers: {rate:,.0f} reports/s, "
                    f"cores busy: workers {workers:.2f}, the busiest {busiest:.2f}, broker {its:.2f}")  # fmt: skip
    return [_figure(shape, runs) for shape in SHAPES]


def _figure(shape: tuple[int, int], runs: dict[tuple[int, int], list[_Run]]) -> Figure:
    (partitions, workers), mine = shape, runs[shape]
    busy, busiest, broker = (float(np.median([run[i] for run in mine])) for i in (1, 2, 3))
    note = f"workers keep {busy:.2f} cores busy, the busiest {busiest:.2f}, the broker {broker:.2f}"
    name = f"scale: {partitions} partitions, {workers} workers"
    rates = [run.rate for run in mine]
    if workers == 1:
        return Figure.alone(name, "reports/s", rates, note)
    one = [run.rate for run in runs[partitions, 1]]
    return Figure.paired(name, "reports/s", rates, "one worker, as many partitions", one, note)


def _of_shape(stream: Stream, broker: Broker, place: Path, partitions: int, workers: int) -> _Run:
    with empty(stream, broker, partitions) as live:
        live.environment = {"COTEJO_SESSION_SECONDS": "25"}  # nobody is thought dead while halted
        for number in range(workers):
            live.start(member=f"worker-{number}")
        until(lambda: _have_joined(live, partitions), live.told, 180, 0.2)
        for worker in live.workers:
            worker.send_signal(signal.SIGSTOP)
        fed = feed(live, stream, place)
        assert broker.pid is not None
        pids = [*(worker.pid for worker in live.workers), broker.pid]
        before, began = [cpu_seconds(pid) for pid in pids], time.monotonic()
        for worker in live.workers:
            worker.send_signal(signal.SIGCONT)
        until(lambda: counted(live) >= fed.reports, live.told, 3600, 0.5)
        until(lambda: judged(live), live.told, 3600, 0.1)
        seconds = time.monotonic() - began
        *ours, its = (cpu_seconds(pid) - was for pid, was in zip(pids, before, strict=True))
        live.stop()
        check("cotejo", live, live.topology.area_state, 1, stream.expected)
        return _Run(fed.reports / seconds, sum(ours) / seconds, max(ours) / seconds, its / seconds)


def _have_joined(live: LiveNight, partitions: int) -> bool:
    """Whether the workers share all partitions of the reports, and each has some."""
    owned = [found.get("cotejo_owned_partitions", 0) for found in metrics(live)]
    return all(owned) and sum(owned) == partitions
