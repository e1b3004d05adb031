"""What a rule says of the state now, and what it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, get_args

import numpy as np
from msgspec import Struct
from msgspec import field as struct_field
from msgspec.structs import replace

from streams.core.aggregation import bulletin_figures
from streams.core.aggregation.honest_shares import Projected
from streams.core.aggregation.tally import Tally
from streams.core.comparison.bounds import Left, tolerated
from streams.core.election.model import Area, Election, Group, Option, RuleClass, Severity
from streams.core.election.numbering import Numbers
from streams.core.events.model import Bulletin
from streams.core.sampling.sample import Sample

CLASSES: Final[tuple[RuleClass, ...]] = get_args(RuleClass)
"""Classes of rules; what needs the fewest assumptions first."""
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)[::-1]
"""The gravest first."""
RANK: Final[Mapping[Severity | None, int]] = {None: -1, **{each: i for i, each in enumerate(get_args(Severity))}}
"""How grave each severity is; None calls nobody."""


class Finding(Struct, frozen=True):
    """What a rule found in an area: what does not fit, by how much."""

    rule: str
    rule_class: RuleClass = struct_field(name="class")
    area: str
    column: str
    """Id of an option or group; empty, or a reporter's name, for findings that concern none."""
    severity: Severity | None
    """None between the limit that calls people and the one below which a firing alert rests (hysteresis)."""
    value: float
    """The headline figure, in `unit`."""
    unit: str
    bulletin: str
    """Id of the bulletin that it is about; empty where it is about none."""
    inputs: Mapping[str, Any]
    """The figures behind the finding, by name."""
    sentence: Mapping[str, str]
    """By language: en, es."""

    # The sentence follows from the figures, and is only made for those who are told.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Finding) and self._figures == other._figures

    @property
    def _figures(self) -> tuple[object, ...]:
        subject = self.rule, self.rule_class, self.area, self.column, self.bulletin
        return *subject, self.severity, self.value, self.unit, self.inputs

    def as_remark(self) -> "Finding":
        """The same, calling nobody: where it would have called people, it is only information."""
        return self if self.severity is None else replace(self, severity="info")

    @property
    def fingerprint(self) -> str:
        """Rule, area, and option or group: the identity of the alert it may become."""
        return self.fingerprint_in(self.area)

    def fingerprint_in(self, area: str) -> str:
        """That of the same finding in another area."""
        return f"{self.rule}:{area}:{self.column}"


