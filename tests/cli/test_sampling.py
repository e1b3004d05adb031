"""`cotejo sample` as a user meets it: draw, repeat, estimate, in both languages; a wrong file is one error."""

import csv
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from builders import T0, alike, bulletin, election, lines, report
from test_cli import cotejo

from streams.config import election_writer, sample_csv
from streams.config.csv_file import ElectionFileError
from streams.core.election.model import Election
from streams.core.election.register import PollingTable

KNOWN = election(states=2, tables=40, registered=300)
CENTRES = election(states=2, tables=40, registered=300, districts=20)


@pytest.fixture
def night(tmp_path: Path) -> tuple[Path, Path]:
    """A night of which three quarters are witnessed."""
    return lived(KNOWN, tmp_path)


def lived(known: Election, tmp_path: Path) -> tuple[Path, Path]:
    path, events = election_writer.write(known, tmp_path), tmp_path / "events.jsonl"
    came = [report(t, v, at=T0 + i) for i, (t, v) in enumerate(alike(known, (120, 60, 20), 60).items())]
    events.write_bytes(b"\n".join(lines([*came, bulletin((8000, 6000, 2000), at=T0 + 1000, tables_counted=80)])))
    return path, events


def test_from_draw_to_estimate(night: tuple[Path, Path], tmp_path: Path) -> None:
    """The hash is the file's, the seed repeats the draw, and the three counts stand side by side."""
    path, file = night[0], tmp_path / "sample.csv"
    drawn = cotejo("sample", "draw", path, "--size", 40, "--seed", "x", "--strata", "state", "--out", file)
    assert hashlib.sha256(file.read_bytes()).hexdigest() in drawn.stdout.decode()
    again = ["sample", "verify", path, "--sample", file, "--seed"]
    assert cotejo(*again, "x").returncode == 0
    other = cotejo(*again, "y")
    assert (other.returncode, b"not drawn by the seed 'y'" in other.stderr) == (1, True)
    unequal = ["sample", "draw", path, "--seed", "x", "--strata", "state", "--out", tmp_path / "unequal.csv", "--size"]
    assert b"20 polling tables" in cotejo(*unequal, "S1=5,S2=15").stdout
    for size, says in (("S1=5", "stratum S2"), ("S1=a,S2=2", "give a number"), ("5,S2=2", "is no stratum")):
        wrong = cotejo(*unequal, size)
        assert (wrong.returncode, says.encode() in wrong.stderr) == (1, True), size
    told = cotejo("sample", "estimate", *night, "--sample", file).stdout.decode()
    row = next(line for line in told.splitlines() if line.split()[:2] == ["Option", "A"])
    assert row.split()[2:5] == ["50.0", "60.0", "60.0"]
    assert "of the 40 sampled polling tables have an accepted sheet" in told
    assert "Missing: Area S2" in told
    spanish = cotejo("sample", "estimate", *night, "--sample", file, "--lang", "es").stdout.decode()
    assert "de las 40 mesas de la muestra" in spanish
    assert "60,0" in spanish


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("table\nS1-1\nS1-1\n", "sample.csv:3: table: S1-1 is there twice"),
        ("table\nS9-1\n", "sample.csv:2: table: S9-1 is no polling table"),
        ("table,stratum\nS1-1,S9\n", "sample.csv:2: stratum: S9 is no area"),
        ("table,stratum\nS1-1,S1\nS1-2,S1\n", "the strata are not the whole register"),
        ("table,stratum\nS1-1,S2\nS2-1,S1\n", "is no polling table of stratum"),
        ("mesa\nS1-1\n", "the header must name table"),
    ],
)
def test_wrong_samples(text: str, says: str, night: tuple[Path, Path], tmp_path: Path) -> None:
    """A sample that does not fit the register is one error that names the place."""
    (tmp_path / "sample.csv").write_text(text)
    done = cotejo("sample", "estimate", *night, "--sample", tmp_path / "sample.csv")
    assert done.returncode == 1
    assert says in done.stderr.decode()
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (
            ["S1-1,S1,S1.1"],
            ":2: cluster: 1 polling tables of cluster S1.1 are not in the sample, such as S1-21: add them",
        ),
        (["S1-1,S1,S1.1", "S1-21,S1,S1.1", "S2-1,S2,"], "sample.csv:4: cluster: name the cluster of S2-1"),
        (["S1-1,S1,S9"], "sample.csv:2: cluster: S9 is no area"),
        (
            ["S1-1,S1,S1.1", "S2-1,S2,S2"],
            ":3: cluster: S2 is of level state, the clusters above are of level district",
        ),
        (["S1-1,S1,S1.2"], "sample.csv:2: cluster: S1-1 is no polling table of cluster S1.2: it lies in S1.1"),
        (["S1-1,S1.1,S1", "S2-1,S2,S2"], "the strata are not the whole register"),
    ],
)
def test_wrong_clusters(rows: list[str], says: str, tmp_path: Path) -> None:
    """Clusters that are not whole, or no areas of one level with these tables in them, are one error that names the
    place and the cure."""
    file = tmp_path / "sample.csv"
    file.write_text("\n".join(["table,stratum,cluster", *rows, "" if len(rows) > 1 else "S2-1,S2,S2.1", ""]))
    with pytest.raises(ElectionFileError) as caught:
        sample_csv.load(file, CENTRES.areas, CENTRES.tables)
    assert says in str(caught.value)


