"""Venezuela 2024, in the order of the campaign's dated releases."""

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import structs

from evidence_tables.common import outcome_of
from streams.config.election_file import load
from streams.core.events.model import Event, TallyReport
from streams.nights.importers import importer
from streams.nights.paths import Arrivals
from streams.nights.scenarios import venezuela2024_facts

MAP: Final = Path(venezuela2024_facts.__file__).with_name("venezuela2024.toml")


def show(data: Path) -> None:
    """Print what is first said of the nation, alert by alert. `data` has both releases.

    Tables of the later release that the earlier one lacks come last; before, so many as were announced by then."""
    with TemporaryDirectory() as scratch:
        imported = Path(scratch) / "night"
        importer.run(MAP, data, imported, quiet=True)
        election = load(imported)
        events = [arrival.event for arrival in Arrivals([imported])]
    sheets = {event.table: event for event in events if isinstance(event, TallyReport)}
    with (data / "RESULTADOS_2024_CSV_V1.csv").open(encoding="utf-8-sig", newline="") as file:
        early = {f"{int(row['CENTRO']):09d}-{row['MESA']}" for row in csv.DictReader(file)}
    order = sorted(sheets, key=lambda t: (t not in early, Random(t).random()))
    night: list[Event] = list(venezuela2024_facts.bulletins())
    begun = 0
    for moment, count in venezuela2024_facts.announced():
        night += [structs.replace(sheets[t], at=moment) for t in order[begun:count]]
        begun = count
    night.sort(key=lambda event: event.at)
    print("| When (UTC) | alert | severity | sentence |")
    print("|---|---|---|---|")
    told = Counter[str]()
    for n in outcome_of(election, night).notices:
        if n.finding.area == "VE" and n.status == "firing" and told[n.fingerprint] < 2:
            told[n.fingerprint] += 1
            when = f"{datetime.fromtimestamp(n.at / 1000, UTC):%d %B %H:%M}"
            print(f"| {when} | {n.fingerprint} | {n.severity} | {n.finding.sentence['en']} |")
