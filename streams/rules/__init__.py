"""The rules, in the order in which they speak. Those of `SUMS` and `BULLETINS` hold a bulletin against what else is
known, `WATCHES` look at an area with or without one. Each yields findings."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from streams.election import Election
from streams.findings import Comparison, Finding, Situation
from streams.layout import Numbers
from streams.rollup import ANNOUNCED, COMPARED, DIFFERING, DISPUTED, LEVELS
from streams.rules.contradiction import contradiction
from streams.rules.divergence import divergence
from streams.rules.falling import falling
from streams.rules.feed_health import disputes, flood, silence
from streams.rules.mismatch import mismatch
from streams.rules.own_sums import own_sums
from streams.rules.parts import parts
from streams.rules.remainder import remainder
from streams.rules.rounded_shares import rounded_shares

Rule = Callable[[Comparison], Iterator[Finding]]
Watch = Callable[[Situation], Iterator[Finding]]

SUMS: tuple[Rule, ...] = (contradiction, remainder, divergence)
"""What depends on the witnessed sums: to be asked whenever a sheet comes."""
BULLETINS: tuple[Rule, ...] = (own_sums, falling, parts, rounded_shares)
"""What depends on bulletins alone: to be asked when there is a new one, of the area or right below."""
WATCHES: tuple[Watch, ...] = (mismatch, disputes, flood, silence)


def findings(situation: Situation) -> list[Finding]:
    """Everything there is to say about one area now."""
    return [*of_sums(situation), *of_bulletins(situation), *of_watches(situation)]


def of_sums(situation: Situation) -> Iterator[Finding]:
    """What the bulletin and the witnessed sums say together."""
    comparison = situation.comparison
    return (finding for rule in SUMS for finding in rule(comparison)) if comparison else iter(())


def of_bulletins(situation: Situation) -> Iterator[Finding]:
    """What bulletins say of themselves and each other."""
    comparison = situation.comparison
    return (finding for rule in BULLETINS for finding in rule(comparison)) if comparison else iter(())


def of_watches(situation: Situation) -> Iterator[Finding]:
    """What there is to say with or without a bulletin."""
    return (finding for watch in WATCHES for finding in watch(situation))


def are_loud(election: Election, rows: Numbers) -> NDArray[np.bool_]:
    """Of which areas below the root, given their rows of sums, the watches may have something to say. All that a
    reading has touched are asked at every tick, and nearly all have nothing."""
    mismatch_, health = election.rules.mismatch, election.rules.health
    disputed = rows[:, DISPUTED]
    read = rows[:, LEVELS + 1 : ANNOUNCED].sum(axis=1)
    unlike = (rows[:, DIFFERING] >= mismatch_.min_tables) & (rows[:, COMPARED] > 0)
    found: NDArray[np.bool_] = unlike | ((disputed >= health.disputed_min) & (disputed >= health.disputed_ratio * read))
    return found
