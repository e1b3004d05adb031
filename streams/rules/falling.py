"""A bulletin against the one before it: cumulative figures can only grow (design, section 5)."""

from collections.abc import Iterator

from streams.events import Bulletin
from streams.findings import Comparison, Finding, figure
from streams.wording import say


def falling(given: Comparison) -> Iterator[Finding]:
    """One finding for each cumulative figure that is less than in the bulletin before.

    A correction says of itself that figures change, so it is not held against what it corrects.
    """
    before, now = given.before, given.bulletin
    if before is None or now.status == "correction":
        return
    for name, votes in before.votes.items():
        column = given.election.columns[given.election.column_index[name]]
        yield from _fall(given, before, name, column.name, votes, figure(given.election, now, column))
    for what, then, later in (
        ("valid-votes", before.valid, now.valid),
        ("null-votes", before.null, now.null),
        ("ballots-cast", before.ballots, now.ballots),
        ("tables-counted", before.tables_counted, now.tables_counted),
    ):
        yield from _fall(given, before, what, None, then, later)


def _fall(
    given: Comparison, before: Bulletin, column: str, option: str | None, then: int | None, now: int | None
) -> Iterator[Finding]:
    if then is None or now is None or now >= then:
        return
    figures = {"before": then, "now": now, "gap": then - now, "earlier": before.id}
    named = {"what": column} if option is None else {"option": option}
    yield Finding(
        rule="falling-figure",
        rule_class="consistency",
        area=given.area.id,
        column=column,
        severity="warning",
        value=then - now,
        unit="tables" if column == "tables-counted" else "votes",
        bulletin=given.bulletin.id,
        inputs=figures,
        sentence=say(
            "falls" if option is None else "falls-votes",
            area=given.label,
            bulletin=given.bulletin.id,
            **figures,
            **named,
        ),
    )
