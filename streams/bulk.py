"""Many reports, or bulletins for polling tables, at once: their fields as columns, checked and packed column by column.

One by one (`admission`, `ledger.reading_of`) the same takes three times as long. Whatever is not plain is left to that.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec.structs import astuple

from streams.election import Election, Votes
from streams.events import Bulletin, Event, TallyReport
from streams.layout import Numbers
from streams.ledger import Level
from streams.sheets import ANNOUNCED, READ
from streams.shelf import pack

FEW: Final = 6
"""Fewer events are not worth any columns."""

CODES: Final = {level: 1 + i for i, level in enumerate(Level)}
"""Levels in the rows of sheets."""


class Readings(NamedTuple):
    """Readings, field by field."""

    tables: list[int]
    entries: list[bytes]
    """As they stand in the ledgers."""
    groups: Sequence[str]
    trusted: list[bool]
    rows: Numbers
    """The rows of sheets that are read by nobody else (`streams.sheets`)."""
    doubtful: set[int]
    """The places here of those that are not certainly admitted."""


class Announcements(NamedTuple):
    """Official figures of polling tables, field by field."""

    tables: list[int]
    entries: list[bytes]
    """As they stand in the ledgers."""
    rows: Numbers
    """The rows of polling tables for which nothing else was announced."""
    doubtful: set[int]


class Prepared(NamedTuple):
    """Events, and what most of them say, field by field: worked out without a look at any ledger, so that it can be for
    many, of which some are taken in before others."""

    events: Sequence[Event]
    single: Sequence[int]
    """The places of those that must be looked at one by one."""
    readings: Readings | None = None
    read: Sequence[int] = ()
    """The places among the events of the readings,"""
    announcements: Announcements | None = None
    announced: Sequence[int] = ()
    """and of the official figures."""


class Bulk:
    """Columns of what an election admits without a second look."""

    def __init__(self, election: Election) -> None:
        names = [option.id for option in election.options]
        self._pick: Callable[[Mapping[str, int]], Votes] = (
            itemgetter(*names) if len(names) > 1 else lambda votes: (votes[names[0]],)
        )
        self._names, self._options = set(names), len(names)
        self._no_groups = (-1,) * len(election.groups)
        self._table = election.layout.table
        self._areas = election.areas.keys() & election.tables.keys()
        policy, known = election.policy, election.layout
        self._trusted = policy.trusted_sources
        self._quorum = policy.quorum
        self._open = not election.reporters and policy.unsigned == "accept" and not policy.group_rate
        named = {id for id, known in election.authorities.items() if not known.areas and known.public_key is None}
        self._authorities = named if election.authorities else None
        most = (known.registered * policy.max_turnout).astype(np.int64)
        self._most = np.where(known.knows_register, most, policy.max_ballots)

    def prepare(self, events: Sequence[Event]) -> Prepared:
        """Work out what can be of these events, whatever they are."""
        reports = [i for i, event in enumerate(events) if type(event) is TallyReport]
        others = [] if len(reports) == len(events) else [i for i, event in enumerate(events) if type(event) is Bulletin]
        readings, read = self._readings(events, reports)
        announcements, announced = self._announcements(events, others)
        single = sorted(set(range(len(events))).difference(read, announced)) if len(read) < len(events) else []
        return Prepared(events, single, readings, read, announcements, announced)

    def _readings(self, events: Sequence[Event], places: list[int]) -> tuple[Readings | None, Sequence[int]]:
        """The columns of these reports; if any is a retraction or says more than votes, of the others. None where the
        election asks who they are from."""
        if not self._open or len(places) < FEW:
            return None, ()
        fields = _columns(TallyReport, [events[i] for i in places])
        figures = self._votes(fields["votes"])
        if figures is None or True in fields["retracted"] or not _unsaid(fields["registered"], fields["ballots"]):
            plain = [i for i in places if self._is_plain_report(events[i])]
            return self._readings(events, plain) if len(plain) < len(places) else (None, ())
        tables = list(map(self._table.get, fields["table"], repeat(-1)))
        nulls = [null or 0 for null in fields["null"]]
        groups = [group or reporter for group, reporter in zip(fields["group"], fields["reporter"], strict=True)]
        names = [fields[name] for name in ("at", "id", "reporter")]
        replaced = [other or "" for other in fields["supersedes"]]
        packed = zip(*names, groups, fields["source"], figures, nulls, repeat(False), replaced, strict=False)
        trusted = [source in self._trusted for source in fields["source"]]
        rows = self.rows_of_readings(trusted, nulls, figures)
        blanks = np.array([blank or 0 for blank in fields["blank"]])
        at = np.array(tables)
        beyond = rows[:, READ - 1 :].sum(axis=1) + blanks > self._most[at]
        doubtful = set(np.flatnonzero((at < 0) | beyond).tolist())
        return Readings(tables, list(map(pack, packed)), groups, trusted, rows, doubtful), places

    def rows_of_readings(self, trusted: Sequence[bool], nulls: Sequence[int], figures: Sequence[Votes]) -> Numbers:
        """The rows that readings make by themselves."""
        rows = np.empty((len(figures), READ + self._options), np.int64)
        rows[:, 0] = 1
        rows[:, 1] = CODES[Level.REPORTED]
        rows[:, 2] = True if self._quorum <= 1 else trusted
        rows[:, 3] = nulls
        rows[:, READ:] = figures
        return rows

    def _announcements(self, events: Sequence[Event], places: list[int]) -> tuple[Announcements | None, Sequence[int]]:
        """The same of bulletins for polling tables, but for those that say more than votes or are of an authority of
        which more is asked than its name."""
        if len(places) < FEW:
            return None, ()
        fields = _columns(Bulletin, [events[i] for i in places])
        votes = self._votes(fields["votes"])
        known = self._authorities is None or self._authorities.issuperset(fields["authority"])
        if votes is None or not known or any(fields["announced_shares"]):
            plain = [i for i in places if self._is_plain_bulletin(events[i])]
            return self._announcements(events, plain) if len(plain) < len(places) else (None, ())
        figures = [given + self._no_groups for given in votes] if self._no_groups else votes
        tables = list(map(self._table.get, fields["area"], repeat(-1)))
        replaced = [other or "" for other in fields["supersedes"]]
        packed = zip(fields["sequence"], fields["at"], fields["id"], replaced, figures, strict=True)
        doubtful = {i for i, table in enumerate(tables) if table < 0 or fields["area"][i] in self._areas}
        rows = rows_of_announcements(figures)
        return Announcements(tables, list(map(pack, packed)), rows, doubtful), places

    def _is_plain_report(self, event: Any) -> bool:
        unsaid = event.registered is None and event.ballots is None
        return unsaid and not event.retracted and event.votes.keys() == self._names

    def _is_plain_bulletin(self, event: Any) -> bool:
        known = self._authorities is None or event.authority in self._authorities
        return known and not event.announced_shares and event.votes.keys() == self._names

    def _votes(self, given: Sequence[Mapping[str, int]]) -> list[Votes] | None:
        """The votes by option; None unless each names every option and nothing else."""
        try:
            return [self._pick(votes) for votes in given] if set(map(len, given)) == {self._options} else None
        except KeyError:
            return None


def rows_of_announcements(figures: Sequence[Votes]) -> Numbers:
    """The rows that official figures make by themselves; at least one."""
    given = np.array(figures, np.int64)
    return np.column_stack([np.ones((len(given), ANNOUNCED), np.int64), given])


def _columns(kind: type[TallyReport | Bulletin], events: Sequence[Any]) -> dict[str, Sequence[Any]]:
    return dict(zip(kind.__struct_fields__, zip(*map(astuple, events), strict=True), strict=True))


def _unsaid(*columns: Sequence[Any]) -> bool:
    """Whether nobody says anything there."""
    return all(column.count(None) == len(column) for column in columns)
