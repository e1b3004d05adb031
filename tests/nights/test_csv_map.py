"""Any CSV by a map: what comes out, what is told, and which mistakes in the map are named."""

import csv
import gzip
from pathlib import Path
from typing import Any

import pytest
from brokers import ROOT
from monitor import Monitor

from streams.config.election_file import load
from streams.core.events.model import Bulletin, TallyReport
from streams.errors import CotejoError
from streams.nights.check import EventCheck, Problem
from streams.nights.importers.csv_map import CsvMap, Imported
from streams.nights.importers.map_file import MapError
from streams.nights.paths import Arrivals

MAP = """
[election]
id = "x"
name = "X"
[[option]]
id = "A"
name = "Anna"
[[option]]
id = "B"
name = "Bo"
[root]
level = "nation"
id = "N"
name = "Nowhere"
[register]
file = "places.csv"
skip = { table = ["0"] }
unknown = ["", "-1"]
table = "{town}/{table:0>3}"
registered = ["men", "women"]
area = [{ level = "town", id = "{town}", name = "{name}" }]
[[reports]]
file = "sheets.csv.gz"
id = "r{row}"
table = "{town}/{table:0>3}"
reporter = "{who}"
source = "web"
at = "{when}"
votes = { A = "{a}", B = "{b}" }
null = "{null}"
[[bulletins]]
file = "official.csv"
delimiter = ";"
id = "b{row}"
authority = "board"
area = "N"
at = "{when}"
votes = { A = "{a}", B = "{b}" }
[reconcile]
quorum = 1
"""
PLACES = "town,name,table,men,women\nT,Town,1,40,50\nT,Town,2,30,-1\nU,Under,0,,\nU,Under,7,10,10\n"
SHEETS = "town,table,who,when,a,b,null\nT,1,ana,1000,5,6,1\nT,2,ben,2000,,,\nU,7,ana,3000,2,1,\n"
OFFICIAL = "when;a;b\n2020-01-01T00:00:00+02:00;7;7\n"


def imported(directory: Path, **changes: str) -> tuple[Imported, list[Problem]]:
    """Write the map and its files, changed as told, and import them into `out`."""
    files = {"map": MAP, "places": PLACES, "sheets": SHEETS, "official": OFFICIAL, **changes}
    (directory / "map.toml").write_text(files["map"], encoding="utf-8")
    (directory / "places.csv").write_text(files["places"], encoding="utf-8")
    (directory / "official.csv").write_text(files["official"], encoding="utf-8")
    with gzip.open(directory / "sheets.csv.gz", "wt", encoding="utf-8") as file:
        file.write(files["sheets"])
    told: list[Problem] = []
    return CsvMap(directory / "map.toml").write(directory, directory / "out", told.append, quiet=True), told


def test_what_no_name_may_have(tmp_path: Path) -> None:
    """A space that must not break is a space; a row with what no name may have is told and left out; what is written
    can be read."""
    places = PLACES.replace("Town", "Old\u00a0Town").replace("U,Under,7", "U,Un\u202eder,7")
    done, told = imported(tmp_path, places=places)
    assert [(problem.code, problem.place, problem.cure) for problem in told] == [
        ("control-character", "name", "leave out U+202E")
    ]
    assert done.problems == 1
    assert load(tmp_path / "out").areas["T"].name == "Old Town"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quoted_line_breaks(end: str, tmp_path: Path) -> None:
    """A line break within a cell is a space: nothing on either side of it is glued."""
    done, told = imported(tmp_path, places=PLACES.replace("Town", f'"Old{end}Town"'))
    assert (told, done.tables) == ([], 3)
    assert load(tmp_path / "out").areas["T"].name == "Old Town"


def test_what_comes_out(tmp_path: Path) -> None:
    """Areas and tables with their voters where all are known, reports and bulletins as the map says, in the formats
    everything else reads."""
    done, told = imported(tmp_path)
    assert done == Imported(tables=3, areas=3, reports=2, bulletins=1, skipped=2, problems=0, unordered=0)
    assert told == []
    election = load(tmp_path / "out" / "election.toml")
    assert {a.id: (a.parent, a.name, a.tables, a.registered) for a in election.areas.values()} == {
        "N": (None, "Nowhere", 3, None),
        "T": ("N", "Town", 2, None),
        "U": ("N", "Under", 1, 20),
    }
    assert election.tables["T/001"].registered == 90
    assert election.policy.quorum == 1
    first, second, third = (arrival.event for arrival in Arrivals([tmp_path / "out"]))
    assert isinstance(first, TallyReport)
    assert isinstance(second, TallyReport)
    assert isinstance(third, Bulletin)
    assert (first.id, first.table, first.reporter, first.at, first.votes, first.null) == (
        *("r1", "T/001", "ana", 1000),
        {"A": 5, "B": 6},
        1,
    )
    assert (second.id, second.null) == ("r3", None)
    assert (third.at, third.votes) == (1_577_829_600_000, {"A": 7, "B": 7})


