"""The samples of areas, written once for each state: the text that prometheus_client would write each time."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from streams.worker.metrics.area_metrics import FAMILIES, AreaSamples, Sample
from streams.worker.metrics.catalogue import AREA

TEXT = st.text(st.sampled_from('aé"\\\n{},= #<'), max_size=6)
VALUE = st.none() | st.integers(-1, 10**13) | st.floats(allow_nan=False)
SAMPLES = st.lists(st.tuples(st.sampled_from(sorted(FAMILIES)), TEXT, VALUE), max_size=8)
State = Any
"""Whatever `samples` makes samples of."""
STATES = st.dictionaries(TEXT, SAMPLES, max_size=4)


def labels(name: str, area: str, text: str) -> tuple[str, ...]:
    return (area, text, "state", *(text for _ in FAMILIES[name].labels[len(AREA) :]))


def samples(state: State) -> list[Sample]:
    found = ((name, labels(name, state["area"], text), value) for name, text, value in state["samples"])
    return [(name, text, value) for name, text, value in found if value is not None]


class Plain:
    """What prometheus_client is asked for."""

    def __init__(self, states: dict[str, State]) -> None:
        self._states = states

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families = {name: GaugeMetricFamily(name, m.help, labels=m.labels) for name, m in FAMILIES.items()}
        for state in self._states.values():
            for name, text, value in samples(state):
                families[name].add_metric(text, value)
        yield from families.values()


@given(st.lists(STATES, max_size=4))
def test_text(looks: list[dict[str, list[Any]]]) -> None:
    """Whatever changed between two looks, came or went."""
    areas, states = AreaSamples(samples), dict[str, State]()
    for found in looks:
        told = {area: {"area": area, "samples": samples} for area, samples in found.items()}
        states = {
            area: states[area] if area in states and states[area] == state else state for area, state in told.items()
        }
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Plain(states))
        assert areas.text(states.items()) == generate_latest(registry)


def test_written_once() -> None:
    """A state is written at the first look at it, and not again while it stands."""
    written = []

    def found(state: State) -> list[Sample]:
        written.append(state["area"])
        return []

    areas = AreaSamples(found)
    first, second, again = ({"area": area} for area in "NSS")
    looks: list[list[tuple[str, State]]] = [[("N", first), ("S", second)], [("N", first), ("S", again)], [("N", first)]]
    for states in looks:
        areas.text(states)
    assert written == ["N", "S", "S"]
