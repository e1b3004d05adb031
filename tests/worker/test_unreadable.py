"""Records in a worker's own topics that it cannot read: set aside, told and counted; no start ends, nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from brokers import Broker
from nights import LiveNight, direct, until
from receivers import Say, Scripted
from test_deliveries import FIRST, MORE, NATION, expected, killed, told, with_receivers
from test_deliveries import live as with_secret

from streams.core.events.codec import encode
from streams.kafka import clients
from streams.kafka.atomic_state import Saves
from streams.kafka.producer import KafkaSink

NONSENSE = [b"", b"\xff\x00", b"{", b"[1]", b'{"partition":9,"at":1}', b'{"id":"x","step":"one"}']


def spoil(night: LiveNight, topic: str, records: list[tuple[bytes | None, bytes | None]]) -> None:
    """Write these keys and values into partition 0 of a topic."""
    sink = KafkaSink(night.broker.address)
    for key, value in records:
        sink.send(topic, value, key, 0)
    sink.close()


def newest(night: LiveNight, table: str, partitions: int = 1) -> dict[bytes, bytes]:
    """A table's records as a worker finds them."""
    found = {record.key: record.value for record in night.read(night.topology.changelog(table), partitions)}
    return {key: value for key, value in found.items() if value is not None}


def unreadable(night: LiveNight) -> dict[str, float]:
    """What the newest worker has counted, by topic."""
    found = night.metrics()
    return {k.partition("[")[2][:-1]: v for k, v in found.items() if k.startswith("cotejo_unreadable_total[") and v}


def kept(night: LiveNight) -> list[Any]:
    """What is kept in `rejected` as unreadable."""
    found = night.read(night.topology.rejected)
    return [record for record in found if dict(record.headers)["code"] == b"unreadable"]


def test_nonsense_in_every_topic_of_ours(broker: Broker, names: str, tmp_path: Path) -> None:
    """Nonsense in every topic and changelog of a worker's own, while it runs and before it starts, changes nothing of
    the night, stands in `rejected` as it came, and is counted."""
    with LiveNight(NATION, broker, tmp_path, names) as live:
        topology = live.topology
        live.start()
        live.feed(FIRST)
        for topic in (topology.table_sheets, topology.alerts, topology.webhook_commands):
            spoil(live, topic, [(None, value) for value in NONSENSE])
        live.wait()
        until(lambda: len(unreadable(live)) == 3, live.told)
        assert set(unreadable(live).values()) == {len(NONSENSE)}
        live.stop()
        changelogs = [topology.changelog(name) for name in ("ledgers", "comparison", "deliveries")]
        for changelog in changelogs:
            spoil(live, changelog, [(b"%d" % i, value) for i, value in enumerate(NONSENSE) if value])
            spoil(live, changelog, [(b"\xff", b"{}"), (b"1.1.0/strange", b'{"step":1,"value":{}}')])
        live.start()
        live.ready()
        live.stop()
        live.start()
        live.feed(MORE)
        live.wait()
        found = unreadable(live)
        live.stop()
        right = direct(NATION, [*FIRST, *MORE])
        assert (states(live), notices(live)) == (right.states, [notice["id"] for notice in right.notices])
        assert found[changelogs[0].removeprefix(topology.prefix)] >= 4
        values = {record.value for record in kept(live)}
    assert values >= {value for value in NONSENSE if value}
    said = live.log.read_text()
    assert all(topic in said for topic in [topology.table_sheets, topology.alerts, *changelogs])
    assert "Traceback" not in said


def states(live: LiveNight) -> dict[str, Any]:
    """Every area's newest state, without its time."""
    found = {record.key.decode(): orjson.loads(record.value) for record in live.read(live.topology.area_state)}
    return {area: {name: value for name, value in state.items() if name != "at"} for area, state in found.items()}


def notices(live: LiveNight) -> list[str]:
    """The ids of all notices, each once, in order."""
    found = [record.value for record in live.read(live.topology.alerts) if record.value not in NONSENSE]
    return list(dict.fromkeys(orjson.loads(value)["id"] for value in found))


def garbled(key: bytes, value: bytes) -> bytes:
    """The same step of the same key, with a value that nobody can read."""
    return encode({**orjson.loads(value), "value": {"from": "another version"}})


