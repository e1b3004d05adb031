"""The metrics of a worker: the newest state of each area, alerts, and counters.

They are computed at each scrape from what the stages hold anyway. A worker that does not own the comparison has no
areas, so it shows none.
"""

import platform
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from importlib.metadata import version
from time import time
from typing import Any, Final, get_args

from msgspec import UNSET
from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from streams import __version__
from streams.core.aggregation.open_sheets import KINDS, UNANNOUNCED
from streams.core.alerting.alert import Status
from streams.core.election.model import Election, Severity
from streams.core.events.area_states import DatedState, Official, OpenGroup
from streams.core.events.sample_states import SampleRecord
from streams.core.reconciliation.consensus import Level
from streams.kafka.topology import Topology
from streams.worker.app import Stages
from streams.worker.faust_patches import App
from streams.worker.metrics.area_metrics import FAMILIES, AreaSamples, Sample
from streams.worker.metrics.catalogue import METRICS

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Family = GaugeMetricFamily | CounterMetricFamily

_POINTS: Final = {
    "divergence": ("unseen", "warning", "critical"),
    "mismatch": ("shift",),
}
"""Limits of each rule that are percentage points. They are exported as ratios."""
_RATIOS: Final = {
    "contradiction": ("min_ratio",),
    "mismatch": ("ratio",),
    "bounds": ("ratio",),
    "health": ("flood_ratio", "disputed_ratio"),
}
_TIMES: Final = {"health": ("bulletin_every", "reports_every")}


def _limits(election: Election) -> Iterator[tuple[str, tuple[str, str], float]]:
    """The limits of the election file: metric, labels, value."""
    rules = asdict(election.rules)
    for limits, name, divisor in (
        (_POINTS, "threshold_ratio", 100),
        (_RATIOS, "threshold_ratio", 1),
        (_TIMES, "threshold_seconds", 1),
    ):
        for rule, keys in limits.items():
            for key in keys:
                yield name, (rule, key), rules[rule][key] / divisor


