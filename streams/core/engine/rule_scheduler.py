"""Which areas the rules are asked about: those where they may find something, or have found it (docs/adr/0009)."""

from collections.abc import Callable

import numpy as np

from streams.core.aggregation import bulletin_figures
from streams.core.aggregation.bulletin_figures import BASE
from streams.core.aggregation.expected_votes import ENOUGH
from streams.core.aggregation.honest_shares import Figures
from streams.core.aggregation.tally import TABLES, VALID
from streams.core.comparison.rule_inputs import SumRows
from streams.core.comparison.rules import RuleBook
from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers


class RuleScheduler:
    """What each area's bulletins claim and what was last found there: it decides whether the rules look again."""

    def __init__(self, election: Election, rules: RuleBook) -> None:
        self._layout, self._rules = election.layout, rules
        self._found = np.zeros(len(election.areas), bool)
        self._claims = np.full((len(election.areas), bulletin_figures.width(len(election.columns))), -1, np.int64)
        """What their bulletins claim (`bulletin_figures`)."""
        self._claiming = np.zeros(len(election.areas), bool)
        """Areas with a bulletin."""

    def claim(self, area: int, claim: Numbers | None) -> None:
        """An area's newest bulletin, as a row of claims; None where none stands any more."""
        self._claims[area] = -1 if claim is None else claim
        self._claiming[area] = True

    def remember(self, area: int, has_findings: bool) -> None:
        """Whether the rules have just found something in the sums of an area."""
        self._found[area] = has_findings

    @property
    def watched(self) -> Flags:
        """The areas whose sums must be known at each tick, whatever they come to; any where a row comes to one of
        `RuleBook.wakes` besides."""
        watched: Flags = self._found | self._claiming | self._rules.follows
        for area in np.flatnonzero(self._claims[:, BASE] > 0).tolist() if self.follows_unseen else ():
            watched[area : self._layout.behind(area)] = True  # what is expected of the unseen rests on them
        return watched

    @property
    def follows_unseen(self) -> bool:
        """Whether what is expected of the unseen must be known at each tick."""
        return self._rules.needs_unseen and bool((self._claims[:, BASE] > 0).any())

    def have_found(self, areas: Numbers) -> Flags:
        """In which of them the rules found something when they were last asked: its figures change with the sums."""
        return self._found[areas]

    def may_find(
        self, areas: Numbers, rows: Numbers, bounds: Numbers | None, widest: Callable[[Numbers], Figures]
    ) -> Flags:
        """In which of them they may find something new, given their sums (`SumRows`)."""
        return self._rules.may_find(SumRows(areas, rows, self._claims[areas], bounds, widest))

    def are_projectable(self, areas: Numbers, rows: Numbers) -> Flags:
        """In which of them it can be said what can honestly be announced, whether or not anybody is called."""
        projectable: Flags = (rows[:, TABLES] >= ENOUGH) & (rows[:, VALID] > 0) & (self._claims[areas, BASE] > 0)
        return projectable

    def claimed(self, areas: Numbers | int) -> Numbers:
        """What the bulletins of areas claim."""
        return self._claims[areas]
