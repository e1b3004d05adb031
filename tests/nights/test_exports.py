"""Exports: every table agrees with the replay and with itself in each format; queries reach the tables and no more."""

import csv
import io
import json
import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from brokers import ROOT
from builders import T0, alike, bulletin, election, lines, present, report
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from replays import explained_night
from test_cli import cotejo

from streams.config import election_writer
from streams.config.election_file import load
from streams.core.events.codec import decode_any, encode, plain
from streams.core.events.model import Bulletin, Event, Tick
from streams.errors import CotejoError
from streams.nights.eventlog import generated_night
from streams.nights.eventlog.record import Record
from streams.nights.eventlog.writer import LogWriter
from streams.nights.exports import database, dictionary, dictionary_es, nist_export, nist_xml
from streams.nights.exports.catalogue import BY_NAME, TABLES
from streams.nights.exports.database import Format
from streams.nights.exports.export import export
from streams.nights.exports.query import answered
from streams.nights.exports.table import suffixes
from streams.nights.scenarios import venezuela2024_night
from streams.nights.scenarios.settings import Night
from streams.nights.scenarios.simulated import Simulation
from streams.nights.source import open_night
from streams.nights.sql import interruptibly, shut_in

KNOWN = election(states=2, tables=20, registered=300, groups={"rest": "BC"}, quorum=1, trusted_sources=frozenset())
"""A nation of two states; bulletins may announce B and C together."""

SHEETS = [*alike(KNOWN, (150, 60, 10))]
EVENTS: list[Event] = [
    *(report(table, (150, 60, 10), at=T0 + 1000 * i) for i, table in enumerate(SHEETS[2:])),
    report(SHEETS[0], (1, 2, 3), at=T0 + 50_000, reporter="ana", id="first", url='a "quoted", one'),
    report(SHEETS[0], (4, 5, 6), at=T0 + 51_000, reporter="ana", id="second", null=7),
    report(SHEETS[0], (4, 5, 6), at=T0 + 52_000, reporter="eva", group="home", id="third"),
    report(SHEETS[0], (9, 9, 9), at=T0 + 53_000, reporter="ida", group="home", id="fourth"),
    report(SHEETS[0], (4, 5, 6), at=T0 + 53_500, reporter="ana", id="fifth", supersedes="second"),
    report(SHEETS[0], (4, 5, 6), at=T0 + 53_500, reporter="ana", id="fifth", supersedes="second"),
    report(SHEETS[1], (400, 0, 0), at=T0 + 54_000, id="too many"),
    report("nowhere", (1, 1, 1), at=T0 + 55_000, id="unknown table"),
    report(SHEETS[1], {"A": 1, "B": 1, "C": 1, "Z": 5}, at=T0 + 55_500, id="unknown option", extra={"lens": "50 mm"}),
    bulletin((100, 60, 10), SHEETS[2], at=T0 + 56_000, sequence=1),
    bulletin({"A": 150, "rest": 70}, SHEETS[3], at=T0 + 56_000, sequence=1, announced_shares={"A": 68.2}),
    bulletin((2000, 300, 60), at=T0 + 60_000, tables_counted=20),
    bulletin((3000, 3600, 600), at=T0 + 90_000, tables_counted=40, sequence=2, status="final", valid=7200),
]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """The night as an election file and an event file, with a bad line at the end."""
    place = tmp_path_factory.mktemp("night")
    path, events = election_writer.write(KNOWN, place), place / "events.jsonl"
    events.write_bytes(b"\n".join([*lines(EVENTS), b"not JSON"]))
    return path, events


def written(paths: Sequence[Path], out: Path, format: Format, every: int = 10_000) -> Path:
    source = open_night(paths)
    export(source, load(source.election), out, format, every, lambda done: None)
    return out


def asked(paths: Sequence[Path], sql: str, every: int = 10_000) -> list[tuple[Any, ...]]:
    source = open_night(paths)
    with answered(source, load(source.election), sql, every, lambda done: None) as answer:
        return [tuple(row) for row in answer.rows]


