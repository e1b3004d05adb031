"""Which of the saved ledgers a worker recovers as they were packed, and which sheets it sends again."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest
from builders import election, report

from streams.core.election.model import Election
from streams.core.events.unreadable_message import Withheld
from streams.core.reconciliation.ledger_journal import Sent, decode, encode_sent
from streams.core.reconciliation.reconciler import Reconciler
from streams.worker.faust_patches import JournalRecord
from streams.worker.saved_ledgers import judged_by, load, record_key, sent_key

KNOWN: Final = election(states=2, tables=3)
FIRST, SECOND = list(KNOWN.tables)[:2]


def saved(*tables: str) -> bytes:
    """A record with a reading of each of these polling tables."""
    reconciler = Reconciler(KNOWN, saves=True)
    for table in tables:
        assert reconciler.apply(report(table)) is None
    (record,) = reconciler.take_records()
    return record


def written(number: int, value: Any, writer: str = "ab", partition: int = 0) -> JournalRecord:
    return JournalRecord(partition, record_key(partition, writer, number), value)


def sent(records: int, judged: str = "", writer: str = "ab") -> JournalRecord:
    value = encode_sent(Sent(records, judged or judged_by(KNOWN)))
    return JournalRecord(0, sent_key(0, writer), value)


ONE, TWO = written(1, saved(FIRST)), written(2, saved(SECOND))


@pytest.mark.parametrize(
    ("records", "judged", "again"),
    [
        pytest.param([ONE, TWO], None, {FIRST, SECOND}, id="nobody says that any sheet has left"),
        pytest.param([ONE, TWO, sent(1)], None, {SECOND}, id="those of the first record have"),
        pytest.param([sent(2), TWO, ONE], None, set(), id="all have, in whatever order the records come"),
        pytest.param([ONE, TWO, sent(2, writer="cd")], None, {FIRST, SECOND}, id="another writer's have"),
        pytest.param([ONE, TWO, sent(2, "other")], None, {FIRST, SECOND}, id="they were judged by something else"),
        pytest.param([ONE, TWO, sent(2)], "", {FIRST, SECOND}, id="the topic of sheets was cut"),
        pytest.param([ONE, written(1, ONE.value, "cd"), sent(1)], None, set(), id="twice, and once it has left"),
        pytest.param([ONE, sent(1)._replace(value=b"?")], None, {FIRST}, id="nobody can read what is said"),
    ],
)
def test_sheets_again(records: Sequence[JournalRecord], judged: str | None, again: set[str]) -> None:
    """Every ledger is there again; a sheet is sent again unless it has certainly left as it is judged today."""
    reconciler = Reconciler(KNOWN)
    assert not load(records, judged_by(KNOWN) if judged is None else judged, KNOWN, {0: reconciler})
    there = {table for table, record in ((FIRST, ONE), (SECOND, TWO)) if record in records}
    assert set(reconciler.verdicts) == there
    tables, _ = reconciler.take_sheets().read
    assert {KNOWN.layout.tables[table] for table in tables.tolist()} == again


@pytest.mark.parametrize("covered", [True, False])
@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(written(3, b"\xff"), id="no record"),
        pytest.param(written(3, Withheld("damaged", "send it again")), id="nobody could read it from the broker"),
        pytest.param(JournalRecord(0, b"x/ab/3", ONE.value), id="a key of no partition"),
        pytest.param(JournalRecord(0, None, ONE.value), id="no key"),
    ],
)
def test_unreadable(bad: JournalRecord, covered: bool) -> None:
    """A record that nobody can read is given back, and nothing of it is taken in; all others are."""
    reconciler = Reconciler(KNOWN)
    unreadable = load([ONE, bad, TWO, *([sent(3)] if covered else [])], judged_by(KNOWN), KNOWN, {0: reconciler})
    assert [record for record, _ in unreadable] == [bad]
    assert set(reconciler.verdicts) == {FIRST, SECOND}


def test_another_partition() -> None:
    """Records of a partition that is not this worker's are left alone."""
    reconciler = Reconciler(KNOWN)
    assert not load([ONE, written(2, TWO.value, partition=1)], judged_by(KNOWN), KNOWN, {0: reconciler})
    assert set(reconciler.verdicts) == {FIRST}


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(election(states=2, tables=3), True, id="the same"),
        pytest.param(election(states=2, tables=4), False, id="another register"),
        pytest.param(election(states=2, tables=3, quorum=3), False, id="another quorum"),
        pytest.param(election(states=2, tables=3, trusted_sources=frozenset("ab")), False, id="other sources"),
        pytest.param(replace(KNOWN, options=KNOWN.options[:-1]), False, id="an option less"),
        pytest.param(replace(KNOWN, name="Another"), True, id="another name, which no sheet depends on"),
    ],
)
def test_judged_by(other: Election, same: bool) -> None:
    """Whatever a sheet depends on changes the digest, and nothing else does."""
    assert (judged_by(other) == judged_by(KNOWN)) is same


