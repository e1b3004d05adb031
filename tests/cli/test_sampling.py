"""`cotejo sample` as a user meets it: draw, repeat, estimate, in both languages; a wrong file is one error."""

import csv
import hashlib
from pathlib import Path

import pytest
from builders import T0, alike, bulletin, election, lines, report
from test_cli import cotejo

from streams.config import election_writer

KNOWN = election(states=2, tables=40, registered=300)


@pytest.fixture
def night(tmp_path: Path) -> tuple[Path, Path]:
    """A night of which three quarters are witnessed."""
    path, events = election_writer.write(KNOWN, tmp_path), tmp_path / "events.jsonl"
    came = [report(t, v, at=T0 + i) for i, (t, v) in enumerate(alike(KNOWN, (120, 60, 20), 60).items())]
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
    assert f"A: sampled 60.0, guaranteed 95 % {shown}, " in cotejo("explain", "area", "N", back).stdout.decode()
    path.write_text(text + named.replace('"x"', '"y"'))
    wrong = cotejo("check", path, events)
    line = text.count("\n") + 3
    assert (wrong.returncode, f"{path}:{line}: sample.seed: it draws ".encode() in wrong.stderr) == (1, True)
