"""Event time where the events are their own clock: pauses of a night, and dates beyond it."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from builders import T0, bulletin, election, lines, report
from hypothesis import given
from hypothesis import strategies as st
from nights import LiveNight, direct
from pipeline import Pipeline, feed
from replays import explained, of_events, of_logs, of_stretches, terms

from streams.core.election.settings import HealthRule, Rules
from streams.core.engine.comparer import Comparer
from streams.core.engine.event_time import EventTime
from streams.core.engine.partition_intake import PartitionIntake, Rejected
from streams.core.events.model import Bulletin, Event, TallyReport, Tick
from streams.core.reconciliation.reconciler import Reconciler
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.kafka.topology import Topology
from streams.nights.arrival import of_lines
from streams.nights.check import EventCheck
from streams.nights.feeder import Pace

KNOWN = election(rules=Rules(health=HealthRule(bulletin_every=7200)))
HOUR = 3_600_000
YEAR_2096 = 4_000_000_000_000


def r(hours: float, table: str = "S1-1") -> TallyReport:
    at = T0 + round(hours * HOUR)
    return report(table, at=at, id=f"r{at}")


def b(hours: float) -> Bulletin:
    at = T0 + round(hours * HOUR)
    return bulletin(at=at, sequence=at % 10**9, id=f"b{at}")


def t(hours: float) -> Tick:
    return Tick(T0 + round(hours * HOUR))


FAR = (YEAR_2096 - T0) / HOUR


@pytest.mark.parametrize(
    ("night", "turned_away"),
    [
        pytest.param([r(0), b(1), r(0.5)], [], id="up to an hour ahead is nothing"),
        pytest.param([r(0), b(5), r(0.5)], [1], id="a date ahead of what follows is turned away"),
        pytest.param([r(0), b(5), r(5)], [], id="a pause of the night"),
        pytest.param([r(0), b(5), b(FAR), r(5)], [2], id="a pause, and a slip in it"),
        pytest.param([r(0), b(5)], [], id="a bulletin ends the night"),
        pytest.param([r(0), b(5), b(99)], [], id="bulletins end the night"),
        pytest.param([r(0), b(5), r(-1), r(-2), r(5)], [], id="what comes late says nothing of the time"),
        pytest.param([b(0), b(FAR), b(FAR + 0.1), r(0.1)], [1, 2], id="an authority's clock is wrong"),
        pytest.param([b(5), r(0), r(0.1), r(5)], [], id="a night may begin with anything"),
        pytest.param([r(0), r(FAR), r(0.1)], [1], id="a reading dated ahead"),
        pytest.param([r(0), r(5), r(5.1), r(5.2)], [], id="readings after a pause"),
        pytest.param([r(0), b(FAR), t(1)], [1], id="a tick says what time it is"),
        pytest.param([r(0), b(30), t(29)], [], id="a tick says that time has come so far"),
        pytest.param([r(0), t(25), b(25)], [], id="ticks move the clock as they like"),
    ],
)
def test_dates(night: Sequence[Event], turned_away: Sequence[int]) -> None:
    """Pauses of a night are no slips: what is turned away is what the night did not come to."""
    time = EventTime[Event](KNOWN, lambda event: event)
    dated = [*time.take(night), *time.finish()]
    assert sorted((event for event, _ in dated), key=night.index) == night
    assert [night.index(event) for event, why in dated if why is not None] == turned_away
    replayed = of_events(KNOWN, lines(night))
    assert sum(refusals.count for refusals in replayed.rejected.values()) == len(turned_away)


def test_not_checked() -> None:
    """`max_lead` 0 takes every date as it is."""
    time = EventTime[Event](election(max_lead=0), lambda event: event)
    assert [why for _, why in time.take([r(0), b(FAR), r(0.1)])] == [None] * 3


steps = st.lists(st.tuples(st.sampled_from([r, b, t]), st.integers(0, 12)), max_size=12)


@given(steps, st.sets(st.integers(0, 12)), st.lists(st.integers(0, 12)))
def test_every_way_decides_alike(night: list[tuple[object, int]], slips: set[int], cuts: list[int]) -> None:
    """With bulletins dated beyond the night anywhere in it: the event file, however it is cut, the core by itself, the
    live stages, their log, and `explain` turn the same bulletins away and end alike."""
    hours, events = 0.0, list[Event]()
    for place, (make, step) in enumerate(night):
        hours += step / 4
        events.append(make(hours))  # type: ignore[operator]
        if place in slips:
            events.append(b(hours + FAR / 2))
    content = lines(events)
    expected = direct(KNOWN, content)
    assert terms(of_events(KNOWN, content)) == terms(of_stretches(KNOWN, content, cuts)) == expected
    topology = Topology("x.", 1)
    logs = feed(KNOWN, content, topology, Pace(every_tick=True))
    live = Pipeline(KNOWN, logs).run(lambda n: 0)
    assert terms(of_logs(KNOWN, logs, topology, lambda n: 0, lambda c: sys.maxsize)) == live
    assert (live.rejected, live.alerts) == (expected.rejected, expected.alerts)
    assert [row["code"] for row in explained(KNOWN, events).area("N")["rejected"]] == expected.rejected


def test_by_arrival() -> None:
    """Where messages have a time of arrival, a reading is held against that, by itself and among many."""
    ahead = [report(f"S{s}-{n}", at=T0 + (HOUR + 1) * (n == 2), id=f"{s}{n}") for s in (1, 2) for n in (1, 2, 3)]
    together = PartitionIntake(KNOWN, 0, None).take(ahead, [T0] * len(ahead))
    refused = [effect for effect in together if isinstance(effect, Rejected)]
    assert [(effect.place, effect.reason.code, effect.reason.place) for effect in refused] == [
        (1, "dated-ahead", "observed_at"),
        (4, "dated-ahead", "observed_at"),
    ]
    one_by_one = Reconciler(KNOWN)
    assert [Rejected(i, why) for i, event in enumerate(ahead) if (why := one_by_one.apply(event, T0))] == together
    assert not PartitionIntake(KNOWN, 0, None).take(ahead, [0] * len(ahead))


def test_a_bulletin_by_the_tick() -> None:
    """A bulletin is held against the tick by which it is judged; it neither ends a silence nor comes into the sums."""
    comparer = Comparer(KNOWN)
    comparer.advance(T0)
    assert (why := comparer.add_bulletin(b(1.1), T0)) is not None
    assert why.code == "dated-ahead"
    assert comparer.pulse.bulletin == T0
    assert comparer.bulletin("N") is None
    assert comparer.add_bulletin(b(1), T0) is None


def test_check_says_so() -> None:
    """`check` names the line of what is dated beyond the night."""
    found = list(EventCheck(KNOWN).problems(of_lines(lines([r(0), b(FAR), r(0.1)]), "night")))
    assert [(problem.line, problem.code) for problem in found] == [(2, "dated-ahead")]


def test_a_live_night(embedded: EmbeddedBroker, names: str, tmp_path: Path) -> None:
    """A worker turns away a bulletin and a reading of another century, and a fed bulletin that is hours ahead of its
    night; all else is as in the event file."""
    night = lines([r(0), b(0.1), b(FAR), r(FAR - 99, "S1-2"), r(0.2, "S2-1"), b(3.5), r(0.4, "S2-2"), r(1, "S2-3")])
    live = LiveNight(KNOWN, embedded, tmp_path, names, partitions=2)
    live.start()
    live.feed(night)
    live.wait()
    live.stop()
    found, expected = live.outcome(), direct(KNOWN, night)
    assert found.rejected == expected.rejected == ["dated-ahead"] * 3
    assert (found.states, found.verdicts, found.alerts) == (expected.states, expected.verdicts, expected.alerts)
