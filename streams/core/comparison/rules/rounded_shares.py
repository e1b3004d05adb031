"""The rounded-share fingerprint: votes that look computed from percentages (design, section 5)."""

from collections.abc import Iterator

from streams.core.comparison.findings import Comparison, Finding
from streams.core.comparison.rules.rule import BulletinRule


class RoundedShares(BulletinRule):
    """One finding when every figure is a share with few decimals of the valid votes, rounded.

    With d decimals there are 10^(d+2) such shares, so a free figure hits one with the chance
    10^(d+2) / V; the last figure is not free, since the sum is given. Nor is a figure of zero
    any coincidence. Information only.
    """

    name = "rounded-shares"
    kind = ("consistency", "info")

    def find(self, given: Comparison) -> Iterator[Finding]:
        """With the fewest decimals that fit."""
        rule = given.election.rules.fingerprint
        valid, figures = given.announced_valid, [votes for _, _, votes in given.announced if votes]
        if not valid or not given.announces_all or len(figures) < 2:
            return
        for decimals in range(rule.max_decimals + 1):
            steps = 10 ** (decimals + 2)
            chance = min(1.0, steps / valid) ** (len(figures) - 1)
            if chance > rule.max_chance:
                return
            if all(_is_rounded_share(votes, valid, steps) for votes in figures):
                yield self.report(
                    given,
                    "all",
                    "info",
                    (decimals, "decimals"),
                    {"valid": valid, "figures": len(figures), "decimals": decimals, "chance": chance},
                    "rounded-shares",
                    figures=len(figures),
                    valid=valid,
                    precision=f"decimals-{decimals}",
                    odds=round(1 / chance),
                )
                return


def _is_rounded_share(votes: int, valid: int, steps: int) -> bool:
    """Whether votes = round(valid * s / steps) for a whole s, in exact integers, half either way."""
    share = (2 * votes * steps + valid) // (2 * valid)
    return abs(votes * steps - share * valid) * 2 <= steps
