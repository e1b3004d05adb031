"""The rows of polling tables (`sheet_rows`) from what their ledgers say, or from what one look told."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.election.settings import Policy
from streams.core.events.signatures import precedence
from streams.core.reconciliation.consensus import Level, judged, leading, weight
from streams.core.reconciliation.ledger_store import LedgerStore, unpack_reading
from streams.core.reconciliation.report_columns import FEW
from streams.core.reconciliation.sheet_rows import CODES, CONFLICT, HOLD, READ
from streams.core.reconciliation.table_bounds import table_bounds
from streams.core.reconciliation.verdict_cache import MOST, EvaluatedSheet, UpdatedVerdicts, VerdictCache

_AT_ONCE: Final = 1_000
"""Sheets of which all readings are looked at together: unpacked, they take ten times the memory."""


class RowBuilder:
    """The rows of one partition's polling tables."""

    def __init__(self, election: Election, store: LedgerStore, verdicts: VerdictCache) -> None:
        self._policy, self._store, self._verdicts = election.policy, store, verdicts
        self._precedence = precedence(election)
        self._no_votes, self._no_figures = (0,) * len(election.options), (0,) * len(election.columns)
        self._weights = np.array([_weigh(readers, election.policy) for readers in range(MOST + 1)])
        self._disputed = (CODES[Level.DISPUTED], False, 0, *self._no_votes)

    def fill(self, rows: Numbers, told: UpdatedVerdicts) -> None:
        """Fill in what was told of these sheets, all but how many readings they have. Of an only reader the row is its
        own, and stays as it is."""
        several = told.certain & (told.readers > 1)
        disputed = told.behind <= self._policy.majority * told.readers
        rows[several & disputed, 1:] = self._disputed
        led = several & ~disputed
        rows[led, 1 : READ - 1] = self._weights.take(told.behind[led], axis=0)
        rows[led, READ - 1 :] = told.said[led]

    def read(self, tables: Sequence[int]) -> Numbers:
        """From all readings of these polling tables, of which more is known then."""
        rows = []
        for first in range(0, len(tables), _AT_ONCE):
            part = tables[first : first + _AT_ONCE]
            sheets = [self._looked(table) for table in part]
            rows.append(np.array([self._row(sheet) for sheet in sheets], np.int64))
            if len(part) >= FEW:
                self._verdicts.refresh(part, sheets)
        return np.concatenate(rows)

    def announced(self, tables: Sequence[int]) -> Numbers:
        """From all official figures of these polling tables."""
        return np.array([self._announced_row(table) for table in tables], np.int64)

    def bounds(self, tables: Sequence[int]) -> Numbers:
        """From all readings of these polling tables, what bounds them."""
        return np.array([self._bounds_row(table) for table in tables], np.int64)

    def _bounds_row(self, table: int) -> tuple[int, ...]:
        readings = [*map(unpack_reading, self._store.readings.of(table))]
        bounds = table_bounds(readings, len(self._no_votes), self._policy)
        if not bounds.are_known:
            return (len(readings), 0, -1, *self._no_votes)
        if not bounds.are_possible:
            return (len(readings), CONFLICT, -1, *self._no_votes)
        return (len(readings), HOLD, -1 if bounds.at_most is None else bounds.at_most, *bounds.at_least)

    def _looked(self, table: int) -> EvaluatedSheet:
        readings = list(map(unpack_reading, self._store.readings.of(table)))
        return EvaluatedSheet(readings, *leading(readings))

    def _row(self, sheet: EvaluatedSheet) -> tuple[int, ...]:
        verdict = judged(sheet.leading, sheet.readers, self._policy)
        votes = verdict.votes if verdict.votes is not None else self._no_votes
        level = CODES[verdict.level] if any(not r.bound for r in sheet.readings) else 0
        return (len(sheet.readings), level, verdict.accepted, verdict.null, *votes)

    def _announced_row(self, table: int) -> tuple[int, ...]:
        official, count = self._store.official(table, self._precedence), len(self._store.announced.of(table))
        return (count, 0, *self._no_figures) if official is None else (count, 1, *official.votes)


def _weigh(readers: int, policy: Policy) -> tuple[int, bool]:
    """The level, as a code, and whether a sheet is accepted where so many readers agree, of any source."""
    level, accepted = weight(readers, readers, "", policy)
    return CODES[level], accepted
