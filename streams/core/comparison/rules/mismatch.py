"""Table mismatch: official figures of single polling tables beside the accepted sheets (design, section 5)."""

from collections.abc import Iterator
from math import sqrt

import numpy as np

from streams.core.aggregation.tally import COMPARED, COMPARED_VALID, DIFFERING, VOTES
from streams.core.comparison.findings import Finding, Severity, Situation
from streams.core.comparison.sentences import say
from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers


def mismatch(given: Situation) -> Iterator[Finding]:
    """One finding for an area where the official figures of many polling tables are not their sheets'.

    It warns beyond `ratio` of the compared tables, which honest typing does not reach, by three standard deviations
    of that number: among few tables, looked at again and again, some ratio is always high. It is critical where
    the differences go one way: a net shift of `shift` points of the compared tables' valid votes for any option. Where
    no more tables differ than typing explains, that must be more than slips make that go either way by chance: three
    standard deviations, each slip taken to be half a sheet.
    """
    rule, found = given.election.rules.mismatch, given.witnessed.matching
    if not found.compared or not found.valid or found.differing < rule.min_tables:
        return
    ratio = found.differing / found.compared
    column = max(range(len(found.shift)), key=lambda i: (abs(found.shift[i]), -i))
    points = 100 * found.shift[column] / found.valid
    if ratio < rule.clear * rule.ratio and abs(points) < rule.clear * rule.shift:
        return
    many = rule.ratio * found.compared
    severity: Severity | None = "warning" if found.differing >= many + 3 * sqrt(many) else None
    chance = 3 * sqrt(found.differing) * found.valid / found.compared / 2
    if abs(points) >= rule.shift and (severity or abs(found.shift[column]) >= chance):
        severity = "critical"
    option = given.election.columns[column]
    figures = {
        "compared": found.compared,
        "differing": found.differing,
        "ratio": 100 * ratio,
        "net": abs(found.shift[column]),
        "points": abs(points),
    }
    shifts = {c.id: votes for c, votes in zip(given.election.columns, found.shift, strict=True)}
    yield Finding(
        rule="table-mismatch",
        rule_class="arithmetic",
        area=given.area.id,
        column="all",
        severity=severity,
        value=found.differing,
        unit="tables",
        bulletin="",
        inputs={**figures, "ratio": round(100 * ratio, 6), "points": round(points, 6), "shift": shifts},
        sentence=say(
            "mismatch",
            2,
            area=given.label,
            option=option.name,
            direction="more" if found.shift[column] >= 0 else "fewer",
            **figures,
        ),
    )


def may_mismatch(election: Election, rows: Numbers) -> Flags:
    """In which areas, given their sums, it finds something."""
    rule, columns = election.rules.mismatch, len(election.columns)
    compared, differing, valid = rows[:, COMPARED], rows[:, DIFFERING], rows[:, COMPARED_VALID]
    found: Flags = (compared > 0) & (valid > 0) & (differing >= rule.min_tables)
    if found.any():
        points = 100 * np.abs(rows[:, VOTES + columns :]).max(axis=1) / np.maximum(1, valid)
        found &= (differing / np.maximum(1, compared) >= rule.clear * rule.ratio) | (points >= rule.clear * rule.shift)
    return found
