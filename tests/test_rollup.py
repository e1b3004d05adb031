"""Partials and tallies: merging in any order, coming back from JSON."""

from builders import T0, alike, election, report, tally
from hypothesis import given
from hypothesis import strategies as st

from streams.codec import encode
from streams.compare import Comparer
from streams.reconcile import Reconciler
from streams.rollup import Partial, Tally, merge

KNOWN = election(states=3, tables=4, registered=[50, 80, None], groups={"BC": "BC"})
sheet = st.tuples(*[st.integers(0, 15)] * 3)
nights = st.dictionaries(st.sampled_from(list(KNOWN.tables)), sheet, max_size=12)


def content(total: Tally) -> bytes:
    """A tally's bytes, so that two can be told apart in every detail."""
    shown = Partial("N", 0, 0, total).plain()
    shown["spread"] = [[sorted(zip(*row, strict=True)) for row in kind] for kind in shown["spread"]]
    return encode(shown)


def snapshot(partial: Partial) -> Partial:
    """The partial as it would come off the wire."""
    return Partial.from_plain(partial.plain())


@given(nights, st.integers(1, 4), st.data())
def test_partitions(night: dict[str, tuple[int, ...]], partitions: int, data: st.DataObject) -> None:
    """Any shuffle and duplication of the reports over any number of partitions gives the naive sum."""
    home = {table: i % partitions for i, table in enumerate(KNOWN.tables)}
    events = [report(table, votes) for table, votes in night.items()]
    events = data.draw(st.permutations(events + [data.draw(st.sampled_from(events)) for _ in events]))
    parts = [Reconciler(KNOWN, partition, partitions) for partition in range(partitions)]
    for event in events:
        parts[home[event.table]].apply(event)
    sums: dict[str, list[Tally]] = {}
    for part in data.draw(st.permutations(parts)):
        for partial in part.take_partials():
            sums.setdefault(partial.area, []).append(snapshot(partial).tally)
    for area in ("N", "S1", "S2", "S3"):
        total = merge(4, sums.get(area, []))
        inside = {t: v for t, v in night.items() if area in ("N", KNOWN.tables[t].area)}
        a, b, c = (sum(votes[i] for votes in inside.values()) for i in range(3))
        assert total.votes == [a, b, c, b + c]
        assert total.tables == len(inside)
        assert total.valid == a + b + c
        assert total.registered == sum(KNOWN.tables[t].registered or 0 for t in inside)
        assert content(total) == content(tally(KNOWN, night, area))


@given(nights)
def test_histograms(night: dict[str, tuple[int, ...]]) -> None:
    """The three histograms hold each sheet once and add up to the votes, the other votes and the headroom."""
    total = tally(KNOWN, night)
    voters = sum(KNOWN.tables[t].registered or KNOWN.largest_table or 0 for t in night)
    for i in range(4):
        for histogram in (total.spread.votes[i], total.spread.rest[i], total.spread.headroom[i]):
            assert sum(histogram.values()) == total.tables
            assert all(count > 0 and value >= 0 for value, count in histogram.items())
        assert sum(v * n for v, n in total.spread.votes[i].items()) == total.votes[i]
        assert sum(v * n for v, n in total.spread.rest[i].items()) == total.valid - total.votes[i]
        assert sum(v * n for v, n in total.spread.headroom[i].items()) == voters - total.votes[i]
    assert sum(s.tables for s in total.strata.values()) == total.tables == total.levels["reported"]
    assert sum(s.valid for s in total.strata.values()) == total.valid


@given(nights, st.integers(0, 9))
def test_plain(night: dict[str, tuple[int, ...]], partition: int) -> None:
    """A partial comes back from its JSON equal in every detail."""
    partial = Partial("N", partition, len(night), tally(KNOWN, night))
    assert snapshot(partial) == partial
    assert encode(snapshot(partial).plain()) == encode(partial.plain())


@given(nights, nights, nights)
def test_merge_laws(
    a: dict[str, tuple[int, ...]], b: dict[str, tuple[int, ...]], c: dict[str, tuple[int, ...]]
) -> None:
    """Merging does not mind order or grouping, and leaves its inputs alone."""
    x, y, z = tally(KNOWN, a), tally(KNOWN, b), tally(KNOWN, c)
    before = [content(t) for t in (x, y, z)]
    assert content(merge(4, [x, y, z])) == content(merge(4, [z, merge(4, [y, x])]))
    assert content(merge(4, [x])) == content(x)
    assert [content(t) for t in (x, y, z)] == before


@given(st.lists(st.tuples(st.sampled_from(list(KNOWN.tables)), sheet), max_size=12), st.integers(1, 3), st.data())
def test_comparer_takes_the_newest(
    reports: list[tuple[str, tuple[int, ...]]], partitions: int, data: st.DataObject
) -> None:
    """Partials reordered, repeated and lost, all but the last ones, give the same state as all in order."""
    home = {table: i % partitions for i, table in enumerate(KNOWN.tables)}
    parts = [Reconciler(KNOWN, partition, partitions) for partition in range(partitions)]
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
        assert encode(clean.state(area)) == encode(rough.state(area))


def test_a_new_tally_counts_nothing() -> None:
    """Two new tallies share nothing: counting in one leaves the other empty."""
    one, other = Tally(2), Tally(2)
    one.spread.votes[0][5] = 1
    one.votes[1] += 3
    assert other.votes == [0, 0]
    assert other.spread.votes == [{}, {}]


def test_stratum_of_a_nation_is_its_state() -> None:
    """A nation's strata are the areas right below it; a state without areas below has none."""
    assert set(tally(KNOWN, alike(KNOWN, (1, 1, 1)), "N").strata) == {"S1", "S2", "S3"}
    assert not tally(KNOWN, alike(KNOWN, (1, 1, 1)), "S1").strata
