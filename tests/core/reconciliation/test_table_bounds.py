"""What is believed of a polling table's bounds, and which reports of them are turned away."""

from typing import Any

import pytest
from builders import election, report
from hypothesis import given
from hypothesis import strategies as st

from streams.core.election.settings import Policy
from streams.core.events.admission import check_report
from streams.core.events.codec import decode_any, encode, plain
from streams.core.events.model import Rejection, TallyReport
from streams.core.reconciliation.consensus import Level
from streams.core.reconciliation.ledger import Fate, Ledger
from streams.core.reconciliation.ledger_store import packed, unpack_reading
from streams.core.reconciliation.reading import Reading
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.reconciliation.table_bounds import TableBounds, table_bounds

ONE, TWO = Policy(quorum=1), Policy(quorum=2)
PRESS = Policy(quorum=2, trusted_sources=frozenset({"press"}))


def least(
    reporter: str, *votes: int, at: int = 0, source: str = "web", group: str = "", supersedes: str = ""
) -> Reading:
    id = f"{reporter}-least-{at}"
    return Reading(at, id, reporter, group or reporter, source, votes, 0, False, supersedes, "at-least")


def most(reporter: str, ballots: int, at: int = 0, source: str = "web") -> Reading:
    return Reading(at, f"{reporter}-most-{at}", reporter, reporter, source, (), 0, False, "", "at-most", ballots)


def sheet(reporter: str, *votes: int, at: int = 0) -> Reading:
    return Reading(at, f"{reporter}-sheet-{at}", reporter, reporter, "web", votes, 0, False, "")


def gone(reporter: str, at: int, bound: Any = "") -> Reading:
    return Reading(at, f"{reporter}-gone-{at}", reporter, reporter, "web", (), 0, True, "", bound)


CASES = [
    ("nobody", [], TWO, (0, 0), None),
    ("a sheet bounds nothing", [sheet("a", 30, 5), sheet("b", 30, 5)], TWO, (0, 0), None),
    ("one reader where one is enough", [least("a", 30, 5), most("a", 90)], ONE, (30, 5), 90),
    ("one reader where two must", [least("a", 30, 5), most("a", 90)], TWO, (0, 0), None),
    ("two vouch for what both saw", [least("a", 30, 5), least("b", 80, 2)], TWO, (30, 2), None),
    ("two vouch for what both leave open", [most("a", 90), most("b", 120)], TWO, (0, 0), 120),
    ("the best of several where one is enough", [least("a", 30, 5), least("b", 80, 2)], ONE, (80, 5), None),
    ("the tightest of several where one is enough", [most("a", 90), most("b", 120)], ONE, (0, 0), 90),
    ("a liar alone is not believed", [least("a", 30, 5), least("b", 32, 5), least("x", 99, 0)], TWO, (32, 5), None),
    ("nor one who says that nobody voted", [most("a", 90), most("b", 95), most("x", 0)], TWO, (0, 0), 90),
    ("a trusted source is enough", [least("a", 30, 5, source="press")], PRESS, (30, 5), None),
    ("also beside others", [least("a", 30, 5, source="press"), least("b", 9, 9)], PRESS, (30, 5), None),
    ("a group counts once", [least("a", 30, 5, group="g"), least("b", 40, 5, group="g")], TWO, (0, 0), None),
    ("the newest of a reporter", [least("a", 30, 5), least("a", 20, 5, at=1)], ONE, (20, 5), None),
    ("a sheet replaces no bound", [least("a", 30, 5), sheet("a", 40, 9, at=1)], ONE, (30, 5), None),
    ("a bound replaces no other kind", [least("a", 30, 5), most("a", 90, at=1)], ONE, (30, 5), 90),
    ("a retraction takes back all", [least("a", 30, 5), most("a", 90), gone("a", 1)], ONE, (0, 0), None),
    ("or one kind", [least("a", 30, 5), most("a", 90), gone("a", 1, "at-least")], ONE, (0, 0), 90),
    ("what comes after it holds", [least("a", 30, 5), gone("a", 1), least("a", 20, 5, at=2)], ONE, (20, 5), None),
    (
        "what it supersedes is gone",
        [least("a", 30, 5), least("a", 9, 9, at=-1, supersedes="a-least-0")],
        ONE,
        (9, 9),
        None,
    ),
]


