"""Rows of what a night came to: the election itself, verdicts, fates, differing polling tables, alerts, notices."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from streams.core.comparison.findings import Finding
from streams.core.election.model import Election, Group, Severity, Votes
from streams.core.events.codec import encode
from streams.core.reconciliation.consensus import Level, Verdict
from streams.core.replay import explain_bounds
from streams.core.replay.differing_tables import Row as DifferingRow
from streams.core.replay.explainer import reason_of
from streams.core.replay.outcome import Outcome
from streams.core.replay.replay import Replay
from streams.nights.exports.event_rows import bulletin_key, reading_key
from streams.nights.exports.row_files import Row, Scratch
from streams.nights.exports.table import suffixes

READING_FATES: Final = "reading_fates"
BULLETIN_FATES: Final = "bulletin_fates"
"""What became of readings and bulletins, by their keys (`event_rows`); `database` joins them."""
_STRETCH: Final = 500
"""Verdicts that are made at once."""


class FinalRows:
    """Makes rows of a night that was replayed to its end."""

    def __init__(self, election: Election, replay: Replay, outcome: Outcome) -> None:
        self._election, self._replay, self._outcome = election, replay, outcome
        self._votes = [f"votes_{end}" for end in suffixes(option.id for option in election.options).values()]

    def write(self, scratch: Scratch) -> None:
        """Write the rows of every table that was asked for."""
        scratch.add_all("options", self._options())
        scratch.add_all("areas", self._areas())
        scratch.add_all("polling_tables", self._polling_tables())
        scratch.add_all("verdicts", self._verdicts())
        scratch.add_all("differing_tables", self._differing())
        scratch.add_all("alerts", self._alerts())
        scratch.add_all("notices", self._notices())
        scratch.add_all(READING_FATES, self._reading_fates())
        scratch.add_all(BULLETIN_FATES, self._bulletin_fates())

    def _options(self) -> Iterator[Row]:
        ends, read = suffixes(c.id for c in self._election.columns), self._election.read_columns
        for position, column in enumerate(self._election.columns, 1):
            group = isinstance(column, Group)
            yield {
                "position": position,
                "figure_id": column.id,
                "name": column.name,
                "kind": "group" if group else "option",
                "read": column.id in read,
                "members": list(column.options) if isinstance(column, Group) else None,
                "suffix": ends[column.id],
            }

    def _areas(self) -> Iterator[Row]:
        for id, area in self._election.areas.items():
            yield {
                "area_id": id,
                "name": self._election.labels[id],
                "level": area.level,
                "parent_id": area.parent,
                "tables": area.tables,
                "registered": area.registered,
            }

    def _polling_tables(self) -> Iterator[Row]:
        for id, table in self._election.tables.items():
            yield {"table_id": id, "area_id": table.area, "registered": table.registered}

    def _verdicts(self) -> Iterator[Row]:
        verdicts, quorum = self._outcome.verdicts, self._election.policy.quorum
        tables = iter(sorted(verdicts))
        while some := list(islice(tables, _STRETCH)):
            for table, verdict in zip(some, verdicts.several(some), strict=True):
                reason = reason_of(verdict, quorum)
                if verdict.level is Level.NONE and self._has_bounds(table):
                    reason = "only-bounds"
                yield {
                    "table_id": table,
                    "area_id": self._election.tables[table].area,
                    "level": verdict.level.value,
                    "accepted": verdict.accepted,
                    "reason": reason,
                    "agreeing": verdict.agreeing,
                    "readers": verdict.readers,
                    **self._figures(verdict),
                }

    def _has_bounds(self, table: str) -> bool:
        return explain_bounds.of_ledger(self._election, self._replay.ledger(table)) is not None

    def _figures(self, verdict: Verdict) -> dict[str, Any]:
        """The votes of a reading that leads; none where readings have no majority, or none stands."""
        votes: Votes | None = None if verdict.level is Level.NONE else verdict.votes
        if votes is None:
            return {}
        figures = zip(self._votes, self._election.options, votes, strict=True)
        return {"null_votes": verdict.null, **{name: count for name, option, count in figures if option.read}}

    def _differing(self) -> Iterator[Row]:
        for table in self._replay.comparer.view.differing():
            ledger = self._replay.ledger(table)
            if ledger is None or (official := ledger.official(self._election)) is None:
                continue
            differing = DifferingRow.of(self._election, table, official, ledger.verdict(self._election.policy))
            for figure, difference in differing.difference.items():
                yield {
                    "table_id": table,
                    "area_id": differing.area,
                    "bulletin_id": differing.bulletin,
                    "figure_id": figure,
                    "sheet_votes": differing.sheet[figure],
                    "official_votes": differing.official[figure],
                    "difference": difference,
                }

    def _alerts(self) -> Iterator[Row]:
        for fingerprint, alert in sorted(self._outcome.alerts.items()):
            worst = alert.worst
            yield {
                "fingerprint": fingerprint,
                "status": alert.status,
                "since": alert.since,
                "called_at": alert.called_at,
                "episode": alert.episode,
                **_finding(alert.finding, alert.severity),
                "worst_at": worst and worst.at,
                "worst_severity": worst and worst.severity,
                "worst_value": worst and worst.finding.value,
            }

    def _notices(self) -> Iterator[Row]:
        for number, notice in enumerate(self._outcome.notices, 1):
            yield {
                "number": number,
                "notice_id": notice.id,
                "fingerprint": notice.fingerprint,
                "status": notice.status,
                "reason": notice.reason,
                "told_at": notice.at,
                "since": notice.since,
                "muted_by": notice.muted_by,
                **_finding(notice.finding, notice.severity),
            }

    def _reading_fates(self) -> Iterator[Row]:
        for table in self._outcome.verdicts:
            ledger = self._replay.ledger(table)
            for reading, fate, by in () if ledger is None else ledger.fates():
                yield {"key": reading_key(table, reading), "fate": fate.value, "decided_by": by}

    def _bulletin_fates(self) -> Iterator[Row]:
        comparer = self._replay.comparer
        for bulletin in comparer.bulletins:
            key = bulletin_key(bulletin.area, bulletin.id, bulletin.authority, bulletin.sequence, bulletin.at)
            yield {"key": key, "fate": _fate(bulletin == comparer.bulletin(bulletin.area))}
        for table in self._outcome.verdicts:
            ledger = self._replay.ledger(table)
            official = None if ledger is None else ledger.official(self._election)
            for said in () if ledger is None else ledger.announced:
                key = bulletin_key(table, said.id, said.authority, said.sequence, said.at)
                yield {"key": key, "fate": _fate(said == official)}


def _fate(current: bool) -> str:
    return "current" if current else "earlier"


def _finding(finding: Finding, severity: Severity) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "class": finding.rule_class,
        "area_id": finding.area,
        "figure_id": finding.column,
        "severity": severity,
        "value": finding.value,
        "unit": finding.unit,
        "bulletin_id": finding.bulletin,
        "sentence_en": finding.sentence["en"],
        "sentence_es": finding.sentence["es"],
        "inputs": encode(dict(finding.inputs)).decode(),
    }
