"""The three counts side by side, as a table for a terminal: announced, witnessed, sampled."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import UNSET
from rich.table import Table

from streams.core.election.model import Election
from streams.core.events.area_states import AreaState, Official, Witnessed
from streams.core.events.sample_states import SampleInterval, SampleRecord
from streams.text import number, shown

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "came": {
        "en": "{came} of the {drawn} sampled polling tables have an accepted sheet.",
        "es": "{came} de las {drawn} mesas de la muestra tienen un acta aceptada.",
    },
    "clusters": {
        "en": "They were drawn in {clusters} clusters, areas with all their polling tables.",
        "es": "Se sortearon en {clusters} conglomerados, áreas con todas sus mesas.",
    },
    "missing": {"en": "Missing: {places}", "es": "Faltan: {places}"},
    "option": {"en": "option", "es": "opción"},
    "announced": {"en": "announced", "es": "anunciado"},
    "witnessed": {"en": "witnessed", "es": "atestiguado"},
    "sampled": {"en": "sampled", "es": "muestra"},
    "usual": {"en": "usual 95 %", "es": "usual 95 %"},
    "guaranteed": {"en": "guaranteed 95 %", "es": "garantizado 95 %"},
    "outer": {"en": "whatever is missing", "es": "falte lo que falte"},
    "figure": {
        "en": "{name}: announced {announced}, witnessed {witnessed}, sampled {estimate}, "
        "guaranteed 95 % {guaranteed}, whatever is missing {outer}",
        "es": "{name}: anunciado {announced}, atestiguado {witnessed}, muestra {estimate}, "
        "garantizado 95 % {guaranteed}, falte lo que falte {outer}",
    },
    "lead": {"en": "{first} ahead of {second}", "es": "{first} sobre {second}"},
}
COLUMNS: Final = ("option", "announced", "witnessed", "sampled", "usual", "guaranteed", "outer")
PLACES: Final = 10
"""Strata that are named where sheets are missing."""


def heads(language: str) -> list[str]:
    """The columns' titles."""
    return [_WORDS[name][language] for name in COLUMNS]


def lines(sample: SampleRecord, labels: Mapping[str, str], language: str) -> Iterator[str]:
    """How many of the sample have come, whether in clusters, and where they are missing. Areas without a label go by
    their ids."""
    came, drawn = number(sample.came, language), number(sample.drawn, language)
    yield _WORDS["came"][language].format(came=came, drawn=drawn)
    if clusters := sample.clusters:
        yield _WORDS["clusters"][language].format(clusters=number(clusters, language))
    if missing := sorted(sample.missing.items(), key=lambda item: (-item[1], item[0])):
        places = [f"{labels.get(area, area)} {number(count, language)}" for area, count in missing[:PLACES]]
        more = ["…"] if len(missing) > PLACES else []
        yield _WORDS["missing"][language].format(places=", ".join([*places, *more]))


def figures(official: Official | None, witnessed: Witnessed, sample: SampleRecord, language: str) -> Iterator[str]:
    """The three counts of an area: a line for each share, and one for the lead; options are called by their ids."""
    ids = {option: option for option in sample.shares}
    rows = _rows(ids, official, witnessed, sample, language)
    for name, announced, seen, estimate, _, guaranteed, outer in rows:
        counts = {"announced": announced, "witnessed": seen, "estimate": estimate}
        yield _WORDS["figure"][language].format(name=name, **counts, guaranteed=guaranteed, outer=outer)


def table(election: Election, state: AreaState, language: str) -> Table:
    """The three counts of an area whose state has a sample."""
    table = Table(*heads(language), box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for row in rows(election, state, language):
        table.add_row(*map(shown, row))
    return table


def rows(election: Election, state: AreaState, language: str) -> Iterator[Sequence[str]]:
    """A row for each share, and one for the lead, beside the announced and witnessed shares. The state has a sample."""
    assert state.sample is not UNSET
    names = {option.id: option.name for option in election.options}
    return _rows(names, state.official, state.witnessed, state.sample, language)


def _rows(
    names: Mapping[str, str], official: Official | None, witnessed: Witnessed, sample: SampleRecord, language: str
) -> Iterator[Sequence[str]]:
    announced = {name: figure.share for name, figure in (official.figures if official else {}).items()}
    sides = announced, witnessed.shares
    for option, one in sample.shares.items():
        yield _row(names[option], [shares.get(option) for shares in sides], one, language)
    if lead := sample.lead:
        first, second = lead.option, lead.over
        name = _WORDS["lead"][language].format(first=names[first], second=names[second])
        yield _row(name, [_less(shares.get(first), shares.get(second)) for shares in sides], lead, language)


def _row(name: str, sides: Sequence[float | None], one: SampleInterval, language: str) -> Sequence[str]:
    figures = [_figure(value, language) for value in (*sides, one.estimate)]
    return [name, *figures, *(_ends(ends, language) for ends in (one.usual, one.guaranteed, one.outer))]


def _less(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second


def _figure(value: float | None, language: str) -> str:
    return "–" if value is None else number(value, language, 1)


def _ends(interval: Sequence[float], language: str) -> str:
    return f"{number(interval[0], language, 1)} – {number(interval[1], language, 1)}"
