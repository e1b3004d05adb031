"""Messages as other people's producers and brokers send them: compressed, in transactions, too large, unreadable.
Nobody who reads a topic ends, and the night is what it would be without them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from boards import served
from brokers import ApacheBroker, Broker
from builders import T0, bulletin, election, lines, report
from nights import LiveNight, direct, until
from raw_batches import batch, record, send
from test_board import Stream
from test_cli import cotejo

from streams.core.election.settings import AlertPolicy
from streams.core.events.codec import encode, plain
from streams.core.events.input_topics import REPORTS
from streams.core.events.model import Event, TallyReport, Tick
from streams.core.events.unreadable_message import KEPT_BYTES
from streams.kafka import topic_admin
from streams.kafka.topology import Topology
from streams.nights.eventlog.reader import EventLog
from streams.nights.paths import Arrivals

KNOWN = election(states=2, tables=8, registered=300, alerts=AlertPolicy(tick=10, hold=20, cooldown=60))
REPORTED: list[TallyReport] = [report(table=table, votes=(150, 60, 10), at=T0) for table in KNOWN.tables]
NIGHT: list[Event] = [*REPORTED, bulletin([100, 2900, 100], tables_counted=16, at=T0 + 60_000)]
END = [bulletin([100, 2900, 100], tables_counted=16, at=T0 + 120_000, sequence=2)]
CODECS = ("gzip", "snappy", "lz4", "zstd")
MEGABYTE = 2**20


def produce(broker: str, messages: Iterable[tuple[str, int, bytes]], **options: Any) -> None:
    """Send values to partitions of topics by aiokafka, which has every codec."""

    async def run() -> None:
        async with AIOKafkaProducer(bootstrap_servers=broker, **options) as producer:
            for sent in [await producer.send(t, value, partition=p) for t, p, value in messages]:
                await sent

    asyncio.run(run())


def placed(topology: Topology, events: Iterable[Event]) -> list[tuple[str, int, bytes]]:
    """Each event with the partition that it belongs to."""
    return [
        (topology.tally_reports, topology.partition_of(event.table), encode(plain(event)))
        if isinstance(event, TallyReport)
        else (topology.bulletins, 0, encode(plain(event)))
        for event in events
    ]


def record_all(live: LiveNight) -> tuple[dict[str, Any], str]:
    """Record the night to its end; what the command says, on stdout and on stderr."""
    where = (
        "--broker",
        live.broker.address,
        "--prefix",
        live.topology.prefix,
        "--partitions",
        live.topology.partitions,
    )
    done = cotejo("record", live.directory, *where, "--until-end", "--json")
    assert done.returncode == 0, done.stderr.decode()
    return orjson.loads(done.stdout), done.stderr.decode()


def same_states(live: LiveNight, events: Iterable[Event]) -> None:
    """The areas are as the core alone has them."""
    assert live.outcome().states == direct(KNOWN, lines(events)).states


def test_every_codec(broker: Broker, names: str, tmp_path: Path) -> None:
    """Reports packed by producers with every codec, and on Apache Kafka every topic packed by the broker itself, the
    worker's own among them: worker, recorder, feeder and board read them all."""
    topology = Topology(names, 3)
    if isinstance(broker, ApacheBroker):
        with topic_admin.admin(broker.address) as client:
            for i, spec in enumerate(topology.specs()):
                configs = {**spec.configs, "compression.type": CODECS[i % len(CODECS)]}
                client.create_topics({spec.name: {"num_partitions": spec.partitions, "configs": configs}})
    with LiveNight(KNOWN, broker, tmp_path, names) as live:
        live.start()
        for i, codec in enumerate(CODECS):
            produce(broker.address, placed(topology, REPORTED[i :: len(CODECS)]), compression_type=codec, linger_ms=20)
        produce(broker.address, placed(topology, NIGHT[-1:]), compression_type="lz4")
        live.feed(lines(END))
        live.wait()
        live.stop()
        live.start()  # from the changelogs
        live.ready()
        live.stop()
        same_states(live, [*NIGHT, *END])
        with served(broker, KNOWN, topology) as board, Stream(board.port) as stream:
            assert stream.until("state", lambda state: state["place"] == "live")["unreadable"] == 0
            assert stream.until("whole")["alerts"]["count"]
        done, _ = record_all(live)
        assert (done["lag"], done["gaps"]) == (0, 0)
        again = [arrival.raw for arrival in Arrivals([tmp_path])]
        assert {encode(plain(event)) for event in NIGHT} < set(again)


