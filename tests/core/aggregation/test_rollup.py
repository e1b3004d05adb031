"""Sums of sheets: merging in any order, coming back from JSON, and every figure as adding up one by one gives it."""

from collections import Counter
from typing import Any

import numpy as np
import orjson
import pytest
from builders import T0, alike, bulletin, election, report, tally
from hypothesis import given
from hypothesis import strategies as st

from streams.core.aggregation import spreads
from streams.core.aggregation.histograms import HEADROOM, REST, VOTES
from streams.core.election import numbering
from streams.core.engine.comparer import Comparer
from streams.core.events.codec import encode
from streams.core.reconciliation import sheet_rows as module
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.reconciliation.sheet_rows import PendingRows, Sheets, in_order

KNOWN = election(states=3, tables=4, registered=[50, 80, None], groups={"BC": "BC"})
sheet = st.tuples(*[st.integers(0, 15)] * 3)
nights = st.dictionaries(st.sampled_from(list(KNOWN.tables)), sheet, max_size=12)


def wired(sheets: Sheets) -> list[Sheets]:
    """The sheets as they would come off the wire."""
    return [Sheets.from_plain(KNOWN, orjson.loads(part)) for part in sheets.messages(KNOWN)]


def content(comparer: Comparer, area: str) -> dict[str, Any]:
    """All that is known of an area's sheets."""
    seen = comparer.situation(area).witnessed
    histograms = [[seen.spread.histogram(kind, i) for i in range(4)] for kind in (VOTES, REST, HEADROOM)]
    return {"row": seen.row, "busiest": seen.busiest, "spread": histograms}


@given(nights, st.integers(1, 4), st.booleans(), st.data())
def test_partitions(night: dict[str, tuple[int, ...]], partitions: int, wire: bool, data: st.DataObject) -> None:
    """Any shuffle and duplication of the reports over any number of partitions gives the naive sum, by sheets off the
    wire and within a process."""
    home = {table: i % partitions for i, table in enumerate(KNOWN.tables)}
    events = [report(table, votes) for table, votes in night.items()]
    events = data.draw(st.permutations(events + [data.draw(st.sampled_from(events)) for _ in events]))
    parts = [Reconciler(KNOWN, partition) for partition in range(partitions)]
    for event in events:
        parts[home[event.table]].apply(event)
    comparer = Comparer(KNOWN)
    for part in data.draw(st.permutations(parts)):
        sheets = part.take_sheets()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "MOST", 3)
            for message in data.draw(st.permutations(wired(sheets))) if wire else [sheets]:
                comparer.add_sheets(message)
    for area in ("N", "S1", "S2", "S3"):
        total = comparer.situation(area).witnessed
        inside = {t: v for t, v in night.items() if area in ("N", KNOWN.tables[t].area)}
        a, b, c = (sum(votes[i] for votes in inside.values()) for i in range(3))
        assert total.votes == [a, b, c, b + c]
        assert total.tables == len(inside)
        assert total.valid == a + b + c
        assert total.registered == sum(KNOWN.tables[t].registered or 0 for t in inside)
        most = {t: KNOWN.tables[t].registered or 80 for t in inside}
        for i in range(4):
            votes = {t: (*v, v[1] + v[2])[i] for t, v in inside.items()}
            assert total.spread.histogram(VOTES, i) == Counter(votes.values())
            assert total.spread.histogram(REST, i) == Counter(sum(v) - votes[t] for t, v in inside.items())
            assert total.spread.histogram(HEADROOM, i) == Counter(max(0, most[t] - votes[t]) for t in inside)


@given(nights, st.integers(0, 9), st.integers(1, 5))
def test_messages(night: dict[str, tuple[int, ...]], partition: int, most: int) -> None:
    """Sheets come back from their messages equal in every detail, however small these must be."""
    reconciler = Reconciler(KNOWN, partition)
    for table, votes in night.items():
        reconciler.apply(report(table, votes))
        reconciler.apply(bulletin(votes, table, id=table))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST", most)
        sheets = reconciler.take_sheets()
        parts = wired(sheets)
    for name in ("read", "announced"):
        tables, rows = getattr(sheets, name)
        assert [t for part in parts for t in getattr(part, name)[0].tolist()] == tables.tolist()
        assert [r for part in parts for r in getattr(part, name)[1].tolist()] == rows.tolist()
    assert all((p.partition, p.version, p.busiest) == (partition, sheets.version, sheets.busiest) for p in parts)
    assert bool(parts) == bool(sheets)