class Exporter:
    """All metrics of one worker. Scrape it in the event loop's own thread: it reads what the stages write."""

    def __init__(self, app: App, election: Election, topology: Topology, stages: Stages) -> None:
        self._app, self._election, self._topology, self._stages = app, election, topology, stages
        disable_created_metrics()  # type: ignore[no-untyped-call]  # else each histogram has a series more that nobody asks for
        self._areas, self._limits = AreaSamples(self._area), [*_limits(election)]
        self._versions = __version__, platform.python_version(), version("faust-streaming")
        self._registry = CollectorRegistry(auto_describe=False)
        for collector in (self, stages.times):
            self._registry.register(collector)
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def text(self) -> bytes:
        """The exposition, of content type `CONTENT_TYPE`."""
        return generate_latest(self._registry) + self._areas.text(self._shown())

    def _shown(self) -> Iterator[tuple[str, DatedState]]:
        """The areas whose metrics this worker shows, with their states."""
        if self._owns():
            states = self._stages.compare.states
            yield from ((area, states[area]) for area in self._election.metric_areas if area in states)

    def _owns(self) -> bool:
        return self._app.is_settled and self._stages.compare.owned

    def collect(self) -> Iterable[Family]:
        """Prometheus' collector protocol: every metric except those that follow from the states of areas."""
        gathered = _Samples()
        self._worker(gathered)
        if self._owns():
            self._whole(gathered)
            at = self._stages.compare.at
            for area, state in self._shown():
                if state.official is not None and at is not None:
                    age = max(0, at - state.official.at) / 1000
                    gathered.add("bulletin_age_seconds", (area, self._election.labels[area], state.level), age)
            self._firing(gathered)
        return _families(gathered)

    def _area(self, state: DatedState) -> Iterable[Sample]:
        gathered = _Samples()
        area = (state.area, self._election.labels[state.area], state.level)
        witnessed, announced = state.witnessed, state.tables_announced
        gathered.add("area_tables", area, state.tables)
        gathered.add("witnessed_tables", area, witnessed.tables)
        gathered.add("coverage_ratio", area, witnessed.coverage)
        gathered.add("witnessed_valid_votes", area, witnessed.valid)
        gathered.add("witnessed_null_votes", area, witnessed.null)
        for verdict in Level:
            gathered.add("sheets", (*area, verdict.value), witnessed.levels.get(verdict.value, 0))
        for option, votes in witnessed.votes.items():
            gathered.add("witnessed_votes", (*area, *self._option(option)), votes)
        if announced is not None:
            gathered.add("compared_tables", area, announced.compared)
            gathered.add("differing_tables", area, announced.differing)
        if (lead := state.lead) is not None:
            gathered.add("lead_votes", area, lead.votes)
            for kind in (*KINDS, "together"):
                self._open(gathered, (*area, kind), getattr(lead, kind))
        if announced is not None and (official_lead := announced.lead) is not None:
            gathered.add("official_lead_votes", area, official_lead.votes)
            self._open(gathered, (*area, UNANNOUNCED), official_lead.unannounced)
        if (bounds := state.bounds) is not None:
            gathered.add("bounded_tables", area, bounds.tables)
            gathered.add("below_floor_tables", area, bounds.below)
            gathered.add("above_ceiling_tables", area, bounds.above)
        if state.sample is not UNSET:
            self._sample(gathered, area, state.sample)
        if state.official is not None:
            self._official(gathered, area, state.official)
        return gathered

    def _sample(self, gathered: "_Samples", area: tuple[str, ...], sample: SampleRecord) -> None:
        gathered.add("sample_tables", area, sample.drawn)
        gathered.add("sample_clusters", area, sample.clusters)
        gathered.add("sample_witnessed_tables", area, sample.came)
        for stratum, missing in sample.missing.items():
            place = (*area, stratum, self._election.labels[stratum])
            gathered.add("sample_missing_tables", place, missing)
        for option, share in sample.shares.items():
            figure = (*area, *self._option(option))
            gathered.points("sample_share_ratio", figure, share.estimate)
            for interval in ("usual", "guaranteed", "outer"):
                for end, value in zip(("low", "high"), getattr(share, interval), strict=True):
                    gathered.points(f"sample_{end}_ratio", (*figure, interval), value)
        if (lead := sample.lead) is not None:
            low, high = lead.guaranteed
            for end, value in (("estimate", lead.estimate), ("low", low), ("high", high)):
                gathered.points("sample_lead_ratio", (*area, *self._option(lead.option), end), value)

    @staticmethod
    def _open(gathered: "_Samples", kind: tuple[str, ...], group: OpenGroup) -> None:
        """Add the figures of one kind of sheets that do not count yet."""
        gathered.add("open_sheets", kind, group.sheets)
        gathered.add("open_votes", kind, group.votes)
        gathered.add("lead_change_sheets", kind, group.enough)

    def _official(self, gathered: "_Samples", area: tuple[str, ...], official: Official) -> None:
        gathered.add("official_valid_votes", area, official.valid)
        gathered.add("tolerated_sheets", area, official.tolerated)
        for option, given in official.figures.items():
            figure = (*area, *self._option(option))
            share, witnessed = given.share, given.witnessed_share
            gathered.add("official_votes", figure, given.votes)
            gathered.points("official_share_ratio", figure, share)
            gathered.points("witnessed_share_ratio", figure, witnessed)
            apart = None if share is None or witnessed is None else share - witnessed
            gathered.points("divergence_ratio", figure, apart)
            gathered.points("divergence_gap_ratio", figure, given.gap)
            gathered.points("required_deviation_ratio", figure, given.required)
            gathered.add("floor_votes", figure, given.floor)
            gathered.add("ceiling_votes", figure, given.ceiling)
            gathered.add("breakdown_sheets", figure, given.breakdown)

    def _option(self, column: str) -> tuple[str, str]:
        """Id and name of the option or group that a finding is about; both empty if it is about none."""
        at = self._election.column_index.get(column)
        return ("", "") if at is None else (column, self._election.columns[at].name)

    def _firing(self, gathered: "_Samples") -> None:
        shown = set()
        for alert in self._stages.compare.comparer.alerts.values():
            place, finding = self._election.areas[alert.finding.area], alert.finding
            deep = len(self._election.lineage[place.id]) > self._election.metrics.levels
            if alert.status == "firing" and not deep:
                area, option = (place.id, self._election.labels[place.id], place.level), self._option(finding.column)
                shown.add((*area, *option, finding.rule, alert.severity, "no" if alert.muted_by is None else "yes"))
        for labels in sorted(shown):
            gathered.add("alert_firing", labels, 1)

    def _whole(self, gathered: "_Samples") -> None:
        compare, election = self._stages.compare, self._election
        alerts = Counter((alert.severity, alert.status) for alert in compare.comparer.alerts.values())
        for severity in get_args(Severity):
            for status in get_args(Status):
                gathered.add("alerts", (severity, status), alerts[severity, status])
        for name, labels, value in self._limits:
            gathered.add(name, labels, value)
        gathered.add("election_info", (election.id, election.name, election.notice, election.root.id), 1)
        confirmed = compare.outbox.confirmed
        gathered.add("clock_seconds", (), (confirmed or 0) / 1000)
        gathered.add("states_waiting", (), compare.untold)
        if confirmed is not None:
            clock = "wall" if self._stages.wall_clock else "feed"
            gathered.add("event_time_lag_seconds", (clock,), time() - confirmed / 1000)

    def _worker(self, gathered: "_Samples") -> None:
        reconcile, compare, notify = self._stages.reconcile, self._stages.compare, self._stages.notify
        settled = self._app.is_settled
        gathered.add("owns_comparison", (), int(settled and compare.owned))
        gathered.add("worker_clock_seconds", (), time())
        gathered.add("clock_set_back_total", (), compare.counts["clock set back"])
        gathered.add("ticks_ahead_total", (), compare.counts["ticks ahead"])
        gathered.add("partitions", (), self._stages.watch.partitions)
        gathered.add("owned_partitions", (), len(reconcile.reconcilers) if settled else 0)
        turned_away = {
            (topic, name.removeprefix("rejected ")): count
            for topic, counts in (("tally-reports", reconcile.counts), ("bulletins", compare.counts))
            for name, count in counts.items()
            if name.startswith("rejected ")
        }
        for kind, count in (
            ("tally-report", reconcile.counts["reports"]),
            ("bulletin", compare.counts["bulletins"] + reconcile.counts["bulletins"]),
            ("stray", reconcile.counts["strays"]),
            ("notice", compare.counts["notices"]),
            ("rejected", sum(turned_away.values())),
        ):
            gathered.add("events_total", (kind,), count)
        for place, count in turned_away.items():
            gathered.add("rejected_total", place, count)
        for topic, count in self._stages.aside.counts.items():
            gathered.add("unreadable_total", (topic,), count)
        for (topic, partition), count in self._stages.watch.lost.items():
            gathered.add("lost_messages_total", (topic, str(partition)), count)
        for source, behind in self._app.lag().items():
            topic = source.topic.removeprefix(self._topology.prefix)
            gathered.add("consumer_lag_messages", (topic, str(source.partition)), behind)
        for outcome, count in notify.counts.items():
            gathered.add("deliveries_total", outcome, count)
        gathered.add("deliveries_pending", (), notify.pending)
        for receiver, courier in notify.couriers.items():
            gathered.add("receiver_due", (receiver,), courier.due)
            gathered.add("receiver_failing", (receiver,), int(bool(courier.state.failing_since)))
            gathered.add("receiver_disabled", (receiver,), int(bool(courier.state.gone)))
        gathered.add("build_info", self._versions, 1)


class _Samples(list[Sample]):
    """Samples of any metrics."""

    def add(self, name: str, labels: tuple[str, ...], value: float | None) -> None:
        """Add a sample. A value of None, for a figure that is not known, adds nothing."""
        if value is not None:
            self.append((f"cotejo_{name}", labels, value))

    def points(self, name: str, labels: tuple[str, ...], value: float | None) -> None:
        """Add a sample given in percentage points, as a ratio."""
        self.add(name, labels, None if value is None else round(value / 100, 8))


def _families(samples: Iterable[Sample]) -> Iterable[Family]:
    """The metric families other than those of areas, with these samples in them."""
    kinds: dict[str, Any] = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily}
    families: dict[str, Family] = {
        m.name: kinds[m.kind](m.name, m.help, labels=m.labels)
        for m in METRICS
        if m.kind in kinds and m.name not in FAMILIES
    }
    for name, labels, value in samples:
        families[name].add_metric(labels, value)
    return families.values()
