"""What is told of many areas at once, from their sums alone: never that nothing is to be found where something is."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import pytest
from builders import T0, bulletin, election, report
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.core.aggregation import bulletin_figures, projector, spreads
from streams.core.aggregation.histograms import Spread, measures
from streams.core.aggregation.honest_shares import Projected
from streams.core.aggregation.tally import REGISTERED, TABLES, VALID, VOTES
from streams.core.alerting.alert import Notice
from streams.core.comparison.bounds import Left, ceiling, floor
from streams.core.comparison.false_sheets import asked_of_votes
from streams.core.comparison.rule_inputs import SumRows
from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers
from streams.core.election.settings import (
    AlertPolicy,
    BoundsRule,
    ContradictionRule,
    DivergenceRule,
    HealthRule,
    LeadRule,
    MismatchRule,
    Rules,
    Switches,
)
from streams.core.engine.area_view import AreaView
from streams.core.engine.comparer import Comparer
from streams.core.engine.rule_scheduler import RuleScheduler
from streams.core.events.area_states import AreaState
from streams.core.events.model import Bulletin, TallyReport
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.reconciliation.sheet_rows import Sheets

sheets = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), max_size=5)
"""Votes for c, votes for others, voters who stayed at home."""
limits = st.none() | st.integers(0, 15)


@settings(max_examples=400)
@given(sheets, st.builds(Left, limits, limits), st.integers(-1, 40), limits, limits, st.integers(0, 5))
def test_a_yes_is_certain(
    witnessed: list[tuple[int, int, int]],
    left: Left,
    official: int,
    valid: int | None,
    unwitnessed: int | None,
    false: int,
) -> None:
    """Where so many false sheets are said to make a figure possible, no breakdown count is above them."""
    votes, rest, home = (np.array([sheet[i] for sheet in witnessed], np.int64) for i in range(3))
    registered = int((votes + rest + home).sum())
    row = np.zeros((1, bulletin_figures.width(1) + VOTES), np.int64)
    row[0, [TABLES, REGISTERED, VALID, VOTES]] = len(votes), registered, (votes + rest).sum(), votes.sum()
    voters = None if unwitnessed is None else registered + unwitnessed
    total = valid if left.known else None
    said = bulletin_figures.claim(1, [(0, official)], None, None, left.tables, left.registered, total, voters)
    rows = SumRows(np.array([0]), row, said[None], None, lambda places: np.zeros(len(places)))
    possible = bool(asked_of_votes(rows).suffice(np.array([false]))[0, 0])
    spread = Spread.of(measures(votes[None], votes + rest, votes + rest + home))
    tops = spread.top(0, 0), spread.top(1, 0), spread.top(2, 0)
    sides = floor(official, tops[0], left), ceiling(official, *tops, left, valid, unwitnessed)
    most = max((side.breakdown for side in sides if side is not None), default=0)
    if possible and official >= 0:
        assert most <= false
    if official < 0:
        assert possible  # nothing was said


class Everywhere(RuleScheduler):
    """Says of every area that the rules may find something there."""

    def may_find(self, areas: Numbers, *known: object) -> Flags:
        return np.ones(len(areas), bool)


class Entirely(AreaView):
    """Works out every figure, however near it is to what can be announced."""

    def _project(self, areas: Numbers, least: float = 0) -> Projected:
        return super()._project(areas)


class AskingAll(Comparer):
    """Asks the rules about every area that changes, as if nothing could be told beforehand."""

    def __init__(self, election: Election) -> None:
        super().__init__(election)
        self._scheduler = Everywhere(election, self._rules)
        self.view = Entirely(election, self._sums, self._bulletins, self._scheduler, self._activity)

    def states(self, areas: Sequence[str]) -> list[AreaState]:
        """Worked out anew, whatever was worked out when the rules were asked."""
        self._sums.projector._known.clear()
        self._sums._spreads._kept.clear()
        return super().states(areas)


QUICK = Rules(
    contradiction=ContradictionRule(min_sheets=1, min_ratio=0.2),
    divergence=DivergenceRule(unseen=5, warning=1, critical=3, min_sheets=5),
    mismatch=MismatchRule(min_tables=2),
    bounds=BoundsRule(min_tables=1, critical_tables=2),
    lead=LeadRule(min_sheets=2),
    health=HealthRule(disputed_min=2, flood_min=4, flood_ratio=0.4, bulletin_every=60, reports_every=45),
)
ELECTIONS = [
    election(3, 6, rules=QUICK, alerts=AlertPolicy(tick=10, hold=10, cooldown=30), groups={"AB": "AB"}, quorum=1),
    election(3, 6, None, rules=QUICK, alerts=AlertPolicy(tick=10, hold=0, cooldown=30), quorum=2),
    election(
        3,
        6,
        [100, None, 60],
        areas={"S1": {"registered": 700, "tables": None}, "S2": {"registered": None}},
        rules=QUICK,
        alerts=AlertPolicy(tick=10, hold=0, cooldown=30),
    ),
]
"""Whose registers say all, nothing of voters, and something."""

reports = st.builds(
    lambda table, votes, reporter: report(table, votes, reporter=reporter),
    st.sampled_from(list(ELECTIONS[0].tables)),
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 5)),
    st.sampled_from(["ana", "ben", "eva"]),
)
seen = st.builds(
    lambda table, votes, reporter: report(table, votes, reporter=reporter, id=f"{reporter} saw", bound="at-least"),
    st.sampled_from(list(ELECTIONS[0].tables)),
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 5)),
    st.sampled_from(["ana", "ben", "eva"]),
)
heads = st.builds(
    lambda table, ballots, reporter: report(
        table, {}, reporter=reporter, id=f"{reporter} counted", bound="at-most", ballots=ballots
    ),
    st.sampled_from(list(ELECTIONS[0].tables)),
    st.integers(0, 80),
    st.sampled_from(["ana", "ben", "eva"]),
)
evidence = reports | seen | heads
counts = st.none() | st.integers(0, 4)


@st.composite
def bulletins(draw: Any) -> Bulletin:
    area = draw(st.sampled_from(["N", "S1", "S2", "S3", "S1-1", "S2-2", "S2-3"]))
    scale = {"N": 12, "S1": 4, "S2": 4, "S3": 4}.get(area, 1)
    votes: Mapping[str, int] = {o: scale * draw(st.integers(0, 30)) for o in draw(st.sampled_from(["ABC", "AB", "A"]))}
    fields: dict[str, Any] = {}
    if scale > 1:
        fields["tables_counted"] = draw(st.none() | st.integers(0, scale))
        fields["registered"] = draw(st.none() | st.integers(0, 100 * scale))
        fields["valid"] = draw(st.none() | st.integers(sum(votes.values()), 70 * scale + sum(votes.values())))
        fields["status"] = draw(st.sampled_from(["partial", "final"]))
    sequence = draw(st.integers(1, 3))
    return bulletin(votes, area, sequence=sequence, at=T0 + 10_000 * draw(st.integers(0, 9)), **fields)


@settings(max_examples=300)
@given(st.sampled_from(ELECTIONS), st.lists(st.lists(evidence | bulletins(), max_size=6), max_size=12))
def test_nothing_is_missed(known: Election, ticks: list[list[TallyReport | Bulletin]]) -> None:
    """Asking only where something may be found finds, tells and ends in the same as asking about all that changes; and
    the states of areas, which use what was worked out for the rules, are the same as without that."""
    reconciler, comparers = Reconciler(known), (Comparer(known), AskingAll(known))
    for tick, events in enumerate(ticks):
        for event in events:
            if isinstance(event, Bulletin) and event.area in known.areas:
                for comparer in comparers:
                    comparer.add_bulletin(event)
            else:
                reconciler.apply(event)
        taken = reconciler.take_sheets()
        for comparer in comparers:
            comparer.add_sheets(taken)
        told = [comparer.advance(T0 + 10_000 * tick) for comparer in comparers]
        assert told[0] == told[1]
        found = [{area: comparer.findings(area) for area in known.areas} for comparer in comparers]
        assert found[0] == found[1]
        states = [comparer.states(list(known.areas)) for comparer in comparers]
        assert states[0] == states[1]
    ends = [comparer.advance(T0 + 1_000_000) for comparer in comparers]
    assert ends[0] == ends[1]
    assert comparers[0].alerts == comparers[1].alerts
    assert comparers[0].pulse == comparers[1].pulse


def stretches_of(reports: st.SearchStrategy[TallyReport]) -> st.SearchStrategy[list[list[list[Any]]]]:
    """Stretches of ticks, between which bulletins of areas come. With bounds in them, ticks are judged one by one."""
    return st.lists(st.lists(st.lists(reports | bulletins(), max_size=5), min_size=1, max_size=5), max_size=4)


@pytest.mark.parametrize(("large", "tidy"), [(2, True), (2, False), (spreads.LARGE, False)])
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(ELECTIONS),
    stretches_of(reports) | stretches_of(evidence),
    st.lists(st.integers(1, 4), min_size=1),
)
def test_many_ticks_at_once(
    monkeypatch: pytest.MonkeyPatch,
    large: int,
    tidy: bool,
    known: Election,
    night: list[list[list[TallyReport | Bulletin]]],
    pace: list[int],
) -> None:
    """Ticks that go by together lead to the same as one by one, whether histograms are kept up or not, and whether the
    rows are in order or as they came; bulletins of areas come between them."""
    monkeypatch.setattr(spreads, "LARGE", large)
    monkeypatch.setattr(projector, "LARGE", large)
    reconciler, alone, together = Reconciler(known), Comparer(known), Comparer(known)
    at, steps = T0, cycle(pace)
    for stretch in night:
        ticks = list[tuple[Sheets, int]]()
        for events in stretch:
            for event in events:
                if not isinstance(event, Bulletin) or event.area not in known.areas:
                    reconciler.apply(event)
            at += 10_000 * next(steps)
            ticks.append((reconciler.take_unordered(), at))
        told = list[Notice]()
        for sheets, to in ticks:
            alone.add_sheets(sheets.in_order())
            told += alone.advance(to)
        assert together.pass_ticks([(sheets.in_order(), to) for sheets, to in ticks] if tidy else ticks) == told
        for event in (event for events in stretch for event in events):
            if isinstance(event, Bulletin) and event.area in known.areas:
                alone.add_bulletin(event)
                together.add_bulletin(event)
        for area in known.areas:
            assert together.state(area) == alone.state(area)
            assert together.findings(area) == alone.findings(area)
        assert (together.alerts, together.pulse, together.clock) == (alone.alerts, alone.pulse, alone.clock)
        assert together.view.differing() == alone.view.differing()
        assert sorted(together.take_changed()) == sorted(alone.take_changed())


def test_an_honest_night_asks_about_nothing() -> None:
    """Where all is well only a bulletin makes the rules look: so this is worth something."""
    known = election(4, 50, rules=Rules(switch=Switches(lead="off")))  # which remarks that all is settled
    comparer, reconciler, asked = Comparer(known), Reconciler(known), list[str]()
    look = comparer.view.places
    comparer.view.places = lambda areas, at: asked.extend(areas) or look(areas, at)  # type: ignore[method-assign,func-returns-value]
    for area, tables in [("N", 200), *((f"S{s}", 50) for s in range(1, 5))]:
        votes = 50 * tables, 30 * tables, 10 * tables
        comparer.add_bulletin(bulletin(votes, area, tables_counted=tables, valid=sum(votes)))
    comparer.advance(T0)
    comparer.advance(T0 + 10_000)
    asked.clear()
    for tick, table in enumerate(known.tables, 2):
        reconciler.apply(report(table, (50, 30, 10)))
        comparer.add_sheets(reconciler.take_sheets())
        assert not comparer.advance(T0 + 10_000 * tick)
    assert not asked
