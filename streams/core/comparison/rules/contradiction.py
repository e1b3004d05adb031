"""Contradiction: a figure that the witnessed sheets leave no room for (design, section 5)."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from streams.core.aggregation.bound_sums import ADDED
from streams.core.aggregation.bulletin_figures import LEFT_TABLES
from streams.core.aggregation.histograms import HEADROOM, NULLS, REST, VOTES
from streams.core.aggregation.tally import TABLES
from streams.core.comparison.bounds import Bound, ceiling, floor, tolerated
from streams.core.comparison.false_sheets import Asked, asked_of_nulls, asked_of_votes
from streams.core.comparison.findings import Comparison, Finding, Situation
from streams.core.comparison.rule_inputs import Places, RowsOfSums, SumRows
from streams.core.comparison.rules.rule import CRITICAL, NOTHING, RESTS, WARNING, SumsRule, Weighed
from streams.core.election.model import Election, Severity
from streams.core.election.numbering import Flags, Numbers

NULL_VOTES: Final = "null-votes"
"""The column of a finding on null votes."""


class Contradiction(SumsRule):
    """One finding for each figure outside its bounds, valued by its breakdown count.

    Calls people at `min_sheets` and `min_ratio` of the witnessed sheets, whichever is more: a few mistyped sheets break
    a bare inequality, but not this. Null votes only warn, since what counts as null is not the same to every authority.
    """

    name = "contradiction"
    kind = ("arithmetic", "critical")
    needs_bulletin = True

    def __init__(self, election: Election) -> None:
        super().__init__(election)
        self._rule, self._ids = election.rules.contradiction, [column.id for column in election.columns]

    def may_find(self, given: SumRows) -> Flags:
        """Where a figure needs more false sheets than are enough by the sums alone. Histograms are avoided: on honest
        nights nearly nothing is left for them (ADR 9)."""
        places = np.zeros(len(given.rows), bool)
        announced = np.flatnonzero(given.claims[:, LEFT_TABLES] >= 0)
        if len(announced):
            some = given.some(announced)
            places[announced] = ~(self._are_possible(some, asked_of_votes(some)).all(axis=1))
            places[announced] |= ~(self._are_possible(some, asked_of_nulls(some)).all(axis=1))
        return places

    def weigh(self, given: Places) -> Iterator[Weighed]:
        """The breakdown counts that reach what clears an alert."""
        votes, nulls = asked_of_votes(given), asked_of_nulls(given)
        yield from self._weigh(given, votes, self._ids, CRITICAL)
        yield from self._weigh(given, nulls, [NULL_VOTES], WARNING)

    def _weigh(self, given: Places, asked: Asked, names: list[str], gravest: int) -> Iterator[Weighed]:
        doubtful, limits = ~self._are_possible(given, asked), self._tolerated(given)
        for column in np.flatnonzero(doubtful.any(axis=0)).tolist():
            some = doubtful[:, column]
            counts = asked.breakdown(given, column, some)
            severities = np.where(counts >= limits, gravest, RESTS)
            severities[~some | (counts < self._rule.clear * limits)] = NOTHING
            yield Weighed.of(names[column], np.arange(len(counts)), severities, counts)

    def _are_possible(self, given: RowsOfSums, asked: Asked) -> Flags:
        """Which figures fewer false sheets make possible than any alert rests on; those at least."""
        few: Numbers = np.ceil(self._rule.clear * self._tolerated(given)).astype(np.int64) - 1
        possible: Flags = asked.suffice(few) | (_tables(given) == 0)[:, None]
        return possible

    def _tolerated(self, given: RowsOfSums) -> Numbers:
        return tolerated(self._rule, _tables(given))

    def finding(self, given: Situation, column: str, severity: Severity | None, **figures: Any) -> Finding:
        """With the sharper of both bounds, or that of the null votes."""
        comparison = given.comparison
        assert comparison is not None
        if column == NULL_VOTES:
            nulls, official = comparison.witnessed.top(NULLS, 0), comparison.bulletin.null
            assert official is not None
            bound = floor(official, nulls, comparison.left)
            assert bound is not None
            return self._finding(comparison, column, official, nulls.total, bound, severity)
        place, official = self.election.column_index[column], comparison.bulletin.votes[column]
        both = [bound for bound in bounds(comparison, place, official) if bound is not None]
        bound = max(both, key=lambda b: b.breakdown)
        witnessed = comparison.witnessed.top(VOTES, place).total
        option = self.election.columns[place].name
        return self._finding(comparison, column, official, witnessed, bound, severity, option)

    def _finding(
        self,
        given: Comparison,
        column: str,
        official: int,
        witnessed: int,
        bound: Bound,
        severity: Severity | None,
        option: str | None = None,
    ) -> Finding:
        """`option` is the name of the column, None for null votes: bounds of those rest on sheets alone."""
        gap = abs(bound.limit - official)
        figures: dict[str, Any] = {
            "official": official,
            "witnessed": witnessed,
            "tables": given.witnessed.tables,
            "limit": bound.limit,
            "hidden": bound.hidden,
            "gap": gap,
            "breakdown": bound.breakdown,
            "left_tables": given.left.tables,
            "left_registered": given.left.registered,
        }
        bounded = given.bounded if option is not None else 0
        if bounded:
            figures |= {"tables": given.witnessed.tables + given.bounded, "bounded": given.bounded}
        words = {"why": bound.basis if bound.hidden else "nothing", "room": "some" if bound.limit >= 0 else "none"}
        return self.report(
            given,
            column,
            severity,
            (bound.breakdown, "tables" if bounded else "sheets"),
            {**figures, "side": bound.side, "basis": bound.basis},
            "floor-nulls" if option is None else f"{bound.side}-bounds" if bounded else bound.side,
            option=option or "",
            short=-bound.limit,
            **words,
            **figures,
        )


def _tables(given: RowsOfSums) -> Numbers:
    """Polling tables with an accepted sheet or a bound, by place."""
    tables: Numbers = given.rows[:, TABLES]
    return tables if given.bounds is None else tables + given.bounds[:, ADDED]


def bounds(given: Comparison, column: int, official: int) -> tuple[Bound | None, Bound | None]:
    """Floor and ceiling for one figure; None for a side that nothing limits."""
    votes, rest, headroom = (given.witnessed.top(kind, column) for kind in (VOTES, REST, HEADROOM))
    high = ceiling(official, votes, rest, headroom, given.left, given.valid, given.room(column))
    return floor(official, votes, given.left), high