def test_clusters_are_parts_of_strata(tmp_path: Path) -> None:
    """A stratum below its cluster is an error, and so are tables that lie in no area of the clusters' level, and such
    areas in one another."""
    each = [f"{table},{known.area},{known.area[:2]}" for table, known in CENTRES.tables.items()]
    file = tmp_path / "sample.csv"
    file.write_text("\n".join(["table,stratum,cluster", *each]))
    with pytest.raises(ElectionFileError, match=r":2: cluster: cluster S1 is no part of stratum S1\.1"):
        sample_csv.load(file, CENTRES.areas, CENTRES.tables)
    file.write_text("table,stratum,cluster\nS1-1,,S1.1\nS1-21,,S1.1\n")
    moved = {**CENTRES.tables, "S2-1": PollingTable("S3", 300)}
    areas = {**CENTRES.areas, "S3": replace(CENTRES.areas["S1"], id="S3", level="abroad")}
    with pytest.raises(ElectionFileError, match="polling tables of S3 lie in no area of level district"):
        sample_csv.load(file, areas, moved)
    areas = {**CENTRES.areas, "S1": replace(CENTRES.areas["S1"], level="district")}
    with pytest.raises(ElectionFileError, match=r"S1\.1 lies in S1, and both are of level district"):
        sample_csv.load(file, areas, CENTRES.tables)


def test_clusters_from_draw_to_estimate(tmp_path: Path) -> None:
    """Whole areas are drawn with all their tables. Verify, check, estimate, replay, explain, export and import take
    them as they take tables, and say how many there are, in both languages."""
    path, events = lived(CENTRES, tmp_path)
    file = tmp_path / "sample.csv"
    draw = ["sample", "draw", path, "--size", 16, "--seed", "x", "--strata", "state", "--clusters", "district"]
    drawn = cotejo(*draw, "--out", file).stdout.decode()
    assert f"32 polling tables in 16 clusters, sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}" in drawn
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert list(rows[0]) == ["place", "stratum", "cluster", "table"]
    assert all(CENTRES.areas[row["cluster"]].parent == row["stratum"] for row in rows)
    assert all(CENTRES.tables[row["table"]].area == row["cluster"] for row in rows)
    path.write_text(path.read_text() + '[sample]\nfile = "sample.csv"\nseed = "x"\n')
    assert b"these 32 polling tables in 16 clusters" in cotejo("sample", "verify", path).stdout
    assert cotejo("sample", "verify", path, "--seed", "y").returncode == 1
    assert cotejo("check", path, events).returncode == 0
    there, back = tmp_path / "export", tmp_path / "back"
    assert cotejo("export", path, events, "--out", there, "--format", "csv").returncode == 0
    with (there / "area_states.csv").open(encoding="utf-8", newline="") as table:
        assert [row["sample_clusters"] for row in csv.DictReader(table) if row["area_id"] == "N"][-1] == "16"
    assert cotejo("import", "run", there / "import.toml", "--data", there, "--out", back).returncode == 0
    assert (back / "sample.csv").read_bytes() == file.read_bytes()
    said = "They were drawn in 16 clusters, areas with all their polling tables."
    for command in (("sample", "estimate", back), ("replay", path, events), ("explain", "area", "N", back)):
        assert said in cotejo(*command).stdout.decode()
    spanish = cotejo("sample", "estimate", back, "--lang", "es").stdout.decode()
    assert "Se sortearon en 16 conglomerados" in spanish
    page = tmp_path / "page.html"
    assert cotejo("report", path, events, "-o", page).returncode == 0
    assert said in page.read_text()


def test_named_by_the_election(night: tuple[Path, Path], tmp_path: Path) -> None:
    """A sample that the election file names is checked against its seed, and goes with exports, imports and event logs
    as it is. Estimate, replay, explain and export show the same figures."""
    path, events = night
    file = path.parent / "sample.csv"
    assert b"names no sample" in cotejo("sample", "estimate", path, events).stderr
    cotejo("sample", "draw", path, "--size", 40, "--seed", "x", "--strata", "state", "--out", file)
    digest, text = hashlib.sha256(file.read_bytes()).hexdigest(), path.read_text()
    named = f'[sample]\nfile = "sample.csv"\nseed = "x"\nsha256 = "{digest}"\n'
    path.write_text(text + named)
    assert cotejo("check", path, events).returncode == 0
    assert b"draws these 40 polling tables" in cotejo("sample", "verify", path).stdout
    there, back = tmp_path / "export", tmp_path / "back"
    assert cotejo("export", path, events, "--out", there, "--format", "csv").returncode == 0
    assert cotejo("import", "run", there / "import.toml", "--data", there, "--out", back).returncode == 0
    assert (back / "sample.csv").read_bytes() == file.read_bytes()
    assert b"sample.csv" in cotejo("log", "info", back).stdout
    told = cotejo("sample", "estimate", back).stdout.decode()
    assert "of the 40 sampled" in told
    assert all(line in cotejo("replay", path, events).stdout.decode() for line in told.splitlines())
    with (there / "area_figures.csv").open(encoding="utf-8", newline="") as rows:
        last = [row for row in csv.DictReader(rows) if (row["area_id"], row["figure_id"]) == ("N", "A")][-1]
    shown = f"{float(last['sample_guaranteed_low']):.1f} – {float(last['sample_guaranteed_high']):.1f}"
    assert shown in next(line for line in told.splitlines() if line.split()[:2] == ["Option", "A"])
    counts = next(line for line in told.splitlines() if line.split()[:2] == ["Option", "A"]).split()[2:5]
    explained = "A: announced {}, witnessed {}, sampled {}, guaranteed 95 % ".format(*counts)
    assert explained + shown in cotejo("explain", "area", "N", back).stdout.decode()
    path.write_text(text + named.replace('"x"', '"y"'))
    wrong = cotejo("check", path, events)
    line = text.count("\n") + 3
    assert (wrong.returncode, f"{path}:{line}: sample.seed: it draws ".encode() in wrong.stderr) == (1, True)
