"""The campaign's CSV: both releases, bad rows, and the real files' totals."""

import csv
import io
from pathlib import Path

import orjson
import pytest
from nights import direct

from streams.config.election_file import load
from streams.nights.check import Problem
from streams.nights.importers import convzla
from streams.nights.importers.convzla import Sheet
from streams.nights.paths import Arrivals
from streams.nights.scenarios import venezuela2024_facts

HEAD = (
    "COD_EDO,EDO,COD_MUN,MUN,COD_PAR,PAR,CENTRO,MESA,VOTOS_VALIDOS,VOTOS_NULOS,EG,NM,LM,JABE,JOBR,AE,CF,DC,EM,BERA,URL"
)
ROWS = [
    "1,ZULÍA,2,MUÑOZ,3,PEÑA,10203004,1,300,4,200,90,1,2,3,0,1,1,1,1,https://sheets.example/1",
    "24,LARA,11,TORRES,10,SUR,240000011,12,0,0,0,0,0,0,0,0,0,0,0,0,",
]


def write(path: Path, rows: list[str], head: str = HEAD, encoding: str = "utf-8") -> Path:
    path.write_bytes("\r\n".join([head, *rows, ""]).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_rows(encoding: str, tmp_path: Path) -> None:
    """Either encoding gives the names; lost zeros come back in the ids; an empty address is none."""
    first, second = convzla.read(write(tmp_path / "r.csv", ROWS, encoding=encoding))
    assert isinstance(first, Sheet)
    assert isinstance(second, Sheet)
    assert [(a.id, a.name) for a in first.areas] == [
        ("VE-01", "ZULÍA"), ("VE-01-02", "MUÑOZ"), ("VE-01-02-03", "PEÑA"),
    ]  # fmt: skip
    assert (first.report.table, second.report.table) == ("010203004-1", "240000011-12")
    assert (first.report.votes["EG"], first.report.null, first.report.ballots) == (200, 4, 304)
    assert (first.report.url, second.report.url) == ("https://sheets.example/1", None)
    assert (first.registered, first.report.at) == (None, convzla.AT)


def test_quoted_line_breaks(tmp_path: Path) -> None:
    """A line break within a name is a space, within a number it is told: nothing on either side of it is glued."""
    names = ROWS[0].replace("ZULÍA", '"ZU\r\nLÍA"').replace("PEÑA", '"PE\nÑA"')
    sheet, problem, last = convzla.read(
        write(tmp_path / "r.csv", [names, ROWS[0].replace(",200,", ',"20\n0",'), ROWS[1]])
    )
    assert isinstance(sheet, Sheet)
    assert [area.name for area in sheet.areas] == ["ZU LÍA", "MUÑOZ", "PE ÑA"]
    assert isinstance(problem, Problem)
    assert (problem.line, problem.code, problem.place) == (6, "not-a-number", "EG")  # where it ends
    assert isinstance(last, Sheet)


def test_registered_voters(tmp_path: Path) -> None:
    """The release that has them gives the table's registered voters."""
    (sheet,) = convzla.read(write(tmp_path / "r.csv", [ROWS[0] + ",640"], HEAD + ",RE"))
    assert isinstance(sheet, Sheet)
    assert sheet.registered == 640


def test_a_corrected_row_is_another_report(tmp_path: Path) -> None:
    """The same row has the same id in each reading; with other figures it has another."""
    changed = ROWS[0].replace(",200,90,", ",190,100,")
    (a,), (b,), (c,) = (list(convzla.read(write(tmp_path / "r.csv", [row]))) for row in (ROWS[0], ROWS[0], changed))
    assert isinstance(a, Sheet)
    assert isinstance(b, Sheet)
    assert isinstance(c, Sheet)
    assert a.report.id == b.report.id != c.report.id


@pytest.mark.parametrize(
    ("bad", "code", "place"),
    [
        pytest.param(ROWS[0].replace(",200,", ",many,"), "not-a-number", "EG", id="words"),
        pytest.param(ROWS[0].replace(",200,", ",-2,"), "not-a-number", "EG", id="negative"),
        pytest.param(ROWS[0].replace(",200,", ",,"), "not-a-number", "EG", id="empty"),
        pytest.param("1,ZULIA", "not-a-number", "COD_MUN", id="cut off"),
        pytest.param(ROWS[1], "duplicate-table", "MESA", id="table twice"),
    ],
)
def test_bad_rows(bad: str, code: str, place: str, tmp_path: Path) -> None:
    """A bad row is one problem with its line; the rows around it are read."""
    rows = list(convzla.read(write(tmp_path / "r.csv", [ROWS[1], bad, ROWS[0].replace(",10203004,", ",7,")])))
    (problem,) = (row for row in rows if isinstance(row, Problem))
    assert (problem.line, problem.code, problem.place) == (3, code, place)
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("head", "text"),
    [
        pytest.param("a,b", "no column COD_EDO, .* is this RESULTADOS", id="another CSV"),
        pytest.param("", "no col", id="empty"),
        pytest.param(HEAD + "\r\n" + "9" * 200_000, "is no CSV behind line 1: field larger", id="a cell without end"),
    ],
)
def test_no_release(head: str, text: str, tmp_path: Path) -> None:
    """A file that is something else is refused."""
    with pytest.raises(convzla.ImportFailed, match=text):
        list(convzla.read(write(tmp_path / "r.csv", [], head)))


@pytest.mark.parametrize(
    ("release", "tables", "breakdown"),
    [("RESULTADOS_2024_CSV_V1.csv", 24_532, [529, 3_277]), ("RESULTADOS_2024_CSV_V2.csv", 25_073, [918, 3_646])],
)
def test_the_real_releases(
    release: str, tables: int, breakdown: list[int], election_data: Path, tmp_path: Path
) -> None:
    """Each release is read whole; its sums are those of its own column totals; the breakdown counts are as known."""
    path = election_data / "venezuela2024" / release
    sheets = list(convzla.read(path))
    assert not [row for row in sheets if isinstance(row, Problem)]
    raw = path.read_bytes()
    text = raw.decode("utf-8-sig" if release.endswith("V1.csv") else "latin-1")
    naive = [int(row["EG"]) for row in csv.DictReader(io.StringIO(text))]
    done = convzla.write((row for row in sheets if isinstance(row, Sheet)), tmp_path)
    assert (done.tables, done.votes["EG"]) == (tables, sum(naive)) == (len(naive), sum(naive))
    known = load(tmp_path / "election.toml")
    lines = [arrival.raw or b"" for arrival in Arrivals([tmp_path])]
    found = []
    for end in (-1, None):
        outcome = direct(known, lines[:end])
        assert not outcome.rejected
        found.append(outcome.states["VE"]["official"]["figures"]["EG"]["breakdown"])
    assert found == breakdown
    assert [orjson.loads(line)["id"] for line in lines[-2:]] == [b.id for b in venezuela2024_facts.bulletins()]
