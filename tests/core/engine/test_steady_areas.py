"""On a contested night the rules are asked at few ticks, and all ends as if they had been asked at every one."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from builders import T0, bulletin, drawn_sample, election, report
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.alerting.alert import Notice
from streams.core.comparison.findings import Finding
from streams.core.election.model import Election
from streams.core.election.settings import (
    AlertPolicy,
    ContradictionRule,
    DivergenceRule,
    HealthRule,
    LeadRule,
    MismatchRule,
    Rules,
    SampleRule,
    Switches,
)
from streams.core.engine.comparer import Comparer
from streams.core.events.model import Bulletin, TallyReport
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.reconciliation.sheet_rows import Sheets

RULES = Rules(
    contradiction=ContradictionRule(min_sheets=2, min_ratio=0.05),
    divergence=DivergenceRule(unseen=5, warning=1, critical=4, min_sheets=5, coverage=0.2),
    mismatch=MismatchRule(min_tables=2),
    health=HealthRule(disputed_min=2),
    sample=SampleRule(error=0.5, coverage=0.3),
    lead=LeadRule(min_sheets=3),
)


class Counting(Comparer):
    """Counts how often the rules are asked about an area."""

    asked = 0

    def _find(self, areas: Sequence[str], at: int | None) -> dict[str, dict[str, Finding]]:
        self.asked += len(areas)
        return super()._find(areas, at)


def country(cooldown: float, hold: float, voters: int | None, *, sampled: bool = False, **switched: Any) -> Election:
    alerts = AlertPolicy(tick=10, hold=hold, cooldown=cooldown)
    rules = replace(RULES, switch=replace(Switches(), **switched))
    known = election(3, 16, voters, rules=rules, alerts=alerts, quorum=1, max_ballots=120)
    strata = {f"S{s}": [f"S{s}-{t}" for t in range(1, 12)] for s in (1, 2, 3)}
    return replace(known, sample=drawn_sample(strata) if sampled else None)


def sheets(known: Election, random: Random) -> list[TallyReport | Bulletin]:
    """One reading of most polling tables, in any order, some of them corrected or contradicted later, some with null
    votes; and here and there what the authority announces for the polling table."""
    tables = random.sample(list(known.tables), round(0.9 * len(known.tables)))
    single, found = random.choice([0, 0.5]), list[TallyReport | Bulletin]()
    for table in tables:
        votes = random.randint(20, 50), random.randint(5, 40), random.randint(0, 3)
        found.append(report(table, votes, null=random.choice([None, 2])))
        if random.random() < 0.2:
            again = random.randint(0, 60), random.randint(5, 40), 1
            found.append(report(table, again, id=f"{table} again", at=T0 + 1))
        if random.random() < 0.1:
            found.append(report(table, (9, 9, 9), reporter="ben"))
        if random.random() < single:
            found.append(bulletin((votes[0], votes[1] + random.randint(0, 1), votes[2]), area=table))
    return found


def announced(known: Election, random: Random) -> list[Any]:
    """Bulletins of the nation and a state that give B what A has, complete or not."""
    share = random.choice([1.0, 0.9, 0.7])
    found = []
    for area, tables in (("N", len(known.tables)), ("S2", 16)):
        votes = tuple(round(share * tables * each) for each in (random.randint(5, 33), 40, 1))
        more = {"null": 0} if random.random() < 0.3 else {}
        found.append(bulletin(votes, area, tables_counted=round(share * tables), valid=sum(votes), **more))
    return found


def lived(
    known: Election,
    random: Random,
    stretch: int,
    steps: Sequence[int],
    events: Sequence[TallyReport | Bulletin] = (),
    officials: Sequence[Bulletin] = (),
) -> int:
    """Live a night in stretches of ticks and tick by tick, and hold both against each other after each stretch. How
    often the first asked less. `steps` are those of event time, in ms. Events, the last of them first, and bulletins
    are made unless they are given."""
    reconciler, alone, together = Reconciler(known), Counting(known), Counting(known)
    at, news = T0, list(events) or sheets(known, random)
    officials = officials or announced(known, Random(len(news)))
    for comparer in (alone, together):
        for official in officials:
            comparer.add_bulletin(official)
    while news:
        if random.random() < 0.1:
            newer = bulletin((random.randint(0, 900), 900, 9), "N", sequence=random.randint(2, 99), tables_counted=40)
            for comparer in (alone, together):
                comparer.add_bulletin(newer)
        ticks = list[tuple[Sheets, int]]()
        for _ in range(stretch):
            for _ in range(random.randint(0, 2)):
                if news:
                    reconciler.apply(news.pop())
            at += random.choice(steps)
            ticks.append((reconciler.take_unordered(), at))
        told = list[Notice]()
        for given_, to in ticks:
            alone.add_sheets(given_.in_order())
            told += alone.advance(to)
        assert together.pass_ticks(ticks) == told
        assert together.alerts == alone.alerts
        for area in known.areas:
            assert together.findings(area) == alone.findings(area)
    assert together.state("N") == alone.state("N")
    ends = [comparer.advance(at + 1_000_000) for comparer in (alone, together)]
    assert ends[0] == ends[1]
    return alone.asked - together.asked


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([0, 30, 100, 100_000]),
    st.sampled_from([0, 10, 40]),
    st.sampled_from([None, 100]),
    st.booleans(),
    st.integers(2, 20),
    st.sampled_from([(10_000,), (10_000, 20_000, 70_000), (120_000,), (0, 4_000, 10_000)]),
    st.dictionaries(st.sampled_from(["contradiction", "divergence", "table_mismatch"]), st.sampled_from(["remark"])),
)
def test_as_tick_by_tick(
    seed: int,
    cooldown: float,
    hold: float,
    voters: int | None,
    sampled: bool,
    stretch: int,
    steps: Sequence[int],
    switched: dict[str, str],
) -> None:
    """Whatever the pauses between updates, the stretches, the steps of time and the switches, notices, alerts with
    their worst moments, and findings are the same."""
    lived(country(cooldown, hold, voters, sampled=sampled, **switched), Random(seed), stretch, steps)


def test_sheets_without_votes() -> None:
    """No share is worked out of sheets that hold no vote at all, though they contradict the bulletin."""
    known = country(100_000, 0, 100)
    events = [report(table, (9, 0, 0) if i < 20 else (0, 0, 0)) for i, table in enumerate(known.tables)]
    full = bulletin((4700, 50, 0), tables_counted=48, valid=4750)
    assert sum(lived(known, Random(seed), 8, (10_000,), events, [full]) for seed in range(4)) > 0


def test_few_ticks_are_asked_about() -> None:
    """With long pauses between updates many ticks are not asked about: so this is worth something."""
    known = country(100_000, 0, 100)
    assert sum(lived(known, Random(seed), 16, (10_000,)) for seed in range(8)) > 40
