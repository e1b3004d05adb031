"""A burst of reports, and bulletins in the middle of it: what a worker's memory does, and how long a bulletin waits.

The reports go out as fast as the broker confirms them, to a worker that ticks by the wall clock. From then until the
last one is read, a bulletin is sent every other second; its verdict is there when `area-state` holds its figures
beside the witnessed ones. Progress goes to stderr, a JSON object to stdout.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/helpers"))
from brokers import ApacheBroker, scripts_kafka
from builders import bulletin, election
from kafka import TopicPartition
from nights import LiveNight, until
from nursery import spawn
from soak_rounds import Given

from streams.core.events.codec import encode, plain
from streams.kafka import clients
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.kafka.producer import KafkaSink, ProduceError
from streams.kafka.topic_admin import lag

PARTITIONS = 4
REPORT = b'{"type":"tally-report","id":"%d","table":"%s","reporter":"reader-%d","source":"crowd","observed_at":%d,'
VOTES = b'"votes":{"A":%d,"B":%d,"C":5},"null":2,"url":"https://example.org/sheets/%d/photographs/front-and-back.jpg"}'


def say(*words: object) -> None:
    print("burst:", *words, file=sys.stderr, flush=True)


def messages(tables: list[str], place: Any, reports: int, distinct: int, pack: int) -> Iterator[tuple[int, bytes]]:
    """Partition and content: reports of each table in turn, by ever other readers; after `distinct` they repeat."""
    packs: dict[int, list[bytes]] = {p: [] for p in range(PARTITIONS)}
    homes, now = [place(table) for table in tables], int(time.time() * 1000)
    for i in range(reports):
        n = i % distinct
        t = n % len(tables)
        line = REPORT % (n, tables[t].encode(), n // len(tables), now) + VOTES % (100 + n % 7, 90 + n % 5, n)
        held = packs[homes[t]]
        held.append(line)
        if len(held) == pack:
            yield homes[t], line if pack == 1 else b"[" + b",".join(held) + b"]"
            held.clear()
    for partition, held in packs.items():
        if held:
            yield partition, b"[" + b",".join(held) + b"]"


class Watch:
    """Samples of one worker, a second apart, until `stop` is set: seconds, MiB in memory, reports read."""

    def __init__(self, live: LiveNight, pid: int) -> None:
        self.live, self.pid, self.stop = live, pid, threading.Event()
        self.samples: list[dict[str, float]] = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        began = time.monotonic()
        while not self.stop.wait(1):
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
            read = self.live.metrics().get("cotejo_events_total[tally-report]", 0)
            took = {"at": time.monotonic() - began, "rss": pages * os.sysconf("SC_PAGESIZE") / 2**20, "read": read}
            self.samples.append({key: round(value, 1) for key, value in took.items()})


def latencies(live: LiveNight, stop: threading.Event, found: list[float]) -> None:
    """Send a bulletin every other second; note when its state is there."""
    producer = clients.producer(live.broker.address, linger_ms=0)
    consumer = clients.consumer(live.broker.address, enable_auto_commit=False, fetch_max_wait_ms=20)
    consumer.assign([place := TopicPartition(live.topology.area_state, 0)])
    consumer.seek_to_end(place)
    consumer.position(place)
    number = 0
    while not stop.is_set():
        number += 1
        new = bulletin((900 * number, 800 * number, 50), sequence=number, at=int(time.time() * 1000), id=f"B{number}")
        began = time.monotonic()
        producer.send(live.topology.bulletins, encode(plain(new)), key=b"N")
        seen = False
        while not seen and time.monotonic() - began < 600:
            for record in consumer.poll(50).get(place, []):
                state = orjson.loads(record.value)
                seen |= record.key == b"N" and (state["official"] or {}).get("bulletin") == new.id
        found.append(time.monotonic() - began)
        say(f"bulletin {number}: {found[-1]:.2f} s")
        stop.wait(max(0.0, 2.0 - found[-1]))
    consumer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=2_000_000)
    parser.add_argument("--distinct", type=int, default=0, help="how many of them differ; all unless told")
    parser.add_argument("--tables", type=int, default=200_000)
    parser.add_argument("--pack", type=int, default=100, help="reports in a message")
    parser.add_argument("--broker", default="apache", help="embedded, apache, or HOST:PORT")
    given = parser.parse_args()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cotejo-burst-")))
        if given.broker == "apache":
            if reason := scripts_kafka("install"):
                sys.exit(reason)
            broker: Any = ApacheBroker(place)
            stack.callback(broker.stop)
            broker.start()
        else:
            broker = stack.enter_context(EmbeddedBroker()) if given.broker == "embedded" else Given(given.broker)
        known = election(states=20, tables=given.tables // 20, registered=400)
        live = stack.enter_context(LiveNight(known, broker, place, f"burst-{os.urandom(3).hex()}.", PARTITIONS, spawn))
        worker = live.start(clock="wall")
        live.ready()
        watch, stop, found = Watch(live, worker.pid), threading.Event(), list[float]()
        prober = threading.Thread(target=latencies, args=(live, stop, found), daemon=True)
        prober.start()
        time.sleep(6)
        calm, began = len(found), time.monotonic()
        sink = KafkaSink(broker.address)
        distinct, home = given.distinct or given.reports, live.topology.partition_of
        flow = messages(list(known.tables), home, given.reports, distinct, given.pack)
        try:
            for partition, content in flow:
                sink.send(live.topology.tally_reports, content, partition=partition)
            sink.close()
        except ProduceError as error:
            stop.set()
            sys.exit(f"burst: {error}")
        fed = time.monotonic() - began
        say(f"fed in {fed:.0f} s; the worker has read {watch.samples[-1]['read']:,.0f}")
        until(lambda: live.metrics().get("cotejo_events_total[tally-report]", 0) >= given.reports, live.told, 3600, 0.5)
        drained = time.monotonic() - began
        until(lambda: not lag(broker.address, live.topology.app, live.topology.tally_reports), live.told, 120, 0.5)
        time.sleep(4)
        stop.set()
        prober.join()
        watch.stop.set()
        live.stop()
    burst = sorted(found[calm:])
    rss = [sample["rss"] for sample in watch.samples]
    report = {
        "reports": given.reports,
        "distinct": distinct,
        "pack": given.pack,
        "fed_seconds": round(fed, 1),
        "drained_seconds": round(drained, 1),
        "reports_per_second": round(given.reports / drained),
        "rss_mib": {"before": rss[4], "most": max(rss), "after": rss[-1]},
        "bulletin_seconds": {
            "count": len(burst),
            "median": round(statistics.median(burst), 2),
            "most": round(burst[-1], 2),
            "calm": [round(seconds, 2) for seconds in found[:calm]],
        },
        "samples": watch.samples,
    }
    print(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())


main()
