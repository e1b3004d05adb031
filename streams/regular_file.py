"""Files of a night that came from elsewhere: a FIFO, a device or a file without end is no file of a night."""

import errno
import os
import stat
from pathlib import Path
from typing import IO, Final

MANIFEST_BYTES: Final = 16 * 2**20
SECRET_BYTES: Final = 64 * 2**10
TEXT_BYTES: Final = 2**30
"""Of an election file, a register or a file of areas; a million polling tables take some 100 MB."""


def open_regular(path: Path) -> IO[bytes]:
    """Open a regular file, or a link to one, for reading. Raises OSError for anything else, and never waits."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # else opening a FIFO waits for who writes into it
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is no regular file", str(path))


def read_regular(path: Path, limit: int) -> bytes:
    """All of a regular file of so many bytes at most. Raises OSError."""
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise OSError(errno.EFBIG, f"it is larger than {limit:,} bytes", str(path))
        return file.read()


def create_private(path: Path, buffering: int = -1) -> IO[bytes]:
    """Create a file that only its owner may read, or empty the one that is there: it holds what people reported. Raises
    OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "wb", buffering=buffering)
