"""One run of one competitor over a night that lies in the topics already."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import sysconf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import orjson
from brokers import ApacheBroker, Broker, scripts_kafka
from nights import LiveNight, until
from nursery import spawn

from benchmarks import java
from benchmarks.kept import say
from benchmarks.nights import Stream, Sums, sums_of
from streams.core.election.model import Election
from streams.errors import CotejoError
from streams.kafka import topic_admin
from streams.kafka import topic_reader as records
from streams.kafka.topic_spec import TopicSpec
from streams.nights.feeder import Fed

PEERS: Final = Path(__file__).parent / "peers"
PARTITIONS: Final = 4
Night = tuple[LiveNight, Fed]


class BenchError(CotejoError):
    """A run that cannot count."""


@dataclass(frozen=True, slots=True)
class Run:
    """How long so many reports took, and how much processor time (seconds)."""

    reports: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        """Reports per second."""
        return self.reports / self.seconds

    @property
    def cpu_rate(self) -> float:
        """Reports per second of processor time."""
        return self.reports / self.cpu


@dataclass(frozen=True, slots=True)
class Peer:
    """A program in peers/ that does the same job, and the requirements it runs with (none: those of Cotejo). One in
    Java has a directory of its own, with a pom.xml."""

    name: str
    script: str
    requirements: str = ""
    options: tuple[str, ...] = ()
    states: bool = True
    """Whether it puts out states, which are checked then."""


FEEDER: Final = Peer("feeder", "feeding.py", "quixstreams.txt")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Bytes that a process holds in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * sysconf("SC_PAGESIZE")


def log_bytes(broker: ApacheBroker, topic: str) -> int:
    """What a topic takes on the broker's disk, but for its indexes."""
    return sum(log.stat().st_size for log in broker.logs.glob(f"{topic}-[0-9]*/*.log"))


@contextmanager
def apache() -> Iterator[ApacheBroker]:
    """A new Apache Kafka in a directory of its own."""
    if reason := scripts_kafka("install"):
        raise BenchError(reason)
    with TemporaryDirectory(prefix="cotejo-bench-") as place:
        broker = ApacheBroker(Path(place))
        try:
            yield broker.start()
        finally:
            broker.stop()


@contextmanager
def night(stream: Stream, broker: Broker, place: Path, pack: int = 1, partitions: int = PARTITIONS) -> Iterator[Night]:
    """The stream in new topics, with ticks among it."""
    with empty(stream, broker, partitions) as live:
        yield live, feed(live, stream, place, pack)


@contextmanager
def empty(
    stream: Stream, broker: Broker, partitions: int = PARTITIONS, election: Election | None = None
) -> Iterator[LiveNight]:
    """New topics without anything in them, for the stream's election unless told."""
    with TemporaryDirectory(prefix="cotejo-bench-") as place:
        prefix = f"bench-{time.time_ns()}."
        with LiveNight(election or stream.election, broker, Path(place), prefix, partitions, spawn) as live:
            yield live


def feed(live: LiveNight, stream: Stream, place: Path, pack: int = 1) -> Fed:
    """Put the stream into the topics of a night."""
    path, fed = stream.messages(live.topology.partitions, pack)
    with feeding(live, path, place) as feeder:
        if feeder.wait():
            raise BenchError("the night could not be fed")
    live.until = fed.until
    return fed


def feeding(live: LiveNight, path: Path, place: Path, rate: float = 0) -> "subprocess.Popen[bytes]":
    """Feed the messages in a file; `rate` a second, or as fast as it goes."""
    command = [*program(FEEDER, place), live.broker.address, path]
    topology = live.topology
    return subprocess.Popen([*map(str, command), topology.tally_reports, topology.bulletins, str(rate)])


def of_worker(live: LiveNight, fed: Fed, expected: Sums | None) -> Run:
    """One worker, from when it has its partitions until everything is judged."""
    pid = live.start().pid
    live.ready(300)
    began, cpu = time.monotonic(), cpu_seconds(pid)
    until(lambda: counted(live) >= fed.reports, live.told, 3600, 0.5)
    until(lambda: judged(live), live.told, 3600, 0.1)
    run = Run(fed.reports, time.monotonic() - began, cpu_seconds(pid) - cpu)
    live.stop()
    if expected is not None:
        check("cotejo", live, live.topology.area_state, 1, expected)
    return run


