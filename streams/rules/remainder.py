"""Required remainder: what the tables nobody witnessed would have to say (design, section 5)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from streams.findings import Comparison, Finding, Severity
from streams.rollup import REGISTERED, TABLES, VALID, VOTES
from streams.wording import say


@dataclass(frozen=True, slots=True)
class Remainder:
    """The tables nobody witnessed, as the witnessed ones of the same areas predict them."""

    valid: float
    """Valid votes there, at the turnout witnessed in each area right below."""
    votes: tuple[float, ...]
    """The same by column."""
    registered: int | None
    """Registered voters there; None where the register does not know."""

    def gamma(self, column: int, beyond: int) -> float:
        """Points between the share that `beyond` votes take of the valid ones there, and the share predicted."""
        return 100 * (beyond - self.votes[column]) / self.valid


def remainder(given: Comparison) -> Iterator[Finding]:
    """One finding for each figure that needs `warning` or more points above what is predicted of the remainder.

    Votes announced beyond the witnessed ones can only come from tables nobody witnessed; gamma is the share of
    their valid votes that this takes, less the share predicted for them. Read to the bulletin's advantage: the
    tables it leaves out count as witnessed by nobody, and as many sheets may be wrong as the contradiction rule
    puts up with. Without that a few mistyped sheets would decide about the last tables of every honest night.
    """
    rule, tally = given.election.rules.remainder, given.witnessed
    beyond = {column: official - tally.votes[column] for column, _, official in given.official}
    # On an honest night it ends here, without a look at the histograms and the areas below.
    wanting = [column for column, votes in beyond.items() if votes > given.least(column)[2](given.tolerated)]
    rest = predicted(given) if wanting else None
    if rest is None:
        return
    for column in wanting:
        expected = 100 * rest.votes[column] / rest.valid
        gamma = rest.gamma(column, beyond[column])
        if gamma < rule.clear * rule.warning:  # it only gets less
            continue
        surely = beyond[column] - given.headroom(column)(given.tolerated)
        least = rest.gamma(column, surely)
        if surely <= 0 or least < rule.clear * rule.warning:
            continue
        severity: Severity | None = None
        if least >= rule.warning:
            severity = "critical" if least >= rule.critical else "warning"
        yield _finding(
            given,
            column,
            rest,
            {"beyond": beyond[column], "predicted": expected, "gamma": gamma, "least": least},
            severity,
        )


def predicted(given: Comparison) -> Remainder | None:
    """What the witnessed sheets predict for the tables nobody witnessed, area by area right below; None below the
    coverage that the election asks for, where nothing is left, and where neither tables nor registered voters are
    known."""
    tally, known = given.witnessed, given.election.layout
    if given.coverage is None or given.coverage < given.election.rules.remainder.coverage or not tally.valid:
        return None
    whole, areas, rows = np.array([tally.row]), tally.strata.areas, tally.strata.rows
    if not len(areas) or not (known.voters[areas] + known.exist[areas]).all():
        areas, rows = np.array([known.area[given.area.id]]), whole
    like = np.where(rows[:, VALID, None] > 0, rows, whole)
    by_voters = known.knows_voters[areas] & (like[:, REGISTERED] > 0)
    if not (by_voters | known.knows_tables[areas]).all():
        return None
    left = np.maximum(0, known.voters[areas] - rows[:, REGISTERED])
    tables = np.maximum(0, known.exist[areas] - rows[:, TABLES])
    # How often what was witnessed is still to come, by voters where they are known, else by tables.
    by_tables = tables / np.maximum(1, like[:, TABLES])
    here = np.where(by_voters, left / np.maximum(1, like[:, REGISTERED]), by_tables)
    valid = float(here @ like[:, VALID])
    registered = int(left[by_voters].sum()) if known.knows_voters[areas].all() else None
    votes = here @ like[:, VOTES : VOTES + len(tally.votes)]
    return Remainder(valid, tuple(votes.tolist()), registered) if valid else None


def _finding(
    given: Comparison, column: int, rest: Remainder, found: dict[str, float], severity: Severity | None
) -> Finding:
    name = given.election.columns[column]
    figures: dict[str, int | float] = {
        **found,
        "official": int(found["beyond"]) + given.witnessed.votes[column],
        "witnessed": given.witnessed.votes[column],
        "tables": given.witnessed.tables,
        "needed": found["gamma"] + found["predicted"],
        "tolerated": given.tolerated,
    }
    figures["beyond"] = int(found["beyond"])
    if rest.registered:
        figures["needed_full"] = 100 * found["beyond"] / rest.registered
        if given.turnout:
            figures["needed_announced"] = figures["needed_full"] / given.turnout
    return Finding(
        rule="remainder",
        rule_class="remainder",
        area=given.area.id,
        column=name.id,
        severity=severity,
        value=round(found["gamma"], 6),
        unit="points",
        bulletin=given.bulletin.id,
        inputs={key: round(value, 6) if isinstance(value, float) else value for key, value in figures.items()},
        sentence=say(
            "remainder" if rest.registered else "remainder-tables",
            1,
            area=given.area.name,
            bulletin=given.bulletin.id,
            option=name.name,
            **figures,
        ),
    )
