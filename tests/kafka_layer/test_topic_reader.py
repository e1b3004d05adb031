"""Reading a topic to its end, from a broker that stops answering."""

import os
import signal

import pytest
from kafka import KafkaConsumer

from streams.kafka import topic_reader
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.kafka.producer import KafkaSink
from streams.kafka.topic_admin import TopicError, ensure
from streams.kafka.topic_spec import TopicSpec


def test_a_silent_broker_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the broker stops in the middle, what came before is read, and then one error says so instead of a wait
    without end. When it answers again, everything is read."""
    with EmbeddedBroker() as broker:
        ensure(broker.address, [TopicSpec("t", 2)])
        sink = KafkaSink(broker.address)
        for partition in range(2):
            sink.send("t", b"%d" % partition, partition=partition)
        sink.close()
        with monkeypatch.context() as patch:  # whatever is fetched before the broker stops, there is one more to come
            ends = KafkaConsumer.end_offsets
            patch.setattr(KafkaConsumer, "end_offsets", lambda *asked: {at: n + 1 for at, n in ends(*asked).items()})
            reading = topic_reader.read(broker.address, "t", 2, silence=1.0)
            assert next(reading).value == b"0"
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGSTOP)
        try:
            with pytest.raises(TopicError, match=f"topic t cannot be read: {broker.address} has said nothing for 1 s"):
                list(reading)
        finally:
            os.kill(broker.pid, signal.SIGCONT)
        assert [record.value for record in topic_reader.read(broker.address, "t", 2)] == [b"0", b"1"]
