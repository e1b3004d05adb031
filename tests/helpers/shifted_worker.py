"""`cotejo` with a wall clock that a file moves: `shifted_worker.py FILE ARGUMENT...`; FILE holds seconds to add."""

import sys
import time
from pathlib import Path

_FILE, _REAL = Path(sys.argv.pop(1)), time.time


def shifted() -> float:
    return _REAL() + float(_FILE.read_text() or 0)


time.time = shifted

if __name__ == "__main__":
    from streams.entry import main

    main()
