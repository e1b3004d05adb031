"""Names in several languages: read from the election file, written again, and told to each in its own."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from builders import T0, bulletin, lines, report
from replays import of_events
from typer.testing import CliRunner

from streams.board.night import Night
from streams.cli import app
from streams.config import election_writer
from streams.config.csv_file import ElectionFileError
from streams.config.election_file import load
from streams.core.alerting.alert import Notice
from streams.core.election.model import Election
from streams.core.election.names import Name, in_language
from streams.core.events.codec import encode
from streams.delivery import message_text, standard_webhook

TOML = """
[election]
id = "names"
name = {en = "Election of the council", es = "Elección del consejo"}
notice = {es = "Un ejemplo", en = "An example"}
areas = "areas.csv"
register = "register.csv"

[[option]]
id = "Y"
name.en = "Yes"
name.es = "Sí"

[[option]]
id = "N"
name = "No"

[[group]]
id = "all"
options = ["Y", "N"]
[group.name]
en = "Both"
es = "Ambas"

[reconcile]
quorum = 1

[rules.contradiction]
min_sheets = 1
"""
AREAS = """id,parent,name,level,name_es
V,,The valley,nation,El valle
W,V,West,state,Oeste
E,V,East,state,
"""


def write(directory: Path, toml: str = TOML, areas: str = AREAS) -> Path:
    (directory / "areas.csv").write_text(areas)
    (directory / "register.csv").write_text("table,area,registered\nT1,W,100\nT2,W,100\nT3,E,100\n")
    (directory / "election.toml").write_text(toml)
    return directory / "election.toml"


@pytest.fixture
def known(tmp_path: Path) -> Election:
    return load(write(tmp_path))


def texts(election: Election) -> list[str]:
    named = (*election.columns, *election.areas.values())
    return [election.name, election.notice, *(each.name for each in named), *election.labels.values()]


ENGLISH = ["Election of the council", "An example", "Yes", "No", "Both", *2 * ["The valley", "West", "East"]]
SPANISH = ["Elección del consejo", "Un ejemplo", "Sí", "No", "Ambas", *2 * ["El valle", "Oeste", "East"]]


def test_read(known: Election) -> None:
    """A name is its first text, and in each language what was given there; a copy in one language has no other."""
    assert texts(known) == [ENGLISH[0], "Un ejemplo", *ENGLISH[2:]]
    assert [in_language(text, "en") for text in texts(known)] == ENGLISH
    assert [in_language(text, "es") for text in texts(known)] == SPANISH
    assert texts(known.localized("es")) == SPANISH
    assert not any(isinstance(text, Name) for text in texts(known.localized("es")))
    assert known.localized("es").localized("en") == known.localized("es")


def test_written_again(known: Election, tmp_path: Path) -> None:
    """What the writer writes is read as the same election, names in every language included."""
    again = load(election_writer.write(known, tmp_path / "again"))
    assert [(text, getattr(text, "others", None)) for text in texts(again)] == [
        (text, getattr(text, "others", None)) for text in texts(known)
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "cure"),
    [
        (
            '{es = "Un ejemplo", en = "An example"}',
            '{fr = "Un exemple"}',
            5,
            "give a text for each of en, es, or one text",
        ),
        ('{es = "Un ejemplo", en = "An example"}', "{}", 5, "give a text for each of en, es, or one text"),
        ('name.es = "Sí"', 'name.es = " "', 12, "write something here"),
        ('name.es = "Sí"', "name.es = 1", 12, "write something here"),
    ],
)
def test_what_does_not_fit(old: str, new: str, line: int, cure: str, tmp_path: Path) -> None:
    """A language that nobody speaks here, or an empty text, is one error with its line and cure."""
    with pytest.raises(ElectionFileError) as error:
        load(write(tmp_path, TOML.replace(old, new)))
    assert (error.value.line, error.value.cure) == (line, cure)


def test_alike_in_one_language(tmp_path: Path) -> None:
    """Areas that share a name in one language only are told apart there."""
    labels = load(write(tmp_path, areas=AREAS.replace("East,state,", "East,state,Oeste"))).labels
    assert [str(labels[id]) for id in "WE"] == ["West", "East"]
    assert [in_language(labels[id], "es") for id in "WE"] == ["Oeste (El valle) [W]", "Oeste (El valle) [E]"]


def test_told(known: Election, tmp_path: Path) -> None:
    """Sentences, messages, the report and the board have each name in their language; a webhook's names are those of
    the election's own."""
    events = [report(table, {"Y": 50, "N": 20}, at=T0) for table in known.tables]
    wrong = bulletin({"Y": 10, "N": 60}, area="V", tables_counted=3, at=T0 + 60_000)
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(lines([*events, wrong])))
    outcome = of_events(known, lines([*events, wrong]))
    notice: Notice = next(n for n in outcome.notices if n.finding.rule == "contradiction" and n.finding.column == "Y")
    assert notice.finding.sentence["en"].startswith("The valley, bulletin V-1: 10 votes for Yes.")
    assert notice.finding.sentence["es"].startswith("El valle, boletín V-1: 10 votos para Sí.")
    stored = Notice.decode(encode(notice))
    assert stored.finding.sentence["es"] == notice.finding.sentence["es"]
    message = message_text.of_notice(known, "es", stored)
    assert "El valle" in message.title
    assert "Elección del consejo" in message.text
    body = orjson.loads(standard_webhook.body(known, stored))["data"]
    assert (body["election"]["name"], body["area"]["name"]) == ("Election of the council", "The valley")
    board = Night(known)
    board.add_state(encode(outcome.states["V"]), 0)
    whole = orjson.loads(board.whole("V"))
    assert whole["election"]["name"] == {"": ENGLISH[0], "en": ENGLISH[0], "es": SPANISH[0]}
    assert [area["name"] for area in whole["children"]] == [{"": "West", "es": "Oeste"}, {"": "East", "es": "East"}]
    for language, wanted, other in (("en", ENGLISH, SPANISH), ("es", SPANISH, ENGLISH)):
        page = tmp_path / f"{language}.html"
        CliRunner().invoke(app(), ["report", str(tmp_path), "-o", str(page), "--lang", language])
        told = CliRunner().invoke(app(), ["explain", "area", "V", str(tmp_path), "--lang", language]).stdout
        assert all(text in page.read_text() for text in (*wanted[:3], *wanted[5:7]))
        assert not [text for text in (*other[:2], *other[5:7]) if text in page.read_text()]
        assert wanted[5] in told
    assert replace(known, notice="").localized("es").notice == ""
