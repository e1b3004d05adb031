"""The feeder: nothing lost, packs of the right partition, and a clock that is never ahead of what it feeds."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from brokers import Broker
from builders import T0, bulletin, election, lines, report
from event_files import write_events
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import KafkaTimeoutError
from pipeline import Logs, feed

from streams.core.election.settings import AlertPolicy
from streams.core.events.codec import encode, plain
from streams.kafka import clients as kafka_clients
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.kafka.producer import KafkaSink, ProduceError
from streams.kafka.topic_admin import ensure
from streams.kafka.topic_spec import TopicSpec
from streams.kafka.topology import Topology
from streams.nights.arrival import of_lines
from streams.nights.errors import NightError
from streams.nights.feeder import Feeder, Pace
from streams.nights.paths import Arrivals

KNOWN = election(states=2, tables=6, alerts=AlertPolicy(tick=10, hold=20))
TOPOLOGY = Topology("x.", 3)
moments = st.lists(st.tuples(st.sampled_from(list(KNOWN.tables)), st.integers(0, 90)), max_size=30)


def unpacked(log: list[bytes]) -> list[dict[str, Any]]:
    messages = [orjson.loads(message) for message in log]
    return [item for m in messages for item in (m if isinstance(m, list) else [m])]


@given(moments, st.integers(1, 7), st.booleans())
def test_everything_goes_out(given_: list[tuple[str, int]], pack: int, every: bool) -> None:
    """Every report lands once in the partition of its table, in order, in packs no larger than asked for."""
    events = [report(table, id=str(i), at=T0 + 1000 * s) for i, (table, s) in enumerate(given_)]
    logs = feed(KNOWN, [encode(plain(e)) + b"\n" for e in events], TOPOLOGY, Pace(pack=pack, every_tick=every))
    assert logs.closed
    for partition, log in enumerate(logs.reports):
        mine = [e.id for e in events if TOPOLOGY.partition_of(e.table) == partition]
        assert [item["id"] for item in unpacked(log) if item["type"] != "tick"] == mine
        assert all(len(m) <= pack for m in map(orjson.loads, log) if isinstance(m, list))


@given(moments)
def test_the_clock_is_never_ahead(given_: list[tuple[str, int]]) -> None:
    """In order of time, no report comes after a tick that is later than it; and the last tick is far enough for what
    waits to fire."""
    events = [report(t, id=str(i), at=T0 + 1000 * s) for i, (t, s) in enumerate(sorted(given_, key=lambda g: g[1]))]
    logs = feed(KNOWN, lines(events), TOPOLOGY, Pace(every_tick=True))
    for log in (*logs.reports, logs.bulletins):
        clock = 0
        for item in unpacked(log):
            if item["type"] == "tick":
                assert item["at"] >= clock
                clock = item["at"]
            else:
                assert clock <= item["observed_at"]
        if events:
            assert clock >= events[-1].at + 20_000


def test_what_cannot_be_read_goes_out_too() -> None:
    """A line that is no event goes as it is to the topic it seems meant for; blank lines are nothing."""
    fed = [b"rubbish\n", b"\n", b'{"type":"bulletin"}\n', b"  \n"]
    logs = feed(KNOWN, fed, TOPOLOGY, Pace())
    assert b"rubbish" in [m for log in logs.reports for m in log]
    assert b'{"type":"bulletin"}' in logs.bulletins


def test_speed() -> None:
    """Twenty event seconds at a speed of 40 take half a second, and the clock runs while nothing comes."""
    logs = Logs(TOPOLOGY)
    night = lines([report("S1-1", at=T0), bulletin(at=T0 + 20_000)])
    began = time.monotonic()
    fed = Feeder(logs, KNOWN, TOPOLOGY, Pace(speed=40)).feed(of_lines(night))
    assert 0.5 <= time.monotonic() - began < 5
    assert fed.ticks > 3


def test_event_files(tmp_path: Path) -> None:
    """Several files are merged by time; a missing one is an error that names it."""
    for name, seconds in (("a", (1, 5, 9)), ("b", (2, 3, 10))):
        write_events(tmp_path / name, [report(id=f"{name}{s}", at=T0 + s) for s in seconds])
    merged = Arrivals([tmp_path / "a", tmp_path / "b"])
    assert [orjson.loads(arrival.raw or b"")["id"] for arrival in merged] == ["a1", "b2", "b3", "a5", "a9", "b10"]
    assert merged.done == merged.size == sum((tmp_path / name).stat().st_size for name in "ab")
    with pytest.raises(NightError, match=r"nowhere: cannot be read: No such file"):
        Arrivals([tmp_path / "nowhere"])


class Counted:
    """A producer that says how much of what it was given is not confirmed."""

    def __init__(self, producer: Any) -> None:
        self._producer, self._sent, self.most = producer, list[tuple[Any, int]](), 0

    def send(self, topic: str, content: bytes, **options: Any) -> Any:
        sent = self._producer.send(topic, content, **options)
        self._sent = [(each, size) for each, size in [*self._sent, (sent, len(content))] if not each.is_done]
        self.most = max(self.most, sum(size for _, size in self._sent))
        return sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)


def test_a_feed_waits_for_its_broker(embedded: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is fed, no more than a bound of it waits in memory for the broker; all of it arrives, a message
    above the bound too."""
    made, clients = list[Counted](), kafka_clients.producer

    def counted(broker: str, **options: Any) -> Counted:
        made.append(Counted(clients(broker, **options)))
        return made[-1]

    monkeypatch.setattr(kafka_clients, "producer", counted)
    ensure(embedded.address, [TopicSpec(topic := f"paced-{time.time_ns()}", 1)])
    sink, sizes = KafkaSink(embedded.address, unconfirmed=2**18), [*[60_000] * 40, 2**19, 1]
    for number, size in enumerate(sizes):
        sink.send(topic, b"%02d" % number + b"x" * size, partition=0)
    sink.close()
    consumer = kafka_clients.consumer(embedded.address, topic, auto_offset_reset="earliest", consumer_timeout_ms=5000)
    found = [(int(record.value[:2]), len(record.value) - 2) for _, record in zip(sizes, consumer, strict=False)]
    consumer.close()
    assert found == list(enumerate(sizes))
    assert 2**17 < made[0].most <= 2**19 + 2


