"""A whole night through the core: ticks, silence, alerts, and streams that arrive in pieces."""

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import T0, alike, bulletin, election, present, report
from hypothesis import given, settings
from hypothesis import strategies as st
from monitor import Monitor
from msgspec import structs

from streams.core.alerting.alert import Alert, Notice
from streams.core.alerting.alert_life import Reason
from streams.core.election.model import Election
from streams.core.election.settings import AlertPolicy, ContradictionRule, DivergenceRule, Rules
from streams.core.engine.comparer import Comparer
from streams.core.events.codec import decode_any, encode, plain, to_json
from streams.core.events.model import Bulletin, Event, Rejection, TallyReport, Tick
from streams.core.reconciliation.reconciler import Reconciler

SECOND, TICK = 1000, 10_000


def small(hold: float = 0, cooldown: float = 600, clear: float = 1.0, states: int = 2, **divergence: Any) -> Election:
    """An election where one false sheet calls, and nothing else does unless asked."""
    rules = Rules(
        ContradictionRule(min_sheets=1, min_ratio=0, clear=clear),
        DivergenceRule(**{"warning": 200, "critical": 300, "clear": clear, "min_sheets": 5, **divergence}),
    )
    return election(states=states, tables=4, rules=rules, alerts=AlertPolicy(10, hold, cooldown))


def sheets(known: Election, votes: tuple[int, ...] = (10, 5, 0), at: int = T0) -> list[TallyReport]:
    return [report(table, votes, at=at) for table in alike(known, votes)]


def run(monitor: Monitor, events: Iterable[Event]) -> list[Notice]:
    return [notice for event in events for notice in monitor.handle(event).notices]


