"""The boards: their JSON is what the code builds, and each keeps to the rules for boards."""

import re
from typing import Any

import orjson
import pytest
import yaml
from brokers import ROOT
from grafana_boards import in_json, queries

from dashboards.__main__ import BOARDS, files
from dashboards.parts import LANGUAGES, Board, Words, board, uid
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
    """Each panel has a title, a description, a unit, words for when there is nothing, and the one data source; ids and
    places differ."""
    found = built(given, language)
    places = set()
    for panel in found["panels"]:
        defaults = panel["fieldConfig"]["defaults"]
        assert len(panel["title"]) > 3
        assert len(panel["description"]) > 20
        assert len(defaults["noValue"]) > 10
        assert defaults["unit"]
        assert panel["targets"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {SOURCE_UID}
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
    assert in_json(found) <= {query.expr for query in queries()}
    for expr in in_json(found):
        assert set(re.findall(r"\$(\w+)", expr)) <= known, expr


@pytest.mark.parametrize("given", BOARDS, ids=lambda given: given.name)
def test_spanish_is_spanish(given: Board) -> None:
    """Every description and every word for nothing is in two languages, and they ask the same."""
    english, spanish = (board(given, language) for language in LANGUAGES)
    assert in_json(orjson.loads(orjson.dumps(built(given, "en")))) == in_json(built(given, "es"))
    assert english["title"] != spanish["title"]
    for panel in given.panels:
        for words in (panel.description, panel.nothing):
            assert isinstance(words, Words)
            assert words.en != words.es


def test_election_night_is_small() -> None:
    """Election night has eight panels at most, and shows alerts and the configured limits."""
    night = built(BOARDS[0], "en")
    assert len(night["panels"]) <= 8
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
