"""Table mismatch: official figures of single polling tables beside the accepted sheets (design, section 5)."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from streams.core.aggregation.tally import COMPARED, COMPARED_VALID, DIFFERING, VOTES
from streams.core.comparison.findings import Finding, Situation
from streams.core.comparison.rule_inputs import RowsOfSums
from streams.core.comparison.rules.rule import CRITICAL, NOTHING, RESTS, WARNING, RowRule, Weighed
from streams.core.election.model import Severity


class Mismatch(RowRule):
    """One finding for an area where the official figures of many polling tables are not their sheets'.

    It warns beyond `ratio` of the compared tables, which honest typing does not reach, by three standard deviations
    of that number: among few tables, looked at again and again, some ratio is always high. It is critical where
    the differences go one way: a net shift of `shift` points of the compared tables' valid votes for any option. Where
    no more tables differ than typing explains, that must be more than slips make that go either way by chance: three
    standard deviations, each slip taken to be half a sheet.
    """

    name = "table-mismatch"
    kind = ("arithmetic", "critical")

    @property
    def wakes(self) -> tuple[int, int]:
        """From `min_tables` differing tables on."""
        return DIFFERING, self.election.rules.mismatch.min_tables

    def weigh(self, given: RowsOfSums) -> Iterator[Weighed]:
        """The areas where it warns, is critical, or has not cleared."""
        rule, rows = self.election.rules.mismatch, given.rows
        speaks = (rows[:, COMPARED] > 0) & (rows[:, COMPARED_VALID] > 0) & (rows[:, DIFFERING] >= rule.min_tables)
        places = np.flatnonzero(speaks)
        if not len(places):
            return
        rows = rows[places]
        compared, differing, valid = rows[:, COMPARED], rows[:, DIFFERING], rows[:, COMPARED_VALID]
        shifts = rows[:, VOTES + len(self.election.columns) :]
        column = np.abs(shifts).argmax(axis=1)
        net = shifts[np.arange(len(places)), column]
        ratio, points = differing / compared, 100 * net / valid
        many, chance = rule.ratio * compared, 3 * np.sqrt(differing) * valid / compared / 2
        warns = differing >= many + 3 * np.sqrt(many)
        severities = np.where(warns, WARNING, RESTS)
        severities[(np.abs(points) >= rule.shift) & (warns | (np.abs(net) >= chance))] = CRITICAL
        severities[(ratio < rule.clear * rule.ratio) & (np.abs(points) < rule.clear * rule.shift)] = NOTHING
        figures = {"compared": compared, "ratio": 100 * ratio, "net": net, "points": points, "most": column}
        yield Weighed.of("all", places, severities, differing, **figures)

    def finding(self, given: Situation, column: str, severity: Severity | None, **figures: Any) -> Finding:
        """With the option whose votes shift most, and the shift of each."""
        columns, net = self.election.columns, figures["net"]
        shifts = {c.id: votes for c, votes in zip(columns, given.witnessed.matching.shift, strict=True)}
        told = {
            "compared": figures["compared"],
            "differing": figures["value"],
            "ratio": figures["ratio"],
            "net": abs(net),
            "points": abs(figures["points"]),
        }
        rounded = {name: round(figures[name], 6) for name in ("ratio", "points")}
        return self.report(
            given,
            column,
            severity,
            (figures["value"], "tables"),
            {**told, **rounded, "shift": shifts},
            "mismatch",
            2,
            option=columns[figures["most"]].name,
            direction="more" if net >= 0 else "fewer",
            **told,
        )
