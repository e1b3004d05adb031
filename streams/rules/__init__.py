"""The rules, in the order in which they speak. `RULES` hold a bulletin against what else is known, `WATCHES` look at
an area with or without one. Each yields findings."""

from collections.abc import Callable, Iterator

from streams.election import Area, Election
from streams.findings import Comparison, Finding, Situation
from streams.rollup import Tally
from streams.rules.contradiction import contradiction
from streams.rules.divergence import divergence
from streams.rules.falling import falling
from streams.rules.feed_health import are_disputed, disputes, flood, silence
from streams.rules.mismatch import mismatch
from streams.rules.own_sums import own_sums
from streams.rules.parts import parts
from streams.rules.remainder import remainder
from streams.rules.rounded_shares import rounded_shares

Rule = Callable[[Comparison], Iterator[Finding]]
Watch = Callable[[Situation], Iterator[Finding]]

RULES: tuple[Rule, ...] = (contradiction, remainder, divergence, own_sums, falling, parts, rounded_shares)
WATCHES: tuple[Watch, ...] = (mismatch, disputes, flood, silence)


def findings(situation: Situation) -> list[Finding]:
    """Everything there is to say about one area now."""
    comparison = situation.comparison
    spoken = [finding for rule in RULES for finding in rule(comparison)] if comparison else []
    return spoken + [finding for watch in WATCHES for finding in watch(situation)]


def is_quiet(election: Election, area: Area, witnessed: Tally) -> bool:
    """Whether the watches have nothing to say of an area without a bulletin. It is asked of every area that a reading
    has touched, at every tick, and nearly always true."""
    return (
        area.parent is not None
        and witnessed.matching.differing < election.rules.mismatch.min_tables
        and not are_disputed(election.rules.health, witnessed)
    )
