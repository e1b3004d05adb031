"""What the boards are made of: texts in two languages, queries with a reason where they may be empty, panels.

Colours are Okabe and Ito's, which people with any kind of colour blindness can tell apart; lines differ in their dashes
too, and no colour says anything that words don't.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

LANGUAGES: Final = ("en", "es")
SOURCE: Final = model.DataSourceRef(type_val="prometheus", uid="cotejo-prometheus")

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
    dashboards/prometheus/tests shows when it finds something. `colour` and `dashes` are a line's."""

    expr: str
    legend: Words = NAMELESS
    empty: str = ""
    colour: str = ""
    dashes: Sequence[float] = ()
    unit: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a table: a query's value, or a label. `link` names the board that a click on it opens, for the
    area of the same row."""

    name: Words
    query: Query | None = None
    label: str = ""
    unit: str = "locale"
    link: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class Panel:
    """One panel. `nothing` is shown where no query has found anything, and says why that may be."""

    kind: Literal["stat", "lines", "bars", "table"]
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
    sort_by: Words | None = None

    @property
    def asked(self) -> list[Query]:
        return [*self.queries, *(column.query for column in self.columns if column.query is not None)]


@dataclass(frozen=True)
class Annotation:
    """What is marked in every graph of a board."""

    name: Words
    query: Query
    title: str
    text: str = ""
    colour: str = RED


@dataclass(frozen=True)
class Variable:
    """What can be chosen on a board; `regex` picks value and text out of a series."""

    name: str
    label: Words
    query: str
    regex: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class Board:
    """One board. Its uid in Grafana is `name`, with the language behind it where that is not English."""

    name: str
    title: Words
    description: Words
    variables: Sequence[Variable]
    panels: Sequence[Panel]
    annotations: Sequence[Annotation] = field(default_factory=tuple)

    @property
    def queries(self) -> list[Query]:
        return [q for panel in self.panels for q in panel.asked] + [a.query for a in self.annotations]


JOB: Final = Variable("job", Words("Job", "Trabajo"), "label_values(cotejo_build_info, job)")
"""Prometheus' name for the workers of one election."""
ELECTION_ID: Final = Variable(
    "election_id", NAMELESS, 'label_values(cotejo_election_info{job="$job"}, election)', hidden=True
)


def uid(name: str, language: str) -> str:
    return name if language == "en" else f"{name}-{language}"


def leading(metric: str, area: str, rank: int) -> str:
    """A metric of the option that is announced the most votes, the second most…: of the same one all along a graph."""
    votes = f'max by (option) (max_over_time(cotejo_official_votes{{job="$job", area="{area}"}}[$__range] @ end()))'
    chosen = f"topk({rank}, {votes})" + (f" unless topk({rank - 1}, {votes})" if rank > 1 else "")
    return f'max by (option, option_name) ({metric}{{job="$job", area="{area}"}}) and on (option) ({chosen})'


def limit(name: str, rule: str, what: Words, colour: str = GREY, metric: str = "cotejo_threshold_ratio") -> Query:
    """A limit of the election file, as a line."""
    return Query(f'max({metric}{{job="$job", rule="{rule}", limit="{name}"}})', what, "", colour, [2, 6])


def board(given: Board, language: str) -> dict[str, Any]:
    """The board as Grafana's JSON."""
    made = (
        build.Dashboard(given.title.in_(language))
        .uid(uid(given.name, language))
        .description(given.description.in_(language))
        .tags(["cotejo", f"cotejo-{language}"])
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time("now-3h", "now")
        .refresh("10s")
        .link(_links(language))
    )
    for variable in given.variables:
        made.with_variable(_variable(variable, language))
    for number, panel in enumerate(given.panels, 1):
        made.with_panel(_KINDS[panel.kind](panel, language).id(number))
    data = made.build().to_json()
    told = [_told(language)] if any(variable.name == "election_id" for variable in given.variables) else []
    data["annotations"] = {"list": [_annotation(a, language) for a in given.annotations] + told}
    return data


def _links(language: str) -> build.DashboardLink:
    words = Words("Cotejo's boards", "Tableros de Cotejo")
    link = build.DashboardLink(words.in_(language)).type(model.DashboardLinkType.DASHBOARDS)
    return link.tags([f"cotejo-{language}"]).include_vars(True).keep_time(True)


def _variable(given: Variable, language: str) -> build.QueryVariable:
    made = build.QueryVariable(given.name).label(given.label.in_(language)).datasource(SOURCE)
    made.query({"query": given.query, "refId": given.name}).refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
    made.sort(model.VariableSort.ALPHABETICAL_ASC).regex(given.regex)
    return made.hide(model.VariableHide.HIDE_VARIABLE) if given.hidden else made


def _annotation(given: Annotation, language: str) -> dict[str, Any]:
    """The texts' templates are of the Prometheus data source, which the SDK does not know here."""
    made = build.AnnotationQuery().name(given.name.in_(language)).datasource(SOURCE).enable(True)
    found: dict[str, Any] = made.icon_color(given.colour).build().to_json()
    target = {"expr": given.query.expr, "refId": "Anno"}
    return {**found, "target": target, "titleFormat": given.title, "textFormat": given.text, "tagKeys": "severity,rule"}