def counted(live: LiveNight) -> float:
    """Reports that the workers have taken in since they started. Each look costs them some milliseconds."""
    return sum(found.get("cotejo_events_total[tally-report]", 0) for found in metrics(live))


def judged(live: LiveNight) -> bool:
    """Whether the last tick of what was fed is judged, and every state put out."""
    found = metrics(live)
    reached = max(worker.get("cotejo_clock_seconds", 0) for worker in found) * 1000 >= live.until
    return reached and not any(worker.get("cotejo_states_waiting", 0) for worker in found)


def metrics(live: LiveNight) -> list[dict[str, float]]:
    """Raises `BenchError` where the newest worker has died."""
    if live.workers[-1].poll() is not None:
        raise BenchError(f"the worker has ended: {live.told()}")
    return live.all_metrics()


def of_peer(peer: Peer, live: LiveNight, fed: Fed, stream: Stream, place: Path) -> Run:
    """One process of a peer, from its first report until its last is done."""
    output = f"{live.topology.prefix}{Path(peer.script).stem}-{time.time_ns()}"
    if peer.states:
        topic_admin.ensure(live.broker.address, [TopicSpec(output, 1)])
    run = _of_process(peer, live, live.topology.tally_reports, output, fed.reports, stream.areas, place)
    if peer.states:
        check(peer.name, live, output, 1, stream.expected)
    return run


def of_loop(peer: Peer, live: LiveNight, topic: str, records: int, place: Path) -> Run:
    """A loop that does nothing but read a topic."""
    return _of_process(peer, live, topic, "none", records, Path(), place)


def _of_process(peer: Peer, live: LiveNight, topic: str, output: str, count: int, areas: Path, place: Path) -> Run:
    with TemporaryDirectory(dir=live.directory) as directory:
        given: Mapping[str, object] = {
            "broker": live.broker.address,
            "reports": topic,
            "bulletins": live.topology.bulletins,
            "partitions": live.topology.partitions,
            "output": output,
            "group": output,
            "count": count,
            "areas": areas,
            "directory": directory,
        }
        command = [*program(peer, place), *peer.options]
        for option, value in given.items():
            command += [f"--{option}", str(value)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=directory, timeout=3600, check=False)
    if done.returncode:
        raise BenchError(f"{peer.name} failed:\n{done.stderr[-3000:]}")
    told = orjson.loads(done.stdout.splitlines()[-1])
    return Run(count, told["seconds"], told["cpu"])


def check(name: str, live: LiveNight, topic: str, partitions: int, expected: Sums) -> None:
    """Whether the newest state of each area has the core's sums. Raises `BenchError`."""
    newest: dict[bytes, bytes] = {r.key: r.value for r in records.read(live.broker.address, topic, partitions)}
    found = {key.decode().strip('"'): sums_of(orjson.loads(value)) for key, value in newest.items()}
    wrong = {area: (sums, found.get(area)) for area, sums in expected.items() if found.get(area) != sums}
    if wrong:
        area, (wanted, got) = next(iter(wrong.items()))
        raise BenchError(f"{name}: {len(wrong)} of {len(expected)} areas are wrong: {area} is {got}, not {wanted}")


def program(peer: Peer, place: Path) -> list[str]:
    """The command that is a peer, before its arguments; what it needs is made in `place`."""
    script = PEERS / peer.script
    if script.suffix == ".java":
        return java.command(script.parent, script.stem, place)
    return [str(_interpreter(peer, place)), str(script)]


def _interpreter(peer: Peer, place: Path) -> Path:
    """The Python of a peer's virtual environment, made in `place` unless it is as its requirements say."""
    if not peer.requirements:
        return Path(sys.executable)
    requirements, home = PEERS / peer.requirements, place / Path(peer.requirements).stem
    stamp, wanted = home / "bench.stamp", requirements.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        say(f"installing {requirements.name}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
        subprocess.run([*pip, "install", "--requirement", str(requirements)], check=True)
        stamp.write_text(wanted)
    return home / "bin" / "python"
