"""Required remainder: what the tables nobody witnessed would have to say (design, section 5)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.claims import FIGURES, SLIP, are_covered, are_within, tolerated
from streams.election import Election
from streams.findings import Comparison, Finding, Severity
from streams.layout import Flags, Numbers
from streams.rollup import REGISTERED, TABLES, VALID, VOTES, Strata
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
    within = _are_within(given.election, given.claim[None], np.array([tally.row]))[0]
    rest = None if within.all() else predicted(given)
    if rest is None:
        return
    for column in beyond:
        if within[column]:  # as on an honest night: the histograms stay uncounted
            continue
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


def may_remain(
    election: Election, areas: Numbers, claims: Numbers, rows: Numbers, strata: Callable[[Numbers], Strata]
) -> Flags:
    """In which areas, given their claims and sums, it may find something; `strata` gives those below some of them."""
    rule = election.rules.remainder
    found = are_covered(election.layout.exist[areas], rows, rule.coverage) & (rows[:, VALID] > 0)
    found[found] = ~np.all(_are_within(election, claims[found], rows[found]), axis=1)
    if found.any():
        places = np.flatnonzero(found)
        claims, rows = claims[places], rows[places]
        rest = predictions(election, areas[places], rows, strata(places))
        official = claims[:, FIGURES:]
        needed = official - rows[:, VOTES : VOTES + official.shape[1]] - rest.votes
        gamma = 100 * needed / np.where(rest.valid > 0, rest.valid, np.inf)[:, None]
        found[places] = np.any((gamma >= rule.clear * rule.warning - SLIP) & (official >= 0), axis=1)
    return found


def _are_within(election: Election, claims: Numbers, rows: Numbers) -> Flags:
    """Which figures are within what tolerated sheets account for; those at least."""
    return are_within(claims, rows, tolerated(election.rules.contradiction, rows[:, TABLES]))


def predicted(given: Comparison) -> Remainder | None:
    """What the witnessed sheets predict for the tables nobody witnessed, area by area right below; None below the
    coverage that the election asks for, where nothing is left, and where neither tables nor registered voters are
    known."""
    tally, area = given.witnessed, given.election.layout.area[given.area.id]
    if given.coverage is None or given.coverage < given.election.rules.remainder.coverage or not tally.valid:
        return None
    rest = predictions(given.election, np.array([area]), np.array([tally.row]), tally.strata)
    registered = int(rest.registered[0])
    if not rest.valid[0]:
        return None
    return Remainder(float(rest.valid[0]), tuple(rest.votes[0].tolist()), None if registered < 0 else registered)


class Predictions(NamedTuple):
    """Of the tables nobody witnessed in many areas: valid votes (0 where nothing can be said), votes by column, and
    registered voters (-1 where the register does not know)."""

    valid: NDArray[np.float64]
    votes: NDArray[np.float64]
    registered: Numbers


def predictions(election: Election, areas: Numbers, rows: Numbers, strata: Strata) -> Predictions:
    """What the witnessed sheets predict, area by area right below; in the area itself where there are none or they
    are not all known."""
    known, columns, count = election.layout, len(election.columns), len(areas)
    above = strata.above
    unknown = np.bincount(above, known.voters[strata.areas] + known.exist[strata.areas] == 0, count) > 0
    alone = np.flatnonzero(unknown | (np.array(strata.counts) == 0))
    if len(alone):
        kept = ~np.isin(above, alone)
        above = np.concatenate([above[kept], alone])
        below = np.concatenate([strata.areas[kept], areas[alone]])
        parts = np.concatenate([strata.rows[kept], rows[alone]])
    else:
        below, parts = strata.areas, strata.rows
    like = np.where(parts[:, VALID, None] > 0, parts, rows[above])
    by_voters = known.knows_voters[below] & (like[:, REGISTERED] > 0)
    left = np.maximum(0, known.voters[below] - parts[:, REGISTERED])
    tables = np.maximum(0, known.exist[below] - parts[:, TABLES])
    # How often what was witnessed is still to come, by voters where they are known, else by tables.
    by_tables = tables / np.maximum(1, like[:, TABLES])
    here = np.where(by_voters, left / np.maximum(1, like[:, REGISTERED]), by_tables)

    def summed(each: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(above, each, count), np.float64)

    sayable = summed(~(by_voters | known.knows_tables[below])) == 0
    votes = np.column_stack([summed(here * like[:, VOTES + column]) for column in range(columns)])
    registered = np.where(summed(~known.knows_voters[below]) == 0, summed(left * by_voters), -1)
    return Predictions(sayable * summed(here * like[:, VALID]), votes, registered.astype(np.int64))


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
            area=given.label,
            bulletin=given.bulletin.id,
            option=name.name,
            **figures,
        ),
    )
