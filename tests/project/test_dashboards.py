"""The boards: their JSON is what the code builds, and each keeps to the rules for boards."""

import re
from dataclasses import fields
from typing import Any

import orjson
import pytest
import rjsonnet
import yaml
from brokers import ROOT
from grafana_boards import as_grafana_reads, in_json, queries

from dashboards.__main__ import BOARDS, files
from dashboards.grafana_json import CELLS, LONG_TITLE, NO_FIGURE, board, translated
from dashboards.parts import GREY, LANGUAGES, Board, Words, uid
from streams.core.election.settings import Switches
from streams.grafana.provisioning import SOURCE_UID, boards

BOTH = [pytest.param(given, language, id=uid(given.name, language)) for given in BOARDS for language in LANGUAGES]
OKABE_ITO = {"#56B4E9", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#999999"}


def built(given: Board, language: str) -> dict[str, Any]:
    """The JSON as it is committed."""
    return next(found for found in boards(language) if found["uid"] == uid(given.name, language))


def test_in_step() -> None:
    """The committed JSON is what `python -m dashboards` writes, and there is no other."""
    wanted = files()
    assert set(wanted) == {path for language in LANGUAGES for path in (ROOT / "dashboards" / language).iterdir()}
    for path, content in wanted.items():
        assert path.read_text(encoding="utf-8") == content, f"{path} is behind: run `python -m dashboards`"


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_every_panel_explains_itself(given: Board, language: str) -> None:
    """Each panel has a title, a description, a unit, words for when there is nothing, and the chosen data source; ids
    and places differ."""
    found = built(given, language)
    places = set()
    for panel in found["panels"]:
        defaults = panel["fieldConfig"]["defaults"]
        assert len(panel["title"]) > 3
        assert len(panel["description"]) > 20
        assert len(defaults["noValue"]) > 10
        assert defaults["unit"]
        assert panel["targets"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        places.add((panel["gridPos"]["x"], panel["gridPos"]["y"]))
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    assert len(places) == len({panel["id"] for panel in found["panels"]}) == len(found["panels"])


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_colours(given: Board, language: str) -> None:
    """Only colours that people with colour blindness can tell apart."""
    text = orjson.dumps(built(given, language)).decode()
    assert set(re.findall(r"#[0-9A-Fa-f]{6}\b", text)) <= OKABE_ITO
    assert "palette-classic" not in text


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_lines_differ_without_colour(given: Board, language: str) -> None:
    """No two lines of a graph have the same colour and the same dashes."""
    for panel in given.panels:
        if panel.kind == "lines":
            looks = [(query.colour, tuple(query.dashes)) for query in panel.queries if query.colour]
            assert len(looks) == len(set(looks)), panel.title.in_(language)


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_links_lead_somewhere(given: Board, language: str) -> None:
    """Each board links to the others of its language, and links in tables open a board that exists."""
    found = built(given, language)
    (link,) = found["links"]
    assert link["tags"] == [f"cotejo-{language}"]
    assert set(found["tags"]) == {"cotejo", f"cotejo-{language}"}
    for target in re.findall(r"/d/([\w-]+)", orjson.dumps(found).decode()):
        assert target in {uid(other.name, language) for other in BOARDS}


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_all_queries_are_in_the_list(given: Board, language: str) -> None:
    """What the JSON asks is what `queries()` lists, which tests ask a real Prometheus; and variables exist."""
    found = built(given, language)
    known = {variable["name"] for variable in found["templating"]["list"]} | {"__rate_interval", "__range"}
    assert in_json(found) <= {query.expr for query in queries()} | {
        translated(annotation.query.expr, language) for annotation in given.annotations
    }
    for expr in in_json(found):
        assert set(re.findall(r"\$(\w+)", expr)) <= known, expr


@pytest.mark.parametrize("given", BOARDS, ids=lambda given: given.name)
def test_spanish_is_spanish(given: Board) -> None:
    """Every description and every word for nothing is in two languages, and they ask the same."""
    english, spanish = (board(given, language) for language in LANGUAGES)
    for a, b in zip(built(given, "en")["panels"], built(given, "es")["panels"], strict=True):
        assert [target["expr"] for target in a["targets"]] == [target["expr"] for target in b["targets"]]
    assert english["title"] != spanish["title"]
    for panel in given.panels:
        for words in (panel.description, panel.nothing):
            assert isinstance(words, Words)
            assert words.en != words.es


def test_election_night_is_small() -> None:
    """Election night has nine panels at most, and shows alerts and the configured limits."""
    night = built(BOARDS[0], "en")
    assert len(night["panels"]) <= 9
    asked = " ".join(in_json(night))
    assert "cotejo_alert_firing" in asked
    assert any(annotation["target"].get("tags") for annotation in night["annotations"]["list"])
    assert "cotejo_threshold_ratio" in asked
    assert "cotejo_tolerated_sheets" in asked


def test_file_provisioning() -> None:
    """The provisioning files name the data source that the boards ask for, and folders that hold the JSON."""
    place = ROOT / "dashboards" / "provisioning"
    (source,) = yaml.safe_load((place / "datasources" / "cotejo.yml").read_text())["datasources"]
    assert source["uid"] == SOURCE_UID
    assert source["type"] == "prometheus"
    providers = yaml.safe_load((place / "dashboards" / "cotejo.yml").read_text())["providers"]
    assert {provider["options"]["path"].rpartition("/")[2] for provider in providers} == set(LANGUAGES)


def overrides(panel: dict[str, Any], matcher: str) -> dict[Any, dict[str, Any]]:
    """What is set for single fields of a panel, by what the matcher of this kind is given."""
    return {
        each["matcher"]["options"]: {p["id"]: p.get("value") for p in each["properties"]}
        for each in panel["fieldConfig"]["overrides"]
        if each["matcher"]["id"] == matcher
    }


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_variables_have_ids_of_their_own(given: Board, language: str) -> None:
    """Grafana before 11 keeps variables by id: each has its own, or none but the last is ever filled in."""
    variables = built(given, language)["templating"]["list"]
    assert [variable["id"] for variable in variables] == [variable["name"] for variable in variables]
    assert len({variable["id"] for variable in variables}) == len(variables)


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_annotations_speak_to_every_version(given: Board, language: str) -> None:
    """A layer from Prometheus has its query where Grafana 9 and 10 read it (`expr`) and where newer ones do (`target`),
    and marks beginnings only. What its texts name is never empty: the query groups by it, or makes it."""
    layers = [a for a in built(given, language)["annotations"]["list"] if a["datasource"]["type"] == "prometheus"]
    assert layers
    for layer in layers:
        assert layer["expr"] == layer["target"]["expr"]
        assert layer["step"] == layer["target"]["interval"] == "60s"
        assert "[1m]" in layer["expr"]
        assert " unless " in layer["expr"]
        named = set(re.findall(r"{{(\w+)}}", layer["titleFormat"] + layer["textFormat"]))
        assert named <= {"severity", "rule", "alertname", "subject"}
        assert "label_join(" in layer["expr"]


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_nothing_dead_looks_alive(given: Board, language: str) -> None:
    """All but graphs ask for what is now, not for the last value of some hours; lines end where their series ends; and
    each board says to a quarter of a minute when a worker was last heard of."""
    panels = built(given, language)["panels"]
    for panel in panels:
        if panel["type"] == "timeseries":
            custom = panel["fieldConfig"]["defaults"]["custom"]
            assert custom["lineInterpolation"] == "linear"
            assert not custom.get("spanNulls")
        else:
            assert all(target["instant"] and not target.get("range") for target in panel["targets"]), panel["title"]
    (heard,) = [
        panel["targets"][0]["expr"] for panel in panels if "timestamp(cotejo_owns_comparison" in str(panel["targets"])
    ]
    assert "[$__range:15s]" in heard


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_the_sentence_for_nothing_is_the_panels(given: Board, language: str) -> None:
    """A single cell or tooltip without a figure has a dash. The sentence is for a whole panel that is empty, and of a
    kind in which it stands alone: a bar gauge draws an empty bar beside it."""
    for panel in built(given, language)["panels"]:
        assert panel["type"] in ("stat", "timeseries", "table")
        assert overrides(panel, "byRegexp") == {".*": {"noValue": NO_FIGURE}}
        assert panel["fieldConfig"]["defaults"]["noValue"] != NO_FIGURE


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_columns_have_their_names_whatever_is_found(given: Board, language: str) -> None:
    """Each query of a table brings its column's key as a label, which names the column, also where it alone has found
    something; and each key is renamed."""
    for panel in built(given, language)["panels"]:
        if panel["type"] == "table":
            by_id = {each["id"]: each["options"] for each in panel["transformations"]}
            assert by_id["labelsToFields"] == {"valueLabel": "figure"}
            keys = [re.search(r'"figure", "(\w+)", "", ""\)$', target["expr"]) for target in panel["targets"]]
            names = by_id["organize"]["renameByName"]
            assert {key[1] for key in keys if key} <= names.keys()
            assert len({key[1] for key in keys if key}) == len(panel["targets"])
            assert not any("Value" in name for name in names)


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_percentages_have_fixed_decimals(given: Board, language: str) -> None:
    """Wherever the unit is per cent, decimals are fixed."""
    for panel in built(given, language)["panels"]:
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"] != "percentunit" or "decimals" in defaults
        for kind in ("byName", "byFrameRefID"):
            for properties in overrides(panel, kind).values():
                assert properties.get("unit") != "percentunit" or "decimals" in {**defaults, **properties}


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_nought_is_grey(given: Board, language: str) -> None:
    """The sheets that must be wrong, and the alerts that fire, have their colour from 1 on, and are grey at 0."""
    stats = [p for p in built(given, language)["panels"] if p["type"] == "stat"]
    bad = [
        overrides(panel, "byFrameRefID")[target["refId"]]
        for panel in stats
        for target in panel["targets"]
        if re.search(r"cotejo_(breakdown_sheets|alerts)\{", target["expr"])
    ]
    for properties in bad:
        assert properties["color"] == {"mode": "thresholds"}
        assert [step["value"] for step in properties["thresholds"]["steps"]] == [None, 1]
        assert [step["color"] == GREY for step in properties["thresholds"]["steps"]] == [True, False]
    assert len(bad) == {"cotejo-night": 4, "cotejo-area": 1, "cotejo-pipeline": 0}[given.name]


@pytest.mark.parametrize("given", BOARDS[:2], ids=lambda given: given.name)
def test_nothing_is_said_that_a_dead_worker_makes_false(given: Board) -> None:
    """Where what is shown is what is now, it is empty also once the worker has died: the reason given says so, or says
    no more than that there is nothing."""
    for panel in given.panels:
        if panel.kind in ("stat", "table"):
            assert "worker" in panel.nothing.en or panel.nothing.en == "Nothing to compare.", panel.title
            assert ("worker" in panel.nothing.es) == ("worker" in panel.nothing.en)


@pytest.mark.parametrize("given", BOARDS, ids=lambda given: given.name)
def test_narrow_places_have_short_words(given: Board) -> None:
    """A sentence for nothing in a stat of a quarter's width, and a title among eight columns, are short: Grafana makes
    the one too small to read, and cuts the other."""
    for panel in given.panels:
        for language in LANGUAGES:
            if panel.kind == "stat" and panel.width <= 6:
                assert len(panel.nothing.in_(language)) <= 40, panel.nothing
            for column in panel.columns if len(panel.columns) >= 8 else ():
                assert len(column.name.in_(language)) <= 22, column.name


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_long_titles_have_wide_columns(given: Board, language: str) -> None:
    """A column with a longer title than Grafana shows in its usual width is wider, and no other."""
    for panel in built(given, language)["panels"]:
        for name, properties in overrides(panel, "byName").items():
            assert ("custom.minWidth" in properties) == (len(name) >= LONG_TITLE)


@pytest.mark.parametrize("given", BOARDS, ids=lambda given: given.name)
def test_legends_say_which_line_is_dashed(given: Board) -> None:
    """Where a graph has announced and witnessed figures, the legend says in words which line is dashed."""
    for panel in given.panels:
        for query in panel.queries if panel.kind == "lines" else ():
            if "announced" in query.legend.en or "witnessed" in query.legend.en:
                assert ("(dashed)" in query.legend.en) == bool(query.dashes)
                assert ("(discontinua)" in query.legend.es) == bool(query.dashes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_notes_have_two_layers(language: str) -> None:
    """The sentences of alerts stand at wall time, and at event time in a layer that is off until asked for; the board
    Area shows its own area's."""
    for given, area in zip(BOARDS, ([], ["area:$area"], None), strict=True):
        layers = {
            tuple(a["target"]["tags"]): a["enable"]
            for a in built(given, language)["annotations"]["list"]
            if a["datasource"]["type"] == "grafana"
        }
        own = ["cotejo", "election:$election_id"]
        wanted = {} if area is None else {(*own, f"time:{t}", *area): t == "wall" for t in ("wall", "event")}
        assert layers == wanted


HOSTILE = ("A#1", "R&B", '"quoted"', "50 %", 'a",area_name="b', "{x}", "back\\slash")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_any_kind_can_be_chosen(name: str) -> None:
    """The variables read ids and names out of a series whatever is in a name. An id may hold anything but the text that
    parts it from the name."""
    for label, regex in ((v.name, v.regex) for v in BOARDS[1].variables if v.regex):
        series = [{"metric": {label: "id 1", f"{label}_name": name}, "value": [1.5, "7"]}]
        assert as_grafana_reads(series, regex) == [("id 1", name)]
        plain = name.replace('",area_name="', "")
        series = [{"metric": {label: plain, f"{label}_name": "Name"}, "value": [1.5, "7"]}]
        assert as_grafana_reads(series, regex) == [(plain, "Name")]


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_the_order_of_choices_is_the_querys(given: Board, language: str) -> None:
    """A variable whose query sorts is not sorted again by Grafana: the board opens on its first value."""
    for variable in built(given, language)["templating"]["list"]:
        if variable["type"] == "query":
            assert (variable["sort"] == 0) == ("sort_desc" in variable["query"]["query"])


@pytest.mark.parametrize(("given", "language"), BOTH)
def test_links_encode_what_they_carry(given: Board, language: str) -> None:
    """Whatever a link takes from a variable or a row is encoded for an address."""
    for url in re.findall(r'"url":"(/d/[^"]+)"', orjson.dumps(built(given, language)).decode()):
        for name in re.findall(r"\$\{([^}]+)\}", url):
            assert name == "__url_time_range" or name.endswith((":percentencode", ":queryparam")), url
        assert not re.search(r"\$\w", url), url


def test_spanish_has_no_english_words_and_no_mixed_numbers() -> None:
    """Rules, severities and "muted" are shown as words of the language, in tables and in marks; and no unit writes
    separators by the browser's language beside decimals that Grafana writes with a point."""
    for given in BOARDS:
        spanish = built(given, "es")
        labels = [{v["label"] for v in found["templating"]["list"]} - {""} for found in (spanish, built(given, "en"))]
        assert not labels[0] & labels[1]
        assert '"locale"' not in orjson.dumps(spanish).decode()
        for panel in given.panels:
            shown = overrides(next(p for p in spanish["panels"] if p["title"] == panel.title.es), "byName")
            for column in panel.columns:
                if column.key in CELLS:
                    (mapping,) = shown[column.name.es]["mappings"]
                    assert {v: t["text"] for v, t in mapping["options"].items()} == {
                        value: words.es for value, words in CELLS[column.key].items()
                    }
        for layer in spanish["annotations"]["list"]:
            if "{{severity}}" in layer.get("titleFormat", ""):
                assert all(f'"{CELLS["rule"][rule].es}"' in layer["expr"] for rule in CELLS["rule"])
    assert CELLS["rule"].keys() == {field.name.replace("_", "-") for field in fields(Switches)}


@pytest.mark.parametrize("given", BOARDS, ids=lambda given: given.name)
def test_what_dashboard_linter_asks(given: Board) -> None:
    """What grafana/dashboard-linter asks of a dashboard: a variable for the data source, used by every panel; variables
    for job and instance, and both in every selector; rates over `$__rate_interval`; counters only as rates; variables
    that follow the time range; not editable. (Not asked: a job of several, see dashboards/.lint.)"""
    found = built(given, "en")
    assert found["editable"] is False
    variables = {variable["name"]: variable for variable in found["templating"]["list"]}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")
    assert variables["datasource"]["current"]["value"] == SOURCE_UID
    assert (variables["instance"]["multi"], variables["instance"]["allValue"]) == (True, ".+")
    assert (variables["job"]["label"], variables["instance"]["label"]) == ("Job", "Instance")
    for variable in variables.values():
        if variable["type"] == "query":
            assert (variable["refresh"], variable["datasource"]["uid"]) == (2, "${datasource}")
    for panel in found["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            for metric, labels in re.findall(r"((?:cotejo|process)_\w+|\bup)\{([^}]*)\}", target["expr"]):
                assert 'job=~"$job"' in labels, target["expr"]
                assert 'instance=~"$instance"' in labels, target["expr"]
                assert not metric.endswith("_total") or re.search(rf"(rate|increase)\({metric}", target["expr"])
            assert set(re.findall(r"\b(?:rate|increase)\([^\[]*\[([^\]]*)", target["expr"])) <= {"$__rate_interval"}


def test_the_mixin() -> None:
    """dashboards/mixin.libsonnet gives all boards of a language, the alerts with the runbooks' address before them, and
    the recording rules."""
    own = '_config+:: { runbooks: "https://x/", language: "es" }'
    script = f'local m = (import "{ROOT}/dashboards/mixin.libsonnet") + {{ {own} }};'
    script += "{ boards: m.grafanaDashboards, alerts: m.prometheusAlerts, rules: m.prometheusRules }"
    mixin = orjson.loads(rjsonnet.evaluate_snippet("mixin", script))
    assert mixin["boards"] == {f"{board['uid']}.json": board for board in boards("es")}
    groups = yaml.safe_load((ROOT / "dashboards" / "prometheus" / "rules" / "cotejo.yml").read_text())["groups"]
    given = {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}
    made = {rule["alert"]: rule for group in mixin["alerts"]["groups"] for rule in group["rules"]}
    assert made.keys() == given.keys()
    for name, rule in made.items():
        assert rule["annotations"].pop("runbook_url") == f"https://x/{given[name]['annotations'].pop('runbook_url')}"
        assert rule == given[name]
    records = [rule for group in groups for rule in group["rules"] if "record" in rule]
    assert [rule for group in mixin["rules"]["groups"] for rule in group["rules"]] == records
