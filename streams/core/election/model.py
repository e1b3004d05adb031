"""The election: what can be voted for, where, who reports and who announces. `settings` has its thresholds.

Nothing here changes during a night. `streams.config.election_file` reads it from disk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, NamedTuple, TypeVar

import numpy as np

from streams.core.election.area_map import AreaMap
from streams.core.election.drawn_sample import DrawnSample
from streams.core.election.names import Language, Name, in_language, labels, languages_of
from streams.core.election.numbering import Layout, Numbers
from streams.core.election.register import PollingTable
from streams.core.election.settings import AlertPolicy, MetricsPolicy, Policy, Rules

Votes = tuple[int, ...]
"""Votes of one sheet or sum, one int per option, in the order of `Election.options`."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be voted for."""

    id: str
    name: str
    read: bool = True
    """Whether sheets are read for it. Where they are not, nothing is known of its witnessed votes."""


@dataclass(frozen=True, slots=True)
class Group:
    """Options that a bulletin may announce as one figure ("others")."""

    id: str
    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A node of the hierarchy above the polling tables.

    `tables` and `registered` are the polling tables and the registered voters that exist there, whether or not each
    table is in the register. None where nobody knows.
    """

    id: str
    name: str
    level: str
    parent: str | None
    tables: int | None = None
    registered: int | None = None
    voterless: int = 0
    """Polling tables in it that the register gives 0 voters, if that is unknown: `registered` may lack theirs."""


class Reporter(NamedTuple):
    """A reporter with a key. Such a reporter must sign (`streams.core.events.signatures`)."""

    public_key: bytes
    """Ed25519, 32 bytes."""
    group: str | None = None
    """The reporter group; None where the reporter is alone."""
    source: str | None = None
    """The trusted source that the reporter may name, if any."""


class Authority(NamedTuple):
    """An authority whose bulletins count as official."""

    public_key: bytes | None = None
    """Ed25519, 32 bytes; the bulletins need not be signed where it is None."""
    areas: tuple[str, ...] = ()
    """The areas it may announce for, with all in them; every area where it is empty."""


Severity = Literal["info", "warning", "critical"]
"""How grave a finding is, the gravest last: `info` is a remark, which calls nobody."""
RuleClass = Literal["arithmetic", "statistical", "consistency", "health", "information"]
"""What a rule's findings rest on; `information` is about what is known, not about what does not fit."""
Format = Literal["standard", "alertmanager", "alertmanager-api", "apprise", "email"]
"""What a receiver is sent: our own webhook, Alertmanager's webhook (version 4), what Alertmanager's own API takes, or
a message for people, by a service that Apprise knows or by a mail server."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver of alerts: where they are sent, which ones, and when. Its secret is never written here: `secret_env`
    or `secret_file` names what holds it."""

    name: str
    url: str = ""
    """Empty for `apprise` and `email`: there the address is the secret."""
    secret_env: str = ""
    secret_file: str = ""
    format: Format = "standard"
    allow_loopback: bool = False
    """It may be on this machine, over http too."""
    allow_private: bool = False
    """It may be in a private network."""
    areas: tuple[str, ...] = ()
    """Only alerts about these areas and all within them; every area where it is empty. Likewise the next two."""
    rules: tuple[str, ...] = ()
    classes: tuple[RuleClass, ...] = ()
    severity: Severity = "warning"
    """Only alerts that have been at least as grave."""
    language: Language = "en"
    """Of texts for people. Webhooks of our own format carry both languages."""
    quiet_hours: str = ""
    """Such as "22:00-07:00": nothing is sent between these times of day; empty for none."""
    time_zone: str = "UTC"
    """Of the quiet hours, by its name in the IANA database."""
    critical_passes: bool = False
    """Critical alerts are sent in quiet hours too."""
    digest: int = 0
    """Minutes of which one message tells everything; 0 sends each notice by itself."""


