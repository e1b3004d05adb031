"""Offline replay, beside `orjson.loads` alone on the same events' bytes, in one process, by CPU time.

A stream is made once into `place` and used again. The two take turns all along it, so that a minute in which the
machine is slow is one for both. `orjson.loads` is given the best of it: its events' JSON lies in memory, one behind the
other; the replay reads the compressed log from disk.
"""

import gc
import os
import pathlib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

import orjson
from brokers import ROOT

from benchmarks.figures import Figure
from benchmarks.kept import kept, sources
from benchmarks.nights import SIMULATION
from streams.config import election_file
from streams.core.events.input_topics import BULLETINS, REPORTS
from streams.core.replay.outcome import Outcome
from streams.kafka.topology import Topology
from streams.nights import source as relive
from streams.nights.eventlog.reader import EventLog
from streams.nights.eventlog.record import Record
from streams.nights.eventlog.writer import LogWriter
from streams.nights.feeder import Feeder, Pace
from streams.nights.paths import NightFiles
from streams.support import gc_tuning

INDONESIA: Final = ROOT / "../shared/data/indonesia2019"
"""Where the Indonesian night's table is, if somebody has put it there."""

SIMULATED: Final = {
    "simulated, 60 thousand reports": (
        *("--tables", "30000", "--readers", "2", "--witnessed", "1"),
        *("--official", "state", "--municipalities", "30"),
    ),
    "simulated, 5 million reports": ("--tables", "1000000", "--readers", "5", "--witnessed", "1"),
}
"""What `cotejo simulate` is told, by stream."""

RECORDED: Final = "recorded, 60 thousand reports"
"""The smallest stream as a recorder finds it: fed to four partitions, with the ticks of the night in them."""
PARTITIONS: Final = 4
TURNS: Final = 200
LOG: Final = ("nights/eventlog/*.py", "config/election_writer.py", "core/events/*.py")
"""The code that every log comes from."""


class Run(NamedTuple):
    """CPU seconds of one stream's parts, and how many events it has."""

    events: int
    alone: float
    start: float
    judging: float
    outcome: float


def run(repeats: int, place: pathlib.Path) -> list[Figure]:
    """Every stream's figures. `place` is a directory that keeps the streams."""
    return [figure for name, night in _streams(place).items() for figure in _figures(name, night, repeats)]


def _streams(place: pathlib.Path) -> dict[str, pathlib.Path]:
    found: dict[str, pathlib.Path] = {}
    for name, options in SIMULATED.items():
        recipe = options, *sources(*LOG, *SIMULATION, "cli/simulate.py")
        found[name] = kept(place, _slug(name), recipe, partial(_cotejo, "simulate", "--seed", "5", *options))
        if RECORDED not in found:
            recipe = found[name].name, pathlib.Path(__file__), *sources(*LOG, "nights/feeder.py", "kafka/topology.py")
            found[RECORDED] = kept(place, _slug(RECORDED), recipe, partial(record, found[name]))
    if INDONESIA.exists():
        map_ = ROOT / "docs/examples/indonesia2019.toml"
        code = sources(*LOG, "nights/importers/**/*.py")
        recipe = map_, *sorted(INDONESIA.iterdir()), *code
        command = partial(_cotejo, "import", "run", str(map_), "--data", str(INDONESIA))
        found["Indonesia 2019"] = kept(place, "Indonesia-2019", recipe, command)
    return found


def _slug(name: str) -> str:
    return name.replace(", ", "-").replace(" ", "-")


def record(night: pathlib.Path, out: pathlib.Path) -> None:
    """Write a made night as a recorder finds it in the topics that it was fed to."""
    election, topology = election_file.load(night), Topology("bench.", PARTITIONS)
    with LogWriter.create(
        out, election, prefix=topology.prefix, partitions=PARTITIONS, writer="cotejo record", created=1
    ) as log:
        Feeder(_Topics(log, topology), election, topology, Pace()).feed(NightFiles.of([night]).arrivals())


