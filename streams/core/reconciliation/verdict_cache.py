"""Cached verdict summaries: the effect of one more reading of a sheet, without unpacking its ledger.

Nearly every further reading agrees with most readers, disagrees and cannot prevail, or repeats the only reader's. A few
figures for each polling table are enough to know this (docs/adr/0011). They are kept in an array and updated for
hundreds of readings at a time, in a tenth of the time of `consensus.verdict_of`. Where a summary is not certain, it is
invalidated, and refreshed from all readings later.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Final, NamedTuple

import numpy as np

from streams.core.election.numbering import Flags, Numbers
from streams.core.reconciliation.reading import Reading
from streams.core.reconciliation.reporters import InternedNames, NameTable
from streams.core.reconciliation.table_rows import TablePlaces, TableRows

BEHIND, READERS, READER, AT, MARKS, SAID = 0, 1, 2, 3, 4, 6
"""The columns of a summary: how many readers stand behind the leading figures; how many there are, `_UNKNOWN` where the
summary is not valid; the number of the only one, 0 where there are others or it has none; the time of its newest
reading, which is nothing where there are others; the Bloom masks of all reporters and of all groups (`reporters`); the
leading figures, null votes first."""

_UNKNOWN: Final = 0
MOST: Final = 254
"""Readers of a sheet; the effect of another one that joins as many is not certain."""


class UpdatedVerdicts(NamedTuple):
    """What further readings make of their sheets, one row each. Where it is not `certain`, the rest means nothing."""

    certain: Flags
    behind: Numbers
    """How many readers stand behind the leading figures."""
    readers: Numbers
    """How many there are."""
    said: Numbers
    """The leading figures, null votes first."""


class Support(NamedTuple):
    """How many readers of some sheets agree and lead, and of how many. Where it is not `certain`, only a look at all
    readings of a sheet tells."""

    certain: Flags
    agreeing: Numbers
    readers: Numbers


class EvaluatedSheet(NamedTuple):
    """A sheet of which all readings were looked at: these, those of them that lead, and how many readers stand."""

    readings: Sequence[Reading]
    leading: Sequence[Reading]
    readers: int


def looks_at(
    at: Sequence[int], reporters: InternedNames, groups: InternedNames, replaced: Sequence[str], said: Numbers
) -> Numbers:
    """The summary of each reading's sheet if nobody else has read it: shape (readings, columns). `at` are Unix ms;
    `replaced` the ids of the readings that they take back, or empty; `said` the figures, null votes first."""
    looks = np.empty((len(at), SAID + said.shape[1]), np.int64)
    looks[:, BEHIND] = looks[:, READERS] = [not other for other in replaced] if any(replaced) else 1
    looks[:, READER] = reporters.numbers
    looks[:, AT] = np.fromiter(at, np.int64, len(at))
    looks[:, MARKS] = reporters.bits
    looks[:, MARKS + 1] = groups.bits
    looks[:, SAID:] = said
    return looks


class VerdictCache:
    """Verdict summaries of all sheets, by the numbers of their polling tables. Every reading must pass through it.

    A valid summary means that at least half of the readers stand behind the leading figures, with the same null votes.
    So no other figures have more readers."""

    def __init__(self, places: TablePlaces, options: int, names: NameTable) -> None:
        self._names = names
        self._state = TableRows(places, SAID + 1 + options)  # a sheet's stand side by side, in a cache line

    def begin(self, tables: Numbers, new: Numbers) -> None:
        """Set the summaries of different polling tables by their first readings."""
        self._state.put(tables, new)

    def join(self, tables: Numbers, new: Numbers) -> UpdatedVerdicts:
        """Add one further reading to each of different polling tables. Call `invalidate` for those whose effect is not
        certain."""
        now = self._state.take(tables)
        behind, readers, names = now[:, BEHIND], now[:, READERS], slice(MARKS, SAID)
        usual = (readers != _UNKNOWN) & (new[:, READERS] != _UNKNOWN)
        again = usual & (now[:, READER] == new[:, READER]) & (new[:, READER] != 0) & (now[:, AT] < new[:, AT])
        other = usual & (readers < MOST) & (now[:, names] & new[:, names] != new[:, names]).all(axis=1)
        alike = (now[:, SAID + 1 :] == new[:, SAID + 1 :]).all(axis=1)
        other &= ~alike | (now[:, SAID] == new[:, SAID])
        behind += other & alike
        readers += other
        other &= 2 * behind >= readers
        now[other, READER] = 0
        now[again, SAID:] = new[again, SAID:]
        now[:, AT] = new[:, AT]
        now[:, names] |= new[:, names]
        certain = again | other
        self._state.put(tables[certain], now[certain])
        return UpdatedVerdicts(certain, behind, readers, now[:, SAID:])

    def is_again(self, table: int, new: Numbers) -> bool:
        """Whether a reading is certainly a newer one by the only reader of its sheet; then the summary takes it in."""
        now = self._state.row(table)
        if not (now[READERS] and new[READERS] and now[READER] == new[READER] != 0 and now[AT] < new[AT]):
            return False
        now[MARKS:SAID] |= new[MARKS:SAID]
        now[AT], now[SAID:] = new[AT], new[SAID:]
        return True

    def invalidate(self, tables: Sequence[int]) -> None:
        """Mark the summaries of these polling tables as not known: readings have joined that `join` did not settle."""
        self._state.fill(np.array(tables), READERS, _UNKNOWN)

    def support(self, tables: Numbers) -> Support:
        """What is known of these polling tables' sheets."""
        readers = self._state.column(tables, READERS)
        return Support(readers != _UNKNOWN, self._state.column(tables, BEHIND), readers)

    def refresh(self, tables: Sequence[int], sheets: Sequence[EvaluatedSheet]) -> None:
        """Summarize these polling tables anew, each from all of its readings."""
        every = chain.from_iterable(sheet.readings for sheet in sheets)
        at, _, reporters, groups, _, _, _, _, replaced, *_ = zip(*every, strict=True)
        intern, none = self._names.intern, np.empty((len(at), 0), np.int64)
        looks = looks_at(at, intern(reporters), intern(groups), replaced, none)
        first = np.cumsum([0, *(len(sheet.readings) for sheet in sheets[:-1])])
        least, most = np.minimum.reduceat(looks, first), np.maximum.reduceat(looks, first)
        one = (least[:, READER] == most[:, READER]) & (least[:, READERS] != _UNKNOWN)
        state = np.empty((len(tables), self._state.width), np.int64)
        state[:, BEHIND] = [len(sheet.leading) for sheet in sheets]
        state[:, READERS] = [sheet.readers if _is_certain(sheet) else _UNKNOWN for sheet in sheets]
        state[:, READER] = most[:, READER] * one
        state[:, AT] = most[:, AT]
        state[:, MARKS:SAID] = np.bitwise_or.reduceat(looks[:, MARKS:], first)
        nothing = (0,) * (state.shape[1] - SAID)
        state[:, SAID:] = [(s.leading[0].null, *s.leading[0].votes) if s.leading else nothing for s in sheets]
        self._state.put(np.array(tables), state)


def _is_certain(sheet: EvaluatedSheet) -> bool:
    """Whether no other figures can have more readers than the leading ones."""
    return 2 * len(sheet.leading) >= sheet.readers and len({reading.null for reading in sheet.leading}) == 1