def _told(language: str) -> dict[str, Any]:
    """What `cotejo dashboards annotate` has put into Grafana."""
    made = build.AnnotationQuery().name(Words("What alerts say", "Lo que dicen las alertas").in_(language)).enable(True)
    made.datasource(model.DataSourceRef("grafana", "-- Grafana --")).icon_color(PURPLE)
    target = build.AnnotationTarget().type("tags").tags(["cotejo", "election:$election_id"]).match_any(False).limit(100)
    return dict(made.target(target).build().to_json())


def _target(query: Query, number: int, language: str) -> prometheus.Dataquery:
    made = prometheus.Dataquery().expr(query.expr).ref_id(chr(ord("A") + number)).datasource(SOURCE)
    return made.legend_format(query.legend.in_(language) or "__auto")


def _common(made: Any, panel: Panel, language: str) -> Any:
    made.title(panel.title.in_(language)).description(panel.description.in_(language)).datasource(SOURCE)
    made.span(panel.width).height(panel.height).unit(panel.unit).no_value(panel.nothing.in_(language))
    for number, query in enumerate(panel.queries):
        made.with_target(_target(query, number, language))
        properties = _line(query)
        if properties:
            made.override_by_query(chr(ord("A") + number), properties)
    if panel.most is not None:
        made.min(0).max(panel.most)
    return made


def _line(query: Query) -> list[model.DynamicConfigValue]:
    found = []
    if query.colour:
        found.append(_property("color", {"mode": "fixed", "fixedColor": query.colour}))
    if query.dashes:
        found.append(_property("custom.lineStyle", {"fill": "dash", "dash": list(query.dashes)}))
    if query.unit:
        found.append(_property("unit", query.unit))
    return found


def _property(id: str, value: object) -> model.DynamicConfigValue:
    return model.DynamicConfigValue(id, value)


def _stat(panel: Panel, language: str) -> Any:
    made = _common(stat.Panel(), panel, language).graph_mode(shapes.BigValueGraphMode.NONE)
    made.color_mode(shapes.BigValueColorMode.VALUE).color_scheme(_fixed(panel.colour))
    made.text_mode(shapes.BigValueTextMode.VALUE_AND_NAME if len(panel.queries) > 1 else shapes.BigValueTextMode.AUTO)
    return made.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))


def _lines(panel: Panel, language: str) -> Any:
    made = _common(timeseries.Panel(), panel, language).line_width(2).fill_opacity(0)
    made.show_points(shapes.VisibilityMode.NEVER).line_interpolation(shapes.LineInterpolation.STEP_AFTER)
    made.color_scheme(build.FieldColor().mode(model.FieldColorModeId.SHADES).fixed_color(panel.colour))
    made.legend(
        common.VizLegendOptions()
        .display_mode(shapes.LegendDisplayMode.LIST)
        .placement(shapes.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    return made.tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.NONE))


def _bars(panel: Panel, language: str) -> Any:
    made = _common(bargauge.Panel(), panel, language).display_mode(shapes.BarGaugeDisplayMode.BASIC)
    made.orientation(shapes.VizOrientation.HORIZONTAL).color_scheme(_fixed(panel.colour)).min(0)
    return made.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))


def _table(panel: Panel, language: str) -> Any:
    made = _common(table.Panel(), panel, language)
    names, order, asked = {}, {}, 0
    for place, column in enumerate(panel.columns):
        name = column.name.in_(language)
        if column.query is not None:
            target = _target(column.query, asked, language).instant().format(PromQueryFormat.TABLE)
            made.with_target(target)
            key = f"Value #{chr(ord('A') + asked)}"
            asked += 1
        else:
            key = column.label
        names[key], order[key] = name, place
        properties = [_property("unit", column.unit)] if column.query is not None else []
        if column.link:
            url = f"/d/{uid(column.link, language)}?var-job=$job&var-area=${{__data.fields.area}}&${{__url_time_range}}"
            properties.append(_property("links", [{"title": name, "url": url}]))
        if column.hidden:
            properties.append(_property("custom.hidden", True))
        if properties:
            made.override_by_name(name, properties)
    if asked == 1:
        names["Value"] = names.pop("Value #A", "Value")
    made.with_transformation(model.DataTransformerConfig("merge", options={}))
    options = {"excludeByName": {"Time": True}, "renameByName": names, "indexByName": order}
    made.with_transformation(model.DataTransformerConfig("organize", options=options))
    if panel.sort_by is not None:
        made.sort_by([common.TableSortByFieldState().display_name(panel.sort_by.in_(language)).desc(True)])
    return made.show_header(True).cell_height(shapes.TableCellHeight.SM)


def _fixed(colour: str) -> build.FieldColor:
    return build.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color(colour)


_KINDS: Final = {"stat": _stat, "lines": _lines, "bars": _bars, "table": _table}
