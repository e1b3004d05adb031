"""The settings of an election: how readings become figures, when each rule calls people, and how long an alert waits.

The defaults hold for an election file that says nothing. `thresholds` has their places in the file and their limits.
"""

from dataclasses import dataclass
from typing import Literal

Unsigned = Literal["accept", "hold"]
Zero = Literal["unknown", "zero"]
"""Whether a 0, or a figure that is not there, stands for what nobody knows, or for none."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How readings of one sheet become an accepted figure (design, section 4)."""

    quorum: int = 2
    """Independent matching readings that make a figure corroborated."""
    majority: float = 0.5
    """More than this share (0-1) of a sheet's independent readers must agree, else it is disputed."""
    trusted_sources: frozenset[str] = frozenset()
    """Sources whose single reading is enough while nobody else has read the sheet."""
    max_turnout: float = 1.02
    """Ballots over registered voters above which a sheet breaks its own arithmetic."""
    max_ballots: int = 5_000
    """Ballots above which a sheet breaks its own arithmetic where the table's registered voters are unknown."""
    group_rate: int = 0
    """Readings that one reporter group may send in a minute, in each partition; 0 is no limit."""
    max_lead: float = 3600.0
    """Seconds that a bulletin, a reading or a tick may be dated ahead of the time it comes at; 0 is not checked."""
    registered_zero: Zero = "unknown"
    """What 0 registered voters of a polling table in the register stand for."""
    unread: Zero = "unknown"
    """What it means that a reading leaves out an option for which sheets are read."""
    unsigned: Unsigned = "accept"
    """Whether the unsigned reports of reporters without a key are counted, or held back."""


@dataclass(frozen=True, slots=True)
class ContradictionRule:
    """When the breakdown count calls people. Both limits must be reached."""

    min_sheets: int = 10
    """Witnessed sheets that would have to be false, as a number."""
    min_ratio: float = 0.01
    """Witnessed sheets that would have to be false, as a share (0-1) of all witnessed sheets."""
    clear: float = 0.8
    """A firing alert holds until the breakdown count is below this share of the limit."""


@dataclass(frozen=True, slots=True)
class DivergenceRule:
    """When an announced share that no honest order of counting can explain calls people (docs/evidence.md)."""

    unseen: float = 20.0
    """Percentage points by which tables that nobody witnessed may vote otherwise than their neighbours."""
    warning: float = 2.0
    """Percentage points from the announced share to the nearest that can be announced."""
    critical: float = 5.0
    """Percentage points."""
    clear: float = 0.8
    """A firing alert holds until the distance is below this share of `warning`."""
    min_sheets: int = 30
    """Accepted sheets of an area below which the rule is silent there."""
    coverage: float = 0.5
    """Witnessed tables over existing ones (0-1) below which it only warns."""


@dataclass(frozen=True, slots=True)
class SampleRule:
    """When an announced share outside the interval of the random sample calls people (docs/sample.md)."""

    error: float = 0.05
    """Share (0-1) of nights on which the rule may call people about an honest count, all options together."""
    coverage: float = 0.5
    """Sampled sheets that are in over those that were drawn (0-1), below which it speaks only where it does not matter
    what the others hold."""


@dataclass(frozen=True, slots=True)
class MismatchRule:
    """When official figures of single polling tables that differ from the accepted sheets call people."""

    min_tables: int = 10
    """Differing tables of an area, as a number, below which the rule is silent."""
    ratio: float = 0.05
    """Differing tables over compared ones (0-1) from which it warns, by more than chance would give this ratio."""
    shift: float = 1.0
    """Net shift of an option, in points of the compared tables' valid votes, from which it is critical."""
    clear: float = 0.8
    """A firing alert holds until both are below this share of their limit."""