@pytest.mark.parametrize(
    ("changes", "place", "code"),
    [
        pytest.param({"sheets": SHEETS.replace(",5,", ",five,")}, "votes.A", "not-a-number", id="no number"),
        pytest.param({"sheets": SHEETS.replace(",5,", ",-5,")}, "votes.A", "not-a-number", id="negative"),
        pytest.param({"sheets": SHEETS.replace("1000", "noon")}, "at", "no-time", id="no time"),
        pytest.param({"official": OFFICIAL.replace("+02:00", "")}, "at", "no-time", id="a time without its zone"),
        pytest.param({"places": PLACES + "T,Town,1,1,1\n"}, "table", "duplicate-table", id="a table twice"),
        pytest.param({"sheets": SHEETS.replace(",5,", ',"5\n0",')}, "votes.A", "not-a-number", id="a line break in it"),
        pytest.param({"sheets": SHEETS.replace(",6,1\n", ",6\n")}, "", "short-row", id="too few fields"),
        pytest.param({"places": PLACES.replace("40", "many")}, "men", "not-a-number", id="voters that are no number"),
    ],
)
def test_bad_rows(changes: dict[str, str], place: str, code: str, tmp_path: Path) -> None:
    """A row that does not fit is told with file, line and cure, and left out; the rest is imported."""
    done, told = imported(tmp_path, **changes)
    ((problem,), (name, text)) = told, next(iter(changes.items()))
    assert (problem.place, problem.code, done.problems) == (place, code, 1)
    assert Path(problem.file).name.startswith(name)
    assert 1 < problem.line <= text.count("\n")
    assert problem.cure


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param("[root]", "[rot]", "rot", id="unknown key"),
        pytest.param('level = "nation"', "", "level", id="missing key"),
        pytest.param("quorum = 1", 'quorum = "one"', "quorum", id="wrong type"),
        pytest.param("quorum = 1", "qurum = 1", "write quorum", id="a threshold that is none"),
        pytest.param('B = "{b}" }\nnull', 'Q = "{a}" }\nnull', "votes.Q: use one of A, B", id="unknown option"),
        pytest.param("{who}", "{whom}", "no column whom", id="no such column"),
        pytest.param("{who}", "{who", "is no template", id="broken template"),
        pytest.param('skip = { table', 'skip = { tablet', "no column tablet", id="no such column to skip by"),
        pytest.param("places.csv", "palaces.csv", "cannot be read", id="no such file"),
        pytest.param('file = "places.csv"', 'file = "places.csv"\nencoding = "utf-99"', "encoding", id="encoding"),
        pytest.param('table = ["0"]', 'table = ["0", "1", "2", "7"]', "no row could be read", id="nothing left"),
        pytest.param("[election]", "[election", "write TOML", id="no TOML"),
    ],
)  # fmt: skip
def test_wrong_maps(old: str, new: str, words: str, tmp_path: Path) -> None:
    """What is wrong with a map is one line that names the place."""
    assert old in MAP
    with pytest.raises(CotejoError, match=words.replace("[", r"\[")) as found:
        imported(tmp_path, map=MAP.replace(old, new, 1))
    assert "\n" not in str(found.value)


def test_no_csv(tmp_path: Path) -> None:
    """A cell without end is one line, not a traceback."""
    with pytest.raises(MapError, match="is no CSV: field larger"):
        imported(tmp_path, places=PLACES + "9" * 200_000)


def test_no_gzip(tmp_path: Path) -> None:
    """A file that is not what its name says is named."""
    (tmp_path / "sheets.csv.gz").write_bytes(b"town")
    (tmp_path / "map.toml").write_text(MAP.replace("places.csv", "sheets.csv.gz"), encoding="utf-8")
    with pytest.raises(MapError, match="cannot be read"):
        CsvMap(tmp_path / "map.toml").write(tmp_path, tmp_path / "out", print, quiet=True)


def test_indonesia(election_data: Path, tmp_path: Path) -> None:
    """The documentation's map reads the real files: here the stations of the first rows, with their readings and both
    kinds of bulletins. Nearly all official figures are the sheets', and nobody is called for the nation."""
    place = election_data / "indonesia2019"
    with gzip.open(place / "tps_crowd_vs_kpu.csv.gz", "rt", encoding="utf-8") as file:
        rows = [row for _, row in zip(range(4000), csv.reader(file), strict=False)]
    _gzip(tmp_path / "tps_crowd_vs_kpu.csv.gz", rows)
    stations = {(row[0], row[1]) for row in rows}
    with gzip.open(place / "tally_reports.csv.gz", "rt", encoding="utf-8") as file:
        reader = csv.reader(file)
        _gzip(tmp_path / "tally_reports.csv.gz", [next(reader), *(r for r in reader if (r[1], r[2]) in stations)])
    snapshots = "kpu_situng_national_snapshots.csv"
    (tmp_path / snapshots).write_bytes((place / snapshots).read_bytes())
    told: list[Any] = []
    done = CsvMap(ROOT / "docs" / "examples" / "indonesia2019.toml").write(
        tmp_path, tmp_path / "out", told.append, quiet=True
    )
    assert told == []
    assert done.tables > 3000
    assert done.bulletins > 3000
    assert done.unordered == 0
    election = load(tmp_path / "out" / "election.toml")
    check, monitor = EventCheck(election), Monitor(election)
    assert {problem.code for problem in check.problems(Arrivals([tmp_path / "out"]))} <= {"too-many-ballots"}
    for arrival in Arrivals([tmp_path / "out"]):
        event = arrival.event
        if not isinstance(event, Bulletin) or event.area != "ID":  # the nation's figures are of all stations
            monitor.handle(event)  # type: ignore[arg-type]
    found = monitor.states()["ID"]["tables_announced"]
    assert found["compared"] > 3000
    assert found["differing"] / found["compared"] < 0.03
    assert not [n for n in monitor.finish() if n.finding.area == "ID" and n.severity == "critical"]


def _gzip(path: Path, rows: list[list[str]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
