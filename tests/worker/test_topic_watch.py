"""What happens to the topics under a worker: cut, given more partitions, deleted. It is said, and nothing is lost in
silence."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from brokers import Broker
from builders import T0, bulletin, election, lines, report
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from nights import LiveNight, direct, until

from streams.core.election.model import Election
from streams.core.election.settings import AlertPolicy
from streams.core.events.codec import encode, plain
from streams.core.events.model import Event, Tick
from streams.errors import CotejoError
from streams.kafka import topic_admin
from streams.kafka.clients import BrokerUnreachable
from streams.kafka.producer import KafkaSink
from streams.kafka.topology import Topology
from streams.worker import topic_watch
from streams.worker.faust_patches import process_exit
from streams.worker.faust_patches.process_exit import Seldom

KNOWN: Election = election(
    states=2, tables=6, registered=300, trusted_sources=frozenset({"web"}), alerts=AlertPolicy(tick=10, hold=0)
)
PARTITIONS = 2


def sheets(part: int, of: int = 3) -> list[Event]:
    """One report each of a third of the polling tables."""
    found = [report(table, (150, 60, 10), at=T0 + 1000 * i) for i, table in enumerate(KNOWN.tables)]
    return [event for i, event in enumerate(found) if i % of == part]


class Sent:
    """What producers send by hand, a message an event, and ticks."""

    def __init__(self, night: LiveNight) -> None:
        self.night, self.at = night, T0

    def reports(self, events: list[Event], partition: int | None = None) -> None:
        sink, topology = KafkaSink(self.night.broker.address), self.night.topology
        for event in events:
            home = topology.partition_of(event.table) if partition is None else partition  # type: ignore[union-attr]
            sink.send(topology.tally_reports, encode(plain(event)), partition=home)
        sink.close()

    def tick(self) -> None:
        self.at += 10_000
        sink, topology = KafkaSink(self.night.broker.address), self.night.topology
        for partition in range(topology.partitions):
            sink.send(topology.tally_reports, encode(plain(Tick(self.at))), partition=partition)
        sink.send(topology.bulletins, encode(plain(Tick(self.at))), partition=0)
        sink.close()

    def witnessed(self, tables: int) -> None:
        """Tick until so many polling tables are witnessed."""

        def there() -> bool:
            self.tick()
            states = [orjson.loads(r.value) for r in self.night.read(self.night.topology.area_state) if r.key == b"N"]
            return bool(states) and states[-1]["witnessed"]["tables"] == tables

        until(there, self.night.told, pause=0.5)


def cut(night: LiveNight, partition: int, offset: int = -1) -> None:
    """Delete what a partition of the reports holds before an offset, as retention would; all of it unless told."""
    with topic_admin.admin(night.broker.address) as client:
        client.delete_records({TopicPartition(night.topology.tally_reports, partition): offset})


def lost(night: LiveNight) -> float:
    return sum(v for k, v in night.metrics().items() if k.startswith("cotejo_lost_messages_total["))


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_reports_that_were_deleted_unread(running: bool, apache: Broker, names: str, tmp_path: Path) -> None:
    """Reports that are deleted while a worker is frozen, or stopped, are counted, and their place is said; what comes
    after them is read."""
    apache.start()
    with LiveNight(KNOWN, apache, tmp_path, names, PARTITIONS) as night:
        sent, home = Sent(night), night.topology.partition_of
        first, second, third = (sheets(part) for part in range(3))
        worker = night.start()
        night.ready()
        sent.reports(first)
        sent.witnessed(len(first))
        if running:
            worker.send_signal(signal.SIGSTOP)
        else:
            night.stop()
        gone = [event for event in second if home(event.table) == 0]  # type: ignore[union-attr]
        assert gone
        sent.reports(gone)
        cut(night, 0)
        sent.reports(third)
        if running:
            worker.send_signal(signal.SIGCONT)
        else:
            night.start()
        sent.witnessed(len(first) + len(third))
        until(lambda: lost(night) >= len(gone), night.told)
        said = [line for line in night.log.read_text().splitlines() if "no longer has" in line]
        assert len(said) == 1
        assert (
            f"{night.topology.tally_reports}, partition 0: the broker no longer has {lost(night):,.0f} messages"
            in said[0]
        )
        sent.reports(gone)
        sent.witnessed(len(first) + len(third) + len(gone))


def test_a_topic_that_was_cut_before_anybody_read_it(apache: Broker, names: str, tmp_path: Path) -> None:
    """A worker of a new night says what the topic of reports has lost already."""
    apache.start()
    with LiveNight(KNOWN, apache, tmp_path, names, PARTITIONS) as night:
        sent = Sent(night)
        sent.reports(sheets(0), 0)
        cut(night, 0)
        night.start()
        sent.reports(sheets(1))
        sent.witnessed(len(sheets(1)))
        assert lost(night) == len(sheets(0)) > 0


def test_more_partitions(apache: Broker, names: str, tmp_path: Path) -> None:
    """Partitions that are added under a running worker are read, and it says so; what comes by them reaches its polling
    table's ledger, before and after a restart."""
    apache.start()
    with LiveNight(KNOWN, apache, tmp_path, names, PARTITIONS) as night:
        sent = Sent(night)
        first, second, third = (sheets(part) for part in range(3))
        night.start()
        night.ready()
        sent.reports(first)
        sent.witnessed(len(first))
        with topic_admin.admin(apache.address) as client:
            client.create_partitions({night.topology.tally_reports: 5})
        until(
            lambda: topic_admin.partitions(apache.address, [night.topology.tally_reports]).popitem()[1] == 5, night.told
        )
        sent.reports(second, 4)
        sent.reports(first, 3)  # again, elsewhere
        sent.witnessed(len(first) + len(second))
        until(lambda: night.metrics().get("cotejo_owned_partitions") == 5, night.told)
        night.stop()
        night.start()
        sent.reports(third, 2)
        sent.witnessed(12)
        night.stop()
        states = {r.key.decode(): orjson.loads(r.value) for r in night.read(night.topology.area_state)}
        levels = {area: state["witnessed"]["levels"] for area, state in states.items()}
        right = direct(KNOWN, lines([*first, *second, *third])).states
        assert levels == {area: state["witnessed"]["levels"] for area, state in right.items()}
        text = night.log.read_text()
        assert text.count("has 5 partitions, and the night began with 2") == 2  # seen, and at the second start
        assert "delete" not in text


