"""Record batches byte by byte, also such as no client makes, and a way to send them to a broker as they are."""

from __future__ import annotations

import asyncio
import gzip
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import cramjam
import lz4.frame
import zstandard
from aiokafka import AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.codec import snappy_encode  # type: ignore[import-untyped]
from aiokafka.protocol.produce import ProduceRequest  # type: ignore[import-untyped]
from aiokafka.record.util import calc_crc32c  # type: ignore[import-untyped]

CODECS: Final[Mapping[str, tuple[int, Any]]] = {
    "none": (0, bytes),
    "gzip": (1, gzip.compress),
    "snappy": (2, snappy_encode),
    "snappy in one block": (2, lambda content: bytes(cramjam.snappy.compress_raw(content))),
    "lz4": (3, lz4.frame.compress),
    "zstd": (4, zstandard.ZstdCompressor().compress),
}
"""By name: the number in a batch's attributes, and what packs."""
TIME: Final = 1_722_211_200_000

Header = tuple[bytes, bytes | None]


def varint(value: int) -> bytes:
    value, found = (value << 1) ^ (value >> 63), bytearray()
    while value > 0x7F:
        found.append(0x80 | value & 0x7F)
        value >>= 7
    return bytes([*found, value])


def field(content: bytes | None) -> bytes:
    return varint(-1) if content is None else varint(len(content)) + content


def record(
    value: bytes | None,
    headers: Sequence[Header] = (),
    *,
    place: int = 0,
    key: bytes | None = None,
    count: int | None = None,
) -> bytes:
    """One record as it stands in a batch; `count` another number of headers than there are."""
    body = b"\0" + varint(0) + varint(place) + field(key) + field(value)
    body += varint(len(headers) if count is None else count) + b"".join(field(n) + field(c) for n, c in headers)
    return varint(len(body)) + body


def batch(
    records: Iterable[bytes],
    codec: str = "none",
    *,
    base: int = 0,
    payload: bytes | None = None,
    attributes: int = 0,
    producer: int = -1,
    last: int | None = None,
) -> bytes:
    """A batch of records; `payload` in the place of what they pack to, `attributes` beside the codec's number, `last`
    the place of the last record that it had once."""
    found = list(records)
    number, packed = CODECS[codec]
    content = packed(b"".join(found)) if payload is None else payload
    last = len(found) - 1 if last is None else last
    tail = struct.pack(">hiqqqhii", number | attributes, last, TIME, TIME, producer, -1, -1, len(found)) + content
    return struct.pack(">qiibI", base, len(tail) + 9, 0, 2, calc_crc32c(tail)) + tail


NOT_YET = 6, 3, 5
"""A broker's errors while a topic is being made: not the leader, an unknown partition, no leader."""


def send(broker: str, topic: str, content: bytes, partition: int = 0) -> None:
    """Have the broker append a batch as it is. Raises what the broker answers."""
    asyncio.run(_send(broker, topic, content, partition))


async def _send(broker: str, topic: str, content: bytes, partition: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    try:
        request = ProduceRequest(
            transactional_id=None, required_acks=-1, timeout=30_000, topics=[(topic, [(partition, content)])]
        )
        code = NOT_YET[0]
        for _ in range(100):  # a new topic's leader may not know yet that it is one
            await producer.client.force_metadata_update()
            await producer.partitions_for(topic)
            node = producer.client.cluster.leader_for_partition(TopicPartition(topic, partition))
            if node is not None and node >= 0:
                response = await producer.client.send(node, request)
                ((_, ((_, code, *_),)),) = response.topics
            if code not in NOT_YET:
                break
            await asyncio.sleep(0.1)
        assert code == 0, f"the broker refuses it with error {code}"
    finally:
        await producer.stop()
