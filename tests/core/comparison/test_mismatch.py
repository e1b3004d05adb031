"""Official figures of single polling tables: they meet the accepted sheet where its ledger is."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import T0, bulletin, election, found_by, present, report, situation, tally_of
from hypothesis import given
from hypothesis import strategies as st
from monitor import Monitor

from streams.core.aggregation.tally import ANNOUNCED, COMPARED, COMPARED_VALID, DIFFERING
from streams.core.comparison.rules.mismatch import Mismatch
from streams.core.election.settings import MismatchRule, Rules
from streams.core.engine.comparer import Comparer
from streams.core.events.codec import to_json
from streams.core.events.model import Bulletin, TallyReport
from streams.core.reconciliation.reconciler import Reconciler

KNOWN = election(states=2, tables=4, groups={"BC": "BC"})


@pytest.mark.parametrize(
    ("differing", "compared", "shift", "severity"),
    [
        pytest.param(0, 100, 0, "silent", id="all agree"),
        pytest.param(9, 100, 900, "silent", id="too few tables to speak"),
        pytest.param(10, 1000, 0, "silent", id="1 %, as among honest counts"),
        pytest.param(45, 1000, 0, None, id="4.5 % holds, does not raise"),
        pytest.param(71, 1000, 0, None, id="a little above 5 % may be chance"),
        pytest.param(72, 1000, 0, "warning", id="three deviations above 5 % warn"),
        pytest.param(12, 100, 0, "warning", id="of fewer tables, a higher ratio is asked"),
        pytest.param(11, 100, 0, None, id="11 of 100 may be chance"),
        pytest.param(72, 1000, 400, "warning", id="a shift of 0.4 points is only part of it"),
        pytest.param(10, 1000, 799, "silent", id="0.799 points do not hold"),
        pytest.param(10, 1000, 800, None, id="0.8 points hold"),
        pytest.param(10, 1000, -1000, "critical", id="one point one way is critical, by however few tables"),
        pytest.param(12, 400, 450, None, id="12 slips of 400 sheets come to 1.1 points by chance"),
        pytest.param(12, 400, 520, "critical", id="more than three deviations of such slips is no chance"),
        pytest.param(80, 1000, 1000, "critical", id="many tables, and a point one way"),
    ],
)
def test_thresholds(differing: int, compared: int, shift: int, severity: str | None) -> None:
    """It warns by the share of differing tables, and is critical by the net shift."""
    known = election(rules=Rules(mismatch=MismatchRule(min_tables=10, ratio=0.05, shift=1.0)))
    seen = tally_of(
        known, {ANNOUNCED: compared, COMPARED: compared, DIFFERING: differing, COMPARED_VALID: 100 * compared}
    )
    seen.row[-3:-1] = shift, -shift
    given_ = replace(situation(known, {}), witnessed=seen)
    found = found_by(Mismatch, given_)
    assert [f.severity for f in found] == ([] if severity == "silent" else [severity])
    for finding in found:
        assert finding.inputs["shift"] == {"A": shift, "B": -shift, "C": 0}
        assert all("{" not in sentence for sentence in finding.sentence.values())


def of(table: str, votes: Any, sequence: int = 1, **fields: Any) -> Bulletin:
    return bulletin(votes, area=table, sequence=sequence, **fields)


events = st.lists(
    st.builds(
        lambda table, votes, who, at: report(table, votes, reporter=who, at=T0 + at, id=f"{who}{at}"),
        st.sampled_from(list(KNOWN.tables)),
        st.sampled_from([(5, 3, 1), (4, 4, 1)]),
        st.sampled_from(["ana", "ben"]),
        st.integers(0, 3),
    )
    | st.builds(
        of,
        st.sampled_from(list(KNOWN.tables)),
        st.sampled_from([(5, 3, 1), (4, 4, 1), {"A": 5, "BC": 4}]),
        st.integers(1, 3),
        supersedes=st.none() | st.sampled_from(["S1-1-1", "S1-1-2"]),
    ),
    max_size=14,
)


@given(events, st.randoms(use_true_random=False))
def test_from_scratch(found: list[TallyReport | Bulletin], chance: Any) -> None:
    """After any events, twice and in any order, and after a restart, the sums are those counted table by table."""
    reconciler, reborn = Reconciler(KNOWN, saves=True), Reconciler(KNOWN)
    again = [*found, *found]
    chance.shuffle(again)
    for event in again:
        assert reconciler.apply(event) is None
    reborn.load(reconciler.take_records())
    scratch = np.zeros(8, np.int64)
    for table in KNOWN.tables:
        ledger = reconciler.ledger(table)
        official = ledger and ledger.official(KNOWN)
        if not official:
            continue
        verdict = reconciler.verdicts[table]
        scratch[0] += 1
        if verdict.accepted and verdict.votes:
            sheet = KNOWN.by_column(verdict.votes)
            shift = [0 if o < 0 else o - w for o, w in zip(official.votes, sheet, strict=True)]
            scratch += [0, 1, any(shift), sum(verdict.votes), *shift]
    for one in (reconciler, reborn):
        comparer = Comparer(KNOWN)
        comparer.add_sheets(one.take_sheets())
        seen = comparer.situation("N").witnessed.matching
        assert [seen.announced, seen.compared, seen.differing, seen.valid, *seen.shift] == scratch.tolist()
        assert len(comparer.view.differing()) == seen.differing


def test_ledger_keeps_both_apart() -> None:
    """The newest official figure that none supersedes holds; it is no reading, and has no say in the verdict."""
    reconciler = Reconciler(KNOWN)
    for event in (of("S1-1", (1, 1, 1)), of("S1-1", (9, 0, 0), 2), of("S1-1", (2, 2, 2), 3, supersedes="S1-1-2")):
        assert reconciler.apply(event) is None
    ledger = reconciler.ledger("S1-1")
    assert ledger is not None
    official = ledger.official(KNOWN)
    assert official is not None
    assert official.id == "S1-1-3"
    assert list(ledger) == []
    assert not reconciler.verdicts["S1-1"].accepted


def test_what_is_not_a_table() -> None:
    """A bulletin for an area among the reports is turned away with the topic it belongs to."""
    rejection = Reconciler(KNOWN).apply(bulletin())
    assert rejection is not None
    assert rejection.code == "not-a-table"
    unknown = Reconciler(KNOWN).apply(of("S9-9", (1, 1, 1)))
    assert unknown is not None
    assert unknown.code == "unknown-area"


def test_without_any_bulletin_for_the_area() -> None:
    """Table by table is enough: the nation's alert fires though nobody announced the nation."""
    known = election(states=1, tables=20)
    monitor = Monitor(known)
    for i, table in enumerate(known.tables):
        monitor.handle(report(table, (50, 20, 5), at=T0 + i))
        monitor.handle(of(table, (45, 25, 5), at=T0 + i))
    fired = {notice.fingerprint: notice for notice in monitor.finish()}
    assert fired["table-mismatch:N:all"].severity == "critical"
    assert fired["table-mismatch:S1:all"].muted_by == "table-mismatch:N:all"
    nothing = {"sheets": 0, "votes": 0, "enough": None}
    assert to_json(present(monitor.states()["N"].tables_announced)) == {
        "announced": 20,
        "compared": 20,
        "differing": 20,
        "shift": {"A": -100, "B": 100, "C": 0, **{g.id: 0 for g in known.groups}},
        "votes": {"A": 900, "B": 500, "C": 100},
        "valid": 1500,
        "shares": {"A": 60.0, "B": 33.333333, "C": 6.666667},
        "lead": {"leader": "A", "second": "B", "votes": 400, "unannounced": nothing, "together": nothing},
    }