@dataclass(frozen=True)
class Election:
    """One election, complete and consistent. `streams.config.election_file` has the checks."""

    id: str
    name: str
    options: tuple[Option, ...]
    areas: Mapping[str, Area]
    tables: Mapping[str, PollingTable]
    groups: tuple[Group, ...] = ()
    levels: tuple[str, ...] = ()
    notice: str = ""
    policy: Policy = field(default_factory=Policy)
    rules: Rules = field(default_factory=Rules)
    alerts: AlertPolicy = field(default_factory=AlertPolicy)
    metrics: MetricsPolicy = field(default_factory=MetricsPolicy)
    receivers: tuple[Receiver, ...] = ()
    reporters: Mapping[str, Reporter] = field(default_factory=dict)
    """Reporters with a key, by their id."""
    authorities: Mapping[str, Authority] = field(default_factory=dict)
    """Authorities by their id. Where none is named, whoever can write a bulletin may announce."""
    voterless: tuple[str, ...] = ()
    """The polling tables that the register gives 0 voters, by id, whatever that is taken for."""
    sample: DrawnSample | None = None
    """The random sample that was drawn before the night, if any."""
    map: AreaMap | None = None
    """The shapes of areas, if any are given."""

    @property
    def sample_unseen(self) -> float:
        """Percentage points by which sampled sheets that have not come may differ from what their stratum shows."""
        own = None if self.sample is None else self.sample.unseen
        return self.rules.divergence.unseen if own is None else own

    @cached_property
    def option_index(self) -> Mapping[str, int]:
        """Option id to its place in a `Votes` tuple."""
        return {option.id: i for i, option in enumerate(self.options)}

    @cached_property
    def columns(self) -> tuple[Option | Group, ...]:
        """What a bulletin can give a figure for: every option, then every group."""
        return (*self.options, *self.groups)

    @cached_property
    def column_index(self) -> Mapping[str, int]:
        """Option or group id to its place in `columns`."""
        return {column.id: i for i, column in enumerate(self.columns)}

    @cached_property
    def members(self) -> Mapping[str, tuple[str, ...]]:
        """Group id to the ids of its options."""
        return {group.id: group.options for group in self.groups}

    def by_column(self, votes: Votes) -> Votes:
        """The votes of the options, followed by the sum of each group."""
        return votes + tuple(sum(votes[i] for i in group) for group in self.group_indexes)

    def covers(self, columns: frozenset[str], *, read: bool = False) -> bool:
        """Whether these figures together name every option exactly once. With `read`, every option for which sheets are
        read, and no other."""
        named = [o for column in columns for o in self.members.get(column, (column,))]
        wanted = self.read_options if read else self.option_index
        return len(named) == len(set(named)) == len(wanted) and set(named) <= wanted.keys()

    @cached_property
    def read_options(self) -> Mapping[str, int]:
        """The options for which sheets are read: their ids and places in a `Votes` tuple."""
        return {option.id: i for i, option in enumerate(self.options) if option.read}

    @cached_property
    def unread_places(self) -> Sequence[int]:
        """The places in `columns` of those for which sheets are not read."""
        return [i for i, column in enumerate(self.columns) if column.id not in self.read_columns]

    @cached_property
    def read_columns(self) -> frozenset[str]:
        """The options for which sheets are read, and the groups that consist of such options only. For these, both
        counts have figures."""
        groups = {group.id for group in self.groups if self.read_options.keys() >= set(group.options)}
        return frozenset(groups | self.read_options.keys())

    @cached_property
    def root(self) -> Area:
        """The area without a parent."""
        return next(area for area in self.areas.values() if area.parent is None)

    @cached_property
    def lineage(self) -> Mapping[str, tuple[str, ...]]:
        """Area id to the ids from the root down to it."""
        lines: dict[str, tuple[str, ...]] = {}
        for area in self.areas:
            up, above = [area], self.areas[area].parent
            while above is not None and above not in lines:  # no recursion: areas may nest thousands of levels deep
                up, above = [*up, above], self.areas[above].parent
            for name in reversed(up):
                lines[name] = (*lines.get(self.areas[name].parent or "", ()), name)
        return lines

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Area id to the name to show, which no two areas share: the area's own name, else with the parent's name in
        brackets, else with the id (`names.labels`)."""
        areas = self.areas.values()
        return labels({area.id: area.name for area in areas}, {area.id: area.parent for area in areas})

    def localized(self, language: str) -> "Election":
        """The same election with all names in this language, as far as it has them. "" gives them in the election's own
        language."""
        if language not in self._localized:
            named = (*self.columns, *self.areas.values())
            has_several = languages_of((self.name, self.notice, *(each.name for each in named)))
            self._localized[language] = _in_language(self, language) if has_several else self
        return self._localized[language]

    @cached_property
    def _localized(self) -> dict[str, "Election"]:
        return {}

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Area id to the ids right below it."""
        by_parent: dict[str, list[str]] = {area: [] for area in self.areas}
        for area in self.areas.values():
            if area.parent is not None:
                by_parent[area.parent].append(area.id)
        return {area: tuple(below) for area, below in by_parent.items()}

    @cached_property
    def layout(self) -> Layout:
        """Areas and polling tables as numbers."""
        return Layout(self.areas, self.tables)

    @cached_property
    def ballot_limits(self) -> Numbers:
        """By the polling table's number, the most ballots with which its sheet is admitted (`admission`)."""
        # As `admission` has it: the product of floats, cut off.
        by_register = (self.layout.registered * float(self.policy.max_turnout)).astype(np.int64)
        return np.where(self.layout.knows_register, by_register, self.policy.max_ballots)

    @cached_property
    def metric_areas(self) -> Sequence[str]:
        """The ids of the areas that have metrics of their own (`MetricsPolicy.levels`). Of a hundred thousand areas
        they are some hundred."""
        shown = self.layout.depth <= self.metrics.levels
        return [area for area in self.areas if shown[self.layout.area[area]]]

    @cached_property
    def group_indexes(self) -> tuple[tuple[int, ...], ...]:
        """For each group, the places of its options in a `Votes` tuple."""
        return tuple(tuple(self.option_index[o] for o in group.options) for group in self.groups)

    @cached_property
    def signing_groups(self) -> Mapping[str, str]:
        """The group of each reporter that signs, by the reporter's id."""
        return {id: reporter.group or id for id, reporter in self.reporters.items()}

    @cached_property
    def reserved_groups(self) -> frozenset[str]:
        """The groups that only reporters with a key may name."""
        return frozenset(self.signing_groups.values())


_Named = TypeVar("_Named", Option, Group, Area)


def _in_language(election: Election, language: str) -> Election:
    def named(each: _Named) -> _Named:
        return replace(each, name=in_language(each.name, language)) if isinstance(each.name, Name) else each

    areas = {id: named(area) for id, area in election.areas.items()}
    options, groups = tuple(map(named, election.options)), tuple(map(named, election.groups))
    name, notice = in_language(election.name, language), in_language(election.notice, language)
    return replace(election, name=name, notice=notice, options=options, groups=groups, areas=areas)
