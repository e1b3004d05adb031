"""`cotejo record` on both brokers: killed at any moment nothing is missing and nothing is there twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from brokers import ROOT, Broker
from builders import T0, bulletin, election, lines, report
from kafka import KafkaProducer, TopicPartition
from nights import until
from test_cli import cotejo

from streams.config import election_writer
from streams.core.events.input_topics import BULLETINS, REPORTS
from streams.kafka import topic_admin, topic_reader
from streams.kafka.producer import KafkaSink
from streams.kafka.topology import Topology
from streams.nights import recorder
from streams.nights.arrival import of_lines
from streams.nights.eventlog.reader import EventLog
from streams.nights.eventlog.record import Gap, Record
from streams.nights.eventlog.writer import LogWriter
from streams.nights.feeder import Feeder, Pace
from streams.nights.paths import Arrivals
from streams.nights.recorder import Recorded, Recorder
from streams.nights.recorder_backlog import record_of

KNOWN = election(states=2, tables=6)


class Stage:
    """The input topics of one night on a broker, a log to record them into, and the recorders that do."""

    def __init__(self, broker: Broker, prefix: str, directory: Path) -> None:
        self.broker, self.topology, self.night = broker, Topology(prefix, 3), directory / "night"
        election_writer.write(KNOWN, self.night)
        topic_admin.ensure(broker.address, self.topology.inputs())
        self.told = directory / "recorder.err"
        self.arguments = ["record", self.night, "--broker", broker.address, "--prefix", prefix, "--partitions", 3]

    def send(self, count: int, seed: int = 0) -> None:
        """Messages of all kinds, over all partitions: None and empty keys and values, headers, no JSON."""
        draw = random.Random(seed)
        producer = KafkaProducer(bootstrap_servers=self.broker.address, linger_ms=5)
        for i in range(count):
            topic = self.topology.bulletins if i % 7 == 0 else self.topology.tally_reports
            value = draw.choice([None, b"", b"no JSON \xff", b'{"n":%d}' % i, draw.randbytes(draw.randrange(400))])
            producer.send(
                topic,
                value,
                key=draw.choice([b"", b"key %d" % i] if value is None else [None, b"", b"key %d" % i]),
                headers=[("empty", b""), ("é", b"\x00")] if i % 3 == 0 else [],
                partition=0 if i % 7 == 0 else i % 3,
            )
        producer.close()

    def there(self) -> dict[Any, list[Record]]:
        """What the broker has now, by topic and partition."""
        found = defaultdict(list)
        for name, topic, partitions in (
            (REPORTS, self.topology.tally_reports, 3),
            (BULLETINS, self.topology.bulletins, 1),
        ):
            for message in topic_reader.read(self.broker.address, topic, partitions):
                found[name, message.partition].append(record_of((name, message.partition), message))
        return dict(found)

    def recorded(self) -> dict[Any, list[Record]]:
        """What the log has, by topic and partition."""
        found = defaultdict(list)
        for record in EventLog.open(self.night).records():
            found[record.topic, record.partition].append(record)
        return dict(found)

    def record(self) -> dict[str, Any]:
        """Record to the end; return what the command says."""
        done = cotejo(*self.arguments, "--until-end", "--json")
        assert done.returncode == 0, done.stderr.decode()
        with self.told.open("ab") as told:
            told.write(done.stderr)
        return dict(orjson.loads(done.stdout))

    @contextmanager
    def recorder(self) -> Iterator["subprocess.Popen[bytes]"]:
        """A recorder that follows the topics; killed at the end if it still runs."""
        with self.told.open("ab") as told:
            process = subprocess.Popen(
                [sys.executable, "-m", "streams", *map(str, self.arguments)],
                stdout=subprocess.PIPE,
                stderr=told,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def size(self) -> int:
        return sum(path.stat().st_size for path in self.night.glob("segment-*"))


@pytest.fixture
def stage(broker: Broker, names: str, tmp_path: Path) -> Stage:
    return Stage(broker, names, tmp_path)


@pytest.fixture
def quick(embedded: Broker, names: str, tmp_path: Path) -> Stage:
    """For what does not depend on the broker."""
    return Stage(embedded.start(), names, tmp_path)


def test_killed_again_and_again(stage: Stage) -> None:
    """Killed with SIGKILL while messages flow, also with a torn tail, then recorded to the end: the log has just what
    the broker has, byte for byte, and cutting the tail was said."""
    draw, torn = random.Random(5), 0
    for round_ in range(3):
        before = stage.size()
        with stage.recorder() as process:
            stage.send(draw.randrange(500, 1500), seed=round_)
            until(lambda before=before: stage.size() > before + 2000, stage.told.read_text)  # type: ignore[misc]
            stage.send(draw.randrange(300), seed=50 + round_)
            process.send_signal(signal.SIGKILL)
            process.wait()
        last = max(stage.night.glob("segment-*"))
        if round_ % 2:
            torn += 1
            os.truncate(last, last.stat().st_size - draw.randrange(1, 40))
    stage.record()
    assert stage.recorded() == stage.there()
    assert stage.told.read_text().count("bytes, the broker still has them") == torn
    assert stage.record()["new"] == 0
    assert cotejo("log", "verify", stage.night).returncode == 0


def test_stopped(quick: Stage) -> None:
    """SIGTERM is a clean end: exit code 0, the log closed with everything that came; while it runs a second recorder
    is refused in one line."""
    quick.send(200)
    with quick.recorder() as process:
        until(lambda: quick.size() > 500, quick.told.read_text)
        second = cotejo(*quick.arguments, "--until-end")
        assert second.returncode == 1
        assert f"is being written by another process ({process.pid})" in second.stderr.decode()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert quick.recorded() == quick.there()
    assert orjson.loads(cotejo("log", "info", quick.night, "--json").stdout)["closed"]


def test_in_the_order_of_time(stage: Stage) -> None:
    """What is recorded afterwards in one go stands in the log in the order of its timestamps, over all partitions."""
    producer = KafkaProducer(bootstrap_servers=stage.broker.address, linger_ms=5)
    for i in range(6000):
        partition = i // 40 % 3
        producer.send(stage.topology.tally_reports, b"x" * 200, partition=partition)
    producer.close()
    assert stage.record()["new"] == 6000
    times = [record.timestamp for record in EventLog.open(stage.night).records()]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("count", "says"),
    [
        pytest.param(100, "it ends before offset", id="with less"),
        pytest.param(900, "another message now", id="with more"),
    ],
)
def test_made_anew(count: int, says: str, stage: Stage) -> None:
    """A topic that was deleted and made anew is another one: going on is refused, and the log stays as it was."""
    stage.send(600)
    stage.record()
    before = stage.recorded()
    topic_admin.delete(stage.broker.address, [spec.name for spec in stage.topology.inputs()])
    topic_admin.ensure(stage.broker.address, stage.topology.inputs())
    stage.send(count, seed=9)
    done = cotejo(*stage.arguments, "--until-end")
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.decode().splitlines() if "is not the topic recorded so far" in line]
    assert says in line
    assert b"Traceback" not in done.stderr
    told: list[Any] = []
    again: dict[Any, list[Record]] = defaultdict(list)
    for record in EventLog.open(stage.night).records(True, told.append):
        again[record.topic, record.partition].append(record)
    assert again == before


def test_trimmed(apache: Broker, names: str, tmp_path: Path) -> None:
    """Messages that the broker has deleted before they were recorded are a gap: said, kept in the log, shown by info;
    everything else is there."""
    stage = Stage(apache, names, tmp_path)
    stage.send(600)
    stage.record()
    before = stage.recorded()
    stage.send(600, seed=1)
    place = TopicPartition(stage.topology.tally_reports, 1)
    end, cut = before[REPORTS, 1][-1].offset + 1, before[REPORTS, 1][-1].offset + 101
    with topic_admin.admin(apache.address) as client:
        client.delete_records({place: cut})
    done = cotejo(*stage.arguments, "--until-end")
    assert done.returncode == 0, done.stderr.decode()
    assert f"no longer has offsets {end} to {cut - 1}" in done.stderr.decode()
    log = EventLog.open(stage.night)
    offsets = [r.offset for r in log.records() if (r.topic, r.partition) == (REPORTS, 1)]
    assert log.gaps == [Gap(REPORTS, 1, end, cut)]
    assert offsets == [*range(end), *range(cut, stage.there()[REPORTS, 1][-1].offset + 1)]
    assert f"gap: tally-reports/1 offsets {end:,} to {cut - 1:,}" in cotejo("log", "info", stage.night).stdout.decode()
    with topic_admin.admin(apache.address) as client:
        client.delete_topics([spec.name for spec in stage.topology.inputs()])


def test_a_broker_that_restarts(quick: Stage) -> None:
    """A recorder waits for a broker that is away, and goes on when it is back."""
    quick.send(100)
    with quick.recorder() as process:
        until(lambda: quick.size() > 500, quick.told.read_text)
        quick.broker.stop()
        quick.broker.start()
        before = quick.size()
        quick.send(100, seed=1)
        until(lambda: quick.size() > before, quick.told.read_text)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    quick.record()
    assert quick.recorded() == quick.there()


def test_nothing_comes(quick: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder to which nothing comes asks the broker what it has; one that does not answer is told once."""
    monkeypatch.setattr(recorder, "WAIT_SECONDS", 0.1)
    said, more, end = list[str](), 20, time.monotonic() + 60
    log = LogWriter.create(quick.night, None, prefix="t", partitions=3, writer="test", created=0)
    quick.send(10)

    def watch(now: Recorded) -> None:
        nonlocal more
        if now.new == 10 and not said:
            quick.broker.stop()
        more -= bool(said)

    def stopped() -> bool:
        return not more or time.monotonic() > end

    with log:
        Recorder(quick.broker.address, quick.topology, log, said.append).run(stopped, until_end=False, watch=watch)
    assert more == 0
    assert [text for text in said if "does not answer" in text] == said != []


