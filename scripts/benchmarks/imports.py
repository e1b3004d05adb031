"""An import of published tables, beside Python's csv module alone, which only reads the same files.

Both are whole processes, in turn. The files are made once: a register, and a table of results with a row for each
polling table and reader. What is written is checked: each row must have become a report.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure
from benchmarks.kept import kept, say
from streams.nights.eventlog.reader import EventLog

READERS: Final = 2
"""Rows of results for each polling table."""
_MAP: Final = """
[election]
id = "published"
name = "Published"
[[option]]
id = "A"
name = "A"
[[option]]
id = "B"
name = "B"
[source.register]
files = "register.csv"
[source.results]
files = "results.csv"
delimiter = ";"
thousands = "."
[register]
from = "register"
table = "station"
registered = "voters"
areas = [
  { level = "nation", id = "'N'", name = "'The whole'" },
  { level = "state", id = "state", name = "state" },
]
[[reports]]
from = "results"
table = "station"
reporter = "reader"
source = "'web'"
observed_at = "strptime(read_at, '%d/%m/%Y %H:%M:%S')"
zone = "UTC"
votes = { A = "anna", B = "bo" }
null = "spoiled"
"""
_READ: Final = """
import csv, sys
count = 0
for path, delimiter in ((sys.argv[1], ","), (sys.argv[2], ";")):
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.reader(file, delimiter=delimiter):
            count += len(row)
"""


def run(repeats: int, reports: int, place: Path) -> list[Figure]:
    """Rows of results a second, with their register."""
    rows = reports // READERS * READERS
    files = kept(place, "published", (rows, _MAP, Path(__file__)), lambda out: _make(rows, out))
    ours, theirs, memory = list[float](), list[float](), list[float]()
    for number in range(repeats):
        for turn in (0, 1) if number % 2 == 0 else (1, 0):
            if turn:
                seconds, _ = _timed("-c", _READ, files / "register.csv", files / "results.csv")
                theirs.append(rows / seconds)
                continue
            out = place / "imported"
            command = "-m", "streams", "import", "run", files / "map.toml", "--out", out
            seconds, most = _timed(*command)
            if (found := sum(1 for _ in EventLog.open(out).records())) != rows:
                raise RuntimeError(f"{found:,} of {rows:,} rows were imported")
            ours.append(rows / seconds)
            memory.append(most)
            say(f"run {number + 1}: {seconds:.1f} s for {rows:,} rows")
    return [
        Figure.paired("import: published rows", "rows/s", ours, "csv.reader, reading only", theirs, "wall"),
        Figure.alone("import: its memory at most", "MB", memory),
    ]


def _make(rows: int, out: Path) -> None:
    """Write the map, the register and the results, in any order, as a body might publish them."""
    out.mkdir()
    chance, stations = random.Random(5), range(rows // READERS)
    (out / "map.toml").write_text(_MAP, encoding="utf-8")
    with (out / "register.csv").open("w", encoding="utf-8") as file:
        file.write("state,station,voters\n")
        file.writelines(f"State {i % 24},{i % 24:02}-{i:07},{chance.randint(300, 1500)}\n" for i in stations)
    lines = [
        f"{i % 24:02}-{i:07};reader {reader};28/07/2024 {20 + i % 4}:{i % 60:02}:{reader:02};"
        f"{chance.randint(0, 99)};{chance.randint(0, 99)};{chance.randint(0, 9)}\n"
        for i in stations
        for reader in range(READERS)
    ]
    chance.shuffle(lines)
    with (out / "results.csv").open("w", encoding="utf-8") as file:
        file.write("station;reader;read_at;anna;bo;spoiled\n")
        file.writelines(lines)


def _timed(*arguments: object) -> tuple[float, float]:
    """Wall seconds of a process of Python, and its memory at most in MB."""
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    told = child.stderr.read().decode()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(told)
    return time.perf_counter() - began, used.ru_maxrss / 1024