@dataclass(frozen=True, slots=True)
class BoundsRule:
    """When polling tables that are announced outside their bounds call people."""

    min_tables: int = 3
    """Polling tables of an area announced outside their bounds, as a number, from which the rule warns."""
    critical_tables: int = 10
    """Polling tables of an area announced outside their bounds, as a number, from which the rule is critical."""
    ratio: float = 0.01
    """Share (0-1) of the announced and bounded tables that is put down to slips. Both severities need more, by three
    standard deviations."""
    clear: float = 0.8
    """A firing alert holds until the number is below this share of the limit."""


@dataclass(frozen=True, slots=True)
class HealthRule:
    """When the feeds are worth a look: what arrives, and what does not. A limit of 0 switches its check off."""

    bulletin_every: float = 0.0
    """Seconds without a new bulletin, until there is a final one: the rhythm of this election's authority."""
    reports_every: float = 0.0
    """Seconds without a new reading while polling tables are missing."""
    flood_ratio: float = 0.05
    """One group's readings over all readings (0-1), sources that are trusted left out."""
    flood_min: int = 1000
    """Readings of one group, as a number. Both limits must be reached."""
    disputed_ratio: float = 0.1
    """Disputed sheets over all that were read in an area (0-1)."""
    disputed_min: int = 10
    """Disputed sheets of an area, as a number. Both limits must be reached."""


@dataclass(frozen=True, slots=True)
class FingerprintRule:
    """When it is remarked that all figures of a bulletin are a rounded share of the valid votes."""

    max_chance: float = 1e-6
    """The chance (0-1) of such a coincidence, at most."""
    max_decimals: int = 2
    """Shares are tried with zero up to this many decimals."""


@dataclass(frozen=True, slots=True)
class LeadRule:
    """When it is remarked that the sheets which do not count yet cannot change who leads."""

    min_sheets: int = 30
    """Accepted sheets of an area below which the rule is silent there."""
    levels: int = 2
    """Levels of areas, from the whole down, of which it is told."""


Switch = Literal["on", "remark", "off"]


@dataclass(frozen=True, slots=True)
class Switches:
    """What each rule may do, under the name that its alerts have (with an underscore for the hyphen).

    "on" leaves the rule as it is. With "remark" everything it finds has the severity info, which calls nobody. With
    "off" it is not evaluated. The rules themselves are in `comparison.rules`.
    """

    contradiction: Switch = "on"
    divergence: Switch = "on"
    own_sums: Switch = "on"
    falling_figure: Switch = "on"
    rewritten: Switch = "on"
    parts: Switch = "on"
    rounded_shares: Switch = "on"
    table_mismatch: Switch = "on"
    below_floor: Switch = "on"
    above_ceiling: Switch = "on"
    sample: Switch = "on"
    feed_health: Switch = "on"
    lead: Switch = "on"

    def of(self, rule: str) -> Switch:
        """The switch of the rule with this name. Raises AttributeError for a rule that has none."""
        switch: Switch = getattr(self, rule.replace("-", "_"))
        return switch


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """How often the rules are evaluated, and how long an alert waits. All times are seconds of event time."""

    tick: float = 10.0
    """The rules are evaluated this often."""
    hold: float = 0.0
    """A finding must last this long before it fires (`for` in the file)."""
    cooldown: float = 600.0
    """At least this long between two updates of one firing alert."""

    @property
    def settling(self) -> int:
        """Milliseconds after the last tick by which every alert that is due has fired: what came last is judged at the
        next tick, and waits from there, rounded up to a tick."""
        return round(1000 * (self.hold + 2 * self.tick))


@dataclass(frozen=True, slots=True)
class MetricsPolicy:
    """Which areas Prometheus is given."""

    levels: int = 2
    """Levels of areas, from the whole down, whose figures are exported."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The thresholds of every rule, and the switches."""

    contradiction: ContradictionRule = ContradictionRule()
    divergence: DivergenceRule = DivergenceRule()
    mismatch: MismatchRule = MismatchRule()
    health: HealthRule = HealthRule()
    fingerprint: FingerprintRule = FingerprintRule()
    bounds: BoundsRule = BoundsRule()
    sample: SampleRule = SampleRule()
    lead: LeadRule = LeadRule()
    switch: Switches = Switches()
