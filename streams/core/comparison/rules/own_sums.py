"""A bulletin against itself: figures that do not add up (design, section 5)."""

from collections.abc import Iterator
from decimal import Decimal

from streams.core.comparison.findings import Comparison, Finding
from streams.core.comparison.rules.rule import BulletinRule
from streams.core.election.model import Severity


class OwnSums(BulletinRule):
    """One finding for each sum, share or limit that the bulletin itself breaks."""

    name = "own-sums"
    kind = ("consistency", "critical")

    def find(self, given: Comparison) -> Iterator[Finding]:
        """Sum by sum, then share by share."""
        bulletin, area = given.bulletin, given.area
        if given.announces_all and bulletin.valid is not None:
            yield from self._sum(given, "options", sum(bulletin.votes.values()), bulletin.valid)
        if None not in (bulletin.valid, bulletin.null, bulletin.ballots):
            yield from self._sum(given, "ballots", (bulletin.valid or 0) + (bulletin.null or 0), bulletin.ballots or 0)
        yield from self._more(given, "ballots-cast", bulletin.ballots, "registered-voters", bulletin.registered)
        yield from self._more(given, "tables-counted", bulletin.tables_counted, "tables-that-exist", area.tables)
        yield from self._shares(given)

    def _sum(self, given: Comparison, what: str, added: int, stated: int) -> Iterator[Finding]:
        if added != stated:
            figures = {"added": added, "stated": stated, "gap": abs(added - stated)}
            yield self._finding(given, what, "warning", abs(added - stated), "sum", {"what": what, **figures})

    def _more(
        self, given: Comparison, what: str, added: int | None, limit: str, stated: int | None
    ) -> Iterator[Finding]:
        if added is not None and stated is not None and added > stated:
            figures: dict[str, int | float | str] = {"added": added, "stated": stated, "what": what, "limit": limit}
            yield self._finding(given, what, "critical", added - stated, "more", figures)

    def _shares(self, given: Comparison) -> Iterator[Finding]:
        """An announced share must be its votes over the valid ones, to its own last decimal."""
        if not given.announced_valid:
            return
        for column, name, votes in given.announced:
            announced = given.bulletin.announced_shares.get(name)
            if announced is None:
                continue
            exponent = Decimal(repr(announced)).as_tuple().exponent
            decimals = max(1, -exponent) if isinstance(exponent, int) else 1
            computed = 100 * votes / given.announced_valid
            # One unit of the last decimal: authorities cut as often as they round.
            if abs(computed - announced) >= 10.0**-decimals:
                yield self._finding(
                    given,
                    f"share-{name}",
                    "warning",
                    round(abs(computed - announced), 6),
                    "share",
                    {
                        "option": given.election.columns[column].name,
                        "announced": announced,
                        "official": votes,
                        "valid": given.announced_valid,
                        "computed": computed,
                    },
                    decimals=decimals,
                )

    def _finding(
        self,
        given: Comparison,
        what: str,
        severity: Severity,
        value: float,
        sentence: str,
        figures: dict[str, int | float | str],
        decimals: int = 0,
    ) -> Finding:
        unit = "points" if sentence == "share" else "tables" if what == "tables-counted" else "votes"
        return self.report(given, what, severity, (value, unit), figures, sentence, decimals, **figures)
