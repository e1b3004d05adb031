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
            f"{reports / rate / 60:.1f} min",
            f"{(memory + held) / GIBI:.1f} GiB",
            f"{(memory + held / workers) / GIBI:.1f} GiB",
            f"{reports * (report_bytes + cost[SAVED] + cost[SHEETS]) / GIBI:.1f} GiB",
            f"{tables * per_table:.0f} s",
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