def told(notices: Iterable[Notice]) -> list[tuple[int, str, str]]:
    """When, in seconds since T0, of which area, and why."""
    return [((n.at - T0) // SECOND, n.finding.area, n.reason) for n in notices]


def firing(monitor: Monitor) -> set[str]:
    return {fingerprint for fingerprint, alert in monitor.alerts.items() if alert.status == "firing"}


FALSE: dict[str, Any] = {"tables_counted": 8, "at": T0 + 3 * SECOND}
"""A bulletin over all eight tables, three seconds into the night."""

FIRED, UPDATED = Reason.FIRED.value, Reason.UPDATED.value


def test_ticks_at_boundaries() -> None:
    """What arrives between two ticks is judged at the next boundary, not before and not in between."""
    monitor = Monitor(small())
    assert not run(monitor, [*sheets(small()), bulletin({"A": 50}, **FALSE), Tick(T0 + TICK - 1)])
    assert told(run(monitor, [Tick(T0 + TICK + 7)])) == [(10, "N", FIRED)]
    assert not run(monitor, [Tick(T0 + 50 * TICK)])


def test_what_comes_at_a_tick_is_judged_at_the_next() -> None:
    """A tick sees what was known before it, so that the order of equal times does not matter."""
    monitor = Monitor(small())
    late = bulletin({"A": 50}, tables_counted=8, at=T0 + TICK)
    notices = run(monitor, [*sheets(small()), late, Tick(T0 + 2 * TICK)])
    assert {n.at for n in notices} == {T0 + 2 * TICK}


def test_hold() -> None:
    """With `for` a finding fires when it has lasted so long in event time, and not if it goes away before."""
    known = small(hold=25)
    monitor = Monitor(known)
    assert not run(monitor, [*sheets(known), bulletin({"A": 50}, **FALSE), Tick(T0 + 30 * SECOND)])
    assert told(run(monitor, [Tick(T0 + 60 * SECOND)])) == [(40, "N", FIRED)]
    monitor = Monitor(known)
    run(monitor, [*sheets(known), bulletin({"A": 50}, **FALSE), Tick(T0 + 30 * SECOND)])
    better = bulletin({"A": 80}, sequence=2, tables_counted=8, at=T0 + 31 * SECOND)
    assert not run(monitor, [better, Tick(T0 + 90 * SECOND)])
    assert not firing(monitor)


def test_finish() -> None:
    """At the end of a log what still waits is decided."""
    known = small(hold=25)
    monitor = Monitor(known)
    run(monitor, [*sheets(known), bulletin({"A": 50}, **FALSE)])
    assert told(monitor.finish()) == [(40, "N", FIRED)]
    assert not monitor.finish()


def test_cooldown() -> None:
    """A firing alert whose figures change speaks again when the cooldown is over, once, with the newest figures."""
    known = small(cooldown=60)
    monitor = Monitor(known)
    events = sheets(known)
    run(monitor, [*events[:6], bulletin({"A": 10}, **FALSE), Tick(T0 + TICK)])
    later = [structs.replace(event, at=T0 + (20 + i) * SECOND) for i, event in enumerate(events[6:])]
    notices = run(monitor, [*later, Tick(T0 + 1000 * SECOND)])
    assert told(notices) == [(70, "N", UPDATED)]
    assert notices[0].finding.value == 7


def test_new_bulletin() -> None:
    """A new bulletin takes the place of the old one: what it shows too is told, what it does not is resolved."""
    known = small()
    monitor = Monitor(known)
    wrong = bulletin({"A": 50}, **FALSE)
    again = bulletin({"A": 50}, sequence=2, tables_counted=8, at=T0 + 12 * SECOND)
    right = bulletin({"A": 80}, sequence=3, tables_counted=8, at=T0 + 22 * SECOND)
    notices = run(monitor, [*sheets(known), wrong, again, right, Tick(T0 + 60 * SECOND)])
    assert told(notices) == [
        (10, "N", FIRED),
        (20, "N", Reason.NEW_BULLETIN.value),
        (30, "N", Reason.SUPERSEDED.value),
    ]
    assert not firing(monitor)


def test_a_late_old_bulletin() -> None:
    """An old bulletin that arrives after its successor changes nothing."""
    known = small()
    monitor = Monitor(known)
    right = bulletin({"A": 80}, sequence=2, **FALSE)
    wrong = bulletin({"A": 50}, sequence=1, tables_counted=8, at=T0 + 12 * SECOND)
    assert not run(monitor, [*sheets(known), right, wrong, Tick(T0 + 60 * SECOND)])
    assert present(monitor.states()["N"].official).bulletin == "N-2"


@pytest.mark.parametrize(
    ("bulletins", "current"),
    [
        pytest.param([("b1", 1, None), ("b2", 2, None)], "b2", id="the highest sequence"),
        pytest.param([("b1", 1, None), ("b2", 2, None), ("b3", 1, "b2")], "b3", id="what supersedes the highest"),
        pytest.param([("b2", 2, "b1"), ("b1", 1, None)], "b2", id="superseded before it came"),
        pytest.param([("b1", 1, "b1")], "b1", id="nothing supersedes itself"),
        pytest.param([("b1", 1, None), ("b1", 2, None)], "b1", id="the same id again"),
        pytest.param([], None, id="none"),
    ],
)
def test_current_bulletin(bulletins: list[tuple[str, int, str | None]], current: str | None) -> None:
    """The current bulletin is the highest sequence that no other supersedes, in whatever order they come."""
    for order in (bulletins, bulletins[::-1]):
        comparer = Comparer(small())
        for name, sequence, supersedes in order:
            comparer.add_bulletin(bulletin(id=name, sequence=sequence, supersedes=supersedes))
        shown = comparer.bulletin("N")
        assert (shown and shown.id) == current


def test_parent_mutes_child() -> None:
    """A nation's alert mutes the same alert of its states, and only that; the states' alerts live on."""
    known = small()
    monitor = Monitor(known)
    local = [bulletin((10, 20, 0), area=area, tables_counted=4, at=T0 + 4 * SECOND) for area in ("S1", "S2")]
    notices = run(monitor, [*sheets(known), *local, bulletin({"A": 30, "B": 40}, **FALSE), Tick(T0 + TICK)])
    muted = {n.fingerprint: n.muted_by for n in notices}
    assert muted["contradiction:N:A"] is None
    assert muted["contradiction:S1:A"] == muted["contradiction:S2:A"] == "contradiction:N:A"
    assert {"contradiction:N:A", "contradiction:S1:A", "contradiction:S2:A"} <= firing(monitor)


def test_the_child_speaks_when_its_parent_is_over() -> None:
    """A state's alert that was left to the nation's is told when a newer bulletin ends the nation's."""
    known = small()
    monitor = Monitor(known)
    local = bulletin((10, 20, 0), area="S1", tables_counted=4, at=T0 + 4 * SECOND)
    run(monitor, [*sheets(known), local, bulletin({"A": 30, "B": 40}, **FALSE), Tick(T0 + TICK)])
    better = bulletin({"A": 80, "B": 40}, **{**FALSE, "sequence": 2, "id": "better", "at": T0 + TICK + 1})
    notices = {n.fingerprint: n for n in run(monitor, [better, Tick(T0 + 3 * TICK)])}
    assert notices["contradiction:N:A"].status == "resolved"
    assert notices["contradiction:S1:A"].muted_by is None
    assert notices["contradiction:S1:A"].reason == Reason.UNMUTED.value


def test_the_nearest_above_speaks() -> None:
    """Of several alerts above, the nearest mutes a district's. When that one ends the next above mutes it; it is told
    only when none is left, and once."""
    known = replace(election(states=2, tables=4, districts=2), rules=small().rules, alerts=small().alerts)
    monitor = Monitor(known)
    at = T0 + 3 * SECOND

    def fits(area: str, votes: int) -> Event:
        return bulletin({"A": votes}, area=area, sequence=2, tables_counted=len(tables[area]), at=at)

    tables = {a: [t for t, table in known.tables.items() if a in known.lineage[table.area]] for a in known.areas}
    local = [
        bulletin({"A": 0}, area=area, tables_counted=len(tables[area]), at=at) for area in ("N", "S1", "S1.1", "S2.2")
    ]
    notices = run(monitor, [*sheets(known), *local, Tick(T0 + TICK)])
    assert {n.finding.area: n.muted_by for n in notices} == {
        "N": None,
        "S1": "contradiction:N:A",
        "S1.1": "contradiction:S1:A",
        "S2.2": "contradiction:N:A",
    }
    at = T0 + TICK + SECOND
    notices = run(monitor, [fits("S1", 40), Tick(T0 + 2 * TICK), Tick(T0 + 3 * TICK)])
    assert {(n.finding.area, n.status, n.muted_by) for n in notices} == {("S1", "resolved", "contradiction:N:A")}
    at = T0 + 3 * TICK + SECOND
    notices = run(monitor, [fits("N", 80), Tick(T0 + 4 * TICK), Tick(T0 + 5 * TICK)])
    assert sorted((n.finding.area, n.status, n.reason, n.muted_by) for n in notices) == [
        ("N", "resolved", Reason.SUPERSEDED.value, None),
        ("S1.1", "firing", Reason.UNMUTED.value, None),
        ("S2.2", "firing", Reason.UNMUTED.value, None),
    ]


def test_what_waits_to_fire_mutes_nobody() -> None:
    """A state's alert whose time has come is told while the nation's still waits for its own; what comes later is
    muted."""
    known = small(hold=30)
    local = bulletin((10, 20, 0), area="S1", tables_counted=4, at=T0 + 4 * SECOND)
    late = bulletin((10, 20, 0), area="S2", tables_counted=4, at=T0 + 2 * TICK + SECOND)
    nation = bulletin({"A": 30, "B": 40}, **{**FALSE, "at": T0 + TICK + SECOND})
    notices = run(Monitor(known), [*sheets(known), local, nation, late, *(Tick(T0 + i * TICK) for i in range(1, 8))])
    told = [((n.at - T0) // TICK, n.finding.area, n.muted_by) for n in notices if n.fingerprint.endswith(":A")]
    assert told == [(4, "S1", None), (5, "N", None), (6, "S2", "contradiction:N:A")]


def test_nothing_mutes_without_its_parent() -> None:
    """A state's alert is told where the nation's bulletin fits."""
    known = small()
    local = bulletin({"A": 10}, area="S1", tables_counted=4, at=T0 + 4 * SECOND)
    notices = run(Monitor(known), [*sheets(known), local, Tick(T0 + TICK)])
    assert [(n.fingerprint, n.muted_by) for n in notices] == [("contradiction:S1:A", None)]


REJECTED: list[Event] = [
    report("S9-9"),
    report(votes=(900, 0, 0)),
    report(votes={"Q": 1}),
    report(ballots=1),
    bulletin(area="Q"),
    bulletin({"Q": 1}),
]


def everything(monitor: Monitor) -> bytes:
    """What the night came to, whatever its order."""
    verdicts = {table: [v.level.value, v.accepted, v.votes, v.null] for table, v in monitor.verdicts.items()}
    return encode([monitor.states(), verdicts, sorted(firing(monitor))])


@pytest.mark.parametrize("event", REJECTED)
def test_rejected(event: Event) -> None:
    """An event that is turned away says why and changes nothing."""
    known = small()
    clean, other = Monitor(known), Monitor(known)
    for monitor in (clean, other):
        run(monitor, [*sheets(known), bulletin({"A": 50}, **FALSE)])
    assert other.handle(event, T0 + 4 * SECOND).rejection is not None
    assert clean.finish() == other.finish()
    assert everything(clean) == everything(other)


votes = st.sampled_from([(10, 5, 0), (10, 6, 0), (40, 1, 9), (0, 0, 0)])
times = st.integers(T0, T0 + 300 * SECOND)
WIDE = small(states=2)


def nights(known: Election) -> st.SearchStrategy[list[Event]]:
    """Reports that agree or not, are replaced and retracted; bulletins that fit or not."""
    ids = st.integers(1, 10**6).map(str)
    told_reports = st.builds(
        report,
        table=st.sampled_from(list(known.tables)),
        votes=votes,
        id=ids,
        reporter=st.sampled_from(["ana", "ben"]),
        at=times,
        retracted=st.sampled_from([False, False, False, True]),
    )
    figures = st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(0, 20))
    told_bulletins = st.builds(
        bulletin,
        votes=figures,
        area=st.sampled_from(["N", "S1", "S2"]),
        at=times,
        sequence=st.integers(1, 5),
        tables_counted=st.none() | st.integers(0, 8),
    )
    return st.lists(told_reports | told_bulletins, max_size=20)


def arrive(monitor: Monitor, events: Iterable[Event], pace: int = 4 * SECOND) -> list[Notice]:
    """Take the events in one after the other, whatever time they bear."""
    return [n for i, event in enumerate(events) for n in monitor.handle(event, T0 + i * pace).notices]


@settings(max_examples=60)
@given(nights(WIDE), st.sampled_from([0, 25]), st.data())
def test_rough_stream(events: list[Event], hold: float, data: st.DataObject) -> None:
    """Shuffled, repeated, and with broken messages among it, a night ends in the same states, verdicts and alerts,
    whenever it comes that some readings are turned away."""
    known = small(hold=hold, warning=5, critical=10)
    clean, rough = Monitor(known), Monitor(known)
    assert all(clean.apply(event, T0) for event in REJECTED)
    arrive(clean, events)
    clean.finish()
    raw = [encode(plain(event)) for event in events]
    more = [data.draw(st.sampled_from(raw)) for _ in raw]
    torn = [message[: data.draw(st.integers(0, len(message) - 1))] for message in more[:5]]
    bad = [encode(plain(event)) for event in REJECTED]
    mess = [decode_any(message) for message in data.draw(st.permutations(raw + more + torn + bad))]
    assert sum(isinstance(event, Rejection) for event in mess) == len(torn)
    arrive(rough, [event for event in mess if not isinstance(event, Rejection)])
    rough.finish()
    assert everything(rough) == everything(clean)


@settings(max_examples=60)
@given(nights(WIDE), st.data())
def test_twice(events: list[Event], data: st.DataObject) -> None:
    """Each event handled twice at once tells nothing more than once."""
    known = small(hold=10, cooldown=30)
    once, twice = Monitor(known), Monitor(known)
    first, second = [], []
    for i, event in enumerate(events):
        at = T0 + i * data.draw(st.sampled_from([0, 4, 25])) * SECOND
        first += once.handle(event, at).notices
        second += twice.handle(event, at).notices
        assert not twice.handle(event, at).notices
    assert first + once.finish() == second + twice.finish()
    assert everything(once) == everything(twice)
    clock = T0 + 200 * len(events) * SECOND
    twice.handle(Tick(clock))
    settled = {f: alert.plain() for f, alert in twice.alerts.items()}
    assert [twice.handle(event, clock + 5 * TICK).notices for event in events] == [[] for _ in events]
    assert not twice.finish()
    assert {f: alert.plain() for f, alert in twice.alerts.items()} == settled


class Diligent(Comparer):
    """A comparer that passes nothing over: every area and every alert at every tick."""

    def _next_tick(self, now: int) -> int:
        return now + self._tick

    def _evaluate(self, before: int, at: int) -> list[Notice]:
        self._dirty = set(self._election.areas)
        return super()._evaluate(before, at)


@settings(max_examples=60)
@given(nights(WIDE), st.sampled_from([0, 25, 30.5]), st.sampled_from([15, 60]), st.sampled_from([0.5, 1.0]), st.data())
def test_passing_over_ticks(
    events: list[Event], hold: float, cooldown: float, clear: float, data: st.DataObject
) -> None:
    """Passing over the ticks at which nothing can change decides the same as evaluating everything at each."""
    known = small(hold, cooldown, clear, warning=5, critical=10)
    quick, diligent, reconciler = Comparer(known), Diligent(known), Reconciler(known)
    at = T0
    for event in events:
        at += data.draw(st.sampled_from([0, 1, 4, 10, 33, 90])) * SECOND
        assert [to_json(n) for n in quick.advance(at)] == [to_json(n) for n in diligent.advance(at)]
        if isinstance(event, Bulletin):
            quick.add_bulletin(event), diligent.add_bulletin(event)
        elif isinstance(event, TallyReport):
            reconciler.apply(event)
        sheets = reconciler.take_sheets()
        quick.add_sheets(sheets), diligent.add_sheets(sheets)
    at += 1000 * SECOND
    assert [to_json(n) for n in quick.advance(at)] == [to_json(n) for n in diligent.advance(at)]
    assert quick.alerts == diligent.alerts


@settings(max_examples=40)
@given(nights(WIDE), st.integers(0, 20), st.sampled_from([0, 25]))
def test_restart(events: list[Event], crash: int, hold: float) -> None:
    """A comparer that comes back from its saved parts tells what the one without the crash tells, id by id."""
    known = small(hold, 30, 0.5, warning=5, critical=10)
    steady, doomed, reconciler = Comparer(known), Comparer(known), Reconciler(known)
    sent, bulletins = [], []
    for i, event in enumerate(events):
        at = T0 + 7 * i * SECOND
        assert [to_json(n) for n in steady.advance(at)] == [to_json(n) for n in doomed.advance(at)]
        if isinstance(event, Bulletin):
            bulletins.append(event)
            steady.add_bulletin(event), doomed.add_bulletin(event)
        elif isinstance(event, TallyReport):
            reconciler.apply(event)
        sent.append(sheets := reconciler.take_sheets())
        steady.add_sheets(sheets), doomed.add_sheets(sheets)
        if i == crash:
            saved = [Alert.from_plain(alert.plain()) for alert in doomed.alerts.values()]
            clock, doomed = doomed.clock, Comparer(known)
            doomed.load(sent, bulletins, saved, clock)
    at = T0 + 1000 * SECOND
    assert [to_json(n) for n in steady.advance(at)] == [to_json(n) for n in doomed.advance(at)]
    assert steady.alerts == doomed.alerts
    assert [steady.state(a) for a in known.areas] == [doomed.state(a) for a in known.areas]


def test_hysteresis_is_not_busy() -> None:
    """An alert that holds between its two limits costs no evaluation: a jump of years is passed over at once."""
    known = small(clear=0.5, warning=10, critical=90)
    known = replace(known, rules=replace(known.rules, contradiction=ContradictionRule(min_sheets=99)))
    monitor = Monitor(known)
    run(monitor, [*sheets(known), bulletin((8000, 2000, 0), at=T0 + 1), Tick(T0 + TICK)])
    run(monitor, [*sheets(known, (11, 4, 0), at=T0 + TICK + 1), Tick(T0 + 2 * TICK)])
    assert monitor.alerts["divergence:N:A"].status == "firing"
    assert not run(monitor, [Tick(T0 + 10**12)])


def script() -> bytes:
    """A fixed night's notices and states, as bytes."""
    known = small(hold=10, cooldown=30, warning=5, critical=10)
    events: list[Event] = [*sheets(known)]
    events += [bulletin((50 - i, 40, i), area=a, sequence=i) for i in range(1, 4) for a in ("N", "S1", "S2")]
    events += [report(table, (3, 3, 3), reporter="ben") for table in known.tables]
    monitor = Monitor(known)
    notices = arrive(monitor, events, 7 * SECOND) + monitor.finish()
    return encode([[to_json(n) for n in notices], monitor.states()])


def test_byte_for_byte() -> None:
    """Two runs of one night are equal byte for byte, also in processes that order their sets differently."""
    here = Path(__file__).resolve()
    places = here.parents[3], here.parents[2] / "helpers", here.parent
    outputs = {
        subprocess.run(
            [sys.executable, "-c", "import sys, test_monitor; sys.stdout.buffer.write(test_monitor.script())"],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(map(str, places))},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {script()}
