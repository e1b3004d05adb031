"""What elections of some sizes need, from the unit costs in a file of figures (docs/capacity.md)."""

from collections.abc import Mapping
from typing import Any, Final

from benchmarks.live import LIVE, REPORTS, SINGLE
from benchmarks.start import BARE, ELECTION, LEDGERS, SAVED, SHEETS, START

SIZES: Final = ((30_000, 4, 1), (1_000_000, 8, 2), (10_000_000, 16, 4))
"""Polling tables, partitions, workers."""
READINGS: Final = 2
"""Of each sheet."""
MEBI: Final = 2**20
GIBI: Final = 2**30


def table(report: Mapping[str, Any]) -> str:
    """As Markdown. Raises `KeyError` where the figures of `peers` (or `live`) or of `start` are not in the file."""
    found = {
        (figure["name"], figure["note"]): figure["ours"]["median"]
        for figures in report["figures"].values()
        for figure in figures
    }
    cost = {name: value for (name, _), value in found.items()}
    rate, report_bytes = found[LIVE, SINGLE], cost[f"{REPORTS}, {SINGLE}"]
    ledgers = next(note for name, note in found if name == START)
    per_table = cost[START] / int(ledgers.split()[0].replace(",", ""))
    rows: list[list[str]] = [[] for _ in range(7)]
    for tables, partitions, workers in SIZES:
        reports = READINGS * tables
        memory = cost[BARE] * MEBI + tables * cost[ELECTION]
        held = tables * (cost[LEDGERS] + (READINGS - 1) * cost[SAVED])
        cells = (
            f"{partitions} / {workers}",
            f"{reports:,}",
            _time(reports / rate),
            _size(memory + held),
            _size(memory + held / workers),
            _size(reports * (report_bytes + cost[SAVED] + cost[SHEETS])),
            _time(tables * per_table),
        )
        for row, cell in zip(rows, cells, strict=True):
            row.append(cell)
    names = (
        "partitions / workers",
        f"reports, at {READINGS} readings of each sheet",
        "one worker reads them all in",
        "memory of one worker that has everything",
        "memory of each of those workers",
        "disk of the broker, without replicas",
        "start after a crash, one worker with everything, at most",
    )
    head = "| | " + " | ".join(f"{tables:,} tables" for tables, _, _ in SIZES) + " |"
    lines = [f"| {name} | {' | '.join(row)} |" for name, row in zip(names, rows, strict=True)]
    return "\n".join([head, "|---" * (len(SIZES) + 1) + "|", *lines])


def _size(size: float) -> str:
    return f"{size / GIBI:.1f} GiB" if size >= GIBI else f"{size / MEBI:.0f} MiB"


def _time(seconds: float) -> str:
    return f"{seconds / 60:.1f} min" if seconds >= 60 else f"{max(1, seconds):.0f} s"
