"""A board as the JSON that Grafana reads, built with Grafana's Foundation SDK.

What the SDK does not know, or does not do well for every version of Grafana from 10 on, is added to its JSON here;
docs/dashboards.md says which versions were judged, and how.
"""

from dataclasses import fields
from typing import Any, Final

from grafana_foundation_sdk.builders import common, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as model

from dashboards.parts import (
    DECIMALS,
    GREY,
    PURPLE,
    Annotation,
    Board,
    Column,
    Notes,
    Panel,
    Query,
    Variable,
    Words,
    uid,
)
from streams.core.election.settings import Switches
from streams.report.terms import TERMS

SOURCE: Final = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
"""The variable `datasource` of every board."""
OWN_SOURCE: Final = {"selected": True, "text": "Cotejo's Prometheus", "value": "cotejo-prometheus"}
"""What the variable is to begin with: the data source that `cotejo dashboards provision` creates."""
ALL_CHOSEN: Final = {"selected": True, "text": ["All"], "value": ["$__all"]}
STEP: Final = "60s"
"""Between two looks at an annotation's query, which asks for what is new since a minute ago."""
NO_FIGURE: Final = "–"
LONG_TITLE: Final = 20
"""Characters of a column's title from which on Grafana cuts it, unless the column is made wider."""
RULES: Final = tuple(field.name.replace("_", "-") for field in fields(Switches))
SEVERITIES: Final = ("critical", "warning", "info")
CELLS: Final = {
    "rule": {rule: Words(*TERMS[rule]) for rule in RULES},
    "severity": {severity: Words(*TERMS[severity]) for severity in SEVERITIES},
    "muted": {"yes": Words("yes", "sí"), "no": Words("no", "no")},
}
"""Labels whose values are shown as words, and these words."""


def board(given: Board, language: str) -> dict[str, Any]:
    """The board as Grafana's JSON."""
    made = (
        build.Dashboard(given.title.in_(language))
        .uid(uid(given.name, language))
        .description(given.description.in_(language))
        .tags(["cotejo", f"cotejo-{language}"])
        .timezone("browser")
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .time("now-3h", "now")
        .refresh("10s")
        .link(_links(language))
    )
    made.with_variable(_source_variable(language))
    for variable in given.variables:
        made.with_variable(_variable(variable, language))
    for number, panel in enumerate(given.panels, 1):
        made.with_panel(_KINDS[panel.kind](panel, language).id(number))
    data: dict[str, Any] = made.build().to_json()
    variables = [_with_id(variable.to_json()) for variable in data["templating"].list_val or []]
    data["templating"] = {"list": variables}
    layers = [_annotation(a, language) for a in given.annotations] + [_notes(n, language) for n in given.notes]
    data["annotations"] = {"list": layers}
    return data


def _links(language: str) -> build.DashboardLink:
    words = Words("Cotejo's boards", "Tableros de Cotejo")
    link = build.DashboardLink(words.in_(language)).type(model.DashboardLinkType.DASHBOARDS)
    return link.tags([f"cotejo-{language}"]).include_vars(True).keep_time(True)


def _source_variable(language: str) -> build.DatasourceVariable:
    words = Words("Data source", "Fuente de datos")
    return build.DatasourceVariable("datasource").label(words.in_(language)).type("prometheus")


def _variable(given: Variable, language: str) -> build.QueryVariable:
    made = build.QueryVariable(given.name).label(given.label.in_(language)).datasource(SOURCE)
    made.query({"query": given.query, "refId": given.name}).refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
    order = model.VariableSort.ALPHABETICAL_ASC if given.sorted else model.VariableSort.DISABLED
    made.sort(order).regex(given.regex)
    if given.several:
        made.multi(True).include_all(True).all_value(".+")
    return made.hide(model.VariableHide.HIDE_VARIABLE) if given.hidden else made


