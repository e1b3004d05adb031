"""Feed health: what arrives, or does not, as it should (design, section 5). It says nothing of the counts."""

from collections.abc import Iterator, Mapping

from streams.core.aggregation.tally import ANNOUNCED, DISPUTED, LEVELS
from streams.core.comparison.findings import Finding, Situation
from streams.core.comparison.sentences import say
from streams.core.election.model import Election
from streams.core.election.numbering import Flags, Numbers
from streams.times import to_minute


def disputes(given: Situation) -> Iterator[Finding]:
    """One finding where the readers of many of an area's sheets disagree."""
    rule, levels = given.election.rules.health, given.witnessed.levels
    disputed, read = levels.get("disputed", 0), sum(levels.values()) - levels.get("none", 0)
    if disputed >= rule.disputed_min and disputed >= rule.disputed_ratio * read:
        figures = {"disputed": disputed, "read": read}
        yield _finding(given, "disputes", disputed, "sheets", figures, "disputes")


def may_dispute(election: Election, rows: Numbers) -> Flags:
    """In which areas, given their sums, `disputes` finds something."""
    rule = election.rules.health
    disputed, read = rows[:, DISPUTED], rows[:, LEVELS + 1 : ANNOUNCED].sum(axis=1)
    found: Flags = (disputed >= rule.disputed_min) & (disputed >= rule.disputed_ratio * read)
    return found


def flood(given: Situation) -> Iterator[Finding]:
    """One finding for each reporter group that sends an outsized part of all readings; of the whole only."""
    rule, tally = given.election.rules.health, given.witnessed
    if given.area.parent is not None:
        return
    for group, readings in sorted(tally.busiest.items()):
        if readings >= rule.flood_min and readings >= rule.flood_ratio * tally.readings:
            figures: dict[str, int | str] = {"group": group, "readings": readings, "all": tally.readings}
            yield _finding(given, f"flood-{group}", readings, "readings", figures, "flood")


def silence(given: Situation) -> Iterator[Finding]:
    """One finding each for bulletins and readings that stay away longer than the election's rhythm."""
    rule, pulse = given.election.rules.health, given.pulse
    if given.area.parent is not None:
        return
    final = given.bulletin is not None and given.bulletin.status == "final"
    complete = bool(given.area.tables) and given.witnessed.tables >= (given.area.tables or 0)
    for what, every, last, over in (
        ("bulletins", rule.bulletin_every, pulse.bulletin, final),
        ("reports", rule.reports_every, pulse.report, complete),
    ):
        if every and not over and given.at >= last + round(1000 * every):
            hours = every / 3600
            since = to_minute(last)
            yield _finding(given, what, hours, "hours", {"hours": hours, "since": since}, f"silence-{what}")


def _finding(
    given: Situation, column: str, value: float, unit: str, figures: Mapping[str, int | float | str], key: str
) -> Finding:
    return Finding(
        rule="feed-health",
        rule_class="health",
        area=given.area.id,
        column=column,
        severity="warning",
        value=value,
        unit=unit,
        bulletin="",
        inputs=figures,
        sentence=say(key, 1, area=given.label, **figures),
    )
