"""Sums of sheets: merging in any order, coming back from JSON, and every figure as adding up one by one gives it."""

from collections import Counter
from typing import Any

import pytest
from builders import T0, alike, bulletin, election, report, tally
from hypothesis import given
from hypothesis import strategies as st

from streams import sums
from streams.codec import encode
from streams.compare import Comparer
from streams.reconcile import Reconciler
from streams.rollup import Partial
from streams.spread import HEADROOM, REST, VOTES, Spread

KNOWN = election(states=3, tables=4, registered=[50, 80, None], groups={"BC": "BC"})
sheet = st.tuples(*[st.integers(0, 15)] * 3)
nights = st.dictionaries(st.sampled_from(list(KNOWN.tables)), sheet, max_size=12)


def snapshot(partial: Partial) -> Partial:
    """The partial as it would come off the wire."""
    return Partial.from_plain(partial.plain())


def content(comparer: Comparer, area: str) -> dict[str, Any]:
    """All that is known of an area's sheets."""
    seen = comparer.situation(area).witnessed
    histograms = [[seen.spread.histogram(kind, i) for i in range(4)] for kind in (VOTES, REST, HEADROOM)]
    return {"row": seen.row, "strata": seen.strata.rows.tolist(), "busiest": seen.busiest, "spread": histograms}


@given(nights, st.integers(1, 4), st.booleans(), st.data())
def test_partitions(night: dict[str, tuple[int, ...]], partitions: int, wire: bool, data: st.DataObject) -> None:
    """Any shuffle and duplication of the reports over any number of partitions gives the naive sum, by partials off the
    wire and by batches."""
    home = {table: i % partitions for i, table in enumerate(KNOWN.tables)}
    events = [report(table, votes) for table, votes in night.items()]
    events = data.draw(st.permutations(events + [data.draw(st.sampled_from(events)) for _ in events]))
    parts = [Reconciler(KNOWN, partition) for partition in range(partitions)]
    for event in events:
        parts[home[event.table]].apply(event)
    comparer = Comparer(KNOWN)
    for part in data.draw(st.permutations(parts)):
        if wire:
            for partial in data.draw(st.permutations(part.take_partials())):
                comparer.add_partial(snapshot(partial))
        else:
            comparer.add_batch(part.take_batch())
    for area in ("N", "S1", "S2", "S3"):
        total = comparer.situation(area).witnessed
        inside = {t: v for t, v in night.items() if area in ("N", KNOWN.tables[t].area)}
        a, b, c = (sum(votes[i] for votes in inside.values()) for i in range(3))
        assert total.votes == [a, b, c, b + c]
        assert total.tables == len(inside)
        assert total.valid == a + b + c
        assert total.registered == sum(KNOWN.tables[t].registered or 0 for t in inside)
        most = {t: KNOWN.tables[t].registered or KNOWN.largest_table or 0 for t in inside}
        for i in range(4):
            votes = {t: (*v, v[1] + v[2])[i] for t, v in inside.items()}
            assert total.spread.histogram(VOTES, i) == Counter(votes.values())
            assert total.spread.histogram(REST, i) == Counter(sum(v) - votes[t] for t, v in inside.items())
            assert total.spread.histogram(HEADROOM, i) == Counter(max(0, most[t] - votes[t]) for t in inside)


@given(nights)
def test_strata(night: dict[str, tuple[int, ...]]) -> None:
    """A nation's strata are the areas right below it, and add up to it; a state without areas below has none."""
    total = tally(KNOWN, night)
    assert [KNOWN.layout.areas[area] for area in total.strata.areas] == ["S1", "S2", "S3"]
    assert total.strata.rows.sum(axis=0).tolist() == total.row
    assert not len(tally(KNOWN, alike(KNOWN, (1, 1, 1)), "S1").strata.areas)


