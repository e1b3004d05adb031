"""Options for which sheets are not read, and readings that leave out some: what is unread is never taken for 0."""

from dataclasses import replace
from typing import Any

import pytest
from builders import T0, apply_all, bulletin, election, present, report
from hypothesis import given
from hypothesis import strategies as st
from monitor import Monitor
from msgspec import structs
from replays import explained

from streams.core.election.model import Election
from streams.core.events.admission import check_report
from streams.core.events.model import Event, Tick
from streams.core.reconciliation.ledger import Ledger
from streams.core.reconciliation.reading import reading_of
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.reconciliation.table_bounds import table_bounds
from streams.report.explain_text import area_lines


def unread(known: Election, *options: str) -> Election:
    """The election where sheets are not read for these options."""
    return replace(known, options=tuple(replace(o, read=o.id not in options) for o in known.options))


KNOWN = unread(election(options="ABCD", groups={"rest": "CD"}), "C", "D")


def night(known: Election, *events: Event) -> Monitor:
    monitor = Monitor(known)
    for event in [*events, Tick(T0 + 60_000)]:
        assert monitor.handle(event).rejection is None
    return monitor


SHEETS = [report(table, {"A": 30, "B": 20}, null=1, blank=0, ballots=90) for table in KNOWN.tables]
"""Each of 50 votes for A and B, of 90 ballots: 39 went to those that nobody reads."""


@pytest.mark.parametrize(
    ("votes", "share"),
    [
        pytest.param({"A": 180, "B": 120, "C": 114, "D": 120}, 60.0, id="all are announced"),
        pytest.param({"A": 180, "B": 120, "rest": 234}, 60.0, id="the rest as a group"),
        pytest.param({"A": 180, "B": 120}, 60.0, id="those that are read"),
        pytest.param({"A": 180, "C": 114}, None, id="not all that are read: no share"),
    ],
)
def test_shares_are_of_what_is_read(votes: dict[str, int], share: float | None) -> None:
    """Both shares are of the options that are read, nothing is said of the rest, and nobody is called."""
    monitor = night(KNOWN, *SHEETS, bulletin(votes, valid=534, tables_counted=6))
    state = monitor.states()["N"]
    official = present(state.official)
    figure = official.figures["A"]
    assert (figure.share, figure.witnessed_share) == (share, 60.0)
    assert (official.valid, state.witnessed.valid) == (534, 300)
    assert state.witnessed.votes == {"A": 180, "B": 120, "C": None, "D": None, "rest": None}
    for column in votes.keys() - {"A", "B"}:
        known = structs.asdict(official.figures[column])
        assert {name for name, value in known.items() if value is not None} == {"votes"}
    assert not monitor.alerts


def test_tables_are_compared_by_what_is_read() -> None:
    """A polling table whose official figures agree in what is read does not differ, whatever the rest is."""
    local = [bulletin({"A": 30, "B": 20, "C": 9, "D": 30}, area=table) for table in list(KNOWN.tables)[:3]]
    other = bulletin({"A": 29, "B": 20, "C": 9, "D": 30}, area="S2-3")
    found = present(night(KNOWN, *SHEETS, *local, other).states()["N"].tables_announced)
    assert (found.announced, found.compared, found.differing) == (4, 4, 1)
    assert found.shift == {"A": -1, "B": 0, "C": 0, "D": 0, "rest": 0}
    assert found.shares == {"A": round(100 * 119 / 199, 6), "B": round(100 * 80 / 199, 6)}


def test_votes_for_what_is_not_read_are_left_out() -> None:
    """A reading that gives votes for other options too agrees with one that does not; ballots may be more than the
    votes that are read, never fewer."""
    some, more = report(votes={"A": 5, "B": 3}), report(votes={"A": 5, "B": 3, "C": 9, "D": 2}, reporter="ben")
    assert reading_of(KNOWN, some).votes == reading_of(KNOWN, more).votes == (5, 3, 0, 0)
    assert not reading_of(KNOWN, some).bound
    verdict = Ledger([reading_of(KNOWN, some), reading_of(KNOWN, more)]).verdict(KNOWN.policy)
    assert (verdict.agreeing, verdict.readers) == (2, 2)
    wrong = check_report(KNOWN, report(votes={"A": 5, "B": 3}, null=0, blank=0, ballots=7))
    assert wrong is not None
    assert wrong.code == "sum-differs"
    assert explained(KNOWN, [more]).table("S1-1")["votes"] == {"A": 5, "B": 3}


def test_explain_says_what_is_not_read() -> None:
    """`explain area` says of an announced option that sheets are not read for it, and gives no witnessed figure."""
    official = bulletin({"A": 180, "B": 120, "C": 114}, tables_counted=6)
    found = explained(KNOWN, [*SHEETS, official]).area("N")
    assert "  C: announced 114; sheets are not read for it" in area_lines(found, "en")
    assert "  C: anunciado 114; en las actas no se lee" in area_lines(found, "es")


PLAIN = election(options="AB")


@pytest.mark.parametrize(
    ("readings", "votes", "at_least"),
    [
        pytest.param([{"A": 60}], None, (60, 0), id="a part alone"),
        pytest.param([{"A": 60}, {"A": 50, "B": 40}], (50, 40), (0, 0), id="its reporter has read the rest"),
        pytest.param([{"A": 50, "B": 40}, {"A": 60}], None, (60, 0), id="its reporter takes the sheet back"),
        pytest.param([{"A": 60, "B": 0}], (60, 0), (0, 0), id="a 0 that was read"),
    ],
)
def test_parts(readings: list[dict[str, int]], votes: Any, at_least: tuple[int, ...]) -> None:
    """A part of a sheet is no verdict, but its reporter's word: a newer reading replaces it, and it an older one."""
    found = [reading_of(PLAIN, report(votes=v, at=T0 + i, id=f"r{i}")) for i, v in enumerate(readings)]
    assert Ledger(found).verdict(PLAIN.policy).votes == votes
    bounds = table_bounds(found, 2, PLAIN.policy)
    assert bounds.at_least == at_least


given_votes = st.dictionaries(st.sampled_from("AB"), st.integers(0, 30), min_size=1)
sheets = st.lists(st.tuples(st.sampled_from(["S1-1", "S1-2"]), st.sampled_from("xyz"), given_votes), max_size=12)


@given(sheets, st.randoms(use_true_random=False))
def test_parts_in_any_order(night_: list[tuple[str, str, dict[str, int]]], chance: Any) -> None:
    """Parts and whole readings, one by one or together, repeated and reordered, end in the same rows."""
    reports = [
        report(table, votes, reporter=who, at=T0 + i, id=f"r{i}") for i, (table, who, votes) in enumerate(night_)
    ]
    together, shuffled = Reconciler(PLAIN), Reconciler(PLAIN)
    assert apply_all(together, reports) == []
    for one in chance.sample(reports, len(reports)) + chance.sample(reports, len(reports)):
        assert shuffled.apply(one) is None
    taken = together.take_sheets(), shuffled.take_sheets()
    for rows in ([part.read for part in taken], [part.bounds for part in taken]):
        assert rows[0][0].tolist() == rows[1][0].tolist()
        assert rows[0][1].tolist() == rows[1][1].tolist()
