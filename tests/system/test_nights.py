"""The same behaviours under the core directly and under the Faust agents, on both brokers."""

import hashlib
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from brokers import ROOT, Broker
from builders import T0, bulletin, election, lines, report
from nights import LiveNight, Outcome, direct, plainly, until
from replays import explained_night, told

from streams.core.election.model import Election
from streams.core.election.settings import AlertPolicy
from streams.core.events.codec import decode_any
from streams.core.events.model import Event, TallyReport
from streams.core.events.unreadable_message import KEPT_BYTES
from streams.kafka.producer import KafkaSink
from streams.kafka.topic_spec import MESSAGE_BYTES
from streams.nights.feeder import Pace
from streams.nights.paths import Arrivals
from streams.worker.faust_patches.settings import SESSION

NATION = election(
    states=3,
    tables=8,
    registered=300,
    groups={"rest": "BC"},
    quorum=2,
    trusted_sources=frozenset({"party"}),
    alerts=AlertPolicy(tick=10, hold=20, cooldown=60),
)
MINUTE = 60_000
VENEZUELA = ROOT / "streams" / "nights" / "scenarios" / "venezuela2024.toml"


def sheets(votes: tuple[int, ...] = (150, 60, 10), at: int = T0, **fields: Any) -> list[Event]:
    """One report of each table, a second apart."""
    return [report(table, votes, at=at + 1000 * i, **fields) for i, table in enumerate(NATION.tables)]


QUIET = lines([*sheets(source="party"), bulletin((3600, 1440, 240), at=T0 + MINUTE)])
APART = lines([*sheets(source="party"), bulletin((900, 4000, 240), at=T0 + MINUTE)])
DISPUTED = lines(
    [
        *sheets(),
        *sheets(reporter="ben", at=T0 + 30_000),
        report("S1-1", (10, 200, 10), reporter="eva", at=T0 + MINUTE),
        report("S1-2", (10, 200, 10), reporter="eva", at=T0 + MINUTE, id="e1"),
        report("S1-2", (11, 200, 10), reporter="eva", at=T0 + 2 * MINUTE, id="e2", supersedes="e1"),
        report(
            "S2-1", (150, 60, 10), reporter="ana", at=T0 + 3 * MINUTE, id="r", supersedes="S2-1/ana", retracted=True
        ),
        report("S2-2", (200, 200, 200), reporter="eva", at=T0 + 3 * MINUTE),
    ]
)
CORRECTED = lines(
    [
        *sheets(source="party"),
        bulletin((900, 4000, 240), at=T0 + MINUTE, sequence=1),
        bulletin((3600, 1440, 240), at=T0 + 4 * MINUTE, sequence=2),
        bulletin((100, 900, 80), area="S2", at=T0 + 5 * MINUTE),
        bulletin((5, 5, 5), area="S3", at=T0 + 6 * MINUTE, valid=14),
    ]
)
BAD = [
    b"no JSON at all",
    b"[1, 2",
    b"\xff\xfe\x00",
    b'{"type":"nothing"}',
    b'{"type":"tally-report","id":1}',
    *lines(
        [
            report("nowhere", at=T0),
            report("S1-1", {"A": 1, "X": 2}, id="option", at=T0),
            report("S1-1", (-5, 1, 1), id="negative", at=T0),
            report("S1-1", (10**12, 1, 1), id="absurd", at=T0),
            bulletin((5, 3, 1), area="atlantis", at=T0),
            bulletin({"A": 5, "X": 3}, at=T0, id="x"),
        ]
    ),
]
SPOILT = [line for pair in zip(APART, [*BAD, *BAD, *BAD], strict=False) for line in pair] + APART[3 * len(BAD) :]

BEHAVIOURS = {
    "bulletin and sheets agree: no alert": QUIET,
    "bulletin and sheets differ: alerts": APART,
    "readings that disagree, are corrected, are withdrawn": DISPUTED,
    "a corrected bulletin, and bulletins below the nation": CORRECTED,
    "bad input between good": SPOILT,
    "everything twice": [line for line in APART for _ in range(2)],
    "in any order": random.Random(1).sample(DISPUTED + CORRECTED, len(DISPUTED + CORRECTED)),
}


