"""Remarks that nothing can change any more who leads in an area: where there are many, they are told together."""

from collections.abc import Sequence
from typing import Final

from streams.core.election.model import Election
from streams.core.replay.alert_history import History

FEW: Final = 3
"""So many are told one by one, like other alerts."""


def told_apart(alerts: Sequence[History], election: Election) -> tuple[list[History], list[History]]:
    """Alerts to be told one by one, and those to be told together: the remarks of areas below the whole on a lead that
    is still settled. Both in the order given; nothing is told together where that would be few."""
    root = election.root.id
    settled = [alert for alert in alerts if _is_settled_lead(alert) and alert.last.finding.area != root]
    if len(settled) <= FEW:
        return list(alerts), []
    together = {alert.fingerprint for alert in settled}
    return [alert for alert in alerts if alert.fingerprint not in together], settled


def _is_settled_lead(alert: History) -> bool:
    return alert.last.finding.rule == "lead" and alert.ended is None
