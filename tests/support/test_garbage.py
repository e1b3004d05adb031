"""What is free goes back to the system."""

import os
from pathlib import Path

from streams.support.gc_tuning import give_back


def resident() -> int:
    """Bytes that this process holds in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_give_back() -> None:
    """Memory below what is still in use goes back too."""
    blocks = [bytes(60_000) for _ in range(2000)]
    last = blocks.pop()
    blocks.clear()
    before = resident()
    give_back()
    assert before - resident() > 60e6
    assert last
