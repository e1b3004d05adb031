"""Which areas the rules are asked about: those where they may find something, or have found it (docs/adr/0009)."""

from collections.abc import Callable

import numpy as np

from streams import claims
from streams.election import Election
from streams.layout import Flags, Numbers
from streams.rollup import Strata
from streams.rules import may_find


class Asking:
    """What the answer rests on, area by area, by their numbers."""

    def __init__(self, election: Election) -> None:
        self._election = election
        self._found = np.zeros(len(election.areas), bool)
        self._claims = np.full((len(election.areas), claims.width(len(election.columns))), -1, np.int64)
        """What their bulletins claim (`streams.claims`)."""
        self._claiming = np.zeros(len(election.areas), bool)
        """Areas with a bulletin, and those right below."""

    def claim(self, area: int, claim: Numbers | None) -> None:
        """An area's newest bulletin, as a row of claims; None where none stands any more."""
        self._claims[area] = -1 if claim is None else claim
        self._claiming[area] = self._claiming[self._election.layout.below[area]] = True

    def remember(self, area: int, found: bool) -> None:
        """Whether the rules have just found something in the sums of an area."""
        self._found[area] = found

    @property
    def watched(self) -> Flags:
        """The areas whose sums must be known at each tick, for what follows."""
        watched: Flags = self._found | self._claiming
        return watched

    def have_found(self, areas: Numbers) -> Flags:
        """In which of them the rules found something when they were last asked: its figures change with the sums."""
        return self._found[areas]

    def may_find(
        self, areas: Numbers, rows: Numbers, strata: Callable[[Numbers], Strata], bounds: Numbers | None = None
    ) -> Flags:
        """In which of them they may find something new, given their sums (`streams.rules.may_find`)."""
        return may_find(self._election, areas, rows, self._claims[areas], strata, bounds)
