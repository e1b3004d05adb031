"""Election files: what is written is read back, and whatever is wrong is named with its line and cure."""

import re
import tempfile
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from math import inf, nextafter
from pathlib import Path

import pytest
from brokers import ROOT
from builders import clustered_sample, election
from hypothesis import given, settings
from hypothesis import strategies as st
from maps import collection, feature, square

from streams.config import csv_file, election_csv, election_file, election_writer
from streams.config.csv_file import ElectionFileError
from streams.config.election_file import load
from streams.core.election.area_map import AreaMap
from streams.core.election.drawn_sample import DrawnSample
from streams.core.election.model import Authority, Election, Receiver, Reporter
from streams.core.election.settings import AlertPolicy, ContradictionRule, MetricsPolicy, Rules
from streams.core.election.thresholds import LIMITS, NAMES, SECTIONS

SAMPLE = b"place,stratum,table\r\n1,S1,S1-2\r\n2,S2,S2-1\r\n"
SHAPES = collection(feature("S1", square(0, 0)), feature("S2", square(1, 0)))
KNOWN = replace(
    election(
        states=2,
        tables=2,
        registered=[300, None],
        groups={"rest": "BC"},
        trusted_sources=frozenset({"party", "church"}),
        unsigned="hold",
        rules=Rules(contradiction=ContradictionRule(min_sheets=7, min_ratio=0.5)),
        alerts=AlertPolicy(tick=5, hold=30, cooldown=90),
    ),
    name='Elección "Ñ", 2024',
    notice="a test",
    metrics=MetricsPolicy(levels=3),
    receivers=(
        Receiver("desk", "https://desk.example/alerts", "DESK_SECRET"),
        Receiver(
            "here",
            "http://127.0.0.1:8080/",
            secret_file="/run/secrets/here",
            allow_loopback=True,
            areas=("S1", "N"),
            rules=("parts", "own-sums"),
            classes=("health", "consistency"),
            severity="critical",
            language="es",
            quiet_hours="22:00-07:00",
            time_zone="America/Caracas",
            critical_passes=True,
            digest=60,
        ),
        Receiver("chat", secret_env="CHAT", format="apprise"),
        Receiver("page", "https://10.0.0.9:9093/api/v2/alerts", format="alertmanager-api", allow_private=True),
        Receiver("mail", secret_env="MAIL", format="email"),
    ),
    reporters={"ana": Reporter(b"a" * 32, "house"), "bea": Reporter(b"b" * 32, source="church")},
    authorities={"board": Authority(b"c" * 32), "town": Authority(None, ("S1", "S2"))},
    sample=DrawnSample({"S1": ("S1-2",), "S2": ("S2-1",)}, SAMPLE, "dice 4 2", sha256(SAMPLE).hexdigest(), 15.0),
    map=AreaMap(SHAPES, "id", ("S1", "S2")),
)


CLUSTERED = election(districts=3)
CLUSTERED = replace(CLUSTERED, sample=clustered_sample(CLUSTERED, {"S1": ["S1.2"], "S2": ["S2.3", "S2.1"]}))


@pytest.mark.parametrize(
    "known",
    [KNOWN, election(), election(registered=None), CLUSTERED],
    ids=["everything said", "defaults", "no registered voters", "a sample of clusters"],
)
def test_round_trip(known: Election, tmp_path: Path) -> None:
    """An election comes back from its files as it was."""
    assert load(election_writer.write(known, tmp_path)) == known


TOML, AREAS, REGISTER = election_writer.ELECTION, election_writer.AREAS, election_writer.REGISTER