@pytest.mark.parametrize("night", BEHAVIOURS.values(), ids=BEHAVIOURS)
def test_direct_and_live_agree(night: list[bytes], broker: Broker, names: str, tmp_path: Path) -> None:
    """Every state, verdict, notice and rejection is the same; the live ones come from Kafka's topics, where each record
    is as its published schema says."""
    expected = direct(NATION, night)
    with LiveNight(NATION, broker, tmp_path, names) as live:
        live.start()
        live.feed(night)
        live.wait()
        live.stop()
        same(live.outcome(), expected)
        assert live.check_schemas().keys() >= {"tally-reports", "bulletins", "table-sheets", "area-state"}


def test_the_behaviours_are_what_their_names_say() -> None:
    """The table above does raise, resolve, dispute and reject, so that agreeing on it means something."""
    found = {name: direct(NATION, night) for name, night in BEHAVIOURS.items()}
    quiet, apart, disputed, corrected, spoilt, twice, _ = found.values()
    assert quiet.alerts == {}
    assert "firing" in apart.alerts.values()
    assert {verdict["level"] for verdict in disputed.verdicts.values()} > {"corroborated"}
    assert {"firing", "resolved"} <= {notice["status"] for notice in corrected.notices}
    assert len(set(spoilt.rejected)) >= 7
    assert (spoilt.states, spoilt.alerts) == (apart.states, apart.alerts)
    assert twice.states == apart.states


def test_five_megabytes_are_turned_away(broker: Broker, names: str, tmp_path: Path) -> None:
    """The largest message Kafka takes, and a pack whose every report is bad, end up in `rejected`: as they came, but of
    what is larger than 512 KiB only the beginning, with its size and hash."""
    giant = b'{"type":"tally-report","note":"' + b"x" * (MESSAGE_BYTES - 2000) + b'"}'
    pack = b"[" + b",".join([b'{"type":"tally-report","id":"x"}'] * 1000) + b"]"
    with LiveNight(NATION, broker, tmp_path, names) as live:
        live.start()
        live.feed([giant, pack, *APART])
        live.wait()
        live.stop()
        records = {record.value: dict(record.headers) for record in live.read(live.topology.rejected)}
        kept = records[giant[:KEPT_BYTES]]
        assert (kept["code"], int(kept["bytes"])) == (b"too-large", len(giant))
        assert kept["sha256"].decode() == hashlib.sha256(giant).hexdigest()
        assert records[pack]["count"] == b"1000"
        assert live.outcome().states == direct(NATION, APART).states


CROWD = election(states=4, tables=50, registered=300, alerts=AlertPolicy(tick=10, hold=0, cooldown=600))


def crowd() -> list[bytes]:
    """2,000 reports by ten readers, some of which correct themselves, and four bulletins among them."""
    chance, events = random.Random(7), list[Event]()
    for i in range(2000):
        table = f"S{chance.randint(1, 4)}-{chance.randint(1, 50)}"
        votes = (chance.randint(80, 120), chance.randint(20, 60), 5)
        events.append(report(table, votes, id=f"c{i}", reporter=f"r{i % 10}", at=T0 + 500 * i))
    for i in range(4):
        events.append(bulletin((3000 * (i + 1), 4000, 100), at=T0 + 200_000 * (i + 1), sequence=i + 1))
    return lines(sorted(events, key=lambda event: event.at))


def reached(live: LiveNight, seconds: float) -> bool:
    """Whether the night is judged up to this event time (Unix seconds)."""
    return live.metrics().get("cotejo_clock_seconds", 0) >= seconds


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_ended_in_mid_stream(how: str, broker: Broker, names: str, tmp_path: Path) -> None:
    """Workers that are stopped, or killed, while reports flow lose nothing and count nothing twice."""
    night = crowd()
    over = threading.Event()

    def flow() -> Iterator[bytes]:
        for i, line in enumerate(night):
            if not over.is_set():
                time.sleep(0.002)
            if i == len(night) - 300:
                over.wait(180)  # so that something flows however long the others take
            yield line

    with LiveNight(CROWD, broker, tmp_path, names) as live:
        live.start()
        pace = Pace(pack=5, every_tick=True)
        feeding = threading.Thread(target=live.feed, args=(flow(), pace), daemon=True)
        feeding.start()
        for seconds in (250, 450):  # behind a bulletin, so that there are judged ticks, and alerts, to come back to
            judged = T0 / 1000 + seconds
            until(partial(reached, live, judged), live.told, pause=0.02)
            live.stop() if how == "stop" else live.kill()
            live.start()
        assert feeding.is_alive()
        over.set()
        feeding.join()
        live.wait(90)
        live.stop()
        same(live.outcome(), direct(CROWD, night))


