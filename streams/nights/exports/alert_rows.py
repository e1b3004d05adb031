"""Rows of the lives of alerts: each tick at which something about one changed."""

from typing import Final

from streams.core.alerting.alert import Alert
from streams.core.alerting.alert_life import Decision
from streams.nights.exports.row_files import Scratch

STEPS: Final = "alert_steps"


class AlertSteps:
    """Takes down what alerts go through while a night goes by (`alert_store.StepWatcher`)."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch, self._number = scratch, 0

    def __call__(self, at: int, before: Alert | None, decision: Decision) -> None:
        """Take down a step at event time `at` (Unix ms)."""
        alert = decision.alert or before
        if alert is None:
            return
        self._number += 1
        self._scratch.add(
            STEPS,
            {
                "number": self._number,
                "fingerprint": alert.fingerprint,
                "at": at,
                "episode": alert.episode,
                "status": "dropped" if decision.alert is None else alert.status,
                "reason": decision.reason.value,
                "told": decision.notice is not None,
                "rule": alert.finding.rule,
                "area_id": alert.finding.area,
                "figure_id": alert.finding.column,
                "severity": alert.severity,
                "value": alert.finding.value,
                "unit": alert.finding.unit,
                "bulletin_id": alert.finding.bulletin,
            },
        )
