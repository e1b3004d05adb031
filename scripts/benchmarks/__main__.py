"""How fast Cotejo is: each figure beside what ran with it, in turn, in the same run (docs/benchmarks.md).

The table goes to stdout as Markdown, progress to stderr, every figure with the machine and the versions to a JSON file.
"""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson
from brokers import ROOT

from benchmarks import capacity, contested, contested_nights, imports, java, latency, live, page, replay, scale, start
from benchmarks.figures import Figure, table
from benchmarks.kept import CACHE, say
from streams.errors import CotejoError

REPORTS: Final = 400_000

Section = Callable[[int, int, Path], list[Figure]]
SECTIONS: Final[dict[str, Section]] = {
    "replay": lambda repeats, reports, place: replay.run(repeats, place),
    "live": live.run_live,
    "peers": live.run_peers,
    "packed": live.run_packed,
    "start": start.run,
    "latency": latency.run,
    "latency-contested": latency.run_contested,
    "scale": scale.run,
    "import": imports.run,
    "contested": lambda repeats, reports, place: [
        *contested.run(),
        *contested_nights.run(repeats, place),
    ],
}
"""Each is given repeats, reports, and a directory that is kept. Not all of them use all."""


HELP: Final = (
    f"of {', '.join(SECTIONS)}, all; all unless told. Or, by the figures in --json, capacity: what elections need; "
    "page: the table of docs/benchmarks.md"
)


def conditions() -> dict[str, Any]:
    """What the figures hang on."""
    processor = next((x for x in Path("/proc/cpuinfo").read_text().splitlines() if x.startswith("model name")), "")
    commit = subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    ).stdout.strip()
    packages = ("faust-streaming", "aiokafka", "orjson", "msgspec", "numpy", "uvloop")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "machine": {
            "processor": processor.partition(":")[2].strip() or platform.machine(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "system": platform.platform(),
            "load": os.getloadavg(),
        },
        "versions": {
            "python": platform.python_version(),
            "java": java.version(),
            **{name: version(name) for name in packages},
        },
    }


def _kept(path: Path, known: dict[str, Any]) -> dict[str, Any]:
    """The figures that a file has already, so that one run may be cut into several: of the same commit only."""
    if not path.exists():
        return {}
    report = orjson.loads(path.read_bytes())
    if report["commit"] != known["commit"]:
        sys.exit(f"bench: {path} has figures of commit {report['commit']}: name another file")
    known |= {name: report[name] for name in ("at", "machine")}
    return dict(report["figures"])


def _newest() -> Path:
    if not (kept := sorted(CACHE.glob("figures-*.json"))):
        sys.exit("bench: no figures are kept: run scripts/bench first, or name a file with --json")
    return kept[-1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=HELP)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--reports", type=int, default=REPORTS, help="in the night that is simulated")
    parser.add_argument(
        "--json", type=Path, help="the file of the figures, added to if it exists; one in .cache/bench unless told"
    )
    given = parser.parse_args()
    if unknown := set(given.sections) - {*SECTIONS, "all", "capacity", "page"}:
        parser.error(f"no section {', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}, all")
    chosen = given.sections
    if not chosen or "all" in chosen:
        chosen = [name for name in SECTIONS if name != "live"]  # `peers` holds it
    if chosen == ["capacity"]:
        print(capacity.table(orjson.loads((given.json or _newest()).read_bytes())))
        return
    if chosen == ["page"]:
        page.write(given.json or _newest())
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    known = conditions()
    path = given.json or CACHE / f"figures-{known['at'].replace(':', '')}.json"
    kept = _kept(path, known) if given.json else {}
    found: dict[str, list[Figure]] = {}
    for name in chosen:
        say(f"{name} begins")
        try:
            found[name] = SECTIONS[name](given.repeats, given.reports, CACHE)
        except CotejoError as error:
            sys.exit(f"bench: {name}: {error}")
        kept[name] = [asdict(figure) for figure in found[name]]
        report = {**known, "repeats": given.repeats, "reports": given.reports, "figures": kept}
        path.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    print(table([figure for figures in found.values() for figure in figures]))
    say(f"kept in {path}")


if __name__ == "__main__":
    main()
