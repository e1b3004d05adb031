"""A bulletin against the one before it, and against its own earlier version (design, section 5)."""

from collections.abc import Iterator

from streams.core.comparison.findings import Comparison, Finding, figure
from streams.core.comparison.rules.rule import BulletinRule
from streams.core.events.model import Bulletin


class Falling(BulletinRule):
    """One finding for each cumulative figure that is less than in the bulletin before, or in the version that this one
    replaces under its own id; of both, the larger fall.

    A correction says of itself that figures change, so it is not held against what it corrects.
    """

    name = "falling-figure"
    kind = ("consistency", "warning")

    def find(self, given: Comparison) -> Iterator[Finding]:
        """Figure by figure."""
        if given.bulletin.status == "correction":
            return
        largest: dict[str, Finding] = {}
        for earlier in (given.before, given.replaced):
            for finding in () if earlier is None else self._falls(given, earlier):
                if finding.column not in largest or finding.value > largest[finding.column].value:
                    largest[finding.column] = finding
        yield from largest.values()

    def _falls(self, given: Comparison, before: Bulletin) -> Iterator[Finding]:
        """The falls since one earlier bulletin or version."""
        now = given.bulletin
        for name, votes in before.votes.items():
            column = given.election.columns[given.election.column_index[name]]
            yield from self._fall(given, before, name, column.name, votes, figure(given.election, now, column))
        for what, then, later in (
            ("valid-votes", before.valid, now.valid),
            ("null-votes", before.null, now.null),
            ("ballots-cast", before.ballots, now.ballots),
            ("tables-counted", before.tables_counted, now.tables_counted),
        ):
            yield from self._fall(given, before, what, None, then, later)

    def _fall(
        self, given: Comparison, before: Bulletin, column: str, option: str | None, then: int | None, now: int | None
    ) -> Iterator[Finding]:
        if then is None or now is None or now >= then:
            return
        figures: dict[str, int | str] = {"before": then, "now": now, "gap": then - now, "earlier": before.id}
        key = "falls" if option is None else "falls-votes"
        if before.id == given.bulletin.id:
            figures["earlier_sequence"] = before.sequence
            key += "-version"
        named = {"what": column} if option is None else {"option": option}
        unit = "tables" if column == "tables-counted" else "votes"
        words = {**figures, "earlier_sequence": str(before.sequence), **named}
        yield self.report(given, column, "warning", (then - now, unit), figures, key, **words)


class Rewritten(BulletinRule):
    """One finding where the bulletin was rewritten under its own id: a remark, with every figure that changed."""

    name = "rewritten"
    kind = ("consistency", "info")

    def find(self, given: Comparison) -> Iterator[Finding]:
        """With both versions of every figure that changed."""
        if given.replaced is None:
            return
        before, now = _figures(given.replaced), _figures(given.bulletin)
        changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
        sides = {
            "before": {name: before[name] for name in changed if name in before},
            "now": {name: now[name] for name in changed if name in now},
        }
        sequences = {"sequence": given.bulletin.sequence, "earlier_sequence": given.replaced.sequence}
        words = {name: str(number) for name, number in sequences.items()}
        value, inputs = (len(changed), "figures"), {**sequences, **sides}
        yield self.report(given, "all", "info", value, inputs, "rewritten", figures=len(changed), **words)


def _figures(bulletin: Bulletin) -> dict[str, int]:
    """Every figure of a bulletin that can be compared: votes by option or group, and the sums beside them."""
    sums = (
        ("valid-votes", bulletin.valid),
        ("null-votes", bulletin.null),
        ("ballots-cast", bulletin.ballots),
        ("tables-counted", bulletin.tables_counted),
    )
    return {**bulletin.votes, **{name: figure for name, figure in sums if figure is not None}}
