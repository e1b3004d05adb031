"""Feed messages that lie ready in a file, by librdkafka: quicker than any pure Python client.

    feeding.py BROKER FILE REPORTS BULLETINS [MESSAGES PER SECOND, 0 for as many as go]

Each line is a topic (r or b), a partition, a key and the content, with tabs between.
"""

import sys
import time

from confluent_kafka import Producer

broker, path, reports, bulletins, *rest = sys.argv[1:]
rate = float(rest[0]) if rest else 0.0
topics = {b"r": reports, b"b": bulletins}
failed = []


def confirmed(error, message):
    if error is not None:
        failed.append(error)


producer = Producer(
    {"bootstrap.servers": broker, "linger.ms": 5 if rate else 50, "queue.buffering.max.messages": 1_000_000}
)
began = time.monotonic()
with open(path, "rb") as file:
    for number, line in enumerate(file):
        topic, partition, key, content = line.rstrip(b"\n").split(b"\t", 3)
        while True:
            try:
                producer.produce(
                    topics[topic], content, key=key or None, partition=int(partition), on_delivery=confirmed
                )
                break
            except BufferError:
                producer.poll(0.1)
        if number % 100 == 0:
            producer.poll(0)
            if rate and (ahead := began + number / rate - time.monotonic()) > 0:
                time.sleep(ahead)
producer.flush()
if failed:
    sys.exit(f"not confirmed: {failed[0]}")