class _Topics:
    """A sink whose messages are recorded as they come."""

    def __init__(self, log: LogWriter, topology: Topology) -> None:
        self._log, self._topology = log, topology
        self._offsets: Counter[tuple[str, int]] = Counter()
        # Behind all of the night: a report that is dated after its arrival does not count.
        self._arrived = int(time.time() * 1000)

    def send(self, topic: str, content: bytes | None, key: bytes | None = None, partition: int | None = None) -> None:
        name = BULLETINS if topic == self._topology.bulletins else REPORTS
        place = name, partition or 0
        self._log.append(Record(*place, self._offsets[place], self._arrived, key, content))
        self._offsets[place] += 1

    def close(self) -> None:
        """The log has an end of its own."""


def _figures(name: str, night: pathlib.Path, repeats: int) -> list[Figure]:
    # Each repeat has a process of its own: what one leaves in memory would slow down the next.
    runs = [Run(*orjson.loads(_python(str(night)))) for _ in range(repeats)]
    rates = [one.events / one.judging for one in runs]
    alone = [one.events / one.alone for one in runs]
    commands = [_command(night) for _ in range(repeats)]
    return [
        Figure.paired(f"{name}: reading and judging", "events/s", rates, "orjson.loads", alone, "CPU time"),
        Figure.alone(f"{name}: start", "s", [one.start for one in runs], "the election's files, CPU time"),
        Figure.alone(f"{name}: outcome", "s", [one.outcome for one in runs], "as JSON, CPU time"),
        Figure.alone(f"{name}: cotejo replay --json, CPU", "s", [cpu for cpu, _, _ in commands]),
        Figure.alone(f"{name}: cotejo replay --json, wall", "s", [wall for _, wall, _ in commands]),
        Figure.alone(f"{name}: its memory at most", "MB", [memory for _, _, memory in commands]),
    ]


def measure(night: pathlib.Path) -> Run:
    """One stream, in this process."""
    # Before anything else is in memory, so that they lie side by side.
    contents = [record.value for record in EventLog.open(night).records() if record.value is not None]
    source = relive.open_night([night])
    begun = time.process_time()
    replay = source.replay(election_file.load(source.election))
    start = time.process_time() - begun
    gc.collect()
    gc_tuning.look_seldom()  # as the command does
    steps, alone, judging, outcomes = relive.relive(source, [replay]), 0.0, 0.0, list[Outcome]()
    for turn in range(TURNS):
        begin, end = (len(contents) * place // TURNS for place in (turn, turn + 1))
        far = source.size * (turn + 1) / TURNS
        alone += _seconds(partial(_read, contents[begin:end]))
        judging += _seconds(partial(_live, steps, far))
    judging += _seconds(lambda: [*steps])
    judging += _seconds(lambda: outcomes.append(replay.finish()))
    outcome = _seconds(lambda: outcomes[0].sha256)
    if not any(verdict.accepted for verdict in outcomes[0].verdicts.values()):
        raise RuntimeError(f"{night}: no sheet was accepted")
    return Run(sum(outcomes[0].counts.values()), alone, start, judging, outcome)


def _read(contents: Sequence[bytes]) -> None:
    for content in contents:
        orjson.loads(content)


def _live(steps: Iterator[int], far: float) -> None:
    """Go on with the replay until it has read so many bytes."""
    for done in steps:
        if done >= far:
            return


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _command(night: pathlib.Path) -> tuple[float, float, float]:
    """CPU and wall seconds of the whole command, and its memory at most in MB."""
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "streams", "replay", str(night), "--json"], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"cotejo replay {night} failed")
    return used.ru_utime + used.ru_stime, time.perf_counter() - begun, used.ru_maxrss / 1024


def _cotejo(*arguments: object) -> None:
    """Run a command that makes a night where its last argument says."""
    *command, out = map(str, arguments)
    subprocess.run([sys.executable, "-m", "streams", *command, "--out", out], stdout=sys.stderr, check=True)


def _python(*arguments: str) -> bytes:
    code = "import pathlib, sys; import orjson; from benchmarks import replay; "
    code += "sys.stdout.buffer.write(orjson.dumps(tuple(replay.measure(pathlib.Path(sys.argv[1])))))"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return done.stdout
