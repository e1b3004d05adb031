"""The figures of the upper areas over a night, in a bounded number of points."""

from builders import T0, bulletin, election, lines, report
from hypothesis import example, given
from hypothesis import strategies as st
from replays import of_events

from streams.core.election.settings import AlertPolicy
from streams.core.engine.comparer import Comparer
from streams.core.replay.replay import Replay
from streams.core.replay.timeline import Chronicle, Point, Series
from streams.nights.arrival import of_lines
from streams.nights.replay_items import item_of

KNOWN = election(states=3, tables=200, registered=300, alerts=AlertPolicy(tick=10))


def point(at: int) -> Point:
    return Point(at, at, None, 0, None, {}, {}, {})


@given(st.lists(st.integers(0, 10**9), unique=True, min_size=1, max_size=300), st.integers(2, 40))
@example(list(range(0, 10**7, 30_000)), 40)
def test_series_are_bounded(times: list[int], limit: int) -> None:
    """However many points come, no more than the limit stay: the last in each stretch of time, which is doubled until
    that is so, and not once more."""
    series, width = Series(limit, 10_000), 10_000
    for at in sorted(times):
        series.add(point(at))
    while len({at // width for at in times}) > limit:
        width *= 2
    assert [p.at for p in series.points] == list({at // width: at for at in sorted(times)}.values())


def test_a_night() -> None:
    """Each area's points end in what the night ended in; a bulletin is seen at the tick at which it was judged."""
    night = [report(t, (150, 60, 10), at=T0 + 7_000 * i) for i, t in enumerate(KNOWN.tables)]
    late = T0 + 6 * 3_600_000
    events = lines(sorted([*night, bulletin((100, 900, 10), at=T0 + 1_003_000)], key=lambda e: e.at))
    events += lines([report("S1-1", (150, 60, 10), at=late, reporter="zoe")])
    chronicle = Chronicle(KNOWN, 50, 10)
    replay = Replay.of_events(KNOWN, chronicle)
    for arrival in of_lines(events):
        replay.take(0, [item_of(arrival)])
    outcome = replay.finish()
    chronicle.finish(replay.comparer)
    assert outcome.sha256 == of_events(KNOWN, events).sha256
    for area, series in chronicle.series.items():
        assert series.points[-1].tables == outcome.states[area].witnessed.tables
        assert len(series.points) <= (50 if area == "N" else 10)
    points = chronicle.series["N"].points
    assert next(p.at for p in points if p.bulletin) - T0 <= 1_010_000 + chronicle.series["N"].width
    assert points[-1].at == outcome.at
    # The readings end after 70 minutes: the long rest of the night must not look as if they had gone on.
    assert next(p.at for p in points if p.tables == 600) <= T0 + 4_200_000 + chronicle.series["N"].width


class EachTick:
    """Sees the night after every tick, one at a time."""

    def __init__(self) -> None:
        self.chronicle = Chronicle(KNOWN, 10_000, 10_000)
        self.seen: dict[str, list[Point]] = {area: [] for area in self.chronicle.series}

    def is_due(self, at: int) -> bool:
        return True

    def __call__(self, comparer: Comparer, at: int) -> None:
        for area, points in self.seen.items():
            points.append(self.chronicle._point_now(comparer, area, at))


def test_as_tick_by_tick() -> None:
    """What is made of many ticks together is what each of them has by itself, breakdown counts included."""
    night = [report(t, (150 - i % 40, 60 + i % 7, 10), at=T0 + 7_000 * i) for i, t in enumerate(KNOWN.tables)]
    told = [bulletin((100, 900, 10), at=T0 + 503_000, tables_counted=100)]
    told += [bulletin((900, 9_000, 10), "S2", at=T0 + 703_000, tables_counted=40)]
    events = lines(sorted([*night, *told], key=lambda e: e.at))
    each, chronicle = EachTick(), Chronicle(KNOWN, 90, 30)
    for watch in (each, chronicle):
        of_events(KNOWN, events, watch)
    worst = 0
    for area, series in chronicle.series.items():
        for point in series.points:
            plain = [p for p in each.seen[area] if p.at <= point.at][-1]
            assert plain._replace(at=point.at) == point
            worst = max(worst, *point.breakdown.values(), 0)
    assert worst > 10
    assert len(chronicle.series["N"].points) > 40