@pytest.fixture(scope="module")
def tables(night: Sequence[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of the night as CSV."""
    return written(night, tmp_path_factory.mktemp("csv") / "out", "csv")


def rows(place: Path, name: str) -> list[dict[str, str]]:
    with (place / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_fates(night: Sequence[Path], tables: Path) -> None:
    """Each reading has the fate that `explain` tells, and each that was turned away its reason."""
    explainer, _ = explained_night(*night)
    told = {
        (table, reading["id"]): (reading["fate"], reading["by"])
        for table in KNOWN.tables
        for reading in explainer.table(table)["readings"]
    }
    found = {(row["table_id"], row["reading_id"]): (row["fate"], row["decided_by"]) for row in rows(tables, "readings")}
    refused = {id: why for (_, id), (fate, why) in found.items() if fate == "rejected"}
    assert refused == {
        "too many": "too-many-ballots",
        "unknown table": "unknown-table",
        "unknown option": "unknown-option",
    }
    assert {key: fate for key, fate in found.items() if key[1] not in refused} == told
    assert {fate for fate, _ in found.values()} == {"counts", "superseded", "replaced", "same-group", "rejected"}


def test_the_lives_of_alerts(tables: Path) -> None:
    """Each alert's steps lead from its begin to how it stands in the end, and each notice is one of them."""
    steps = rows(tables, "alert_steps")
    ended = {step["fingerprint"]: step["status"] for step in steps}
    standing = {fingerprint: status for fingerprint, status in ended.items() if status != "dropped"}
    assert standing == {row["fingerprint"]: row["status"] for row in rows(tables, "alerts")}
    told = [(step["fingerprint"], step["at"], step["status"]) for step in steps if step["told"] == "true"]
    notices = [(row["fingerprint"], row["told_at"], row["status"]) for row in rows(tables, "notices")]
    assert sorted(told) == sorted(notices) != []


def test_alerts_that_wait(tmp_path: Path) -> None:
    """What waits to fire is a step, and so is what ends before it fires."""
    patient = replace(KNOWN, alerts=replace(KNOWN.alerts, hold=20.0))
    path, events = election_writer.write(patient, tmp_path), tmp_path / "events.jsonl"
    events.write_bytes(b"\n".join(lines([*EVENTS, Tick(T0 + 300_000)])))
    found = asked((path, events), "SELECT fingerprint, status, reason, told FROM alert_steps ORDER BY number")
    first = {fingerprint: rest for fingerprint, *rest in reversed(found)}
    assert {status for status, _, _ in first.values()} == {"pending"}
    fired = [(status, told) for _, status, reason, told in found if reason == "the finding lasted long enough"]
    assert ("firing", True) in fired
    assert set(fired) <= {("firing", True), ("firing", False)}


def test_nothing_is_lost(tables: Path) -> None:
    """Every report and bulletin has a row each time it came, in order, with all its fields; the rest is in rejected."""
    readings, bulletins, rejected = (rows(tables, name) for name in ("readings", "bulletins", "rejected"))
    seen = sorted([*readings, *bulletins], key=lambda row: int(row["seq"]))
    assert [row.get("reading_id") or row.get("bulletin_id") for row in seen] == [e.id for e in EVENTS]  # type: ignore[union-attr]  # no tick is there
    assert [int(row["seq"]) for row in seen] == list(range(1, len(EVENTS) + 1))
    (first,) = (row for row in readings if row["reading_id"] == "first")
    assert first["url"] == 'a "quoted", one'
    (unknown,) = (row for row in readings if row["reading_id"] == "unknown option")
    assert json.loads(unknown["unknown_votes"]) == {"Z": 5}
    assert json.loads(unknown["extra"]) == {"lens": "50 mm"}
    assert Counter(row["kind"] for row in rejected) == {"report": 3, "unreadable": 1}
    assert {row["content"] for row in rejected if row["kind"] == "unreadable"} == {"not JSON"}
    again = [decode_any(row["content"].encode()) for row in rejected if row["kind"] == "report"]
    assert [event for event in EVENTS if event in again] == again


def test_figures_are_those_of_the_replay(night: Sequence[Path], tables: Path) -> None:
    """Verdicts, differing tables, the last state of each area, alerts and notices are the outcome's."""
    explainer, outcome = explained_night(*night)
    for row in rows(tables, "verdicts"):
        told = explainer.table(row["table_id"])
        assert (row["level"], row["accepted"] == "true") == (told["level"], told["accepted"])
        assert row["reason"] == told["why"].replace(" ", "-")
        assert {o: int(row[f"votes_{o}"]) for o in "ABC" if row[f"votes_{o}"]} == (told["votes"] or {})
    assert {row["table_id"] for row in rows(tables, "accepted_sheets")} == {
        table for table, verdict in outcome.verdicts.items() if verdict.accepted
    }
    differing = {
        (row["table_id"], row["figure_id"]): int(row["difference"]) for row in rows(tables, "differing_tables")
    }
    assert differing == {
        (row.table, figure): by for row in explainer.differing("N").rows for figure, by in row.difference.items()
    }
    last = {row["area_id"]: row for row in rows(tables, "area_states")}
    figures = {(row["area_id"], row["figure_id"]): row for row in rows(tables, "area_figures")}
    for area in KNOWN.areas:
        state = outcome.states[area]
        assert int(last[area]["witnessed_valid"]) == state.witnessed.valid
        assert int(last[area]["tables_differing"]) == present(state.tables_announced).differing if area == "N" else True
        for figure, votes in state.witnessed.votes.items():
            assert int(figures[area, figure]["witnessed_votes"]) == votes
        for figure, official in (state.official.figures if state.official else {}).items():
            assert int(figures[area, figure]["announced_votes"]) == official.votes
            assert figures[area, figure]["breakdown"] == str(official.breakdown)
    assert {row["fingerprint"]: row["status"] for row in rows(tables, "alerts")} == {
        fingerprint: alert.status for fingerprint, alert in outcome.alerts.items()
    }
    assert [row["notice_id"] for row in rows(tables, "notices")] == [notice.id for notice in outcome.notices]
    assert rows(tables, "alerts"), "the night has no alert: it tests nothing"
    assert rows(tables, "alerts")[0]["sentence_es"] != rows(tables, "alerts")[0]["sentence_en"]


def test_states_over_time(night: Sequence[Path]) -> None:
    """An area that changes all the time is written at the end of each stretch, at each bulletin, and at the end."""
    moments = [
        asked(night, "SELECT epoch_ms(as_of) FROM area_states WHERE area_id = 'N' ORDER BY as_of", every)
        for every in (10_000, 30_000)
    ]
    fine, coarse = ([(at - T0) // 1000 for (at,) in some] for some in moments)
    assert fine == sorted(set(fine))
    assert coarse == sorted(set(coarse))
    assert len(coarse) < len(fine)
    assert (fine[0], fine[-1]) <= (coarse[0], coarse[-1])
    assert {70, 100} <= set(coarse), "the ticks after the two bulletins"


def test_formats_agree(night: Sequence[Path], tables: Path, tmp_path: Path) -> None:
    """Parquet, JSON lines and CSV hold the same rows, with the types of the dictionary."""
    parquet, jsonl = written(night, tmp_path / "p", "parquet"), written(night, tmp_path / "j", "jsonl")
    for template in TABLES:
        table = template.of(KNOWN)
        found = duckdb.read_parquet(f"{parquet}/{table.name}.parquet")
        assert found.columns == [column.name for column in table.columns]
        objects = [json.loads(line) for line in (jsonl / f"{table.name}.jsonl").read_text("utf-8").splitlines()]
        cells = rows(tables, table.name)
        assert len(objects) == len(cells)
        for values, object, cell in zip(found.fetchall(), objects, cells, strict=True):
            for column, value in zip(table.columns, values, strict=True):
                text, json_value = cell[column.name], object[column.name]
                assert (value is None) == (json_value is None), column
                assert value is not None or text == "", column
                if column.type == "time" and value is not None:
                    assert value.isoformat(timespec="milliseconds").replace("+00:00", "Z") == text == json_value
                elif column.type in ("integer", "number", "boolean", "text", "json", "texts") and value is not None:
                    assert json_value == value, column
                    assert column.type not in ("integer",) or int(text) == value


def test_the_same_files_each_time(night: Sequence[Path], tables: Path, tmp_path: Path) -> None:
    """Two exports of one night are byte for byte the same, and only their owner may read them."""
    again = written(night, tmp_path / "again", "csv")
    assert {path.name for path in again.iterdir()} == {path.name for path in tables.iterdir()}
    for path in again.glob("*.*"):
        assert path.read_bytes() == (tables / path.name).read_bytes(), path.name
    assert again.stat().st_mode & 0o077 == 0
    assert load(again / "election" / "election.toml") == load(night[0])


def test_what_is_there_stays(night: Sequence[Path], tmp_path: Path) -> None:
    """An export replaces an export, never anything else; one that fails leaves what was there."""
    out = written(night, tmp_path / "out", "csv")
    written(night, out, "jsonl")
    assert not list(out.glob("*.csv"))
    (tmp_path / "bad.jsonl").mkdir()
    with pytest.raises(CotejoError):
        written([night[0], tmp_path / "bad.jsonl"], out, "csv")
    assert len(list(out.glob("*.jsonl"))) == len(TABLES)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(CotejoError, match="holds something else"):
        written(night, tmp_path / "mine", "csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl", "mine", "out"]


def test_a_night_that_goes_on(tmp_path: Path) -> None:
    """A log may be exported and asked while it is being written, as far as it goes, a half-written block included."""
    log = tmp_path / "log"
    with LogWriter.create(log, KNOWN, prefix="test.", partitions=1, writer="a test") as writer:
        for offset, line in enumerate(lines(EVENTS[:20])):
            writer.append(Record("tally-reports", 0, offset, T0, None, line))
        writer.flush()
        with next(log.glob("segment-*")).open("ab") as file:
            file.write(b"CjBk half a head")
        assert asked([log], "SELECT count(*) FROM readings WHERE fate = 'counts'") == [(20,)]
        assert len(rows(written([log], tmp_path / "out", "csv"), "accepted_sheets")) == 20


@pytest.mark.parametrize(
    ("which", "format"),
    [("simulated", "csv"), ("of this test", "jsonl"), ("of this test", "parquet"), ("bundled", "parquet")],
)
def test_there_and_back(which: str, format: Format, tmp_path: Path) -> None:
    """What is exported and imported again comes to the same outcome, byte for byte."""
    if which == "bundled":  # its first sheets and both bulletins; the whole night takes minutes
        known, events = venezuela2024_night.night()
        events = events[:1500] + [event for event in events if isinstance(event, Bulletin)]
    elif which == "simulated":
        simulated = Simulation(
            Night(tables=200, states=3, municipalities=4, official="table", readers=1.5, corrected=1)
        )
        known, events = simulated.election, list(simulated.events())
    else:  # what is repeated word for word is imported once; what the election does not know has no columns
        once = {encode(plain(event)): event for event in EVENTS}.values()
        known, events = KNOWN, [event for event in once if event.id != "unknown option"]  # type: ignore[union-attr]  # no tick is there
    generated_night.write(tmp_path / "night", known, events, "a test")
    out = written([tmp_path / "night"], tmp_path / "tables", format, every=86_400_000)
    done = cotejo("import", "run", out / "import.toml", "--data", out, "--out", tmp_path / "back")
    assert done.returncode == 0, done.stderr.decode()
    (told,) = re.findall(r"\b[0-9a-f]{64}\b", (out / dictionary.DICTIONARY).read_text("utf-8"))
    assert outcome(tmp_path / "back") == outcome(tmp_path / "night") == told


def outcome(*paths: Path) -> str:
    return explained_night(*paths)[1].sha256


WRONG = [
    ("SELECT * FROM nowhere", "nowhere does not exist"),
    ("SELEC 1", "syntax error"),
    ("SELECT * FROM connection", "does not exist"),
    ("SELECT * FROM read_csv('/etc/passwd')", "disabled by configuration"),
    ("SELECT content FROM read_text('/etc/passwd')", "disabled by configuration"),
    ("SELECT * FROM glob('/*')", "disabled by configuration"),
    ("SELECT * FROM '/etc/passwd'", "does not exist"),
    ("SELECT * FROM read_parquet('https://127.0.0.1:9/x.parquet')", "disabled"),
    *(
        (sql, "give one statement that reads")
        for sql in (
            "", "SELECT 1; SELECT 2", "COPY readings TO 'stolen.csv'", "EXPORT DATABASE 'stolen'", "ATTACH 'other.db'",
            "INSTALL httpfs", "LOAD httpfs", "SET enable_external_access = true", "DROP TABLE readings",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "says"), WRONG, ids=[sql for sql, _ in WRONG])
def test_queries_are_shut_in(
    sql: str, says: str, night: Sequence[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query reaches no file, network, extension or setting, and what is wrong with it is one line."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CotejoError, match=says) as caught:
        asked(night, sql)
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_a_query_without_end_can_be_stopped() -> None:
    """Ctrl-C ends what DuckDB works on, also where it comes before the work."""
    main = threading.get_ident()
    with duckdb.connect() as connection:

        def endless() -> None:
            signal.pthread_kill(main, signal.SIGINT)
            connection.execute("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t")

        with pytest.raises(KeyboardInterrupt):
            interruptibly(connection, endless)
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_a_query_is_not_bound_outside(tmp_path: Path) -> None:
    """Finding the tables that a statement names opens nothing: not the file that it reads."""
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n" * 100)
    os.utime(path, ns=(1, 1))
    assert database.asked_in(f"SELECT a FROM read_csv('{path}')") == set(BY_NAME)
    assert path.stat().st_atime_ns == 1
    with open(path) as file:  # where reading leaves no trace, the line above shows nothing
        file.read()
    if path.stat().st_atime_ns == 1:
        pytest.skip("this disk does not note when a file is read")


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO 'stolen.csv'",
        "ATTACH 'other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "RESET lock_configuration",
        "PRAGMA threads = 64",
    ],
)
def test_the_database_is_shut_in(sql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever reached the database could not leave it either."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    with database.open_database(tmp_path / "own") as connection:
        shut_in(connection)
        with pytest.raises(duckdb.Error):
            connection.execute(sql)
    assert os.listdir(tmp_path) == ["own"]


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("SELECT count(*) FROM verdicts WHERE accepted", [(38,)]),
        ("WITH readings AS (SELECT 1 AS one) SELECT one FROM readings", [(1,)]),
        ("SELECT count(*) FROM query_table('polling_tables')", [(40,)]),
        ("PIVOT verdicts ON level USING count(*) GROUP BY accepted ORDER BY accepted", [(False, 1, 0), (True, 0, 38)]),
        ("FROM Options SELECT figure_id WHERE members = ['B', 'C']", [("rest",)]),
        (
            "SELECT sum(votes_A) = (SELECT last(witnessed_votes ORDER BY as_of) FROM area_figures "
            "WHERE area_id = 'N' AND figure_id = 'A') FROM accepted_sheets",
            [(True,)],
        ),
    ],
)
def test_queries(sql: str, answer: list[tuple[Any, ...]], night: Sequence[Path]) -> None:
    """Any statement that names tables finds them filled, however it names them."""
    assert asked(night, sql) == answer


def test_query_as_a_user_sees_it(night: Sequence[Path]) -> None:
    """A table for people, JSON lines and CSV for programs; a wrong query is one line and exit code 1."""
    sql = "SELECT reading_id, observed_at, url FROM readings WHERE reading_id = 'first'"
    shown = cotejo("query", *night, sql)
    assert (shown.returncode, shown.stdout.split()[:3]) == (0, [b"reading_id", b"observed_at", b"url"])
    (line,) = cotejo("query", *night, sql, "--json").stdout.splitlines()
    expected = {"reading_id": "first", "observed_at": "2024-07-29T00:00:50.000Z", "url": EVENTS[38].url}  # type: ignore[union-attr]  # it is a report
    assert json.loads(line) == expected
    text = cotejo("query", *night, sql, "--csv").stdout.decode()
    assert list(csv.DictReader(io.StringIO(text))) == [expected]
    twice = cotejo("query", *night, "SELECT 1 AS a, 2 AS a", "--json")
    assert (twice.returncode, twice.stdout) == (1, b"")
    assert b"several columns are called a: tell them apart with AS" in twice.stderr
    wrong = cotejo("query", *night, "SELECT nothing FROM readings")
    assert (wrong.returncode, wrong.stdout) == (1, b"")
    assert b"nothing" in wrong.stderr
    assert b"Traceback" not in wrong.stderr


@given(st.lists(st.text(min_size=1, max_size=4), unique=True, max_size=8))
def test_suffixes(ids: list[str]) -> None:
    """Columns of different options have different names, also where upper and lower case are one."""
    found = suffixes(ids)
    assert [*found] == ids
    assert len({end.casefold() for end in found.values()}) == len(ids)
    assert all(found[id] == id for i, id in enumerate(ids) if id.casefold() not in {o.casefold() for o in ids[:i]})


def test_options_with_strange_names(tmp_path: Path) -> None:
    """Ids that differ by case alone, or hold quotes, keep their own columns."""
    strange = election(options=["a", "A", 'x"y', "it's"])  # type: ignore[arg-type]  # any sequence of ids does
    path, events = election_writer.write(strange, tmp_path), tmp_path / "e.jsonl"
    events.write_bytes(b"\n".join(lines([report("S1-1", {"a": 1, "A": 2, 'x"y': 3, "it's": 4})])))
    assert asked([path, events], "SELECT COLUMNS('votes_.*') FROM verdicts") == [(1, 2, 3, 4)]
    assert asked([path, events], "SELECT suffix FROM options ORDER BY position") == [
        ("a",),
        ("A_2",),
        ('x"y',),
        ("it's",),
    ]


def test_the_dictionary_in_spanish() -> None:
    """Every text of the catalogue has its Spanish one, none is left over, and nothing English stands in the page."""
    columns = [column for table in TABLES for column in table.columns]
    texts = {
        *(table.row for table in TABLES),
        *(column.says for column in columns),
        *(column.unit for column in columns),
    }
    told = {**dictionary_es.UNITS, **dictionary_es.ROWS, **dictionary_es.COLUMNS}
    assert texts - told.keys() == set()
    assert told.keys() - texts == set()
    page = dictionary.of_export(KNOWN, T0, "0", "1", dict.fromkeys(BY_NAME, 2), "es")
    assert "Una fila es una mesa con acta aceptada. 2 en esta exportación." in page
    assert not re.search(r"\bthe\b", page)


def test_the_dictionary_describes_every_column() -> None:
    """Each column says what it is, numbers have a unit or are plain places, and docs/export.md has all of it."""
    page = ROOT / "docs" / "export.md"
    text, begin, end = page.read_text("utf-8"), "<!-- the dictionary -->\n", "<!-- its end -->"
    before, rest = text.split(begin)
    wanted = begin + dictionary.dictionary(mark="###") + "\n" + end
    if os.environ.get("COTEJO_WRITE_DOCS"):
        page.write_text(before + wanted + rest.split(end)[1], encoding="utf-8")
    assert wanted in page.read_text("utf-8"), "run COTEJO_WRITE_DOCS=1 pytest tests/nights/test_exports.py"
    for table in TABLES:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert table.row
        for column in table.columns:
            assert column.says, column
            assert column.type != "number" or column.unit, column


def test_an_export_carries_its_dictionary(tables: Path, night: Sequence[Path]) -> None:
    """The dictionary beside the files names each column of each of them, the rows, and the outcome's hash."""
    text = (tables / dictionary.DICTIONARY).read_text("utf-8")
    assert explained_night(*night)[1].sha256 in text
    for name in BY_NAME:
        found = rows(tables, name)
        assert f"## {name}\n" in text
        assert f"{len(found):,} in this export" in text
        assert all(f"| `{column}` |" in text for row in found[:1] for column in row)


@pytest.fixture(scope="session")
def schema(election_data: Path) -> etree.XMLSchema:
    """The schema of NIST SP 1500-100 version 2, as its authors publish it."""
    return etree.XMLSchema(etree.parse(election_data / "nist" / "NIST_V2_election_results_reporting.xsd"))


def counts(path: Path) -> dict[tuple[str, str], int]:
    """The votes in a report, by selection and unit, both by the ids of the election."""
    space, document = {"n": nist_xml.NAMESPACE}, etree.parse(path)

    def value(node: Any) -> str:
        return str(node.findtext("n:ExternalIdentifier/n:Value", namespaces=space))

    units = {unit.get("ObjectId"): value(unit) for unit in document.iterfind(".//n:GpUnit", space)}
    candidates = {each.get("ObjectId"): value(each) for each in document.iterfind(".//n:Candidate", space)}
    return {
        (
            "+".join(candidates[id] for id in selection.findtext("n:CandidateIds", namespaces=space).split()),
            units[count.findtext("n:GpUnitId", namespaces=space)],
        ): int(count.findtext("n:Count", namespaces=space))
        for selection in document.iterfind(".//n:ContestSelection", space)
        for count in selection.iterfind("n:VoteCounts", space)
    }


def test_nist(night: Sequence[Path], tmp_path: Path, schema: etree.XMLSchema) -> None:
    """Both reports are valid, and hold the witnessed and the announced figures of areas and polling tables."""
    source = open_night(night)
    written = nist_export.export(source, load(source.election), tmp_path / "nist", lambda done: None)
    assert written == ["witnessed.xml", "official.xml"]
    for name in written:
        schema.assertValid(etree.parse(tmp_path / "nist" / name))
    witnessed, official = (counts(tmp_path / "nist" / name) for name in written)
    _, outcome = explained_night(*night)
    for area in KNOWN.areas:
        assert {o: witnessed[o, area] for o in "ABC"} == {o: outcome.states[area].witnessed.votes[o] for o in "ABC"}
    accepted = {table: verdict.votes for table, verdict in outcome.verdicts.items() if verdict.accepted}
    assert {t: tuple(witnessed[o, t] for o in "ABC") for t in accepted} == accepted
    assert len(witnessed) == 3 * (len(KNOWN.areas) + len(accepted))
    assert official == {
        ("A", "N"): 3000, ("B", "N"): 3600, ("C", "N"): 600,
        ("A", SHEETS[2]): 100, ("B", SHEETS[2]): 60, ("C", SHEETS[2]): 10,
        ("A", SHEETS[3]): 150, ("B+C", SHEETS[3]): 70,
    }  # fmt: skip
    assert b"unofficial-complete" in (tmp_path / "nist" / "official.xml").read_bytes()


@pytest.mark.parametrize("which", ["simulated", "nobody announced", "venezuela"])
def test_nist_is_valid(which: str, tmp_path: Path, schema: etree.XMLSchema) -> None:
    """A night with every table announced, one with no bulletin at all, and the bundled one give valid reports."""
    known, events = KNOWN, EVENTS[:5]
    if which == "venezuela":
        known, events = venezuela2024_night.night()
        events = [events[0], *events[-2000:]]
    elif which == "simulated":
        simulated = Simulation(Night(tables=200, states=3, municipalities=4, official="table"))
        known, events = simulated.election, list(simulated.events())
    generated_night.write(tmp_path / "night", known, events, "a test")
    source = open_night([tmp_path / "night"])
    for name in nist_export.export(source, load(source.election), tmp_path / "nist", lambda done: None):
        schema.assertValid(etree.parse(tmp_path / "nist" / name))
    assert (tmp_path / "nist" / "official.xml").exists() == (which != "nobody announced")


def test_nist_of_an_empty_night(tmp_path: Path) -> None:
    """A night of ticks alone has no date: one error says so, and nothing is written."""
    generated_night.write(tmp_path / "night", KNOWN, [Tick(T0)], "a test")
    source = open_night([tmp_path / "night"])
    with pytest.raises(CotejoError, match="no event that can be read"):
        nist_export.export(source, load(source.election), tmp_path / "nist", lambda done: None)
    assert not (tmp_path / "nist").exists()