@pytest.mark.parametrize("given", [2, 4])
def test_another_number_of_partitions(given: int, broker: Broker, names: str, tmp_path: Path) -> None:
    """A worker with another number of partitions than the night began with ends with one line, whether or not any
    ledger is there yet: else a polling table would have two. It asks nobody to delete anything, and changes nothing."""
    with LiveNight(KNOWN, broker, tmp_path, names, 3) as night:
        refused_by(night, given)
        night.start()
        night.feed(lines([*sheets(0), *sheets(1), *sheets(2)]))
        night.wait()
        night.stop()
        saved = night.read(night.topology.changelog("ledgers"), 3)
        refused_by(night, given)
        assert night.read(night.topology.changelog("ledgers"), 3) == saved


def refused_by(night: LiveNight, partitions: int) -> None:
    """Start a worker with so many partitions, and wait for its refusal."""
    right, night.topology = night.topology, Topology(night.topology.prefix, partitions)
    before = len(night.log.read_text()) if night.log.exists() else 0
    worker = night.start()
    night.topology = right
    assert worker.wait(30) == 1
    night.workers.remove(worker)
    night.ports.pop()
    said = night.log.read_text()[before:]
    assert "Traceback" not in said
    assert "delete" not in said
    assert (
        f"--partitions {partitions} is not what the night began with" in said or "use that night's --partitions" in said
    )


def test_topics_that_are_deleted(broker: Broker, names: str, tmp_path: Path) -> None:
    """Under a worker whose topics are deleted one sentence says so, and it ends at once; its log stays short."""
    with LiveNight(KNOWN, broker, tmp_path, names, PARTITIONS) as night:
        worker = night.start()
        night.feed(lines([*sheets(0), bulletin((600, 240, 40), at=T0 + 60_000)]))
        night.wait()
        topic_admin.delete(broker.address, [spec.name for spec in night.topology.specs()])
        assert worker.wait(90) == 1, night.log.read_text()[-3000:]
        said = night.log.read_text().splitlines()
        # Whoever notices first, the look at the topics, a recovery or the group: the reason is the same.
        assert len([line for line in said if "of the night's topics were deleted" in line]) == 1, "\n".join(said)
        told = [line for line in said if line.startswith("cotejo:")]
        assert len(set(told)) == len(told), "\n".join(said)
        assert len(said) < 20, "\n".join(said)
        assert not any("Traceback" in line for line in said)
        assert not any("did not come to an end" in line for line in said)


