"""What one poll of a consumer brings."""

import pytest
from brokers import Broker
from kafka import TopicPartition

from streams.kafka import clients, fetcher
from streams.kafka.producer import KafkaSink
from streams.kafka.topic_admin import ensure
from streams.kafka.topic_spec import TopicSpec


def test_a_poll_is_bounded(embedded: Broker, names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One poll brings records of several partitions, until they come to its limit; what is left comes with the next."""
    topic, partitions = f"{names}t", 5
    ensure(embedded.address, [TopicSpec(topic, partitions)])
    sink = KafkaSink(embedded.address)
    for partition in range(partitions):
        sink.send(topic, b"x" * 1000, partition=partition)
    sink.close()
    monkeypatch.setattr(fetcher, "POLL_BYTES", 1500)
    consumer = clients.consumer(embedded.address, auto_offset_reset="earliest", enable_auto_commit=False)
    consumer.assign([TopicPartition(topic, partition) for partition in range(partitions)])
    polls = list[int]()
    while sum(polls) < partitions:
        polls.append(sum(map(len, consumer.poll(1000).values())))
    consumer.close()
    assert max(polls) == 2
