"""Many reports, or bulletins for polling tables, at once: their fields as columns, checked and packed column by column.

One by one (`admission`, `reading_of`) the same takes three times as long. Whatever is not plain is left to that.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, Final

import numpy as np
from msgspec import Struct
from msgspec.structs import astuple

from streams.core.election.model import Election, Votes
from streams.core.election.numbering import NO_TABLE, Flags, Numbers
from streams.core.events.admission import too_many_ballots
from streams.core.events.model import Bulletin, Event, Rejection, TallyReport
from streams.core.events.quick_decoder import UsualBulletin, UsualReport, as_read, asks_who
from streams.core.reconciliation.consensus import Level
from streams.core.reconciliation.ledger_store import pack
from streams.core.reconciliation.report_batch import Announcements, Prepared, Readings
from streams.core.reconciliation.reporters import InternedNames, NameTable
from streams.core.reconciliation.sheet_rows import ANNOUNCED, CODES, READ
from streams.core.reconciliation.verdict_cache import looks_at

FEW: Final = 6
"""Fewer events are not worth any columns."""

_FIGURES: Final = "votes", "null", "blank", "ballots"
_UNSAID: Final = "registered", "bound"
"""What a report that is only figures of a sheet does not say."""

_OF_REPORTS: Final = frozenset(
    ("at", "id", "reporter", "group", "source", "table", *_FIGURES, "supersedes", *_UNSAID, "retracted")
)
_OF_BULLETINS: Final = frozenset(
    ("sequence", "at", "id", "area", "authority", "votes", "supersedes", "announced_shares")
)
"""The fields that become columns. Most others stand behind them, and are left out."""

_NOTHING: Final = type(None)

_NOBODY: Final = ""


class ColumnReader:
    """Reads many events into columns, but for those that an election admits only after a closer look."""

    def __init__(self, election: Election, names: NameTable) -> None:
        options = [option.id for option in election.options]
        self._pick: Callable[[Mapping[str, int]], Votes] = (
            itemgetter(*options) if len(options) > 1 else lambda votes: (votes[options[0]],)
        )
        self._option_ids, self._options = set(options), len(options)
        self._no_groups = (-1,) * len(election.groups)
        self._layout = election.layout
        self._names = names
        self._trusted = election.policy.trusted_sources
        self._quorum = election.policy.quorum
        # Readings are taken one by one where sheets are read for some options only.
        self._open = not asks_who(election) and len(election.read_options) == len(election.options)
        named = {id for id, who in election.authorities.items() if not who.areas and who.public_key is None}
        self._authorities = named if election.authorities else None
        self._most = election.ballot_limits

    def prepare(self, events: Sequence[Event]) -> Prepared:
        """Check and pack the plain ones of these events, whatever they are. The others are left `single`."""
        if len(events) < FEW:
            return Prepared(events, range(len(events)), {})
        read: Sequence[Any] = as_read(events)
        report, bulletin = (UsualReport, UsualBulletin) if read is not events else (TallyReport, Bulletin)
        kinds = list(map(type, read))
        refused = dict[int, Rejection]()
        readings = self._readings(read, _places(kinds, report), refused)
        announcements = self._announcements(read, _places(kinds, bulletin))
        plain = [columns.places for columns in (readings, announcements) if columns is not None]
        all_ = sum(map(len, plain)) == len(events)
        single = [] if all_ else sorted(set(range(len(events))).difference(*plain))
        return Prepared(events, single, refused, readings, announcements)

    def _readings(self, events: Sequence[Any], places: Sequence[int], refused: dict[int, Rejection]) -> Readings | None:
        """The columns of these reports; if any is a retraction or says more than its sheet's figures, of the others.
        None where the election asks who they are from. What has too many ballots comes to stand in `refused`."""
        if not self._open or len(places) < FEW:
            return None
        fields = _columns(_at(events, places), _OF_REPORTS)
        figures = self._votes(fields["votes"])
        if figures is None or not _is_only_figures(fields):
            plain = [i for i in places if self._is_plain_report(events[i])]
            return self._readings(events, plain, refused) if len(plain) < len(places) else None
        tables = self._layout.numbers(fields["table"])
        none = (0,) * len(places)
        nulls = _or(fields["null"], none)
        reporters = fields["reporter"]
        groups = _or(fields["group"], reporters)
        replaced = _or(fields["supersedes"], ("",) * len(places))
        said = said_in(nulls, figures)
        voters = said.sum(axis=1)
        if (blanks := _or(fields["blank"], none)) is not none:
            voters += np.array(blanks)
        if not _unsaid(stated := fields["ballots"]):
            # Hardly any does not add up; it is turned away when it is looked at by itself, which says why.
            tables[_sums_differ(voters, fields["null"], fields["blank"], stated)] = NO_TABLE
        # Nearly all that a night turns away: one by one each took 60 us, a twentieth of a replay.
        for i in np.flatnonzero((voters > self._most.take(tables)) & (tables != NO_TABLE)).tolist():
            refused[places[i]] = self._too_many(int(tables[i]), int(voters[i]))
            tables[i] = NO_TABLE
        names = fields["at"], fields["id"], reporters, groups, fields["source"]
        columns = *names, figures, nulls, (False,) * len(places), replaced
        return self.readings(places, tables, list(map(pack, zip(*columns, strict=True))), columns, said)

    def _too_many(self, table: int, ballots: int) -> Rejection:
        layout = self._layout
        registered = int(layout.registered[table]) if layout.knows_register[table] else None
        return too_many_ballots(ballots, registered, int(self._most[table]))

    def readings(
        self,
        places: Sequence[int],
        tables: Numbers,
        entries: list[bytes],
        columns: Sequence[Sequence[Any]],
        said: Numbers,
    ) -> Readings:
        """Readings of which all fields are known, in the order in which a `Reading` has them; `said` as `said_in` has
        it."""
        at, _, reporters, groups, sources, _, _, _, replaced = columns
        kinds = set(sources)
        trusted: Flags | bool = kinds <= self._trusted
        if not trusted and kinds & self._trusted:
            trusted = np.fromiter(map(self._trusted.__contains__, sources), bool, len(entries))
        rows = np.empty((len(entries), READ + self._options), np.int64)
        rows[:, 0] = 1
        rows[:, 1] = CODES[Level.REPORTED]
        rows[:, 2] = True if self._quorum <= 1 else trusted
        rows[:, READ - 1 :] = said
        interned = self._look(reporters, tables)
        of = interned if groups is reporters else self._look(groups, tables)
        looks = looks_at(at, interned, of, replaced, said)
        return Readings(places, tables, entries, rows, looks, groups, np.where(trusted, -1, of.numbers))

    def _look(self, names: Sequence[str], tables: Numbers) -> InternedNames:
        """What is known of names; those of what is turned away are of nobody: else they could use up all numbers."""
        if len(away := np.flatnonzero(tables == NO_TABLE)):
            names = [*names]
            for i in away.tolist():
                names[i] = _NOBODY
        return self._names.intern(names)

    def _announcements(self, events: Sequence[Any], places: Sequence[int]) -> Announcements | None:
        """The columns of these bulletins for polling tables, but for those that say more than votes, or whose authority
        has a key or may announce some areas only."""
        if len(places) < FEW:
            return None
        fields = _columns(_at(events, places), _OF_BULLETINS)
        votes = self._votes(fields["votes"])
        are_known = self._authorities is None or self._authorities.issuperset(fields["authority"])
        if votes is None or not are_known or any(fields.get("announced_shares", ())):
            plain = [i for i in places if self._is_plain_bulletin(events[i])]
            return self._announcements(events, plain) if len(plain) < len(places) else None
        figures = [given + self._no_groups for given in votes] if self._no_groups else votes
        tables = self._layout.numbers(fields["area"])
        replaced = _or(fields["supersedes"], ("",) * len(places))
        whose = fields["authority"], repeat(False)  # an authority with a key is none of these
        packed = zip(fields["sequence"], fields["at"], fields["id"], replaced, figures, *whose, strict=False)
        return Announcements(places, tables, list(map(pack, packed)), rows_of_announcements(figures))

    def _is_plain_report(self, event: Any) -> bool:
        unsaid = event.registered is None and event.bound is None
        return unsaid and not event.retracted and event.votes.keys() == self._option_ids

    def _is_plain_bulletin(self, event: Any) -> bool:
        is_known = self._authorities is None or event.authority in self._authorities
        usual = type(event) is UsualBulletin or (not event.announced_shares and event.votes.keys() == self._option_ids)
        return is_known and usual

    def _votes(self, given: Sequence[Any]) -> list[Votes] | None:
        """The votes by option; None unless each names every option and nothing else."""
        if not isinstance(given[0], Mapping):  # of usual events
            return list(map(astuple, given))
        try:
            return [self._pick(votes) for votes in given] if set(map(len, given)) == {self._options} else None
        except KeyError:
            return None


def rows_of_announcements(figures: Sequence[Votes]) -> Numbers:
    """The rows that official figures make by themselves; at least one."""
    width = len(figures[0])
    rows = np.ones((len(figures), ANNOUNCED + width), np.int64)
    rows[:, ANNOUNCED:] = _table(figures)
    return rows


def said_in(nulls: Sequence[int], figures: Sequence[Votes]) -> Numbers:
    """The null votes and, behind them, the votes by option of each of these; at least one."""
    said = np.empty((len(figures), 1 + len(figures[0])), np.int64)
    said[:, 0], said[:, 1:] = nulls, _table(figures)
    return said


def _table(figures: Sequence[Votes]) -> Numbers:
    """Votes as an array, one row each, in a third of the time that numpy takes for tuples by itself."""
    width = len(figures[0])
    return np.fromiter(chain.from_iterable(figures), np.int64, len(figures) * width).reshape(-1, width)


def _places(kinds: Sequence[type], kind: type) -> Sequence[int]:
    """Where this kind stands. Most stretches are of one kind: to count it first takes half of the time."""
    count = kinds.count(kind)
    if count == len(kinds):
        return range(count)
    return [i for i, each in enumerate(kinds) if each is kind] if count else ()


def _at(events: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    """The events at these places."""
    return events if len(places) == len(events) else [events[i] for i in places]


def _columns(events: Sequence[Any], asked: frozenset[str]) -> dict[str, Sequence[Any]]:
    """Fields of events of one kind, by name: those that are asked for, and what stands before the last of them."""
    kind: type[Struct] = type(events[0])
    names = _first(kind, asked)
    return dict(zip(names, zip(*map(astuple, events), strict=True), strict=False))


@cache
def _first(kind: type[Struct], asked: frozenset[str]) -> Sequence[str]:
    """The names of a type's fields up to the last that is asked for: the columns behind it are never made."""
    names = kind.__struct_fields__
    return names[: 1 + max(names.index(name) for name in asked.intersection(names))]


