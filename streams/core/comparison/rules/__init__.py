"""The rules, in the order in which they speak, and what an election asks of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import numpy as np

from streams.core.comparison.findings import RANK, Comparison, Finding, Pulse, Situation
from streams.core.comparison.rule_inputs import AreasNow, Places, SumRows
from streams.core.comparison.rules.contradiction import Contradiction
from streams.core.comparison.rules.divergence import Divergence
from streams.core.comparison.rules.falling import Falling, Rewritten
from streams.core.comparison.rules.feed_health import Disputes, Flood, Silence
from streams.core.comparison.rules.lead import SettledLead
from streams.core.comparison.rules.mismatch import Mismatch
from streams.core.comparison.rules.outside_bounds import AboveCeiling, BelowFloor
from streams.core.comparison.rules.own_sums import OwnSums
from streams.core.comparison.rules.parts import Parts
from streams.core.comparison.rules.rounded_shares import RoundedShares
from streams.core.comparison.rules.rule import RESTS, UNSURE, BulletinRule, FeedRule, Rule, SumsRule, Weighed
from streams.core.comparison.rules.sample import SampleMisfit
from streams.core.election.model import Election, RuleClass, Severity
from streams.core.election.numbering import Flags

RULES: Final[tuple[type[Rule], ...]] = (
    Contradiction,
    Divergence,
    SampleMisfit,
    OwnSums,
    Falling,
    Rewritten,
    Parts,
    RoundedShares,
    Mismatch,
    BelowFloor,
    AboveCeiling,
    Disputes,
    Flood,
    Silence,
    SettledLead,
)

NAMES: Final = tuple(dict.fromkeys(rule.name for rule in RULES))
"""The rules' names, each with a switch in the election file."""

KINDS: Final[Mapping[str, tuple[RuleClass, Severity]]] = {rule.name: rule.kind for rule in RULES}
"""By name: the class of what a rule finds, and the gravest severity that it may have."""


class RuleBook:
    """The rules of an election that are not switched off: whom to ask of what, and when."""

    def __init__(self, election: Election) -> None:
        self._switch = election.rules.switch
        rules = [rule(election) for rule in RULES if self._switch.of(rule.name) != "off"]
        self._of_bulletins = [rule for rule in rules if isinstance(rule, BulletinRule)]
        self._of_sums = [rule for rule in rules if isinstance(rule, SumsRule)]
        self._of_feeds = [rule for rule in rules if isinstance(rule, FeedRule)]
        anywhere = [rule for rule in self._of_sums if not rule.needs_bulletin and not rule.needs_bounds]
        self.wakes: Mapping[int, int] = dict(rule.wakes for rule in anywhere if rule.wakes is not None)
        """Places in a row of sums, and what one of them must come to before a rule finds anything in an area without a
        bulletin."""
        self.follows = np.zeros(len(election.areas), bool)
        """Areas whose sums must be known at each tick, whatever they come to."""
        for rule in anywhere:
            if rule.follows is not None or rule.wakes is None:
                self.follows |= True if rule.follows is None else rule.follows
        self.needs_unseen = any(rule.needs_unseen for rule in self._of_sums)
        """Whether some rule rests on what is expected of the unseen."""

    def of_bulletin(self, given: Comparison) -> Iterator[Finding]:
        """What an area's bulletin says of itself and of others. It changes with bulletins alone."""
        for rule in self._of_bulletins:
            yield from map(self._switched(rule), rule.find(given))

    def of_feeds(self, given: Situation) -> Iterator[Finding]:
        """What there is to say of the feeds; `given` is the whole election."""
        for rule in self._of_feeds:
            yield from map(self._switched(rule), rule.find(given))

    def of_sums(self, given: AreasNow) -> Iterator[tuple[int, Finding]]:
        """What there is to say of the sums of many areas, each with its place."""
        for rule in self._of_sums:
            switched = self._switched(rule)
            yield from ((place, switched(finding)) for place, finding in rule.find(given))

    def may_find(self, given: SumRows) -> Flags:
        """At which places the rules on sums may find something: nearly nowhere, nearly always. For all areas that a
        tick has touched it takes the time of one."""
        places = np.zeros(len(given.rows), bool)
        for rule in self._of_sums:
            places |= rule.may_find(given)
        return places

    def weigh(self, given: Places) -> Iterator[tuple[str, Weighed]]:
        """What the rules on sums find, under their names, without making findings of it."""
        for rule in self._of_sums:
            remarks = self._switch.of(rule.name) == "remark"
            for weighed in rule.weigh(given):
                calls = (weighed.severities > RESTS) & (weighed.severities != UNSURE)
                yield (
                    rule.name,
                    weighed._replace(severities=np.where(calls & remarks, RANK["info"], weighed.severities)),
                )

    def deadlines(self, pulse: Pulse) -> list[int]:
        """Event times (Unix ms) from which on something is to be said of the feeds though nothing comes."""
        return [deadline for rule in self._of_feeds for deadline in rule.deadlines(pulse)]

    def may_find_in_feeds(self, busiest: Mapping[str, int], readings: int) -> bool:
        """Whether what came may be worth a word, given the groups that sent most, and all readings."""
        return any(rule.may_find(busiest, readings) for rule in self._of_feeds)

    def in_order(self, findings: Iterable[Finding]) -> list[Finding]:
        """Findings of one area in the order of the rules."""
        return sorted(findings, key=lambda finding: NAMES.index(finding.rule))

    def _switched(self, rule: Rule) -> Callable[[Finding], Finding]:
        return Finding.as_remark if self._switch.of(rule.name) == "remark" else lambda finding: finding
