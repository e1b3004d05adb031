"""How fast one worker is, beside something that only reads: a JSON object on stdout, progress on stderr.

Throughput: the bundled night's 25,073 reports lie in the topic; a worker starts and judges them all. Beside it a
plain consumer reads and decodes the same topic. Their ratio says more than either: it moves less with the machine.

Latency: reports come at a steady rate while a worker ticks by the wall clock; from before the send of one more
report until /metrics counts its table.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from builders import lines
from nights import LiveNight, until

from streams import kafka_clients, records
from streams.broker import EmbeddedBroker
from streams.codec import decode_reports, encode, plain
from streams.events import TallyReport
from streams.feed import Pace
from streams.nights import reconstruction

RUNS, PROBES, RATE = 3, 25, 400
election, events = reconstruction.night()
reports = [event for event in events if isinstance(event, TallyReport)]
HERE = next(area for area in election.areas.values() if area.level == "state")
METRIC = f"cotejo_witnessed_tables[{HERE.id}][{HERE.name}][{HERE.level}]"
"""The area of the probes; what flows beside them is of the others."""


class Given(NamedTuple):
    """A broker that runs already."""

    address: str


def say(*words: object) -> None:
    print("measure:", *words, file=sys.stderr, flush=True)


def throughput(broker: Any, place: Path, pack: int) -> dict[str, object]:
    """Reports per second, of a worker and of a plain consumer, each `RUNS` times in turn."""
    ours, theirs = [], []
    for run in range(RUNS):
        with LiveNight(election, broker, place / f"{pack}-{run}", f"t{pack}-{run}-{time.time_ns()}.", 4) as live:
            live.feed(lines(events), Pace(pack=pack))
            live.start()
            live.ready()
            began = time.monotonic()
            live.wait(120)
            ours.append(len(reports) / (time.monotonic() - began))
            began = time.monotonic()
            content = records.read(broker.address, live.topology.tally_reports, 4)
            read = sum(len(decode_reports(record.value)) for record in content)
            theirs.append(read / (time.monotonic() - began))
            live.stop()
        say(f"packs of {pack}: {ours[-1]:,.0f} reports/s; a plain consumer {theirs[-1]:,.0f}")
    return {"pack": pack, "worker": spread(ours), "consumer": spread(theirs),
            "ratio": spread([a / b for a, b in zip(ours, theirs, strict=True)])}  # fmt: skip


def latency(broker: Any, place: Path) -> dict[str, object]:
    """Seconds from a report's send to its table in /metrics, while `RATE` others come each second."""
    with LiveNight(election, broker, place / "latency", f"latency-{time.time_ns()}.", 4) as live:
        live.start(clock="wall")
        live.ready()
        producer, stop = kafka_clients.producer(broker.address, linger_ms=0), threading.Event()
        others = [report for report in reports if election.tables[report.table].area != HERE.id]
        probes = [report for report in reports if election.tables[report.table].area == HERE.id][:PROBES]

        def send(report: TallyReport) -> None:
            partition = live.topology.partition_of(report.table)
            producer.send(live.topology.tally_reports, encode(plain(report)), partition=partition)

        def traffic() -> None:
            began = time.monotonic()
            for i, report in enumerate(others):
                if stop.is_set():
                    return
                send(report)
                time.sleep(max(0.0, began + i / RATE - time.monotonic()))
            say("the traffic has ended too early")

        def shows(tables: int) -> bool:
            return live.metrics().get(METRIC) == tables

        flow = threading.Thread(target=traffic)
        flow.start()
        until(lambda: live.metrics().get("cotejo_events_total[tally-report]", 0) > 5 * RATE, live.told)
        found = []
        for i, report in enumerate(probes):
            time.sleep(0.37)
            began = time.monotonic()
            send(report)
            until(partial(shows, 1 + i), live.told, pause=0.01)
            found.append(time.monotonic() - began)
        stop.set()
        flow.join()
        live.stop()
    say(f"latency: {sorted(found)}")
    return {"rate": RATE, "seconds": spread(found)}


def spread(values: list[float]) -> dict[str, float]:
    low, middle, high = min(values), statistics.median(values), max(values)
    return {"least": round(low, 3), "median": round(middle, 3), "most": round(high, 3), "runs": len(values)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", default="", help="HOST:PORT; the embedded broker unless told")
    given = parser.parse_args().broker
    with tempfile.TemporaryDirectory() as place, nullcontext(Given(given)) if given else EmbeddedBroker() as broker:
        found: dict[str, object] = {"throughput": [throughput(broker, Path(place), pack) for pack in (100, 1)]}
        found["latency"] = latency(broker, Path(place))
    print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


main()
