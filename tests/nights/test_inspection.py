"""`import inspect`: what it finds in published files, and the map that it writes, which runs as it is."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_import_obstacles import R, S
from test_importer import SOURCES, imported, ods

from streams.errors import CotejoError
from streams.nights.importers.inspecting import inspection, proposal
from streams.nights.importers.inspecting.time_forms import time_in_names
from streams.nights.importers.reading.files import SourceError
from streams.nights.sql import readable
from streams.times import rfc3339


def proposed(directory: Path, files: dict[str, str]) -> str:
    """The map that is proposed for files, which are written."""
    for name, content in files.items():
        (directory / name).write_text(content, encoding="utf-8")
    return proposal.first_map(inspection.inspect(directory / name for name in files))


@pytest.mark.parametrize("kind", [kind for kind in SOURCES if kind != "no header"])
def test_inspection(kind: str, tmp_path: Path) -> None:
    """Of every kind of file the columns are found, and what they could be."""
    name, content, _ = SOURCES[kind]
    made = content(tmp_path)
    (tmp_path / name).write_bytes(made if isinstance(made, bytes) else made.encode())
    (found,) = inspection.inspect([tmp_path / name])
    assert found.rows == 2
    assert {column.name: column.role for column in found.columns}["mesa"] == "could be an id"
    assert {column.name: column.kind for column in found.columns}["a"] == "number" or kind == "quoted cells"
    assert 'table = "mesa"' in proposal.first_map([found])


def test_a_workbook_with_merged_names_of_columns(tmp_path: Path) -> None:
    """The header is found in two rows above the first figures, below a title, and other sheets are told."""
    rows: list[list[str | float]] = [["RESULTS", "", "", ""], ["mesa", "reg", "votes", ""], ["", "", "a", "b"]]
    rows += [["m1", 100.0, 5.0, 6.0], ["m2", 100.0, 7.0, 8.0]]
    (tmp_path / "s.ods").write_bytes(ods(rows, South=rows))
    (found,) = inspection.inspect([tmp_path / "s.ods"])
    assert inspection.settings(found.source) == {
        "header": 3,
        "names": ["mesa", "reg", "votes a", "b"],
        "sheet": "Actas",
    }
    assert any('sheets: Actas, South; sheet = "*"' in line for line in found.lines())
    _, events = imported(tmp_path, proposal.first_map([found]))
    assert [event["votes"] for event in events] == [{"votes a": 5, "b": 6}, {"votes a": 7, "b": 8}]


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        pytest.param(["mesa,votes,", ",a,b", "m1,5,6", "m2,7,8"], ["mesa", "votes a", "b"], id="two rows"),
        pytest.param(["mesa,a,b", "m1,none,none", "m2,7,8"], None, id="a first row without figures"),
        pytest.param(["mesa,a,", "m1,5,6", "m2,7,8"], None, id="a column without a name"),
        pytest.param(["mesa,a,", "m1,none,", "m2,7,8"], None, id="a name in neither row"),
        pytest.param(["mesa,a,", "m1,none,x", "m2,none,y"], None, id="no figures"),
    ],
)
def test_a_header_of_two_rows(rows: list[str], names: list[str] | None, tmp_path: Path) -> None:
    """A header goes on in the second row only where that names all columns that the first does not, and the figures
    begin behind it."""
    (tmp_path / "s.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (found,) = inspection.inspect([tmp_path / "s.csv"])
    assert inspection.settings(found.source).get("names") == names


def test_a_map_to_begin_with(tmp_path: Path) -> None:
    """It is a map as it stands: header, delimiter and encoding are found, and what could be votes are options."""
    rows = "RESULTS\n\nid;p\u00f1;b;note\nm1;5;6;x\nm2;6;7;y\nm3;6;7;x\n\nSource: the board\n".encode("latin-1")
    (tmp_path / "s.csv").write_bytes(rows)
    (found,) = inspection.inspect([tmp_path / "s.csv"])
    assert next(found.lines()).startswith(
        's.csv: csv, encoding = "latin-1", delimiter = ";", header = 3, skip_lines = '
    )
    text = proposal.first_map([found])
    outcome, events = imported(tmp_path, text, **{"s.csv": rows})
    assert outcome.tables == 3
    assert {event["table"]: event["votes"] for event in events}["m2"] == {"p\u00f1": 6, "b": 7}


PROPOSALS: dict[str, tuple[dict[str, str], list[str], dict[str, Any]]] = {
    "a register and sheets": (
        {"r.csv": R, "s.csv": S},
        ['registered = "reg"', "id = \"'dep ' || dep\""],
        {"m1": {"a": 5, "b": 6}, "m2": {"a": 7, "b": 8}},
    ),
    "thousands": (
        {"r.csv": R.replace("100", "3000"), "s.csv": "mesa,a,b\nm1,1.234,6\nm2,1.050,8\n"},
        ['thousands = "."'],
        {"m1": {"a": 1234, "b": 6}, "m2": {"a": 1050, "b": 8}},
    ),
    "words for no figure": (
        {"r.csv": R, "s.csv": "mesa,a,b\nm1,NA,6\nm2,7,8\nm3,1,-1\n"},
        ['unknown = ["NA", "-1"]'],
        {"m1": {"b": 6}, "m2": {"a": 7, "b": 8}, "m3": {"a": 1}},
    ),
    "two columns make an id": (
        {"s.csv": "COD_EDO,EDO,CENTRO,MESA,RE,NULOS,EG\n1,X,10,1,90,1,5\n1,X,10,2,80,0,6\n2,Y,11,1,80,2,9\n"},
        ["table = \"CENTRO || '-' || MESA\"", 'id = "\'COD_EDO \' || COD_EDO", name = "EDO"', 'null = "NULOS"'],
        {"10-1": {"EG": 5}, "10-2": {"EG": 6}, "11-1": {"EG": 9}},
    ),
    "one row per option": (
        {"r.csv": R, "s.csv": "mesa,party,votes\nm1,Anna,5\nm1,Bo,6\nm1,NULL,1\nm2,Anna,7\nm2,Bo,8\nm2,NULL,0\n"},
        ['option = "party"', 'count = "votes"', '"NULL" = "null"'],
        {"m1": {"Anna": 5, "Bo": 6}, "m2": {"Anna": 7, "Bo": 8}},
    ),
    "one row per option, behind a text that several rows have": (
        {
            "r.csv": R,
            "s.csv": "mesa,turno,party,votes\nm1,T,Anna,5\nm1,T,Bo,6\nm1,M,NULL,1\n"
            "m2,T,Anna,7\nm2,T,Bo,8\nm2,T,NULL,0\n",
        },
        ['option = "party"', 'count = "votes"', '"NULL" = "null"'],
        {"m1": {"Anna": 5, "Bo": 6}, "m2": {"Anna": 7, "Bo": 8}},
    ),
    "a row for each option in the register": (
        {"r.csv": "dep,mesa,reg,party,votes\n1,m1,90,A,5\n1,m1,90,B,6\n1,m2,90,A,7\n1,m2,90,B,8\n", "s.csv": S},
        ['table = "mesa"'],
        {"m1": {"a": 5, "b": 6}, "m2": {"a": 7, "b": 8}},
    ),
    "lines above, a footer, a header of two rows": (
        {"r.csv": R, "s.csv": "RESULTS\n\nmesa,votes,\n,a,b\nm1,5,6\nm2,7,8\nSource: the board\n"},
        ["header = 4", 'names = ["mesa", "votes a", "b"]'],
        {"m1": {"votes a": 5, "b": 6}, "m2": {"votes a": 7, "b": 8}},
    ),
    "PREP": (
        {
            "s.csv": "PROGRAMA\nCLAVE_CASILLA|ESTADO|PAN|MORENA|LISTA_NOMINAL|FECHA\n"
            "'m1'|X|1|5|600|02/06/2024 20:01:10\n"
            "'m2'|X|Ilegible|6|500|02/06/2024 20:02:10\n'm3'|X|1|6|400|-\n"
        },
        ["trim(CLAVE_CASILLA, '''')", "'%d/%m/%Y %H:%M:%S'", "NOT IN ('-')", 'delimiter = "|"\nheader = 2'],
        {"m1": {"PAN": 1, "MORENA": 5}, "m2": {"MORENA": 6}},
    ),
    "a form tool": (
        {
            "s.csv": "place/station;results/a;results/b;photo_URL;_uuid;_submission_time;_submitted_by\n"
            "m1;5;6;https://x.example/1;u-1;2024-10-26T21:05:33;\nm2;7;8;;u-2;2024-10-26T21:06:33;ana\n"
        },
        ['id = "_uuid"', "coalesce(_submitted_by, 'reader')", 'url = "photo_URL"'],
        {"m1": {"results/a": 5, "results/b": 6}, "m2": {"results/a": 7, "results/b": 8}},
    ),
    "ODK, with a corrected and a rejected submission": (
        {
            "r.csv": "code,reg\n0101,410\n0102,388\n",
            "s.csv": "SubmissionDate,place-station_code,results-ana,results-bo,results-null,meta-instanceID,"
            "meta-deprecatedID,KEY,SubmitterID,SubmitterName,AttachmentsPresent,ReviewState,Edits,FormVersion\n"
            "2026-12-01T02:05:11.120Z,0101,210,105,3,uuid:1,,uuid:1,12,Ana,1,,0,3\n"
            "2026-12-01T02:07:40.500Z,0102,120,150,2,uuid:2,,uuid:2,13,Bo,1,,0,3\n"
            "2026-12-01T02:09:12.900Z,0101,201,150,4,uuid:3,uuid:1,uuid:3,12,Ana,2,,1,3\n"
            "2026-12-01T02:11:12.900Z,0102,999,150,4,uuid:4,,uuid:4,12,Ana,2,rejected,1,3\n",
        },
        [
            'supersedes = "\\"meta-deprecatedID\\""',
            "coalesce(ReviewState, '') <> 'rejected'",
            "coalesce(SubmitterName, 'reader')",
            'null = "\\"results-null\\""',
        ],
        {"0101": {"results-ana": 201, "results-bo": 150}, "0102": {"results-ana": 120, "results-bo": 150}},
    ),
    "Kobo, with a corrected submission": (
        {
            "s.csv": "station;results/a;results/b;_uuid;meta/deprecatedID;_submission_time;__version__;_index\n"
            "m1;5;6;1;;2024-10-26T21:05:33;v7;1\nm1;5;9;2;uuid:1;2024-10-26T21:06:33;v7;2\n"
            "m2;7;8;3;;2024-10-26T21:07:33;v7;3\n",
            "r.csv": "station,reg\nm1,90\nm2,80\n",
        },
        ["supersedes = \"replace(\\\"meta/deprecatedID\\\", 'uuid:', '')\""],
        {"m1": {"results/a": 5, "results/b": 9}, "m2": {"results/a": 7, "results/b": 8}},
    ),
    "totals, voters and shares by their figures": (
        {
            "s.csv": "dep,mesa,Ana,Bo,Cy,Emitted,Null,Cast,Roll,Turnout,Of all\n1,m1,10,20,5,35,1,36,90,40,12\n"
            "1,m2,30,20,0,50,0,50,95,52,17\n2,m3,1,2,3,6,2,8,70,11,3\n2,m4,9,9,9,27,0,27,60,45,9\n"
        },
        [
            'registered = "Roll"',
            'null = "\\"Null\\""',
            "# Emitted is left out: it is the sum of Ana, Bo, Cy",
            "# Cast is left out: it is the sum of Emitted, Null",
            "# Turnout is left out: it is a share",
            "# Of all is left out: it is in no total",
        ],
        {
            "m1": {"Ana": 10, "Bo": 20, "Cy": 5},
            "m2": {"Ana": 30, "Bo": 20, "Cy": 0},
            "m3": {"Ana": 1, "Bo": 2, "Cy": 3},
            "m4": {"Ana": 9, "Bo": 9, "Cy": 9},
        },
    ),
    "a total before what it is the sum of": (
        {"r.csv": R, "s.csv": "mesa,in all,a,b\nm1,1.111,1.105,6\nm2,15,7,8\nm3,9,4,5\n"},
        ["# in all is left out: it is the sum of a, b"],
        {"m1": {"a": 1105, "b": 6}, "m2": {"a": 7, "b": 8}, "m3": {"a": 4, "b": 5}},
    ),
    "shares with three decimals": (
        {"r.csv": R, "s.csv": "mesa,a,b,part of b\nm1,5,6,0.545\nm2,7,8,0.533\n"},
        [],
        {"m1": {"a": 5, "b": 6}, "m2": {"a": 7, "b": 8}},
    ),
    "totals by their names": (
        {
            "s.csv": "dep,mesa,reg,a,b\nN,1,90,5,6\nN,2,90,7,8\nSubtotal N,,180,12,14\nS,3,80,1,2\nS,4,80,3,4\n"
            "Subtotal S,,160,4,6\nTOTAL,TOTAL,340,16,20\n"
        },
        [
            "# 3 of the first 7 rows are totals, left out: Subtotal N, Subtotal S, TOTAL",
            "where = \"coalesce(dep, '') NOT IN ('Subtotal N', 'Subtotal S', 'TOTAL')\"",
        ],
        {"1": {"a": 5, "b": 6}, "2": {"a": 7, "b": 8}, "3": {"a": 1, "b": 2}, "4": {"a": 3, "b": 4}},
    ),
    "many totals by how their names begin": (
        {
            "s.csv": "mesa,dep,reg,a,b\n"
            + "".join(f"{i},D{i},9,{i},{i}\n{i}0,D{i},8,{i},2\nИтого {i},,17,{2 * i},{i + 2}\n" for i in range(1, 5))
            + "gesamt: 4,,68,20,18\n"
        },
        ["(?i)^[^[:alnum:]]*(gesamt|итого)", "# 5 of the first 13 rows are totals, left out"],
        {f"{i}{end}": {"a": i, "b": 2 if end else i} for i in range(1, 5) for end in ("", "0")},
    ),
    "totals by their sums, without an id": (
        {
            "s.csv": "dep,mesa,reg,a,b\nN,1,90,5,6\nN,2,90,7,8\nN,,180,12,14\nS,3,80,1,2\nS,4,80,3,4\n"
            "S,,160,4,6\n,,340,16,20\n"
        },
        ['where = "mesa IS NOT NULL"', "# 3 of the first 7 rows are totals, left out: each figure is a sum of others"],
        {"1": {"a": 5, "b": 6}, "2": {"a": 7, "b": 8}, "3": {"a": 1, "b": 2}, "4": {"a": 3, "b": 4}},
    ),
    "one total by its sums": (
        {"s.csv": "mesa,reg,a,b\n1,90,5,6\n2,90,7,8\n3,80,1,2\n9999,260,13,16\n"},
        ["coalesce(mesa, '') NOT IN ('9999')", "# 1 of the first 4 rows is a total, left out"],
        {"1": {"a": 5, "b": 6}, "2": {"a": 7, "b": 8}, "3": {"a": 1, "b": 2}},
    ),
    "places whose names begin like totals": (
        {"s.csv": "place,reg,a,b\nTotal Health Centre,90,5,6\nSum Hall,90,7,8\nTotora,80,1,2\n"},
        ['table = "place"'],
        {"Total Health Centre": {"a": 5, "b": 6}, "Sum Hall": {"a": 7, "b": 8}, "Totora": {"a": 1, "b": 2}},
    ),
    "JSON with votes in an object": (
        {
            "s.jsonl": '{"mesa":"m1","reg":90,"count":{"at":"2024-06-02T20:01:00Z","votes":{"Ana":5,"Bo":6}}}\n'
            '{"mesa":"m2","reg":80,"count":{"at":"2024-06-02T20:02:00Z","votes":{"Ana":7,"left out":9}}}\n'
        },
        ['"count/votes/Ana" = "count.votes.Ana"', 'observed_at = "count.\\"at\\""'],
        {
            "m1": {"count/votes/Ana": 5, "count/votes/Bo": 6},
            "m2": {"count/votes/Ana": 7, "count/votes/left out": 9},
        },
    ),
    "a JSON document with its results in an array": (
        {
            "s.json": '{"id": "1-01", "reg": 300, "counted": {"at": "2024-06-02T20:01:10-06:00"}, '
            '"results": [{"party": "Ana", "votes": 123}, {"party": "Bo", "votes": 150}]}'
        },
        ['join = "CROSS JOIN unnest(results) AS each(each_one)"', 'option = "each_one.party"'],
        {"1-01": {"Ana": 123, "Bo": 150}},
    ),
    "a JSON document of an area with its tables in an array": (
        {
            "s.json": '{"id": "7", "town": "X", "tables": [{"mesa": "m1", "reg": 90, "votes": {"Ana": 5, "Bo": 6}}, '
            '{"mesa": "m2", "reg": 80, "votes": {"Ana": 7, "Bo": 8}}]}'
        },
        ['table = "each_one.mesa"', 'from = "rows"\njoin = "CROSS JOIN unnest(tables) AS each(each_one)"'],
        {
            "m1": {"tables/votes/Ana": 5, "tables/votes/Bo": 6},
            "m2": {"tables/votes/Ana": 7, "tables/votes/Bo": 8},
        },
    ),
    "a JSON document of tables with their results in arrays": (
        {
            "s.json": '{"made": "now", "data": {"tables": [{"mesa": "m1", "reg": 90, "results": '
            '[{"party": "Ana", "votes": 5}, {"party": "Bo", "votes": 6}]}, {"mesa": "m2", "reg": 80, "results": '
            '[{"party": "Ana", "votes": 7}, {"party": "Bo", "votes": 8}]}]}}'
        },
        ['records = "data.tables"', 'count = "each_one.votes"'],
        {"m1": {"Ana": 5, "Bo": 6}, "m2": {"Ana": 7, "Bo": 8}},
    ),
    "bulletins of areas": (
        {"r.csv": R, "b.csv": "dep,a,b\n1,5,6\n2,7,8\n"},
        ["[[bulletins]]", "area = \"'dep ' || dep\""],
        {"dep 1": {"a": 5, "b": 6}, "dep 2": {"a": 7, "b": 8}},
    ),
}


@pytest.mark.parametrize("kind", PROPOSALS)
def test_proposals(kind: str, tmp_path: Path) -> None:
    """The map finds ids, areas, voters, votes, times and marks, and imports the files as it stands."""
    files, lines, votes = PROPOSALS[kind]
    text = proposed(tmp_path, files)
    assert [line for line in lines if line not in text] == []
    _, events = imported(tmp_path, text, **{"r.csv": R, "s.csv": S, **files})
    assert {event.get("table") or event["area"]: event["votes"] for event in events} == votes
    assert len({event["id"] for event in events}) == len(events)


TABLES = {
    f"mesa_{number}.json": json.dumps({
        "mesa": f"m{number}", "region": "North" if number < 3 else "South", "reg": 100 + number,
        "results": [{"party": "Anna", "votes": 10 * number}, {"party": "Bo", "votes": 20 - number}],
        **({"remarks": "read by hand"} if number == 2 else {}),
    })
    for number in (1, 2, 3, 4)
}  # fmt: skip
INDEX = {"index.json": json.dumps({"regions": [{"region": "North", "tables": 2}, {"region": "South", "tables": 2}]})}
EXPORTS = {
    "results_20240602_2000.csv": "region;mesa;reg;anna;bo\nNorth;m1;100;5;6\nNorth;m2;90;0;0\nSouth;m3;80;0;0\n",
    "results_20240602_2015.csv": "region;mesa;reg;anna;bo\nNorth;m1;100;5;6\nNorth;m2;90;7;8\nSouth;m3;80;0;0\n",
    "results_20240602_2030.csv": "region;mesa;reg;anna;bo\nNorth;m1;100;5;7\nNorth;m2;90;7;8\nSouth;m3;80;3;4\n",
}


def test_a_document_for_each_polling_table(tmp_path: Path) -> None:
    """Documents of one shape are one source, also where one of them has a field more; another one stays by itself."""
    text = proposed(tmp_path, {**INDEX, **TABLES})
    assert [line for line in text.splitlines() if line.startswith("files = ")] == [
        'files = "index.json"',
        'files = "mesa_*.json"',
    ]
    text = proposed(tmp_path, TABLES)
    assert 'files = "mesa_*.json"' in text
    _, events = imported(tmp_path, text)
    assert {event["table"]: event["votes"] for event in events} == {
        f"m{number}": {"Anna": 10 * number, "Bo": 20 - number} for number in (1, 2, 3, 4)
    }


def test_exports_through_the_night(tmp_path: Path) -> None:
    """Of exports that each say all so far only what changed is imported, at the times in their names."""
    text = proposed(tmp_path, EXPORTS)
    assert 'files = "results_20240602_20*.csv"' in text
    assert "changes_only = true" in text
    _, events = imported(tmp_path, text)
    told = [
        (rfc3339(event["observed_at"], "seconds")[11:16], event["table"], *event["votes"].values()) for event in events
    ]
    assert told == [
        ("20:00", "m1", 5, 6),
        ("20:00", "m2", 0, 0),
        ("20:00", "m3", 0, 0),
        ("20:15", "m2", 7, 8),
        ("20:30", "m1", 5, 7),
        ("20:30", "m3", 3, 4),
    ]


def test_a_pattern_means_the_files_that_were_named(tmp_path: Path) -> None:
    """Where a pattern would mean further files too, each is named."""
    (tmp_path / "results_20240602_2045.csv").write_text("another;shape\n1;2\n")
    text = proposed(tmp_path, EXPORTS)
    assert f"files = {json.dumps(sorted(EXPORTS))}" in text


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("r_20240602_2015.csv", "%Y%m%d_%H%M"),
        ("r-2024-06-02T20-15-09.csv", "%Y-%m-%dT%H-%M-%S"),
        ("202406022015.csv", "%Y%m%d%H%M"),
        ("20240602-201509.csv", "%Y%m%d-%H%M%S"),
        ("results_7.csv", None),
        ("20240602_20150.csv", None),
    ],
)
def test_times_in_the_names_of_files(name: str, form: str | None) -> None:
    """The usual forms of times are found in names, and read by DuckDB as they are meant."""
    sql = time_in_names([name])
    assert (sql is None) == (form is None)
    if sql is not None:
        assert f"'{form}'" in sql
        (time,) = duckdb.execute(f"SELECT strftime({sql}, '%d %H:%M') FROM (SELECT '{name}' AS _file)").fetchall()[0]
        assert time == "02 20:15"


def test_areas_that_are_named_once(tmp_path: Path) -> None:
    """Of a workbook whose areas are merged cells each table lies in the area above it; totals lie nowhere, and the map
    says both."""
    rows: list[list[str | float]] = [["region", "town", "mesa", "reg", "a", "b"]]
    rows += [["North", "X", "m1", 90.0, 5.0, 6.0], ["", "", "m2", 90.0, 7.0, 8.0], ["", "Y", "m3", 80.0, 1.0, 2.0]]
    rows += [["South", "X", "m4", 80.0, 3.0, 4.0], ["", "", "m5", 70.0, 9.0, 9.0], ["TOTAL", "", "", 410.0, 25.0, 29.0]]
    (tmp_path / "s.ods").write_bytes(ods(rows))
    text = proposal.first_map(inspection.inspect([tmp_path / "s.ods"]))
    assert "# region and town: an empty cell says what the one above it does" in text
    assert "# 1 of the first 6 rows is a total, left out: TOTAL" in text
    _, events = imported(tmp_path, text)
    assert [event["votes"]["a"] for event in events] == [5, 7, 1, 3, 9]
    assert (tmp_path / "out" / "register.csv").read_text().splitlines()[1:] == [
        "m1,town North/X,90",
        "m2,town North/X,90",
        "m3,town North/Y,80",
        "m4,town South/X,80",
        "m5,town South/X,70",
    ]


def test_names_that_are_missing_are_not_filled(tmp_path: Path) -> None:
    """A cell that is empty here and there is no merged one."""
    text = proposed(tmp_path, {"s.csv": "dep,mesa,reg,a,b\nN,m1,90,5,6\nS,m2,90,7,8\n,m3,80,1,2\nO,m4,80,1,3\n"})
    assert "last_value" not in text


@pytest.mark.parametrize(
    ("cells", "times"),
    [
        (["02/06/2024 20:01", "2024-06-02 20:02:10", "02/06/2024 20:03:11"], ["20:01:00", "20:02:10", "20:03:11"]),
        (["06/02/2024 20:01", "06/13/2024 20:02", "2024-06-02T20:03"], ["20:01:00", "20:02:00", "20:03:00"]),
        (["02.06.2024 20:01", "02/06/2024 20:02:09", "20240602"], ["20:01:00", "20:02:09", "00:00:00"]),
    ],
)
def test_times_of_several_forms(cells: list[str], times: list[str], tmp_path: Path) -> None:
    """Each is read by its own form."""
    rows = "".join(f"m{i},{90 + i},{i * i},{2 * i},{cell}\n" for i, cell in enumerate(cells, 1))
    files = {"s.csv": f"mesa,reg,a,b,at\n{rows}"}
    _, events = imported(tmp_path, proposed(tmp_path, files), **files)
    assert {event["table"]: rfc3339(event["observed_at"], "seconds")[11:19] for event in events} == {
        f"m{i}": time for i, time in enumerate(times, 1)
    }


@pytest.mark.parametrize("kind", [kind for kind in PROPOSALS if "corrected" in kind])
def test_corrected_submissions(kind: str, tmp_path: Path) -> None:
    """The later one names the one that it takes the place of."""
    files, _, _ = PROPOSALS[kind]
    _, events = imported(tmp_path, proposed(tmp_path, files), **files)
    ids = {event["id"] for event in events}
    (corrected,) = [event for event in events if "supersedes" in event]
    assert corrected["supersedes"] in ids - {corrected["id"]}


def test_no_column_with_a_time(tmp_path: Path) -> None:
    """The map says that no column has the time, and the import that all events are of one."""
    text = proposed(tmp_path, {"r.csv": R, "s.csv": S})
    assert "# No column says when the sheets were read: write the time, else all is of one moment." in text
    outcome, _ = imported(tmp_path, text)
    assert [line for line in outcome.lines() if "one time" in line] == [
        "remark: reports[0].observed_at: all are of one time, 2000-01-01T00:00:00Z: no column of the map says when: if "
        "the files do, name it"
    ]


def test_words_that_sql_reserves() -> None:
    """A column called like one of DuckDB's own words is written in quotes."""
    words = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')"
    for (word,) in duckdb.connect().execute(words).fetchall():
        assert readable(word) == f'"{word}"'


