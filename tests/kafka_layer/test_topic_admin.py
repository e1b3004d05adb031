"""Topics: created once, never changed behind anybody's back, and every refusal says its cure."""

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest
from brokers import Broker
from builders import election
from kafka import KafkaConsumer, KafkaProducer
from nights import until

from streams.config import election_writer
from streams.kafka.clients import BrokerUnreachable
from streams.kafka.embedded_broker import free_port
from streams.kafka.topic_admin import (
    TopicChange,
    TopicError,
    TopicMismatch,
    TopicState,
    admin,
    delete,
    describe,
    ensure,
    grow,
    members,
    partitions,
)
from streams.kafka.topic_spec import TopicSpec
from streams.kafka.topology import Topology


def test_ensure_creates_what_is_missing_and_keeps_the_rest(broker: Broker, names: str) -> None:
    """The first call creates, the second keeps, and a later one creates only what is new."""
    old = [TopicSpec(f"{names}plain", 3), TopicSpec(f"{names}table", 2, compacted=True)]
    new = TopicSpec(f"{names}new", 1)
    assert ensure(broker.address, old) == [TopicChange(spec.name, "created") for spec in old]
    assert ensure(broker.address, old) == [TopicChange(spec.name, "kept") for spec in old]
    assert [c.change for c in ensure(broker.address, [*old, new])] == ["kept", "kept", "created"]


def test_a_new_topic_has_the_settings_of_its_spec(broker: Broker, names: str) -> None:
    """A compacted topic is compacted only, without retention; the others keep their records forever."""
    specs = [TopicSpec(f"{names}plain", 3), TopicSpec(f"{names}table", 2, True, max_message_bytes=2**20)]
    ensure(broker.address, specs)
    assert describe(broker.address, specs) == [TopicState(s.name, "ok", s.partitions) for s in specs]
    assert specs[1].configs == {"cleanup.policy": "compact", "max.message.bytes": "1048576"}
    assert specs[0].configs["retention.ms"] == "-1"


def test_a_message_of_the_stated_size_passes(broker: Broker, names: str) -> None:
    """A full pack of reports, 5 MB, fits a topic with the default limit."""
    spec = TopicSpec(f"{names}packs", 1)
    ensure(broker.address, [spec])
    producer = KafkaProducer(bootstrap_servers=broker.address, max_request_size=2**23)
    producer.send(spec.name, b"x" * 5_000_000, key=b"table").get(timeout=10)
    producer.close()
    assert describe(broker.address, [spec])[0].messages == 1


def test_another_partition_count_is_refused(broker: Broker, names: str) -> None:
    """The error names topic, has, wants and cure; and nothing else was created."""
    spec, other = TopicSpec(f"{names}t", 2), TopicSpec(f"{names}other", 1)
    ensure(broker.address, [spec])
    with pytest.raises(TopicMismatch, match=r"has partitions=2, wants 5: .* use that night's --partitions") as caught:
        ensure(broker.address, [other, TopicSpec(spec.name, 5)])
    assert caught.value.topic == spec.name
    assert [s.state for s in describe(broker.address, [spec, other])] == ["ok", "missing"]


def test_more_partitions_may_be_right(apache: Broker, names: str) -> None:
    """A topic that may grow is right with more partitions than its spec, not with fewer; another is not."""
    apache.start()
    spec = TopicSpec(f"{names}t", 2, may_grow=True)
    ensure(apache.address, [spec])
    grow(apache.address, spec.name, 5)
    grow(apache.address, spec.name, 3)
    assert partitions(apache.address, [spec.name, f"{names}never"]) == {spec.name: 5, f"{names}never": 0}
    assert describe(apache.address, [spec])[0] == TopicState(spec.name, "ok", 5)
    ensure(apache.address, [spec])
    for wrong in (TopicSpec(spec.name, 2), TopicSpec(spec.name, 6, may_grow=True)):
        with pytest.raises(TopicMismatch, match="has partitions=5"):
            ensure(apache.address, [wrong])


def test_another_cleanup_policy_is_refused(broker: Broker, names: str) -> None:
    """A topic that forgets records by age is no changelog, even if the policy is only the broker's default."""
    name = f"{names}t"
    with admin(broker.address) as client:
        client.create_topics({name: {"num_partitions": 1}}, wait_for_metadata=True)
    with pytest.raises(TopicMismatch, match=r"has cleanup.policy=delete, wants compact"):
        ensure(broker.address, [TopicSpec(name, 1, compacted=True)])


def test_another_size_limit_differs_but_is_kept(broker: Broker, names: str) -> None:
    """What an operator may change on a live topic is reported, not refused."""
    name = f"{names}t"
    ensure(broker.address, [TopicSpec(name, 1, max_message_bytes=2**20)])
    assert ensure(broker.address, [TopicSpec(name, 1)]) == [TopicChange(name, "kept")]
    (state,) = describe(broker.address, [TopicSpec(name, 1)])
    assert state.state == "differs"
    assert state.differences == ("has max.message.bytes=1048576, wants 5242880",)


