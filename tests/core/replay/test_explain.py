"""Why a table or an area stands as it does: every fate of a reading, every reason of a verdict, both languages."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from builders import T0, alike, bulletin, election, lines, report
from event_files import write_events
from msgspec import UNSET
from replays import explained, explained_night, of_events
from test_cli import cotejo

from streams.config import election_writer
from streams.core.comparison.lead_sentences import lead_sentences
from streams.core.comparison.sentences import LANGUAGES
from streams.core.election.model import Election
from streams.core.election.settings import AlertPolicy, DivergenceRule, Rules, Switches
from streams.core.events.area_states import AreaState
from streams.core.events.codec import encode, plain
from streams.core.events.input_topics import BULLETINS, REPORTS
from streams.core.events.model import Event, Tick
from streams.core.replay.explainer import Explainer, UnknownPlaceError
from streams.kafka.topology import Topology
from streams.nights.eventlog.record import Record
from streams.nights.eventlog.writer import LogWriter
from streams.report.explain_text import area_lines, table_lines

RULES = Rules(divergence=DivergenceRule(min_sheets=20), switch=Switches(lead="off"))
KNOWN = election(tables=12, quorum=2, trusted_sources=frozenset({"party"}), rules=RULES)


def asked(*events: Event, known: Election = KNOWN) -> Explainer:
    return explained(known, events)


def by(reporter: str, votes: Any = (5, 3, 1), at: int = 0, **fields: Any) -> Any:
    return report("S1-1", votes, reporter=reporter, at=T0 + at, id=fields.pop("id", f"{reporter}{at}"), **fields)


@pytest.mark.parametrize(
    ("events", "why", "level", "accepted", "fates"),
    [
        pytest.param([], "nobody", "none", False, [], id="nobody read it"),
        pytest.param([by("ana")], "too-few", "reported", False, ["counts"], id="one reader is too few"),
        pytest.param([by("ana", source="party")], "trusted", "reported", True, ["counts"], id="a trusted one is not"),
        pytest.param([by("ana"), by("ben")], "quorum", "corroborated", True, ["counts"] * 2, id="two agree"),
        pytest.param(
            [by("ana"), by("ben", (4, 4, 1))], "no-majority", "disputed", False, ["counts"] * 2, id="two do not"
        ),
        pytest.param(
            [by("ana"), by("ana", (4, 4, 1), 5)], "too-few", "reported", False, ["replaced", "counts"], id="newer"
        ),
        pytest.param(
            [by("ana"), by("ana", (4, 4, 1), 5, supersedes="ana0")],
            *("too-few", "reported", False),
            ["superseded", "counts"],
            id="superseded",
        ),
        pytest.param(
            [by("ana"), by("ana", (), 5, retracted=True)], "nobody", "none", False, ["replaced", "retraction"],
            id="taken back",
        ),
        pytest.param(
            [by("ana", group="home"), by("ben", at=5, group="home")],
            *("too-few", "reported", False),
            ["same-group", "counts"],
            id="one household",
        ),
    ],
)  # fmt: skip
def test_table(events: list[Event], why: str, level: str, accepted: bool, fates: list[str]) -> None:
    """The verdict's reason, and what became of each reading, are what the case says; it reads in both languages."""
    found = asked(*events).table("S1-1")
    assert (found["why"], found["level"], found["accepted"]) == (why, level, accepted)
    assert [reading["fate"] for reading in found["readings"]] == fates
    for language in LANGUAGES:
        text = "\n".join(table_lines(found, language))
        assert "{" not in text
        assert all(reading["id"] in text for reading in found["readings"])


def test_rejected_and_official() -> None:
    """A table's explanation names what was turned away, why, and the official figure."""
    found = asked(by("ana", (900, 0, 0)), bulletin((5, 3, 0), area="S1-1")).table("S1-1")
    assert [row["code"] for row in found["rejected"]] == ["too-many-ballots"]
    assert found["official"] == {"bulletin": "S1-1-1", "votes": {"A": 5, "B": 3, "C": 0}}
    text = "\n".join(table_lines(found, "en"))
    assert "turned away: too-many-ballots at votes: read the sheet again" in text
    assert "official (S1-1-1): A 5, B 3, C 0" in text


