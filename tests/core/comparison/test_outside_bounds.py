"""Polling tables announced by themselves outside what was seen there, and a night of photographed ballots."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from random import Random

import pytest
from builders import T0, bulletin, election, found_by, lines, present, report, situation, tally_of
from nights import direct
from pipeline import Pipeline, feed
from replays import explained, of_events, of_logs, terms
from test_rules import check_sentences

from streams.core.aggregation.bound_sums import ABOVE, BELOW, CHECKED, CHECKED_MOST, BoundSums, width
from streams.core.comparison.findings import Situation
from streams.core.comparison.rules.outside_bounds import AboveCeiling, BelowFloor
from streams.core.events.codec import to_json
from streams.core.events.model import Event
from streams.kafka.topology import Topology
from streams.nights.feeder import Pace
from streams.report.explain_text import area_lines, table_lines


def given_(figures: Mapping[int, int]) -> Situation:
    known = election()
    row = [0] * width(3)
    for place, figure in figures.items():
        row[place] = figure
    return replace(situation(known, {}), witnessed=replace(tally_of(known, {}), bounds=BoundSums(row)))


@pytest.mark.parametrize(
    ("outside", "checked", "severity"),
    [
        pytest.param(0, 1000, "silent", id="all fit"),
        pytest.param(2, 2, "silent", id="two may be slips, were they all"),
        pytest.param(3, 6, "warning", id="three warn"),
        pytest.param(9, 100, "warning", id="nine warn"),
        pytest.param(10, 100, "critical", id="ten are critical"),
        pytest.param(15, 1000, "silent", id="of a thousand, 1.5 % may be slips"),
        pytest.param(16, 1000, None, id="1.6 % hold, do not raise"),
        pytest.param(19, 1000, None, id="a little below three deviations above 1 %"),
        pytest.param(20, 1000, "critical", id="three deviations above 1 %"),
    ],
)
def test_thresholds(outside: int, checked: int, severity: str | None) -> None:
    """Both rules speak by the number of tables outside, beyond what slips come to among as many; with no word of
    sheets, since nobody has read any."""
    found = [
        *found_by(BelowFloor, given_({BELOW: outside, CHECKED: checked})),
        *found_by(AboveCeiling, given_({ABOVE: outside, CHECKED_MOST: checked})),
    ]
    assert [f.severity for f in found] == ([] if severity == "silent" else [severity] * 2)
    for finding in found:
        check_sentences(finding)
        assert "sheet" not in finding.sentence["en"]
        assert "acta" not in finding.sentence["es"]


def test_nothing_is_bounded() -> None:
    """Where the election has no bounds, neither rule says anything."""
    assert not [*found_by(BelowFloor, situation(election(), {})), *found_by(AboveCeiling, situation(election(), {}))]


STATIONS = election(13, 100, 500, "AB", quorum=2)
"""1,300 stations in 13 areas."""


@cache
def photographed() -> tuple[list[Event], frozenset[str]]:
    """Two or three people photograph a part of each station's ballots, one of them at times counting double; at every
    seventh station of the last five areas fewer votes are announced for A than two of them saw. And those stations."""
    chance, events, short = Random(29), list[Event](), set[str]()
    for i, table in enumerate(STATIONS.tables):
        a, b = chance.randint(60, 200), chance.randint(60, 200)
        seen = sorted(chance.randint(a // 2, a) for _ in range(3))[: chance.choice([2, 3, 3])]
        liar = chance.randrange(3) == 0
        seen = [*seen[:-1], seen[-1] + 150] if liar and len(seen) == 3 else seen
        if i >= 800 and i % 7 == 0:
            a = sorted(seen)[-2] - chance.randint(1, 20)
            short.add(table)
        for n, votes in enumerate(seen):
            at, reporter = T0 + 1000 * chance.randint(0, 900), f"reader {i % 50}-{n}"
            events.append(report(table, {"A": votes}, id=f"{table}/{n}", reporter=reporter, at=at, bound="at-least"))
        events.append(bulletin((a, b), table, at=T0 + 1000 * chance.randint(600, 1200)))
    return sorted(events, key=lambda event: event.at), frozenset(short)


def expected(short: frozenset[str], area: str) -> int:
    return sum(area in STATIONS.lineage[STATIONS.tables[table].area] for table in short)


def test_a_night_of_photographed_ballots() -> None:
    """Exactly the stations below their floor are called, counted by area, in one alert for each area; the nation's
    mutes those below it. One who counts double moves nothing, and nothing is witnessed."""
    events, short = photographed()
    found = of_events(STATIONS, lines(events))
    assert len(short) == 71
    for area in STATIONS.areas:
        state = found.states[area]
        assert present(state.bounds).below == expected(short, area)
        assert present(state.bounds).checked == STATIONS.areas[area].tables
        assert state.witnessed.tables == state.witnessed.valid == 0
    firing = {alert.finding.area: alert for alert in found.alerts.values()}
    assert len(firing) == len(found.alerts)  # one alert an area
    assert {area: alert.finding.value for area, alert in firing.items()} == {
        area: expected(short, area) for area in STATIONS.areas if expected(short, area)
    }
    assert {alert.finding.rule for alert in firing.values()} == {"below-floor"}
    assert {area: alert.muted_by for area, alert in firing.items() if area != "N"} == dict.fromkeys(
        firing.keys() - {"N"}, "below-floor:N:all"
    )
    for alert in firing.values():
        assert "sheet" not in alert.finding.sentence["en"]
    explainer = explained(STATIONS, events)
    named = [explainer.area(area)["outside"] for area in STATIONS.areas if area != "N"]
    assert sum(one["count"] for one in named) == len(short)
    assert {row["table"] for one in named for row in one["tables"]} == short


def test_every_way_to_run_it() -> None:
    """The core, a replay of events, one of topics, and the stages with partitions agree on every state and notice."""
    events, _ = photographed()
    alone, topology = direct(STATIONS, lines(events)), Topology("x.", 3)
    logs = feed(STATIONS, lines(events), topology, Pace(pack=50, every_tick=True))
    live = Pipeline(STATIONS, feed(STATIONS, lines(events), topology, Pace(pack=50, every_tick=True))).run(lambda n: 0)
    log = terms(of_logs(STATIONS, logs, topology, lambda n: n - 1, lambda channel: 10**6))
    for other in (live, log, terms(of_events(STATIONS, lines(events)))):
        assert other.states == alone.states
        assert other.notices == alone.notices
    explainer = explained(STATIONS, events)
    for area in STATIONS.areas:
        assert to_json(explainer.area(area)["bounds"]) == alone.states[area]["bounds"]


SEEN = [
    ("seen by enough", {"ana": 30, "ben": 40}, 29, "at least A 30", "bounds possible", True),
    ("announced as seen", {"ana": 30, "ben": 40}, 30, "at least A 30", "bounds possible", False),
    ("seen by one", {"ana": 30}, 5, "", "bounds unknown", False),
]


@pytest.mark.parametrize(
    ("seen", "official", "text", "why", "outside"), [s[1:] for s in SEEN], ids=[s[0] for s in SEEN]
)
def test_explain(seen: Mapping[str, int], official: int, text: str, why: str, outside: bool) -> None:
    """A polling table's explanation says what was seen, what is believed of it and why, in both languages."""
    events: list[Event] = [
        report("S1-1", {"A": votes}, id=reporter, reporter=reporter, bound="at-least")
        for reporter, votes in seen.items()
    ]
    explainer = explained(STATIONS, [*events, bulletin((official, 9), "S1-1", at=T0 + 60_000)])
    found = explainer.table("S1-1")
    assert found["bounds"]["why"] == why
    assert [reading["fate"] for reading in found["readings"]] == ["counts"] * len(seen)
    english = [*table_lines(found, "en")]
    assert any("only a bound" in line for line in english)
    assert any(line.endswith(text) for line in english)
    assert len([*table_lines(found, "es")]) == len(english)
    area = explainer.area("S1")
    assert [row["table"] for row in area["outside"]["tables"]] == ["S1-1"] * outside
    assert len([*area_lines(area, "es")]) == len([*area_lines(area, "en")])


