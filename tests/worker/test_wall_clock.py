"""The wall clock of a live night: ticks from elsewhere, and clocks that were wrong, neither freeze nor falsify it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import nursery
import orjson
import pytest
from brokers import ROOT, Broker
from builders import bulletin, election, report
from hypothesis import given
from hypothesis import strategies as st
from nights import LiveNight, until

import streams.worker.app as agents
from streams.core.election.settings import AlertPolicy, HealthRule, Rules
from streams.core.engine.comparer import Comparer
from streams.core.engine.watermarks import Alignment
from streams.core.events.codec import encode, plain
from streams.core.events.model import Event, Tick
from streams.core.reconciliation.reconciler import Reconciler
from streams.kafka.producer import KafkaSink
from streams.worker.clock import SystemClock

HOUR = 3_600_000
LAG = "cotejo_event_time_lag_seconds[wall]"
KNOWN = election(
    states=2,
    tables=4,
    registered=300,
    alerts=AlertPolicy(tick=1, hold=0, cooldown=60),
    rules=Rules(health=HealthRule(bulletin_every=1800, reports_every=1800)),
)


def now() -> int:
    return round(time.time() * 1000)


def sheets(first: int, votes: tuple[int, ...] = (150, 60, 10)) -> list[Event]:
    """One report of each of two polling tables."""
    tables = list(KNOWN.tables)[2 * first : 2 * first + 2]
    return [report(table, votes, at=now(), id=f"{table}/{first}") for table in tables]


class Live:
    """A worker by the wall clock, and what producers send to it."""

    def __init__(self, night: LiveNight) -> None:
        self.night = night

    def send(self, *events: Event) -> None:
        sink, topology = KafkaSink(self.night.broker.address), self.night.topology
        for event in events:
            content = encode(plain(event))
            if event.__class__.__name__ == "TallyReport":
                sink.send(topology.tally_reports, content, partition=topology.partition_of(event.table))  # type: ignore[union-attr]
            else:
                sink.send(topology.bulletins, content, partition=0)
        sink.close()

    def tick(self, at: int, *partitions: int) -> None:
        """Somebody's tick in some partitions of the reports, or without any in `bulletins`."""
        sink, topology = KafkaSink(self.night.broker.address), self.night.topology
        for partition in partitions or (0,):
            topic = topology.tally_reports if partitions else topology.bulletins
            sink.send(topic, encode(plain(Tick(at))), partition=partition)
        sink.close()

    def witnessed(self) -> int:
        states = [orjson.loads(r.value) for r in self.night.read(self.night.topology.area_state) if r.key == b"N"]
        return int(states[-1]["witnessed"]["tables"]) if states else 0

    def wait(self, tables: int) -> None:
        until(lambda: self.witnessed() == tables, self.night.told)

    def notices(self) -> list[str]:
        found = [orjson.loads(record.value) for record in self.night.read(self.night.topology.alerts)]
        return [notice["finding"]["rule"] for notice in found]


@pytest.fixture
def clock(tmp_path: Path) -> Callable[[float], None]:
    """Moves the worker's clock by so many seconds from now on."""

    def move(seconds: float) -> None:
        (tmp_path / "shift.new").write_text(str(seconds))
        (tmp_path / "shift.new").rename(tmp_path / "shift")

    move(0)
    return move


@pytest.fixture
def live(broker: Broker, names: str, tmp_path: Path) -> Iterator[Live]:
    program = ROOT / "tests" / "helpers" / "shifted_worker.py", tmp_path / "shift"
    starts = nursery.spawn  # what is imported already has the real clock
    with LiveNight(KNOWN, broker, tmp_path, names, partitions=2, starts=starts, program=program) as night:
        yield Live(night)


@pytest.mark.parametrize("ahead", [HOUR - 60_000, 70 * 365 * 24 * HOUR], ids=["59 min", "70 years"])
@pytest.mark.parametrize("where", [(0,), (0, 1), ()], ids=["a partition", "all partitions", "bulletins"])
def test_a_tick_that_lies_ahead(where: tuple[int, ...], ahead: int, live: Live, clock: object) -> None:
    """A tick of the future, within `max_lead` or beyond it, in a partition, in all, or among the bulletins, raises no
    alert, and what comes after it is judged at once."""
    live.night.start(clock="wall")
    live.night.ready()
    live.send(*sheets(0))
    live.wait(2)
    live.tick(now() + ahead, *where)
    live.send(*sheets(1))
    live.wait(4)
    live.send(*sheets(2), bulletin((900, 360, 60), at=now()))
    live.wait(6)
    assert abs(live.night.metrics()[LAG]) < 30
    assert live.notices() == []


@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
def test_a_clock_that_was_ahead(restart: bool, live: Live, clock: Callable[[float], None], tmp_path: Path) -> None:
    """A worker whose clock was fifty minutes ahead is set right, while it runs or before its next start: it says so at
    once and judges on by the right time, and what it saves is of the right time too."""
    clock(3000)
    live.night.start(clock="wall")
    live.night.ready()
    live.send(*sheets(0), bulletin((900, 360, 60), at=now()))
    live.wait(2)
    if restart:
        live.night.stop()
    clock(0)
    if restart:
        live.night.start(clock="wall")
    live.send(*sheets(1))
    live.wait(4)
    until(lambda: abs(live.night.metrics()[LAG]) < 30, live.night.told)
    assert live.night.metrics()["cotejo_clock_set_back_total"] == 1
    said = [line for line in live.night.log.read_text().splitlines() if "a clock was" in line]
    assert len(said) == 1
    assert "s ahead" in said[0]
    assert "health" not in live.notices()
    live.night.stop()
    live.night.start(clock="wall")
    live.send(*sheets(2))
    live.wait(6)
    assert live.night.metrics()["cotejo_clock_set_back_total"] == 0