def test_another_register() -> None:
    """Sheets that were sent under another register find their polling tables; one that is gone is left out."""
    reconciler = Reconciler(KNOWN)
    for table, votes in alike(KNOWN, (3, 2, 1)).items():
        reconciler.apply(report(table, votes))
    [message] = reconciler.take_sheets().messages(KNOWN)
    smaller = election(states=3, tables=3, registered=[50, 80, None], groups={"BC": "BC"})
    comparer = Comparer(smaller)
    comparer.add_sheets(Sheets.from_plain(smaller, orjson.loads(message)))
    assert comparer.situation("N").witnessed.votes == [27, 18, 9, 27]


@given(st.lists(st.tuples(st.sampled_from(list(KNOWN.tables)), sheet), max_size=12), st.integers(1, 3), st.data())
def test_comparer_takes_the_newest(
    reports: list[tuple[str, tuple[int, ...]]], partitions: int, data: st.DataObject
) -> None:
    """Sheets reordered, repeated and lost, all but the last ones, give the same state as all in order."""
    home = {table: i % partitions for i, table in enumerate(KNOWN.tables)}
    parts = [Reconciler(KNOWN, partition) for partition in range(partitions)]
    sent: list[Sheets] = []
    for i, (table, votes) in enumerate(reports):
        parts[home[table]].apply(report(table, votes, id=str(i), at=T0 + i))
        sent += wired(parts[home[table]].take_sheets())
    last = {table: part for part in sent for table in part.read[0].tolist()}
    lucky = [p for p in sent if data.draw(st.booleans())] + list(last.values())
    lucky += [p for i, p in enumerate(sent) if p.partition not in {q.partition for q in sent[i + 1 :]}]
    lucky += [data.draw(st.sampled_from(lucky)) for _ in lucky]
    clean, rough = Comparer(KNOWN), Comparer(KNOWN)
    for part in sent:
        assert clean.add_sheets(part)
    for part in data.draw(st.permutations(lucky)):
        rough.add_sheets(part)
    for area in KNOWN.areas:
        assert content(clean, area) == content(rough, area)
        assert encode(clean.state(area)) == encode(rough.state(area))


@given(st.lists(st.tuples(st.sampled_from(list(KNOWN.tables)), sheet, st.booleans()), max_size=20))
def test_running_histograms(reports: list[tuple[str, tuple[int, ...], bool]]) -> None:
    """The histograms of a large area, kept up as sheets come, change and go, are those of counting anew."""
    kept, anew = Comparer(KNOWN), Comparer(KNOWN)
    one, other = Reconciler(KNOWN), Reconciler(KNOWN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spreads, "LARGE", 2)
        patch.setattr(numbering, "AT_ONCE", 3)
        for i, (table, votes, retracted) in enumerate(reports):
            one.apply(report(table, votes, id=str(i), at=T0 + i, retracted=retracted))
            kept.add_sheets(one.take_sheets())
            before = {area: kept.situation(area).witnessed.spread for area in KNOWN.areas}
    for i, (table, votes, retracted) in enumerate(reports):
        other.apply(report(table, votes, id=str(i), at=T0 + i, retracted=retracted))
    anew.add_sheets(other.take_sheets())
    for area, spread in before.items() if reports else ():
        counted = anew.situation(area).witnessed.spread
        for kind in (VOTES, REST, HEADROOM):
            for i in range(4):
                assert spread.histogram(kind, i) == counted.histogram(kind, i)


def test_absurd_values() -> None:
    """A value too large for a place of its own is counted all the same."""
    known = election(states=1, tables=2, registered=10**9)
    [counts] = [tally(known, {"S1-1": (7 * 10**8, 0, 0)}).spread.histogram(VOTES, 0)]
    assert counts == {7 * 10**8: 1}