def test_recorded_and_replayed(broker: Broker, names: str, tmp_path: Path) -> None:
    """A night on several partitions, with readings in the wrong one, polling tables' own bulletins, bad input and a
    worker killed in mid-stream, recorded and replayed offline: the same states, verdicts, notices and rejections. The
    report is of that very outcome, and `explain` shows its states and alerts."""
    log, night = tmp_path / "log", crowd()
    for place, line in enumerate(BAD):
        night.insert(150 * (place + 1), line)
    with LiveNight(CROWD, broker, tmp_path, names) as live:
        sink = KafkaSink(broker.address)
        for table in list(CROWD.tables)[:9]:  # each goes on to its own partition
            (astray,) = lines([report(table, (90, 30, 5), reporter="eve", at=T0)])
            sink.send(live.topology.tally_reports, astray, partition=(live.topology.partition_of(table) + 1) % 3)
            (official,) = lines([bulletin((90, 30, 6), area=table, at=T0)])
            sink.send(live.topology.bulletins, official, partition=0)
        sink.close()
        live.start()
        live.ready(60)
        feeding = threading.Thread(target=live.feed, args=(night[:-100], Pace(speed=250, pack=5, every_tick=True)))
        feeding.start()  # four seconds
        until(lambda: live.metrics().get("cotejo_events_total[tally-report]", 0) > 300, live.told, pause=0.02)
        live.kill()
        live.start()
        feeding.join()
        live.wait(90)
        live.feed(night[-100:], Pace(every_tick=True))  # so that what was sent on last is judged too
        live.wait(90)
        live.stop()
        expected = live.outcome()
        topics = ("--broker", broker.address, "--prefix", names, "--partitions", 3)
        cotejo("record", log, "--election", live.file, *topics, "--until-end")
    found = cotejo("replay", log, "--json")
    same(told(found), expected)
    assert cotejo("replay", log, "--json") == found
    page = cotejo("report", log, "--out", tmp_path / "page.html").decode()
    assert hashlib.sha256(found).hexdigest() in page
    explainer, outcome = explained_night(log)
    for area, state in orjson.loads(found)["states"].items():
        shown = explainer.area(area)
        assert plainly({name: shown[name] for name in state} | {"alerts": []}) == state | {"alerts": []}
        fired = {alert["fingerprint"]: alert["status"] for alert in shown["alerts"]}
        assert fired == {key: alert.status for key, alert in outcome.alerts.items() if alert.finding.area == area}
    counts = orjson.loads(found)["counts"]
    assert counts["strays"] >= 18
    assert orjson.loads(found)["states"]["N"]["tables_announced"]["announced"] == 9
    assert expected.alerts
    assert len(set(expected.rejected)) >= 7


