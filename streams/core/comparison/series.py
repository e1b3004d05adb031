"""How what the rules find goes along over many ticks, without making a finding of it: severities and values.

At nearly every tick of a contested night a finding's figures change and its severity does not. Where that is certain,
the rules need not be asked until somebody is told.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from streams.core.aggregation.area_over_ticks import AreaOverTicks
from streams.core.aggregation.histograms import HEADROOM, REST, VOTES, Kind
from streams.core.aggregation.honest_shares import Figures
from streams.core.aggregation.tally import REGISTERED, TABLES, VALID
from streams.core.aggregation.tally import VOTES as FIRST_VOTES
from streams.core.comparison.findings import Comparison, Finding
from streams.core.comparison.quick_bounds import tolerated
from streams.core.comparison.rules import is_on
from streams.core.comparison.rules.contradiction import are_possible, may_contradict_nulls
from streams.core.election.numbering import Flags, Numbers

NOTHING: Final = -1
RESTS: Final = 0
"""A finding that calls nobody."""
WARNING: Final = 1
CRITICAL: Final = 2
UNSURE: Final = 9
"""Which of these it is cannot be told from here."""

_CODES: Final = {None: RESTS, "info": UNSURE, "warning": WARNING, "critical": CRITICAL}

SLIP: Final = 2e-6
"""Points by which a gap may differ from the finding's, which is rounded to six decimals."""


class Series(NamedTuple):
    """What one rule finds of one figure, by tick. `slip` is how far the values may be off."""

    rule: str
    column: str
    severities: Numbers
    values: Figures
    slip: float = 0.0

    def fits(self, finding: Finding | None) -> bool:
        """Whether it finds the same as this at each tick, but for its figures."""
        code = (
            NOTHING
            if finding is None
            else {None: RESTS, "warning": WARNING, "critical": CRITICAL}.get(finding.severity)
        )
        return code is not None and bool((self.severities == code).all())


def series(given: Comparison, over: AreaOverTicks) -> Iterator[Series]:
    """Of each figure of a bulletin, what the rules on sums find at each tick. Nobody may know bounds of any polling
    table."""
    if is_on(given.election, "contradiction"):
        yield from _contradictions(given, over)
    if is_on(given.election, "divergence") and given.valid:
        yield from _divergences(given, given.valid, over)


def _contradictions(given: Comparison, over: AreaOverTicks) -> Iterator[Series]:
    rule, rows = given.election.rules.contradiction, over.rows
    claims = np.broadcast_to(given.claim, (len(rows), len(given.claim)))
    possible = are_possible(given.election, claims, rows, None)
    limit = tolerated(rule, rows[:, TABLES])
    for column, name, official in given.official:
        breakdown, severities = np.zeros(len(rows)), np.full(len(rows), NOTHING)
        if not possible[:, column].all():
            breakdown = _breakdown(given, over, column, official).astype(np.float64)
            severities = np.where(breakdown >= rule.clear * limit, RESTS, NOTHING)
            severities[breakdown >= limit] = CRITICAL
        yield Series("contradiction", name, severities, breakdown)
    if given.bulletin.null is not None:
        nulls = np.where(may_contradict_nulls(given.election, claims, rows), UNSURE, NOTHING)
        yield Series("contradiction", "null-votes", nulls, np.zeros(len(rows)))


def _breakdown(given: Comparison, over: AreaOverTicks, column: int, official: int) -> Numbers:
    """The breakdown count of one figure by tick, as `bounds.floor` and `bounds.ceiling` have it."""
    rows = over.rows
    witnessed, valid = rows[:, FIRST_VOTES + column], rows[:, VALID]
    counts = np.zeros(len(rows), np.int64)
    if given.left.known:
        counts = np.maximum(counts, _hiding(given, over, VOTES, column, witnessed - official))
        if given.valid is not None:
            counts = np.maximum(counts, _hiding(given, over, REST, column, official - given.valid + valid - witnessed))
    if given.voters is not None:
        room = witnessed + np.maximum(0, given.voters - rows[:, REGISTERED])
        if (official > room).any():
            counts = np.maximum(counts, over.least(HEADROOM, column, official - room))
    return counts


def _hiding(given: Comparison, over: AreaOverTicks, kind: Kind, column: int, needed: Numbers) -> Numbers:
    """The least number of false sheets with which so much can be missing, by tick (`bounds`)."""
    if (needed <= 0).all():
        return np.zeros(len(needed), np.int64)
    votes = over.rows[:, FIRST_VOTES + column]
    whole = votes if kind == VOTES else over.rows[:, VALID] - votes
    by_tables = by_registered = np.zeros(len(needed), np.int64)
    if given.left.tables is not None:
        by_tables = over.least(kind, column, needed) - given.left.tables
    if given.left.registered is not None:
        by_registered = over.least(kind, column, needed - given.left.registered)
    counts = np.maximum(0, np.maximum(by_tables, by_registered))
    return np.where(needed > whole, over.rows[:, TABLES], counts)


def _divergences(given: Comparison, valid: int, over: AreaOverTicks) -> Iterator[Series]:
    rule, counted = given.election.rules.divergence, over.counted(given.claim)
    for column, name, official in given.official:
        severities, gap = np.full(len(over.rows), NOTHING), np.zeros(len(over.rows))
        asked = over.rows[:, TABLES] >= rule.min_sheets
        if counted is not None and (asked & (counted.limits[:, column] >= rule.clear * rule.warning)).any():
            above = 100 * official / valid > counted.middle[:, column]
            if above.any() != above.all():
                severities[:] = UNSURE
            else:
                end = over.end(counted, column, rule.unseen, high=bool(above.all()))
                gap = np.maximum(0, (100 * official / valid - end) * (1 if above.all() else -1))
                severities = np.where(asked, _severities(given, valid, over, column, gap), NOTHING)
        yield Series("divergence", name, severities, gap, SLIP)


def _severities(given: Comparison, valid: int, over: AreaOverTicks, column: int, gap: Figures) -> Numbers:
    """By tick, how grave so wide a gap is; the largest sheet is known to lie between two."""
    rule, largest = given.election.rules.divergence, [over.largest(kind, column) for kind in (VOTES, REST)]
    least, most = (100 * max(each) / valid for each in zip(*largest, strict=True))
    covered: Flags = np.ones(len(gap), bool)
    if given.area.tables:
        covered = np.minimum(1.0, over.rows[:, TABLES] / given.area.tables) >= rule.coverage
    low, high = (
        _severity(given, gap + slip, gap + slip - one, covered) for slip, one in ((-SLIP, most), (SLIP, least))
    )
    return np.where(low == high, low, UNSURE)


def _severity(given: Comparison, gap: Figures, beyond: Figures, covered: Flags) -> Numbers:
    """How grave a gap is that is so many points beyond what one sheet can make."""
    rule = given.election.rules.divergence
    found = np.where((gap >= rule.clear * rule.warning) & (beyond >= rule.clear * rule.warning), RESTS, NOTHING)
    found[beyond >= rule.warning] = WARNING
    found[(beyond >= rule.critical) & covered] = CRITICAL
    return np.where(gap >= rule.clear * rule.warning, found, NOTHING)