def test_top_sums() -> None:
    """Sheets that have a value in common are there each for itself."""
    both = tally(KNOWN, {"S1-1": (5, 1, 1), "S1-2": (5, 2, 2)}).spread
    assert both.histogram(VOTES, 0) == {5: 2}
    assert [both.top(VOTES, 0)(j) for j in (0, 1, 2, 3)] == [0, 5, 10, 10]


def test_nothing_yet() -> None:
    """An area without a sheet has sums of nothing, whatever is asked of them."""
    comparer = Comparer(KNOWN)
    comparer.add_bulletin(bulletin((5, 3, 1), "N", tables_counted=3))
    assert comparer.situation("N").witnessed.spread.top(VOTES, 0)(3) == 0
    assert comparer.state("N").witnessed.tables == 0


@given(st.lists(st.lists(st.tuples(st.integers(0, 2), nights), min_size=1, max_size=4), min_size=1, max_size=3))
def test_taken_in_together(rounds: list[list[tuple[int, dict[str, tuple[int, ...]]]]]) -> None:
    """Sheets of several partitions, and of several moments, come to the same together as one after another, also where
    two partitions have a ledger of one table."""
    parts = [Reconciler(KNOWN, number) for number in range(3)]
    together, one_by_one = Comparer(KNOWN), Comparer(KNOWN)
    for i, events in enumerate(rounds):
        sheets = []
        for number, night in events:
            for table, votes in night.items():
                parts[number].apply(report(table, votes, reporter=f"r{number}", at=T0 + i))
                parts[number].apply(bulletin(votes, area=table, sequence=i + 1, at=T0 + i))
            sheets.append(parts[number].take_sheets())
        news = [one_by_one.add_sheets(part) for part in sheets]
        assert together.add_sheets(*sheets) <= any(news)
        assert {*together.take_changed()} <= {*one_by_one.take_changed()}  # what changes there and back is none
        for area in ("N", "S1", "S2", "S3"):
            assert content(together, area) == content(one_by_one, area)


@given(st.lists(nights, min_size=1, max_size=4), st.integers(1, 5), st.data())
def test_in_stretches(rounds: list[dict[str, tuple[int, ...]]], most: int, data: st.DataObject) -> None:
    """Adding many rows in small stretches gives the sums, the histograms and the changed areas that adding them in one
    go gives, whatever was added before."""
    part, whole, pieces = Reconciler(KNOWN), Comparer(KNOWN), Comparer(KNOWN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spreads, "LARGE", data.draw(st.sampled_from([2, 2_000])))
        for i, night in enumerate(rounds):
            for table, votes in night.items():
                part.apply(report(table, votes, reporter=f"r{data.draw(st.integers(0, 1))}", at=T0 + i))
                if data.draw(st.booleans()):
                    part.apply(bulletin(votes, area=table, sequence=i + 1, at=T0 + i))
            sheets = part.take_sheets()
            assert whole.add_sheets(sheets) == bool(sheets)
            patch.setattr(numbering, "AT_ONCE", most)
            assert pieces.add_sheets(sheets) == bool(sheets)
            patch.setattr(numbering, "AT_ONCE", 50_000)
            assert pieces.take_changed() == whole.take_changed()
            for area in ("N", "S1", "S2", "S3"):
                assert content(pieces, area) == content(whole, area)


@given(st.lists(st.tuples(st.lists(st.integers(0, 9), unique=True), st.lists(st.integers(0, 9))), max_size=4))
def test_fresh(parts: list[tuple[list[int], list[int]]]) -> None:
    """Rows that changed are handed over once; in order, of each table the newest row is left, or what is worked out."""
    fresh, expected = PendingRows(1), dict[int, list[int]]()
    for place, (added, asked) in enumerate(parts):
        fresh.add(np.array(added, np.int64), np.array([[place]] * len(added), np.int64).reshape(-1, 1))
        fresh.mark(asked)
        expected |= {table: [place] for table in added}
    expected |= {table: [100 + table] for _, asked in parts for table in asked}
    tables, rows = in_order(fresh.take(lambda asked: np.array([[100 + table] for table in asked])))
    assert dict(zip(tables.tolist(), rows.tolist(), strict=True)) == expected
    assert tables.tolist() == sorted(expected)
    assert not len(fresh.take(lambda asked: np.zeros((len(asked), 1), np.int64))[0])
