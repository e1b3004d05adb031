"""The rules, in the order in which they speak. Each takes a `Comparison` and yields findings."""

from collections.abc import Callable, Iterator

from streams.findings import Comparison, Finding
from streams.rules.contradiction import contradiction
from streams.rules.divergence import divergence
from streams.rules.falling import falling
from streams.rules.own_sums import own_sums
from streams.rules.rounded_shares import rounded_shares

Rule = Callable[[Comparison], Iterator[Finding]]

RULES: tuple[Rule, ...] = (contradiction, divergence, own_sums, falling, rounded_shares)


def findings(comparison: Comparison) -> list[Finding]:
    """Everything the rules have to say about one area now."""
    return [finding for rule in RULES for finding in rule(comparison)]
