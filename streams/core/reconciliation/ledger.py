"""One polling table's ledger: every distinct reading of its sheet, the verdict they make, and what the
authority announced for it.

A ledger is a set that only grows. Adding a reading again, or in another order, cannot change
it, and two ledgers of one table merge by union: this is what at-least-once delivery rests on.
The verdict is a function of the set (design, section 4).
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final, Literal, NamedTuple, get_args

from msgspec import Struct

from streams.core.election.model import Election, Votes
from streams.core.election.settings import Policy
from streams.core.events.model import TallyReport
from streams.core.events.signatures import precedence
from streams.core.reconciliation.announced import Announced, official

Kind = Literal["", "at-least", "at-most"]
"""Kinds of evidence: readings of a sheet, and the two bounds."""
_KINDS: Final[Sequence[Kind]] = get_args(Kind)
PART: Final = "part"
Bound = Kind | Literal["part"]
"""What a reading is: of one of the kinds; or a part of a sheet, that leaves out options for which sheets are read. That
is its reporter's word on the sheet, but no verdict: it tells no more than what was certainly cast."""


class Reading(NamedTuple):
    """What a report says of its sheet, or of what bounds its polling table's figures. Tuple order is the order in time:
    `at`, then `id`.

    Readings of the sheet and bounds of either kind stand beside each other. A report replaces its reporter's older one
    of its own kind; a retraction takes back that, or all that its reporter said where it names no kind.
    """

    at: int
    id: str
    reporter: str
    group: str
    source: str
    votes: Votes
    null: int
    retracted: bool
    supersedes: str
    bound: Bound = ""
    ballots: int = 0
    """Of an at-most bound, how many can have been cast."""

    @property
    def kinds(self) -> Sequence[Kind]:
        """Of which kinds of evidence it is its reporter's word: a retraction without a kind is of all."""
        if self.bound == "part":
            return _KINDS[:1]
        return _KINDS if self.retracted and not self.bound else (self.bound,)


SHEET_FIELDS: Final = 9
"""The first fields of a `Reading`, all that one of a sheet has."""


class Fate(Enum):
    """What becomes of a reading in the ledger."""

    COUNTS = "counts"
    SUPERSEDED = "superseded"
    """Its reporter's other reading names it as replaced."""
    REPLACED = "replaced"
    """Its reporter has a newer one."""
    RETRACTION = "retraction"
    """Its reporter takes back what was said before."""
    SAME_GROUP = "same-group"
    """Its reporter's group counts once, by a newer reading."""


class Level(Enum):
    """How well a sheet is witnessed. The levels are never mixed in one figure."""

    NONE = "none"
    """No reading stands: all were retracted or superseded."""
    REPORTED = "reported"
    """One reader, or fewer agreeing readers than the quorum."""
    CORROBORATED = "corroborated"
    """The quorum of independent readers, and most of them, agree on the whole vote vector."""
    DISPUTED = "disputed"
    """Readers disagree, and no reading has the majority that the policy asks for."""


class Verdict(Struct, frozen=True, gc=False):
    """What a ledger says: the level, and the votes where one reading leads.

    `accepted` tells whether the policy lets the votes into the witnessed count.
    `agreeing` independent readers of `readers` stand behind the votes.
    """

    level: Level
    accepted: bool
    votes: Votes | None
    null: int
    agreeing: int
    readers: int


NO_VERDICT = Verdict(Level.NONE, False, None, 0, 0, 0)


def reading_of(election: Election, report: TallyReport) -> Reading:
    """The reading in an admitted report. An option that is not named, or for which no sheet is read, has 0. Where that
    may be what nobody has read (`Policy.unread`), the reading is a part of the sheet."""
    empty, read = report.retracted or report.bound == "at-most", election.read_options
    bound: Bound = report.bound or ""
    if not (empty or bound) and election.policy.unread == "unknown" and not read.keys() <= report.votes.keys():
        bound = "part"
    return Reading(
        at=report.at,
        id=report.id,
        reporter=report.reporter,
        group=election.signing_groups.get(report.reporter) or report.group or report.reporter,
        source=report.source,
        votes=() if empty else tuple(report.votes.get(o.id, 0) * (o.read or bound != "") for o in election.options),
        null=report.null or 0,
        retracted=report.retracted,
        supersedes=report.supersedes or "",
        bound=bound,
        ballots=(report.bound == "at-most" and report.ballots) or 0,
    )


