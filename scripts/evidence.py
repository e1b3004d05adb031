"""What Cotejo says of nights whose truth is known, as the lines of a table (docs/evidence.md).

    scripts/evidence honest [NIGHTS]          honest simulated nights: what is called all the same
    scripts/evidence detection [NIGHTS]       an official count that was shifted: when it is first called
    scripts/evidence liars [NIGHTS]           forged readings: how far they move an area
    scripts/evidence bounds                   one evaluation at 823,000 polling tables
    scripts/evidence indonesia DIRECTORY      the election that `cotejo import csv` made of Indonesia 2019
    scripts/evidence venezuela V1.csv V2.csv  the campaign's releases in the order of their dates

Rows go to stdout, progress to stderr. Simulated nights are seeded 1, 2, 3…
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from math import sqrt
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any, get_args

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from msgspec import structs

from streams.alerts import Notice
from streams.arrivals import Arrivals
from streams.compare import Comparer
from streams.election import Area, Election, Option, Policy, PollingTable
from streams.election_file import load
from streams.events import Bulletin, Event, Rejection, TallyReport
from streams.importers import convzla
from streams.monitor import Monitor
from streams.nights import venezuela2024
from streams.nights.simulated import BEGIN, Night, Official, Simulation
from streams.progress import Progress
from streams.reconcile import Reconciler

ARITHMETIC = ("contradiction", "table-mismatch")
HONEST = Night(tables=1200, states=12, municipalities=10, readers=1, mis_keyed=0.02, cities_first=0.8, late=1)


def interval(hits: int, of: int) -> str:
    """A proportion with its 95 % Wilson interval, in per cent."""
    z, p = 1.96, hits / of
    centre = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{100 * p:.1f} % [{100 * max(0, centre - half):.1f}, {100 * (centre + half):.1f}]"


def lived(night: Night) -> tuple[Simulation, Monitor, list[Notice]]:
    simulation = Simulation(night)
    monitor = Monitor(simulation.election)
    notices = [notice for event in simulation.events() for notice in monitor.handle(event).notices]
    return simulation, monitor, notices + monitor.finish()


def each(do: Callable[[Night], Any], nights: Iterable[Night], label: str) -> Iterator[Any]:
    """The nights, two at a time, in their order."""
    waiting = list(nights)
    with ProcessPoolExecutor() as pool, Progress(label, len(waiting)) as progress:
        for done, result in enumerate(pool.map(do, waiting, chunksize=2), 1):
            progress.show(done)
            yield result


def called(night: Night) -> set[tuple[str, str, str]]:
    """Rule, severity and level (nation or below) of everything that fired."""
    _, _, notices = lived(night)
    return {
        (n.finding.rule_class, n.severity, "nation" if n.finding.area == "N" else "below")
        for n in notices
        if n.status == "firing"
    }


def honest(count: int = 1000) -> None:
    """Every third night the nation only, every third the states, every third each polling table is announced."""
    levels = get_args(Official)
    nights = [replace(HONEST, seed=seed, official=levels[seed % 3]) for seed in range(1, count + 1)]
    seen: Counter[tuple[str, str, str]] = Counter()
    for found in each(called, nights, "honest nights"):
        seen.update(found)
    print(f"| Honest nights: {count:,} | nights | with 95 % interval |")
    print("|---|---|---|")
    kinds = [("arithmetic", "critical"), ("arithmetic", "warning"), ("remainder", "critical"), ("remainder", "warning")]
    kinds += [("statistical", "critical"), ("statistical", "warning")]
    kinds += [("consistency", "warning"), ("health", "warning")]
    for kind, severity in kinds:
        for level in ("nation", "below"):
            hits = seen[kind, severity, level]
            print(f"| {kind}, {severity}, {level} | {hits} | {interval(hits, count)} |")


Call = tuple[str, float]
"""A rule, and the coverage of the polling tables when it spoke."""


def first(night: Night) -> dict[str, Call]:
    """The first call of each severity on the nation."""
    simulation = Simulation(night)
    monitor = Monitor(simulation.election)
    found: dict[str, Call] = {}
    for event in chain(simulation.events(), [None]):
        notices = monitor.finish() if event is None else monitor.handle(event).notices
        for notice in notices:
            if notice.status == "firing" and notice.finding.area == "N" and notice.severity not in found:
                seen = monitor.states()["N"]["witnessed"]["tables"]
                found[notice.severity] = notice.finding.rule, seen / len(simulation.election.tables)
        if "critical" in found:
            break
    return found


def detection(count: int = 20) -> None:
    print("| Shift | announced down to | severity | called | coverage then: least, median, most | by |")
    print("|---|---|---|---|---|---|")
    for shift in (0, 2, 5, 10, 20):
        for official in get_args(Official):
            nights = [replace(HONEST, seed=s, shift=shift, official=official, late=0) for s in range(1, count + 1)]
            found = list(each(first, nights, f"shift {shift}, {official}"))
            for severity in ("warning", "critical"):
                calls = [calls[severity] for calls in found if severity in calls]
                at = sorted(coverage for _, coverage in calls)
                rules = ", ".join(f"{rule} {n}" for rule, n in Counter(rule for rule, _ in calls).most_common())
                spread = f"{at[0]:.0%}, {median(at):.0%}, {at[-1]:.0%}" if at else "-"
                row = f"| {shift} | {official} | {severity} | {len(calls)} of {count} | {spread} | {rules or '-'} |"
                print(row, flush=True)


def moved(night: Night) -> tuple[float, float, float, float]:
    """Most points that forged readings move the witnessed share of an area: nation, states; tables accepted forged;
    coverage. Held against the truth over the same sheets."""
    lying = Simulation(night)
    monitor = Monitor(lying.election)
    for event in lying.events():
        monitor.handle(event)
    worst = {"nation": 0.0, "state": 0.0}
    for area, state in monitor.states().items():
        if state["level"] in worst:
            mine, true = state["witnessed"], _true(lying, area, monitor)
            gaps = [abs(100 * votes / max(1, mine["valid"]) - true[option]) for option, votes in mine["votes"].items()]
            worst[state["level"]] = max(worst[state["level"]], *gaps)
    forged = sum(v.accepted and v.votes != lying.sheet(t) for t, v in monitor.verdicts.items())
    accepted = sum(v.accepted for v in monitor.verdicts.values())
    return worst["nation"], worst["state"], forged / max(1, accepted), accepted / len(lying.election.tables)


def _true(simulation: Simulation, area: str, monitor: Monitor) -> dict[str, float]:
    """True shares over the very sheets that were accepted there."""
    sheets = [
        simulation.sheet(t)
        for t, v in monitor.verdicts.items()
        if v.accepted and area in simulation.election.lineage[simulation.election.tables[t].area]
    ]
    sums = [sum(column) for column in zip(*sheets, strict=True)] or [0, 0, 0]
    return {o.id: 100 * n / max(1, sum(sums)) for o, n in zip(simulation.election.options, sums, strict=True)}


def liars(count: int = 10) -> None:
    print("| Readings a sheet | quorum, majority | accepted | of them forged | nation moved, most | a state, most |")
    print("|---|---|---|---|---|---|")
    for readers, quorum, majority in ((1, 1, 0.5), (2, 2, 0.5), (3, 2, 0.5), (4, 3, 0.66), (5, 3, 0.66), (6, 4, 0.66)):
        base = Night(
            tables=12_000, states=12, municipalities=10, readers=readers, quorum=quorum, majority=majority,
            liars=0.05, forged=0.1, mis_keyed=0, bulletins=1,
        )  # fmt: skip
        found = list(each(moved, [replace(base, seed=s) for s in range(1, count + 1)], f"{readers} readers"))
        nation, state = (max(f[i] for f in found) for i in (0, 1))
        forged, accepted = (median(f[i] for f in found) for i in (2, 3))
        row = f"| {readers} | {quorum}, {majority} | {accepted:.0%} | {forged:.2%} | {nation:.3f} | {state:.3f} |"
        print(row, flush=True)


def bounds() -> None:
    """The nation's rules and state after an update, in four partitions, at Indonesia's size of 2024."""
    tables, draw = 823_000, Random(1).random
    options = tuple(Option(o, o) for o in "ABC")
    area = Area("N", "N", "nation", None, tables, 250 * tables)
    register = {f"T{t}": PollingTable("N", 250) for t in range(tables)}
    election = Election("big", "big", options, {"N": area}, register, levels=("nation",), policy=Policy(quorum=1))
    parts = [Reconciler(election, p) for p in range(4)]
    with Progress("sheets", tables) as progress:
        for t in range(tables):
            first = round(210 * draw())
            votes = {"A": first, "B": round((210 - first) * draw()), "C": 10}
            parts[t % 4].apply(TallyReport(f"r{t}", f"T{t}", "x", "x", BEGIN, votes))
            progress.show(t)
    sheets = [reconciler.take_sheets() for reconciler in parts]
    print("| Evaluating the nation of 823,000 tables after an update | ms: least, median, 95th of 100, most |")
    print("|---|---|")
    for what, moved_ in (("announced as witnessed", 0), ("a tenth of A's votes moved to B", 8_600_000)):
        comparer = Comparer(election)
        for part in sheets:
            comparer.add_sheets(part)
        a, b, c = comparer.state("N")["witnessed"]["votes"].values()
        votes = {"A": a - moved_, "B": b + moved_, "C": c}
        comparer.add_bulletin(Bulletin("b", "x", "N", BEGIN, 1, votes, tables_counted=tables - 100))
        comparer.advance(BEGIN)
        took = []
        for i in range(200):
            now, reconciler = {"A": i % 100, "B": 2, "C": 3}, parts[i % 4]
            reconciler.apply(TallyReport(f"{what} {i}", f"T{4 * i + i % 4}", "x", "x", BEGIN + i, now))
            update = reconciler.take_sheets()
            began = perf_counter()
            comparer.add_sheets(update)
            comparer.advance(BEGIN + 10_000 * (i + 1))
            took.append(1000 * (perf_counter() - began))
        took.sort()
        spread = ", ".join(f"{ms:.1f}" for ms in (took[0], median(took), took[190], took[-1]))
        rules = ", ".join(sorted({finding.rule for finding in comparer.findings("N")})) or "no rule speaks"
        print(f"| {what}: {rules} | {spread} |")


def events(directory: Path) -> Iterator[Event]:
    arrivals = Arrivals([directory])
    with Progress("events", arrivals.size) as progress:
        for arrival in progress.over(arrivals):
            if isinstance(arrival.event, Rejection):
                raise SystemExit(f"{arrival.place}: {arrival.event}")
            yield arrival.event


def indonesia(directory: Path) -> None:
    election = load(directory / "election.toml")
    monitor, notices, turned_away = Monitor(election), list[Notice](), Counter[str]()
    for event in events(directory):
        effects = monitor.handle(event)
        notices += effects.notices
        if effects.rejection is not None:
            turned_away[effects.rejection.code] += 1
    notices += monitor.finish()
    matching = monitor.states()["ID"]["tables_announced"]
    fired = Counter((n.finding.rule, n.severity) for n in notices if n.status == "firing" and n.finding.area == "ID")
    below = Counter((n.finding.rule, n.severity) for n in notices if n.status == "firing" and n.finding.area != "ID")
    agree = 1 - matching["differing"] / matching["compared"]
    print("| Indonesia 2019 | |")
    print("|---|---|")
    print(f"| stations read, by level of evidence | {dict(monitor.states()['ID']['witnessed']['levels'])} |")
    print(f"| readings turned away | {dict(turned_away)} |")
    print(f"| stations with an official figure, with both | {matching['announced']:,}, {matching['compared']:,} |")
    print(f"| of them agree | {agree:.3%} |")
    print(f"| differ, net shift (official less sheet) | {matching['differing']:,}, {matching['shift']} |")
    print(f"| alerts, nation | {dict(fired) or 'none'} |")
    print(f"| alerts, below | {dict(below) or 'none'} |")
    listed = directory / "differing.csv"
    with listed.open("w", encoding="utf-8") as file:
        names = [option.id for option in election.options]
        print("table", *(f"sheet_{n}" for n in names), *(f"official_{n}" for n in names), sep=",", file=file)
        for table, official, verdict in monitor.differing():
            print(table, *(verdict.votes or ()), *official.votes[: len(names)], sep=",", file=file)
    print(f"differing stations: {listed}", file=sys.stderr)


def venezuela(older: Path, newer: Path) -> None:
    """The later release's tables beyond the earlier one's come on its date; before, as many as were announced."""
    sheets = {s.report.table: s for s in convzla.read(newer) if isinstance(s, convzla.Sheet)}
    early = {s.report.table for s in convzla.read(older) if isinstance(s, convzla.Sheet)}
    order = sorted(sheets, key=lambda t: (t not in early, Random(t).random()))
    areas, register = dict(venezuela2024.areas()), {}
    for table, sheet in sheets.items():
        for area in sheet.areas:
            areas.setdefault(area.id, area)
        register[table] = PollingTable(sheet.areas[-1].id, sheet.registered)
    election = Election(
        id="ve-2024",
        name=venezuela2024.NAME,
        options=venezuela2024.OPTIONS,
        groups=venezuela2024.GROUPS,
        areas=areas,
        tables=register,
        levels=venezuela2024.LEVELS,
        policy=venezuela2024.policy(convzla.SOURCE),
        alerts=venezuela2024.ALERTS,
    )
    night: list[Event] = list(venezuela2024.bulletins())
    begun = 0
    for moment, count in venezuela2024.announced():
        night += [structs.replace(sheets[t].report, at=moment) for t in order[begun:count]]
        begun = count
    night.sort(key=lambda event: event.at)
    monitor = Monitor(election)
    notices = [notice for event in night for notice in monitor.handle(event).notices] + monitor.finish()
    print("| When (UTC) | alert | severity | sentence |")
    print("|---|---|---|---|")
    told = Counter[str]()
    for n in notices:
        if n.finding.area == "VE" and n.status == "firing" and told[n.fingerprint] < 2:
            told[n.fingerprint] += 1
            when = f"{datetime.fromtimestamp(n.at / 1000, UTC):%d %B %H:%M}"
            print(f"| {when} | {n.fingerprint} | {n.severity} | {n.finding.sentence['en']} |")


def main() -> None:
    what, *given = sys.argv[1:] or ["help"]
    tasks: dict[str, Callable[..., None]] = {"honest": honest, "detection": detection, "liars": liars}
    if what in tasks:
        tasks[what](*(int(word) for word in given))
    elif what == "bounds":
        bounds()
    elif what == "indonesia" and len(given) == 1:
        indonesia(Path(given[0]))
    elif what == "venezuela" and len(given) == 2:
        venezuela(*(Path(word) for word in given))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
