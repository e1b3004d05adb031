"""What a rule is. Each is one class in a file of its own, listed in `rules`; whoever drives them asks them alone.

A rule on sums works in arrays, over areas or over the ticks of one area (`rule_inputs`). What it finds at a place
becomes a finding only where somebody needs one.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.core.comparison.findings import RANK, Comparison, Finding, Pulse, Situation
from streams.core.comparison.rule_inputs import AreasNow, Places, RowsOfSums, SumRows
from streams.core.comparison.sentences import say
from streams.core.election.model import Election, RuleClass, Severity
from streams.core.election.numbering import Flags, Numbers

NOTHING: Final = -2
"""There is no finding. The other codes of severities are `findings.RANK`."""
RESTS: Final = RANK[None]
"""There is a finding that calls nobody."""
WARNING: Final = RANK["warning"]
CRITICAL: Final = RANK["critical"]
UNSURE: Final = 9
"""Which of these it is cannot be told from here."""

_SEVERITIES: Final[Mapping[int, Severity | None]] = {code: severity for severity, code in RANK.items()}

Values = NDArray[Any]


class Weighed(NamedTuple):
    """What a rule finds of one figure. Arrays go by those places where it finds anything."""

    column: str
    """As `Finding.column`."""
    places: Numbers
    severities: Numbers
    values: Values
    figures: Mapping[str, Values]
    """What else its finding is made of, by name."""

    @classmethod
    def of(cls, column: str, places: Numbers, severities: Numbers, values: Values, **figures: Values) -> "Weighed":
        """Of some places, at those of which the severity is not `NOTHING`."""
        some = severities != NOTHING
        more = {name: each[some] for name, each in figures.items()}
        return cls(column, places[some], severities[some], values[some], more)


class Rule(ABC):
    """A rule of one election. Several may share a name, and so a switch in the election file."""

    name: ClassVar[str]
    kind: ClassVar[tuple[RuleClass, Severity]]
    """The class of what it finds, and the gravest severity that this may have."""

    def __init__(self, election: Election) -> None:
        self.election = election

    def report(
        self,
        given: Comparison | Situation,
        column: str,
        severity: Severity | None,
        value: tuple[float, str],
        inputs: Mapping[str, Any],
        sentence: str,
        decimals: int = 0,
        /,
        **words: Any,
    ) -> Finding:
        """A finding of this rule. It names a bulletin where `given` is a comparison with one. `value` has its unit
        beside it. The `sentence`, a key of `SENTENCES`, is said with the area, the bulletin, and these `words`."""
        told = {"area": given.label, **words}
        if isinstance(given, Comparison):
            told["bulletin"] = given.bulletin.id
        return Finding(
            rule=self.name,
            rule_class=self.kind[0],
            area=given.area.id,
            column=column,
            severity=severity,
            value=value[0],
            unit=value[1],
            bulletin=told.get("bulletin", ""),
            inputs=inputs,
            sentence=say(sentence, decimals, **told),
        )


class BulletinRule(Rule):
    """Holds a bulletin against itself, other ones, and the random sample: asked when there is a new one, of the area or
    right below, and when an accepted figure of a sampled sheet changes."""

    @abstractmethod
    def find(self, given: Comparison) -> Iterator[Finding]:
        """Everything it has to say of an area's bulletin."""


class FeedRule(Rule):
    """Watches what arrives, and when: asked of the whole election."""

    def deadlines(self, pulse: Pulse) -> Sequence[int]:
        """Event times (Unix ms) from which on it speaks though nothing comes."""
        return ()

    def may_find(self, busiest: Mapping[str, int], readings: int) -> bool:
        """Whether it may find something, given the readings of the reporter groups that sent most, and all readings."""
        return False

    @abstractmethod
    def find(self, given: Situation) -> Iterator[Finding]:
        """Everything it has to say of the whole election."""


class SumsRule(Rule):
    """Looks at what was witnessed, with or without a bulletin: asked when the sums of an area change."""

    needs_bulletin: ClassVar = False
    """Whether it finds nothing in an area without a bulletin of its own."""
    needs_bounds: ClassVar = False
    """Whether it finds nothing in an election without evidence that is only a bound."""
    needs_unseen: ClassVar = False
    """Whether it rests on what is expected of the unseen, and so on every area below."""

    @property
    def wakes(self) -> tuple[int, int] | None:
        """A place in a row of sums (`tally`), and what it must come to before anything is found; None where the row
        does not say. It spares following areas of which nothing is known beforehand."""
        return None

    @property
    def follows(self) -> Flags | None:
        """By area, whether its sums must be known at each tick whatever they come to; None where a bulletin or `wakes`
        says so."""
        return None

    def may_find(self, given: SumRows) -> Flags:
        """At which places it may find something. A no must be certain, and should be cheap."""
        return np.ones(len(given.rows), bool)

    @abstractmethod
    def weigh(self, given: Places) -> Iterator[Weighed]:
        """What it finds: exactly, but for `Places.slip`."""

    @abstractmethod
    def finding(self, given: Situation, column: str, severity: Severity | None, **figures: Any) -> Finding:
        """The finding of a column, of the figures and the `value` that were weighed."""

    def find(self, given: AreasNow) -> Iterator[tuple[int, Finding]]:
        """Everything it has to say, each with its place."""
        for weighed in self.weigh(given):
            for i, (place, code) in enumerate(zip(weighed.places.tolist(), weighed.severities.tolist(), strict=True)):
                figures = {name: each[i].item() for name, each in (("value", weighed.values), *weighed.figures.items())}
                yield place, self.finding(given.situation(place), weighed.column, _SEVERITIES[code], **figures)


class RowRule(SumsRule):
    """A rule for which the rows of sums are enough: it may find something where it does."""

    def may_find(self, given: SumRows) -> Flags:
        """At which places it finds something."""
        places = np.zeros(len(given.rows), bool)
        for weighed in self.weigh(given):
            places[weighed.places] = True
        return places

    @abstractmethod
    def weigh(self, given: RowsOfSums) -> Iterator[Weighed]:
        """What it finds, exactly."""
