"""Limits on what one group sends, and on what one polling table holds: exact, whatever crashes and comes twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from builders import T0, bulletin, election, lines, report
from hypothesis import given
from hypothesis import strategies as st
from monitor import Monitor
from nights import LiveNight, direct, listening

from streams.core.events.admission import check_tick
from streams.core.events.codec import encode, plain
from streams.core.events.input_topics import BULLETINS
from streams.core.events.model import Bulletin, Event, TallyReport, Tick
from streams.core.reconciliation.announced import announced_of
from streams.core.reconciliation.flood_limits import LEDGER_BYTES
from streams.core.reconciliation.ledger_journal import decode
from streams.core.reconciliation.ledger_store import pack, unpack_reading
from streams.core.reconciliation.reading import Reading, reading_of
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.replay.replay import Replay
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.kafka.producer import KafkaSink
from streams.kafka.topology import Topology

KNOWN = election(states=2, tables=60, trusted_sources=frozenset({"press"}), group_rate=3)
MINUTE = 60_000
Arrivals = list[tuple[TallyReport, int]]


def nth(number: int, **fields: Any) -> TallyReport:
    """A report like no other, of the group "g"."""
    table = f"S{1 + number % 2}-{1 + number // 2 % 60}"
    return report(**{"table": table, "id": f"r{number}", "reporter": f"x{number}", "group": "g", **fields})


def codes(arrivals: Arrivals, reconciler: Reconciler | None = None) -> list[str | None]:
    taking = reconciler or Reconciler(KNOWN)
    found = [taking.apply(event, at) for event, at in arrivals]
    return [None if reason is None else reason.code for reason in found]


@pytest.mark.parametrize(
    ("arrivals", "beyond"),
    [
        pytest.param([(nth(i), T0) for i in range(5)], [3, 4], id="five in a minute, of which three may"),
        pytest.param([(nth(i), T0 + i // 3 * MINUTE) for i in range(9)], [], id="three in each of three minutes"),
        pytest.param([(nth(i % 3), T0) for i in range(9)], [], id="the same three, three times"),
        pytest.param([*((nth(i), T0) for i in range(4)), (nth(3), T0 + MINUTE)], [3], id="sent again a minute later"),
        pytest.param([(nth(i, group=f"g{i}"), T0) for i in range(9)], [], id="each of another group"),
        pytest.param([(nth(i, source="press"), T0) for i in range(9)], [], id="of a trusted source"),
    ],
)
def test_rate(arrivals: Arrivals, beyond: list[int]) -> None:
    """What a group sends beyond its limit in a minute is turned away; what it has sent already costs nothing."""
    assert [i for i, code in enumerate(codes(arrivals)) if code] == beyond
    assert {code for code in codes(arrivals) if code} <= {"rate-limited"}


def test_no_limit() -> None:
    """Without a limit none is kept, and nothing about arrival is saved."""
    free = Reconciler(election(states=2, tables=60), saves=True)
    assert codes([(nth(i), T0) for i in range(50)], free) == [None] * 50
    assert [decode(record).minutes for record in free.take_records()] == [[]]


def test_monitor() -> None:
    """Offline, an event arrives when it is handed over."""
    monitor = Monitor(KNOWN)
    found = [monitor.handle(nth(i), T0).rejection for i in range(4)]
    assert [reason and reason.code for reason in found] == [None, None, None, "rate-limited"]


flood = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 2)).map(
        lambda pair: (nth(pair[0], group="g" if pair[0] % 3 else "h"), T0 + pair[1] * MINUTE)
    ),
    max_size=40,
).map(lambda arrivals: sorted(arrivals, key=lambda arrival: arrival[1]))


@given(flood, st.data())
def test_after_a_crash(arrivals: Arrivals, data: st.DataObject) -> None:
    """Wherever it crashes, and whatever was saved after the last acknowledgement, the same readings are in."""
    whole = Reconciler(KNOWN, saves=True)
    codes(arrivals, whole)
    acked = data.draw(st.integers(0, len(arrivals)))
    reached = data.draw(st.integers(acked, len(arrivals)))
    doomed = Reconciler(KNOWN, saves=True)
    codes(arrivals[:acked], doomed)
    saved = list(doomed.take_records())
    for arrival in arrivals[acked:reached]:
        codes([arrival], doomed)
        saved += [record for record in doomed.take_records() if data.draw(st.booleans())]
    reborn = Reconciler(KNOWN, saves=True)
    reborn.load(saved)
    codes(arrivals[acked:], reborn)
    inside = taken_in(whole.take_records())
    assert taken_in([*saved, *reborn.take_records()]) == inside
    assert max(Counter((minute, reading.group) for (_, reading), minute in inside.items()).values(), default=0) <= 3


def taken_in(records: Iterable[bytes]) -> dict[tuple[str, Reading], int | None]:
    """Readings by polling table, and the minute in which each came."""
    found: dict[tuple[str, Reading], int | None] = {}
    for record in (each for each in map(decode, records) if not each.turned_away):
        for table, packed, minute in zip(record.ids(), record.entries(), record.minutes, strict=True):
            found.setdefault((table, unpack_reading(packed)), minute)
    return found


def test_a_flooded_table() -> None:
    """A table that is flooded with readings stays small; other tables go on, and what it holds can still be sent
    again."""
    known = election(states=2, tables=60)
    reconciler = Reconciler(known)
    flood = [report(id=f"r{i}" + "ñ" * 400, reporter=f"x{i}" + "🂡" * 400) for i in range(200)]
    found = codes([(event, T0) for event in flood], reconciler)
    full = found.index("ledger-full")
    assert set(found[:full]) == {None}
    assert set(found[full:]) == {"ledger-full"}
    size = [len(pack(reading_of(known, event))) for event in flood]
    assert sum(size[:full]) <= LEDGER_BYTES < sum(size[: full + 1])
    assert [reconciler.apply(event, T0) for event in flood[:full]] == [None] * full
    assert reconciler.apply(report(table="S1-2"), T0) is None


@given(
    st.lists(st.tuples(st.integers(0, 25), st.sampled_from(["S1-1", "S1-2"]), st.booleans()), min_size=20, max_size=60)
)
def test_a_flood_of_both_kinds(sent: list[tuple[int, str, bool]]) -> None:
    """Whatever comes again, and whether readings or official figures: a ledger takes in what is new until it is full,
    by what is in it alone."""
    known = election(states=2, tables=60)
    reconciler, inside = Reconciler(known), defaultdict[str, set[bytes]](set)
    for i, table, official in sent:
        name = f"{i}" + "🂡" * 499
        event = bulletin(id=name, area=table, sequence=i) if official else report(id=name, reporter=name, table=table)
        entry = pack(announced_of(known, event) if isinstance(event, Bulletin) else reading_of(known, event))
        held = inside[table]
        fits = entry in held or sum(map(len, held)) + len(entry) <= LEDGER_BYTES
        assert (reconciler.apply(event, T0) is None) == fits
        if fits:
            held.add(entry)


@pytest.mark.parametrize(
    ("lead", "ahead", "code"),
    [
        pytest.param(60, 60_000, None, id="as far ahead as it may be"),
        pytest.param(60, 60_001, "tick-ahead", id="further"),
        pytest.param(60, -(10**9), None, id="of a night long ago"),
        pytest.param(0, 10**12, None, id="not checked"),
    ],
)
def test_tick(lead: float, ahead: int, code: str | None) -> None:
    """A tick among the reports is ahead of its arrival by so much at most."""
    reason = check_tick(election(max_lead=lead), Tick(T0 + ahead), T0)
    assert (reason and reason.code) == code


YEAR_2099 = Tick(4_070_908_800_000)


def test_tick_in_a_replay() -> None:
    """A tick of another century, written by somebody, does not keep its partition from being judged."""
    known = election(max_lead=60)
    replay = Replay.of_log(known, 1, Topology("x.", 1).homes(known.layout.tables))
    for channel, event in (
        (0, YEAR_2099),
        (0, report()),
        (0, Tick(T0)),
        (BULLETINS, bulletin()),
        (BULLETINS, Tick(T0)),
    ):
        replay.take(channel, [event], [T0])
    outcome = replay.finish()
    assert list(outcome.rejected) == ["tick-ahead"]
    assert outcome.states["N"].witnessed.tables == 1
    assert outcome.unjudged == 0


def test_strays_at_the_end_of_a_log() -> None:
    """What is on its way to its own partition when a log ends counts for the minutes in which it came."""
    known = election(states=2, tables=60, group_rate=3)
    homes = Topology("x.", 2).homes(known.layout.tables)
    away = [table for table, number in known.layout.table.items() if homes[number] == 1][:8]
    replay = Replay.of_log(known, 2, homes)
    replay.take(0, [nth(i, table=table) for i, table in enumerate(away)], [T0 + MINUTE * i for i in range(8)])
    outcome = replay.finish()
    assert not outcome.rejected
    assert set(outcome.verdicts) == set(away)


def test_a_night_under_attack(embedded: EmbeddedBroker, names: str, tmp_path: Path) -> None:
    """The worker turns away a tick of another century, and what a group sends too fast, and a thousand ticks that move
    no time make it say nothing; the rest of the night is as it would have been. Its /metrics listen on loopback
    alone."""
    known = election(states=2, tables=2, max_lead=60, group_rate=10)
    night: list[Event] = [*(report(table=table) for table in known.tables), bulletin()]
    live = LiveNight(known, embedded, tmp_path, names, partitions=2)
    live.start()
    flood = encode([plain(report(id=f"f{i}", reporter=f"x{i}", group="flood", votes=(0, i, 0))) for i in range(30)])
    sink = KafkaSink(embedded.address)
    for partition in range(2):
        sink.send(live.topology.tally_reports, encode(plain(YEAR_2099)), partition=partition)
    sink.send(live.topology.tally_reports, encode([plain(Tick(T0 - 1))] * 1000), partition=0)
    sink.send(live.topology.tally_reports, flood, partition=live.topology.partition_of("S1-1"))
    sink.close()
    live.feed(lines(night))
    live.wait()
    assert listening(live.ports[-1]) == {"127.0.0.1"}
    live.stop()
    assert len(live.read(live.topology.table_sheets)) < 100
    outcome = live.outcome()
    assert Counter(outcome.rejected) == {"tick-ahead": 2, "rate-limited": 20}
    assert outcome.verdicts["S1-1"]["level"] == "disputed"
    assert outcome.states["S2"] == direct(known, lines(night)).states["S2"]
