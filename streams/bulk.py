"""Many reports, or bulletins for polling tables, at once: their fields as columns, checked and packed column by column.

One by one (`admission`, `ledger.reading_of`) the same takes three times as long. Whatever is not plain is left to that.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import astuple

from streams.election import Election, Votes
from streams.events import Bulletin, TallyReport
from streams.layout import Numbers
from streams.shelf import pack


class Readings(NamedTuple):
    """Admitted readings."""

    tables: list[int]
    entries: list[bytes]
    """As they stand in the ledgers."""
    groups: Sequence[str]
    trusted: list[bool]
    sheets: Numbers
    """Null votes, then votes by option."""


class Announcements(NamedTuple):
    """Official figures of polling tables."""

    tables: list[int]
    entries: list[bytes]
    """As they stand in the ledgers."""
    figures: Numbers
    """By column; -1 for none."""


class Bulk:
    """Columns of what an election admits without a second look."""

    def __init__(self, election: Election) -> None:
        names = [option.id for option in election.options]
        self._pick: Callable[[Mapping[str, int]], Votes] = (
            itemgetter(*names) if len(names) > 1 else lambda votes: (votes[names[0]],)
        )
        self._options, self._no_groups = {len(names)}, (-1,) * len(election.groups)
        self._table = election.layout.table
        self._areas = election.areas.keys() & election.tables.keys()
        policy, known = election.policy, election.layout
        self._trusted = policy.trusted_sources
        self._open = not election.reporters and policy.unsigned == "accept" and not policy.group_rate
        named = {id for id, known in election.authorities.items() if not known.areas and known.public_key is None}
        self._authorities = named if election.authorities else None
        most = (known.registered * policy.max_turnout).astype(np.int64)
        self._most = np.where(known.knows_register, most, policy.max_ballots)

    def readings(self, reports: Sequence[TallyReport]) -> tuple[Readings, set[int]] | None:
        """What these reports say, and the places of those that are not certainly admitted; None if any of them is a
        retraction or says more than votes, or the election asks who they are from."""
        if not self._open:
            return None
        fields = _columns(TallyReport, reports)
        figures = self._votes(fields["votes"])
        if figures is None or True in fields["retracted"] or not _unsaid(fields["registered"], fields["ballots"]):
            return None
        tables = [self._table.get(table, -1) for table in fields["table"]]
        nulls = [null or 0 for null in fields["null"]]
        groups = [group or reporter for group, reporter in zip(fields["group"], fields["reporter"], strict=True)]
        names = [fields[name] for name in ("at", "id", "reporter")]
        replaced = [other or "" for other in fields["supersedes"]]
        rows = zip(*names, groups, fields["source"], figures, nulls, repeat(False), replaced, strict=False)
        sheets = np.column_stack([np.array(nulls), np.array(figures)])
        blanks = np.array([blank or 0 for blank in fields["blank"]])
        at = np.array(tables)
        doubtful = set(np.flatnonzero((at < 0) | (sheets.sum(axis=1) + blanks > self._most[at])).tolist())
        trusted = [source in self._trusted for source in fields["source"]]
        return Readings(tables, list(map(pack, rows)), groups, trusted, sheets), doubtful

    def announcements(self, bulletins: Sequence[Bulletin]) -> tuple[Announcements, set[int]] | None:
        """What these bulletins say of polling tables, and the places of those that may not be admitted; None if any of
        them says more than votes, or is of an authority of which more is asked than its name."""
        fields = _columns(Bulletin, bulletins)
        votes = self._votes(fields["votes"])
        known = self._authorities is None or self._authorities.issuperset(fields["authority"])
        if votes is None or not known or any(fields["announced_shares"]):
            return None
        figures = [given + self._no_groups for given in votes]
        tables = [self._table.get(area, -1) for area in fields["area"]]
        replaced = [other or "" for other in fields["supersedes"]]
        rows = zip(fields["sequence"], fields["at"], fields["id"], replaced, figures, strict=True)
        doubtful = {i for i, table in enumerate(tables) if table < 0 or fields["area"][i] in self._areas}
        return Announcements(tables, list(map(pack, rows)), np.array(figures)), doubtful

    def _votes(self, given: Sequence[Mapping[str, int]]) -> list[Votes] | None:
        """The votes by option; None unless each names every option and nothing else."""
        try:
            return [self._pick(votes) for votes in given] if set(map(len, given)) == self._options else None
        except KeyError:
            return None


def _columns(kind: type[TallyReport | Bulletin], events: Sequence[Any]) -> dict[str, Sequence[Any]]:
    return dict(zip(kind.__struct_fields__, zip(*map(astuple, events), strict=True), strict=True))


def _unsaid(*columns: Sequence[Any]) -> bool:
    """Whether nobody says anything there."""
    return all(column.count(None) == len(column) for column in columns)