@pytest.mark.parametrize("kind", ["clock", "alert", "seal"])
def test_a_comparison_that_cannot_be_read(kind: str, broker: Broker, names: str, tmp_path: Path) -> None:
    """Without its saved clock, an alert or the seal of its last step the comparison goes on with every sheet that was
    judged, and says what it lacks."""
    with LiveNight(NATION, broker, tmp_path, names) as live:
        live.start()
        live.feed(FIRST)
        live.wait()
        live.stop()
        broken = [
            (k, v) for k, v in newest(live, "comparison").items() if k.split(b"/", 1)[1].startswith(kind.encode())
        ]
        assert broken
        changed = b"{" if kind == "seal" else None
        spoil(live, live.topology.changelog("comparison"), [(k, changed or garbled(k, v)) for k, v in broken])
        live.start()
        live.feed(MORE)
        live.wait()
        assert unreadable(live) == {live.topology.changelog("comparison").removeprefix(names): pytest.approx(1, abs=99)}
        live.stop()
        found, right = states(live), direct(NATION, [*FIRST, *MORE]).states
        assert {a: s["witnessed"] for a, s in found.items()} == {a: s["witnessed"] for a, s in right.items()}
        assert {a: s["official"] for a, s in found.items()} == {a: s["official"] for a, s in right.items()}
        live.start()
        live.ready()
        assert kind == "seal" or unreadable(live) == {}  # told once
    assert ("does not say how far judging had come" in live.log.read_text()) is (kind == "clock")


def test_a_notice_that_cannot_be_read(broker: Broker, names: str, tmp_path: Path) -> None:
    """A notice that is due, and whose text another version wrote, is set aside; the receiver gets all others, and the
    worker goes on."""
    down = Scripted(503)
    with down.listening() as url:
        night = with_secret(with_receivers(desk=url), broker, tmp_path, names)
        with night:
            night.start()
            night.feed(FIRST)
            until(lambda: len(due(night)) == len(expected(FIRST)), night.told)
            night.kill()
            lost, *others = due(night)
            mine = {k: v for k, v in newest(night, "deliveries").items() if k.endswith(encode(["notice", lost]))}
            spoil(night, night.topology.changelog("deliveries"), [(k, garbled(k, v)) for k, v in mine.items()])
            down.answers = [Say(204)]
            killed(night)
            night.feed(MORE)
            night.wait(delivered=True)
            assert sum(unreadable(night).values()) == 1
            night.stop()
            assert [orjson.loads(record.value) for record in kept(night)] == [{"from": "another version"}]
    ids = [id for ids in told(down.taken).values() for id in ids]
    assert set(ids) >= set(others)
    assert lost not in ids


@pytest.mark.parametrize(
    ("topic", "key", "value", "formats"),
    [
        ("table-sheets", None, b"{}", ("2", "format 1")),
        ("alerts", None, b"{}", ("2", "format 1")),
        ("cotejo-ledgers-changelog", b"0/x/1", b"\xc1\x03\x90", ("3", "formats 1 to 2")),
        ("cotejo-comparison-changelog", b"1.1.0/clock", b'{"format":2,"new":[]}', ("2", "format 1")),
        ("cotejo-deliveries-changelog", b"1.1.0/x", b'{"format":2,"new":[]}', ("2", "format 1")),
    ],
)
def test_a_format_of_another_version(
    topic: str,
    key: bytes | None,
    value: bytes,
    formats: tuple[str, str],
    embedded: Broker,
    names: str,
    tmp_path: Path,
) -> None:
    """A record of a format that this version does not know ends each start with one line that says what to do; it is
    neither acked nor set aside."""
    with LiveNight(NATION, embedded, tmp_path, names) as live:
        producer = clients.producer(embedded.address)
        headers = [("format", b"2")] if key is None else []
        producer.send(f"{live.topology.prefix}{topic}", value, key=key, headers=headers, partition=0).get(10)
        producer.close()
        for _ in range(2):
            assert live.start().wait(60) == 1, live.log.read_text()[-3000:]
        assert kept(live) == []
    said = live.log.read_text()
    name = topic.removeprefix("cotejo-").removesuffix("-changelog")
    written, read = formats
    assert (
        said.count(f"cotejo: {name} holds records of format {written}, and this version of Cotejo reads {read}:") == 2
    )
    assert "Traceback" not in said


def due(night: LiveNight) -> list[str]:
    """The notices whose text is kept because they are due."""
    state = Saves(newest(night, "deliveries").items()).state
    return [orjson.loads(key)[1] for key in state if orjson.loads(key)[0] == "notice"]
