"""The file of a sample: whatever it holds, it is read right or refused with line, column and cure."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from builders import election
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.config import sample_csv
from streams.config.csv_file import ElectionFileError
from streams.core.election.drawn_sample import DrawnSample
from streams.core.election.register import PollingTable
from streams.core.sampling.draw import Drawn

AREAS = election(states=2, districts=2, tables=4).areas
TABLES = {
    id: PollingTable(f"S{1 + place // 4}.{1 + place % 4 // 2}", 100)
    for place, id in enumerate(["1", "a,b", 'say "x"', "Peña 3", "'007", "m 1", "٣", "=1+1"])
}
TABLE_COLUMN = re.compile(r"^[^:]*sample\.csv:(?P<line>\d+): (table|place|stratum|cluster|'.*'): \S.*\S$")
LINE = re.compile(r"^[^:]*sample\.csv:(?P<line>\d+): \S.{12,}$")
WHOLE = re.compile(r"^[^:]*sample\.csv: (name at least one|stratum: the strata are not the whole|cluster: .*must lie)")
CELLS = st.sampled_from(
    [*TABLES, *AREAS, "", " ", " 1 ", '"', '"1', '1"', '"1"x', "\x00", "\n", "\r", "\x1b[2J", "NA", "x" * 140_000]
)
HEADS = st.sampled_from(["table", " table", "stratum", "cluster", "place", "", "\x1b[2J", "a\nb"])


def load(text: str | bytes) -> DrawnSample:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "sample.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return sample_csv.load(path, AREAS, TABLES)


def written(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


@st.composite
def samples(draw: st.DrawFn) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """A right sample: polling tables by stratum, and where it is of whole clusters these by stratum."""
    level = draw(st.sampled_from(["nation", "state"]))
    by_stratum, clusters = dict[str, list[str]](), dict[str, list[str]]()
    in_clusters = draw(st.booleans())
    for stratum in ["N"] if level == "nation" else ["S1", "S2"]:
        within = [id for id, table in TABLES.items() if table.area.startswith(stratum) or stratum == "N"]
        if in_clusters:
            homes = list(dict.fromkeys(TABLES[id].area for id in within))
            clusters[stratum] = draw(st.lists(st.sampled_from(homes), min_size=1, unique=True))
            by_stratum[stratum] = [id for area in clusters[stratum] for id in inside(area)]
        else:
            by_stratum[stratum] = draw(st.lists(st.sampled_from(within), min_size=1, unique=True))
    return by_stratum, clusters


def inside(area: str) -> list[str]:
    return [id for id, table in TABLES.items() if table.area == area]


@given(samples())
def test_what_is_drawn_is_read_back(sample: tuple[Mapping[str, list[str]], Mapping[str, list[str]]]) -> None:
    """The file of any draw gives the same strata and clusters in the same order, whatever ids are made of."""
    by_stratum, clusters = sample
    units = clusters or by_stratum
    drawn = [Drawn(place, stratum, unit) for stratum in units for place, unit in enumerate(units[stratum], 1)]
    read = load(sample_csv.text(drawn, inside if clusters else None))
    assert {stratum: list(some) for stratum, some in read.strata.items()} == by_stratum
    assert {stratum: list(some) for stratum, some in read.clusters.items()} == clusters


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=3), max_size=6),
    st.permutations(["table", "stratum", "cluster"]) | st.lists(HEADS, min_size=3, max_size=3),
    st.sampled_from([written, lambda rows: "\n".join(map(",".join, rows))]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
)
@settings(max_examples=300)
def test_any_text_is_read_or_refused(rows: list[list[str]], head: list[str], write: object, encoding: str) -> None:
    """No text ends in a traceback: what is not read says line, column and cure, and stands in one line."""
    width = len(rows[0]) if rows else 1
    assert callable(write)
    text = write([head[:width], *rows])
    try:
        read = load(text.encode(encoding, "replace"))
    except ElectionFileError as error:
        told = str(error)
        place = TABLE_COLUMN.match(told) or LINE.match(told)
        assert place or WHOLE.match(told), told
        assert told.isprintable(), told
        assert place is None or int(place["line"]) <= text.count("\n") + text.count("\r") + 2, told
        return
    expected = defaultdict[str, list[str]](list)
    names, *body = [list(map(str.strip, cells)) for cells in csv.reader(io.StringIO(text)) if cells]
    for cells in (dict(zip(names, row, strict=True)) for row in body):
        expected[cells.get("stratum") or "N"].append(cells["table"])
    assert {stratum: list(some) for stratum, some in read.strata.items()} == dict(expected)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("table,table\n1,'007\n", "sample.csv:1: table: is there twice: leave one out"),
        ("table\n1\n\"'007\n", "sample.csv:3: a quoted cell is not closed"),
        ('table\n1\n"m 1"2\n\'007\n', "sample.csv:3: a quoted cell is not closed, or text follows its closing quote"),
        ('table\n"1\nx"\n', "sample.csv:2: table: write printable characters only"),
        (f"table\n1\n{'x' * 140_000}\n", "sample.csv:3: a cell has more than 131,072 characters: shorten it"),
        ("table, stratum\n1,S1\n", "the strata are not the whole register"),
    ],
)
def test_what_a_reader_of_csv_would_pass_over(text: str, says: str) -> None:
    """A doubled column, a stray quote and a cell without end are told where they begin."""
    with pytest.raises(ElectionFileError) as told:
        load(text)
    assert says in str(told.value)