@cache
def unreadable() -> list[bytes]:
    """Batches with records that no client reads, or that no memory holds, and that Kafka takes."""
    good = [record(encode(plain(Tick(T0 - 1))), place=i) for i in range(3)]
    return [
        batch([good[0], record(b"{}", [(b"\xff", b"")], place=1), good[2]]),
        batch([record(b"{}", [(b"h" * 70_000, b"")])]),
        batch([good[0], record(b" " * (6 * MEGABYTE), place=1), good[2]], "gzip"),
        batch([record(b" " * (300 * MEGABYTE))], "zstd"),
        batch([good[0], record(b"{}", [(b"h", b"")] * 70_000, place=1), good[2]], "zstd"),
        batch([record(b" " * (4 * MEGABYTE), place=i) for i in range(150)], "zstd"),
    ]


def peak(pid: int) -> int:
    """The most memory a process has had, in bytes, as Linux tells it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def test_what_nobody_can_read(broker: Broker, names: str, tmp_path: Path) -> None:
    """Headers that are no text or far too many, a message of 300 MB in 30 KB, 600 MB in one batch, in either input; a
    header that is no text among alerts, sheets, commands, states and what is saved: the worker goes on in little
    memory, each is told with a reason, the recorder has a gap for it, the board counts it, and the night is the same.

    (The embedded broker itself cuts 70,000 headers short where it sets the time, and they come out as another message;
    and what became of 600 MB it would send in one answer.)
    """
    embedded = broker.kind == "embedded"
    with LiveNight(KNOWN, broker, tmp_path, names) as live:
        topology, address = live.topology, broker.address
        for content in unreadable()[: 4 if embedded else None]:
            send(address, topology.tally_reports, content, 1)
        for content in unreadable()[:3]:
            send(address, topology.bulletins, content)
        own = (topology.alerts, topology.table_sheets, topology.webhook_commands, topology.area_state)
        for topic in (*own, *map(topology.changelog, ("ledgers", "comparison", "deliveries"))):
            send(address, topic, batch([record(b"{}", [(b"\xff", b"")], key=b"0/a/1")]))
        worker = live.start()
        live.feed(lines([*NIGHT, *END]))
        live.wait(120)
        most = peak(worker.pid)
        told = live.metrics()
        live.stop()
        same_states(live, [*NIGHT, *END])
        assert most < 700 * MEGABYTE
        counted = {n.partition("[")[2]: v for n, v in told.items() if n.startswith("cotejo_rejected")}
        bulletins = {"bad-headers][bulletins]": 2, "too-large][bulletins]": 1}
        reports = {"bad-headers][tally-reports]": 2, "too-large][tally-reports]": 2}
        large_ones = {"not-json][tally-reports]": 127, "unpacks-too-far][tally-reports]": 23}
        assert counted == bulletins | reports | ({} if embedded else large_ones | {"bad-headers][tally-reports]": 3})
        unread = {n.partition("[")[2]: v for n, v in told.items() if n.startswith("cotejo_unreadable") and v}
        logs = ("ledgers", "comparison", "deliveries")
        own_ones = [*(f"cotejo-{log}-changelog" for log in logs), "alerts", "table-sheets", "webhook-commands"]
        assert unread == {f"{topic}]": 1 for topic in own_ones}
        (large,) = [r for r in live.read(topology.rejected) if dict(r.headers).get("bytes") == b"%d" % (300 * MEGABYTE)]
        assert large.value == b" " * KEPT_BYTES
        with served(broker, KNOWN, topology) as board, Stream(board.port) as stream:
            assert stream.until("state", lambda state: state["place"] == "live")["unreadable"] == 2
        done, said = record_all(live)
        log = EventLog.open(tmp_path)
        recorded = [(r.topic, r.partition, r.offset) for r in log.records()]
        assert len(recorded) == len(set(recorded)) == done["records"]
        reasons = Counter(gap.reason.partition(":")[0] for gap in log.gaps)
        assert reasons == {"bad-headers": 4, "too-large": 3} | (
            {} if embedded else {"bad-headers": 5, "unpacks-too-far": 1}
        )
        assert (done["lag"], done["gaps"]) == (0, reasons.total())
        assert said.count("cannot be recorded") == reasons.total()
        assert ", too-large: send at most" in cotejo("log", "info", tmp_path).stdout.decode()
        assert record_all(live)[0]["new"] == 0
        assert cotejo("replay", tmp_path).returncode == 0


def test_transactions(apache: Broker, names: str, tmp_path: Path) -> None:
    """What was committed counts, what was aborted does not, in transactions that overlap; worker, recorder and readers
    come to the end behind the broker's marks, with no lag left."""
    gone = [report(table=table, votes=(1, 200, 1), at=T0, reporter="gone") for table in KNOWN.tables]

    async def run(topology: Topology) -> None:
        kept = AIOKafkaProducer(bootstrap_servers=apache.address, transactional_id=f"{names}kept")
        lost = AIOKafkaProducer(bootstrap_servers=apache.address, transactional_id=f"{names}lost")
        async with kept, lost:
            for producer in (kept, lost):
                await producer.begin_transaction()
            for (t, p, good), (_, _, bad) in zip(placed(topology, REPORTED), placed(topology, gone), strict=True):
                await lost.send_and_wait(t, bad, partition=p)
                await kept.send_and_wait(t, good, partition=p)
            await lost.send_and_wait(topology.bulletins, encode(plain(bulletin([9, 9, 9], at=T0))), partition=0)
            await kept.commit_transaction()
            await lost.abort_transaction()

    with LiveNight(KNOWN, apache, tmp_path, names) as live:
        live.start()
        live.feed(lines([*NIGHT[-1:], *END]))
        asyncio.run(run(live.topology))
        live.feed(lines([bulletin([100, 2900, 100], tables_counted=16, at=T0 + 180_000, sequence=3)]))
        live.wait()
        asyncio.run(run(live.topology))  # the same once more: marks and what was aborted are the last that there is
        until(lambda: not any(v for n, v in live.metrics().items() if n.startswith("cotejo_consumer_lag")), live.told)
        done, _ = record_all(live)
        read = live.read(live.topology.tally_reports, live.topology.partitions)
        live.stop()
        assert (done["lag"], done["gaps"]) == (0, 0)
        recorded = [r for r in EventLog.open(tmp_path).records() if r.topic == REPORTS]
        assert len(recorded) == len(read)
        assert not any(b"gone" in (r.value or b"") for r in (*recorded, *read))
        assert sum(b'"tally-report"' in (r.value or b"") for r in recorded) == 2 * len(REPORTED)
        assert live.outcome().states["N"]["witnessed"]["tables"] == len(REPORTED)


