"""Imports: what sources may be, what the outcome says, what maps must not do, and what is written."""

import csv
import gzip
import io
import signal
import struct
import threading
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import orjson
import pytest
from brokers import ROOT
from builders import present
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from monitor import Monitor
from nights import direct
from test_import_obstacles import BULLETINS, HEAD, REGISTER, REPORTS, SHEETS, R, S

from streams.config.election_file import load
from streams.core.events.codec import decode_any, encode, plain
from streams.core.events.model import Bulletin, Rejection, TallyReport
from streams.errors import CotejoError
from streams.nights.arrival import Arrival, of_lines
from streams.nights.check import EventCheck
from streams.nights.eventlog import generated_night
from streams.nights.exports.export import export
from streams.nights.exports.import_map import MAP as EXPORTED
from streams.nights.importers import importer
from streams.nights.importers.building import event_json
from streams.nights.importers.outcome import Outcome
from streams.nights.importers.reading import files
from streams.nights.importers.reading.files import SourceError
from streams.nights.paths import Arrivals
from streams.nights.scenarios import venezuela2024_night
from streams.nights.source import open_night

MAP = HEAD + REGISTER + SHEETS + REPORTS


def imported(directory: Path, text: str = MAP, **files: str | bytes) -> tuple[Outcome, list[dict[str, Any]]]:
    """Import the files by the map into `out`: what is said, and the events that were written."""
    for name, content in {"r.csv": R, "s.csv": S, **files}.items():
        (directory / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (directory / "map.toml").write_text(text, encoding="utf-8")
    outcome = importer.run(directory / "map.toml", directory, directory / "out", jsonl=True, quiet=True)
    return outcome, [orjson.loads(line) for line in (directory / "out" / "events.jsonl").read_bytes().splitlines()]


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def zipped(**members: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def marked(archive: bytes, place: int, value: int) -> bytes:
    """An archive of one member with another byte in its two heads, counted as in the first of them."""
    found = bytearray(archive)
    found[found.index(b"PK\3\4") + place] = found[found.index(b"PK\1\2") + place + 2] = value
    return bytes(found)


def zipped_twice() -> bytes:
    found = zipped(**{"a.csv": S, "b.csv": S})
    return found.replace(b"b.csv", b"a.csv")


def xlsx(rows: list[list[str | float]], more: str = "") -> bytes:
    """A workbook with one sheet, as small as a reader takes it; `more` is XML behind its rows."""
    cells = "".join(
        "<row>" + "".join(
            f"<c><v>{value}</v></c>" if isinstance(value, float)
            else f'<c t="inlineStr"><is><t>{value}</t></is></c>'
            for value in row
        ) + "</row>"
        for row in rows
    )  # fmt: skip
    main, rel = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org"
    types = f"{rel}/package/2006/content-types"
    office = f"{rel}/officeDocument/2006/relationships"
    return zipped(
        **{
            "[Content_Types].xml": f'<Types xmlns="{types}"/>',
            "xl__workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
            '<sheet name="Actas" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "_rels__.rels": f'<Relationships xmlns="{rel}/package/2006/relationships"><Relationship Id="rId1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl___rels__workbook.xml.rels": f'<Relationships xmlns="{rel}/package/2006/relationships"><Relationship '
            f'Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl__worksheets__sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}{more}</sheetData></worksheet>',
        }
    )


def ods(rows: list[list[str | float]], given: str = "", **more: list[list[str | float]]) -> bytes:
    """The same as OpenDocument; `given` are attributes of each row, `more` further sheets by their names."""
    office, table = (f"urn:oasis:names:tc:opendocument:xmlns:{each}:1.0" for each in ("office", "table"))
    cells = {
        sheet: "".join(
            f"<table:table-row {given}>" + "".join(
                f'<table:table-cell office:value-type="float" office:value="{value}"/>' if isinstance(value, float)
                else f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
                for value in row
            ) + "</table:table-row>"
            for row in its_rows
        )
        for sheet, its_rows in {"Actas": rows, **more}.items()
    }  # fmt: skip
    names = f'xmlns:office="{office}" xmlns:table="{table}" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    sheets = "".join(f"<table:table table:name='{each}'>{some}</table:table>" for each, some in cells.items())
    content = f"<office:spreadsheet>{sheets}</office:spreadsheet>"
    return zipped(
        **{
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF__manifest.xml": '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:'
            'manifest:1.0"/>',
            "content.xml": f"<office:document-content {names}><office:body>{content}</office:body>"
            "</office:document-content>",
        }
    )


def xlsb(rows: list[list[str | float]]) -> bytes:
    """The same as a binary workbook: records of a kind, a length and their bytes (MS-XLSB)."""

    def number(value: int) -> bytes:
        return bytes([value]) if value < 128 else bytes([value & 127 | 128, value >> 7])

    def record(kind: int, content: bytes = b"") -> bytes:
        return number(kind) + number(len(content)) + content

    def text(value: str) -> bytes:
        return struct.pack("<I", len(value)) + value.encode("utf-16-le")

    def cell(column: int, value: str | float) -> bytes:
        head = struct.pack("<II", column, 0)
        return record(6, head + text(value)) if isinstance(value, str) else record(5, head + struct.pack("<d", value))

    cells = b"".join(
        record(0, struct.pack("<I13x", number)) + b"".join(cell(*each) for each in enumerate(row))
        for number, row in enumerate(rows)
    )
    size = struct.pack("<4I", 0, len(rows) - 1, 0, len(rows[0]) - 1)
    rel = "http://schemas.openxmlformats.org/package/2006/relationships"
    sheet = '<Relationship Id="r1" Target="worksheets/sheet1.bin"/>'
    members: dict[str, str | bytes] = {
        "xl__workbook.bin": record(0x9C, struct.pack("<II", 0, 1) + text("r1") + text("Actas"))
        + record(0x90)
        + record(0x84),
        "xl___rels__workbook.bin.rels": f'<Relationships xmlns="{rel}">{sheet}</Relationships>',
        "xl__worksheets__sheet1.bin": record(0x94, size) + record(0x91) + cells + record(0x92),
    }
    return zipped(**members)


def parquet(directory: Path) -> bytes:
    path = directory / "made.parquet"
    duckdb.connect().execute(f"COPY (SELECT * FROM (VALUES ('m1', 5, 6), ('m2', 7, 8)) t(mesa, a, b)) TO '{path}'")
    content = path.read_bytes()
    path.unlink()
    return content


ROWS: list[list[str | float]] = [["mesa", "a", "b"], ["m1", 5.0, 6.0], ["m2", 7.0, "8"]]
SOURCES: dict[str, tuple[str, Callable[[Path], str | bytes], str]] = {
    "TSV": ("s.tsv", lambda _: S.replace(",", "\t"), ""),
    "gzip": ("s.csv.gz", lambda _: gzip.compress(S.encode()), ""),
    "Windows line ends": ("s.csv", lambda _: S.replace("\n", "\r\n"), ""),
    "old Mac line ends": ("s.csv", lambda _: S.replace("\n", "\r"), ""),
    "Latin-1": ("s.csv", lambda _: S.replace("mesa", "secc\u00f3n,mesa").replace("\nm", "\n\u00f1,m").encode("latin-1"),
                'encoding = "latin-1"'),
    "UTF-16": ("s.csv", lambda _: S.encode("utf-16"), 'encoding = "utf-16"'),
    "no header": ("s.csv", lambda _: S.removeprefix("mesa,a,b\n"), 'header = 0\nnames = ["mesa", "a", "b"]'),
    "quoted cells": ("s.csv", lambda _: '"mesa","note\nof two lines","a","b"\n"m1","x ""y"", z",5,6\n'
                     'm2,"a\nb",7,8\n', ""),
    "Excel": ("s.xlsx", lambda _: xlsx(ROWS), ""),
    "Excel with an empty cell and an empty row": (
        "s.xlsx",
        lambda _: xlsx([["mesa", "nota", *ROWS[0][1:]], ["m1", "", *ROWS[1][1:]], [""] * 4, ["m2", "x", *ROWS[2][1:]]]),
        "",
    ),
    "Excel with lines above": ("s.xlsx", lambda _: xlsx([["RESULTS"], *ROWS]), 'header = 2\nsheet = "Actas"'),
    "Excel, binary": ("s.xlsb", lambda _: xlsb(ROWS), ""),
    "OpenDocument": ("s.ods", lambda _: ods(ROWS), ""),
    "JSON below a key": ("s.json", lambda _: '{"data": {"rows": [{"mesa": "m1", "a": 5, "b": 6}, '
                         '{"mesa": "m2", "a": 7, "b": "8"}]}}', 'records = "data.rows"'),
    "JSON lines": ("s.jsonl", lambda _: '{"mesa":"m1","a":5,"b":6}\n\n{"mesa":"m2","a":7.0,"b":8,"c":[1]}\n', ""),
    "Parquet": ("s.parquet", parquet, ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", SOURCES)
def test_sources(kind: str, tmp_path: Path) -> None:
    """The same two sheets come out of every kind of file."""
    name, content, settings = SOURCES[kind]
    text = changed(MAP, ('files = "s.csv"', f'files = "{name}"\n{settings}'))
    _, events = imported(tmp_path, text, **{name: content(tmp_path)})
    assert {event["table"]: event["votes"] for event in events} == {"m1": {"A": 5, "B": 6}, "m2": {"A": 7, "B": 8}}


def test_members_and_places(tmp_path: Path) -> None:
    """Members of an archive are files; each row knows its file and line, which make its id unless the map gives one."""
    text = changed(
        MAP,
        ('files = "s.csv"', 'files = ["night.zip/north/*.csv", "s.csv"]'),
        ("'web'", "regexp_extract(_file, 'zip/([a-z]+)', 1) || _line"),
    )
    archive = zipped(north__x__txt="", **{"north__x.csv": "mesa,a,b\nm1,1,2\n", "south__y.csv": "mesa,a,b\nm3,9,9\n"})
    files: dict[str, str | bytes] = {"night.zip": archive, "s.csv": "mesa,a,b\n\nm2,3,4\n"}
    _, events = imported(tmp_path, text, **files)
    assert {event["id"]: (event["table"], event["source"]) for event in events} == {
        "night.zip/north/x.csv:2": ("m1", "north2"),
        "s.csv:3": ("m2", "3"),
    }


def test_sheets_are_files(tmp_path: Path) -> None:
    """A workbook with a sheet for each province: a pattern reads those that it means, each row with its sheet."""
    (tmp_path / "r.ods").write_bytes(
        ods([["About"]], North=[["mesa", "a", "b"], ["m1", 5.0, 6.0]], Norte2=[["mesa", "a", "b"], ["m2", 7.0, 8.0]])
    )
    text = changed(
        MAP,
        ('files = "s.csv"', 'files = "r.ods"\nsheet = "Nor*"'),
        ("\"'x'\"", "\"split_part(_file, '/', 2)\""),
    )
    _, events = imported(tmp_path, text)
    assert {event["id"]: (event["reporter"], event["votes"]) for event in events} == {
        "r.ods/North:2": ("North", {"A": 5, "B": 6}),
        "r.ods/Norte2:2": ("Norte2", {"A": 7, "B": 8}),
    }
    with pytest.raises(CotejoError, match=r"has no sheet Sur\*: name one of Actas, North, Norte2"):
        imported(tmp_path, changed(text, ("Nor*", "Sur*")))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("s.xlsx", b"PK no workbook", "s.xlsx: cannot be read as a workbook", id="no workbook"),
        pytest.param(
            "s.xlsx",
            xlsx([["k"]], '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
            "s.xlsx: takes more memory than a workbook may: .* Save the sheet as CSV",
            id="a workbook that fills the memory",
        ),
        pytest.param(
            "s.ods",
            ods([["k"] * 2000], 'table:number-rows-repeated="999999999"'),
            "s.ods: (takes more memory than a workbook may|cannot be read as a workbook)",
            id="rows repeated without end",
        ),
        pytest.param("s.json", "[{]", "s.json:1: is no JSON", id="no JSON"),
        pytest.param("s.jsonl", '{"a":1}\n{"a":1,"a":2}', "s.jsonl:2: a is twice in one object", id="a key twice"),
        pytest.param("s.json", "[1, 2]", "s.json:1: is no object: say where the array .* `records`", id="no rows"),
        pytest.param("s.parquet", b"PAR1", "s.parquet: cannot be read as Parquet", id="no Parquet"),
        pytest.param("s.zip/x.csv", "", "s.zip/x.csv: cannot be read: there is no such file", id="no archive"),
        pytest.param("s.doc", "x", "s.doc: what is it\\? Say `format`", id="what is it"),
        pytest.param("../s.csv", "x", "name files below the directory of --data", id="outside"),
        pytest.param("/etc/passwd", "x", "name files below the directory of --data", id="absolute"),
    ],
)
def test_unreadable_sources(name: str, content: str | bytes, words: str, tmp_path: Path) -> None:
    """A file that is not what its name says is one error that names it."""
    files = {} if "/" in name else {name: content}
    with pytest.raises(CotejoError, match=words):
        imported(tmp_path, changed(MAP, ("s.csv", name)), **files)


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        pytest.param(zipped_twice(), "s.zip/a.csv: is in the archive more than once", id="a name twice"),
        pytest.param(zipped(**{"a\n.csv": S}), r"'s.zip/a\\n.csv': has a name with control", id="a control character"),
        pytest.param(marked(zipped(**{"a.csv": S}), 6, 1), "s.zip/a.csv: cannot be read: .* encrypted", id="encrypted"),
        pytest.param(marked(zipped(**{"a.csv": S}), 8, 99), "s.zip/a.csv: cannot be read: .* method", id="a method"),
        pytest.param(marked(zipped(**{"a.csv": S}), 8, 14), "s.zip/a.csv: cannot be read: ", id="no LZMA"),
    ],
)
def test_hostile_archives(archive: bytes, words: str, tmp_path: Path) -> None:
    """No member of an archive is passed over, and what cannot be read is one error that names it."""
    with pytest.raises(CotejoError, match=words):
        imported(tmp_path, changed(MAP, ("s.csv", "s.zip/*.csv")), **{"s.zip": archive})


@pytest.mark.parametrize(
    ("size", "most"),
    [pytest.param(100, 20_000, id="so many times its size"), pytest.param(2, 1_000, id="what is free")],
)
def test_what_an_archive_may_unpack_to(size: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large archive may unpack to so many times its size, a small one to what is free; one byte more is refused."""
    monkeypatch.setattr(files, "FREE_BYTES", 1_000)
    for more in (0, 1):
        part = files.Part("a.csv", lambda more=more: io.BytesIO(b"x" * (most + more)), size, member=True)  # type: ignore[misc]
        with (
            pytest.raises(SourceError, match="200 times its size") if more else nullcontext(),
            part.reading() as content,
        ):
            assert len(content.read()) == most


def test_a_link_out_of_the_data(tmp_path: Path) -> None:
    """A link among published files brings nothing of the reader's own disk into a night."""
    (tmp_path / "own.csv").write_text(S)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "l.csv").symlink_to("../own.csv")
    with pytest.raises(CotejoError, match=r"l\.csv: is a link to a file outside"):
        imported(tmp_path / "data", changed(MAP, ("s.csv", "l.csv")))


@pytest.mark.parametrize(
    ("second", "words"),
    [
        pytest.param("SELECT 'm2' AS mesa, 7::BIGINT AS a, 8::TINYINT AS b", "", id="whole numbers"),
        pytest.param("SELECT 'm2' AS mesa, 6.6::DOUBLE AS a, 8 AS b", "a is DOUBLE, .* before it INTEGER", id="6.6"),
        pytest.param("SELECT 'm2' AS mesa, '6.6' AS a, 8 AS b", "a is VARCHAR, .* before it INTEGER", id="a text"),
    ],
)
def test_types_of_parquet_files(second: str, words: str, tmp_path: Path) -> None:
    """A figure of one file is not rounded to the type that its column has in another."""
    duckdb.connect().execute(f"COPY (SELECT 'm1' AS mesa, 5 AS a, 6 AS b) TO '{tmp_path / 's1.parquet'}'")
    duckdb.connect().execute(f"COPY ({second}) TO '{tmp_path / 's2.parquet'}'")
    text = changed(MAP, ("s.csv", "s*.parquet"))
    if words:
        with pytest.raises(CotejoError, match=f"s2.parquet: {words}"):
            imported(tmp_path, text)
        return
    _, events = imported(tmp_path, text)
    assert [event["votes"] for event in events] == [{"A": 5, "B": 6}, {"A": 7, "B": 8}]


OUTSIDE = {
    "a file": "(SELECT max(content) FROM read_text('{secret}'))",
    "a file by its name": "(SELECT max(a) FROM '{secret}')",
    "the names of files": "(SELECT max(file) FROM glob('/etc/*'))",
    "the network": "(SELECT max(a) FROM read_csv('http://127.0.0.1:{port}/x.csv'))",
    "another database": "(SELECT max(a) FROM sqlite_scan('{secret}', 'x'))",
    "a variable of Python": "(SELECT max(a) FROM secret)",
    "the environment": "getenv('HOME')",
    "a setting": "set_config('enable_external_access', 'true')",
    "a second statement": "1); COPY s TO '{secret}.copy'; SELECT (1",
    "an extension": "1); INSTALL httpfs; LOAD httpfs; SELECT (1",
    "an attached file": "1); ATTACH '{secret}' AS x; SELECT (1",
}


@pytest.mark.parametrize("where", ["reporter", "where", "join"])
@pytest.mark.parametrize("sql", OUTSIDE.values(), ids=OUTSIDE)
def test_maps_are_shut_in(sql: str, where: str, tmp_path: Path) -> None:
    """An expression reaches nothing but the sources: no file, network, extension or setting. It writes nothing."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a\nsecret\n")
    sql = sql.format(secret=secret, port=9)
    key = {"reporter": f'reporter = "{sql}"', "where": f"where = \"{sql} = 'x'\"\nreporter = \"'x'\"",
           "join": f"join = \"JOIN (SELECT {sql} AS x) AS y ON true\"\nreporter = \"'x'\""}[where]  # fmt: skip
    with pytest.raises(CotejoError) as raised:
        imported(tmp_path, changed(MAP, ("reporter = \"'x'\"", key)))
    assert "secret\n" not in str(raised.value)
    assert {path.name for path in tmp_path.iterdir()} == {"secret.csv", "r.csv", "s.csv", "map.toml"}


def test_sql_without_end_can_be_stopped(tmp_path: Path) -> None:
    """Ctrl-C ends an expression of a map that never would."""
    endless = "(WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t)"
    main = threading.get_ident()
    timer = threading.Timer(0.5, signal.pthread_kill, (main, signal.SIGINT))  # before or during it: it ends either way
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            imported(tmp_path, changed(MAP, ("\"'x'\"", f'"{endless}::VARCHAR"')))
    finally:
        timer.join()
    assert {path.name for path in tmp_path.iterdir()} <= {"r.csv", "s.csv", "map.toml"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param("[register]", "[regster]", "map.toml:1\\d: regster: .* write register", id="unknown table"),
        pytest.param('files = "s.csv"', 'file = "s.csv"', r":2\d: source.s.file: .* write files", id="key of a source"),
        pytest.param('files = "s.csv"', "files = 3", r"source.s.files: expected `str | array`", id="type in a source"),
        pytest.param('name = "Bo"', 'name = "Bo"\nraed = false', r"option\[1\].raed: .* write read", id="of an option"),
        pytest.param("reporter =", "reportr =", r"map.toml:2\d: reports\[0\].reportr: .* write reporter", id="key"),
        pytest.param("reporter = \"'x'\"\n", "", r"reports\[0\].reporter: is missing", id="missing key"),
        pytest.param('from = "s"', 'from = "t"', r"reports\[0\].from: name a source: r, s", id="unknown source"),
        pytest.param('B = "b" }', 'Q = "b" }', r"votes.Q: use one of A, B", id="unknown option"),
        pytest.param('B = "b" }', 'B = 1 }', r"reports\[0\].votes: give strings, each an expression", id="no text"),
        pytest.param("\"'x'\"", '"x"', r"reporter: there is no column x: .* for a text write 'x'", id="no quotes"),
        pytest.param("\"'x'\"", '"mes"', r'there is no column mes: .*, such as "mesa"', id="nearly a column"),
        pytest.param("\"'x'\"", '"mesa ||"', "is no SQL", id="no SQL"),
        pytest.param("\"'x'\"", '"mesa, a"', "write one expression", id="two expressions"),
        pytest.param("votes =", 'empty = "nil"\nvotes =', "say zero or unknown", id="unknown word"),
        pytest.param("votes =", 'option = "a"\nvotes =', "needs both `option` and `count`", id="option alone"),
        pytest.param('id = "t"', 'file = "x.toml"', "says all that the election is", id="two elections"),
        pytest.param('id = "t"', 'id = ""', "election.id: write something", id="no id"),
        pytest.param("[election]", "[reconcile]\nqurum = 1\n[election]", "write quorum", id="unknown threshold"),
        pytest.param("[election]", "[election", "map.toml:[0-9]+: write TOML", id="no TOML"),
        pytest.param('files = "s.csv"', 'files = "s.csv"\nformat = "cvs"', "s.format: write csv, json", id="no format"),
        pytest.param("[election]", "[election]\nquorum = 1", r"election.quorum: .*move it to \[reconcile", id="moved"),
    ],
)  # fmt: skip
def test_wrong_maps(old: str, new: str, words: str, tmp_path: Path) -> None:
    """What is wrong with a map is one line that names the place in it and the cure."""
    with pytest.raises(CotejoError, match=words) as raised:
        imported(tmp_path, changed(MAP, (old, new)))
    assert str(raised.value).count("\n") <= 1  # the error, and that nothing was written


def test_an_expression_may_have_lines(tmp_path: Path) -> None:
    """An expression may go over several lines, as SQL does."""
    _, events = imported(tmp_path, changed(MAP, ("reporter = \"'x'\"", 'reporter = """\n\'x\'\n"""')))
    assert {event["reporter"] for event in events} == {"x"}


