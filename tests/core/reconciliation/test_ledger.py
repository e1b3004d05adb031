"""One sheet's readings and the verdict they make."""

from itertools import permutations
from typing import Any

import pytest
from builders import T0, election, report
from hypothesis import given
from hypothesis import strategies as st

from streams.core.election.settings import Policy
from streams.core.events.admission import check_bulletin, check_report
from streams.core.events.model import Bulletin, TallyReport
from streams.core.reconciliation.consensus import Level, standing
from streams.core.reconciliation.ledger import Fate, Ledger
from streams.core.reconciliation.reading import PART, Reading, reading_of

X, Y, Z = (5, 3), (4, 4), (1, 1)


def read(
    reporter: str,
    votes: tuple[int, ...] = X,
    at: int = 0,
    id: str = "",
    group: str = "",
    source: str = "web",
    supersedes: str = "",
    null: int = 0,
) -> Reading:
    return Reading(at, id or f"{reporter}{at}", reporter, group or reporter, source, votes, null, False, supersedes)


def gone(reporter: str, at: int, **fields: Any) -> Reading:
    return read(reporter, (), at, **fields)._replace(retracted=True)


TWO = Policy()
ONE = Policy(quorum=1)
THREE = Policy(quorum=3)
PRESS = Policy(trusted_sources=frozenset({"press"}))

NONE, REPORTED, CORROBORATED, DISPUTED = Level

CASES = [
    ("nobody", [], TWO, NONE, False, None, 0, 0),
    ("one reader is not the quorum of two", [read("a")], TWO, REPORTED, False, X, 1, 1),
    ("one reader is the quorum of one", [read("a")], ONE, REPORTED, True, X, 1, 1),
    ("one trusted reader is enough", [read("a", source="press")], PRESS, REPORTED, True, X, 1, 1),
    (
        "a trusted reader is enough alone, and is one of three beside others",
        [read("a", source="press"), read("b", source="press")],
        Policy(quorum=3, trusted_sources=frozenset({"press"})),
        REPORTED,
        False,
        X,
        2,
        2,
    ),
    ("one reader from elsewhere is not", [read("a")], PRESS, REPORTED, False, X, 1, 1),
    ("two agree", [read("a"), read("b")], TWO, CORROBORATED, True, X, 2, 2),
    ("two agree where three must", [read("a"), read("b")], THREE, REPORTED, False, X, 2, 2),
    ("three agree where three must", [read("a"), read("b"), read("c")], THREE, CORROBORATED, True, X, 3, 3),
    ("two agree where one is enough", [read("a"), read("b")], ONE, CORROBORATED, True, X, 2, 2),
    ("one against one", [read("a"), read("b", Y)], TWO, DISPUTED, False, None, 1, 2),
    ("one against one, one being enough", [read("a"), read("b", Y)], ONE, DISPUTED, False, None, 1, 2),
    ("trust ends where another differs", [read("a", source="press"), read("b", Y)], PRESS, DISPUTED, False, None, 1, 2),
    (
        "two against one",
        [read("a"), read("b", Y), read("c")],
        TWO,
        CORROBORATED,
        True,
        X,
        2,
        3,
    ),
    (
        "two against two",
        [read("a"), read("b", Y), read("c"), read("d", Y)],
        TWO,
        DISPUTED,
        False,
        None,
        2,
        4,
    ),
    (
        "two against one and one: half is no majority",
        [read("a"), read("b"), read("c", Y), read("d", Z)],
        TWO,
        DISPUTED,
        False,
        None,
        2,
        4,
    ),
    ("votes must match as a whole", [read("a", (5, 3)), read("b", (5, 2))], TWO, DISPUTED, False, None, 1, 2),
    ("null votes need not match", [read("a", null=1), read("b", null=2)], TWO, CORROBORATED, True, X, 2, 2),
    ("a group counts once", [read("a", group="g"), read("b", group="g")], TWO, REPORTED, False, X, 1, 1),
    (
        "a group counts once, whatever its size, with its newest word",
        [read("a", Y, 1, group="g"), read("b", Y, 2, group="g"), read("c", X, 3, group="g"), read("d", X)],
        TWO,
        CORROBORATED,
        True,
        X,
        2,
        2,
    ),
    ("a reporter counts once", [read("a", at=1), read("a", at=2)], TWO, REPORTED, False, X, 1, 1),
    ("the newest word counts", [read("a", Y, 1), read("a", X, 2), read("b")], TWO, CORROBORATED, True, X, 2, 2),
    (
        "of the same moment, the greater id",
        [read("a", Y, 1, "r1"), read("a", X, 1, "r2")],
        ONE,
        REPORTED,
        True,
        X,
        1,
        1,
    ),
    ("a retraction leaves nobody", [read("a", at=1), gone("a", 2)], ONE, NONE, False, None, 0, 0),
    ("a retraction leaves the others", [read("a", Y, 1), gone("a", 2), read("b")], ONE, REPORTED, True, X, 1, 1),
    (
        "a word after the retraction counts",
        [read("a", Y, 1), gone("a", 2), read("a", X, 3)],
        ONE,
        REPORTED,
        True,
        X,
        1,
        1,
    ),
    ("a retraction older than the word", [gone("a", 1), read("a", X, 2)], ONE, REPORTED, True, X, 1, 1),
    (
        "who retracts leaves the group to the others",
        [read("a", X, 1, group="g"), read("b", Y, 2, group="g"), gone("b", 3, group="g")],
        ONE,
        REPORTED,
        True,
        X,
        1,
        1,
    ),
    (
        "superseded, though its clock says newer",
        [read("a", Y, 9, "r1"), read("a", X, 1, "r2", supersedes="r1")],
        ONE,
        REPORTED,
        True,
        X,
        1,
        1,
    ),
    (
        "superseded before it arrived",
        [read("a", X, 1, "r2", supersedes="r1"), read("b")],
        TWO,
        CORROBORATED,
        True,
        X,
        2,
        2,
    ),
    (
        "a retraction that names what it takes back, by a slow clock",
        [read("a", Y, 9, "r1"), gone("a", 1, id="r2", supersedes="r1")],
        ONE,
        NONE,
        False,
        None,
        0,
        0,
    ),
    (
        "nobody supersedes another's word",
        [read("a", Y, 1, "r1"), read("b", X, 2, "r2", supersedes="r1")],
        TWO,
        DISPUTED,
        False,
        None,
        1,
        2,
    ),
    (
        "a chain of corrections",
        [
            read("a", Z, 9, "r1"),
            read("a", Y, 8, "r2", supersedes="r1"),
            read("a", X, 7, "r3", supersedes="r2"),
        ],
        ONE,
        REPORTED,
        True,
        X,
        1,
        1,
    ),
    ("nothing supersedes itself", [read("a", X, 1, "r1", supersedes="r1")], ONE, REPORTED, True, X, 1, 1),
    ("a corrected word under its old id", [read("a", Y, 1, "r1"), read("a", X, 2, "r1")], ONE, REPORTED, True, X, 1, 1),
]