def test_a_broker_that_dies_under_a_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not confirmed is an error that says so, not a feed that seems whole."""
    hasty: dict[str, Any] = {"delivery_timeout_ms": 600, "request_timeout_ms": 500}
    monkeypatch.setattr(kafka_clients, "producer", partial(kafka_clients.producer, **hasty))
    with EmbeddedBroker() as broker:
        ensure(broker.address, [TopicSpec("dying", 1)])
        sink = KafkaSink(broker.address)
        sink.send("dying", b"{}", partition=0)
        sink.close()
        sink = KafkaSink(broker.address)
    sink.send("dying", b"{}", partition=0)
    with pytest.raises(ProduceError, match=r"the broker (refused a message|did not confirm everything): \S+"):
        sink.close()


def test_a_client_that_hangs(monkeypatch: pytest.MonkeyPatch, embedded: EmbeddedBroker) -> None:
    """A client that cannot even be closed, as happens when the broker dies at a bad moment, is the same error."""

    def hang(timeout: float) -> None:
        raise KafkaTimeoutError("Timeout waiting for future")

    sink = KafkaSink(embedded.address)
    real = sink._producer.close
    monkeypatch.setattr(sink._producer, "flush", hang)
    monkeypatch.setattr(sink._producer, "close", hang)
    with pytest.raises(ProduceError, match="the broker did not confirm everything: KafkaTimeoutError"):
        sink.close()
    monkeypatch.undo()
    real(timeout=10)
