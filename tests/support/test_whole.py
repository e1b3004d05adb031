"""What becomes of the file that -o names."""

import os
import stat
import threading
from pathlib import Path

import pytest

from streams.errors import CotejoError
from streams.support.atomic_file import whole


def write(path: Path, content: bytes = b"new") -> None:
    with whole(path) as file:
        file.write(content)


def test_whole_or_not_at_all(tmp_path: Path) -> None:
    """What fails half-way leaves the former file, and nothing beside it."""
    path = tmp_path / "out"
    write(path, b"old")
    with pytest.raises(TypeError), whole(path) as file:
        file.writelines([b"half", None])  # type: ignore[list-item]
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


def test_modes_stay(tmp_path: Path) -> None:
    """A file that nobody else may read is so afterwards."""
    path = tmp_path / "out"
    path.touch()
    path.chmod(0o600)
    write(path)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)


@pytest.mark.parametrize("there", [True, False])
def test_links_are_followed(there: bool, tmp_path: Path) -> None:
    """A link stays one, and what it leads to is written, also where nothing was there yet."""
    (tmp_path / "inside").mkdir()
    target, link = tmp_path / "inside" / "target", tmp_path / "link"
    if there:
        target.write_bytes(b"old")
    link.symlink_to(target)
    write(link)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_fifo_stays_one(tmp_path: Path) -> None:
    """What is no regular file is written into, not replaced."""
    path, got = tmp_path / "fifo", list[bytes]()
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    write(path)
    reader.join(10)
    assert got == [b"new"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_devices_stay_devices() -> None:
    """A device takes what is written, or says that it cannot; as root too it is there afterwards."""
    write(Path("/dev/null"))
    with pytest.raises(CotejoError, match="/dev/full: cannot be written: No space left"):
        write(Path("/dev/full"), b"x" * 100_000)
    assert all(stat.S_ISCHR(Path(name).stat().st_mode) for name in ("/dev/null", "/dev/full"))


def test_a_directory(tmp_path: Path) -> None:
    """One clear error."""
    with pytest.raises(CotejoError, match="cannot be written: Is a directory"):
        write(tmp_path)
