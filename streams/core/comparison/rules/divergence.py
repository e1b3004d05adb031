"""Divergence: an announced share that no honest order of counting reaches (design, section 5; docs/evidence.md)."""

from collections.abc import Iterator
from math import isnan
from typing import Any

import numpy as np

from streams.core.aggregation.bulletin_figures import BASE
from streams.core.aggregation.expected_votes import ENOUGH
from streams.core.aggregation.histograms import REST, VOTES
from streams.core.aggregation.honest_shares import Figures
from streams.core.aggregation.tally import TABLES, VALID
from streams.core.comparison.findings import Comparison, Finding, Situation
from streams.core.comparison.rule_inputs import Places, RowsOfSums, SumRows
from streams.core.comparison.rules.rule import CRITICAL, NOTHING, RESTS, UNSURE, WARNING, SumsRule, Weighed
from streams.core.election.model import Election, Severity
from streams.core.election.numbering import Flags, Numbers


class Divergence(SumsRule):
    """One finding for each figure that lies `warning` or more points outside what an honest count can announce, in
    whatever order, with the unseen voting up to `unseen` points otherwise than their neighbours.

    A gap that one misread sheet can make is one sheet, not a divergence: the rule is silent below `min_sheets` accepted
    sheets, and its thresholds are for what is beyond one sheet. Below `coverage` it only warns: there selection alone
    can part the two counts where neighbours vote very differently.
    """

    name = "divergence"
    kind = ("statistical", "critical")
    needs_bulletin = True
    needs_unseen = True

    def __init__(self, election: Election) -> None:
        super().__init__(election)
        self._rule = election.rules.divergence
        self._clears = self._rule.clear * self._rule.warning
        """Points below which a gap is no finding."""

    def may_find(self, given: SumRows) -> Flags:
        """Where the widest gap that sums alone leave open is wide enough. The interval itself takes bins of shares of
        all sheets (ADR 9)."""
        may = self._compares(given)
        places = np.flatnonzero(may)
        if len(places):
            may[places] = given.widest(places) >= self._clears
        return may

    def weigh(self, given: Places) -> Iterator[Weighed]:
        """The gaps that reach what clears an alert, beyond one sheet."""
        places = np.flatnonzero(self._compares(given))
        if not len(places):
            return
        gaps = given.gaps(places, self._clears)
        for column, option in enumerate(self.election.columns):
            wide = np.flatnonzero(gaps[:, column] >= self._clears - given.slip)
            if len(wide):
                some, gap = places[wide], gaps[wide, column]
                one = self._one_sheet(given, column, some)
                severities = self._severities(given, some, gap + given.slip, one)
                if given.slip:
                    lowest = self._severities(given, some, gap - given.slip, one)
                    severities[severities != lowest] = UNSURE
                yield Weighed.of(option.id, some, severities, gap, one_sheet=one)

    def _compares(self, given: RowsOfSums) -> Flags:
        """Where shares are compared: there are enough sheets, with votes, and a bulletin with valid votes."""
        rows, least = given.rows, max(ENOUGH, self._rule.min_sheets)
        enough: Flags = (rows[:, TABLES] >= least) & (rows[:, VALID] > 0) & (given.claims[:, BASE] > 0)
        return enough

    @staticmethod
    def _one_sheet(given: Places, column: int, places: Numbers) -> Figures:
        """The most points that one misread sheet can move a share: the largest sheet, for the option or for all others,
        may hold nothing of what it says, or another one as much more."""
        largest = np.maximum(*(given.largest(kind, column, places) for kind in (VOTES, REST)))
        points: Figures = 100 * largest / given.claims[places, BASE]
        return points

    def _severities(self, given: Places, places: Numbers, gap: Figures, one: Figures) -> Numbers:
        """How grave a gap is, at places where one sheet makes so many points of it."""
        tables, exist, beyond = given.rows[places, TABLES], given.exist[places], gap - one
        covered = (exist == 0) | (np.minimum(1.0, tables / np.maximum(1, exist)) >= self._rule.coverage)
        severities = np.where(beyond >= self._rule.warning, WARNING, RESTS)
        severities[(beyond >= max(self._rule.warning, self._rule.critical)) & covered] = CRITICAL
        severities[(gap < self._clears) | (beyond < self._clears)] = NOTHING
        return severities

    def finding(self, given: Situation, column: str, severity: Severity | None, **figures: Any) -> Finding:
        """With both shares, what can honestly be announced, and what the unseen would have to hold."""
        comparison, option = given.comparison, self.election.columns[self.election.column_index[column]]
        assert comparison is not None
        figures = _figures(comparison, self.election.column_index[column], figures["value"], figures["one_sheet"])
        return self.report(
            comparison,
            option.id,
            severity,
            (round(figures["gap"], 6), "points"),
            {key: round(value, 6) if isinstance(value, float) else value for key, value in figures.items()},
            "divergence" if "required" in figures else "divergence-sheets",
            1,
            option=option.name,
            direction="more" if figures["official_share"] > figures["high"] else "less",
            **figures,
        )


def _figures(given: Comparison, column: int, gap: float, one_sheet: float) -> dict[str, float | int]:
    """The inputs of a finding. `required` is left out where no deviation explains the gap."""
    tally, honest, valid = given.witnessed, given.projected, given.valid
    assert honest is not None
    assert valid is not None
    required = float(honest.required[column])
    figures: dict[str, float | int] = {
        "official_share": float(honest.share[column]),
        "witnessed_share": 100 * tally.votes[column] / max(1, tally.valid),
        "expected_share": float(honest.expected[column]),
        "low": float(honest.low[column]),
        "high": float(honest.high[column]),
        "gap": gap,
        "one_sheet": one_sheet,
        "unseen": given.election.rules.divergence.unseen,
        "tables": tally.tables,
    }
    if given.coverage is not None:
        figures["coverage"] = 100 * given.coverage
    if not isnan(required):
        figures["required"] = required
    if given.counted == 1 and valid > tally.valid:
        votes = given.bulletin.votes[given.election.columns[column].id]
        figures["needed_share"] = 100 * (votes - tally.votes[column]) / (valid - tally.valid)
    return figures