def test_describe_counts_messages_of_all_partitions(broker: Broker, names: str) -> None:
    """Messages are summed over the partitions; a missing topic has none and is not created by the question."""
    spec, missing = TopicSpec(f"{names}t", 3), TopicSpec(f"{names}missing", 1)
    ensure(broker.address, [spec])
    producer = KafkaProducer(bootstrap_servers=broker.address)
    for sent in [producer.send(spec.name, b"report", partition=i % 3) for i in range(20)]:
        sent.get(timeout=10)
    producer.close()
    for _ in range(2):
        found = describe(broker.address, [missing, spec])
        assert found == [TopicState(missing.name, "missing"), TopicState(spec.name, "ok", 3, 20)]


def test_no_specs_are_no_topics(broker: Broker) -> None:
    """An empty list asks for nothing and gets nothing."""
    assert ensure(broker.address, []) == []
    assert describe(broker.address, []) == []
    assert delete(broker.address, []) == []


def test_two_may_ensure_at_once(broker: Broker, names: str) -> None:
    """Of several that start together each succeeds, and each topic is created by exactly one."""
    specs = [TopicSpec(f"{names}{i}", 2) for i in range(6)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: ensure(broker.address, specs), range(4)))
    for i in range(len(specs)):
        assert sorted(result[i].change for result in results) == ["created", "kept", "kept", "kept"]


def test_deleted_topics_are_gone(broker: Broker, names: str) -> None:
    """Delete returns what existed; the topic can be created anew at once, and is empty."""
    spec = TopicSpec(f"{names}t", 2)
    ensure(broker.address, [spec])
    assert delete(broker.address, [spec.name, f"{names}never"]) == [spec.name]
    assert describe(broker.address, [spec])[0].state == "missing"
    assert ensure(broker.address, [TopicSpec(spec.name, 4)])[0].change == "created"


def test_a_refused_name_is_said(broker: Broker) -> None:
    """A name that Kafka does not allow is an error that names the topic."""
    with pytest.raises(TopicError, match=r"topic a/b: InvalidTopicError"):
        ensure(broker.address, [TopicSpec("a/b", 1)])


@pytest.mark.parametrize("address", ["127.0.0.1:{free}", "nowhere", "127.0.0.1:kafka", ""])
def test_no_broker_is_said_at_once(address: str) -> None:
    """Where nobody listens, the error names the address and the cure, in less than a second."""
    address, began = address.format(free=free_port()), monotonic()
    with pytest.raises(BrokerUnreachable, match=r"no Kafka broker answers at .*--broker"):
        ensure(address, [TopicSpec("t", 1)])
    assert monotonic() - began < 1


def test_a_server_that_is_no_broker_is_given_up() -> None:
    """A port that accepts but never answers is given up after the stated seconds."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        began = monotonic()
        with pytest.raises(BrokerUnreachable), admin(f"127.0.0.1:{mute.getsockname()[1]}", seconds=0.5):
            pass
        assert monotonic() - began < 3


def test_one_of_several_addresses_is_enough(broker: Broker, names: str) -> None:
    """The first address that answers serves; a dead one beside it does no harm."""
    spec = TopicSpec(f"{names}t", 1)
    assert ensure(f"127.0.0.1:{free_port()}, {broker.address}", [spec])[0].change == "created"


def test_a_night_that_is_worked_on_is_not_deleted(broker: Broker, names: str, tmp_path: Path) -> None:
    """While its group has a member nothing is deleted, not even with --yes; afterwards whoever types the election's id
    may."""
    file, topology = election_writer.write(election(), tmp_path), Topology(names)
    ensure(broker.address, topology.specs())
    command = [sys.executable, "-m", "streams", "topics", str(file), "--broker", broker.address, "--prefix", names]

    def delete_it(*options: str, typed: str = "") -> tuple[int, str]:
        done = subprocess.run(
            [*command, "--delete", *options], input=typed, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr

    member = KafkaConsumer(topology.bulletins, bootstrap_servers=broker.address, group_id=topology.app)
    until(lambda: member.poll(100) or member.assignment(), lambda: "no member")
    assert members(broker.address, topology.app) == 1
    refused = f"cotejo: {topology.app} has 1 members: stop its workers first, nothing was deleted\n"
    assert delete_it("--yes") == (1, refused)
    member.close()
    assert delete_it(typed="another\n")[0] == 1
    assert all(state.state != "missing" for state in describe(broker.address, topology.specs()))
    assert delete_it(typed="test\n")[0] == 0
    assert all(state.state == "missing" for state in describe(broker.address, topology.specs()))