def test_area() -> None:
    """An area's explanation has both counts, the findings with their figures, alerts, disputes and differing tables."""
    sheets = [report(t, v, at=T0, source="party") for t, v in alike(KNOWN, (50, 20, 5)).items()]
    disputed = [report("S1-2", (1, 1, 1), reporter="eva", at=T0)]
    official = [bulletin((600, 1080, 120), at=T0 + 1, tables_counted=24), bulletin((1, 2, 3), area="S1-1", at=T0)]
    night = asked(*sheets, *disputed, *official)
    found, state = night.area("N"), of_events(KNOWN, lines([*sheets, *disputed, *official])).states["N"]
    assert found["witnessed"].levels == {"reported": 23, "disputed": 1}
    assert {f["rule"] for f in found["findings"]} >= {"contradiction", "divergence"}
    assert {a["status"] for a in found["alerts"]} == {"firing"}
    assert found["disputed"] == {"count": 1, "tables": ["S1-2"]}
    assert found["lead"].disputed == found["lead"].together
    assert "The disputed sheet cannot change who leads" in found["lead_sentences"]["en"][0]
    assert [row["table"] for row in found["differing"]["tables"]] == ["S1-1"]
    for language in LANGUAGES:
        text = "\n".join(area_lines(found, language))
        assert "{" not in text
        assert list(lead_sentences(KNOWN, state, language)) == found["lead_sentences"][language]
        assert found["lead_sentences"][language][0] in text
        for finding in found["findings"]:
            assert finding["sentence"][language] in text
        assert {"en": "1 disputed sheet: S1-2", "es": "1 acta en disputa: S1-2"}[language] in text.splitlines()
    quiet = "\n".join(area_lines(asked().area("S2"), "es"))
    assert "ninguna regla tiene nada que decir" in quiet


def test_disputed_tables() -> None:
    """Each area lists its own disputed tables, the nation those of all, in the order of their ids; of very many the
    first, with their number; and what is no longer disputed is not listed."""
    known = election(states=2, tables=30, quorum=2)
    events = [
        report(table, votes, reporter=reporter, at=T0 + i)
        for table in reversed(list(known.tables))
        if table not in ("S1-1", "S2-2")
        for i, (reporter, votes) in enumerate([("ana", (5, 3, 1)), ("ben", (4, 4, 1))])
    ]
    events += [report("S1-2", (5, 3, 1), reporter=reporter, at=T0 + 5) for reporter in ("eva", "gil")]
    events += [report("S2-2", (5, 3, 1), at=T0)]  # one reader of two: it does not count, and nobody disputes it
    night = asked(*events, known=known)
    ids = {
        area: sorted(t for t, table in known.tables.items() if area in known.lineage[table.area])
        for area in known.areas
    }
    for area, tables in ids.items():
        disputed = [table for table in tables if table not in ("S1-1", "S1-2", "S2-2")]
        found = night.area(area)
        assert found["disputed"]["count"] == len(disputed) > 25
        assert found["disputed"]["tables"] == disputed[:20]
        line = f"{len(disputed)} disputed sheets: {', '.join(disputed[:20])}, …"
        assert line in area_lines(found, "en")


def test_unknown() -> None:
    """A table or an area that does not exist is an error that names it."""
    with pytest.raises(UnknownPlaceError, match="S9-9"):
        asked().table("S9-9")
    with pytest.raises(UnknownPlaceError, match="S9"):
        asked().area("S9")


def test_commands(tmp_path: Path) -> None:
    """`cotejo explain` reads event files, says what it cannot read on stderr, prints text or one JSON object."""
    path = election_writer.write(KNOWN, tmp_path)
    events = tmp_path / "night.jsonl"
    write_events(events, [by("ana"), by("ben"), bulletin((10, 10, 10))])
    with events.open("ab") as file:
        file.write(b"rubbish\n")
    done = cotejo("explain", "table", "S1-1", path, events, "--lang", "es")
    assert done.returncode == 0
    assert "2 de 2 lectores independientes coinciden" in done.stdout.decode()
    assert f"{events}:4: not-json" in done.stderr.decode()
    area = orjson.loads(cotejo("explain", "area", "N", path, events, "--json").stdout)
    assert area["official"]["bulletin"] == "N-1"
    wrong = cotejo("explain", "area", "Q", path, events)
    assert (wrong.returncode, wrong.stdout) == (1, b"")
    assert wrong.stderr.decode().startswith("cotejo: Q is no area")


