"""What a topic holds now: every record up to its present end."""

from collections.abc import Iterator
from itertools import chain
from time import monotonic
from typing import Any, Final

from kafka import TopicPartition
from kafka.errors import KafkaError

from streams.core.events.unreadable_message import Withheld
from streams.kafka import clients
from streams.kafka.topic_admin import TopicError
from streams.kafka.topology import REJECTED_BYTES
from streams.support.terminal import note

SILENCE: Final = 30.0
"""Seconds without a record before the end, after which the broker is given up."""
_WAIT: Final = 500
"""Milliseconds that one question to the broker may take."""


def read(broker: str, topic: str, partitions: int = 1, *, silence: float = SILENCE) -> Iterator[Any]:
    """The records of a topic (kafka-python's `ConsumerRecord`), in order within each partition. One that nobody can
    read is left out, and said on stderr. A broker that says nothing for `silence` seconds is given up. Raises
    `BrokerUnreachable`, `TopicError`."""
    consumer = clients.consumer(
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
            heard = monotonic()
            while (position := consumer.position(place, _WAIT)) is None or position < end:  # None: not known yet
                records = [*chain.from_iterable(consumer.poll(_WAIT).values())]
                if records or consumer.position(place, _WAIT) != position:
                    heard = monotonic()
                elif monotonic() - heard > silence:
                    raise TopicError(f"topic {topic} cannot be read: {broker} has said nothing for {silence:g} s")
                for record in records:
                    if isinstance(aside := record.value, Withheld):
                        note(f"{topic}/{record.partition} offset {record.offset}: left out, {aside.code}: {aside.cure}")
                    else:
                        yield record
    except KafkaError as error:
        raise TopicError(f"topic {topic} cannot be read: {clients.refusal(error)}") from error
    finally:
        consumer.close()