@pytest.mark.parametrize(
    ("looks", "why"),
    [
        ([1], None),
        ([0, 0, 0], "deleted"),
        ([0, 1], None),  # a leader election, for instance
        ([BrokerUnreachable("b:9092", "away")], None),
        ([0, BrokerUnreachable("b:9092", "away")], None),
    ],
)
def test_why_a_worker_has_failed(
    looks: list[int | BrokerUnreachable], why: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Topics are why a worker has failed if several looks miss them; one look, or an absent broker, is no proof."""
    monkeypatch.setattr(topic_watch, "AGAIN", 0)
    left = list(looks)

    class Admin:
        def partitions(self, names: Sequence[str]) -> Mapping[str, int]:
            look = left.pop(0)
            if isinstance(look, BrokerUnreachable):
                raise look
            return dict.fromkeys(names, look)

        def grow(self, name: str, partitions: int) -> None:
            raise AssertionError

    topology = Topology("t.", PARTITIONS)
    error = topic_watch.ended_without_topics(Admin(), topology)
    assert not left
    assert (error is None) == (why is None)
    assert error is None or f"{len(topology.specs())} of the night's topics were deleted (t." in str(error)


@pytest.mark.parametrize("setting", [{"retention.ms": "60000"}, {"retention.bytes": "1000"}])
def test_a_foreign_retention(setting: dict[str, str], apache: Broker, names: str, tmp_path: Path) -> None:
    """`cotejo topics` fails on a retention that would delete reports and names it; a worker says so when it starts."""
    apache.start()
    with LiveNight(KNOWN, apache, tmp_path, names, PARTITIONS) as night:
        asked = ConfigResource(ConfigResourceType.TOPIC, night.topology.tally_reports, setting)
        with topic_admin.admin(apache.address) as client:
            client.alter_configs([asked])
        command = [sys.executable, "-m", "streams", "topics", str(night.file), "--broker", apache.address]
        command += ["--prefix", names, "--partitions", str(PARTITIONS)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        ((name, value),) = setting.items()
        assert (done.returncode, f"has {name}={value}, wants -1" in done.stdout) == (1, True)
        night.start()
        night.ready()
        assert f"has {name}={value}, wants -1: what is deleted before" in night.log.read_text()


def test_a_log_that_repeats_itself() -> None:
    """The same message passes once in ten seconds, whatever its figures; another passes, and so does what is no
    warning."""
    clock = [0.0]
    seldom = Seldom(lambda: clock[0])

    def passes(text: str, level: int = logging.ERROR) -> Any:
        return seldom(logging.LogRecord("aiokafka", level, "", 0, text, (len(text),), None))

    assert [passes("topic %d gone") for _ in range(3)] == [True, False, False]
    assert passes("another %d")
    assert passes("topic %d gone", logging.INFO)
    clock[0] = 10.5
    assert passes("topic %d gone")


@pytest.mark.parametrize(
    ("args", "error", "passes"),
    [
        pytest.param((), None, True, id="a message"),
        pytest.param(("a", 1), None, True, id="a message with figures"),
        pytest.param(({"a": 1},), None, True, id="a message with names"),
        pytest.param((OSError("gone"),), OSError("gone"), True, id="an error of somebody else's"),
        pytest.param(("a", CotejoError("gone")), None, False, id="our error in the message"),
        pytest.param(("a",), CotejoError("gone"), False, id="our error beside the message"),
    ],
)
def test_what_a_user_can_mend_is_told_once(args: Any, error: Exception | None, passes: bool) -> None:
    """An error whose text is a cure is a worker's last word; libraries that pass it on do not repeat it."""
    info = None if error is None else (type(error), error, None)
    record = logging.LogRecord("faust", logging.ERROR, "", 0, "text", args, info)
    assert process_exit._is_news(record) is passes
