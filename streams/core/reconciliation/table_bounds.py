"""What bounds one polling table's figures where nobody has read its sheet: votes that were certainly cast, ballots that
can have been.

Readers of a sheet must agree. Readers of bounds need not: who photographed 80 ballots does not contradict who
photographed 300. So each figure is the sharpest that enough of them vouch for (docs/evidence.md).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from streams.core.election.model import Votes
from streams.core.election.settings import Policy
from streams.core.reconciliation.consensus import standing
from streams.core.reconciliation.reading import PART, Reading


class TableBounds(NamedTuple):
    """What is believed of one polling table."""

    at_least: Votes
    """Votes that were certainly cast, by option; 0 where nothing is known."""
    at_most: int | None
    """Ballots that can have been cast."""

    @property
    def are_possible(self) -> bool:
        """Whether both can be true. Where they cannot, somebody is wrong, and nobody knows who: neither counts."""
        return self.at_most is None or sum(self.at_least) <= self.at_most

    def allow(self, votes: Votes, null: int, read: Iterable[int]) -> bool:
        """Whether so many votes by option and so many null ones are within them; `read` are the places of the options
        that sheets are read for."""
        enough = all(votes[option] >= self.at_least[option] for option in read)
        return enough and (self.at_most is None or sum(votes) + null <= self.at_most)

    @property
    def are_known(self) -> bool:
        """Whether there is any."""
        return self.at_most is not None or any(self.at_least)


def table_bounds(readings: Iterable[Reading], options: int, policy: Policy) -> TableBounds:
    """What distinct readings of one polling table say of its bounds under this policy."""
    every = list(readings)
    parts = [reading for reading in standing(every) if reading.bound == PART]
    cast = _readers([*standing(every, "at-least"), *parts], policy)
    ballots = _readers(standing(every, "at-most"), policy)
    at_least = tuple(_vouched([(-r.votes[i], trusted) for r, trusted in cast], policy.quorum) for i in range(options))
    at_most = _vouched([(r.ballots, trusted) for r, trusted in ballots], policy.quorum)
    return TableBounds(tuple(-(votes or 0) for votes in at_least), at_most)


def _readers(standing_: Sequence[Reading], policy: Policy) -> list[tuple[Reading, bool]]:
    """The independent readers' bounds of one kind, each with whether its word is enough. Who has sent both a bound and
    a part of the sheet counts once, by the newer."""
    by_group = {reading.group: reading for reading in sorted(standing_)}
    return [(reading, reading.source in policy.trusted_sources) for reading in by_group.values()]


def _vouched(upper: Sequence[tuple[int, bool]], quorum: int) -> int | None:
    """The least upper bound that a quorum of readers, or a trusted one, says holds; None where there is none.

    Who says "at most 80" says "at most 300" too. So the quorum's is the least but quorum - 1 of all."""
    every = sorted(figure for figure, _ in upper)
    enough = [figure for figure, trusted in upper if trusted] + every[quorum - 1 : quorum]
    return min(enough, default=None)
