"""The least that anybody must do: fetch every message, and decode it."""

import asyncio

import job
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

given = job.arguments()
watch = job.Stopwatch()


async def main():
    consumer = AIOKafkaConsumer(bootstrap_servers=given.broker, enable_auto_commit=False)
    await consumer.start()
    places = [TopicPartition(given.reports, partition) for partition in range(given.partitions)]
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    read = 0
    while read < given.count:
        for messages in (await consumer.getmany(timeout_ms=1000, max_records=10_000)).values():
            watch.start()
            for message in messages:
                event = orjson.loads(message.value)
                if isinstance(event, list):
                    read += len(event)
                elif event["type"] == "tally-report":
                    read += 1
    watch.stop()
    await consumer.stop()


try:
    import uvloop

    uvloop.run(main())
except ImportError:
    asyncio.run(main())
watch.tell()