@pytest.mark.parametrize(
    ("given", "in_register", "expected"),
    [
        pytest.param({"N": "9", "S1": "3", "S2": "4"}, ("S1", "S2"), {"N": 9, "S1": 3, "S2": 4}, id="all are given"),
        pytest.param({}, ("S1", "S2"), {"N": 4, "S1": 2, "S2": 2}, id="none is: the register's"),
        pytest.param({"S2": "5"}, ("S1", "S2"), {"N": 7, "S1": 2, "S2": 5}, id="what is given below counts above"),
        pytest.param({}, ("S1",), {"N": None, "S1": 2, "S2": None}, id="an area of which the register has nothing"),
        pytest.param({"S2": "5"}, ("S1",), {"N": 7, "S1": 2, "S2": 5}, id="an area that only the file speaks of"),
    ],
)
def test_tables_that_exist(
    given: dict[str, str], in_register: tuple[str, ...], expected: dict[str, int | None], tmp_path: Path
) -> None:
    """How many polling tables exist is what the areas file says, else what the register has, else unknown."""
    path = election_writer.write(election(states=2, tables=2), tmp_path)
    parents = {"N": "", "S1": "N", "S2": "N"}
    rows = [
        f"{id},{parent},{id},{'state' if parent else 'nation'},{given.get(id, '')}" for id, parent in parents.items()
    ]
    (tmp_path / AREAS).write_text("\n".join(["id,parent,name,level,tables", *rows]))
    tables = [f"{area}-{i},{area}" for area in in_register for i in (1, 2)]
    (tmp_path / REGISTER).write_text("\n".join(["table,area", *tables]))
    assert {area.id: area.tables for area in load(path).areas.values()} == expected


Edit = Callable[[str], str]


