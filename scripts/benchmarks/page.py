"""The table of docs/benchmarks.md, made of a file of figures: one table, a part for each section."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson
from brokers import ROOT

from benchmarks.figures import HEAD, Figure, line

PAGE: Final = ROOT / "docs/benchmarks.md"
KEPT: Final = ROOT / "docs/benchmarks.json"
_BLOCK: Final = re.compile(r"(<!-- made by scripts/bench page -->\n).*(<!-- end -->)", re.DOTALL)
_LEFT_OUT: Final = re.compile(r"disk: reports|: start$|: outcome$|command, wall$")
"""Figures that only the file has."""
TITLES: Final = {
    "peers": "Live: a night that lies in Kafka, each report its own message, read by one process",
    "live": "Live: a night that lies in Kafka, each report its own message, read by one process",
    "packed": "Live: many reports in a message",
    "latency": "Latency",
    "latency-contested": "Latency, contested",
    "start": "Start after `kill -9`, a million polling tables",
    "scale": "Several workers on these cores",
    "replay": "Offline replay, processor time",
    "import": "Importing published tables",
    "contested": "Contested nights, offline, processor time of whole commands",
}
"""Of the parts, by section, in their order."""


def write(path: Path) -> None:
    """Put the figures of a file into docs/, and their table into the page."""
    content = path.read_bytes()
    KEPT.write_bytes(content if content.endswith(b"\n") else content + b"\n")
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), orjson.loads(content)), encoding="utf-8")


def written(page: str, report: Mapping[str, Any]) -> str:
    """The page with the table of these figures."""
    made = f"{conditions(report)}\n\n{table(report)}\n"
    return _BLOCK.sub(lambda block: f"{block[1]}{made}{block[2]}", page)


def conditions(report: Mapping[str, Any]) -> str:
    """Where and when it was measured, as a paragraph."""
    machine, versions = report["machine"], dict(report["versions"])
    python, java = versions.pop("python"), versions.pop("java")
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    at = datetime.fromisoformat(report["at"])
    return (
        f"{machine['cores']} cores of {machine['processor']}, {machine['memory_gib']} GiB, Apache Kafka on the same "
        f"cores.\nPython {python}, {java}, {packages}.\n"
        f"Measured on {at.day} {at:%B %Y} at commit {report['commit']}; load before it: {machine['load'][0]:.1f}."
    )


def table(report: Mapping[str, Any]) -> str:
    """All figures as Markdown, one table. Sections that the file took over from an `earlier` run say so."""
    lines = [HEAD]
    for section, title in TITLES.items():
        if figures := msgspec.convert(report["figures"].get(section, []), list[Figure]):
            if earlier := report.get("earlier", {}).get(section):
                title = f"{title} (measured on {earlier})"
            shared = {figure.note for figure in figures}
            if len(shared) == 1 and (note := shared.pop()):  # said once
                title, figures = f"{title}: {note}", [replace(figure, note="") for figure in figures]
            lines.append(f"| **{title}** | | | | | |")
            lines += [line(figure) for figure in figures if not _LEFT_OUT.search(figure.name)]
    return "\n".join(lines)