def test_explain_what_contradicts() -> None:
    """More seen than ballots counted: neither is believed. A witnessed sheet below what was seen: the sheet counts, and
    the official figure that is like it is not held against what was seen."""
    known = election(quorum=1)
    events: list[Event] = [
        report("S1-1", {"A": 30}, id="seen", bound="at-least"),
        report("S1-1", {}, id="counted", bound="at-most", ballots=20),
        report("S1-2", {"A": 30}, id="seen", bound="at-least"),
        report("S1-2", (20, 5, 5), id="sheet"),
        bulletin((20, 5, 5), "S1-2"),
    ]
    explainer = explained(known, events)
    assert explainer.table("S1-1")["bounds"]["why"] == "bounds impossible"
    assert explainer.table("S1-2")["bounds"]["why"] == "bounds against sheet"
    area = explainer.area("N")
    assert area["bounds"].conflicting == area["bounds"].against_sheets == 1
    assert (area["bounds"].checked, area["outside"]["count"]) == (0, 0)
    said = "\n".join(area_lines(area, "en"))
    assert "1 polling table has bounds that contradict each other" in said
    assert "1 polling table has a witnessed sheet outside its bounds" in said


def test_an_option_that_sheets_are_not_read_for() -> None:
    """What was seen of it counts where nobody has read the sheet; a witnessed sheet, silent of it, contradicts
    nothing."""
    known = election(quorum=1)
    known = replace(known, options=tuple(replace(option, read=option.id != "C") for option in known.options))
    events: list[Event] = [
        *(report(table, {"C": 9}, id="seen", bound="at-least") for table in ("S1-1", "S1-2")),
        report("S1-2", {"A": 20, "B": 5}, id="sheet"),
        *(bulletin((20, 5, 5), table) for table in ("S1-1", "S1-2")),
    ]
    bounds = explained(known, events).area("N")["bounds"]
    assert (bounds.votes, bounds.against_sheets) == ({"A": 0, "B": 0, "C": 9}, 0)
    assert (bounds.below, bounds.missing) == (2, {"A": 0, "B": 0, "C": 8})
