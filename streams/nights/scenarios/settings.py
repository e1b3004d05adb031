"""What a simulated night is like."""

from dataclasses import dataclass
from typing import Literal

from streams.errors import CotejoError

Official = Literal["nation", "state", "municipality", "table"]


class SimulationError(CotejoError):
    """A night cannot be so; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Night:
    """Parameters of a simulated night. Shares are 0-1, points are percentage points."""

    seed: int = 1
    tables: int = 3000
    states: int = 24
    municipalities: int = 10
    """In each state. Below them are parishes of 3 to 20 tables."""
    hours: float = 8.0
    witnessed: float = 0.85
    """Share of the polling tables whose sheet anybody reads."""
    readers: float = 1.0
    """Readings of such a sheet, each by another group: on average, at least one."""
    groups: int = 2000
    """Reporter groups there are."""
    cities_first: float = 0.8
    """How far the order of the sheets and that of the official count depend on the vote: 0 is pure chance, 1 has no
    chance in it. The two orders go by parish, are drawn from the seed, and are never the same: cities first, villages
    first, the strongholds of A or of B first, or state after state."""
    turnout_by_vote: float = 0.4
    """Points of turnout that go with each point of A's share."""
    unread_registers: float = 0.05
    """Share of the tables whose registered voters the register does not tell. Half of them lie in parishes where it
    tells nothing."""
    unseen_otherwise: float = 12.0
    """Most points by which a table that nobody reads votes otherwise than its parish does. The direction is the same
    all night long, give or take half as much by parish; it adds to what the order of the sheets leaves unseen."""
    mis_keyed: float = 0.02
    """Share of the readings with a slip: a digit wrong, lost or doubled, or two figures exchanged."""
    liars: float = 0.0
    """Share of the groups that always forge, all in the same way: a third of A's votes go to B."""
    forged: float = 0.0
    """Share of the readings that are theirs."""
    bulletins: int = 6
    """Announcements for each area; the last of them is final."""
    official: Official = "nation"
    """The lowest level that the authority announces. It announces every area above it too; above single tables, the
    nation only."""
    late: int = 0
    """Bulletins of the nation that arrive after the next one."""
    corrected: int = 0
    """Bulletins of the nation with a slip, followed by a correction ten minutes later."""
    shift: float = 0.0
    """Points of the valid votes that the official count moves from A to B at every polling table."""
    quorum: int = 1
    majority: float = 0.5


def check(night: Night) -> None:
    """Raise `SimulationError` for what cannot be."""
    for name in ("witnessed", "cities_first", "unread_registers", "mis_keyed", "liars", "forged"):
        if not 0 <= getattr(night, name) <= 1:
            raise SimulationError(f"{name} {getattr(night, name)}: give a share from 0 to 1")
    for name in ("tables", "states", "municipalities", "groups", "bulletins", "quorum"):
        if getattr(night, name) < 1:
            raise SimulationError(f"{name} {getattr(night, name)}: give at least 1")
    if night.tables < night.states * night.municipalities:
        raise SimulationError(f"tables {night.tables:,}: give at least one for each of the municipalities")
    if night.readers < 1 or night.readers > (1 - night.liars) * night.groups:
        raise SimulationError(f"readers {night.readers}: give at least 1, and no more than there are groups")
    if not -2 <= night.turnout_by_vote <= 2:
        raise SimulationError(f"turnout_by_vote {night.turnout_by_vote}: give -2 to 2 points for each point")
    if not 0 <= night.unseen_otherwise <= 100:
        raise SimulationError(f"unseen_otherwise {night.unseen_otherwise}: give 0 to 100 points")
    if night.hours <= 0 or not -100 <= night.shift <= 100:
        raise SimulationError("hours must be above 0, shift from -100 to 100 points")
    if night.forged and not round(night.liars * night.groups):
        raise SimulationError(f"forged {night.forged}: somebody must forge, so give liars a share of the groups")