CELLS = st.sampled_from(
    ["", "0", "7", "-1", "1.234", "0.5", "é", "m1", "a b", '"', "'", "12/31/2024", "%", "\x00", "٣"]
)


@given(
    st.lists(st.lists(CELLS, max_size=5), max_size=6),
    st.sampled_from(list(",;|\t")),
    st.sampled_from(["utf-8", "utf-16"]),
    st.sampled_from(["s.csv", "s.json", "s.jsonl"]),
)
@settings(max_examples=150, deadline=None)
def test_any_file_is_looked_at(rows: list[list[str]], delimiter: str, encoding: str, name: str) -> None:
    """Whatever a text file holds, and whatever it is called, there is a map, or an error that names the file."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / name
        path.write_bytes("\n".join(map(delimiter.join, rows)).encode(encoding))
        found = ""
        try:
            found = proposal.first_map(inspection.inspect([path]))
        except SourceError as error:
            found = str(error)
        assert found.startswith(("# A map", f"{name}:"))


def test_what_does_not_fit_is_told(tmp_path: Path) -> None:
    """A map that guesses wrong imports nothing: here the sheets write ids with zeros that the register lacks."""
    files = {"r.csv": "dep,mesa,reg\n1,1,100\n1,2,100\n", "s.csv": "mesa,a,b\n0001,5,6\n0002,7,8\n"}
    with pytest.raises(CotejoError, match="unknown: none of 2 ids is in the register, such as '0001'"):
        imported(tmp_path, proposed(tmp_path, files), **files)