def test_what_goes_home_does_not_grow(broker: Broker, names: str, tmp_path: Path) -> None:
    """Reports sent to a foreign partition, and bulletins, whose figures are three times as long once they are read, go
    on and are saved as the bytes they came as: the worker goes on, starts again, and has lost nothing."""
    figures = b'"note":{' + b",".join(b'"%d":1e15' % i for i in range(130_000)) + b"}}"

    def grown(event: Event, **fields: Any) -> bytes:
        found = {name: value for name, value in plain(event).items() if name != "type"}
        return encode(found | fields)[:-1] + b"," + figures

    with LiveNight(KNOWN, broker, tmp_path, names, partitions=2) as live:
        topology = live.topology
        away = [event for event in REPORTED if topology.partition_of(event.table) == 1][:3]
        whole, last = [grown(event) for event in away], bulletin([150, 60, 10], area=away[0].table, sequence=7)
        messages = [(topology.tally_reports, 0, whole[0]), (topology.tally_reports, 0, b"[%s, %s]" % tuple(whole[1:3]))]
        messages += [(topology.bulletins, 0, grown(last)), (topology.bulletins, 0, grown(NIGHT[-1]))]
        produce(broker.address, messages, max_request_size=5 * MEGABYTE)
        live.start()
        live.feed(lines([*REPORTED, *END]))
        live.wait()
        live.stop()
        live.start()
        live.ready()
        live.feed(lines([bulletin([100, 2900, 100], tables_counted=16, at=T0 + 180_000, sequence=3)]))
        live.wait()
        live.stop()
        at_home = [r.value for r in live.read(topology.tally_reports, 2) if r.partition == 1]
        assert all(at_home.count(content) == 1 for content in whole)
        assert sum(value.startswith(b'{"type":"bulletin",') and value.endswith(figures) for value in at_home) == 1
        saved = [r.value for r in live.read(topology.changelog("comparison")) if b"/bulletin/" in r.key]
        assert any(figures in value for value in saved)
        assert live.outcome().rejected == []
        same_states(
            live,
            [
                *REPORTED,
                last,
                NIGHT[-1],
                *END,
                bulletin([100, 2900, 100], tables_counted=16, at=T0 + 180_000, sequence=3),
            ],
        )
