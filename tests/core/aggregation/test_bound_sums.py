"""Floors and ceilings where only bounds are known of some polling tables, against every way it can have been."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import NamedTuple

import pytest
from builders import T0, bulletin, election, present, report
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.aggregation import spreads
from streams.core.aggregation.histograms import Kind
from streams.core.comparison.bounds import Bound
from streams.core.comparison.findings import Comparison
from streams.core.comparison.rules.contradiction import bounds
from streams.core.election.model import Election
from streams.core.engine.comparer import Comparer
from streams.core.events.model import Bulletin, TallyReport
from streams.core.reconciliation.reconciler import Reconciler

VOTERS = (2, 3, 4)
KNOWN = election(1, 3, VOTERS, "AB")
TABLES = list(KNOWN.tables)

Votes = tuple[int, int]


class Seen(NamedTuple):
    """What is known of one polling table: its sheet, or bounds, or nothing."""

    sheet: Votes | None = None
    at_least: Votes = (0, 0)
    at_most: int | None = None

    @property
    def is_known(self) -> bool:
        impossible = self.at_most is not None and sum(self.at_least) > self.at_most
        return self.sheet is not None or ((any(self.at_least) or self.at_most is not None) and not impossible)

    def allows(self, votes: Votes) -> bool:
        if not self.is_known:
            return True
        if self.sheet is not None:
            return votes == self.sheet
        within = self.at_most is None or sum(votes) <= self.at_most
        return within and all(cast >= least for cast, least in zip(votes, self.at_least, strict=True))

    def reports(self, table: str) -> Iterator[TallyReport]:
        if self.sheet is not None:
            yield report(table, self.sheet, id="sheet")
        if any(self.at_least):
            yield report(table, self.at_least, id="least", bound="at-least")
        if self.at_most is not None:
            yield report(table, {}, id="most", bound="at-most", ballots=self.at_most)


def within(voters: int) -> list[Votes]:
    return [(a, b) for a, b in product(range(voters + 1), repeat=2) if a + b <= voters]


@st.composite
def evidence(draw: st.DrawFn) -> list[Seen]:
    found = []
    for voters in VOTERS:
        votes = st.sampled_from(within(voters))
        sheet, least = votes.map(Seen), st.builds(Seen, st.none(), votes, st.none() | st.integers(0, voters + 1))
        found.append(draw(sheet | least))
    return found


def compared(seen: Sequence[Seen], official: Bulletin) -> Comparison:
    reconciler, comparer = Reconciler(KNOWN), Comparer(KNOWN)
    for table, known in zip(TABLES, seen, strict=True):
        for one in known.reports(table):
            assert reconciler.apply(one) is None
    comparer.add_sheets(reconciler.take_sheets())
    assert comparer.add_bulletin(official) is None
    given_ = comparer.situation("N").comparison
    assert given_ is not None
    return given_


def announced(seen: Sequence[Seen], left: int, false: Sequence[int], valid: int | None) -> set[int]:
    """Every figure for A that a bulletin can have, which leaves so many tables out, where so much of what was seen is
    false."""
    ways = []
    for i, (voters, known) in enumerate(zip(VOTERS, seen, strict=True)):
        ways.append([votes for votes in within(voters) if i in false or known.allows(votes)])
    found = set()
    for truth in product(*ways):
        for inside in combinations(range(len(TABLES)), len(TABLES) - left):
            if valid is None or sum(sum(truth[i]) for i in inside) == valid:
                found.add(sum(truth[i][0] for i in inside))
    return found


@settings(max_examples=400)
@given(evidence(), st.integers(0, 3), st.integers(0, 10), st.none() | st.integers(0, 9))
def test_every_way_it_can_have_been(seen: list[Seen], left: int, official: int, valid: int | None) -> None:
    """No figure that some truth allows is outside the bounds, and the breakdown count is never more than the least
    number of false sheets and bounds. Where only the tables left out limit them, both are exact."""
    given_ = compared(seen, bulletin({"A": official}, tables_counted=len(TABLES) - left, valid=valid))
    low, high = bounds(given_, 0, official)
    assert low is not None
    assert high is not None
    possible = announced(seen, left, (), valid)
    if possible:
        assert low.limit <= min(possible)
        assert max(possible) <= high.limit
    known = [i for i, one in enumerate(seen) if one.is_known]
    fewest = next((k for k in range(len(known) + 1) if is_possible(seen, left, official, valid, k, known)), None)
    count = max(low.breakdown, high.breakdown)
    if fewest is not None:
        assert count <= fewest
    if valid is None:
        exact(low, high, left, fewest, announced(seen, left, (), None))


def exact(low: Bound, high: Bound, left: int, fewest: int | None, possible: set[int]) -> None:
    assert low.limit == min(possible)
    if left == 0:
        assert high.limit == max(possible)
        assert fewest in (None, max(low.breakdown, high.breakdown))
    elif low.breakdown:
        assert low.breakdown == fewest


def is_possible(seen: list[Seen], left: int, official: int, valid: int | None, k: int, known: list[int]) -> bool:
    return any(official in announced(seen, left, false, valid) for false in combinations(known, k))


FIVE = election(1, 5, [10, 20, None, 10, 20], "AB", areas={"N": {"registered": 90}, "S1": {"registered": 90}})

BY_HAND = [
    ("nothing seen", {}, {}, 0, 90),
    ("what was seen must be there", {"S1-1": (4, 1)}, {}, 4, 89),
    ("ballots counted at the door take voters away", {}, {"S1-2": 12}, 0, 82),
    ("both", {"S1-2": (4, 1)}, {"S1-2": 12}, 4, 81),
    ("where nobody knows the voters, none can be taken away", {"S1-3": (4, 1)}, {"S1-3": 7}, 4, 90),
    ("more ballots than voters limit nothing", {}, {"S1-1": 25}, 0, 90),
    ("what contradicts itself limits nothing", {"S1-1": (4, 1)}, {"S1-1": 4}, 0, 90),
]


@pytest.mark.parametrize(("least", "most", "floor", "ceiling"), [c[1:] for c in BY_HAND], ids=[c[0] for c in BY_HAND])
def test_by_hand(least: Mapping[str, Votes], most: Mapping[str, int], floor: int, ceiling: int) -> None:
    """What bounds do to the floor and the ceiling of a complete bulletin's figure for A."""
    reconciler, comparer = Reconciler(FIVE), Comparer(FIVE)
    for table, votes in least.items():
        assert reconciler.apply(report(table, votes, id="least", bound="at-least")) is None
    for table, ballots in most.items():
        assert reconciler.apply(report(table, {}, id="most", bound="at-most", ballots=ballots)) is None
    comparer.add_sheets(reconciler.take_sheets())
    comparer.add_bulletin(bulletin({"A": 50}, tables_counted=5))
    figure = present(comparer.state("N").official).figures["A"]
    assert (figure.floor, figure.ceiling) == (floor, ceiling)
    assert comparer.state("N").witnessed.tables == 0