def _with_id(variable: dict[str, Any]) -> dict[str, Any]:
    """A variable under an id of its own, its name. The SDK gives all of them one id of zeros, and Grafana before 11
    keeps variables by their ids: none was ever filled in."""
    chosen = OWN_SOURCE if variable["type"] == "datasource" else ALL_CHOSEN if variable.get("includeAll") else None
    return {**variable, "id": variable["name"], **({"current": chosen} if chosen else {})}


def translated(expr: str, language: str) -> str:
    """A query whose series have a rule and a severity, with their names in a language other than English."""
    if language == "en":
        return expr
    for label in ("rule", "severity"):
        for value, words in CELLS[label].items():
            expr = f'label_replace({expr}, "{label}", "{words.in_(language)}", "{label}", "{value}")'
    return expr


def _annotation(given: Annotation, language: str) -> dict[str, Any]:
    """A layer of marks from Prometheus. Grafana 9 and 10 read `expr` and `step` beside `target`, newer ones what is in
    `target`; both find the same. The texts' templates are the data source's, which the SDK does not know here."""
    made = build.AnnotationQuery().name(given.name.in_(language)).datasource(SOURCE).enable(True)
    layer: dict[str, Any] = made.icon_color(given.colour).build().to_json()
    expr = translated(given.query.expr, language) if "severity" in given.title else given.query.expr
    target = {"expr": expr, "interval": STEP, "refId": "Anno"}
    texts = {"titleFormat": given.title, "textFormat": given.text, "tagKeys": "severity,rule"}
    return {**layer, "expr": expr, "step": STEP, "target": target, **texts}


def _notes(given: Notes, language: str) -> dict[str, Any]:
    """A layer of the sentences in Grafana's own annotations, by their tags."""
    made = build.AnnotationQuery().name(given.name.in_(language)).enable(given.time == "wall")
    made.datasource(model.DataSourceRef("grafana", "-- Grafana --")).icon_color(PURPLE)
    tags = ["cotejo", "election:$election_id", f"time:{given.time}"]
    tags += [f"area:{given.area}"] if given.area else []
    target = build.AnnotationTarget().type("tags").tags(tags).match_any(False).limit(100)
    return dict(made.target(target).build().to_json())


def _target(query: Query, number: int, language: str) -> prometheus.Dataquery:
    made = prometheus.Dataquery().expr(query.expr).ref_id(_ref(number)).datasource(SOURCE)
    return made.legend_format(query.legend.in_(language) or "__auto")


def _ref(number: int) -> str:
    return chr(ord("A") + number)


def _unit(unit: str, language: str) -> str:
    """The unit as Grafana knows it. `locale` writes separators as the browser does, and Grafana writes decimals with a
    point whatever the browser: with a Spanish one, 3.646 sheets would stand beside 3.65 %. So Spanish boards write no
    separators."""
    return "none" if unit == "locale" and language == "es" else unit


def _common(made: Any, panel: Panel, language: str) -> Any:
    """What all kinds of panels have. The sentence for "nothing" is shown where the whole panel is empty; a single cell
    or tooltip without a figure has a dash."""
    made.title(panel.title.in_(language)).description(panel.description.in_(language)).datasource(SOURCE)
    made.span(panel.width).height(panel.height).unit(_unit(panel.unit, language)).no_value(panel.nothing.in_(language))
    made.override_by_regexp(".*", [_property("noValue", NO_FIGURE)])
    if panel.fixed_decimals is not None:
        made.decimals(panel.fixed_decimals)
    for number, query in enumerate(panel.asked):
        target = _target(query, number, language)
        made.with_target(target if panel.kind == "lines" else target.instant())
        properties = _look(query, panel, language)
        if properties:
            made.override_by_query(_ref(number), properties)
    if panel.most is not None:
        made.min(0).max(panel.most)
    return made


