"""The samples of areas in the exposition. An area's samples are written as text when its state has changed, and kept
until then.

prometheus_client writes every sample for each scrape, and meanwhile nothing else runs. The text before a value never
changes, so it is kept too. For 26 areas this takes 1.4 ms instead of 6.7 if all have changed, and 0.1 if none has.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.utils import floatToGoString

from streams.core.events.area_states import DatedState
from streams.worker.metrics.catalogue import AREA, METRICS

FAMILIES: Final = {
    m.name: m
    for m in METRICS
    if m.labels[: len(AREA)] == AREA and m.name not in ("cotejo_alert_firing", "cotejo_bulletin_age_seconds")
}
"""Metrics that follow from an area's state alone."""

Sample = tuple[str, tuple[str, ...], float]
"""Name of the metric, values of its labels, value of the sample."""


class AreaSamples:
    """The exposition of areas. `samples` gives the samples of one state, in any of the metric families."""

    def __init__(self, samples: Callable[[DatedState], Iterable[Sample]]) -> None:
        self._samples = samples
        self._known: dict[str, tuple[DatedState, Mapping[str, str]]] = {}
        """For each area, its state and its lines by metric family."""
        self._heads: dict[tuple[str, tuple[str, ...]], str] = {}
        """The text before a sample's value, by name and labels."""

    def text(self, states: Iterable[tuple[str, DatedState]]) -> bytes:
        """The exposition of these areas' states, by area id."""
        self._known = cached = {area: self._lines(area, state) for area, state in states}
        return "".join(self._parts(lines for _, lines in cached.values())).encode()

    def _lines(self, area: str, state: DatedState) -> tuple[DatedState, Mapping[str, str]]:
        cached = self._known.get(area)
        if cached is not None and cached[0] is state:
            return cached
        by_name: dict[str, list[str]] = defaultdict(list)
        for name, labels, value in self._samples(state):
            head = self._heads.get((name, labels)) or self._head(name, labels)
            by_name[name].append(f"{head}{_text(value)}\n")
        return state, {name: "".join(lines) for name, lines in by_name.items()}

    def _head(self, name: str, labels: tuple[str, ...]) -> str:
        family = GaugeMetricFamily(name, "", labels=FAMILIES[name].labels)
        family.add_metric(labels, 0)
        line = generate_latest(_One(family)).decode().split("\n")[-2]
        head = self._heads[name, labels] = line.removesuffix(_text(0))
        return head

    @staticmethod
    def _parts(areas: Iterable[Mapping[str, str]]) -> Iterator[str]:
        held = list(areas)
        for name, metric in FAMILIES.items():
            yield f"# HELP {name} {metric.help}\n# TYPE {name} {metric.kind}\n"
            yield from (lines.get(name, "") for lines in held)


_text: Final[Callable[[float], str]] = floatToGoString


class _One:
    def __init__(self, family: GaugeMetricFamily) -> None:
        self._family = family

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Prometheus' collector protocol."""
        return (self._family,)