SMALL = election(2, 3, [30, None, 40], "ABC", groups={"BC": "BC"}, quorum=2, trusted_sources=frozenset({"press"}))
events = st.one_of(
    st.builds(
        lambda table, votes, reporter, n: report(table, votes, reporter=reporter, id=f"{reporter}{n}", at=T0 + n),
        st.sampled_from(list(SMALL.tables)),
        st.tuples(*[st.integers(0, 9)] * 3),
        st.sampled_from(["ana", "ben"]),
        st.integers(0, 2),
    ),
    st.builds(
        lambda table, votes, reporter, source, n: report(
            table, votes, reporter=reporter, source=source, id=f"{reporter}l{n}", at=T0 + n, bound="at-least"
        ),
        st.sampled_from(list(SMALL.tables)),
        st.tuples(*[st.integers(0, 9)] * 3),
        st.sampled_from(["ana", "ben"]),
        st.sampled_from(["web", "press"]),
        st.integers(0, 2),
    ),
    st.builds(
        lambda table, ballots, reporter, source, n: report(
            table,
            {},
            reporter=reporter,
            source=source,
            id=f"{reporter}m{n}",
            at=T0 + n,
            bound="at-most",
            ballots=ballots,
        ),
        st.sampled_from(list(SMALL.tables)),
        st.integers(0, 50),
        st.sampled_from(["ana", "ben"]),
        st.sampled_from(["web", "press"]),
        st.integers(0, 2),
    ),
    st.builds(
        lambda table, reporter, bound, n: report(
            table, {}, reporter=reporter, id=f"{reporter}r{n}", at=T0 + n, bound=bound, retracted=True
        ),
        st.sampled_from(list(SMALL.tables)),
        st.sampled_from(["ana", "ben"]),
        st.sampled_from([None, "at-least", "at-most"]),
        st.integers(0, 2),
    ),
    st.builds(
        lambda votes, area, sequence: bulletin(votes, area, sequence=sequence),
        st.dictionaries(st.sampled_from(["A", "B", "BC"]), st.integers(0, 20), min_size=1),
        st.sampled_from(["N", "S1", *SMALL.tables]),
        st.integers(1, 2),
    ),
)


def taken_in(known: Election, given_: Sequence[TallyReport | Bulletin], often: bool) -> Comparer:
    reconciler, comparer = Reconciler(known), Comparer(known)
    for event in given_:
        if isinstance(event, Bulletin) and event.area in known.areas:
            comparer.add_bulletin(event)
        else:
            reconciler.apply(event)
        if often:
            comparer.add_sheets(reconciler.take_sheets())
            for area in known.areas:
                comparer.situation(area).witnessed.spread  # noqa: B018  # histograms that are kept up from here on
    comparer.add_sheets(reconciler.take_sheets())
    return comparer


@settings(max_examples=200)
@given(st.lists(events, max_size=25), st.data(), st.sampled_from([1, spreads.LARGE]))
def test_from_scratch(given_: list[TallyReport | Bulletin], data: st.DataObject, large: int) -> None:
    """In whatever order and how often events come, and however sums and histograms are kept up, areas end as if all had
    come at once: bounds, sheets, retractions and official figures of the same polling tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spreads, "LARGE", large)
        again = data.draw(st.permutations(given_ + given_[:5]))
        one, other = taken_in(SMALL, again, True), taken_in(SMALL, given_, False)
        for area in SMALL.areas:
            assert one.state(area) == other.state(area)
        assert one.view.outside() == other.view.outside()
        here, there = (comparer.situation("N").witnessed.spread for comparer in (one, other))
        kinds: tuple[Kind, ...] = (0, 1, 2)
        for kind, column in product(kinds, range(4)):
            assert here.histogram(kind, column) == there.histogram(kind, column)
