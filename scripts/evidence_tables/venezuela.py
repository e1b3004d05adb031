"""Venezuela 2024, in the order of the campaign's dated releases."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from msgspec import structs

from evidence_tables.common import outcome_of
from streams.core.election.model import Election, PollingTable
from streams.core.events.model import Event
from streams.nights.importers import convzla
from streams.nights.scenarios import venezuela2024_facts


def show(older: Path, newer: Path) -> None:
    """Print what is first said of the nation, alert by alert.

    Tables of the later release that the earlier one lacks come last; before, so many as were announced by then."""
    sheets = {s.report.table: s for s in convzla.read(newer) if isinstance(s, convzla.Sheet)}
    early = {s.report.table for s in convzla.read(older) if isinstance(s, convzla.Sheet)}
    order = sorted(sheets, key=lambda t: (t not in early, Random(t).random()))
    areas, register = dict(venezuela2024_facts.areas()), {}
    for table, sheet in sheets.items():
        for area in sheet.areas:
            areas.setdefault(area.id, area)
        register[table] = PollingTable(sheet.areas[-1].id, sheet.registered)
    election = Election(
        id="ve-2024",
        name=venezuela2024_facts.NAME,
        options=venezuela2024_facts.OPTIONS,
        groups=venezuela2024_facts.GROUPS,
        areas=areas,
        tables=register,
        levels=venezuela2024_facts.LEVELS,
        policy=venezuela2024_facts.policy(convzla.SOURCE),
        alerts=venezuela2024_facts.ALERTS,
    )
    night: list[Event] = list(venezuela2024_facts.bulletins())
    begun = 0
    for moment, count in venezuela2024_facts.announced():
        night += [structs.replace(sheets[t].report, at=moment) for t in order[begun:count]]
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