MINUTE = 60_000


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize(
    "apart", [pytest.param((0, MINUTE), id="came in turn"), pytest.param((MINUTE, 0), id="came at once")]
)
def test_the_rate_of_a_group(recorded: bool, apart: tuple[int, int], tmp_path: Path) -> None:
    """A recorded night's explanation turns away what its replay does, since both go by when messages came and by
    which partition; where a program made the night, both go by the events' own times."""
    known = election(states=2, tables=20, group_rate=3)
    topology = Topology("x.", 2)
    offsets, sent = Counter[int](), Counter[tuple[int, int]]()
    created = T0 if recorded else None
    with LogWriter.create(tmp_path, known, prefix="x.", partitions=2, writer="a test", created=created) as log:
        for i, table in enumerate(known.tables):
            event = report(table, at=T0 + apart[0] * (i // 10), reporter=f"x{i}", group="g", id=f"r{i}")
            partition, came = topology.partition_of(table), T0 + apart[1] * (i // 10)
            log.append(Record(REPORTS, partition, offsets[partition], came, None, encode(plain(event))))
            offsets[partition] += 1
            sent[partition if recorded else 0, came if recorded else event.at] += 1
    explainer, outcome = explained_night(tmp_path)
    codes = Counter(row["code"] for table in known.tables for row in explainer.table(table)["rejected"])
    assert codes == {code: found.count for code, found in outcome.rejected.items()}
    assert codes == {"rate-limited": sum(max(0, count - 3) for count in sent.values())}


APART = election(states=2, tables=40, rules=RULES, alerts=AlertPolicy(tick=10, hold=0))
TOPOLOGY = Topology("x.", 2)
DAY = 86_400_000


def recorded_apart(at: Path, *, ahead: bool) -> None:
    """A recorded log that has one partition after the other: the sheets of each alone contradict the bulletin, and
    together they say what it says. `ahead`: a tick of the next day comes first of each channel."""
    came: list[tuple[str, int, Event]] = []
    begun: list[Event] = [Tick(T0 + DAY), Tick(T0)] if ahead else [Tick(T0)]
    marks: list[Event] = [Tick(T0 + 10_000 * i) for i in range(1, 7)]
    partitions = {table: TOPOLOGY.partition_of(table) for table in APART.tables}
    ones = sum(partitions.values())
    votes = (90 * ones + 9 * (80 - ones), 9 * ones + 90 * (80 - ones), 80)
    official = bulletin(votes, at=T0 + 1000, tables_counted=80)
    came += ((BULLETINS, 0, event) for event in [*begun, official, marks[0]])
    for partition, seen in enumerate([(9, 90, 1), (90, 9, 1)]):
        sheets: list[Event] = [
            report(table, seen, at=T0 + 1000) for table, home in partitions.items() if home == partition
        ]
        came += ((REPORTS, partition, event) for event in [*begun, *sheets, *marks])
    came += ((BULLETINS, 0, event) for event in marks[1:])
    offsets = Counter[tuple[str, int]]()
    with LogWriter.create(at, APART, prefix="x.", partitions=2, writer="a test", created=T0) as log:
        for topic, partition, event in came:
            arrived = T0 if event.at == T0 + DAY else event.at
            log.append(Record(topic, partition, offsets[topic, partition], arrived, None, encode(plain(event))))
            offsets[topic, partition] += 1


@pytest.mark.parametrize("ahead", [False, True])
def test_a_log_with_its_partitions_apart(ahead: bool, tmp_path: Path) -> None:
    """A tick is judged when all channels have come to it, and one that is a day ahead is turned away: `explain` shows
    the alerts, states and verdicts of `replay`, however far apart the log has its partitions."""
    recorded_apart(tmp_path, ahead=ahead)
    explainer, outcome = explained_night(tmp_path)
    assert not outcome.alerts
    assert outcome.at == T0 + 60_000
    assert {code: found.count for code, found in outcome.rejected.items()} == ({"tick-ahead": 3} if ahead else {})
    for area in APART.areas:
        found = explainer.area(area)
        assert found["alerts"] == []
        fields = {name: found.get(name, UNSET) for name in AreaState.__struct_fields__}
        assert outcome.states[area] == AreaState(**fields)
    for table, verdict in outcome.verdicts.items():
        assert (explainer.table(table)["level"], explainer.table(table)["accepted"]) == (verdict.level.value, True)


def test_simulate_and_explain(tmp_path: Path) -> None:
    """`cotejo simulate` writes what `check` and `explain` read, and the truth beside it; a wrong share is refused."""
    made = cotejo("simulate", "--out", tmp_path, "--tables", 300, "--states", 2, "--municipalities", 3, "--seed", 7)
    assert made.returncode == 0, made.stderr.decode()
    truth = orjson.loads((tmp_path / "truth.json").read_bytes())
    assert truth["night"]["seed"] == 7
    assert b"6 bulletins, 253 tally-reports fine, 2 problems" in cotejo("check", tmp_path).stdout
    night = orjson.loads(cotejo("explain", "area", "N", tmp_path, "--json").stdout)
    assert night["official"]["votes"] == truth["official"]
    refused = cotejo("simulate", "--out", tmp_path, "--witnessed", 3)
    assert refused.returncode == 1
    assert "witnessed" in refused.stderr.decode()


SINGLE = election(states=2, tables=30, groups={"BC": "BC"})


def single_tables() -> list[Event]:
    """Sheets of both states, and official figures of 40 polling tables one by one: 25 of them are not their sheets'."""
    tables = list(SINGLE.tables)
    sheets: list[Event] = [report(table, (5, 3, 1), at=T0) for table in tables]
    moved = [bulletin({"A": 3, "BC": 6}, area=table, at=T0) for table in tables[:25]]
    return [*sheets, *moved, *(bulletin((5, 3, 1), area=table, at=T0) for table in tables[25:40])]


def test_every_differing_table(tmp_path: Path) -> None:
    """--differing gives all tables of the area with both figures, not the first few, as a table, CSV and JSON; the
    differences add up to the net shift, also of what is announced as a group."""
    path = election_writer.write(SINGLE, tmp_path)
    events = tmp_path / "night.jsonl"
    write_events(events, single_tables())
    found = orjson.loads(cotejo("explain", "area", "N", path, events, "--differing", "--json").stdout)
    assert (found["compared"], found["differing"], found["net"]) == (40, 25, {"A": -50, "BC": 50})
    assert [row["table"] for row in found["tables"]] == sorted(list(SINGLE.tables)[:25])
    assert found["tables"][0] == {
        "table": "S1-1", "area": "S1", "bulletin": "S1-1-1",
        "sheet": {"A": 5, "BC": 4}, "official": {"A": 3, "BC": 6}, "difference": {"A": -2, "BC": 2},
    }  # fmt: skip
    done = cotejo("explain", "area", "S1", path, events, "--differing", "--csv")
    rows = list(csv.DictReader(done.stdout.decode().splitlines()))
    assert len(rows) == 25
    assert sum(int(row["A difference"]) for row in rows) == -50
    assert rows[0] == {
        "table": "S1-1", "area": "S1", "bulletin": "S1-1-1", "A sheet": "5", "A official": "3", "A difference": "-2",
        "BC sheet": "4", "BC official": "6", "BC difference": "2",
    }  # fmt: skip
    assert "Net shift: A \N{MINUS SIGN}50, BC +50." in done.stderr.decode()
    for lang, said in (("en", "25 of 30 polling tables"), ("es", "difieren 25 de 30 mesas")):
        text = cotejo("explain", "area", "S1", path, events, "--differing", "--lang", lang).stdout.decode()
        assert said in text
        assert all(f"\n{table} " in text for table in list(SINGLE.tables)[:25])
    assert orjson.loads(cotejo("explain", "area", "S2", path, events, "--differing", "--json").stdout)["tables"] == []
    wrong = cotejo("explain", "area", "N", path, events, "--csv")
    assert (wrong.returncode, wrong.stdout) == (1, b"")
    assert wrong.stderr.decode() == "cotejo: --csv: give it with --differing, and without --json\n"


def test_tables_alone_are_announced(tmp_path: Path) -> None:
    """Where tables alone are announced their sum is the official count, with how many they are: in the state, in
    `explain`, in `replay` and in the report. Of options that some tables announce as a group it is the group's."""
    night = asked(*single_tables(), known=SINGLE)
    (nation, first) = (night.area(area) for area in ("N", "S1"))
    assert nation["official"] is None
    single = nation["tables_announced"]
    assert (single.announced, single.votes, single.valid) == (40, {"A": 150, "BC": 210}, 360)
    assert single.shares["BC"] == pytest.approx(100 * 210 / 360, abs=1e-6)
    assert "sum of 40 polling tables" in "\n".join(area_lines(nation, "en"))
    assert "A: anunciado 150 (41,67 %)" in "\n".join(area_lines(nation, "es"))
    assert first["tables_announced"].announced == 30
    second = night.area("S2")["tables_announced"]
    assert (second.valid, second.votes) == (90, {"A": 50, "B": 30, "C": 10})
    assert second.shares["A"] == pytest.approx(100 * 5 / 9, abs=1e-6)
    torn = asked(*single_tables(), bulletin({"A": 7}, area="S2-30", at=T0), known=SINGLE).area("S2")["tables_announced"]
    assert (torn.valid, torn.votes["A"], torn.shares) == (None, 57, {})
    path = election_writer.write(SINGLE, tmp_path)
    events = tmp_path / "night.jsonl"
    write_events(events, single_tables())
    assert "40 single tables" in cotejo("replay", path, events).stdout.decode()
    assert cotejo("report", path, events, "-o", tmp_path / "page.html", "--lang", "es").returncode == 0
    page = (tmp_path / "page.html").read_text()
    assert "es la suma de 40 mesas anunciadas una por una: Option A 150, Group BC 210." in page
    assert "suma de 10 mesas" in page