def test_the_outcome(tmp_path: Path) -> None:
    """It says what was read, kept and left out, and where; which ids the register lacks, and what is near; what the
    check finds. The rest is written."""
    text = changed(MAP, ("votes =", 'where = "a <> \'0\'"\nnull = "n"\nvotes ='), ("\"'2024-01-01T00:00:00Z'\"", '"t"'))
    text += "[reconcile]\nquorum = 1\n"
    sheets = (
        "mesa,a,b,n,t\nm1,5,6,1,1704067200000\nm2,0,0,,1704067200000\nm3,7,8,?,1704067100000\nm03,1,2,,1704067300000\n"
        "m1,,,,1704067400000\nm2,90,20,,1704067500000\n"
    )
    outcome, events = imported(tmp_path, text, **{"s.csv": sheets})
    assert [event["id"] for event in events] == ["s.csv:4", "s.csv:2", "s.csv:5", "s.csv:7"]
    assert [event.get("null") for event in events] == [None, 1, None, None]
    of_limits = "remark: limit-out-of-reach"
    assert "\n".join(line for line in outcome.lines() if not line.startswith(of_limits)) == (
        "register: 3 rows of r read, 3 polling tables\n"
        "reports[0]: 6 rows of s read, 4 tally reports\n"
        "  left out, where: 2 (s.csv:3, s.csv:6)\n"
        "remark: s.csv:4: reports[0].null: not-a-number: n is '?': give a whole number; say `thousands`, `decimal`, "
        "`marks` or `unknown` of the source if that is its form; left out of its row\n"
        "remark: reports[0]: 1 row is older than the row above it: sorted by time\n"
        "reports[0]: 1 of 4 names no polling table of the register:\n"
        "  'm03' (s.csv:5); the nearest is 'm3'\n"
        "3 areas, 3 polling tables; 4 tally-reports\n"
        "check: unknown-table: 1 (s.csv:5): table: add m03 to the register, or mend the id\n"
        "check: too-many-ballots: 1 (s.csv:7): votes: read the sheet again: 110 ballots for 100 registered voters, "
        "limit 102"
    )


