"""Why a polling table or an area stands as it does: which reports, which rule, which figures.

As JSON objects; `explain_text` makes lines to read of them.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from streams.core.election.model import Election
from streams.core.engine.event_time import Dated, EventTime
from streams.core.engine.monitor import Monitor
from streams.core.events.admission import check_date, check_tick
from streams.core.events.model import Bulletin, Event, Rejection, TallyReport, Tick, table_of
from streams.core.reconciliation.ledger import Level, Verdict
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.replay import explain_bounds
from streams.core.replay.differing import Differing, Row
from streams.errors import CotejoError
from streams.times import to_second

MOST: Final = 20
"""Polling tables that an area's explanation names at most, of each kind."""


class UnknownPlaceError(CotejoError):
    """There is no such polling table or area."""


class Explainer:
    """A night taken in event by event, then asked.

    `partitions` are those of `tally-reports` in a night that was recorded: in each of them, the limit of a group's rate
    goes by when messages came. Without, it goes by the events' own times.
    """

    def __init__(self, election: Election, partitions: int = 0) -> None:
        self._election = election
        self._gates = [Reconciler(election, partition) for partition in range(partitions)]
        unlimited = replace(election, policy=replace(election.policy, group_rate=0))
        self._monitor = Monitor(unlimited if partitions else election)
        self._time = EventTime[Event](election, lambda event: event)
        self._dated: list[Bulletin] = []
        """Of a recorded night the bulletins that came since the last tick: it tells whether their date can be."""
        self._rejected: dict[str, list[tuple[TallyReport | Bulletin, Rejection]]] = {}

    def take(self, events: Iterable[Event]) -> None:
        """Take in the night; ends with the last tick."""
        self.take_recorded((event, 0, 0) for event in events)

    def take_recorded(self, came: Iterable[tuple[Event, int, int]]) -> None:
        """The same of events with the partition that each came by, and when (Unix ms)."""
        for event, partition, arrived in came:
            if arrived:
                self._take_recorded(event, partition, arrived)
            else:
                self._take_dated(self._time.take([event]))
        self._take_dated(self._time.finish())
        self._take_dated((bulletin, None) for bulletin in self._dated)
        self._monitor.finish()

    def _take_recorded(self, event: Event, partition: int, arrived: int) -> None:
        """Take in what has a time of arrival. Bulletins wait for the tick by which a worker judges their date."""
        if isinstance(event, Bulletin) and event.area in self._election.areas:
            self._dated.append(event)
            return
        if isinstance(event, Tick):
            if check_tick(self._election, event, arrived) is None:
                waiting, self._dated = self._dated, []
                self._take_dated((bulletin, check_date(self._election, bulletin, event.at)) for bulletin in waiting)
                self._monitor.handle(event)
            return
        reason = check_date(self._election, event, arrived)
        self._take_dated([(event, reason or self._turned_away(event, partition, arrived))])

    def _take_dated(self, dated: Iterable[Dated[Event]]) -> None:
        for event, reason in dated:
            rejection = reason or self._monitor.handle(event).rejection
            if rejection is not None and isinstance(event, TallyReport | Bulletin):
                self._rejected.setdefault(table_of(event), []).append((event, rejection))

    def _turned_away(self, event: Event, partition: int, arrived: int) -> Rejection | None:
        """Why the reconciler of its partition let a reading not in, in a night that was recorded."""
        if not (isinstance(event, TallyReport) and partition < len(self._gates)):
            return None
        return self._gates[partition].apply(event, arrived)

    def table(self, id: str) -> dict[str, Any]:
        """One polling table: its verdict and why, each reading and what became of it. Raises `UnknownPlaceError`."""
        known = self._election.tables.get(id)
        if known is None:
            raise UnknownPlaceError(f"{id} is no polling table of the register: mend the id, or add it")
        ledger = self._monitor.reconciler.ledger(id)
        verdict = self._monitor.verdicts.get(id)
        policy, official = self._election.policy, None if ledger is None else ledger.official
        fates = [] if ledger is None else ledger.fates()
        announced, bounds = None, explain_bounds.of_ledger(self._election, ledger)
        if official is not None:
            figures = zip(self._election.columns, official.votes, strict=True)
            announced = {"bulletin": official.id, "votes": {c.id: votes for c, votes in figures if votes >= 0}}
        return {
            "table": id,
            "areas": [self._election.labels[area] for area in self._election.lineage[known.area]],
            "registered": known.registered,
            "level": (verdict.level if verdict else Level.NONE).value,
            "accepted": bool(verdict and verdict.accepted),
            "votes": self._votes(verdict.votes) if verdict and verdict.votes is not None else None,
            "agreeing": verdict.agreeing if verdict else 0,
            "readers": verdict.readers if verdict else 0,
            "why": "only bounds" if bounds and verdict and not verdict.readers else _why(verdict, policy.quorum),
            "policy": {
                "quorum": policy.quorum,
                "majority": policy.majority,
                "trusted_sources": sorted(policy.trusted_sources),
            },
            "readings": [
                {
                    "id": reading.id,
                    "at": to_second(reading.at),
                    "reporter": reading.reporter,
                    "group": reading.group,
                    "source": reading.source,
                    "bound": reading.bound or None,
                    "votes": self._votes(reading.votes) if reading.votes else None,
                    "ballots": reading.ballots if reading.bound == "at-most" and not reading.retracted else None,
                    "fate": fate.value,
                    "by": by,
                }
                for reading, fate, by in fates
            ],
            "bounds": bounds,
            "official": announced,
            "rejected": [
                {"id": event.id, "at": to_second(event.at), "code": why.code, "place": why.place, "cure": why.cure}
                for event, why in self._rejected.get(id, ())
            ],
        }

    def area(self, id: str) -> dict[str, Any]:
        """One area: both counts, the bounds, what the rules found, its alerts, what is disputed or differs. Raises
        `UnknownPlaceError`."""
        if id not in self._election.areas:
            raise UnknownPlaceError(f"{id} is no area of the election: mend the id, or add it")
        comparer, inside = self._monitor.comparer, self._inside(id)
        situation = comparer.situation(id)
        disputed = [t for t, v in self._monitor.verdicts.items() if v.level is Level.DISPUTED and inside(t)]
        differing = self.differing(id)
        outside = [table for table in comparer.outside() if inside(table)]
        alerts = [a for a in self._monitor.alerts.values() if a.finding.area == id]
        return {
            **comparer.state(id),
            "bulletins": [
                {**_version(b), "id": b.id, "replaced": [_version(r) for r in comparer.replaced(b)]}
                for b in situation.bulletins
            ],
            "findings": [finding.plain() for finding in comparer.findings(id)],
            "alerts": [
                {
                    "fingerprint": a.fingerprint,
                    "status": a.status,
                    "severity": a.severity,
                    "since": to_second(a.since),
                    "called": to_second(a.called_at) if a.called_at else None,
                    "worst": a.worst and {**a.worst.plain(), "at": to_second(a.worst.at)},
                }
                for a in sorted(alerts, key=lambda alert: alert.fingerprint)
            ],
            "disputed": {"count": len(disputed), "tables": sorted(disputed)[:MOST]},
            "differing": {"count": differing.count, "tables": [row.plain() for row in differing.rows[:MOST]]},
            "outside": {"count": len(outside), "tables": [self._outside(table) for table in outside[:MOST]]},
            "rejected": [
                {"id": event.id, "at": to_second(event.at), "code": why.code, "place": why.place, "cure": why.cure}
                for event, why in self._rejected.get(id, ())
            ],
        }

    def _outside(self, table: str) -> dict[str, Any]:
        """A polling table that is announced outside its own bounds."""
        ledger = self._monitor.reconciler.ledger(table)
        official = None if ledger is None else ledger.official
        figures = zip(self._election.columns, () if official is None else official.votes, strict=official is not None)
        bounds = explain_bounds.of_ledger(self._election, ledger)
        return {"table": table, "bounds": bounds, "official": {c.id: votes for c, votes in figures if votes >= 0}}

    def differing(self, id: str) -> Differing:
        """All polling tables of an area whose official figures are not their sheets', with both. Raises
        `UnknownPlaceError`."""
        if id not in self._election.areas:
            raise UnknownPlaceError(f"{id} is no area of the election: mend the id, or add it")
        inside, matching = self._inside(id), self._monitor.comparer.situation(id).witnessed.matching
        rows = [
            Row.of(self._election, table, official, verdict)
            for table, official, verdict in self._monitor.differing()
            if inside(table)
        ]
        return Differing(self._election, id, matching.compared, rows)

    def _inside(self, area: str) -> Any:
        return lambda table: area in self._election.lineage[self._election.tables[table].area]

    def _votes(self, votes: Iterable[int]) -> dict[str, int]:
        return {o.id: count for o, count in zip(self._election.options, votes, strict=False) if o.read}


def _why(verdict: Verdict | None, quorum: int) -> str:
    """Which rule of reconciling decided: a key of `explain_text.TEXT`."""
    if verdict is None or verdict.level is Level.NONE:
        return "nobody"
    if verdict.level is Level.DISPUTED:
        return "no-majority"
    if verdict.agreeing >= quorum:
        return "quorum"
    return "trusted" if verdict.accepted else "too-few"


def _version(bulletin: Bulletin) -> dict[str, Any]:
    """One version of a bulletin."""
    return {
        "at": to_second(bulletin.at),
        "sequence": bulletin.sequence,
        "status": bulletin.status,
        "votes": dict(bulletin.votes),
    }
