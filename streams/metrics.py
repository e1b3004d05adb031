"""What Prometheus may ask: the newest state of each area, alerts, counts of what came and went.

Computed when asked, from what the stages hold; nothing is counted twice for it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from streams.agents import Stages
from streams.election import Election

LEVELS: Final = 2
"""Levels of areas from the root down that are exported: below, a night has too many series."""

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Exporter:
    """All metrics of one worker. Ask it in the event loop's own thread: it reads what the stages write."""

    def __init__(self, election: Election, stages: Stages) -> None:
        self._election, self._stages = election, stages
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def text(self) -> bytes:
        """The exposition, of content type `CONTENT_TYPE`."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Prometheus' collector protocol."""
        yield from self._areas()
        yield from self._alerts()
        yield from self._counts()

    def _areas(self) -> Iterable[Metric]:
        label, figure = ["area", "name", "level"], ["area", "name", "level", "option"]
        gauges = {
            "tables": ("witnessed_tables", "Polling tables with an accepted sheet", label),
            "coverage": ("coverage_ratio", "Witnessed tables over the tables that exist, 0 to 1", label),
            "valid": ("witnessed_valid_votes", "Valid votes on the accepted sheets", label),
            "null": ("witnessed_null_votes", "Null votes on the accepted sheets", label),
            "votes": ("witnessed_votes", "Votes on the accepted sheets", figure),
            "official": ("official_votes", "Votes the current bulletin announces", figure),
            "share": ("official_share_percent", "The bulletin's votes over its valid votes", figure),
            "witnessed_share": ("witnessed_share_percent", "Post-stratified share of the witnessed votes", figure),
            "floor": ("floor_votes", "The least votes that the witnessed sheets allow", figure),
            "ceiling": ("ceiling_votes", "The most votes that the witnessed sheets allow", figure),
            "breakdown": ("breakdown_sheets", "Witnessed sheets that must be wrong for both to be true", figure),
        }
        families = {k: GaugeMetricFamily(f"cotejo_{n}", text, labels=ls) for k, (n, text, ls) in gauges.items()}
        levels = GaugeMetricFamily("cotejo_sheets", "Tally sheets by level of evidence", labels=[*label, "evidence"])

        def add(name: str, labels: list[str], value: float | None) -> None:
            if value is not None:
                families[name].add_metric(labels, value)

        for area, state in self._stages.compare.states.items():
            if len(self._election.lineage[area]) > LEVELS:
                continue
            labels, witnessed = [area, state["name"], state["level"]], state["witnessed"]
            for name in ("tables", "coverage", "valid", "null"):
                add(name, labels, witnessed[name])
            for option, votes in witnessed["votes"].items():
                add("votes", [*labels, option], votes)
            for evidence, sheets in witnessed["levels"].items():
                levels.add_metric([*labels, evidence], sheets)
            for option, known in ((state["official"] or {}).get("figures") or {}).items():
                add("official", [*labels, option], known["votes"])
                for name in ("share", "witnessed_share", "floor", "ceiling", "breakdown"):
                    add(name, [*labels, option], known[name])
        return [*families.values(), levels]

    def _alerts(self) -> Iterable[Metric]:
        alerts = GaugeMetricFamily("cotejo_alerts", "Alerts by state", labels=["rule", "severity", "status"])
        known = self._stages.compare.comparer.alerts.values()
        for (rule, severity, status), count in Counter((a.finding.rule, a.severity, a.status) for a in known).items():
            alerts.add_metric([rule, severity, status], count)
        deliveries = CounterMetricFamily(
            "cotejo_deliveries", "Webhook attempts by outcome", labels=["receiver", "outcome"]
        )
        for (receiver, outcome), count in self._stages.notify.counts.items():
            deliveries.add_metric([receiver, outcome], count)
        due = GaugeMetricFamily("cotejo_receiver_due", "Webhooks that are due and not delivered", labels=["receiver"])
        failing = GaugeMetricFamily(
            "cotejo_receiver_failing", "1 while the last attempt at a receiver has failed", labels=["receiver"]
        )
        disabled = GaugeMetricFamily(
            "cotejo_receiver_disabled", "1 once a receiver has said that it wants no more (410)", labels=["receiver"]
        )
        for receiver, courier in self._stages.notify.couriers.items():
            due.add_metric([receiver], courier.due)
            failing.add_metric([receiver], bool(courier.state.failing_since))
            disabled.add_metric([receiver], bool(courier.state.gone))
        pending = self._stages.notify.pending
        return [
            *(alerts, deliveries, due, failing, disabled),
            _gauge("deliveries_pending", "Webhooks that are due and not delivered, of all receivers", pending),
        ]

    def _counts(self) -> Iterable[Metric]:
        reconcile, compare = self._stages.reconcile, self._stages.compare
        events = CounterMetricFamily("cotejo_events", "Events read", labels=["kind"])
        for kind, count in (
            ("tally-report", reconcile.counts["reports"]),
            ("bulletin", compare.counts["bulletins"] + reconcile.counts["bulletins"]),
            ("stray", reconcile.counts["strays"]),
            ("notice", compare.counts["notices"]),
        ):
            events.add_metric([kind], count)
        turned_away = CounterMetricFamily("cotejo_rejected", "Events turned away", labels=["topic", "code"])
        for topic, counts in (("tally-reports", reconcile.counts), ("bulletins", compare.counts)):
            for name, count in counts.items():
                if name.startswith("rejected "):
                    turned_away.add_metric([topic, name.removeprefix("rejected ")], count)
        flush = GaugeMetricFamily("cotejo_flush_seconds", "Seconds the last flush took", labels=["stage"])
        for stage, outbox in (("reconcile", reconcile.outbox), ("compare", compare.outbox)):
            flush.add_metric([stage], outbox.took)
        return [
            events,
            turned_away,
            flush,
            _gauge("clock_seconds", "Event time up to which all is judged and sent", compare.outbox.confirmed / 1000),
            _gauge("owned_partitions", "Partitions of tally-reports this worker has", len(reconcile.reconcilers)),
        ]


def _gauge(name: str, text: str, value: Any) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"cotejo_{name}", text, value=value)