def _sums_differ(voters: Numbers, nulls: Sequence[Any], blanks: Sequence[Any], stated: Sequence[Any]) -> Flags:
    """Whether sheets state another number of ballots than their `voters` add up to, as `admission.check_report` asks
    it of each: where null or blank votes are not given, they may be what is missing."""
    ballots = np.array(_or(stated, voters.tolist()), np.int64)
    whole = np.array([null is not None and blank is not None for null, blank in zip(nulls, blanks, strict=True)])
    return (voters > ballots) | (whole & (voters < ballots))


def _is_only_figures(fields: Mapping[str, Sequence[Any]]) -> bool:
    """Whether none of these reports is a retraction or a bound, or says how many voters are registered."""
    unsaid = all(_unsaid(fields[name]) for name in _UNSAID if name in fields)
    return unsaid and True not in fields.get("retracted", ())


def _or(column: Sequence[Any], otherwise: Sequence[Any]) -> Sequence[Any]:
    """A column, with the values of `otherwise` in the place of None."""
    if _unsaid(column):
        return otherwise
    if _NOTHING not in set(map(type, column)):  # in a third of the time of looking for None itself
        return column
    return [other if said is None else said for said, other in zip(column, otherwise, strict=True)]


def _unsaid(column: Sequence[Any]) -> bool:
    """Whether a column is None throughout."""
    return column[0] is None and column.count(None) == len(column)