def test_what_was_fed(stage: Stage) -> None:
    """A night that was fed and recorded is read as the events it was: packs taken apart, bulletins without a type."""
    night = lines([*(report(t, at=T0 + 1000 * i) for i, t in enumerate(KNOWN.tables)), bulletin(at=T0 + 60_000)])
    Feeder(KafkaSink(stage.broker.address), KNOWN, stage.topology, Pace(pack=4)).feed(of_lines(night))
    producer = KafkaProducer(bootstrap_servers=stage.broker.address)
    untyped = {k: v for k, v in orjson.loads(night[-1]).items() if k != "type"} | {"id": "untyped", "sequence": 2}
    producer.send(stage.topology.bulletins, orjson.dumps(untyped))
    producer.send(stage.topology.tally_reports, b'[{"type":"tally-report"}, 5]', partition=2)
    producer.close()
    stage.record()
    arrivals = list(Arrivals([stage.night]))
    assert set(night) < {arrival.raw for arrival in arrivals}
    checked = cotejo("check", stage.night)
    assert "2 bulletins, 12 tally-reports" in checked.stdout.decode()
    offset = max(a.line for a in arrivals if a.file.endswith("tally-reports/2"))
    assert f"{stage.night}/tally-reports/2:{offset}: [0].id: missing" in checked.stdout.decode()
    assert f"{stage.night}/tally-reports/2:{offset}: [1]: not-an-object" in checked.stdout.decode()


def test_wrong_arguments(quick: Stage, tmp_path: Path) -> None:
    """What does not fit the log that is there is refused in one line, and so is a directory without an election."""
    quick.send(10)
    quick.record()
    other = election_writer.write(election(states=1), tmp_path / "other")
    made = tmp_path / "made"
    assert cotejo("simulate", "--out", made, "--tables", 300).returncode == 0
    at = ("--broker", quick.broker.address, "--until-end")
    for arguments, says in [
        ((quick.night, *at, "--prefix", "else."), "its prefix is"),
        ((quick.night, *at, "--partitions", 5), "its partitions is 3, not 5"),
        ((quick.night, *at, "--election", other), "another election file"),
        ((tmp_path / "nothing", *at), "say --election FILE"),
        ((made, *at), "was made by cotejo simulate"),
        ((quick.night, "--broker", "127.0.0.1:1"), "127.0.0.1:1"),
    ]:
        done = cotejo("record", *arguments)
        assert done.returncode == 1, says
        assert says in done.stderr.decode()
        assert b"Traceback" not in done.stderr