@pytest.mark.parametrize(("quorum", "alone"), [(1, None), (2, 2), (3, 2)])
def test_too_few_readers(quorum: int, alone: int | None, tmp_path: Path) -> None:
    """Where a sheet needs several readers, the polling tables that have too few are counted, however sound their
    figures are."""
    outcome, _ = imported(tmp_path, MAP + f"[reconcile]\nquorum = {quorum}\n")
    counts = [remark.count for remark in outcome.open_questions if remark.code == "below-quorum"]
    assert counts == ([] if alone is None else [alone])


@pytest.mark.parametrize("quorum", [1, 2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_readers_are_counted_as_by_the_check(seed: int, quorum: int, tmp_path: Path) -> None:
    """Whoever reads for whichever group and source, and whatever else is wrong with a reading: the import leaves open
    what `cotejo check` does of the events that it writes."""
    chance = Random(seed)
    sheets = "mesa,a,b,who,of,src\n" + "".join(
        f"{chance.choice(['m1', 'm2', 'm3', 'm9'])},{chance.choice([1, 2, 99])},{chance.choice([3, 4, ''])},"
        f"{chance.choice(['ana', 'ben', 'eva'])},{chance.choice(['', 'g', 'h'])},{chance.choice(['web', 'desk'])}\n"
        for _ in range(chance.randint(1, 9))
    )
    text = changed(
        MAP,
        ("reporter = \"'x'\"", 'reporter = "who"\nreporter_group = "of"'),
        ("source = \"'web'\"", 'source = "src"'),
        ("\"'2024-01-01T00:00:00Z'\"", '"1704067200000 + 1000 * _line"'),
    )
    text += f'empty = "unknown"\n[reconcile]\nquorum = {quorum}\ntrusted_sources = ["desk"]\n'
    outcome, _ = imported(tmp_path, text, **{"s.csv": sheets})
    check = EventCheck(load(tmp_path / "out"))
    list(check.problems(of_lines((tmp_path / "out" / "events.jsonl").read_bytes().splitlines())))
    assert set(outcome.open_questions) == set(check.remarks.found())


def test_repeated_rows(tmp_path: Path) -> None:
    """A row that repeats another in everything, with its id, counts once."""
    text = changed(MAP, ('table = "mesa"\nreporter', 'id = "\'r\' || mesa"\ntable = "mesa"\nreporter'))
    outcome, events = imported(tmp_path, text, **{"s.csv": S + "m1,5,6\n"})
    assert [event["id"] for event in events] == ["rm1", "rm2"]
    assert outcome.parts[1].left_out["the same again"].first == ["s.csv:4"]


@pytest.mark.parametrize("piece", [1, 3, 100])
def test_places_of_rows(piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row keeps its file and line, whatever lies between rows; events stay in order, however many are fetched at
    once."""
    monkeypatch.setattr(event_json, "PIECE", piece)
    text = changed(MAP, ('files = "s.csv"', 'files = "s*.csv"\nskip_lines = "^Page"'))
    files = {
        "s.csv": 'mesa,a,b,note\nm1,1,2,"over\nthree\nlines"\nm2,1,3,\n\n\nm3,1,4,"one"\nPage 2\nm1,2,2,\n',
        "s2.csv": "mesa,a,b,note\nPage 1\nm1,3,2,x\nm2,3,3,y\nPage 2\n",
        "s3.csv": "mesa,note,a,b\nm3,z,3,4\nm1,z,5,2\n",
    }
    text = changed(text, ("\"'2024-01-01T00:00:00Z'\"", '"1704067200000 + 1000 * _line + ascii(_file[2])"'))
    _, events = imported(tmp_path, text, **files)
    places = {"s.csv": (2, 5, 8, 10), "s2.csv": (3, 4), "s3.csv": (2, 3)}
    expected = sorted((line, file) for file, lines in places.items() for line in lines)
    assert [event["id"] for event in events] == [f"{file}:{line}" for line, file in expected]
    assert {event["id"]: event["votes"] for event in events}["s3.csv:2"] == {"A": 3, "B": 4}


def test_several_events_of_one_row(tmp_path: Path) -> None:
    """Where a join makes several, the place of the row is no id for each: that is told.
    By their own ids they are in order."""
    text = changed(
        MAP,
        ('files = "s.csv"', 'files = "s.json"'),
        ('from = "s"', 'from = "s"\njoin = "CROSS JOIN unnest(t) AS e(x)"'),
    )
    text = changed(
        text, ('table = "mesa"\nreporter', 'table = "x.mesa"\nreporter'), ('A = "a", B = "b"', 'A = "x.a", B = "x.b"')
    )
    rows = '{"t": [{"mesa": "m1", "a": 5, "b": 6}, {"mesa": "m2", "a": 7, "b": 8}]}'
    with pytest.raises(CotejoError, match=r"s.json:1: reports\[0\]: duplicate-id: another event has this id"):
        imported(tmp_path, text, **{"s.json": rows})
    text = changed(text, ('from = "s"\njoin', 'from = "s"\nid = "x.mesa"\njoin'))
    assert [event["id"] for event in imported(tmp_path, text, **{"s.json": rows})[1]] == ["m1", "m2"]


def test_an_hour_that_comes_twice(tmp_path: Path) -> None:
    """A local time that a zone's clocks show twice, or never, is no time until its offset is given."""
    text = changed(MAP, ("\"'2024-01-01T00:00:00Z'\"", '"t"\nzone = "Europe/Madrid"'))
    rows = "mesa,a,b,t\nm1,5,6,2024-10-27 02:30\nm2,7,8,2024-03-31T02:30\n"
    with pytest.raises(CotejoError, match=r"s.csv:2: .* no-time: t is '2024-10-27 02:30': .*2 such"):
        imported(tmp_path, text, **{"s.csv": rows})
    _, events = imported(tmp_path, text, **{"s.csv": rows.replace("02:30", "04:30")})
    assert [event["observed_at"] for event in events] == [1_711_852_200_000, 1_729_999_800_000]


def test_names_are_tidied(tmp_path: Path) -> None:
    """A line's end or a space that must not break is a space; what no name may have is told."""
    rows = R.replace("2,m3", '"Old\u00a0\nTown",m3')
    imported(tmp_path, **{"r.csv": rows})
    assert load(tmp_path / "out").areas["DOld Town"].name == "Old Town"
    with pytest.raises(CotejoError, match=r"r.csv:4: register.areas\[1\].id: not-printable"):
        imported(tmp_path, **{"r.csv": R.replace("2,m3", "O\u202eld,m3")})


def test_ids_that_differ_by_case(tmp_path: Path) -> None:
    """Options A and a are two, wide or one row each; SQL alone takes them for one."""
    wide = changed(MAP, ('id = "B"', 'id = "a"'), ('B = "b"', 'a = "b"'))
    assert [event["votes"] for event in imported(tmp_path, wide)[1]] == [{"A": 5, "a": 6}, {"A": 7, "a": 8}]
    long = changed(wide, ('votes = { A = "a", a = "b" }', 'option = "who"\ncount = "n"'))
    rows = "mesa,who,n\nm1,A,5\nm1,a,6\nm2,A,7\nm2,a,8\n"
    _, events = imported(tmp_path, long, **{"s.csv": rows})
    assert [event["votes"] for event in events] == [{"A": 5, "a": 6}, {"A": 7, "a": 8}]
    with pytest.raises(CotejoError, match=r"s.csv:3: reports\[0\].option: unknown-name: b is no option"):
        imported(tmp_path, long, **{"s.csv": rows.replace("a,6", "b,6")})


def test_an_election_that_is_there(tmp_path: Path) -> None:
    """Events alone, ticks too, of an election file; votes of what it does not know are an error in the map."""
    imported(tmp_path)
    (tmp_path / "out").rename(tmp_path / "known")
    text = '[election]\nfile = "known/election.toml"\n' + SHEETS + REPORTS
    text += '[[ticks]]\nfrom = "s"\nwhere = "mesa = \'m1\'"\nat = "\'2024-01-01T00:00:10Z\'"\n'
    outcome, events = imported(tmp_path, text)
    assert outcome.events == {"tally-report": 2, "tick": 1}
    assert events[-1] == {"type": "tick", "at": 1_704_067_210_000}
    with pytest.raises(CotejoError, match=r"map.toml:\d+: reports\[0\].votes.Q: use one of A, B"):
        imported(tmp_path, changed(text, ("B =", "Q =")))


def test_what_stays(tmp_path: Path) -> None:
    """A directory that holds a recording, or anything that no import wrote, is left as it is."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(CotejoError, match=r"holds notes\.txt, which no import wrote"):
        imported(tmp_path)
    (tmp_path / "out" / "notes.txt").unlink()
    assert imported(tmp_path)[1] == imported(tmp_path)[1]
    assert {path.name for path in tmp_path.iterdir()} == {"out", "map.toml", "r.csv", "s.csv"}


COUNT = st.one_of(st.none(), st.integers(0, 130))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["m1", "m2", "m3", "x"]), *[COUNT] * 6), min_size=3, max_size=12))
def test_nothing_doubtful_is_passed_over(tmp_path: Path, rows: list[tuple[Any, ...]]) -> None:
    """What the check finds in the events that are looked at is what it finds in all of them; and the JSON that is
    written is the codec's own."""
    head = "mesa,a,b,n,k,reg,ballots\n"
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in [*rows, ("m1", *[1] * 6)]]
    text = changed(
        MAP,
        ("votes =", 'empty = "unknown"\nnull = "n"\nblank = "k"\nregistered = "reg"\nballots = "ballots"\nvotes ='),
        ("T00:00:00Z'", "T00:00:00Z'::TIMESTAMPTZ + to_seconds(_line)"),
    )
    text += f"[reconcile]\nquorum = {1 + len(rows) % 2}\n"
    register = "dep,mesa,reg\n1,m1,100\n1,m2,0\n2,m3,\n"
    for name, content in {"r.csv": register, "s.csv": head + "\n".join(lines) + "\n", "map.toml": text}.items():
        (tmp_path / name).write_text(content)
    out = tmp_path / "out"
    outcome = importer.run(tmp_path / "map.toml", tmp_path, out, jsonl=True, quiet=True)
    check = EventCheck(load(out / "election.toml"))
    events = [decode_any(line) for line in (out / "events.jsonl").read_bytes().splitlines()]
    readable = [event for event in events if not isinstance(event, Rejection)]
    assert len(readable) == len(events)
    arrivals = [Arrival("", 0, event, None, topic="", arrived=event.at) for event in readable]
    found: dict[str, int] = {}
    for problem in check.problems(arrivals):
        found[problem.code] = found.get(problem.code, 0) + 1
    assert {code: places.count for code, places in outcome.problems.items()} == found
    assert outcome.open_questions == list(check.remarks.found())
    written = (out / "events.jsonl").read_bytes().splitlines()
    assert written == [encode(plain(event)) for event in readable]


def test_snapshots(tmp_path: Path) -> None:
    """Of cumulative exports the rows that changed, numbered by area in the order of their time."""
    text = HEAD + REGISTER + changed(
        BULLETINS,
        ("b.csv", "x*.csv"), ("\"'N'\"", '"area"'),
        ("\"'2024-01-01T00:00:00Z'\"", "\"strptime(_file[2:6], '%H_%M')::TIME + DATE '2024-01-01'\"\nzone = \"UTC\""),
        ("votes =", "changes_only = true\nvotes ="),
    )  # fmt: skip
    exports = {
        "x20_30.csv": "area,a,b\nD1,5,6\nD2,0,1\n",
        "x20_15.csv": "area,a,b\nD1,1,2\nD2,0,1\n",
        "x20_45.csv": "area,a,b\nD1,5,6\nD2,3,4\n",
    }
    outcome, events = imported(tmp_path, text, **exports)
    assert [(event["area"], event["sequence"], event["votes"]["A"]) for event in events] == [
        ("D1", 1, 1), ("D2", 1, 0), ("D1", 2, 5), ("D2", 2, 3),
    ]  # fmt: skip
    assert outcome.parts[1].left_out["unchanged"].count == 2


def test_the_bundled_night_comes_back(tmp_path: Path) -> None:
    """All of the bundled night, exported and imported by the export's own map, comes to the same outcome."""
    known, events = venezuela2024_night.night()
    known = replace(known, alerts=replace(known.alerts, tick=3600))  # judged less often: a tenth of the time
    generated_night.write(tmp_path / "night", known, events, "test")
    hashes = []
    for night, out in (("night", "tables"), ("again", "tables again")):
        source = open_night([tmp_path / night])
        _, outcome = export(source, load(source.election), tmp_path / out, "parquet", 86_400, lambda done: None)
        hashes.append(outcome.sha256)
        if night == "night":
            importer.run(tmp_path / out / EXPORTED, tmp_path / out, tmp_path / "again", quiet=True)
    assert hashes[0] == hashes[1]


def test_indonesia(election_data: Path, tmp_path: Path) -> None:
    """The documentation's map reads the real files: here the stations of the first rows, with their readings and both
    kinds of bulletins. Nearly all official figures are the sheets', and nobody is called for the nation."""
    place = election_data / "indonesia2019"
    with gzip.open(place / "tps_crowd_vs_kpu.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(islice(csv.reader(file), 4000))
    _gzip(tmp_path / "tps_crowd_vs_kpu.csv.gz", rows)
    stations = {(row[0], row[1]) for row in rows}
    with gzip.open(place / "tally_reports.csv.gz", "rt", encoding="utf-8") as file:
        reader = csv.reader(file)
        _gzip(tmp_path / "tally_reports.csv.gz", [next(reader), *(r for r in reader if (r[1], r[2]) in stations)])
    snapshots = "kpu_situng_national_snapshots.csv"
    (tmp_path / snapshots).write_bytes((place / snapshots).read_bytes())
    map_ = ROOT / "docs" / "examples" / "indonesia2019.toml"
    outcome = importer.run(map_, tmp_path, tmp_path / "out", quiet=True)
    assert set(outcome.problems) <= {"too-many-ballots"}
    assert (outcome.tables, outcome.events["bulletin"]) == (3983, 4063)
    monitor = Monitor(load(tmp_path / "out" / "election.toml"))
    for arrival in Arrivals([tmp_path / "out"]):
        event = arrival.event
        if not isinstance(event, Bulletin) or event.area != "ID":  # the nation's figures are of all stations
            monitor.handle(event)  # type: ignore[arg-type]
    found = present(monitor.states()["ID"].tables_announced)
    assert found.compared > 3000
    assert found.differing / found.compared < 0.03
    assert not [n for n in monitor.finish() if n.finding.area == "ID" and n.severity == "critical"]


@pytest.mark.parametrize(
    ("release", "tables", "breakdown"),
    [("V1", 24_532, [529, 3_277]), ("V2", 25_073, [918, 3_646])],
)
def test_venezuela(release: str, tables: int, breakdown: list[int], election_data: Path, tmp_path: Path) -> None:
    """Each release of the campaign's file is read whole; its sums are those of its own column; the breakdown counts are
    as known. Both releases are of different encodings, and the first has the registered voters."""
    data = election_data / "venezuela2024"
    text = (ROOT / "streams" / "nights" / "scenarios" / "venezuela2024.toml").read_text(encoding="utf-8")
    if release == "V1":
        text = changed(
            text, ("_V2.csv", "_V1.csv"), ("latin-1", "utf-8"), ('MESA"\nareas', 'MESA"\nregistered = "RE"\nareas')
        )
    for path in (ROOT / "streams" / "nights" / "scenarios").glob("venezuela2024.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    outcome = importer.run(tmp_path / "map.toml", data, tmp_path / "out", quiet=True)
    assert (outcome.tables, outcome.events) == (tables, {"tally-report": tables, "bulletin": 2})
    assert outcome.problems == {}
    assert [remark.partition(": no column")[0] for remark in outcome.remarks] == [
        "reports[0].observed_at: all are of one time, 2024-07-29T04:00:00Z"
    ]
    raw = (data / f"RESULTADOS_2024_CSV_{release}.csv").read_bytes()
    naive = sum(int(row["EG"]) for row in csv.DictReader(io.StringIO(raw.decode("latin-1"))))
    known = load(tmp_path / "out")
    events = [arrival.event for arrival in Arrivals([tmp_path / "out"])]
    assert sum(event.votes["EG"] for event in events if isinstance(event, TallyReport)) == naive
    assert (known.tables["010101001-1"].registered is None) is (release == "V2")
    lines = [encode(plain(event)) for event in events if not isinstance(event, Rejection)]
    outcomes = [direct(known, lines[:end]) for end in (-1, None)]
    assert not any(each.rejected for each in outcomes)
    assert [each.states["VE"]["official"]["figures"]["EG"]["breakdown"] for each in outcomes] == breakdown


def _gzip(path: Path, rows: list[list[str]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
