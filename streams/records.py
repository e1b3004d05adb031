"""What a topic holds now: every record up to its present end."""

from collections.abc import Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streams.topology import REJECTED_BYTES


def read(broker: str, topic: str, partitions: int = 1) -> Iterator[Any]:
    """The records of a topic (kafka-python's `ConsumerRecord`), in order within each partition."""
    consumer = KafkaConsumer(
        bootstrap_servers=broker.split(","),
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
    finally:
        consumer.close()