def cotejo(*arguments: object) -> bytes:
    """A command as a user gives it; its stdout."""
    command = [sys.executable, "-m", "streams", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_member_comes_back_at_once(how: str, broker: Broker, names: str, tmp_path: Path) -> None:
    """A named worker that was stopped or killed has its partitions back without waiting for a session to end, which
    would take twenty minutes, on another port too."""
    with LiveNight(NATION, broker, tmp_path, names) as live:
        live.environment = {SESSION: "1200"}
        for _ in range(3):
            live.start()
            live.ready(120)
            live.stop() if how == "stop" else live.kill()


def test_the_wall_clock(broker: Broker, names: str, tmp_path: Path) -> None:
    """A worker that ticks by itself needs no feeder: what producers send is summed, judged and told within seconds."""
    known = replace(NATION, alerts=AlertPolicy(tick=1, hold=2, cooldown=60))
    expected = direct(known, APART)
    with LiveNight(known, broker, tmp_path, names) as live:
        live.start(clock="wall")
        sink = KafkaSink(broker.address)
        for line in APART:
            event = decode_any(line)
            if isinstance(event, TallyReport):
                partition = live.topology.partition_of(event.table)
                sink.send(live.topology.tally_reports, line, key=event.table.encode(), partition=partition)
            else:
                sink.send(live.topology.bulletins, line)
        sink.close()
        until(lambda: live.outcome().alerts.keys() == expected.alerts.keys(), live.told, pause=1)
        live.stop()
        assert live.outcome().states == expected.states


def test_two_workers_share_a_night(apache: Broker, names: str, tmp_path: Path) -> None:
    """Two workers divide the partitions; one is killed in mid-stream, the other takes over, and nothing differs."""
    night = crowd()
    with LiveNight(CROWD, apache, tmp_path, names, partitions=4) as live:
        first = live.start(member="")
        live.start(member="")
        until(lambda: [m.get("cotejo_owned_partitions") for m in live.all_metrics()] == [2, 2], live.told)
        feeding = threading.Thread(target=live.feed, args=(night, Pace(speed=100, pack=5, every_tick=True)))
        feeding.start()  # ten seconds
        time.sleep(4)
        shared = [m.get("cotejo_events_total[tally-report]", 0) for m in live.all_metrics()]
        first.kill()
        first.wait()
        feeding.join()
        live.wait(90)
        live.stop()
        assert min(shared) > 100
        same(live.outcome(), direct(CROWD, night))


def test_the_broker_dies(apache: Broker, names: str, tmp_path: Path) -> None:
    """The broker is killed while a worker reads, and comes back: the worker goes on or ends with an error, and with
    it or the next one nothing is lost or counted twice."""
    night = crowd()
    with LiveNight(CROWD, apache, tmp_path, names) as live:
        worker = live.start()
        live.feed(night[:1000])
        until(lambda: live.metrics().get("cotejo_events_total[tally-report]"), live.told)
        apache.kill()
        time.sleep(1)
        apache.start()
        live.feed(night[1000:])
        try:
            live.wait(45)
        except AssertionError:
            assert worker.poll() == 1, live.log.read_text()[-3000:]
            live.start()
            live.wait(90)
        live.stop()
        outcome, expected = live.outcome(), direct(CROWD, night)
        assert (outcome.states, outcome.verdicts) == (expected.states, expected.verdicts)


def same(live: Outcome, expected: Outcome) -> None:
    assert live.rejected == expected.rejected
    assert live.verdicts == expected.verdicts
    assert live.states == expected.states
    assert live.alerts == expected.alerts
    assert live.notices == expected.notices


def test_venezuela(election_data: Path, broker: Broker, names: str, tmp_path: Path) -> None:
    """The campaign's second release and both bulletins, through Kafka and Faust, give the known figures."""
    from streams.config.election_file import load
    from streams.nights.importers import importer

    imported = tmp_path / "imported"
    importer.run(VENEZUELA, election_data / "venezuela2024", imported, quiet=True)
    night = [arrival.raw or b"" for arrival in Arrivals([imported])]
    known: Election = load(imported / "election.toml")
    with LiveNight(known, broker, tmp_path, names) as live:
        live.start()
        live.feed(night, Pace(pack=100))
        live.wait(120)
        live.stop()
        history = [orjson.loads(record.value) for record in live.read(live.topology.area_state) if record.key == b"VE"]
        notices = [orjson.loads(record.value) for record in live.read(live.topology.alerts)]
    first = [state for state in history if (state["official"] or {}).get("bulletin") == "CNE-1"][-1]
    last = history[-1]
    assert last["witnessed"]["tables"] == 25_073
    assert (last["witnessed"]["votes"]["EG"], last["witnessed"]["votes"]["NM"]) == (7_303_480, 3_316_142)
    figures = [state["official"]["figures"]["EG"] for state in (first, last)]
    assert [(f["floor"], f["breakdown"]) for f in figures] == [(4_785_000, 918), (6_843_416, 3_646)]
    prints = {(n["finding"]["bulletin"], n["status"]) for n in notices if n["finding"]["rule"] == "rounded-shares"}
    assert prints == {("CNE-1", "firing"), ("CNE-1", "resolved")}
