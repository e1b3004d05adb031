"""One writer for each log: a lock that ends with its process, however that ends."""

import fcntl
import os
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Final

from streams.nights.eventlog.errors import LogError

LOCK: Final = "lock"
_PATIENCE: Final = 1.0
"""Seconds to wait: a reader that asks `held` has the lock for a moment."""


def take(directory: Path) -> IO[bytes]:
    """Lock a log for writing, until the file is closed. Raises `LogError` if another process has it."""
    try:
        file = (directory / LOCK).open("a+b")
    except OSError as error:
        raise LogError(f"{directory}: cannot be written: {error.strerror}") from error
    deadline = monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if monotonic() > deadline:
                file.seek(0)
                owner = file.read(20).decode(errors="replace").strip()
                file.close()
                cure = "stop it first, or choose another directory"
                raise LogError(f"{directory}: is being written by another process ({owner}): {cure}") from None
            sleep(0.02)
    file.truncate(0)
    file.write(str(os.getpid()).encode())
    file.flush()
    return file


def held(directory: Path) -> bool:
    """Whether somebody is writing the log now."""
    try:
        with (directory / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
