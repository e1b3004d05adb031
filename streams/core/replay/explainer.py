"""Why a polling table or an area stands as it does: which reports, which rule, which figures.

As JSON objects, with the parts of an area's state as structs; `report.explain_text` makes lines to read of them.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import asdict

from streams.core.comparison.lead_sentences import lead_sentences
from streams.core.comparison.sentences import LANGUAGES
from streams.core.election.model import Election
from streams.core.engine.channel_items import Item, Unreadable
from streams.core.events.codec import to_json
from streams.core.events.model import Bulletin, Rejection, TallyReport, Tick, table_of
from streams.core.reconciliation.consensus import Level, Verdict
from streams.core.replay import explain_bounds
from streams.core.replay.differing_tables import Differing, Row
from streams.core.replay.outcome import Outcome
from streams.core.replay.replay import Replay
from streams.errors import CotejoError
from streams.times import to_second

MOST: Final = 20
"""Polling tables that an area's explanation names at most, of each kind."""


class UnknownPlaceError(CotejoError):
    """There is no such polling table or area."""


def check_table(election: Election, id: str) -> None:
    """Raise `UnknownPlaceError` unless the register has this polling table."""
    if id not in election.tables:
        raise UnknownPlaceError(f"{id} is no polling table of the register: mend the id, or add it")


def check_area(election: Election, id: str) -> None:
    """Raise `UnknownPlaceError` unless the election has this area."""
    if id not in election.areas:
        raise UnknownPlaceError(f"{id} is no area of the election: mend the id, or add it")


class RejectedEvents:
    """An observer that keeps the events that were turned away, in order, by the polling table or area they speak of.

    `place` is the only one of which they are kept, where it is given. `tell` is told of what could not be read; if it
    names a polling table, it is kept too.
    """

    def __init__(self, place: str | None = None, tell: Callable[[Unreadable], None] = lambda item: None) -> None:
        self._place, self._tell = place, tell
        self._items: dict[str, list[tuple[TallyReport | Bulletin | Unreadable, Rejection]]] = {}

    def __call__(self, item: Item, rejection: Rejection) -> None:
        """Keep what was turned away."""
        if isinstance(item, Tick):
            return
        if isinstance(item, Unreadable):
            self._tell(item)
        about = rejection.table if isinstance(item, Unreadable) else table_of(item)
        if about and self._place in (None, about):
            self._items.setdefault(about, []).append((item, rejection))

    def plain(self, place: str) -> list[dict[str, Any]]:
        """Those of one polling table or area, as JSON objects."""
        return [
            {**_head(item), "code": why.code, "place": why.place, "cure": why.cure}
            for item, why in self._items.get(place, ())
        ]


