"""Sheets that do not count yet, area by area: how many there are, and the most votes that they can hold."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, Literal, NamedTuple, get_args

import numpy as np

from streams.core.aggregation.bulletin_figures import UNKNOWN
from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers, roll_up
from streams.core.events.area_states import Lead, OfficialLead, OpenGroup
from streams.core.reconciliation.consensus import Level
from streams.core.reconciliation.sheet_rows import CODES

Kind = Literal["disputed", "unconfirmed", "turned_away", "unwitnessed"]
"""Readers disagree; too few have read it; no reading of it stands, and at least one was turned away; or none was."""
KINDS: Final[Sequence[Kind]] = get_args(Kind)
UNANNOUNCED: Final = "unannounced"
"""The group of polling tables without an official figure, where they are announced one by one."""
_COUNTS, _DISPUTED, _UNCONFIRMED, _TURNED_AWAY, _UNWITNESSED = range(-1, len(KINDS))


_NONE: Final = OpenGroup(0, 0, None)


class OpenSheets:
    """How many sheets of each kind are open in each area, and which of them could change who leads.

    An open sheet may still say anything that would be admitted: up to `Election.ballot_limits` votes, all for one
    option. The lead is taken away where the second draws level. No other option needs fewer votes, so the answer is
    exact.

    `read` are the rows of all polling tables (`sheet_rows`), as they are when somebody asks; it must be told whose rows
    have changed.
    """

    def __init__(self, election: Election, read: Numbers) -> None:
        self._election, self._layout, self._read = election, election.layout, read
        self.limits = election.ballot_limits
        self._kinds = np.full(len(read), _UNWITNESSED, np.int64)
        self._turned_away = np.zeros(len(read), bool)
        """By polling table, whether any reading of it was turned away."""
        self._sums: Numbers | None = None
        """By area: sheets of each kind, then the votes that these can hold. Made when first asked for."""
        self._changed: list[Numbers] = []

    def mark(self, tables: Numbers) -> None:
        """The rows of these polling tables have changed."""
        if self._sums is not None:
            self._changed.append(tables)

    def turn_away(self, tables: Numbers) -> Numbers:
        """A reading of each of these polling tables was turned away. Returns the areas above those of which that was
        not known."""
        new = tables[~self._turned_away[tables]]
        self._turned_away[new] = True
        self.mark(new)
        areas = np.unique(self._layout.lines(new))
        return areas[areas >= 0]

    def turned_away(self) -> Numbers:
        """The polling tables, by number, of which no reading stands and at least one was turned away."""
        self._refresh()
        return np.flatnonzero(self._kinds == _TURNED_AWAY)

    def votes(self, areas: Numbers) -> Numbers:
        """The most votes that the open sheets of each of these areas can hold together; `UNKNOWN` where nobody knows
        how many polling tables there are."""
        self._refresh()
        assert self._sums is not None
        unlisted = (self._unlisted(area) for area in areas.tolist())
        more = np.array([UNKNOWN if votes is None else sum(votes) for votes in unlisted], np.int64)
        votes: Numbers = np.minimum(UNKNOWN, self._sums[areas, len(KINDS) :].sum(axis=1) + more)
        return votes

    def official(self, area: int, votes: Sequence[int], announced: Flags) -> OfficialLead | None:
        """Who leads in the official count of an area whose polling tables are announced one by one, with these votes,
        by option and perhaps more; None where nobody is ahead of all others. `announced` says which of the area's
        polling tables have an official figure."""
        if (first := self._first_two(votes)) is None:
            return None
        begin, end = self._layout.inside(area)
        held, unlisted = self.limits[begin:end][~announced], self._unlisted(area)
        group = _group(len(held), int(held.sum()), first.margin, unlisted, lambda: held)
        return OfficialLead(first.leader, first.second, first.margin, group, group)

    def lead(self, area: int, votes: Sequence[int]) -> Lead | None:
        """Who leads in an area with these witnessed votes, by option and perhaps more; None where nobody is ahead of
        all others."""
        if (first := self._first_two(votes)) is None:
            return None
        self._refresh()
        assert self._sums is not None
        row, unlisted = self._sums[area].tolist(), self._unlisted(area)
        groups: dict[Kind, OpenGroup] = {
            kind: _group(
                row[i],
                row[len(KINDS) + i],
                first.margin,
                unlisted if i == _UNWITNESSED else (),
                partial(self._held, area, i),
            )
            for i, kind in enumerate(KINDS)
        }
        some = [group for group in groups.values() if group.sheets != 0]
        if len(some) <= 1:  # in most small areas, where two looks at the tables would be the most of the work
            together = some[0] if some else _NONE
        else:
            sheets, most = sum(row[: len(KINDS)]), sum(row[len(KINDS) :])
            together = _group(sheets, most, first.margin, unlisted, partial(self._held, area, None))
        return Lead(first.leader, first.second, first.margin, **groups, together=together)

    def _first_two(self, votes: Sequence[int]) -> "_FirstTwo | None":
        """Who has most votes, and who is second; None where nobody is ahead of all others."""
        read = sorted(self._election.read_options.values(), key=votes.__getitem__, reverse=True)  # equals keep order
        if len(read) < 2 or votes[read[0]] <= votes[read[1]]:
            return None
        leader, second = (self._election.options[option].id for option in read[:2])
        return _FirstTwo(leader, second, votes[read[0]] - votes[read[1]])

    def _held(self, area: int, kind: int | None) -> Numbers:
        """The most votes of each open sheet of an area, of one kind or of all where that is None."""
        first, behind = self._layout.inside(area)
        kinds = self._kinds[first:behind]
        held: Numbers = self.limits[first:behind][kinds != _COUNTS if kind is None else kinds == kind]
        return held

    def _unlisted(self, area: int) -> Sequence[int] | None:
        """The most votes at each polling table that exists but is not in the register; None where nobody knows how
        many exist. All of them together have no more than the registered voters that the register leaves over."""
        area_info = self._election.areas[self._layout.areas[area]]
        if area_info.tables is None:
            return None
        first, behind = self._layout.inside(area)
        count, most = area_info.tables - (behind - first), self._election.policy.max_ballots
        if count <= 0:
            return ()
        left = count * most
        is_register_known = not area_info.voterless and self._layout.knows_register[first:behind].all()
        if area_info.registered is not None and is_register_known:
            voters = area_info.registered - int(self._layout.registered[first:behind].sum())
            # Parts of a product of floats may round up where the whole rounds down.
            left = min(left, max(0, int(voters * self._election.policy.max_turnout * (1 + 1e-12))))
        full, rest = divmod(left, most) if most else (0, 0)
        return ([most] * full + [rest] + [0] * count)[:count]

    def _refresh(self) -> None:
        """Take in what has changed: as much work as there are polling tables that did."""
        if self._sums is None:
            self._sums = np.zeros((len(self._layout.areas), 2 * len(KINDS)), np.int64)
            self._kinds = _kinds(self._read, self._turned_away)
            self._add(np.arange(len(self._kinds)), self._kinds, 1)
        if not self._changed:
            return
        tables, self._changed = np.unique(np.concatenate(self._changed)), []
        before, now = self._kinds[tables], _kinds(self._read.take(tables, axis=0), self._turned_away[tables])
        moved = np.flatnonzero(before != now)
        tables, before, now = tables[moved], before[moved], now[moved]
        self._add(tables, before, -1)
        self._add(tables, now, 1)
        self._kinds[tables] = now

    def _add(self, tables: Numbers, kinds: Numbers, sign: int) -> None:
        if not len(tables) or self._sums is None:
            return
        of_kind = kinds == np.arange(len(KINDS))[:, None]
        figures = np.concatenate([of_kind, of_kind * self.limits[tables]]).astype(np.int64)
        areas, sums = roll_up(self._layout.lines(tables), figures)
        self._sums[areas] += sign * sums.T


class _FirstTwo(NamedTuple):
    leader: str
    second: str
    margin: int


def _group(
    sheets: int, votes: int, margin: int, unlisted: Sequence[int] | None, held_by: Callable[[], Numbers]
) -> OpenGroup:
    """So many sheets that can hold so many votes together, and the unlisted ones. `held_by` gives the votes of each of
    the former, where anybody needs them."""
    if unlisted is None:
        return OpenGroup(None, None, None)
    if not sheets and not unlisted:
        return _NONE
    sheets, votes = sheets + len(unlisted), votes + sum(unlisted)
    if votes < margin:
        return OpenGroup(sheets, votes, None)
    held = np.sort(np.concatenate([held_by(), np.array(unlisted, np.int64)]))
    return OpenGroup(sheets, votes, int(held[::-1].cumsum().searchsorted(margin)) + 1)


def _kinds(rows: Numbers, turned_away: Flags) -> Numbers:
    """The kind of each of these rows of sheets; `_COUNTS` for an accepted one. `turned_away` says of which sheets a
    reading was."""
    level, accepted = rows[:, 1], rows[:, 2] > 0
    unread = np.where(turned_away, _TURNED_AWAY, _UNWITNESSED)
    kinds = np.where(level > CODES[Level.NONE], _UNCONFIRMED, unread)
    kinds[level == CODES[Level.DISPUTED]] = _DISPUTED
    codes: Numbers = np.where(accepted, _COUNTS, kinds)
    return codes


def groups_of(lead: Lead | OfficialLead) -> Iterator[tuple[str, OpenGroup]]:
    """The groups with any sheet, by kind; and all together where there are several."""
    kinds = KINDS if isinstance(lead, Lead) else (UNANNOUNCED,)
    some = [(kind, group) for kind in kinds if (group := getattr(lead, kind)).sheets != 0]
    yield from some
    if len(some) > 1:
        yield "together", lead.together
