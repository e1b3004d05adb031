"""What the boards are made of: texts in two languages, queries with a reason where they may be empty, panels.

`grafana_json` turns a board into the JSON that Grafana reads.

Colours are Okabe and Ito's, which people with any kind of colour blindness can tell apart; lines differ in their dashes
too, and no colour says anything that words don't.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NamedTuple

LANGUAGES: Final = ("en", "es")
ALL: Final = 'job=~"$job", instance=~"$instance"'
"""The series of the chosen workers: what every selector begins with."""

BLUE, ORANGE, GREEN, RED, PURPLE = "#56B4E9", "#E69F00", "#009E73", "#D55E00", "#CC79A7"
GREY: Final = "#999999"
RANKS: Final[tuple[tuple[str, list[float]], ...]] = ((BLUE, []), (ORANGE, [12, 4]), (GREEN, [3, 3]))
"""Colour and dashes of the leading options, the first first."""
SEVERITIES: Final = {"critical": RED, "warning": ORANGE, "info": BLUE}


class Words(NamedTuple):
    """One text in both languages."""

    en: str
    es: str

    def in_(self, language: str) -> str:
        return self.en if language == "en" else self.es


def same(text: str) -> Words:
    """A text that needs no translation."""
    return Words(text, text)


NAMELESS: Final = same("")


@dataclass(frozen=True)
class Query:
    """One query. `empty` says why it may rightly find nothing on a healthy night; then a test in
    dashboards/prometheus/tests shows when it finds something. `colour` and `dashes` are a line's; in a stat, a figure
    that is `bad` above 0 is grey at 0 and has its colour from 1 on."""

    expr: str
    legend: Words = NAMELESS
    empty: str = ""
    colour: str = ""
    dashes: Sequence[float] = ()
    unit: str = ""
    bad: bool = False


@dataclass(frozen=True)
class Column:
    """One column of a table: a query's value, or a label. `key` is the label, or names the value in the table that
    Grafana makes of all queries. `link` names the board that a click on it opens, for the area of the same row."""

    name: Words
    key: str
    query: Query | None = None
    unit: str = "locale"
    link: str = ""
    hidden: bool = False


DECIMALS: Final = {"percentunit": 2}
"""Decimals by unit; else 77 % stands beside 0.788 %."""


def _of_column(column: Column) -> Query:
    assert column.query is not None
    return replace(column.query, expr=f'label_replace({column.query.expr}, "figure", "{column.key}", "", "")')


@dataclass(frozen=True)
class Panel:
    """One panel. `nothing` is shown where no query has found anything, and says why that may be."""

    kind: Literal["stat", "lines", "table"]
    title: Words
    description: Words
    nothing: Words
    unit: str = "locale"
    queries: Sequence[Query] = ()
    columns: Sequence[Column] = ()
    width: int = 12
    height: int = 9
    colour: str = BLUE
    most: float | None = None
    decimals: int | None = None
    sort_by: Words | None = None

    @property
    def asked(self) -> list[Query]:
        """Every query of the panel. Those of a table's columns give each series its column's key as the label `figure`,
        which becomes the column: Grafana's own name of a value depends on how many queries have found something."""
        return [*self.queries, *map(_of_column, filter(lambda column: column.query, self.columns))]

    @property
    def fixed_decimals(self) -> int | None:
        """Decimals of every figure; None where the unit has its own."""
        if self.decimals is None:
            return DECIMALS.get(self.unit)
        return self.decimals


@dataclass(frozen=True)
class Annotation:
    """What is marked in every graph of a board. `title` and `text` are templates: {{label}} is the label's value, and
    the label must not be empty, else Grafana prints its name."""

    name: Words
    query: Query
    title: str
    text: str = ""
    colour: str = RED


@dataclass(frozen=True)
class Notes:
    """The sentences that `cotejo dashboards annotate` has put into Grafana, at their `time`: by the workers' clock
    (wall), which is the time of every graph, or in the night (event). Of a night that is fed again the latter are long
    ago, so they are off until somebody switches them on."""

    name: Words
    time: Literal["wall", "event"]
    area: str = ""
    """Only those of this area; all where it is empty."""


@dataclass(frozen=True)
class Variable:
    """What can be chosen on a board; `regex` picks value and text out of a series. One that is not `sorted` keeps the
    order of its query, and the board opens on the first. Of one with `several` all are chosen to begin with."""

    name: str
    label: Words
    query: str
    regex: str = ""
    hidden: bool = False
    sorted: bool = True
    several: bool = False


@dataclass(frozen=True)
class Board:
    """One board. Its uid in Grafana is `name`, with the language behind it where that is not English."""

    name: str
    title: Words
    description: Words
    variables: Sequence[Variable]
    panels: Sequence[Panel]
    annotations: Sequence[Annotation] = field(default_factory=tuple)
    notes: Sequence[Notes] = field(default_factory=tuple)

    @property
    def queries(self) -> list[Query]:
        return [q for panel in self.panels for q in panel.asked] + [a.query for a in self.annotations]


JOB: Final = Variable("job", Words("Job", "Trabajo"), "label_values(cotejo_build_info, job)")
"""Prometheus' name for the workers of one election. One at a time: sums over two elections mean nothing."""
INSTANCE: Final = Variable(
    "instance",
    Words("Instance", "Instancia"),
    'label_values(cotejo_build_info{job=~"$job"}, instance)',
    several=True,
)
"""Workers. Hidden where only the one that compares has figures."""
ELECTION_ID: Final = Variable(
    "election_id", NAMELESS, f"label_values(cotejo_election_info{{{ALL}}}, election)", hidden=True
)
WHOLE: Final = Variable("whole", NAMELESS, f"label_values(cotejo_election_info{{{ALL}}}, area)", hidden=True)


def uid(name: str, language: str) -> str:
    return name if language == "en" else f"{name}-{language}"


def leading(metric: str, area: str, rank: int) -> str:
    """A metric of the option that is announced the most votes, the second most…: of the same one all along a graph."""
    votes = f'max by (option) (max_over_time(cotejo_official_votes{{{ALL}, area="{area}"}}[$__range] @ end()))'
    chosen = f"topk({rank}, {votes})" + (f" unless topk({rank - 1}, {votes})" if rank > 1 else "")
    return f'max by (option, option_name) ({metric}{{{ALL}, area="{area}"}}) and on (option) ({chosen})'


def limit(name: str, rule: str, what: Words, colour: str = GREY, metric: str = "cotejo_threshold_ratio") -> Query:
    """A limit of the election file, as a line."""
    return Query(f'max({metric}{{{ALL}, rule="{rule}", limit="{name}"}})', what, "", colour, [2, 6])


def notes(area: str = "") -> list[Notes]:
    """The two layers of sentences."""
    return [
        Notes(Words("What alerts say", "Lo que dicen las alertas"), "wall", area),
        Notes(Words("What alerts say, at event time", "Lo que dicen las alertas, en su hora"), "event", area),
    ]
