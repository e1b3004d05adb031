"""An area's figures over time, in columns as charts want them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import UnsetType

from streams.board.thinned_history import Point
from streams.core.events.area_states import DatedState
from streams.core.events.sample_states import SampleInterval, SampleRecord


def series(points: Iterable[Point]) -> dict[str, Any]:
    """An area's figures over time, in columns as charts want them: shares in per cent, coverage 0-1, None where
    there is nothing to say."""
    states = [(point.at, DatedState.decode(point.content)) for point in points]
    figures = [state.official.figures if state.official else {} for _, state in states]
    witnessed = [state.witnessed for _, state in states]
    named = sorted({column for seen in witnessed for column in seen.shares}.union(*figures))
    return {
        "at": [at for at, _ in states],
        "coverage": [seen.coverage for seen in witnessed],
        "tables": [seen.tables for seen in witnessed],
        "bulletin": [state.official.bulletin if state.official else None for _, state in states],
        "breakdown": [max((f.breakdown or 0 for f in given.values()), default=None) for given in figures],
        "official": {c: [given[c].share if c in given else None for given in figures] for c in named},
        "witnessed": {c: [seen.shares.get(c) for seen in witnessed] for c in named},
        **_sampled([state.sample for _, state in states]),
    }


def _sampled(samples: Sequence[SampleRecord | UnsetType]) -> dict[str, dict[str, list[float | None]]]:
    """What the random sample shows of each option over time, and the ends of its guaranteed interval."""
    by_time: list[Mapping[str, SampleInterval]] = [sample.shares if sample else {} for sample in samples]
    options = sorted(set[str]().union(*by_time))
    each = {option: [shares.get(option) for shares in by_time] for option in options}
    return {
        "sampled": {o: [None if s is None else s.estimate for s in shares] for o, shares in each.items()},
        "sampled_low": {o: [None if s is None else s.guaranteed[0] for s in shares] for o, shares in each.items()},
        "sampled_high": {o: [None if s is None else s.guaranteed[1] for s in shares] for o, shares in each.items()},
    }
