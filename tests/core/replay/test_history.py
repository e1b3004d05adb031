"""What an alert's notices come to, and two configurations side by side."""

from dataclasses import replace

from builders import T0, alike, bulletin, election, lines, report
from replays import of_events

from streams.core.election.settings import AlertPolicy, ContradictionRule, DivergenceRule, Rules, Switches
from streams.core.events.model import Event
from streams.core.replay.alert_history import contrast, histories

SILENT = Switches(lead="off")
"""The night is about the other rules."""
A = election(
    states=2,
    tables=30,
    registered=300,
    rules=Rules(ContradictionRule(min_sheets=5), DivergenceRule(warning=10, critical=20), switch=SILENT),
    alerts=AlertPolicy(tick=10, hold=0, cooldown=600),
)
B = replace(
    A, rules=Rules(ContradictionRule(min_sheets=500), DivergenceRule(warning=2, critical=25), switch=SILENT), id="other"
)
NIGHT = lines(
    [
        *(report(table, (150, 60, 10), at=T0) for table in alike(A, (1, 1, 1))),
        bulletin((100, 9000, 600), at=T0 + 60_000, tables_counted=60),
        bulletin((9000, 3600, 600), at=T0 + 600_000, sequence=2),
        bulletin((8400, 4200, 600), at=T0 + 900_000, sequence=3),
    ]
)


def test_histories() -> None:
    """An alert's spans, its gravest severity and whether anybody heard of it."""
    outcome = of_events(A, NIGHT)
    found = histories(outcome.notices, outcome.alerts, outcome.at)
    known = found["divergence:N:A"]
    assert [((a - T0) // 1000, b and (b - T0) // 1000) for a, b in known.spans] == [(70, 610)]
    assert (known.worst.severity, known.heard, known.notices) == ("critical", True, 2)
    assert list(found) == [notice.fingerprint for notice in outcome.notices if notice.reason.endswith("long enough")]


def test_first_worst_and_now() -> None:
    """An alert's first call, its worst tick and how it stands are each of one tick: severity, figure and sentence. The
    worst counts though nobody was told of it, the cooldown not being over."""
    tables = list(alike(A, (1, 1, 1)))
    came: list[Event] = [report(table, (150, 60, 10), at=T0) for table in tables[:40]]
    came.append(bulletin((100, 9000, 600), at=T0 + 60_000, tables_counted=60))
    came += [report(table, (150, 60, 10), at=T0 + 120_000) for table in tables[40:]]
    came += [report(table, (0, 0, 0), at=T0 + 200_000, id=f"{table}x", retracted=True) for table in tables[50:]]
    outcome = of_events(A, lines(came))
    known = histories(outcome.notices, outcome.alerts, outcome.at)["contradiction:N:A"]
    assert [(m.at - T0) // 1000 for m in (known.first, known.worst, known.last)] == [70, 130, (outcome.at - T0) // 1000]
    assert known.first.finding.value < known.last.finding.value < known.worst.finding.value
    for moment, sheets in ((known.first, 40), (known.worst, 60), (known.last, 50)):
        assert moment.finding.inputs["tables"] == sheets
        assert f"The {sheets} tally sheets witnessed" in moment.finding.sentence["en"]
        assert f"at least {moment.finding.value} of the {sheets} sheets" in moment.finding.sentence["en"]
    assert known.shown is known.last
    state = outcome.states["N"]
    told = {alert.fingerprint: alert for alert in state.alerts}[known.fingerprint]
    assert (told.value, told.sentence) == (known.last.finding.value, dict(known.last.finding.sentence))
    assert state.witnessed.tables == 50


def test_contrast() -> None:
    """What only one configuration calls, what both call at other times or otherwise, what they agree on."""
    a, b = of_events(A, NIGHT), of_events(B, NIGHT)
    found = contrast(a, b)
    assert {known.fingerprint for known in found.only_a} == {f"contradiction:N:{option}" for option in "ABC"}
    assert not found.only_b
    assert {one.fingerprint for one, _ in found.differing} == {"divergence:N:A", "divergence:N:B"}
    back = contrast(b, a)
    assert ([k.fingerprint for k in back.only_b], back.only_a) == ([k.fingerprint for k in found.only_a], [])
    assert not contrast(a, a).differing
    assert found.plain()["both"][0]["a"]["spans"] != found.plain()["both"][0]["b"]["spans"]
