"""All alerts of an election: which of them may have something to say, and which speaks for which."""

from collections.abc import Callable, Collection, Iterable, Mapping

from streams.core.alerting import alert_life
from streams.core.alerting.alert import Alert, Notice
from streams.core.alerting.alert_life import Decision
from streams.core.comparison.findings import Finding
from streams.core.election.model import Election

StepWatcher = Callable[[int, Alert | None, Decision], None]
"""Is shown each step of an alert that changes it: event time (Unix ms), what it was, and what was decided."""


class AlertBook:
    """Alerts by fingerprint. Times are event time in Unix ms."""

    def __init__(self, election: Election) -> None:
        self._lineage, self._policy = election.lineage, election.alerts
        self._alerts: dict[str, Alert] = {}
        self._deadlines: dict[str, int] = {}
        """Of those that may change without any news."""
        self._unheard: set[str] = set()
        """Those that fire without anybody having heard of them."""
        self._watchers: list[StepWatcher] = []

    def watch(self, watcher: StepWatcher) -> None:
        """Show each further step to a watcher."""
        self._watchers.append(watcher)

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """Every alert that ever fired or waits to."""
        return self._alerts

    @property
    def deadlines(self) -> Collection[int]:
        """When alerts may change without any news."""
        return self._deadlines.values()

    def is_firing(self, fingerprint: str) -> bool:
        """Whether it calls people now."""
        alert = self._alerts.get(fingerprint)
        return alert is not None and alert.status == "firing"

    def is_due(self, fingerprint: str) -> bool:
        """Whether it may change without any news."""
        return fingerprint in self._deadlines

    def may_update(self, fingerprint: str, to: int) -> bool:
        """Whether it calls people, and the pause after its last notice is over at event time `to` (Unix ms)."""
        alert = self._alerts.get(fingerprint)
        if alert is None or alert.told is None or alert.status != "firing":
            return False
        return alert.told.at + round(self._policy.cooldown * 1000) <= to

    def firing(self, fingerprints: Iterable[str]) -> list[Alert]:
        """Those of these alerts that call people now, in their order."""
        return [self._alerts[fingerprint] for fingerprint in fingerprints if self.is_firing(fingerprint)]

    def due(self, at: int, areas: Collection[str]) -> dict[str, str]:
        """The alerts that must be looked at: those of these areas, and those whose deadline has come; their areas."""
        due = {f: self._alerts[f].finding.area for f, deadline in self._deadlines.items() if deadline <= at}
        if areas:
            due.update((f, alert.finding.area) for f, alert in self._alerts.items() if alert.finding.area in areas)
        return due

    def unmuted(self) -> dict[str, str]:
        """Alerts that nobody heard of because one above spoke for them, which has just gone; their areas."""
        unheard = ((f, self._alerts[f]) for f in self._unheard)
        return {f: alert.finding.area for f, alert in unheard if not self.is_firing(alert.muted_by or "")}

    def step(
        self, fingerprint: str, finding: Finding | None, at: int, bulletin: str | None
    ) -> tuple[Notice | None, bool]:
        """Decide what becomes of an alert, given what its rule finds now: what to tell, and whether anything is new.
        `bulletin` is the id of its area's current one."""
        alert = self._alerts.get(fingerprint)
        about = finding if finding is not None or alert is None else alert.finding
        decision = alert_life.step(alert, finding, at, bulletin, self._policy, self._muting(about))
        if decision.alert != alert:
            for watcher in self._watchers:
                watcher(at, alert, decision)
        if decision.alert is None:
            self._alerts.pop(fingerprint, None)
            self._deadlines.pop(fingerprint, None)
            self._unheard.discard(fingerprint)
            return decision.notice, False
        changed = decision.alert != alert
        if changed:
            self.keep(decision.alert)
        return decision.notice, changed

    def keep(self, alert: Alert) -> None:
        """Remember an alert, and when it may have something to say."""
        self._alerts[alert.fingerprint] = alert
        deadline = alert_life.deadline(alert, self._policy)
        if deadline is None:
            self._deadlines.pop(alert.fingerprint, None)
        else:
            self._deadlines[alert.fingerprint] = deadline
        if alert.status == "firing" and not alert.heard:
            self._unheard.add(alert.fingerprint)
        else:
            self._unheard.discard(alert.fingerprint)

    def _muting(self, finding: Finding | None) -> str | None:
        """The nearest firing alert further up of the same rule and column."""
        if finding is not None:
            for parent in reversed(self._lineage[finding.area][:-1]):
                above = finding.fingerprint_in(parent)
                if self.is_firing(above):
                    return above
        return None
