"""The small nights that are simulated: an election, its events, and the messages that a feeder makes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

import orjson
from builders import T0, bulletin, election, lines, report
from pipeline import feed

from streams.core.election.model import Election, Receiver
from streams.core.election.settings import AlertPolicy, ContradictionRule, HealthRule, MismatchRule, Rules
from streams.core.events.model import Event
from streams.kafka.topology import Topology
from streams.nights.feeder import Pace

RULES = Rules(
    contradiction=ContradictionRule(min_sheets=1, min_ratio=0.0),
    mismatch=MismatchRule(min_tables=1, ratio=0.0),
    health=HealthRule(reports_every=70, bulletin_every=90),
)
DESK, BOT = (Receiver(name, f"https://example.org/{name}", "SECRET") for name in ("desk", "bot"))
BOTS = {1: BOT, 2: replace(BOT, areas=("S1", "S2"), severity="critical"), 3: replace(BOT, areas=("S1",), digest=1)}
"""The second receiver, by the number of partitions."""
BAD = (b"no JSON", b'{"type":"tally-report","id":1}', b'{"type":"bulletin","votes":{}}')
LONG = 150
"""Seconds of event time from the first to the last event."""
CLOSING = 3
"""Ticks behind everything else, so that what was rerouted at the very end is judged too."""


@dataclass(frozen=True, slots=True)
class Night:
    """What is fed, message by message, in each channel's order."""

    election: Election
    topology: Topology
    reports: list[list[bytes]]
    """By partition."""
    bulletins: list[bytes]
    last_tick: int
    """Unix ms."""
    closing: list[int]
    """Ticks that follow."""


@cache
def elections(partitions: int, quorum: int, receivers: int) -> tuple[Election, Topology]:
    """One of the few elections that the nights share."""
    known = election(
        states=3, tables=3, registered=300, quorum=quorum, rules=RULES,
        alerts=AlertPolicy(tick=15, hold=20 if quorum == 1 else 0, cooldown=30),
    )  # fmt: skip
    return replace(known, receivers=(DESK, BOTS[partitions])[:receivers]), Topology("sim.", partitions)


def night(chance: Random) -> Night:
    """A night, drawn anew."""
    known, topology = elections(chance.choice((1, 2, 3)), chance.choice((1, 1, 2)), chance.choice((1, 2)))
    logs = feed(known, lines(_events(known, chance)), topology, Pace(pack=chance.choice((1, 1, 4)), every_tick=True))
    reports = [_disturbed(messages, chance) for messages in logs.reports]
    _misroute(reports, chance)
    last, step = int(orjson.loads(logs.bulletins[-1])["at"]), round(known.alerts.tick * 1000)
    closing = [last + step * n for n in range(1, CLOSING + 1)]
    return Night(known, topology, reports, _disturbed(logs.bulletins, chance), last, closing)


def _events(known: Election, chance: Random) -> list[Event]:
    """Readings of most tables, some read twice, mistyped, corrected or taken back; bulletins for the nation, its
    states and single tables, some of which contradict the readings."""
    dated = list[tuple[int, Event]]()

    def at() -> int:
        return T0 + 1000 * chance.randrange(LONG)

    def add(event: Any) -> None:
        dated.append((event.at, event))

    for table in known.tables:
        for reporter in ("ana", "ben", "eva")[: chance.choice((0, 1, 2, 2, 3))]:
            votes = (150, 60, 10) if chance.random() < 0.8 else (60, 150, 10)
            add(first := report(table, votes, at=at(), reporter=reporter, group=reporter))
            if chance.random() < 0.2:
                again = {"id": f"{first.id}/2", "supersedes": first.id, "retracted": chance.random() < 0.3}
                add(report(table, (150, 60, 10), at=min(first.at + 20_000, T0 + LONG * 1000), **{
                    "reporter": reporter, "group": reporter, **again}))  # fmt: skip
    for area in chance.choices(["N", "N", "S1", "S2", "S3"], k=chance.randint(2, 9)):
        sequence = chance.randint(1, 9)
        votes = chance.choice(((1350, 540, 90), (525, 1275, 90), (450, 180, 30)))
        add(bulletin(votes, area, at=at(), sequence=sequence, id=f"{area}-{sequence}-{chance.randrange(99)}",
                     tables_counted=chance.choice((None, 6, 9))))  # fmt: skip
    for table in chance.sample(list(known.tables), chance.choice((0, 0, 3))):
        add(bulletin(chance.choice(((150, 60, 10), (60, 150, 10))), table, at=at()))
    return [event for _, event in sorted(dated, key=lambda one: one[0])]


def _disturbed(messages: list[bytes], chance: Random) -> list[bytes]:
    """Some messages twice, and some between them that nobody can read."""
    found = list[bytes]()
    for message in messages:
        found.append(message)
        if chance.random() < 0.04:
            found.insert(chance.randrange(len(found)) if chance.random() < 0.5 else len(found), chance.choice(BAD))
        if chance.random() < 0.05:
            found.append(message)
    return found


def _misroute(reports: list[list[bytes]], chance: Random) -> None:
    """Move a few messages to a partition that is not theirs."""
    for messages in reports if len(reports) > 1 else ():
        for place in range(len(messages) // 2):
            if b'"tick"' not in messages[place] and chance.random() < 0.05:
                other = chance.choice([target for target in reports if target is not messages])
                other.insert(chance.randrange(1 + len(other) // 2), messages[place])
                messages[place] = BAD[0]