class Explainer:
    """Answers questions about a night that was replayed to its end.

    It reads what the replay holds and decides nothing itself, so it cannot disagree with `cotejo replay`.
    """

    def __init__(self, election: Election, replay: Replay, outcome: Outcome, rejected: RejectedEvents) -> None:
        """`outcome` is what the replay's `finish` gave, `rejected` observed it from its beginning."""
        self._election, self._replay, self._outcome, self._rejected = election, replay, outcome, rejected

    def table(self, id: str) -> dict[str, Any]:
        """One polling table: its verdict and why, each reading and what became of it. Raises `UnknownPlaceError`."""
        check_table(self._election, id)
        entry = self._election.tables[id]
        ledger, verdict = self._replay.ledger(id), self._outcome.verdicts.get(id)
        policy, official = self._election.policy, None if ledger is None else ledger.official(self._election)
        fates = [] if ledger is None else ledger.fates()
        announced, bounds = None, explain_bounds.of_ledger(self._election, ledger)
        if official is not None:
            figures = zip(self._election.columns, official.votes, strict=True)
            announced = {"bulletin": official.id, "votes": {c.id: votes for c, votes in figures if votes >= 0}}
        return {
            "table": id,
            "areas": [self._election.labels[area] for area in self._election.lineage[entry.area]],
            "registered": entry.registered,
            "level": (verdict.level if verdict else Level.NONE).value,
            "accepted": bool(verdict and verdict.accepted),
            "votes": self._votes(verdict.votes) if verdict and verdict.votes is not None else None,
            "agreeing": verdict.agreeing if verdict else 0,
            "readers": verdict.readers if verdict else 0,
            "why": self._why(id, verdict, only_bounds=bool(bounds and verdict and not verdict.readers)),
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
            "rejected": self._rejected.plain(id),
        }

    def area(self, id: str) -> dict[str, Any]:
        """One area: both counts, the bounds, what the rules found, its alerts, what is disputed or differs. Raises
        `UnknownPlaceError`."""
        check_area(self._election, id)
        comparer, inside = self._replay.comparer, self._inside(id)
        situation, verdicts = comparer.situation(id), self._outcome.verdicts
        tables = [table for table in verdicts if inside(table)]
        judged = zip(tables, verdicts.several(tables), strict=True)
        disputed = [table for table, verdict in judged if verdict.level is Level.DISPUTED]
        differing = self.differing(id)
        outside = [table for table in comparer.view.outside() if inside(table)]
        turned_away = [table for table in comparer.view.turned_away() if inside(table)]
        alerts = [a for a in self._outcome.alerts.values() if a.finding.area == id]
        state = comparer.state(id)
        return {
            **{name: value for name, value in asdict(state).items() if value is not UNSET},
            "name": self._election.areas[id].name,
            "lead_sentences": {
                language: list(lead_sentences(self._election, state, language)) for language in LANGUAGES
            },
            "bulletins": [
                {**_version(b), "id": b.id, "replaced": [_version(r) for r in comparer.replaced(b)]}
                for b in situation.bulletins
            ],
            "findings": [to_json(finding) for finding in comparer.findings(id)],
            "alerts": [
                {
                    "fingerprint": a.fingerprint,
                    "status": a.status,
                    "severity": a.severity,
                    "since": to_second(a.since),
                    "called": None if a.called_at is None else to_second(a.called_at),
                    "worst": a.worst and {**to_json(a.worst), "at": to_second(a.worst.at)},
                }
                for a in sorted(alerts, key=lambda alert: alert.fingerprint)
            ],
            "disputed": {"count": len(disputed), "tables": sorted(disputed)[:MOST]},
            "turned_away": {"count": len(turned_away), "tables": turned_away[:MOST]},
            "differing": {"count": differing.count, "tables": [row.plain() for row in differing.rows[:MOST]]},
            "outside": {"count": len(outside), "tables": [self._outside(table) for table in outside[:MOST]]},
            "rejected": self._rejected.plain(id),
        }

    def _why(self, table: str, verdict: Verdict | None, *, only_bounds: bool) -> str:
        """Which rule of reconciling decided: a key of `report.terminal_phrases.EXPLAIN`."""
        if only_bounds:
            return "only bounds"
        why = reason_of(verdict, self._election.policy.quorum)
        return "only turned away" if why == "nobody" and table in self._replay.comparer.view.turned_away() else why

    def _outside(self, table: str) -> dict[str, Any]:
        """A polling table that is announced outside its own bounds."""
        ledger = self._replay.ledger(table)
        official = None if ledger is None else ledger.official(self._election)
        figures = zip(self._election.columns, () if official is None else official.votes, strict=official is not None)
        bounds = explain_bounds.of_ledger(self._election, ledger)
        return {"table": table, "bounds": bounds, "official": {c.id: votes for c, votes in figures if votes >= 0}}

    def differing(self, id: str) -> Differing:
        """All polling tables of an area whose official figures are not their sheets', with both. Raises
        `UnknownPlaceError`."""
        check_area(self._election, id)
        comparer, inside, rows = self._replay.comparer, self._inside(id), list[Row]()
        for table in filter(inside, comparer.view.differing()):
            ledger = self._replay.ledger(table)
            if ledger is not None and (official := ledger.official(self._election)) is not None:
                rows.append(Row.of(self._election, table, official, ledger.verdict(self._election.policy)))
        return Differing(self._election, id, comparer.situation(id).witnessed.matching.compared, rows)

    def _inside(self, area: str) -> Callable[[str], bool]:
        return lambda table: area in self._election.lineage[self._election.tables[table].area]

    def _votes(self, votes: Iterable[int]) -> dict[str, int]:
        return {o.id: count for o, count in zip(self._election.options, votes, strict=False) if o.read}


def _head(item: TallyReport | Bulletin | Unreadable) -> dict[str, Any]:
    """Which item it was: by its id and time, or by where it stood."""
    if isinstance(item, Unreadable):
        return {"id": None, "at": None, "message": item.place}
    return {"id": item.id, "at": to_second(item.at)}


def reason_of(verdict: Verdict | None, quorum: int) -> str:
    """Which rule of reconciling decided, by the verdict alone."""
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
