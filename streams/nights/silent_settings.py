"""Settings under which a contradiction would be met with silence: `cotejo check` says so before the night does."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from streams.core.comparison.findings import CLASSES, RANK
from streams.core.comparison.rules import KINDS
from streams.core.election.model import Election, Receiver, Severity
from streams.core.election.settings import Policy, Switches
from streams.core.events.model import TallyReport

HALF: Final = 0.5
"""Share of the read polling tables that cannot be accepted, from which it is worth a remark."""

Found = tuple[str, int, tuple[str, ...], str]
"""Code, number, places and text of a remark (`check_remarks.Remark`)."""


class Readers:
    """Who has read each polling table, as far as it decides whether a sheet can be accepted."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._groups: dict[str, set[str]] = {}
        self._trusted: set[str] = set()

    def see(self, report: TallyReport) -> None:
        """A reading of a sheet that is admitted."""
        trusted = report.source in self._policy.trusted_sources
        self.add(report.table, report.group or report.reporter, trusted)

    def add(self, table: str, group: str, trusted: bool) -> None:
        """A reading of this polling table by one of this group, from a trusted source or not."""
        self._groups.setdefault(table, set()).add(group)
        if trusted:
            self._trusted.add(table)

    def remarks(self) -> Iterator[Found]:
        """Whether most of what was read can never count, because nobody else has read it."""
        quorum = self._policy.quorum
        alone = [t for t, groups in self._groups.items() if len(groups) < quorum and t not in self._trusted]
        if alone and len(alone) >= HALF * len(self._groups):
            text = (
                f"polling tables that have fewer than {quorum} independent readings, and none of a trusted source: "
                f"{len(alone):,} of {len(self._groups):,}. Their sheets are not accepted: lower reconcile.quorum, or "
                "name the source in reconcile.trusted_sources"
            )
            yield "below-quorum", len(alone), tuple(sorted(alone)), text


def remarks(election: Election) -> Iterator[Found]:
    """What an election file alone keeps silent."""
    if off := tuple(field.name for field in fields(Switches) if getattr(election.rules.switch, field.name) != "on"):
        places = tuple(f"rules.switch.{name.replace('_', '-')}" for name in off)
        yield "switched-off", len(off), places, f"rules that call nobody, because they are switched off: {len(off):,}"
    unknown = tuple(area.id for area in election.areas.values() if area.tables is None)
    if unknown:
        text = (
            f"areas of which nobody knows how many polling tables exist: {len(unknown):,}. No floor can be worked out "
            "there: give tables in the areas file"
        )
        yield "tables-unknown", len(unknown), unknown, text
    if election.sample is not None and (more := (election.root.tables or 0) - len(election.tables)) > 0:
        text = (
            f"polling tables that exist but are not in the register: {more:,}. The sample was not drawn from them, so "
            "the rule sample calls nobody: add them to the register"
        )
        yield "sample-of-less", more, (), text
    if (most := election.root.tables) is not None and (beyond := tuple(_beyond(election, most))):
        text = (
            f"limits above the {most:,} polling tables that exist: {len(beyond):,}. Their rules can call nobody in "
            "this election: lower them"
        )
        yield "limit-out-of-reach", len(beyond), beyond, text
    if deaf := tuple(receiver.name for receiver in election.receivers if not _can_hear(election, receiver)):
        text = (
            f"receivers that no alert can reach, because no rule that is switched on finds anything of their rules, "
            f"classes and severity: {len(deaf):,}. Widen them"
        )
        yield "nothing-to-hear", len(deaf), deaf, text


def _can_hear(election: Election, receiver: Receiver) -> bool:
    """Whether some rule may find something that the receiver is subscribed to. Its areas exist: that was checked."""
    for rule, (rule_class, gravest) in KINDS.items():
        switch = election.rules.switch.of(rule)
        severity: Severity = "info" if switch == "remark" else gravest
        asked = rule in (receiver.rules or KINDS) and rule_class in (receiver.classes or CLASSES)
        if asked and switch != "off" and RANK[severity] >= RANK[receiver.severity]:
            return True
    return False


def _beyond(election: Election, tables: int) -> Iterator[str]:
    """The limits, counted in polling tables or sheets, that are above the number of polling tables."""
    rules = election.rules
    limits = {
        "rules.contradiction.min_sheets": rules.contradiction.min_sheets,
        "rules.divergence.min_sheets": rules.divergence.min_sheets,
        "rules.mismatch.min_tables": rules.mismatch.min_tables,
        "rules.bounds.min_tables": rules.bounds.min_tables,
        "rules.health.disputed_min": rules.health.disputed_min,
    }
    return (place for place, limit in limits.items() if limit > tables)
