"""Names are shown as they are, and two areas of one name are told apart."""

from collections.abc import Mapping
from dataclasses import replace

import orjson
import pytest
from builders import election, report
from hypothesis import given
from hypothesis import strategies as st
from monitor import Monitor
from test_switches import known, night

from streams.board.night import Night
from streams.core.comparison import sentences
from streams.core.comparison.sentence_clauses import CLAUSES
from streams.core.comparison.sentences import LANGUAGES, say
from streams.core.election.model import Area, Election
from streams.core.election.settings import HealthRule, Rules, Switches
from streams.delivery.standard_webhook import body
from streams.report.page import _value
from streams.report.terms import TERMS
from streams.report.words import Words


def named(*areas: tuple[str, str, str | None]) -> Election:
    """An election of these areas: id, name, parent."""
    return replace(election(), areas={id: Area(id, name, "area", parent) for id, name, parent in areas})


@pytest.mark.parametrize(
    ("areas", "labels"),
    [
        pytest.param([("N", "Chile", None), ("1", "Arica", "N")], ["Chile", "Arica"], id="names of their own"),
        pytest.param(
            [("N", "Peru", None), ("1", "Lima", "N"), ("2", "Ica", "N"), ("11", "Nazca", "1"), ("21", "Nazca", "2")],
            ["Peru", "Lima", "Ica", "Nazca (Lima)", "Nazca (Ica)"],
            id="one name, two parents",
        ),
        pytest.param(
            [("N", "Guatemala", None), ("1", "Guatemala", "N")],
            ["Guatemala", "Guatemala (Guatemala)"],
            id="a part that is called as the whole",
        ),
        pytest.param(
            [("N", "Peru", None), ("1", "Lima", "N"), ("2", "Lima", "N")],
            ["Peru", "Lima (Peru) [1]", "Lima (Peru) [2]"],
            id="one name, one parent: their ids",
        ),
    ],
)  # fmt: skip
def test_labels(areas: list[tuple[str, str, str | None]], labels: list[str]) -> None:
    """An area is called by its name; where another has it too, by its parent, or else by its id."""
    assert list(named(*areas).labels.values()) == labels


@given(st.lists(st.tuples(st.sampled_from(["X", "X (X)", "X [1]", "X [1] [1]"]), st.integers(0, 5)), max_size=8))
def test_labels_are_unique(below: list[tuple[str, int]]) -> None:
    """Whatever areas are called, no two are shown under the same name."""
    parts = [(str(i), name, str(parent % i)) for i, (name, parent) in enumerate(below, 1)]
    found = named(("0", "X", None), *parts).labels
    assert len(set(found.values())) == len(found)


def test_every_rule_says_the_label() -> None:
    """Each rule's sentence, the area's state, the board and the webhook call an area by its label."""
    given_ = known()
    given_.__dict__["labels"] = {area: f"Label of {area}" for area in given_.areas}
    monitor, board = Monitor(given_), Night(given_)
    notices = [notice for event in night() for notice in monitor.handle(event).notices] + monitor.finish()
    assert len(notices) > 10
    for notice in notices:
        for sentence in notice.finding.sentence.values():
            assert sentence.startswith(f"Label of {notice.finding.area}"), notice.fingerprint
        assert orjson.loads(body(given_, notice))["data"]["area"]["name"] == f"Label of {notice.finding.area}"
    assert monitor.states()["S1"].name == "Label of S1"
    whole = orjson.loads(board.whole("S1"))
    assert [area["name"] for area in whole["path"]] == ["Label of N", "Label of S1"]


NAMES = st.sampled_from([*sentences._TERMS, *CLAUSES["why"], *TERMS])
SENTENCES: Mapping[str, Mapping[str, int | str]] = {
    "falls-votes": {"before": 2, "now": 1, "gap": 1},
    "flood": {"readings": 5, "all": 9},
    "share": {"announced": 1, "official": 1, "valid": 5, "computed": 2},
    "mismatch": {"differing": 1, "ratio": 1, "compared": 2, "net": 1, "direction": "more", "points": 1},
}


@given(NAMES, st.sampled_from(list(SENTENCES)))
def test_terms_are_not_names(name: str, key: str) -> None:
    """Whoever is called like a term of the field keeps that name in every language, in sentences and in the report."""
    said = say(key, area=name, bulletin=name, option=name, group=name, earlier=name, **SENTENCES[key])
    for language in LANGUAGES:
        assert said[language].startswith(name)
        for figure in ("group", "option", "earlier", "bulletin", "since"):
            assert _value(figure, name, Words(language)) == name
    assert _value("what", "ballots", Words("es")) == "votos válidos y nulos"
    assert _value("side", "floor", Words("es")) == "lo mínimo posible"


def test_a_group_called_ballots() -> None:
    """A reporter group called "ballots" floods under its own name, in Spanish too."""
    given_ = election(tables=20, rules=Rules(health=HealthRule(flood_min=10), switch=Switches(lead="off")))
    monitor = Monitor(given_)
    for table in given_.tables:
        monitor.handle(report(table, reporter="r", group="ballots"))
    (flood,) = monitor.finish()
    assert "el grupo ballots envió" in flood.finding.sentence["es"]