@given(nights, st.integers(0, 9))
def test_plain(night: dict[str, tuple[int, ...]], partition: int) -> None:
    """A partial comes back from its JSON equal in every detail."""
    reconciler = Reconciler(KNOWN, partition)
    for table, votes in night.items():
        reconciler.apply(report(table, votes))
    for partial in reconciler.take_partials():
        assert encode(snapshot(partial).plain()) == encode(partial.plain())
        assert snapshot(partial).version == partial.version


@given(st.lists(st.tuples(st.sampled_from(list(KNOWN.tables)), sheet), max_size=12), st.integers(1, 3), st.data())
def test_comparer_takes_the_newest(
    reports: list[tuple[str, tuple[int, ...]]], partitions: int, data: st.DataObject
) -> None:
    """Partials reordered, repeated and lost, all but the last ones, give the same state as all in order."""
    home = {table: i % partitions for i, table in enumerate(KNOWN.tables)}
    parts = [Reconciler(KNOWN, partition) for partition in range(partitions)]
    sent: list[Partial] = []
    for i, (table, votes) in enumerate(reports):
        parts[home[table]].apply(report(table, votes, id=str(i), at=T0 + i))
        sent += [snapshot(p) for p in parts[home[table]].take_partials()]
    last = {(p.area, p.partition): p for p in sent}
    lucky = [p for p in sent if data.draw(st.booleans())] + list(last.values())
    lucky += [data.draw(st.sampled_from(lucky)) for _ in lucky]
    clean, rough = Comparer(KNOWN), Comparer(KNOWN)
    for partial in sent:
        assert clean.add_partial(partial)
    for partial in data.draw(st.permutations(lucky)):
        rough.add_partial(partial)
    for area in KNOWN.areas:
        assert content(clean, area) == content(rough, area)
        assert encode(clean.state(area)) == encode(rough.state(area))


@given(st.lists(st.tuples(st.sampled_from(list(KNOWN.tables)), sheet, st.booleans()), max_size=20))
def test_running_histograms(reports: list[tuple[str, tuple[int, ...], bool]]) -> None:
    """The histograms of a large area, kept up as sheets come, change and go, are those of counting anew."""
    kept, anew = Reconciler(KNOWN), Reconciler(KNOWN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "LARGE", 2)
        for i, (table, votes, retracted) in enumerate(reports):
            kept.apply(report(table, votes, id=str(i), at=T0 + i, retracted=retracted))
            kept.take_partials()
        spreads = {area: kept.take_batch().spread(area) for area in range(4)}
    for i, (table, votes, retracted) in enumerate(reports):
        anew.apply(report(table, votes, id=str(i), at=T0 + i, retracted=retracted))
    for area, spread in spreads.items():
        counted = anew.take_batch().spread(area)
        for kind in (VOTES, REST, HEADROOM):
            for i in range(4):
                assert spread.histogram(kind, i) == counted.histogram(kind, i)


def test_absurd_values() -> None:
    """A value too large for a place of its own is counted all the same."""
    known = election(states=1, tables=2, registered=10**9)
    [counts] = [tally(known, {"S1-1": (7 * 10**8, 0, 0)}).spread.histogram(VOTES, 0)]
    assert counts == {7 * 10**8: 1}


def test_spread_adds_up() -> None:
    """Parts that have a value in common give its sheets together."""
    both = Spread([*tally(KNOWN, {"S1-1": (5, 1, 1)}).spread.parts, *tally(KNOWN, {"S1-2": (5, 2, 2)}).spread.parts])
    assert both.histogram(VOTES, 0) == {5: 2}
    assert [both.top(VOTES, 0)(j) for j in (0, 1, 2, 3)] == [0, 5, 10, 10]


def test_nothing_yet() -> None:
    """An area without a sheet has sums of nothing, whatever is asked of them."""
    comparer = Comparer(KNOWN)
    comparer.add_bulletin(bulletin((5, 3, 1), "N", tables_counted=3))
    assert comparer.situation("N").witnessed.spread.top(VOTES, 0)(3) == 0
    assert comparer.state("N")["witnessed"]["tables"] == 0