@pytest.mark.parametrize(
    ("readings", "policy", "level", "accepted", "votes", "agreeing", "readers"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_verdict(
    readings: list[Reading], policy: Policy, level: Level, accepted: bool, votes: Any, agreeing: int, readers: int
) -> None:
    """The verdict is what the sentence says, in whatever order the readings came."""
    for order in permutations(readings):
        verdict = Ledger(order).verdict(policy)
        assert (verdict.level, verdict.accepted, verdict.votes) == (level, accepted, votes)
        assert (verdict.agreeing, verdict.readers) == (agreeing, readers)


def test_null_of_the_newest() -> None:
    """Where readers agree on the votes but not on the null ones, the newest agreeing reading gives them."""
    assert Ledger([read("b", at=2, null=7), read("a", at=1, null=3)]).verdict(TWO).null == 7


ids = st.sampled_from(["r1", "r2", "r3", "r4"])
readings = st.builds(
    Reading,
    at=st.integers(0, 4),
    id=ids,
    reporter=st.sampled_from("abcd"),
    group=st.sampled_from("abg"),
    source=st.sampled_from(["web", "press"]),
    votes=st.sampled_from([X, Y, Z]),
    null=st.integers(0, 2),
    retracted=st.booleans(),
    supersedes=st.just("") | ids,
)
ledgers = st.lists(readings, max_size=8)
policies = st.builds(Policy, quorum=st.integers(1, 3), trusted_sources=st.sampled_from([frozenset(), {"press"}]))


@given(ledgers, policies, st.data())
def test_order_and_repetition(given_: list[Reading], policy: Policy, data: st.DataObject) -> None:
    """Neither the order of the readings nor their repetition changes the verdict."""
    again = data.draw(st.permutations(given_ + [data.draw(st.sampled_from(given_)) for _ in given_]))
    ledger = Ledger()
    new = sum(ledger.add(reading) for reading in again)
    assert ledger.verdict(policy) == Ledger(given_).verdict(policy)
    assert new == len(ledger) == len(set(given_))
    assert list(ledger) == sorted(set(given_))


@given(ledgers, ledgers, policies)
def test_union(left: list[Reading], right: list[Reading], policy: Policy) -> None:
    """Two ledgers of one sheet merge by union, in either direction."""
    one, other = Ledger(left), Ledger(right)
    for reading in right:
        one.add(reading)
    for reading in left:
        other.add(reading)
    assert one.verdict(policy) == other.verdict(policy) == Ledger(left + right).verdict(policy)


@given(ledgers, policies)
def test_verdict_is_sound(given_: list[Reading], policy: Policy) -> None:
    """Accepted votes always have a majority of independent readers, and the quorum or a lone trusted source."""
    ledger = Ledger(given_)
    verdict, independent = ledger.verdict(policy), [r for r in standing(ledger) if r.bound != PART]
    counting = [reading for reading, fate, _ in ledger.fates() if fate is Fate.COUNTS]
    for kind in ("", "at-least", "at-most"):
        assert standing(ledger, kind) == [reading for reading in counting if kind in reading.kinds]
    assert len({r.group for r in independent}) == len({r.reporter for r in independent}) == verdict.readers
    assert len(independent) == verdict.readers
    if verdict.accepted:
        backing = [r for r in independent if r.votes == verdict.votes]
        assert len(backing) == verdict.agreeing > verdict.readers / 2
        assert len(backing) >= policy.quorum or [r.source for r in independent] == ["press"]
    assert (verdict.votes is None) == (verdict.level in (NONE, DISPUTED))


def test_reading_of() -> None:
    """A report that leaves out an option is a part of its sheet, unless the election says that it means 0 votes;
    without a group a reporter is a group of one."""
    given_ = report(votes={"C": 2}, null=4)
    reading = reading_of(election(unread="zero"), given_)
    assert (reading.votes, reading.null, reading.group, reading.at) == ((0, 0, 2), 4, "ana", T0)
    assert reading.bound == ""
    assert reading_of(election(), given_) == reading._replace(bound=PART)
    assert reading_of(election(), report(votes=(0, 0, 2), null=4)) == reading


KNOWN = election(registered=[100, None])
"""S1-1 has 100 registered voters, of S1-2 nobody knows them."""


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        pytest.param(report(), None, id="fits"),
        pytest.param(report("S9-9"), "unknown-table", id="unknown table"),
        pytest.param(report(votes={"A": 1, "Q": 1}), "unknown-option", id="unknown option"),
        pytest.param(report(votes=(100, 2, 0)), None, id="2 % more than registered is let through"),
        pytest.param(report(votes=(100, 3, 0)), "too-many-ballots", id="more is not"),
        pytest.param(report(votes=(100, 1, 0), null=1, blank=1), "too-many-ballots", id="null and blank count"),
        pytest.param(report(registered=9_000, votes=(103,)), "too-many-ballots", id="the register beats the sheet"),
        pytest.param(report("S1-2", (5_000,)), None, id="unknown register, the general limit"),
        pytest.param(report("S1-2", (5_001,)), "too-many-ballots", id="unknown register, above it"),
        pytest.param(report("S1-2", (300,), registered=200), "too-many-ballots", id="the sheet's own register limits"),
        pytest.param(report("S1-2", (5_001,), registered=10**9), "too-many-ballots", id="it cannot lift the limit"),
        pytest.param(report(votes=(5, 3), null=1, blank=1, ballots=10), None, id="ballots add up"),
        pytest.param(report(votes=(5, 3, 0), null=1, blank=0, ballots=10), "sum-differs", id="ballots do not"),
        pytest.param(report(votes=(5, 3), null=1, blank=0, ballots=10), None, id="what is missing may be unread"),
        pytest.param(report(votes=(5, 3), null=1, ballots=10), None, id="what is missing may be blank votes"),
        pytest.param(report(votes=(5, 3), null=1, ballots=8), "sum-differs", id="more than all ballots"),
        pytest.param(report(votes={}, retracted=True), None, id="retraction"),
        pytest.param(report(votes=(999, 1), retracted=True), None, id="retraction that repeats a bad figure"),
        pytest.param(report("S9-9", {}, retracted=True), "unknown-table", id="retraction of an unknown table"),
    ],
)
def test_admission(given_: TallyReport, code: str | None) -> None:
    """A report that the election cannot know, or that breaks its sheet's arithmetic, is turned away."""
    rejection = check_report(KNOWN, given_)
    assert (rejection and rejection.code) == code


@pytest.mark.parametrize(
    ("fields", "code", "place"),
    [
        pytest.param({}, None, "", id="fits"),
        pytest.param({"area": "Q"}, "unknown-area", "area", id="unknown area"),
        pytest.param({"votes": {"Q": 1}}, "unknown-option", "votes.Q", id="unknown option"),
        pytest.param({"announced_shares": {"Q": 1.0}}, "unknown-option", "announced_shares.Q", id="unknown share"),
        pytest.param(
            {"votes": {"A": 1, "B": 5}, "valid": 9, "ballots": 3}, None, "", id="what does not add up is kept"
        ),
    ],
)
def test_bulletin_admission(fields: dict[str, Any], code: str | None, place: str) -> None:
    """A bulletin for an unknown area or option is turned away; one that contradicts itself is a finding."""
    given_ = Bulletin(**{"id": "b", "authority": "x", "area": "N", "at": 0, "sequence": 1, "votes": {"A": 1}, **fields})
    rejection = check_bulletin(KNOWN, given_)
    assert (rejection and (rejection.code, rejection.place)) == (code and (code, place))
