"""Snapshots: all that a user sees of a small night, kept as text in `tests/snapshots/expected`.

With COTEJO_WRITE_SNAPSHOTS=1 what is seen now is written there instead. No library is used for it: these few lines keep
plain files, which a reviewer reads as the user reads the output.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brokers import ROOT

EXPECTED = ROOT / "tests/snapshots/expected"
WRITE = bool(os.environ.get("COTEJO_WRITE_SNAPSHOTS"))
WIDTH = 170
"""Characters up to which a list or an object stays on one line."""


def hold(name: str, text: str, replaced: Mapping[str, str] | None = None) -> None:
    """Hold a text against the snapshot of this name. `replaced` has what differs from run to run, as regular
    expressions, and what stands for it."""
    for pattern, word in (replaced or {}).items():
        text = re.sub(pattern, word, text)
    path = EXPECTED / name
    if WRITE:
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"no {path.relative_to(ROOT)}: COTEJO_WRITE_SNAPSHOTS=1 pytest tests/snapshots"
    assert text.splitlines() == path.read_text(encoding="utf-8").splitlines(), f"differs from {path.relative_to(ROOT)}"


def pretty(value: Any, indent: int = 0) -> str:
    """A value as JSON to read: what fits on a line stays on it, keys in the order in which they were sent."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(flat) + indent <= WIDTH:
        return flat
    inside = " " * (indent + 1)
    if isinstance(value, dict):
        lines = [f"{inside}{json.dumps(key)}: {pretty(each, indent + 1)}" for key, each in value.items()]
    else:
        lines = [inside + pretty(each, indent + 1) for each in value]
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([begin, ",\n".join(lines), " " * indent + end])


def short(text: str, most: int = 160) -> str:
    """A text with its long lines cut in the middle: of alerts' sentences, which `messages-notices.txt` has in whole."""
    lines = (line if len(line) <= most else f"{line[: most - 41]}…{line[-40:]}" for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines)


def files(directory: Path, *suffixes: str) -> str:
    """The text files of a directory, each below its name."""
    found = sorted(path for path in directory.rglob("*") if path.suffix in suffixes)
    return "\n".join(f"=== {path.relative_to(directory)}\n{path.read_bytes().decode()}" for path in found)
