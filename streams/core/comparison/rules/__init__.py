"""The rules, in the order in which they speak. Those of `SUMS` and `BULLETINS` hold a bulletin against what else is
known, `WATCHES` look at an area with or without one. Each yields findings."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Generic, NamedTuple, TypeVar

import numpy as np

from streams.core.aggregation.claims import LEFT_TABLES
from streams.core.aggregation.tally import DIFFERING, DISPUTED
from streams.core.comparison.findings import Comparison, Finding, Situation
from streams.core.comparison.rules.contradiction import contradiction, may_contradict
from streams.core.comparison.rules.divergence import divergence
from streams.core.comparison.rules.falling import falling, rewritten
from streams.core.comparison.rules.feed_health import disputes, flood, may_dispute, silence
from streams.core.comparison.rules.mismatch import may_mismatch, mismatch
from streams.core.comparison.rules.outside_bounds import above_ceiling, below_floor, may_be_outside
from streams.core.comparison.rules.own_sums import own_sums
from streams.core.comparison.rules.parts import parts
from streams.core.comparison.rules.rounded_shares import rounded_shares
from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers

_Given = TypeVar("_Given", Comparison, Situation)


class Rule(NamedTuple, Generic[_Given]):
    """A rule, under the name that its findings and its switch have. Several may share a name, and so a switch."""

    name: str
    find: Callable[[_Given], Iterator[Finding]]


SUMS: tuple[Rule[Comparison], ...] = (
    Rule("contradiction", contradiction),
    Rule("divergence", divergence),
)
"""What depends on the witnessed sums: to be asked whenever a sheet comes."""
BULLETINS: tuple[Rule[Comparison], ...] = (
    Rule("own-sums", own_sums),
    Rule("falling-figure", falling),
    Rule("rewritten", rewritten),
    Rule("parts", parts),
    Rule("rounded-shares", rounded_shares),
)
"""What depends on bulletins alone: to be asked when there is a new one, of the area or right below."""
WATCHES: tuple[Rule[Situation], ...] = (
    Rule("table-mismatch", mismatch),
    Rule("below-floor", below_floor),
    Rule("above-ceiling", above_ceiling),
    Rule("feed-health", disputes),
    Rule("feed-health", flood),
    Rule("feed-health", silence),
)

NAMES: Final = tuple(dict.fromkeys([r.name for r in SUMS] + [r.name for r in BULLETINS] + [r.name for r in WATCHES]))
"""The rules' names, each with a switch in the election file."""


def findings(situation: Situation) -> list[Finding]:
    """Everything there is to say about one area now."""
    return [*of_sums(situation), *of_bulletins(situation), *of_watches(situation)]


def of_sums(situation: Situation) -> Iterator[Finding]:
    """What the bulletin and the witnessed sums say together."""
    comparison = situation.comparison
    return _ask(SUMS, comparison) if comparison else iter(())


def of_bulletins(situation: Situation) -> Iterator[Finding]:
    """What bulletins say of themselves and each other."""
    comparison = situation.comparison
    return _ask(BULLETINS, comparison) if comparison else iter(())


def of_watches(situation: Situation) -> Iterator[Finding]:
    """What there is to say with or without a bulletin."""
    return _ask(WATCHES, situation)


def is_on(election: Election, rule: str) -> bool:
    """Whether the rule of this name is asked at all."""
    return election.rules.switch.of(rule) != "off"


def _ask(rules: Iterable[Rule[_Given]], given: _Given) -> Iterator[Finding]:
    """What those that are switched on find; of those that may only remark, as a remark."""
    for rule in rules:
        if is_on(given.election, rule.name):
            remarks = given.election.rules.switch.of(rule.name) == "remark"
            yield from (finding.as_remark() if remarks else finding for finding in rule.find(given))


def least(election: Election) -> Mapping[int, int]:
    """Places in a row of sums, and what one of them must come to before `may_find` can be true of an area without a
    bulletin."""
    return {DIFFERING: election.rules.mismatch.min_tables, DISPUTED: election.rules.health.disputed_min}


def may_find(election: Election, rows: Numbers, claims: Numbers, bounds: Numbers | None = None) -> Flags:
    """In which areas the rules may find something new in the sums, given these and the claims of the newest bulletins.

    Elsewhere nothing need be asked: that is so nearly everywhere, nearly always. Told of all areas that a tick has
    touched at once, it takes the time of asking the rules in one. Not of what they find in bulletins alone, nor of
    `flood` and `silence`, which speak of the whole, nor of `divergence`, for which sums are not enough. `bounds` are
    the areas' rows of `bound_sums`, where there are any.
    """
    found = np.zeros(len(rows), bool)
    for name, may in (("table-mismatch", may_mismatch), ("feed-health", may_dispute)):
        if is_on(election, name):
            found |= may(election, rows)
    if bounds is not None and (is_on(election, "below-floor") or is_on(election, "above-ceiling")):
        found |= may_be_outside(election, bounds)
    said = np.flatnonzero(claims[:, LEFT_TABLES] >= 0)
    if len(said):
        found[said] |= may_contradict(election, claims[said], rows[said], None if bounds is None else bounds[said])
    return found
