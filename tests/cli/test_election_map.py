"""A map that the election file names, as a user meets it: checked, and carried with the night."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import election, lines, report
from maps import collection, feature, square, with_map
from test_cli import cotejo

from streams.config import election_writer
from streams.config.election_file import load

KNOWN = replace(election(states=3), name="Election of the test")
SHAPES = {"S1": square(0, 0), "S2": square(1, 0)}


@pytest.fixture
def night(tmp_path: Path) -> tuple[Path, Path]:
    """An election file that names a map of two of three states, and one event."""
    path, events = election_writer.write(with_map(KNOWN, SHAPES), tmp_path / "night"), tmp_path / "events.jsonl"
    events.write_bytes(b"\n".join(lines([report()])))
    return path, events


def test_an_area_without_a_shape(night: tuple[Path, Path]) -> None:
    """`check` names the areas that have no shape though others of their level have one; in both languages."""
    english = cotejo("check", *night)
    assert english.returncode == 0
    assert b"remark: no-shape: areas without a shape, of a level that the map shows: 1." in english.stdout
    assert b"(S3)" in english.stdout
    assert "no-shape: zonas sin forma" in cotejo("check", *night, "--lang", "es").stdout.decode()


def test_a_wrong_map(night: tuple[Path, Path]) -> None:
    """A map that does not fit the election is one error that names file, place and cure."""
    file = night[0].parent / "areas.geojson"
    file.write_bytes(collection(feature("S1", square(0, 0)), feature("S22", square(1, 0))))
    done = cotejo("check", *night)
    says = f"{file}: features[1].properties.id: S22 is no area: write S2, or leave the feature out"
    assert (done.returncode, says in done.stderr.decode()) == (1, True)
    file.unlink()
    assert b"areas.geojson: cannot be read: No such file" in cotejo("check", *night).stderr


def test_goes_with_the_night(night: tuple[Path, Path], tmp_path: Path) -> None:
    """Exports, imports and event logs keep the map's file byte for byte, whatever it is called and however it is
    written, and list it among their files."""
    path, events = night
    file = path.parent / "areas.geojson"
    kept = file.read_bytes().replace(b", ", b" ,  ")
    file.unlink()
    (path.parent / "shapes.json").write_bytes(kept)
    path.write_text(path.read_text().replace('"areas.geojson"', '"shapes.json"'))
    there, back, cut = tmp_path / "export", tmp_path / "back", tmp_path / "cut"
    assert cotejo("export", path, events, "--out", there, "--format", "csv").returncode == 0
    assert cotejo("import", "run", there / "import.toml", "--data", there, "--out", back).returncode == 0
    assert cotejo("log", "cut", back, "--out", cut).returncode == 0
    for night_of in (there / "election", back, cut):
        assert (night_of / "areas.geojson").read_bytes() == kept
        assert load(night_of / "election.toml").map == load(path).map
    assert b"areas.geojson" in cotejo("log", "info", back).stdout