def swap(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return edit


SAMPLED, MAP, HASH = election_writer.SAMPLE, election_writer.MAP, sha256(SAMPLE).hexdigest()
REPORTERS, ANA, BEA = election_writer.REPORTERS, b64encode(b"a" * 32).decode(), b64encode(b"b" * 32).decode()
WRONG = [
    pytest.param(TOML, swap('id = "test"', 'id = "te st"'), 2, "election.id", "use letters", id="id with a space"),
    pytest.param(TOML, swap('name = "Elec', 'nome = "Elec'), 3, "election.nome", "write name", id="misspelt key"),
    pytest.param(TOML, swap('id = "test"\n', ""), 1, "election.id", "is missing", id="missing key"),
    pytest.param(
        TOML, swap("tick = 5", "quorum = 5"), None, "alerts.quorum", "nothing here: move it to [reconcile]", id="moved"
    ),
    pytest.param(
        *(TOML, swap("tick = 5", "min_ratio = 5"), None),
        *("alerts.min_ratio", "nothing here: move it to [rules.contradiction]"),
        id="of a rule",
    ),
    pytest.param(
        TOML,
        swap("tick = 5", "secret_env = 5"),
        None,
        "alerts.secret_env",
        "move it to [[receiver]]",
        id="of a receiver",
    ),
    pytest.param(TOML, swap("tick = 5", "tick = 'x'"), None, "alerts.tick", "give a number", id="text for a number"),
    pytest.param(TOML, swap("tick = 5", "tick = 0"), None, "alerts.tick", "from 0.1 to 3600, not 0", id="no tick"),
    pytest.param(TOML, swap("levels = 3", "levels = 0"), None, "metrics.levels", "from 1 to 20, not 0", id="no level"),
    pytest.param(TOML, swap("min_sheets = 7", "min_sheets = 7.5"), None, "min_sheets", "whole number", id="half"),
    pytest.param(TOML, swap("min_sheets", "min_sheet"), None, "min_sheet", "write min_sheets", id="misspelt threshold"),
    pytest.param(TOML, swap("[rules.divergence]", "[rules.divergense]"), None, "divergense", "divergence", id="rule"),
    pytest.param(TOML, swap("warning = 2.0", "warning = 50.0"), None, "critical", "at least `warning`", id="order"),
    pytest.param(TOML, swap('id = "B"', 'id = "A"'), None, "option[1].id", "A is named twice", id="option twice"),
    pytest.param(TOML, swap('["B", "C"]', '["B", "X"]'), None, "group[0].options", "X is no option", id="member"),
    pytest.param(TOML, swap("https://desk", "ftp://desk"), None, "receiver[0].url", "such as https://", id="no web"),
    pytest.param(TOML, swap("https://desk", "http://desk"), None, "receiver[0].url", "use https://", id="no TLS"),
    pytest.param(TOML, swap("https://10", "https://127"), None, "receiver[3].url", "allow_loopback", id="this machine"),
    pytest.param(TOML, swap("alertmanager-api", "slack"), None, "receiver[3].format", "write standard, ", id="format"),
    pytest.param(TOML, swap('"desk"', '"a desk"'), None, "receiver[0].name", "use letters", id="receiver with a space"),
    pytest.param(TOML, swap('"here"', '"desk"'), None, "receiver[0].name", "desk is named twice", id="receiver twice"),
    pytest.param(
        TOML, swap('"S1", "N"', '"S9", "N"'), None, "receiver[1].areas", "S9 is no area", id="area to hear of"
    ),
    pytest.param(
        TOML, swap('"own-sums"', '"own-sum"'), None, "receiver[1].rules", "use own-sums", id="rule to hear of"
    ),
    pytest.param(TOML, swap('"health"', '"ill"'), None, "receiver[1].classes", "write arithmetic, ", id="class"),
    pytest.param(
        TOML, swap('y = "critical"', 'y = "grave"'), None, "receiver[1].severity", "write info, warning", id="grave"
    ),
    pytest.param(TOML, swap('"es"', '"fr"'), None, "receiver[1].language", "write en, es", id="language"),
    pytest.param(TOML, swap("22:00-", "22-"), None, "receiver[1].quiet_hours", "two times of day", id="quiet hours"),
    pytest.param(TOML, swap("America/C", "America/K"), None, "receiver[1].time_zone", "name a zone", id="zone"),
    pytest.param(TOML, swap("America/Caracas", "../etc/passwd"), None, "time_zone", "name a zone", id="no zone"),
    pytest.param(TOML, swap("digest = 60", "digest = 721"), None, "receiver[1].digest", "1 to 720", id="digest"),
    pytest.param(TOML, swap("22:00-07:00", ""), None, "receiver[1].critical_passes", "leave it out", id="passes what"),
    pytest.param(TOML, swap('format = "standard"', 'format = "apprise"'), None, "url", "leave it out", id="two places"),
    pytest.param(TOML, swap('url = "https://desk.example/alerts"\n', ""), None, "url", "write it", id="no address"),
    pytest.param(TOML, swap('secret_env = "CHAT"', 'secret_env = ""'), None, "secret_env", "variable", id="no service"),
    pytest.param(TOML, swap("DESK_SECRET", ""), None, "secret_env", "or a file as secret_file", id="no secret"),
    pytest.param(TOML, swap("/run/secrets/here", "here"), None, "secret_file", "absolute path", id="relative path"),
    pytest.param(TOML, swap("allow_loopback", "allow_lopback"), None, "lopback", "write allow_loopback", id="allow"),
    pytest.param(
        TOML,
        swap('secret_file = ""', 'secret_file = "/run/secrets/desk"'),
        None,
        "receiver[0].secret_file",
        "the secret is in one place",
        id="two places",
    ),
    pytest.param(TOML, swap("DESK_SECRET", "whsec_=="), None, "secret_env", "environment variable", id="the secret"),
    pytest.param(TOML, swap('["church", "party"]', "[1]"), None, "trusted_sources", "array of strings", id="source 1"),
    pytest.param(TOML, swap('"hold"', '"drop"'), None, "reconcile.unsigned", "write accept or hold", id="no policy"),
    pytest.param(
        TOML, swap('unread = "unknown"', 'unread = "none"'), None, "unread", "write unknown or zero", id="unread"
    ),
    pytest.param(
        TOML, swap("max_lead = 3600", "max_lead = -1"), None, "max_lead", "from 0 to 86400, not -1", id="lead"
    ),
    pytest.param(TOML, swap("max_lead = 3600.0", "max_lead = true"), None, "max_lead", "give a number", id="lead yes"),
    pytest.param(
        *(TOML, swap('registered_zero = "unknown"', "registered_zero = 0"), None),
        *("reconcile.registered_zero", "write unknown or zero"),
        id="zero",
    ),
    pytest.param(TOML, swap("read = true", "read = 1"), None, "option[0].read", "expected `bool`", id="read 1"),
    pytest.param(
        *(TOML, lambda text: text.replace("read = true", "read = false"), None),
        *("option[0].read", "sheets are read for no option"),
        id="nothing is read",
    ),
    pytest.param(TOML, swap('"S1", "S2"', '"S1", "S9"'), None, "authority[1].areas", "S9 is no area", id="its area"),
    pytest.param(TOML, swap('"town"', '"board"'), None, "authority[1].id", "board is named twice", id="two alike"),
    pytest.param(TOML, swap('"town"', '" "'), None, "authority[1].id", "write something", id="nameless authority"),
    pytest.param(TOML, swap('_key = "Y2', '_key = "Y'), None, "authority[0].public_key", "32 bytes", id="half a key"),
    pytest.param(TOML, swap("[election]", "[election"), 1, "", "write TOML", id="no TOML"),
    pytest.param(TOML, swap("areas.csv", "nowhere.csv"), None, "", "cannot be read: No such file", id="no such file"),
    pytest.param(AREAS, swap("parent,", "above,"), 1, "parent", "the header must name", id="header without a column"),
    pytest.param(AREAS, swap(",registered\n", ",voters\n"), 1, "voters", "is no column", id="strange column"),
    pytest.param(AREAS, swap("S2,N,", "S1,N,"), 4, "id", "S1 is there twice", id="area twice"),
    pytest.param(AREAS, swap("S2,N,", "S2,M,"), 4, "parent", "M is no area", id="parent unknown"),
    pytest.param(AREAS, swap("S2,N,", "S2,,"), 4, "parent", "only one area has no parent; N is it", id="two roots"),
    pytest.param(AREAS, swap("N,,", "N,S1,"), None, "parent", "leave the parent of the whole empty", id="no root"),
    pytest.param(AREAS, swap("S2,N,", "S2,S2,"), 4, "parent", "S2 lies within itself", id="circle"),
    pytest.param(AREAS, swap("state,2,", "state,many,"), 3, "tables", "not 'many'", id="count in words"),
    pytest.param(AREAS, swap("state,2,", "state,1,"), 3, "tables", "register has 2 here", id="too few tables"),
    pytest.param(AREAS, swap(",state,", ",parish,"), 3, "level", "'parish' is not among", id="level unknown"),
    pytest.param(REGISTER, swap("S1-1,S1,", "S1-1,S9,"), 2, "area", "S9 is no area", id="table nowhere"),
    pytest.param(REGISTER, swap("S1-1,S1,", "S1-1,N,"), 2, "area", "N has areas below it", id="table too high"),
    pytest.param(REGISTER, swap("S1-2,", "S1-1,"), 3, "table", "S1-1 is there twice", id="table twice"),
    pytest.param(REGISTER, swap("S1-1,S1,300", "S1-1,S1,-3"), 2, "registered", "not '-3'", id="negative"),
    pytest.param(REGISTER, swap("S1-1,S1,300", "S1-1,S1"), 2, "", "2 fields, the header has 3", id="short row"),
    pytest.param(REGISTER, swap("S1-2,S1,", '"S1\n-2",S1,'), 3, "table", "U+000A in it", id="quoted line break"),
    pytest.param(REGISTER, swap("S1-2,S1,", "S1\u2028-2,S1,"), 3, "table", "U+2028 in it", id="other line break"),
    pytest.param(AREAS, swap("S2,N,", '"S\r2",N,'), 4, "id", "U+000A in it", id="quoted carriage return"),
    pytest.param(REPORTERS, swap("ana,", ","), 2, "reporter", "write the reporter's id", id="nameless reporter"),
    pytest.param(REPORTERS, swap("bea,", "ana,"), 3, "reporter", "ana is there twice", id="reporter twice"),
    pytest.param(REPORTERS, swap(BEA, ANA), 3, "public_key", "it is ana's already", id="one key for two"),
    pytest.param(REPORTERS, swap(ANA, "YWFh"), 2, "public_key", "give 32 bytes in base64", id="short key"),
    pytest.param(REPORTERS, swap(ANA, "?" + ANA[1:]), 2, "public_key", "give 32 bytes in base64", id="no base64"),
    pytest.param(REPORTERS, swap("church", "sect"), 3, "source", "sect is not among", id="source not trusted"),
    pytest.param(REPORTERS, lambda text: text.splitlines()[0], None, "", "at least one reporter", id="no reporters"),
    pytest.param(REGISTER, lambda text: text.splitlines()[0], None, "", "at least one polling table", id="no tables"),
    pytest.param(TOML, swap(HASH, "0" * 64), None, "sample.sha256", f"sha256 {HASH}", id="another sample's hash"),
    pytest.param(TOML, swap("unseen = 15.0", "unseen = 101"), None, "sample.unseen", "to 100, not 101", id="unseen"),
    pytest.param(TOML, swap('seed = "dice', 'sead = "dice'), None, "sample.sead", "write seed", id="misspelt seed"),
    pytest.param(TOML, swap('file = "sample.csv"', 'file = " "'), None, "sample.file", "write something", id="no file"),
    pytest.param(SAMPLED, swap("S1-2", "S9-1"), 2, "table", "S9-1 is no polling table", id="sampled from elsewhere"),
    pytest.param(SAMPLED, swap("2,S2,S2-1", "2,S1,S1-2"), 3, "table", "S1-2 is there twice", id="sampled twice"),
    pytest.param(SAMPLED, swap("1,S1,S1-2", "1,S9,S1-2"), 2, "stratum", "S9 is no area", id="stratum unknown"),
    pytest.param(SAMPLED, swap("1,S1,S1-2", "1,S1,S2-2"), 2, "stratum", "it lies in S2", id="of another stratum"),
    pytest.param(SAMPLED, swap("1,S1,S1-2", "1,N,S1-2"), 3, "stratum", "the strata N and S2 have", id="two strata"),
    pytest.param(SAMPLED, swap("2,S2,S2-1", "2,S1,S1-1"), None, "stratum", "2 polling tables lie in none", id="a rest"),
    pytest.param(SAMPLED, swap("table", "mesa"), 1, "table", "the header must name table", id="no column of tables"),
    pytest.param(TOML, swap('property = "id"', 'property = " "'), None, "map.property", "write some", id="no name"),
    pytest.param(TOML, swap('property = "id"', 'propperty = "id"'), None, "map.propperty", "write property", id="typo"),
    pytest.param(TOML, swap('"areas.geojson"', '""'), None, "map.file", "write something", id="no file of shapes"),
    pytest.param(MAP, swap('"S2"', '"S9"'), None, "features[1].properties.id", "S9 is no area", id="shape of nowhere"),
    pytest.param(MAP, swap("Polygon", "Point"), None, "features[0].geometry.type", "a Polygon", id="a point as shape"),
    pytest.param(MAP, lambda text: text[:-1], None, "", "write GeoJSON", id="shapes cut off"),
    pytest.param(SAMPLED, lambda text: text.splitlines()[0], None, "", "at least one polling", id="an empty sample"),
]


@pytest.mark.parametrize(("file", "edit", "line", "place", "cure"), WRONG)
def test_wrong_files(file: str, edit: Edit, line: int | None, place: str, cure: str, tmp_path: Path) -> None:
    """Each mistake is one error that names the file, the line where there is one, the place and the cure."""
    path = election_writer.write(KNOWN, tmp_path)
    text = edit((tmp_path / file).read_text())
    (tmp_path / file).write_text(text)
    with pytest.raises(ElectionFileError) as caught:
        load(path)
    error = caught.value
    assert place in error.place
    assert cure in error.cure
    if "No such file" not in cure:
        assert error.file == str(tmp_path / file)
    if line is not None:
        assert error.line == line
    if error.line is not None and error.place:  # the line holds the key, or opens the table it is missing in
        key = error.place.rpartition(".")[2]
        assert file != TOML or key in text.splitlines()[error.line - 1] or "[" in text.splitlines()[error.line - 1]


def test_a_map_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of shapes above the limit is not read, and the error says what to do."""
    path = election_writer.write(KNOWN, tmp_path)
    monkeypatch.setattr(election_file, "MAP_BYTES", len(SHAPES) - 1)
    with pytest.raises(ElectionFileError, match=r"areas\.geojson: cannot be read: it is larger than .*: simplify it"):
        load(path)


DOCUMENTED = (ROOT / "docs" / "election-file.md").read_text(encoding="utf-8")


def _default(key: str) -> int | float:
    section, _, name = key.rpartition(".")
    field = next((field for field, shown in NAMES.items() if shown == name), name)
    default: int | float = getattr(SECTIONS[section](), field)
    return default


@pytest.mark.parametrize("key", LIMITS)
def test_documented(key: str) -> None:
    """The documentation has each threshold, with its default, its limits and a sentence on it."""
    default = _default(key)
    (row,) = [line for line in DOCUMENTED.splitlines() if line.startswith(f"| `{key}` |")]
    _, _, shown, limits, text, _ = row.split("|")
    assert float(shown) == default
    assert tuple(float(limit.replace(",", "")) for limit in limits.split(" to ")) == LIMITS[key]
    assert text.strip().endswith(".")


ORDERED = {"warning": "critical", "min_tables": "critical_tables"}
"""Of a rule the one may not be above the other."""


@pytest.mark.parametrize("key", [*LIMITS, "sample.unseen"])
def test_at_the_limits(key: str, tmp_path: Path) -> None:
    """A number at either end of its limits is taken; one step beyond is one error that says what they are."""
    path = election_writer.write(KNOWN, tmp_path)
    section, _, name = key.rpartition(".")
    before, head, rest = path.read_text().partition(f"[{section}]")
    names = [name, *(other for pair in ORDERED.items() if name in pair for other in pair)]
    (least, most), whole = LIMITS.get(key, (0, 100)), key in LIMITS and isinstance(_default(key), int)
    for limit, beyond in ((least, -inf), (most, inf)):
        for value in (limit, limit + (1 if beyond > 0 else -1) if whole else nextafter(limit, beyond)):
            changed = re.sub(rf"^({'|'.join(names)}) = .*$", rf"\1 = {value!r}", rest.partition("\n[")[0], flags=re.M)
            path.write_text(before + head + changed + "\n[" + rest.partition("\n[")[2])
            if value == limit:
                load(path)
            else:
                with pytest.raises(ElectionFileError, match=re.escape(f" from {least:g} to {most:g}, not ")):
                    load(path)


PIECES = [
    *(b'"', b"'", b"[", b"]", b"[[", b"\n", b"=", b"{}", b"1e999", b"nan", b"-1", b"true", b"\x00", b"\xff", b","),
    *(
        b"\xe2\x80\xae",
        b"9" * 30,
        b'"\\u0000"',
        b"1979-05-27",
        b'""',
        b"[]",
        b"option",
        b"..",
        b"0.5",
        b"x=" + b"[" * 9000,
    ),
    *(b"x=" + b"[" * 9000, b"[x" + b".x" * 3000 + b"]\n", b'"' + b"y" * 140_000),
]
"""What a slip, or somebody who means harm, may put into a file."""
PLACES = st.integers(0, 2000)


@pytest.mark.parametrize("file", [TOML, "areas.csv", "register.csv", "reporters.csv", "sample.csv", "areas.geojson"])
def test_whatever_is_in_them(file: str, tmp_path: Path) -> None:
    """Election files with anything in them are read, or are one error that names the file; nothing else is raised."""
    path = election_writer.write(KNOWN, tmp_path)
    good = (tmp_path / file).read_bytes()

    @given(st.lists(st.tuples(PLACES, st.integers(0, 8), st.sampled_from(PIECES) | st.binary(max_size=4)), min_size=1))
    @settings(max_examples=150, deadline=None)
    def holds(changes: list[tuple[int, int, bytes]]) -> None:
        content = good
        for at, out, put in changes:
            at %= len(content) + 1
            content = content[:at] + put + content[at + out :]
        (tmp_path / file).write_bytes(content)
        with suppress(ElectionFileError):
            load(path)

    holds()


ids = st.sampled_from(["T1", "T2", "T3", " T4", "S1", "", "ñ", '"a,b"', '"T5"', "\x07", "\u2028"])
places = st.sampled_from(["S1", "S1", "S2", " S2 ", "N", "S3", ""])
counts = st.sampled_from(["", "0", "7", "007", " 12", "-1", "x", "12345678901", "1"])
row = st.one_of(
    st.tuples(ids, places, counts).map(",".join),
    st.sampled_from(["", " ", "T7,S1", "T7,S1,1,2", ",,", '"T7\n",S2,4']),
)


@given(st.lists(row, max_size=6), st.sampled_from([0, 1, 2]), st.integers(1, 4), st.sampled_from(["\n", "\r\n"]))
def test_register_by_columns(rows: list[str], order: int, stretch: int, end: str) -> None:
    """Read by columns a register is what it is row by row, whatever is wrong with it."""
    header = ["table,area,registered", "area,table", "registered,table,area"][order]
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_file, "STRETCH", stretch)
        election_writer.write(election(states=2, tables=1), Path(directory))
        areas, register = Path(directory, "areas.csv"), Path(directory, "register.csv")
        register.write_text(end.join([header, *rows]), encoding="utf-8", newline="")
        found: list[object] = []
        for _ in range(2):
            try:
                found.append(list(election_csv.load(areas, register, frozenset())[1].items()))
            except ElectionFileError as error:
                found.append(str(error))
            patch.setattr(election_csv, "_register_by_columns", lambda *given: None)
    assert found[0] == found[1]


def test_not_utf8(tmp_path: Path) -> None:
    """A file in another encoding is named with the line of the first strange byte."""
    path = election_writer.write(KNOWN, tmp_path)
    path.write_bytes(path.read_text().encode("latin-1"))
    with pytest.raises(ElectionFileError, match=r"election.toml:3: write it in UTF-8"):
        load(path)


WEBHOOKS = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
INIT = (ROOT / "docs" / "examples" / "small" / "election.toml").read_text(encoding="utf-8")
RECEIVERS = [block.split("```")[0] for block in WEBHOOKS.split("```toml\n")[1:]]
COMMENTED = "\n".join(line.removeprefix("# ") for line in INIT.partition("# [[receiver]]")[1:][1].splitlines())


@pytest.mark.parametrize("text", [*RECEIVERS, f"[[receiver]]{COMMENTED}"], ids=["some", "chat", "e-mail", "init"])
def test_documented_receivers(text: str, tmp_path: Path) -> None:
    """The receivers that docs/webhooks.md and the example of `cotejo init` show are read as they stand."""
    path = election_writer.write(election(), tmp_path)
    kept = [line for line in text.splitlines() if re.match(r"\[\[receiver\]\]|\w+ = ", line)]
    receivers = "\n".join(kept).replace('"VE-M"', '"S1"').replace('"N-1"', '"S1"')
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{receivers}\n", encoding="utf-8")
    assert len(load(path).receivers) == receivers.count("[[receiver]]") > 0
