"""Sheets that do not count yet, area by area: how many there are, and the most votes that they can hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np

from streams.core.election.model import Election
from streams.core.election.numbering import Numbers, roll_up
from streams.core.reconciliation.consensus import Level
from streams.core.reconciliation.sheet_rows import CODES

Kind = Literal["disputed", "unconfirmed", "unwitnessed"]
"""Readers disagree; too few have read it; no reading of it stands, because there is none or each was turned away."""
KINDS: Final[Sequence[Kind]] = get_args(Kind)
_COUNTS, _DISPUTED, _UNCONFIRMED, _UNWITNESSED = range(-1, 3)


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """Sheets of one kind in an area. The figures are None where nobody knows how many polling tables there are."""

    sheets: int | None
    votes: int | None
    """The most votes that they can hold together."""
    enough: int | None
    """The least number of them that could take the lead away; None where all together could not."""

    def plain(self) -> dict[str, int | None]:
        """As a JSON object."""
        return {"sheets": self.sheets, "votes": self.votes, "enough": self.enough}


_NONE: Final = OpenGroup(0, 0, None)


@dataclass(frozen=True, slots=True)
class Lead:
    """Who leads among the witnessed votes of an area, and what could change that.

    An open sheet may still say anything that would be admitted: up to `Election.ballot_limits` votes, all for one
    option. The lead is taken away where the second draws level. No other option needs fewer votes, so the answer is
    exact.
    """

    leader: str
    second: str
    votes: int
    """By how many votes the leader is ahead of the second."""
    groups: Mapping[Kind, OpenGroup]
    together: OpenGroup

    @property
    def is_settled(self) -> bool:
        """Whether no sheet that may still come can take the lead away."""
        return self.together.votes is not None and self.together.enough is None

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        head = {"leader": self.leader, "second": self.second, "votes": self.votes}
        groups = {str(kind): group.plain() for kind, group in self.groups.items()}
        return {**head, **groups, "together": self.together.plain()}


class OpenSheets:
    """How many sheets of each kind are open in each area. `read` are the rows of all polling tables (`sheet_rows`), as
    they are when somebody asks; it must be told whose rows have changed."""

    def __init__(self, election: Election, read: Numbers) -> None:
        self._election, self._layout, self._read = election, election.layout, read
        self._limits = election.ballot_limits
        self._kinds = np.full(len(read), _UNWITNESSED, np.int64)
        self._sums: Numbers | None = None
        """By area: sheets of each kind, then the votes that these can hold. Made when first asked for."""
        self._changed: list[Numbers] = []

    def mark(self, tables: Numbers) -> None:
        """The rows of these polling tables have changed."""
        if self._sums is not None:
            self._changed.append(tables)

    def plain(self, area: int, votes: Sequence[int]) -> dict[str, Any] | None:
        """`lead` as a JSON object."""
        lead = self.lead(area, votes)
        return None if lead is None else lead.plain()

    def lead(self, area: int, votes: Sequence[int]) -> Lead | None:
        """Who leads in an area with these witnessed votes, by option and perhaps more; None where nobody is ahead of
        all others."""
        read = sorted(self._election.read_options.values(), key=votes.__getitem__, reverse=True)  # equals keep order
        if len(read) < 2 or (margin := votes[read[0]] - votes[read[1]]) <= 0:
            return None
        self._refresh()
        assert self._sums is not None
        row, unlisted = self._sums[area].tolist(), self._unlisted(area)
        groups = {
            kind: self._group(i, area, row[i], row[len(KINDS) + i], margin, unlisted if i == _UNWITNESSED else ())
            for i, kind in enumerate(KINDS)
        }
        some = [group for group in groups.values() if group.sheets != 0]
        if len(some) <= 1:  # in most small areas, where two looks at the tables would be the most of the work
            together = some[0] if some else _NONE
        else:
            sheets, most = sum(row[: len(KINDS)]), sum(row[len(KINDS) :])
            together = self._group(None, area, sheets, most, margin, unlisted)
        leader, second = (self._election.options[option].id for option in read[:2])
        return Lead(leader, second, margin, groups, together)

    def _group(
        self, kind: int | None, area: int, sheets: int, votes: int, margin: int, unlisted: Sequence[int] | None
    ) -> OpenGroup:
        """So many sheets of a kind, or of all kinds where it is None, with so many votes; and the unlisted ones."""
        if unlisted is None:
            return OpenGroup(None, None, None)
        if not sheets and not unlisted:
            return _NONE
        sheets, votes = sheets + len(unlisted), votes + sum(unlisted)
        if votes < margin:
            return OpenGroup(sheets, votes, None)
        first, behind = self._layout.inside(area)
        kinds, limits = self._kinds[first:behind], self._limits[first:behind]
        held = limits[kinds != _COUNTS if kind is None else kinds == kind]
        if unlisted:
            held = np.concatenate([held, np.array(unlisted, np.int64)])
        held.sort()
        return OpenGroup(sheets, votes, int(held[::-1].cumsum().searchsorted(margin)) + 1)

    def _unlisted(self, area: int) -> Sequence[int] | None:
        """The most votes at each polling table that exists but is not in the register; None where nobody knows how
        many exist. All of them together have no more than the registered voters that the register leaves over."""
        known = self._election.areas[self._layout.areas[area]]
        if known.tables is None:
            return None
        first, behind = self._layout.inside(area)
        count, most = known.tables - (behind - first), self._election.policy.max_ballots
        if count <= 0:
            return ()
        left = count * most
        if known.registered is not None and not known.voterless and self._layout.knows_register[first:behind].all():
            voters = known.registered - int(self._layout.registered[first:behind].sum())
            # Parts of a product of floats may round up where the whole rounds down.
            left = min(left, max(0, int(voters * self._election.policy.max_turnout * (1 + 1e-12))))
        full, rest = divmod(left, most) if most else (0, 0)
        return ([most] * full + [rest] + [0] * count)[:count]

    def _refresh(self) -> None:
        """Take in what has changed: as much work as there are polling tables that did."""
        if self._sums is None:
            self._sums = np.zeros((len(self._layout.areas), 2 * len(KINDS)), np.int64)
            self._kinds = _kinds(self._read)
            self._add(np.arange(len(self._kinds)), self._kinds, 1)
        if not self._changed:
            return
        tables, self._changed = np.unique(np.concatenate(self._changed)), []
        before, now = self._kinds[tables], _kinds(self._read.take(tables, axis=0))
        moved = np.flatnonzero(before != now)
        tables, before, now = tables[moved], before[moved], now[moved]
        self._add(tables, before, -1)
        self._add(tables, now, 1)
        self._kinds[tables] = now

    def _add(self, tables: Numbers, kinds: Numbers, sign: int) -> None:
        if not len(tables) or self._sums is None:
            return
        of_kind = kinds == np.arange(len(KINDS))[:, None]
        figures = np.concatenate([of_kind, of_kind * self._limits[tables]]).astype(np.int64)
        areas, sums = roll_up(self._layout.lines(tables), figures)
        self._sums[areas] += sign * sums.T


def _kinds(rows: Numbers) -> Numbers:
    """The kind of each of these rows of sheets; `_COUNTS` for an accepted one."""
    level, accepted = rows[:, 1], rows[:, 2] > 0
    stands = level > CODES[Level.NONE]
    kinds = np.where(level == CODES[Level.DISPUTED], _DISPUTED, np.where(stands, _UNCONFIRMED, _UNWITNESSED))
    found: Numbers = np.where(accepted, _COUNTS, kinds)
    return found


def groups_of(lead: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, int | None]]]:
    """Of a lead as a JSON object, the groups with any sheet, by name; and all together where there are several."""
    some = [(kind, lead[kind]) for kind in KINDS if lead[kind]["sheets"] != 0]
    yield from some
    if len(some) > 1:
        yield "together", lead["together"]
