"""Obstacles of published files, one each: it goes in right, or one error names the place and the cure and nothing is
written."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from streams.config.election_file import load
from streams.errors import CotejoError
from streams.nights.importers import importer

HEAD = """
[election]
id = "t"
name = "T"
[[option]]
id = "A"
name = "Anna"
[[option]]
id = "B"
name = "Bo"
"""
REGISTER = """
[source.r]
files = "r.csv"
[register]
from = "r"
table = "mesa"
registered = "reg"
areas = [
  { level = "nation", id = "'N'", name = "'Nowhere'" },
  { level = "dep", id = "'D' || dep", name = "dep" },
]
"""
SHEETS = """
[source.s]
files = "s.csv"
"""
REPORTS = """
[[reports]]
from = "s"
table = "mesa"
reporter = "'x'"
source = "'web'"
observed_at = "'2024-01-01T00:00:00Z'"
votes = { A = "a", B = "b" }
"""
BULLETINS = """
[source.b]
files = "b.csv"
[[bulletins]]
from = "b"
authority = "'board'"
area = "'N'"
issued_at = "'2024-01-01T00:00:00Z'"
votes = { A = "a", B = "b" }
"""
R = "dep,mesa,reg\n1,m1,100\n1,m2,100\n2,m3,100\n"
S = "mesa,a,b\nm1,5,6\nm2,7,8\n"
TWO_LEVELS = """{ level = "dep", id = "dep", name = "dep" },
  { level = "mun", id = "mun", name = "mun" },"""
ONE_LEVEL = """{ level = "dep", id = "'D' || dep", name = "dep" },"""


@dataclass(frozen=True)
class Case:
    """Files, and changes of the usual map; then what comes out of it, or the error's words."""

    files: Mapping[str, str | bytes] = field(default_factory=dict)
    changes: Mapping[str, str] = field(default_factory=dict)
    bulletins: bool = False
    votes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Of the tables, or areas, that are to come in."""
    error: str = ""


def reports_of(votes: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, int]]:
    return {table: {"A": a, "B": b} for table, (a, b) in votes.items()}


USUAL = reports_of({"m1": (5, 6), "m2": (7, 8)})
CASES = {
    "an area on two levels": Case(
        {"r.csv": "dep,mun,mesa,reg\nLima,Lima,1,100\nLima,Ate,2,100\n"},
        {ONE_LEVEL: TWO_LEVELS},
        error=r"r.csv:2: register.areas: two-areas: Lima is an area of two levels .* parent \|\| '/' \|\| name",
    ),
    "an area with two parents": Case(
        {"r.csv": "dep,mun,mesa,reg\nNorth,San Juan,1,100\nSouth,San Juan,2,100\nSouth,Other,3,50\n"},
        {ONE_LEVEL: TWO_LEVELS},
        error=r"r.csv:2: register.areas: two-areas: San Juan lies in North and in South \(also r.csv:3",
    ),
    "a table whose id is an area's": Case(
        {"r.csv": "dep,mun,mesa,reg\n01,0101,0101,100\n01,0101,2,100\n"},
        {ONE_LEVEL: TWO_LEVELS},
        error="r.csv:2: register.table: is-an-area: 0101 is an area's id too",
    ),
    "voters that are no number": Case({"r.csv": R.replace("1,m2,100", "1,m2,NA")}, votes=USUAL),
    "all voters at one of two tables that have any": Case(
        {"r.csv": "dep,mesa,reg\n1,m1,100\n1,m2,100\n1,m3,0\n"}, votes=USUAL
    ),
    "no voters known": Case({"r.csv": "dep,mesa,reg\n1,m1,100\n1,m2,0\nabroad,m3,\n"}, votes=USUAL),
    "a damaged archive": Case(
        {"s.csv.gz": gzip.compress(S.encode())[:-6]},
        {'"s.csv"': '"s.csv.gz"'},
        error="s.csv.gz: cannot be read: .* Fetch it again",
    ),
    "what is no archive": Case(
        {"s.csv.gz": b"mesa,a,b"}, {'"s.csv"': '"s.csv.gz"'}, error="s.csv.gz: cannot be read: Not a gzipped file"
    ),
    "a cell without end": Case(
        {"s.csv": 'mesa,a,b\nm1,5,6\nm2,"' + "x" * 200_000 + '",8\n'},
        error="s.csv:3: cells: a cell has more than 131,072 characters: mend its quotes",
    ),
    "a long cell where a number should be": Case(
        {"s.csv": "mesa,a,b\nm1,5,6\nm2," + "x" * 100_000 + ",8\n"},
        error=r"s.csv:3: reports\[0\].votes.A: not-a-number: a is 'x{40}'",
    ),
    "an option's cell is empty": Case(
        {"s.csv": "mesa,a,b\nm1,50,\nm2,60,\nm3,10,20\n"},
        error=r"""s.csv:2: reports\[0\].votes.B: empty: b is empty: .* empty = "zero" .* \(2 such; also s.csv:3\)""",
    ),
    "empty means none": Case(
        {"s.csv": "mesa,a,b\nm1,50,\nm2,60,7\n"},
        {"votes = {": 'empty = "zero"\nvotes = {'},
        votes=reports_of({"m1": (50, 0), "m2": (60, 7)}),
    ),
    "empty means unknown": Case(
        {"s.csv": "mesa,a,b\nm1,50,\nm2,60,7\n"},
        {"votes = {": 'empty = "unknown"\nvotes = {'},
        votes={"m1": {"A": 50}, "m2": {"A": 60, "B": 7}},
    ),
    "an empty cell beside a word for unknown": Case(
        {"s.csv": "mesa,a,b\nm1,NA,6\nm2,,8\n"},
        {'files = "s.csv"': 'files = "s.csv"\nunknown = ["NA"]'},
        error=r"s.csv:3: reports\[0\].votes.A: empty: a is empty",
    ),
    "a word for unknown": Case(
        {"s.csv": "mesa,a,b\nm1,NA,6\nm2,7,8\n"},
        {'files = "s.csv"': 'files = "s.csv"\nunknown = ["NA"]'},
        votes={"m1": {"B": 6}, "m2": {"A": 7, "B": 8}},
    ),
    "a ratio in per cent": Case(
        {"b.csv": "a,b,pct\n5,6,98.5\n"},
        {"votes = {": 'tables_counted_ratio = "pct"\nvotes = {'},
        bulletins=True,
        error=r"b.csv:2: bulletins\[0\].tables_counted_ratio: not-a-number: pct is '98.5': .* column / 100",
    ),
    "a ratio": Case(
        {"b.csv": "a,b,pct\n5,6,98.5\n"},
        {"votes = {": 'tables_counted_ratio = "pct / 100"\nvotes = {'},
        bulletins=True,
        votes=reports_of({"N": (5, 6)}),
    ),
    "a status nobody knows": Case(
        {"b.csv": "a,b,st\n5,6,FINAL\n7,8,Definitivo\n9,9,final\n"},
        {"votes = {": 'status = "st"\nvotes = {'},
        bulletins=True,
        error=r"b.csv:2: .* unknown-word: 'FINAL' .*\nb.csv:3: bulletins\[0\].status: unknown-word: 'Definitivo'",
    ),
    "areas of another spelling": Case(
        {"b.csv": "area,a,b\nD01,5,6\nD02,7,8\n"},
        {"area = \"'N'\"": 'area = "area"'},
        bulletins=True,
        error=r"b.csv:2: bulletins\[0\].area: unknown: none of 2 ids .*, such as 'D01'; the nearest is 'D1'",
    ),
    "tables of another spelling": Case(
        {"s.csv": "mesa,a,b\n0m1,5,6\n0m2,7,8\n"},
        error=r"s.csv:2: reports\[0\].table: unknown: none of 2 ids .* such as '0m1'; the nearest is 'm1'",
    ),
    "times of several forms": Case(
        {"s.csv": "mesa,a,b,t\nm1,5,6,28/07/2024 18:05\nm2,5,6,2024-07-28 18:05:00\nm3,1,2,45501.75\n"},
        {"\"'2024-01-01T00:00:00Z'\"": '"t"'},
        error=r"s.csv:2: reports\[0\].observed_at: no-time: t is '28/07/2024 18:05': .* strptime",
    ),
    "times of two forms in a zone": Case(
        {"s.csv": "mesa,a,b,t\nm1,5,6,28/07/2024 18:05\nm2,7,8,2024-07-28 18:05:00\n"},
        {
            "\"'2024-01-01T00:00:00Z'\"": "\"strptime(t, ['%d/%m/%Y %H:%M', '%Y-%m-%d %H:%M:%S'])\"\n"
            'zone = "America/Caracas"',
        },
        votes=USUAL,
    ),
    "a time that a form does not fit": Case(
        {"s.csv": "mesa,a,b,t\nm1,5,6,28/07/2024 18:05\nm2,7,8,45501.75\n"},
        {"\"'2024-01-01T00:00:00Z'\"": '"strptime(t, \'%d/%m/%Y %H:%M\')"\nzone = "America/Caracas"'},
        error=r"map.toml:\d+: reports\[0\].observed_at: s.csv:3: cannot be worked out: t is '45501.75': Could not",
    ),
    "a cast that fails": Case(
        {"s.csv": "mesa,a,b,u\nm1,5,6,1\nm2,7,8,x\n"},
        {"votes = {": "url = \"'u' || u::INT\"\nvotes = {"},
        error=r"reports\[0\].url: s.csv:3: cannot be worked out: u is 'x': Could not convert string 'x' to INT32",
    ),
    "a date of eight digits": Case(
        {"s.csv": "mesa,a,b,fch\nm1,5,6,20240728\nm2,7,8,1722211200\n"},
        {"\"'2024-01-01T00:00:00Z'\"": '"fch"'},
        error=r"s.csv:2: reports\[0\].observed_at: no-time: fch is '20240728': .* \(2 such; also s.csv:3\)",
    ),
    "a delimiter that is none": Case(
        changes={'files = "s.csv"': 'files = "s.csv"\ndelimiter = "||"'},
        error=r"reports\[0\].table: there is no column mesa, only one of 3 names, 'mesa,a,b': say `delimiter`",
    ),
    "a delimiter of two characters": Case(
        {"s.csv": "mesa||a||b\nm1||5||6\nm2||7||8\n"},
        {'files = "s.csv"': 'files = "s.csv"\ndelimiter = "||"'},
        votes=USUAL,
    ),
    "a column twice": Case(
        {"s.csv": "mesa,a,b,recount,a,b\nm1,50,20,no,,\nm2,60,30,yes,61,29\n"},
        error=r'''votes.A: the header names a more than once: write "a \(1\)" or "a \(2\)"''',
    ),
    "a name that numbering makes a second time": Case(
        {"s.csv": "mesa,a,b,b,b (1)\nm1,5,6,7,8\n"}, error=r"s.csv:1: b \(1\) is the name of two columns"
    ),
    "a column with a name of ours": Case(
        {"s.csv": "mesa,a,b,_line\nm1,5,6,1\n"}, error="s.csv:1: _line is the name of two columns, or one of Cotejo's"
    ),
    "a second file without the last column": Case(
        {"s.csv": "mesa,a,b,c\nm1,5,6,1\n", "s1.csv": "mesa,a,b\nm2,7,8\n"},
        {'"s.csv"': '"s*.csv"'},
        error="s1.csv:1: columns: lacks c, unlike the files before it: say union = true",
    ),
    "a second file with another column": Case(
        {"s.csv": "mesa,a,b\nm1,5,6\n", "s1.csv": "mesa,a,c,b\nm2,7,1,8\n"},
        {'"s.csv"': '"s*.csv"'},
        error="s1.csv:1: columns: has c, unlike the files before it: say union = true",
    ),
    "files of different columns, united": Case(
        {"s.csv": "mesa,a,b\nm1,5,6\n", "s1.csv": "b,c,mesa\n8,1,m2\n"},
        {'files = "s.csv"': 'files = "s*.csv"\nunion = true', "votes = {": 'empty = "unknown"\nvotes = {'},
        votes={"m1": {"A": 5, "B": 6}, "m2": {"B": 8}},
    ),
    "a file whose name holds a line's end": Case(
        {"s\x1f9\x1fm2\x1f1\x1f1\n.csv": S}, {'"s.csv"': '"s?9*.csv"'}, error="has a name with control characters"
    ),
    "JSON that says where it stands": Case(
        {"s.json": '[{"mesa":"m1","a":5,"b":6,"_line":7}]'}, {'"s.csv"': '"s.json"'}, error="s.json:1: .* its _line"
    ),
    "JSON names in other capitals, by row": Case(
        {"s.json": '[{"mesa":"m1","a":5,"b":6},{"mesa":"m2","A":7,"b":8}]'},
        {'"s.csv"': '"s.json"'},
        error="s.json: its source has A in other capitals too",
    ),
    "JSON names in other capitals, below": Case(
        {"s.json": '[{"mesa":"m1","a":5,"b":6,"c":[{"x":1,"X":2}]}]'},
        {'"s.csv"': '"s.json"'},
        error="s.json: its source has X in other capitals too",
    ),
    "JSON with a name of no letters": Case(
        {"s.json": '[{"mesa":"m1","a":5,"b":6,"":1}]'}, {'"s.csv"': '"s.json"'}, error='s.json: .* field called ""'
    ),
    "JSON with half a character": Case(
        {"s.json": '[{"mesa":"m1","a":5,"b":6,"c":"\\ud800"}]'},
        {'"s.csv"': '"s.json"'},
        error="s.json:1: cannot be kept",
    ),
    "JSON that nests deep": Case(
        {"s.json": '[{"mesa":"m1","a":5,"b":6,"c":' + "[" * 700 + "]" * 700 + "}]"},
        {'"s.csv"': '"s.json"'},
        error="s.json:1: nests too deep",
    ),
    "an empty file": Case({"s.csv": ""}, error="s.csv: is empty"),
    "a header alone": Case({"s.csv": "mesa,a,b\n"}, error="s.csv: has no row"),
    "whole numbers with a point": Case({"s.csv": "mesa,a,b\nm1,5.0,6\nm2,7.0,8.0\n"}, votes=USUAL),
    "a number with a half": Case({"s.csv": "mesa,a,b\nm1,5.5,6\n"}, error="votes.A: not-a-number: a is '5.5'"),
    "a footer": Case(
        {"r.csv": R + "\nSource: electoral board\n"}, error="r.csv:6: cells: 1 cells, the header in line 1 has 3"
    ),
    "a footer that is passed over": Case(
        {"r.csv": R + "\nSource: electoral board\n"},
        {'files = "r.csv"': 'files = "r.csv"\nskip_lines = "^Source:"'},
        votes=USUAL,
    ),
    "several files": Case(
        {"s.csv": "mesa,a,b\nm1,5,6\n", "s1.csv": "b,mesa,a\n8,m2,7\n"}, {'"s.csv"': '"s*.csv"'}, votes=USUAL
    ),
    "a number for a column": Case(
        {"s.csv": 'mesa,"1",b\nm1,77,6\n'},
        {'A = "a"': 'A = "1"'},
        error="votes.A: names no column: for the column 1 write '\"1\"'",
    ),
    "a column called by a number": Case(
        {"s.csv": 'mesa,"1",b\nm1,77,6\n'}, {'A = "a"': "A = '\"1\"'"}, votes=reports_of({"m1": (77, 6)})
    ),
    "a column with a dot": Case(
        {"s.csv": 'mesa,"Const. Name",b\nm1,77,6\n'},
        {'A = "a"': "A = '\"Const. Name\"'"},
        votes=reports_of({"m1": (77, 6)}),
    ),
    "columns in another script": Case(
        {"s.csv": "\ufeffmesa;41 ქართული ოცნება;b\nm1;5;6\nm2;7;8\n"},
        {'files = "s.csv"': 'files = "s.csv"\ndelimiter = ";"', 'A = "a"': "A = '\"41 ქართული ოცნება\"'"},
        votes=USUAL,
    ),
    "JSON": Case(
        {"s.json": '[{"mesa":"m1","a":5,"b":6},{"mesa":"m2","a":7,"b":8}]'}, {'"s.csv"': '"s.json"'}, votes=USUAL
    ),
    "a form tool's export": Case(
        {
            "s.csv": "\ufeffplace/station;results/a;results/b;_uuid;_submission_time\n"
            "m1;50;6;u-1;2024-10-26T21:03:00\nm1;5;6;u-2;2024-10-26T21:05:33\nm2;7;8;u-3;2024-10-26T21:05:33\n"
        },
        {
            'files = "s.csv"': 'files = "s.csv"\ndelimiter = ";"',
            'table = "mesa"\nreporter': 'id = "_uuid"\ntable = \'"place/station"\'\nreporter',
            "\"'2024-01-01T00:00:00Z'\"": '"_submission_time"\nzone = "UTC"',
            'A = "a", B = "b"': "A = '\"results/a\"', B = '\"results/b\"'",
        },
        votes=USUAL,
    ),
    "one row per option, read as if it were not": Case(
        {"s.csv": "mesa,party,votes\nm1,A,5\nm1,B,6\n"},
        {'A = "a", B = "b"': 'A = "votes", B = "votes"'},
        error=r"s.csv:2: reports\[0\]: contradicts: differs from another of the same table, reporter, observed_at",
    ),
    "one row per option": Case(
        {"s.csv": "mesa,party,votes\nm1,A,5\nm1,B,6\nm2,A,7\nm2,B,8\n"},
        {'votes = { A = "a", B = "b" }': 'option = "party"\ncount = "votes"'},
        votes=USUAL,
    ),
    "one row per option in a bulletin": Case(
        {"b.csv": "area,party,votes\nm1,Ann,5\nm1,Bo,6\nm2,Ann,7\nm2,Bo,8\nm2,TOTAL,15\n"},
        {
            'votes = { A = "a", B = "b" }': 'option = "party"\ncount = "votes"\n'
            'names = { Ann = "A", Bo = "B", TOTAL = "valid" }',
            "area = \"'N'\"": 'area = "area"',
        },
        bulletins=True,
        votes=USUAL,
    ),
    "a name nobody mapped": Case(
        {"s.csv": "mesa,party,votes\nm1,Ann,5\nm1,Bo,6\nm1,Cy,1\n"},
        {'votes = { A = "a", B = "b" }': 'option = "party"\ncount = "votes"\nnames = { Ann = "A", Bo = "B" }'},
        error=r"s.csv:4: reports\[0\].names: unknown-name: the map's `names` lack 'Cy'",
    ),
    "one row per option in the register": Case(
        {"r.csv": "dep,mesa,reg,party,votes\n1,m1,100,A,5\n1,m1,100,B,6\n1,m2,100,A,7\n1,m2,100,B,8\n"}, votes=USUAL
    ),
    "merged cells": Case(
        {"r.csv": "dep,mesa,reg\nNorth,m1,100\n,m2,100\nSouth,m3,100\n,m4,100\n"},
        error=r"r.csv:3: register.areas\[1\].id: empty: dep is empty: .* \(2 such; also r.csv:5\)",
    ),
    "merged cells filled": Case(
        {"r.csv": "dep,mesa,reg\nNorth,m1,100\n,m2,100\nSouth,m3,100\n,m4,100\n"},
        {'\'D\' || dep", name = "dep"': 'last_value(dep IGNORE NULLS) OVER (ORDER BY _line)", name = "NULL"'},
        votes=USUAL,
    ),
    "a header of two rows": Case(
        {"s.csv": "mesa,votes,\n,a,b\nm1,5,6\n"}, error="there is no column a: name one of mesa, votes"
    ),
    "a header of two rows, named": Case(
        {"s.csv": "mesa,votes,\n,a,b\nm1,5,6\nm2,7,8\n"},
        {'files = "s.csv"': 'files = "s.csv"\nheader = 2\nnames = ["mesa", "a", "b"]'},
        votes=USUAL,
    ),
    "a missing column": Case(
        changes={'B = "b"': 'B = "bb"'}, error=r"votes.B: there is no column bb: name one of mesa, a, b"
    ),
    "an apostrophe and a plus": Case({"s.csv": "mesa,a,b\nm1,'005,6\nm2,+7,8\n"}, votes=USUAL),
    "lines above the header": Case(
        {"s.csv": "RESULTS OF THE NIGHT\n2024-06-02 20:00\n\nmesa,a,b\nm1,5,6\nm2,7,8\n"},
        error="s.csv:4: cells: 3 cells, the header in line 1 has 1: mend the row, or say `header`",
    ),
    "lines above the header, counted": Case(
        {"s.csv": 'RESULTS OF "THE NIGHT\n2024-06-02 20:00\n\nmesa,a,b\nm1,5,6\nm2,7,8\n'},
        {'files = "s.csv"': 'files = "s.csv"\nheader = 4'},
        votes=USUAL,
    ),
    "PREP": Case(
        {
            "s.csv": "PROGRAMA\n02/06/2024 20:05 UTC-6\nESPERADAS|CAPTURADAS\n3|2\n\n"
            "CLAVE|PAN|PRI|PAN_PRI|MORENA|FECHA\n"
            "'m1'|1|2|2|6|02/06/2024 20:01:10\n'm2'|7|0|-|8|02/06/2024 20:02:10\n'm3'|Ilegible|2|0|5|-\n"
        },
        {
            'files = "s.csv"': 'files = "s.csv"\ndelimiter = "|"\nheader = 6\nunknown = ["Ilegible"]',
            'table = "mesa"\nreporter': "table = \"trim(CLAVE, '''')\"\nwhere = \"FECHA <> '-'\"\nreporter",
            "\"'2024-01-01T00:00:00Z'\"": '"strptime(FECHA, \'%d/%m/%Y %H:%M:%S\')"\nzone = "America/Mexico_City"',
            'A = "a", B = "b"': 'A = "PAN + PRI + CASE PAN_PRI WHEN \'-\' THEN 0 ELSE PAN_PRI END", B = "MORENA"',
        },
        votes=USUAL,
    ),
    "a reporter without a name": Case(
        {"s.csv": "mesa,a,b,who\nm1,5,6,\nm2,7,8,ana\n"},
        {"\"'x'\"": '"who"'},
        error=r"s.csv:2: reports\[0\].reporter: empty: who is empty: .* coalesce",
    ),
    "a shifted row": Case(
        {"s.csv": "mesa,place,a,b\nm1,School 5,50,20\nm2,School, 6,60,30\n"},
        error="s.csv:3: cells: 5 cells, the header in line 1 has 4",
    ),
    "a short row": Case(
        {"s.csv": "mesa,a,b\nm1,1,2\nm2,1\n"}, error="s.csv:3: cells: 2 cells, the header in line 1 has 3"
    ),
    "a stray quote": Case(
        {"s.csv": 'mesa|place|a|b\nm1|School|5|6\nm2|"LA UNION|7|8\nm3|Hall "B"|1|2\n'},
        {'files = "s.csv"': 'files = "s.csv"\ndelimiter = "|"'},
        error='s.csv:3: quote: a " opens a cell that nothing closes: mend it, or say quote = ""',
    ),
    "quotes that are none": Case(
        {"s.csv": 'mesa|place|a|b\nm1|School|5|6\nm2|"LA UNION|7|8\n'},
        {'files = "s.csv"': 'files = "s.csv"\ndelimiter = "|"\nquote = ""'},
        votes=USUAL,
    ),
    "ids in another script": Case(
        {"s.csv": 'mesa,a,b\nÑ"1,5,6\nმ2,7,8\n', "r.csv": 'dep,mesa,reg\n1,Ñ"1,100\n1,მ2,100\n'},
        votes=reports_of({'Ñ"1': (5, 6), "მ2": (7, 8)}),
    ),
    "a sum of columns": Case(
        {"s.csv": "mesa,pan,pri,b\nm1,2,3,6\nm2,7,0,8\n"}, {'A = "a"': 'A = "pan + pri"'}, votes=USUAL
    ),
    "a point between thousands": Case(
        {"s.csv": "mesa,a,b\nm1,1.234,6\nm2,1.050,8\n"},
        error=r"s.csv:2: reports\[0\].votes.A: not-a-number: a is '1.234': .*`thousands`.* \(2 such; also s.csv:3\)",
    ),
    "one thousand with a point": Case({"s.csv": "mesa,a,b\nm1,1.000,6\n"}, error="votes.A: not-a-number: a is '1.000'"),
    "figures with decimals that are zero": Case({"s.csv": "mesa,a,b\nm1,5.0,6.00\nm2,7,8.0\n"}, votes=USUAL),
    "a decimal point, named": Case(
        {"s.csv": "mesa,a,b\nm1,5.000,6.0\nm2,7,8.000\n"},
        {'files = "s.csv"': 'files = "s.csv"\ndecimal = "."'},
        votes=USUAL,
    ),
    "a decimal point beside commas between thousands": Case(
        {"s.csv": "mesa,a,b\nm1,5.000,6\nm2,7,8.000\n"},
        {'files = "s.csv"': 'files = "s.csv"\nthousands = ","'},
        votes=USUAL,
    ),
    "a point between thousands, named": Case(
        {"s.csv": "mesa,a,b\nm1,1.234,6\nm2,1.000,8\n", "r.csv": R.replace("100", "3000")},
        {'files = "s.csv"': 'files = "s.csv"\nthousands = "."'},
        votes=reports_of({"m1": (1234, 6), "m2": (1000, 8)}),
    ),
    "a space between thousands": Case(
        {"s.csv": "mesa,a,b\nm1,1 234,6\nm2,1\u202f234,5\n", "r.csv": R.replace("100", "3000")},
        {'files = "s.csv"': 'files = "s.csv"\nthousands = " "'},
        votes=reports_of({"m1": (1234, 6), "m2": (1234, 5)}),
    ),
    "a total in the register": Case(
        {"r.csv": R + "TOTAL,TOTAL,300\n"},
        error="r.csv:5: register.registered: total: TOTAL has 300, as many voters as all",
    ),
    "a total among the sheets": Case(
        {"s.csv": S + "m3,1,1\nTOTAL,13,15\n", "r.csv": R + "9,TOTAL,400\n2,m9,50\n"},
        error=r"s.csv:5: reports\[0\]: total: its votes are those of all others together",
    ),
    "subtotals in the register": Case(
        {"r.csv": "dep,mesa,reg\n1,m1,70\n1,m2,80\n1,S1,150\n2,m3,60\n2,m4,50\n2,S2,110\n"},
        error="r.csv:4: register.registered: total: has as many voters as all others of its area together",
    ),
    "subtotals among the sheets": Case(
        {
            "r.csv": "dep,mesa,reg\n1,m1,70\n1,m2,80\n1,S1,\n2,m3,60\n2,m4,50\n2,S2,\n",
            "s.csv": "mesa,a,b\nm1,5,6\nm2,7,8\nS1,12,14\nm3,1,2\nm4,3,4\nS2,4,6\n",
        },
        error=r"s.csv:4: reports\[0\]: total: its votes are those of all others of its area together",
    ),
    "a subtotal by chance": Case(
        {
            "r.csv": "dep,mesa,reg\n1,m1,70\n1,m2,80\n1,m3,\n2,m4,60\n2,m5,50\n2,m6,\n",
            "s.csv": "mesa,a,b\nm1,5,6\nm2,7,8\nm3,12,14\nm4,1,2\nm5,3,4\nm6,4,7\n",
        },
        votes=reports_of({"m1": (5, 6), "m2": (7, 8), "m3": (12, 14), "m4": (1, 2), "m5": (3, 4), "m6": (4, 7)}),
    ),
    "a line without end": Case({"s.csv": S + "x" * 5_000_000}, error="s.csv:4: goes on for more than 4,000,000 char"),
    "gzip without end": Case(
        {"s.csv.gz": gzip.compress(S.encode() + (b" " * 1_000_000 + b"\n") * 70)},
        {'"s.csv"': '"s.csv.gz"'},
        error="s.csv.gz: unpacks to more than 200 times its size: if that is meant, unpack it yourself",
    ),
    "two contests": Case(
        {"b.csv": "mesa,contest,a,b\nm1,PRESIDENT,50,20\nm1,DEPUTY,31,33\n"},
        {"area = \"'N'\"": 'area = "mesa"'},
        bulletins=True,
        error=r"b.csv:2: bulletins\[0\]: contradicts: .* two contests, or a total\? .* \(here and b.csv:3",
    ),
    "one of two contests": Case(
        {"b.csv": "mesa,contest,a,b\nm1,PRESIDENT,50,20\nm1,DEPUTY,31,33\n"},
        {"area = \"'N'\"": 'area = "mesa"\nwhere = "contest = \'PRESIDENT\'"'},
        bulletins=True,
        votes=reports_of({"m1": (50, 20)}),
    ),
    "a mark before UTF-8": Case(
        {"s.csv": "\ufeff" + S}, {'files = "s.csv"': 'files = "s.csv"\nencoding = "utf-8"'}, votes=USUAL
    ),
    "UTF-16": Case(
        {"s.csv": S.encode("utf-16")}, {'files = "s.csv"': 'files = "s.csv"\nencoding = "utf-16"'}, votes=USUAL
    ),
    "UTF-16 that is not named": Case(
        {"s.csv": S.encode("utf-16-le")}, error="s.csv:1: holds NUL characters in utf-8-sig: is it UTF-16"
    ),
    "UTF-16 without a mark": Case(
        {"s.csv": S.encode("utf-16-le")},
        {'files = "s.csv"': 'files = "s.csv"\nencoding = "utf-16"'},
        error="s.csv:1: is not utf-16: say its `encoding`",
    ),
    "UTF-8 read as Latin-1": Case(
        {"r.csv": R.replace("1,m1", "Peña,m1").encode()},
        {'files = "r.csv"': 'files = "r.csv"\nencoding = "latin-1"'},
        error=r"r.csv:2: encoding: is UTF-8, but read as latin-1 \('Ã±a,m1,100'\): say encoding = \"utf-8\"",
    ),
    "Latin-1 read as UTF-8": Case(
        {"r.csv": R.replace("2,m3", "Peña,m3").encode("latin-1")}, error="r.csv:4: is not utf-8-sig: say its `encoding`"
    ),
    "an id twice": Case(
        changes={'table = "mesa"\nreporter': 'id = "\'r\'"\ntable = "mesa"\nreporter'},
        error=r"s.csv:2: reports\[0\]: duplicate-id: another event has this id",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_obstacle(case: Case, tmp_path: Path) -> None:
    """It goes in right, or the error says where and how to mend it, and what was there before is as it was."""
    for name, content in {"r.csv": R, "s.csv": S, **case.files}.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    text = HEAD + REGISTER + (BULLETINS if case.bulletins else SHEETS + REPORTS)
    for old, new in case.changes.items():
        assert old in text, old
        text = text.replace(old, new)
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    if case.error:
        (out).mkdir()
        (out / "events.jsonl").write_text("before")
        with pytest.raises(CotejoError, match=case.error):
            importer.run(tmp_path / "map.toml", tmp_path, out, jsonl=True, quiet=True)
        assert [(path.name, path.read_text()) for path in out.iterdir()] == [("events.jsonl", "before")]
        assert {path.name for path in tmp_path.iterdir()} <= {"map.toml", "out", "r.csv", "s.csv", *case.files}
        return
    importer.run(tmp_path / "map.toml", tmp_path, out, jsonl=True, quiet=True)
    events = [orjson.loads(line) for line in (out / "events.jsonl").read_bytes().splitlines()]
    assert {event.get("table") or event["area"]: event["votes"] for event in events} == case.votes
    assert load(out / "election.toml").tables