def refused(*tables: str) -> bytes:
    """A record that says that a reading of each of these polling tables was turned away."""
    reconciler = Reconciler(KNOWN, saves=True)
    for table in tables:
        assert reconciler.apply(report(table, {"X": 1})) is not None
    (record,) = reconciler.take_records()
    return record


LEFT: Final = [table for table in KNOWN.tables if table not in (FIRST, SECOND)]


@pytest.mark.parametrize(
    ("records", "told", "again"),
    [
        pytest.param([], [], [], id="nothing was turned away"),
        pytest.param([written(3, refused(LEFT[0]))], [], LEFT[:1], id="nobody says that it has left"),
        pytest.param([written(3, refused(*LEFT))], [sent(3)], [], id="all have left"),
        pytest.param(
            [written(3, refused(*LEFT[:2])), written(1, refused(*LEFT[1:]), "cd")],
            [sent(3)],
            LEFT[2:],
            id="those of one writer have left, some of another's are the same",
        ),
    ],
)
def test_what_was_turned_away(
    records: Sequence[JournalRecord], told: Sequence[JournalRecord], again: list[str]
) -> None:
    """Which sheets' readings were turned away is known after a start: what may not have left is sent again, and the
    same rejection says nothing more, nor is it saved once more."""
    reconciler = Reconciler(KNOWN, saves=True)
    assert not load([ONE, TWO, *records, *told], judged_by(KNOWN), KNOWN, {0: reconciler})
    assert [KNOWN.layout.tables[table] for table in reconciler.take_sheets().turned_away.tolist()] == again
    known = {table for record in records for table in decode(record.value).ids()}
    for table in LEFT:
        assert reconciler.apply(report(table, {"X": 1})) is not None
    assert {KNOWN.layout.tables[table] for table in reconciler.take_sheets().turned_away.tolist()} == {*LEFT} - known
    assert {table for record in reconciler.take_records() for table in decode(record).ids()} == {*LEFT} - known


def test_a_register_that_has_lost_a_table() -> None:
    """What was turned away of a polling table that the register has lost is left out, in records and in sheets."""
    fewer = replace(KNOWN, tables={id: table for id, table in KNOWN.tables.items() if id != LEFT[0]})
    reconciler = Reconciler(fewer)
    assert not load([written(1, refused(*LEFT))], judged_by(fewer), fewer, {0: reconciler})
    assert [fewer.layout.tables[table] for table in reconciler.take_sheets().turned_away.tolist()] == LEFT[1:]


def test_records_of_the_first_format() -> None:
    """Records that were written before anything said what was turned away are read as they were."""
    reconciler = Reconciler(KNOWN)
    first = [record._replace(value=record.value[:1] + b"\x01" + record.value[2:]) for record in (ONE, TWO)]
    assert not load([*first, sent(1)], judged_by(KNOWN), KNOWN, {0: reconciler})
    assert set(reconciler.verdicts) == {FIRST, SECOND}
    assert not len(reconciler.take_sheets().turned_away)