@pytest.mark.parametrize(
    ("readings", "policy", "at_least", "at_most"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_combination(readings: list[Reading], policy: Policy, at_least: tuple[int, ...], at_most: int | None) -> None:
    """Each figure is the sharpest that the policy's quorum, or a trusted source, vouches for."""
    assert table_bounds(readings, 2, policy) == TableBounds(at_least, at_most)


def test_bounds_beside_a_sheet() -> None:
    """A sheet's verdict does not hear of bounds, and each of its reporter's readings counts."""
    ledger = Ledger([sheet("a", 30, 5), least("a", 99, 5, at=1), most("b", 9, at=2)])
    verdict = ledger.verdict(ONE)
    assert (verdict.level, verdict.votes, verdict.readers) == (Level.REPORTED, (30, 5), 1)
    assert [fate for _, fate, _ in ledger.fates()] == [Fate.COUNTS] * 3


def test_impossible_together() -> None:
    """More votes than ballots: both kinds are vouched for, and they contradict each other."""
    assert not table_bounds([least("a", 30, 5), most("a", 34)], 2, ONE).are_possible
    assert table_bounds([least("a", 30, 5), most("a", 35)], 2, ONE).are_possible


figures = st.integers(0, 99)
honest = st.lists(st.builds(least, st.sampled_from("abc"), figures, figures), max_size=3)
liars = st.lists(st.builds(least, st.just("x"), figures, figures, at=st.integers(0, 3)), max_size=3)


@given(honest, liars, st.data())
def test_one_liar_moves_nothing_beyond_the_honest(
    true: list[Reading], false: list[Reading], data: st.DataObject
) -> None:
    """With a quorum of two, whatever one reporter says, no floor is above all that others vouch for; order and
    repetition of readings do not matter."""
    readings = data.draw(st.permutations(list(dict.fromkeys(true + false))))
    found = table_bounds(readings, 2, TWO)
    assert found == table_bounds(sorted(readings), 2, TWO)
    for option in range(2):
        assert found.at_least[option] <= max((r.votes[option] for r in true), default=0)


def test_a_sheet_is_packed_as_before() -> None:
    """Readings of sheets take no byte more for what only bounds have, and all come back as they were."""
    for reading in (sheet("a", 30, 5), least("a", 30, 5), most("a", 90), gone("a", 1), gone("a", 1, "at-most")):
        assert unpack_reading(packed(reading)) == reading
    assert len(packed(sheet("a", 30, 5))) < len(packed(sheet("a", 30, 5)._replace(bound="at-most")))


def test_a_flooded_ledger() -> None:
    """Bounds fill a ledger as sheets do: what is beyond its limit is turned away, and said; what is in stays, and comes
    again without harm."""
    reconciler = Reconciler(election())
    events = [report(votes={"A": 5}, id=f"{i}", reporter=f"r{i}", bound="at-least") for i in range(1500)]
    rejections = [reconciler.apply(event) for event in events]
    first = next(i for i, rejection in enumerate(rejections) if rejection is not None)
    assert first > 500
    assert {rejection.code for rejection in rejections[first:] if rejection} == {"ledger-full"}
    assert reconciler.apply(events[0]) is None
    ledger = reconciler.ledger("S1-1")
    assert ledger is not None
    assert len(ledger) == first


KNOWN = election()
LEAST: dict[str, Any] = {"bound": "at-least", "votes": {"A": 30}}
MOST: dict[str, Any] = {"bound": "at-most", "ballots": 90}


@pytest.mark.parametrize(
    ("fields", "code", "place", "cure"),
    [
        pytest.param(LEAST, None, "", "", id="at least"),
        pytest.param(MOST, None, "", "", id="at most"),
        pytest.param({**MOST, "votes": {}}, None, "", "", id="at most, no votes"),
        pytest.param({**MOST, "ballots": 0}, None, "", "", id="nobody voted"),
        pytest.param({**MOST, "ballots": 9_000}, None, "", "", id="more than there are voters limits nothing"),
        pytest.param({"bound": "at-least", "retracted": True}, None, "", "", id="retraction of a kind"),
        pytest.param({**LEAST, "bound": "about"}, "wrong-type", "bound", "at-least or at-most", id="unknown word"),
        pytest.param({**LEAST, "bound": 5}, "wrong-type", "bound", "at-least or at-most", id="no word"),
        pytest.param(
            {**LEAST, "bound": ["at-least"]}, "wrong-type", "bound", "at-least or at-most", id="a list of words"
        ),
        pytest.param(
            {**LEAST, "ballots": 90}, "unclear-bound", "ballots", "leave out ballots", id="at least with both"
        ),
        pytest.param({**MOST, "votes": {"A": 3}}, "unclear-bound", "votes", "leave out votes", id="at most with both"),
        pytest.param({**LEAST, "null": 2}, "unclear-bound", "null", "leave out null", id="at least with null votes"),
        pytest.param({**MOST, "blank": 2}, "unclear-bound", "blank", "leave out blank", id="at most with blank votes"),
        pytest.param({"bound": "at-least"}, "missing", "votes", "give an object", id="at least nothing"),
        pytest.param({**LEAST, "votes": {}}, "missing", "votes", "at least one figure", id="at least of no option"),
        pytest.param({"bound": "at-most"}, "missing", "ballots", "give ballots", id="at most nothing"),
        pytest.param({**LEAST, "votes": {"A": -1}}, "negative", "votes.A", "at least 0", id="negative votes"),
        pytest.param({**MOST, "ballots": -1}, "negative", "ballots", "at least 0", id="negative ballots"),
        pytest.param({**LEAST, "votes": {"Q": 1}}, "unknown-option", "votes.Q", "use one of", id="unknown option"),
        pytest.param({**LEAST, "votes": {"A": 103}}, "too-many-ballots", "votes", "count the ballots", id="too many"),
    ],
)
def test_admission(fields: dict[str, Any], code: str | None, place: str, cure: str) -> None:
    """Each wrong value is turned away with its place and its cure; the words do not take it for a sheet."""
    event = decode_any(encode({**plain(report()), "votes": None, **fields}))
    found = event if isinstance(event, Rejection) else check_report(KNOWN, event)  # type: ignore[arg-type]
    assert (None if found is None else found.code) == code
    if found is not None:
        assert found.place == place
        assert cure in found.cure
        assert "sheet" not in found.cure
    elif isinstance(event, TallyReport):
        assert decode_any(encode(plain(event))) == event
