"""Whether sheets that do not count yet can change who leads: exact against every way in which they could come out."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import numpy as np
import pytest
from builders import T0, bulletin, election, present, report
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from streams.core.aggregation.open_sheets import KINDS, OpenSheets
from streams.core.comparison.lead_sentences import lead_sentences
from streams.core.election.model import Election
from streams.core.election.settings import AlertPolicy, LeadRule, Rules
from streams.core.engine.comparer import Comparer
from streams.core.events.admission import check_report
from streams.core.events.area_states import AreaState, Lead, OfficialLead, OpenGroup, TablesAnnounced
from streams.core.reconciliation.reconciler import Reconciler

READ_BY = {"accepted": ("ana", "eva"), "disputed": ("ana", "eva"), "unconfirmed": ("ana",)}
FATES = (*READ_BY, "retracted", "unwitnessed")


def night(
    known: Election, fates: Sequence[str], votes: Sequence[Sequence[int]], refused: Sequence[bool] = ()
) -> Comparer:
    """A night whose polling tables have these fates; those that are accepted have these votes. Of those that are
    `refused`, somebody has also sent a reading with more ballots than there can be."""
    reconciler, comparer = Reconciler(known), Comparer(known)
    for table, fate, sheet in zip(known.tables, fates, votes, strict=True):
        for i, reporter in enumerate(READ_BY.get(fate, ())):
            seen = [0] * len(sheet) if fate == "disputed" and i else sheet
            assert reconciler.apply(report(table, seen, reporter=reporter)) is None
        if fate == "retracted":
            assert reconciler.apply(report(table, sheet)) is None
            assert reconciler.apply(report(table, {}, id="back", at=T0 + 1, retracted=True)) is None
    for table, is_refused in zip(known.tables, refused, strict=False):
        if is_refused:
            assert reconciler.apply(report(table, {"A": 10**6}, reporter="leo")) is not None
    comparer.add_sheets(reconciler.take_sheets())
    return comparer


def kind(fate: str, is_refused: bool) -> str:
    """The group of open sheets that such a polling table is in."""
    return ("turned_away" if is_refused else "unwitnessed") if fate in ("retracted", "unwitnessed") else fate


def sheets(limit: int, options: int) -> Iterator[tuple[int, ...]]:
    """Every sheet that may have so many ballots at most."""
    return (votes for votes in product(range(limit + 1), repeat=options) if sum(votes) <= limit)


def takes_the_lead(totals: Sequence[int], leader: int, limits: Sequence[int]) -> bool:
    """Whether these sheets can come out so that the leader is ahead of all others no more: every way is tried."""
    return any(
        max(s + sum(e[i] for e in each) for i, s in enumerate(totals) if i != leader)
        >= totals[leader] + sum(e[leader] for e in each)
        for each in product(*(sheets(limit, len(totals)) for limit in limits))
    )


def brute(totals: Sequence[int], leader: int, limits: Sequence[int]) -> OpenGroup:
    enough = next(
        (
            count
            for count in range(len(limits) + 1)
            if any(takes_the_lead(totals, leader, some) for some in combinations(limits, count))
        ),
        None,
    )
    return OpenGroup(len(limits), sum(limits), enough)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(FATES), st.integers(1, 3), st.booleans(), st.booleans()), min_size=2, max_size=4
    ),
    st.data(),
)
def test_exact(tables: list[tuple[str, int, bool, bool]], data: st.DataObject) -> None:
    """For each kind of open sheets and for all together: how many, the most votes, and the least number that could
    take the lead away are those found by trying every sheet that could come."""
    registered = [voters if is_known else None for _, voters, is_known, _ in tables]
    known = election(
        states=1, tables=len(tables), registered=registered, options="ABC", quorum=2, max_turnout=1.0, max_ballots=3
    )
    limits = [3 if voters is None else voters for voters in registered]
    votes = [data.draw(st.sampled_from([s for s in sheets(limit, 3) if sum(s)])) for limit in limits]
    fates = [fate for fate, *_ in tables]
    refused = [is_refused for *_, is_refused in tables]
    comparer = night(known, fates, votes, refused)
    totals = [sum(v[i] for v, fate in zip(votes, fates, strict=True) if fate == "accepted") for i in range(3)]
    leader = max(range(3), key=totals.__getitem__)
    lead = comparer.situation("N").witnessed.lead
    if sorted(totals)[-1] == sorted(totals)[-2]:
        assert lead is None
        return
    assert lead is not None
    assert (lead.leader, lead.votes) == ("ABC"[leader], sorted(totals)[-1] - sorted(totals)[-2])
    kinds = [kind(*each) for each in zip(fates, refused, strict=True)]
    for group in KINDS:
        some = [limit for limit, found in zip(limits, kinds, strict=True) if found == group]
        assert getattr(lead, group) == brute(totals, leader, some), group
    some = [limit for limit, fate in zip(limits, fates, strict=True) if fate != "accepted"]
    assert lead.together == brute(totals, leader, some)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3)), min_size=2, max_size=4), st.data())
def test_the_official_count(tables: list[tuple[bool, int]], data: st.DataObject) -> None:
    """Where polling tables are announced one by one, what the others could change in the official count is found by
    trying every figure that they could have; nothing is said once a table does not tell every option."""
    known = election(states=1, tables=len(tables), registered=[voters for _, voters in tables], max_turnout=1.0)
    reconciler, comparer, totals = Reconciler(known), Comparer(known), [0, 0, 0]
    for table, (is_announced, voters) in zip(known.tables, tables, strict=True):
        if is_announced:
            votes = data.draw(st.sampled_from([s for s in sheets(voters, 3) if sum(s)]))
            totals = [total + count for total, count in zip(totals, votes, strict=True)]
            assert reconciler.apply(bulletin(votes, area=table)) is None
    comparer.add_sheets(reconciler.take_sheets())
    told = comparer.state("N").tables_announced
    if sorted(totals)[-1] == sorted(totals)[-2]:
        assert told is None or told.lead is None
        return
    group = brute(totals, leader := max(range(3), key=totals.__getitem__), [v for seen, v in tables if not seen])
    first, second = sorted(range(3), key=totals.__getitem__, reverse=True)[:2]
    assert first == leader
    margin = totals[first] - totals[second]
    assert present(told).lead == OfficialLead("ABC"[first], "ABC"[second], margin, group, group)
    assert reconciler.apply(bulletin({"A": 1}, area="S1-1", sequence=2)) is None
    comparer.add_sheets(reconciler.take_sheets())
    assert present(comparer.state("N").tables_announced).lead is None


def test_the_limit_is_the_one_of_admission() -> None:
    """A sheet with as many ballots as the limit says is admitted, one with one more is not."""
    for turnout in (0.9, 1.0, 1.02, 1.1, 1.3333):
        known = election(states=2, tables=40, registered=[*range(61, 100), None], max_turnout=turnout, max_ballots=77)
        for table, limit in zip(known.layout.tables, known.ballot_limits.tolist(), strict=True):
            assert check_report(known, report(table, (limit, 0, 0))) is None
            assert check_report(known, report(table, (limit + 1, 0, 0))) is not None


@pytest.mark.parametrize(
    ("area", "group"),
    [
        # what is known of the area beside two listed tables of 100 voters, of which one is accepted; the open ones
        ({"tables": 2, "registered": 200}, OpenGroup(1, 100, 1)),
        ({"tables": 4, "registered": 260}, OpenGroup(3, 160, 1)),
        ({"tables": 4, "registered": 200}, OpenGroup(3, 100, 1)),
        ({"tables": 4, "registered": None}, OpenGroup(3, 10_100, 1)),
        ({"tables": None, "registered": None}, OpenGroup(None, None, None)),
    ],
)
def test_tables_that_are_not_in_the_register(area: dict[str, int | None], group: OpenGroup) -> None:
    """Polling tables that exist but are not listed hold the voters that the register leaves over, else `max_ballots`
    each; where nobody knows how many there are, nothing is said of them."""
    known = election(states=1, tables=2, areas={"N": area, "S1": area}, quorum=1, max_turnout=1.0, max_ballots=5_000)
    reconciler, comparer = Reconciler(known), Comparer(known)
    assert reconciler.apply(report("S1-1", (60, 10, 0))) is None
    comparer.add_sheets(reconciler.take_sheets())
    lead = comparer.situation("N").witnessed.lead
    assert lead is not None
    assert lead.unwitnessed == lead.together == group


def test_unlisted_tables_may_share_the_voters_in_whatever_way() -> None:
    """Five unlisted tables with 20 voters each hold 23 votes each at a turnout of 1.15, 115 together, though the
    product of floats for all 100 voters is cut to 114."""
    assert (5 * int(20 * 1.15), int(100 * 1.15)) == (115, 114)
    area: dict[str, int | None] = {"tables": 7, "registered": 300}
    known = election(states=1, tables=2, areas={"N": area, "S1": area}, quorum=1, max_turnout=1.15, max_ballots=5_000)
    comparer = night(known, ["accepted", "unwitnessed"], [(60, 10, 0), (0, 0, 0)])
    lead = comparer.situation("N").witnessed.lead
    assert lead is not None
    assert lead.unwitnessed == OpenGroup(1 + 5, 114 + 115, 1)


@given(st.lists(st.tuples(st.integers(0, 11), st.sampled_from(["ana", "eva", "ida"]), st.integers(0, 3)), max_size=40))
def test_followed_step_by_step(readings: list[tuple[int, str, int]]) -> None:
    """What is kept up while sheets come, and readings are turned away, is what is found when all are looked at in the
    end."""
    known = election(states=3, tables=4, registered=[50, 70, None], quorum=2, max_ballots=90)
    reconciler, comparer, tables = Reconciler(known), Comparer(known), list(known.tables)
    for i, (table, reporter, votes) in enumerate(readings):
        seen = (10 + votes, 5, 1) if votes < 3 else (10**6, 0, 0)
        reconciler.apply(report(tables[table], seen, reporter=reporter, id=str(i), at=T0 + i))
        comparer.add_sheets(reconciler.take_sheets())
        if i % 3 == 0:
            comparer.states(["N"])
    fresh = OpenSheets(known, comparer.read)
    fresh.turn_away(np.unique(np.array([table for table, _, votes in readings if votes == 3], np.int64)))
    for area, state in zip(known.areas, comparer.states(list(known.areas)), strict=True):
        votes_seen = [present(state.witnessed.votes[o]) for o in "ABC"]
        assert state.lead == fresh.lead(known.layout.area[area], votes_seen)


def test_it_is_remarked_once_nothing_can_change_it() -> None:
    """A remark is made when the last open sheets cannot take the lead away any more, in the nation and its state; it
    ends when they can again, because readers now disagree on sheets that counted, and is made anew."""
    rules = Rules(lead=LeadRule(min_sheets=3))
    known = election(states=1, tables=5, rules=rules, alerts=AlertPolicy(tick=10, hold=0), max_turnout=1.0, quorum=2)
    tables, told, at = list(known.tables), list[tuple[str, str]](), T0
    reconciler, comparer = Reconciler(known), Comparer(known)
    # 80 more for A on each sheet: after the third 240 beside 200 voters of two open sheets, 160 beside 300 without it
    readings = [(table, reader, (90, 10, 0)) for table in tables[:3] for reader in ("ana", "eva")]
    readings += [(tables[2], "ida", (10, 90, 0)), (tables[2], "leo", (10, 90, 0)), (tables[3], "ana", (90, 10, 0))]
    readings += [(tables[2], "leo", (90, 10, 0)), (tables[4], "ana", (0, 100, 0))]
    for number, (table, reader, votes) in enumerate(readings):
        assert reconciler.apply(report(table, votes, reporter=reader, id=str(number), at=T0 + number)) is None
        comparer.add_sheets(reconciler.take_sheets())
        at += 10_000
        notices = comparer.advance(at)
        told += [(f"{number} {notice.fingerprint}", notice.status) for notice in notices]
        settled = comparer.situation("N").witnessed.lead
        assert bool(comparer.findings("N")) == (settled is not None and settled.together.enough is None and number > 4)
        for notice in notices:
            assert (notice.severity, notice.finding.value) == ("info", 0)
    assert told == [
        *(("5 lead:N:A", "firing"), ("5 lead:S1:A", "firing")),
        *(("7 lead:N:A", "resolved"), ("7 lead:S1:A", "resolved")),
        *(("9 lead:N:A", "firing"), ("9 lead:S1:A", "firing")),
    ]
    (finding,) = comparer.findings("N")
    assert finding.inputs == {"lead": 240, "second": "B", "open": 2, "open_votes": 200}
    assert finding.sentence["en"] == (
        "Area N: no sheet that may still come can change who leads. All that do not count yet hold at most 200 votes, "
        "and Option A is 240 ahead of Option B."
    )
    assert finding.sentence["es"] == (
        "Area N: ninguna acta que aún pueda llegar puede cambiar quién va en cabeza. Todas las que aún no cuentan "
        "tienen como mucho 200 votos, y Option A aventaja a Option B en 240."
    )


def lead(votes: int = 188_034, **groups: OpenGroup) -> Lead:
    given: dict[str, OpenGroup] = dict.fromkeys((*KINDS, "together"), OpenGroup(0, 0, None))
    return Lead("A", "B", votes, **{**given, **groups})


def state_of(lead: Lead | None, official: OfficialLead | None = None) -> AreaState:
    """The state of the nation with these leads, and else nothing."""
    announced = None if official is None else TablesAnnounced(1, 0, 0, {}, {}, None, {}, official)
    return structs.replace(Comparer(election()).state("N"), lead=lead, tables_announced=announced)


@pytest.mark.parametrize(
    ("given", "en", "es"),
    [
        (lead(), [], []),
        (
            lead(disputed=OpenGroup(212, 41_200, None)),
            [
                "The 212 disputed sheets cannot change who leads: they hold at most 41,200 votes, and Option A is "
                "188,034 ahead of Option B."
            ],
            [
                "Las 212 actas en disputa no pueden cambiar quién va en cabeza: tienen como mucho 41.200 votos, y "
                "Option A aventaja a Option B en 188.034."
            ],
        ),
        (
            lead(
                votes=500,
                disputed=OpenGroup(1, 600, 1),
                unconfirmed=OpenGroup(1, 300, None),
                together=OpenGroup(2, 900, 1),
            ),
            [
                "The disputed sheet could change who leads: it holds at most 600 votes, and Option A is 500 ahead of "
                "Option B.",
                "The sheet that too few have read cannot change who leads: it holds at most 300 votes, and Option A is "
                "500 ahead of Option B.",
                "All 2 sheets that do not count yet together could change who leads: 1 of them would be enough. They "
                "hold at most 900 votes, and Option A is 500 ahead of Option B.",
            ],
            None,
        ),
        (
            lead(
                turned_away=OpenGroup(7, 4_130, None),
                unwitnessed=OpenGroup(1, 590, None),
                together=OpenGroup(8, 4_720, None),
            ),
            [
                "The 7 sheets whose readings were turned away cannot change who leads: they hold at most 4,130 votes, "
                "and Option A is 188,034 ahead of Option B.",
                "The sheet without any reading cannot change who leads: it holds at most 590 votes, and Option A is "
                "188,034 ahead of Option B.",
                "All 8 sheets that do not count yet together cannot change who leads: they hold at most 4,720 votes, "
                "and Option A is 188,034 ahead of Option B.",
            ],
            [
                "Las 7 actas cuyas lecturas no se admitieron no pueden cambiar quién va en cabeza: tienen como mucho "
                "4.130 votos, y Option A aventaja a Option B en 188.034.",
                "El acta sin ninguna lectura no puede cambiar quién va en cabeza: tiene como mucho 590 votos, y Option "
                "A aventaja a Option B en 188.034.",
                "Las 8 actas que aún no cuentan, juntas, no pueden cambiar quién va en cabeza: tienen como mucho 4.720 "
                "votos, y Option A aventaja a Option B en 188.034.",
            ],
        ),
        (
            lead(
                unwitnessed=OpenGroup(None, None, None),
                together=OpenGroup(None, None, None),
            ),
            [
                "Option A is 188,034 votes ahead of Option B. How many polling tables there are is not known, so it "
                "cannot be said whether sheets that nobody has read could change that."
            ],
            None,
        ),
    ],
)
def test_sentences(given: Lead, en: list[str], es: list[str] | None) -> None:
    """One sentence for each kind of open sheets, and one for all; each language has the same number of them."""
    known, state = election(), state_of(given)
    assert list(lead_sentences(known, state, "en")) == en
    spanish = list(lead_sentences(known, state, "es"))
    assert spanish == es if es is not None else len(spanish) == len(en)


def test_sentences_of_the_official_count() -> None:
    """Beside the sentences on sheets there is one on the polling tables that are not announced yet."""
    group = OpenGroup(40, 9_000, 3)
    state = state_of(None, OfficialLead("B", "A", 2_500, group, group))
    assert list(lead_sentences(election(), state, "en")) == [
        "Official count: the 40 polling tables that are not announced yet could change who leads: 3 of them would be "
        "enough. They hold at most 9,000 votes, and Option B is 2,500 ahead of Option A."
    ]
    assert list(lead_sentences(election(), state, "es")) == [
        "Recuento oficial: las 40 mesas que aún no están anunciadas podrían cambiar quién va en cabeza: bastaría con "
        "3. Tienen como mucho 9.000 votos, y Option B aventaja a Option A en 2.500."
    ]
