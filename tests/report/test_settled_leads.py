"""Remarks on settled leads, told together where they are many."""

import pytest
from builders import T0, election, report
from monitor import Monitor

from streams.core.alerting.alert import Notice
from streams.core.election.settings import AlertPolicy, LeadRule, Rules
from streams.core.replay.alert_history import histories
from streams.report.settled_leads import FEW, told_apart


@pytest.mark.parametrize(
    ("states", "together"), [(FEW, 0), (FEW + 1, FEW + 1)], ids=["few are like other alerts", "many are not"]
)
def test_many_are_told_together(states: int, together: int) -> None:
    """The remarks of the parts, in their order; that of the whole is told like any other alert."""
    rules = Rules(lead=LeadRule(min_sheets=2))
    known = election(states=states, tables=4, rules=rules, alerts=AlertPolicy(tick=1, hold=0))
    monitor, notices = Monitor(known), list[Notice]()
    for i, table in enumerate(known.tables):
        notices += monitor.handle(report(table, (50, 5, 1), at=T0 + 10_000 * i, id=table)).notices
    notices += monitor.finish()
    assert monitor.comparer.clock is not None
    alerts = [*histories(notices, monitor.comparer.alerts, monitor.comparer.clock).values()]
    assert [alert.last.finding.rule for alert in alerts] == ["lead"] * (states + 1)
    one_by_one, settled = told_apart(alerts, known)
    assert [alert.last.finding.area for alert in settled] == [f"S{i + 1}" for i in range(together)]
    assert [alert for alert in alerts if alert not in settled] == one_by_one
