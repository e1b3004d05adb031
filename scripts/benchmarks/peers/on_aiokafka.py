"""The least that anybody must do: fetch every message, and decode it. With `--saved`, of the ledgers' changelog."""

import sys

import job
import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

SAVED = "--saved" in sys.argv
if SAVED:
    sys.argv.remove("--saved")
given = job.arguments()
watch = job.Stopwatch()


def saved(message):
    """One record of a changelog, its entries too."""
    if message.key.endswith(b"/sent"):
        return 1
    found = decode(message.value)
    unpack = unpack_announced if found.official else unpack_reading
    for packed in found.entries():
        unpack(packed)
    return 1


def reports(message):
    """How many reports a message holds."""
    event = orjson.loads(message.value)
    return len(event) if isinstance(event, list) else event["type"] == "tally-report"


if SAVED:
    from streams.core.reconciliation.ledger_journal import decode
    from streams.core.reconciliation.ledger_store import unpack_announced, unpack_reading


async def main():
    consumer = AIOKafkaConsumer(
        bootstrap_servers=given.broker, enable_auto_commit=False, max_partition_fetch_bytes=7 * 2**20
    )
    await consumer.start()
    places = [TopicPartition(given.reports, partition) for partition in range(given.partitions)]
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    count, read = saved if SAVED else reports, 0
    while read < given.count:
        for messages in (await consumer.getmany(timeout_ms=1000, max_records=10_000)).values():
            watch.start()
            for message in messages:
                read += count(message)
    watch.stop()
    await consumer.stop()


uvloop.run(main())
watch.tell()
