"""What a topic holds now: every record up to its present end."""

from collections.abc import Iterator
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError

from streams import kafka_clients
from streams.topics import TopicError
from streams.topology import REJECTED_BYTES


def read(broker: str, topic: str, partitions: int = 1) -> Iterator[Any]:
    """The records of a topic (kafka-python's `ConsumerRecord`), in order within each partition.
    Raises `BrokerUnreachable`, `TopicError`."""
    consumer = kafka_clients.consumer(
        broker,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=REJECTED_BYTES,
    )
    try:
        places = [TopicPartition(topic, partition) for partition in range(partitions)]
        consumer.assign(places)
        for place, end in consumer.end_offsets(places).items():
            consumer.assign([place])
            while consumer.position(place) < end:
                for batch in consumer.poll(500).values():
                    yield from batch
    except KafkaError as error:
        raise TopicError(f"topic {topic} cannot be read: {kafka_clients.refusal(error)}") from error
    finally:
        consumer.close()
