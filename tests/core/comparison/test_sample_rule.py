"""The rule `sample`: when it speaks, how loud, and of what it is silent."""

from dataclasses import replace
from typing import Any

import pytest
from builders import T0, alike, bulletin, clustered_sample, drawn_sample, election, report
from monitor import Monitor
from test_rules import check_sentences

from streams.core.comparison.findings import Finding
from streams.core.comparison.rules.sample import SampleMisfit
from streams.core.election.model import Election
from streams.core.election.settings import Rules, SampleRule
from streams.core.engine.comparer import Comparer
from streams.core.reconciliation.reconciler import Reconciler

KNOWN = election(states=2, tables=200, registered=100, groups={"rest": "BC"})


def drawn(known: Election, each: int) -> Election:
    """With a sample of the first tables of each state."""
    tables = {f"S{s}": [f"S{s}-{t}" for t in range(1, each + 1)] for s in (1, 2)}
    return replace(known, sample=drawn_sample(tables))


def found(known: Election, came: int, official: Any, apart: int = 0, **fields: Any) -> list[Finding]:
    """What it says when the first `came` tables of each state have sheets of A 60, B 30, C 10 on average, in turn so
    many votes more and less for A."""
    reconciler, comparer = Reconciler(known), Comparer(known)
    for table in known.tables:
        number = int(table.split("-")[1])
        if number <= came:
            more = apart if number % 2 else -apart
            reconciler.apply(report(table, (60 + more, 30 - more, 10)))
    comparer.add_sheets(reconciler.take_sheets())
    comparer.add_bulletin(bulletin(official, **fields))
    comparison = comparer.situation("N").comparison
    assert comparison is not None
    return list(SampleMisfit(known).find(comparison))


HONEST, SHIFTED, WILD = (24_000, 12_000, 4_000), (18_000, 18_000, 4_000), (4_000, 32_000, 4_000)
ALL = {"tables_counted": 400}


@pytest.mark.parametrize(
    ("came", "official", "fields", "said"),
    [
        pytest.param(40, HONEST, ALL, {}, id="what the sample shows"),
        pytest.param(40, SHIFTED, ALL, {"A": "critical", "B": "critical"}, id="15 points, all of the sample is in"),
        pytest.param(30, SHIFTED, ALL, {"A": "warning", "B": "warning"}, id="15 points, if missing sheets keep to it"),
        pytest.param(20, (19_200, 16_800, 4_000), ALL, {}, id="12 points, missing sheets may be 20 points away"),
        pytest.param(36, WILD, ALL, {"A": "critical", "B": "critical"}, id="50 points, whatever is missing"),
        pytest.param(18, (8_000, 28_000, 4_000), ALL, {}, id="40 points, less than half of the sample"),
        pytest.param(
            18, (1_000, 35_000, 4_000), ALL, {"A": "critical", "B": "critical"}, id="so far that it is enough"
        ),
        pytest.param(40, {"A": 4_000, "rest": 36_000}, ALL, {"A": "critical", "rest": "critical"}, id="a group"),
        pytest.param(40, {"A": 4_000}, {**ALL, "valid": 40_000}, {"A": "critical"}, id="one figure"),
        pytest.param(40, {"A": 4_000}, ALL, {}, id="no valid votes, no share"),
        pytest.param(40, WILD, {}, {"A": "critical", "B": "critical"}, id="nobody knows what is counted"),
        pytest.param(40, (3_200, 25_600, 3_200), {"tables_counted": 320}, {"A": "critical", "B": "critical"}, id="4/5"),
        pytest.param(40, (14_400, 14_400, 3_200), {"tables_counted": 320, "apart": 25}, {}, id="4/5: any order"),
        pytest.param(40, (18_000, 18_000, 4_000), {**ALL, "apart": 25}, {"A": "critical", "B": "critical"}, id="all"),
        pytest.param(40, (2_800, 4_400, 800), {"tables_counted": 80, "apart": 25}, {}, id="a fifth: any order"),
    ],
)
def test_when_it_speaks(came: int, official: Any, fields: dict[str, Any], said: dict[str, str]) -> None:
    """It calls people where a share lies outside, the louder if it does whatever is missing."""
    findings = found(drawn(KNOWN, 40), came, official, **fields)
    assert {finding.column: finding.severity for finding in findings} == said
    for finding in findings:
        check_sentences(finding)
        assert finding.rule_class == "statistical"
        assert finding.inputs["gap"] == finding.value > 0


def test_clusters() -> None:
    """Of a sample of whole areas it says the same things: what all of them show fits, what is far from it does not."""
    known = election(states=2, tables=200, registered=100, districts=50)
    areas = {f"S{s}": [f"S{s}.{d}" for d in range(1, 41)] for s in (1, 2)}
    clustered = replace(known, sample=clustered_sample(known, areas))
    assert not found(clustered, 200, HONEST, **ALL)
    findings = found(clustered, 200, WILD, **ALL)
    assert {finding.column: finding.severity for finding in findings} == {"A": "critical", "B": "critical"}
    assert findings[0].inputs["drawn"] == 320


def test_what_clears_is_below_what_raises() -> None:
    """As a share comes nearer, it is first outside, then only not far enough inside to rest, then silent."""
    known = drawn(KNOWN, 40)
    severities = [
        next((f.severity for f in found(known, 40, (a, 36_000 - a, 4_000), **ALL) if f.column == "A"), "silent")
        for a in range(16_000, 24_000, 100)
    ]
    assert list(dict.fromkeys(severities)) == ["critical", None, "silent"]


def test_the_error_rate_decides() -> None:
    """A lower error rate leaves more room."""
    widths = []
    for error in (0.2, 0.05, 0.001):
        known = replace(drawn(KNOWN, 40), rules=Rules(sample=SampleRule(error=error)))
        inputs = found(known, 40, WILD, **ALL)[0].inputs
        assert inputs["error"] == 100 * error
        widths.append(inputs["high"] - inputs["low"])
    assert widths == sorted(widths)


@pytest.mark.parametrize("area", ["S1", "N"])
def test_of_what_it_is_silent(area: str) -> None:
    """It speaks of the whole only, and not where tables exist that the sample was not drawn from."""
    known = drawn(KNOWN, 40)
    reconciler, comparer = Reconciler(known), Comparer(known)
    for table, votes in alike(known, (60, 30, 10)).items():
        reconciler.apply(report(table, votes))
    comparer.add_sheets(reconciler.take_sheets())
    comparer.add_bulletin(bulletin(WILD, area, tables_counted=400))
    comparison = comparer.situation(area).comparison
    assert comparison is not None
    rule = SampleMisfit(known)
    assert bool(list(rule.find(comparison))) == (area == "N")
    more = replace(comparison, area=replace(comparison.area, tables=401))
    assert not list(rule.find(more))


def test_sheets_that_come_after_the_bulletin() -> None:
    """A bulletin is held against the sample again whenever a sampled sheet comes."""
    known, monitor = drawn(KNOWN, 40), Monitor(drawn(KNOWN, 40))
    monitor.handle(bulletin(SHIFTED, at=T0, tables_counted=400))
    monitor.handle(report("S2-99", (60, 30, 10), at=T0 + 20_000))
    told = []
    for i, table in enumerate([t for t in known.tables if int(t.split("-")[1]) <= 40]):
        told += monitor.handle(report(table, (60, 30, 10), at=T0 + 60_000 + 10_000 * i)).notices
    told += monitor.finish()
    assert {notice.finding.column for notice in told if notice.finding.rule == "sample"} == {"A", "B"}
