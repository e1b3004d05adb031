"""Nights from elsewhere: what is no regular file, and what has no end."""

import os
import stat
from pathlib import Path

import pytest
from builders import T0, election, report

from streams.config import election_writer
from streams.config.csv_file import ElectionFileError
from streams.config.election_file import load
from streams.core.election.model import Area, Receiver
from streams.delivery.secrets import SecretError, of_receiver
from streams.nights.eventlog import generated_night
from streams.nights.eventlog.errors import LogDamage, LogError
from streams.nights.eventlog.reader import EventLog
from streams.regular_file import read_regular


def fifo(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def device(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


@pytest.fixture(params=[fifo, device])
def spoil(request: pytest.FixtureRequest) -> object:
    return request.param


def test_files_of_an_election(spoil: object, tmp_path: Path) -> None:
    """The election file and its tables are regular files: a FIFO is not waited for, a device not read for ever."""
    file = election_writer.write(election(), tmp_path)
    for path in sorted(tmp_path.iterdir()):
        content = path.read_bytes()
        spoil(path)  # type: ignore[operator]
        with pytest.raises(ElectionFileError, match="it is no regular file"):
            load(file)
        path.unlink()
        path.write_bytes(content)
    load(file)


def test_files_of_a_log(spoil: object, tmp_path: Path) -> None:
    """So are a log's manifest and its segments."""
    directory = tmp_path / "log"
    generated_night.write(directory, election(), [report("S1-1", at=T0)], "the tests")
    segment = directory / "segment-000001.log"
    for path in (segment, directory / "manifest.json"):
        spoil(path)  # type: ignore[operator]
        with pytest.raises((LogError, LogDamage), match="no regular file"):
            list(EventLog.open(directory).records())


@pytest.mark.parametrize("jsonl", [False, True])
def test_what_people_reported(jsonl: bool, tmp_path: Path) -> None:
    """Nobody but its owner may read what is written of a night, however generous the umask: segments and manifest of a
    log, an event file."""
    before = os.umask(0)
    try:
        generated_night.write(tmp_path, election(), [report("S1-1", at=T0)], "the tests", jsonl=jsonl)
    finally:
        os.umask(before)
    names = ["events.jsonl"] if jsonl else ["manifest.json", "segment-000001.log"]
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in names} == {0o600}


def test_secrets(spoil: object, tmp_path: Path) -> None:
    """So is a secret."""
    path = tmp_path / "desk"
    spoil(path)  # type: ignore[operator]
    with pytest.raises(SecretError, match="desk cannot be read: it is no regular file"):
        of_receiver(Receiver("desk", "https://x.example", secret_file=str(path)), {})


def test_a_file_without_end(tmp_path: Path) -> None:
    """What is larger than it can be is not read whole."""
    path = tmp_path / "large"
    path.touch()
    os.truncate(path, 2**40)
    with pytest.raises(OSError, match="it is larger than 100 bytes"):
        read_regular(path, 100)


def test_deep_areas() -> None:
    """Areas may be nested thousands of levels deep."""
    known = election()
    deep = {f"D{n}": Area(f"D{n}", f"D{n}", "village", f"D{n - 1}" if n else "S1", 1, 1) for n in reversed(range(3000))}
    object.__setattr__(known, "areas", {**deep, **known.areas})
    known.__dict__.pop("lineage", None)
    assert known.lineage["D2999"] == ("N", "S1", *(f"D{n}" for n in range(3000)))