def _look(query: Query, panel: Panel, language: str) -> list[model.DynamicConfigValue]:
    properties = []
    if query.bad and panel.kind == "stat":
        steps = [{"color": GREY, "value": None}, {"color": query.colour, "value": 1}]
        properties.append(_property("color", {"mode": "thresholds"}))
        properties.append(_property("thresholds", {"mode": "absolute", "steps": steps}))
    elif query.colour:
        properties.append(_property("color", {"mode": "fixed", "fixedColor": query.colour}))
    if query.dashes:
        properties.append(_property("custom.lineStyle", {"fill": "dash", "dash": list(query.dashes)}))
    if query.unit:
        properties.append(_property("unit", _unit(query.unit, language)))
        properties += [_property("decimals", DECIMALS[query.unit])] if query.unit in DECIMALS else []
    return properties


def _property(id: str, value: object) -> model.DynamicConfigValue:
    return model.DynamicConfigValue(id, value)


def _stat(panel: Panel, language: str) -> Any:
    made = _common(stat.Panel(), panel, language).graph_mode(shapes.BigValueGraphMode.NONE)
    made.color_mode(shapes.BigValueColorMode.VALUE).color_scheme(_fixed(panel.colour))
    made.text_mode(shapes.BigValueTextMode.VALUE_AND_NAME if len(panel.queries) > 1 else shapes.BigValueTextMode.AUTO)
    return made.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))


def _lines(panel: Panel, language: str) -> Any:
    """A graph. Its lines end where a worker has ended: steps would run on to the edge."""
    made = _common(timeseries.Panel(), panel, language).line_width(2).fill_opacity(0)
    made.show_points(shapes.VisibilityMode.NEVER).line_interpolation(shapes.LineInterpolation.LINEAR)
    made.color_scheme(build.FieldColor().mode(model.FieldColorModeId.SHADES).fixed_color(panel.colour))
    made.legend(
        common.VizLegendOptions()
        .display_mode(shapes.LegendDisplayMode.LIST)
        .placement(shapes.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    return made.tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.NONE))


def _table(panel: Panel, language: str) -> Any:
    """A table of instant queries: a row for each set of labels, a column for each query (`Panel.asked`)."""
    made = _common(table.Panel(), panel, language)
    for column in panel.columns:
        made.override_by_name(column.name.in_(language), _cells(column, language))
    names = {column.key: column.name.in_(language) for column in panel.columns}
    order = {column.key: place for place, column in enumerate(panel.columns)}
    made.with_transformation(model.DataTransformerConfig("labelsToFields", options={"valueLabel": "figure"}))
    made.with_transformation(model.DataTransformerConfig("merge", options={}))
    options = {"excludeByName": {"Time": True}, "renameByName": names, "indexByName": order}
    made.with_transformation(model.DataTransformerConfig("organize", options=options))
    if panel.sort_by is not None:
        made.sort_by([common.TableSortByFieldState().display_name(panel.sort_by.in_(language)).desc(True)])
    return made.show_header(True).cell_height(shapes.TableCellHeight.SM)


def _cells(column: Column, language: str) -> list[model.DynamicConfigValue]:
    """The properties of a table's column."""
    properties = []
    if len(column.name.in_(language)) >= LONG_TITLE:
        properties.append(_property("custom.minWidth", 190))
    if column.query is not None:
        properties.append(_property("unit", _unit(column.unit, language)))
        properties += [_property("decimals", DECIMALS[column.unit])] if column.unit in DECIMALS else []
    if column.link:
        area = "${__data.fields.area:percentencode}"
        url = f"/d/{uid(column.link, language)}?${{job:queryparam}}&var-area={area}&${{__url_time_range}}"
        properties.append(_property("links", [{"title": column.name.in_(language), "url": url}]))
    if column.hidden:
        properties.append(_property("custom.hidden", True))
    if column.key in CELLS:
        words = CELLS[column.key].items()
        texts = {value: {"index": i, "text": word.in_(language)} for i, (value, word) in enumerate(words)}
        properties.append(_property("mappings", [{"type": "value", "options": texts}]))
    return properties


def _fixed(colour: str) -> build.FieldColor:
    return build.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color(colour)


_KINDS: Final = {"stat": _stat, "lines": _lines, "table": _table}