class Ledger:
    """The readings of one sheet, and the official figures for its table."""

    __slots__ = ("_announced", "_readings")

    def __init__(self, readings: Iterable[Reading] = (), announced: Iterable[Announced] = ()) -> None:
        self._readings, self._announced = set(readings), set(announced)

    def __len__(self) -> int:
        return len(self._readings) + len(self._announced)

    def __iter__(self) -> Iterator[Reading]:
        """Readings in the order of their time."""
        return iter(sorted(self._readings))

    def __contains__(self, reading: object) -> bool:
        return reading in self._readings

    def add(self, entry: Reading | Announced) -> bool:
        """Add a reading or an official figure; False when it was there already."""
        before = len(self)
        if isinstance(entry, Reading):
            self._readings.add(entry)
        else:
            self._announced.add(entry)
        return len(self) > before

    @property
    def announced(self) -> list[Announced]:
        """What was announced, in the order of sequence and time."""
        return sorted(self._announced)

    def official(self, election: Election) -> Announced | None:
        """The official figure that holds (`official`)."""
        return official(self._announced, precedence(election))

    def fates(self) -> list[tuple[Reading, Fate, str]]:
        """What becomes of each reading, oldest first, and the id of the reading that decides it (its own if it counts).

        Of each kind of evidence a reporter's newest reading that is not superseded stands, or none if that one is a
        retraction; of the reporters of one group, the newest.
        """
        gone = {(r.reporter, r.supersedes): r.id for r in self._readings if r.supersedes not in ("", r.id)}
        held = [r for r in self if (r.reporter, r.id) not in gone]
        by_reporter = {(r.reporter, kind): r for r in held for kind in r.kinds}
        by_group = {(r.group, kind): r for (_, kind), r in sorted(by_reporter.items(), key=_time) if not r.retracted}

        def fate(reading: Reading) -> tuple[Fate, str]:
            if (superseding := gone.get((reading.reporter, reading.id))) is not None:
                return Fate.SUPERSEDED, superseding
            newest = min(by_reporter[reading.reporter, kind] for kind in reading.kinds)
            if newest != reading:
                return Fate.REPLACED, newest.id
            if reading.retracted:
                return Fate.RETRACTION, reading.id
            if (newest := by_group[reading.group, reading.kinds[0]]) != reading:
                return Fate.SAME_GROUP, newest.id
            return Fate.COUNTS, reading.id

        return [(reading, *fate(reading)) for reading in self]

    def verdict(self, policy: Policy) -> Verdict:
        """What the readings say together under this policy."""
        return verdict_of(self._readings, policy)


def _time(item: tuple[object, Reading]) -> Reading:
    return item[1]


def standing(readings: Iterable[Reading], kind: Kind = "") -> list[Reading]:
    """Of distinct readings those of one kind that `Ledger.fates` says count, one per independent reader, oldest first.
    A tenth of its work, and asked whenever a sheet is read again."""
    found = sorted(readings)
    if gone := {(r.reporter, r.supersedes) for r in found if r.supersedes not in ("", r.id)}:
        found = [r for r in found if (r.reporter, r.id) not in gone]
    found = [r for r in found if kind in r.kinds]
    by_reporter = {r.reporter: r for r in found}
    if len(by_reporter) < len(found):
        found = sorted(by_reporter.values())
    by_group = {r.group: r for r in found if not r.retracted}
    return found if len(by_group) == len(found) else sorted(by_group.values())


def _all_stand(readings: Sequence[Reading]) -> bool:
    """Whether all are readings of the sheet, of different reporters and groups, and none takes anything back: on most
    sheets. Then nothing need be sorted out, which takes three times as long."""
    for reading in readings:
        if reading.retracted or reading.supersedes or reading.bound:
            return False
    return len({r.reporter for r in readings}) == len({r.group for r in readings}) == len(readings)


def verdict_of(readings: Iterable[Reading], policy: Policy) -> Verdict:
    """What distinct readings of one sheet say together under this policy."""
    return judged(*leading(list(readings)), policy)


def leading(readings: Sequence[Reading]) -> tuple[Sequence[Reading], int]:
    """Of distinct readings of one sheet those that agree and lead, and how many independent ones there are.

    Readings match when all votes are equal. Parts of a sheet do not count."""
    independent = readings if _all_stand(readings) else [r for r in standing(readings) if r.bound != PART]
    backing: dict[Votes, list[Reading]] = {}
    for reading in independent:
        backing.setdefault(reading.votes, []).append(reading)
    return max(backing.values(), key=len, default=()), len(independent)


def weight(agreeing: int, readers: int, source: str, policy: Policy) -> tuple[Level, bool]:
    """How well a sheet is witnessed where so many readers agree and lead, of so many independent ones, and whether the
    policy accepts it. `source` is the reader's, where there is one only."""
    corroborated = agreeing >= 2 and agreeing >= policy.quorum
    trusted = readers == 1 and source in policy.trusted_sources
    return Level.CORROBORATED if corroborated else Level.REPORTED, agreeing >= policy.quorum or trusted


def judged(agreeing: Sequence[Reading], readers: int, policy: Policy) -> Verdict:
    """The verdict where these readings agree and lead, of so many independent ones: they need the policy's majority of
    those, more than half at least, else the sheet is disputed."""
    if not agreeing:
        return NO_VERDICT
    newest, support = max(agreeing), len(agreeing)
    if support <= policy.majority * readers:
        return Verdict(Level.DISPUTED, False, None, 0, support, readers)
    level, accepted = weight(support, readers, agreeing[0].source, policy)
    return Verdict(
        level=level,
        accepted=accepted,
        votes=newest.votes,
        null=newest.null,
        agreeing=support,
        readers=readers,
    )