@dataclass(frozen=True)
class Comparison:
    """One area's bulletin beside its witnessed sums: what every rule is given."""

    election: Election
    area: Area
    bulletin: Bulletin
    witnessed: Tally
    before: Bulletin | None = None
    """The area's bulletin before this one, unless this one supersedes it."""
    parts: Mapping[str, Sequence[Bulletin]] = field(default_factory=dict)
    """The bulletins of the areas right below that no other supersedes, the newest first; areas without are left out."""
    replaced: Bulletin | None = None
    """The version that this one replaces, where it was rewritten under its own id."""
    sample: Sample | None = None
    """What the election's random sample shows; None but for the whole."""

    @property
    def label(self) -> str:
        """The area's name, told apart from those of other areas."""
        return self.election.labels[self.area.id]

    @cached_property
    def announced(self) -> list[tuple[int, str, int]]:
        """All of the bulletin's figures as (place in `Election.columns`, id, votes), in that order."""
        index = self.election.column_index
        return sorted((index[column], column, votes) for column, votes in self.bulletin.votes.items())

    @cached_property
    def announces_all(self) -> bool:
        """Whether the bulletin gives every option's votes, alone or within a group."""
        return self.election.covers(frozenset(self.bulletin.votes))

    @cached_property
    def announced_valid(self) -> int | None:
        """The bulletin's valid votes: as announced, else the sum of a bulletin that gives every option's."""
        if self.bulletin.valid is not None:
            return self.bulletin.valid
        return sum(self.bulletin.votes.values()) if self.announces_all else None

    @cached_property
    def official(self) -> list[tuple[int, str, int]]:
        """Those of the bulletin's figures that sheets are read for: what can be laid beside the witnessed ones."""
        read = self.election.read_columns
        return [entry for entry in self.announced if entry[1] in read]

    @cached_property
    def complete(self) -> bool:
        """Whether these give the votes of every option for which sheets are read, alone or within a group."""
        return self.election.covers(frozenset(column for _, column, _ in self.official), read=True)

    @cached_property
    def valid(self) -> int | None:
        """The bulletin's valid votes for the options for which sheets are read: where those are all, `announced_valid`.
        None where it does not give every one of them."""
        if len(self.election.read_options) == len(self.election.options):
            return self.announced_valid
        return sum(votes for _, _, votes in self.official) if self.complete else None

    @cached_property
    def counted(self) -> float | None:
        """Polling tables in the bulletin over those that exist (0-1); None where it does not let one know.

        By `tables_counted` where the tables that exist are known, else by `tables_counted_ratio`. A final bulletin that
        tells neither has counted all.
        """
        if self.bulletin.tables_counted is not None and self.area.tables:
            return min(1.0, self.bulletin.tables_counted / self.area.tables)
        if self.bulletin.tables_counted_ratio is not None:
            return self.bulletin.tables_counted_ratio
        silent = self.bulletin.tables_counted is None
        return 1.0 if silent and self.bulletin.status == "final" else None

    @cached_property
    def left(self) -> Left:
        """What the bulletin leaves out: N - n polling tables, and registered voters."""
        exist = self.area.tables
        tables = None if exist is None or self.counted is None else max(0, exist - round(exist * self.counted))
        whole = self.bulletin.registered_area
        whole = self.voters if whole is None else whole + self._unregistered
        inside = self.bulletin.registered
        registered = None if whole is None or inside is None else max(0, whole - inside)
        return Left(tables, registered)

    @property
    def _unregistered(self) -> int:
        """Ballots that can have been cast, at most, at the polling tables that the register gives 0 voters."""
        return self.area.voterless * self.election.policy.max_ballots

    @cached_property
    def voters(self) -> int | None:
        """Registered voters of the area at most; None where nobody knows."""
        return None if self.area.registered is None else self.area.registered + self._unregistered

    @cached_property
    def unwitnessed(self) -> int | None:
        """Registered voters at tables without an accepted sheet, at most."""
        return None if self.voters is None else max(0, self.voters - self.witnessed.registered)

    @cached_property
    def coverage(self) -> float | None:
        """Witnessed tables over the tables that exist (0-1)."""
        return min(1.0, self.witnessed.tables / self.area.tables) if self.area.tables else None

    @cached_property
    def bounded(self) -> int:
        """Polling tables of which no sheet is accepted, but bounds are known."""
        return 0 if self.witnessed.bounds is None else self.witnessed.bounds.tables

    @cached_property
    def tolerated(self) -> int:
        """Polling tables whose sheets or bounds may be wrong before anybody is called: both limits of the contradiction
        rule."""
        tables = np.array(self.witnessed.tables + self.bounded)
        return int(tolerated(self.election.rules.contradiction, tables))

    def room(self, column: int) -> int | None:
        """Votes that polling tables without an accepted sheet can hold for a column, at most, beyond those that were
        certainly cast there (docs/evidence.md). None where nobody knows their registered voters."""
        bounds = self.witnessed.bounds
        if self.unwitnessed is None or bounds is None:
            return self.unwitnessed
        return max(0, self.unwitnessed - bounds.ruled_out[column] - bounds.at_least[column])

    @cached_property
    def claim(self) -> Numbers:
        """What the bulletin says and leaves out, as a row of claims (`bulletin_figures`)."""
        figures = ((column, votes) for column, _, votes in self.official)
        total = self.valid if self.left.known else None
        limits = self.left.tables, self.left.registered, total, self.voters
        null = self.bulletin.null
        return bulletin_figures.claim(len(self.election.columns), figures, self.valid, self.counted, *limits, null=null)

    @cached_property
    def projected(self) -> Projected | None:
        """What an honest count can announce instead, by column; None where nothing can be said of it."""
        return self.witnessed.project()


def figure(election: Election, bulletin: Bulletin, column: Option | Group) -> int | None:
    """The bulletin's votes for an option or group; a group's also where its options are given one by one."""
    votes = bulletin.votes
    if column.id in votes or isinstance(column, Option):
        return votes.get(column.id)
    members = election.members[column.id]
    return sum(votes[member] for member in members) if votes.keys() >= set(members) else None


@dataclass(frozen=True, slots=True)
class Pulse:
    """When something last arrived, in Unix ms of event time: the night's beginning if nothing has, None before that."""

    bulletin: int | None = None
    report: int | None = None


@dataclass(frozen=True)
class Situation:
    """One area at one moment, with or without a bulletin."""

    election: Election
    area: Area
    witnessed: Tally
    at: int | None
    """Event time in Unix ms; None before the first tick."""
    pulse: Pulse
    bulletins: Sequence[Bulletin] = ()
    """The area's bulletins that no other supersedes, the newest first."""
    parts: Mapping[str, Sequence[Bulletin]] = field(default_factory=dict)
    replaced: Sequence[Bulletin] = ()
    """The versions that the newest of them replaces under its own id, the newest first."""
    sample: Sample | None = None
    """What the election's random sample shows; None but for the whole."""

    @property
    def label(self) -> str:
        """The area's name, told apart from those of other areas."""
        return self.election.labels[self.area.id]

    @property
    def bulletin(self) -> Bulletin | None:
        """The area's current bulletin."""
        return self.bulletins[0] if self.bulletins else None

    @cached_property
    def comparison(self) -> Comparison | None:
        """The current bulletin beside the witnessed sums; None without one."""
        if not self.bulletins:
            return None
        before = self.bulletins[1] if len(self.bulletins) > 1 else None
        replaced = self.replaced[0] if self.replaced else None
        parts, sample = self.parts, self.sample
        return Comparison(self.election, self.area, self.bulletins[0], self.witnessed, before, parts, replaced, sample)