class Shown(SystemClock):
    """A clock that shows these times (Unix ms), one after another, and stays at the last."""

    def __init__(self, *times: int) -> None:
        self._times = list(times)

    def now(self) -> int:
        return self._times.pop(0) if len(self._times) > 1 else self._times[0]


def test_a_wait_follows_the_clock() -> None:
    """A clock that is set back while a tick is waited for is followed: the next one comes by it, not an hour later."""
    clock = Shown(7_200_000, 7_200_000, 3_600_000, 3_600_000, 3_600_000, 3_600_600, 3_601_000)
    assert asyncio.run(asyncio.wait_for(agents.next_tick(clock, 500), 10)) in (3_600_500, 3_601_000)


def test_a_wait_that_took_too_long() -> None:
    """A worker that was suspended while it waited goes on with the tick that is due now."""
    clock = Shown(1000, 1000, 1234)
    assert asyncio.run(asyncio.wait_for(agents.next_tick(clock, 10), 10)) == 1230


def test_time_that_is_set_back() -> None:
    """Marks beyond the new time are none; what came before them is handed over with the next."""
    both = Alignment[str](["a", "b"])
    both.add("a", "a1")
    both.mark("a", 100)
    both.add("a", "a2")
    both.mark("a", 110)
    both.add("a", "a3")
    both.mark("b", 100)
    assert list(both.take()) == [(100, ["a1"])]
    both.set_back(50)
    both.mark("a", 60)
    both.mark("b", 60)
    assert list(both.take()) == [(60, ["a2", "a3"])]


@given(st.randoms(use_true_random=False))
def test_set_back_and_nothing_is_lost(chance: "st.Random") -> None:  # type: ignore[name-defined]
    """However often time is set back, each item is handed over once, in its channel's order."""
    channels, time = ["a", "b"], 1000
    mixed, said, heard = Alignment[tuple[str, int]](channels), dict.fromkeys(channels, 0), list[tuple[str, int]]()
    for _ in range(chance.randrange(60)):
        match chance.randrange(5):
            case 0:
                time -= chance.randrange(500)
                mixed.set_back(time)
            case 1:
                time += chance.randrange(100)
                mixed.mark(chance.choice(channels), time)
            case 2:
                mixed.leave_behind()
            case _:
                channel = chance.choice(channels)
                mixed.add(channel, (channel, said[channel]))
                said[channel] += 1
        for _, items in mixed.take():
            heard += items
    for channel in channels:
        mixed.mark(channel, 10**6)
    for _, items in mixed.take():
        heard += items
    for channel in channels:
        assert [n for c, n in heard if c == channel] == list(range(said[channel]))


def test_alerts_when_time_is_set_back() -> None:
    """An alert that waits to fire fires after its wait by the right time, not an hour later; one that fires goes on,
    and nothing that was told is told again."""
    known = replace(KNOWN, alerts=AlertPolicy(tick=1, hold=20, cooldown=60), rules=Rules())
    reconciler, comparer, at = Reconciler(known), Comparer(known), 10 * HOUR
    for table in known.tables:
        assert reconciler.apply(report(table, (150, 60, 10))) is None
    comparer.add_sheets(reconciler.take_sheets())
    comparer.advance(at)
    assert comparer.add_bulletin(bulletin((900, 360, 60), at=at, valid=9000)) is None
    assert comparer.advance(at + 2000) == []
    assert {alert.status for alert in comparer.alerts.values()} == {"pending"}
    back = at - HOUR
    comparer.set_back(back)
    assert comparer.advance(back + 19_000) == []
    fired = comparer.advance(back + 21_000)
    assert {notice.status for notice in fired} == {"firing"}
    assert all(back <= notice.at <= back + 21_000 for notice in fired)
    comparer.set_back(back - HOUR)
    assert comparer.advance(back - HOUR + 2000) == []
    assert {alert.status for alert in comparer.alerts.values()} == {"firing"}


def test_silence_when_time_is_set_back() -> None:
    """A feed that stays away is missed by the right time: what came by a clock that was ahead came at that time."""
    rules = Rules(health=HealthRule(bulletin_every=600))
    comparer, at = Comparer(replace(KNOWN, alerts=AlertPolicy(tick=1, hold=0), rules=rules)), 10 * HOUR
    comparer.advance(at)
    assert comparer.add_bulletin(bulletin((900, 360, 60), at=at, valid=9000)) is None
    comparer.advance(at + 1000)
    comparer.set_back(at - HOUR)
    told = [(each.fingerprint, each.at) for each in comparer.advance(at - HOUR + 700_000)]
    assert told == [("feed-health:N:bulletins", at - HOUR + 600_000)]
